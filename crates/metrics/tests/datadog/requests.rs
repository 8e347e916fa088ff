//! What Datadog is asked.

use serde_json::{Value, json};
use strategy_core::analysis::Window;
use strategy_metrics::source::{Datadog, MetricSource, SourceError};
use strategy_metrics::{Data, Events, Reading, Shape};

use crate::loopback::{Reply, Server};
use crate::question::{at, numbers, question_about, requests, source, timeseries, window};

fn body(asked: &str) -> Value {
    let (_, body) = asked.split_once("\r\n\r\n").unwrap();
    serde_json::from_str(body).unwrap()
}

#[tokio::test]
async fn both_counts_are_asked_for_at_once_rolled_up_to_the_interval() {
    let server = Server::answering([timeseries(&[1_000], &[(0, &[], &numbers([1]))])]).await;
    let question = question_about(requests(), Shape::Events);
    source(&server).read(&question, window()).await.unwrap();
    let asked = server.asked();
    assert_eq!(asked.len(), 1);
    assert!(
        asked[0].starts_with("POST /api/v2/query/timeseries HTTP/1.1\r\n"),
        "{asked:?}"
    );
    assert!(
        asked[0]
            .to_lowercase()
            .contains("content-type: application/json\r\n")
    );
    // 150 s before the window, from which on there must be a point.
    let expected = json!({ "data": { "type": "timeseries_request", "attributes": {
        "from": 850_000, "to": 1_030_000, "interval": 10_000,
        "formulas": [{ "formula": "query0" }, { "formula": "query1" }],
        "queries": [
            { "data_source": "metrics", "name": "query0",
              "query": "sum:web.hits{version:v2}.as_count().rollup(sum, 10)" },
            { "data_source": "metrics", "name": "query1",
              "query": "sum:web.hits{version:v2,status:5xx}.as_count().rollup(sum, 10)" },
        ],
    } } });
    assert_eq!(body(&asked[0]), expected);
}

#[tokio::test]
async fn a_query_is_asked_as_it_is_of_the_window_alone() {
    for (shape, interval) in [(Shape::Values, "10s"), (Shape::Units, "30s")] {
        let server = Server::answering([timeseries(&[], &[])]).await;
        let query = "avg:web.heap{version:{{version}}} by {pod_name}";
        let metric = json!({ "query": query, "unit": "pod_name", "interval": interval });
        source(&server)
            .read(&question_about(metric, shape), window())
            .await
            .unwrap();
        let attributes = body(&server.asked()[0])["data"]["attributes"].clone();
        assert_eq!(attributes["from"], 1_000_000);
        assert_eq!(attributes["to"], 1_030_000);
        assert_eq!(
            attributes["queries"][0]["query"],
            "avg:web.heap{version:v2} by {pod_name}"
        );
        assert_eq!(attributes["queries"].as_array().unwrap().len(), 1);
    }
}

/// A server that has one request in each interval, whatever it is asked, and ten seconds more at both ends.
async fn steady() -> Server {
    Server::saying(|asked| {
        let attributes = body(asked)["data"]["attributes"].clone();
        let second = |name: &str| attributes[name].as_u64().unwrap() / 1000;
        let times: Vec<u64> = (second("from") - 10..second("to") + 10)
            .step_by(10)
            .collect();
        let ones = vec![json!(1); times.len()];
        timeseries(&times, &[(0, &[], &ones)])
    })
    .await
}

#[tokio::test]
async fn a_long_window_is_asked_for_in_parts_that_share_no_point() {
    let server = steady().await;
    let window = Window {
        from: at(10_000),
        to: at(20_000),
    };
    let question = question_about(requests(), Shape::Events);
    let answer = source(&server).read(&question, window).await.unwrap();
    let thousand = Reading::Told(Data::Events(Events::counted(1_000, 0)));
    assert_eq!(answer.reading, thousand);
    // 1 015 intervals, of which at most 300 are asked for at once.
    let asked = server.asked();
    let spans = asked.iter().map(|asked| {
        let attributes = &body(asked)["data"]["attributes"];
        (
            attributes["from"].as_u64().unwrap(),
            attributes["to"].as_u64().unwrap(),
        )
    });
    let spans: Vec<_> = spans.collect();
    assert_eq!(
        spans,
        [
            (9_850_000, 12_850_000),
            (12_850_000, 15_850_000),
            (15_850_000, 18_850_000),
            (18_850_000, 20_000_000)
        ]
    );
}

#[tokio::test]
async fn a_window_that_is_too_long_is_refused_and_nothing_asked() {
    let server = steady().await;
    let most = u64::from(Datadog::POINTS * Datadog::PARTS) * 10;
    let metric = json!({ "query": "avg:a{*}" });
    let question = question_about(metric, Shape::Values);
    let of = |seconds| Window {
        from: at(10_000),
        to: at(10_000 + seconds),
    };
    let error = source(&server)
        .read(&question, of(most + 10))
        .await
        .unwrap_err();
    assert!(matches!(error, SourceError::Permanent { .. }), "{error}");
    assert!(server.asked().is_empty());
    let answer = source(&server).read(&question, of(most)).await.unwrap();
    let Reading::Told(Data::Values(values)) = answer.reading else {
        panic!("no values");
    };
    assert_eq!((values.len(), server.asked().len()), (6_000, 20));
}

/// Datadog makes intervals longer where there would be too many points.
#[tokio::test]
async fn points_beside_the_grid_are_refused() {
    let reply = || timeseries(&[1_000, 1_015], &[(0, &[], &numbers([1, 1]))]);
    let server = Server::answering([reply()]).await;
    let question = question_about(requests(), Shape::Events);
    let error = source(&server).read(&question, window()).await.unwrap_err();
    let SourceError::Permanent { problem, .. } = &error else {
        panic!("{error:?}");
    };
    assert!(problem.contains("where no interval begins"), "{problem}");
}

#[tokio::test]
async fn a_path_before_the_api_is_kept_and_no_redirection_followed() {
    let other = Server::answering([]).await;
    let location = format!("location: {}/\r\n", other.address);
    let server = Server::answering([Reply::Headed(307, location, String::new())]).await;
    let address = format!("{}/proxy/", server.address);
    let source = Datadog::at(address.parse().unwrap(), crate::loopback::builder())
        .unwrap()
        .keys("a", "b");
    let question = question_about(requests(), Shape::Events);
    let error = source.read(&question, window()).await.unwrap_err();
    assert!(matches!(error, SourceError::Permanent { .. }), "{error}");
    assert!(server.asked()[0].starts_with("POST /proxy/api/v2/query/timeseries "));
    assert!(source.name().ends_with("/proxy"), "{}", source.name());
    assert!(other.asked().is_empty(), "the keys are for one address");
}
