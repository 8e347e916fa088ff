//! Value, nothing, something old, no number, an error that may pass, one that will not: six different things.

use std::time::Duration;

use serde_json::{Value, json};
use strategy_core::Timestamp;
use strategy_core::analysis::Count;
use strategy_metrics::source::{MetricSource, SourceError};
use strategy_metrics::{Data, Events, Reading, Shape};

use crate::server::{Reply, Server, events, question_about, reading, requests, series, window};

fn matrix(result: Value) -> Reply {
    Reply::of("matrix", result)
}

fn web(code: &str) -> Value {
    json!({ "job": "web", "instance": "10.0.0.1:80", "code": code })
}

#[tokio::test]
async fn events_are_what_counters_counted_in_the_window() {
    let ok = series(
        web("200"),
        &[(990.0, "100"), (1005.0, "130"), (1020.0, "160")],
    );
    let bad = series(web("500"), &[(1005.0, "1"), (1020.0, "3")]);
    let never_before = matrix(json!([]));
    let replies = [
        matrix(json!([ok, bad.clone()])),
        matrix(json!([bad])),
        never_before,
    ];
    let server = Server::answering(replies).await;
    let question = question_about(requests(), Shape::Events);
    let answer = server.source().read(&question, window()).await;
    assert_eq!(
        reading(answer),
        Reading::Told(Data::Events(Events::counted(63, 3)))
    );
    let asked = server.asked();
    for (asked, selector) in asked.iter().zip([
        "http_requests_total%7Bhash%3D%225d4f%22%7D%5B180000ms%5D",
        "http_requests_total%7Bhash%3D%225d4f%22%2Ccode%3D%7E%225..%22%7D%5B180000ms%5D",
    ]) {
        assert!(asked.starts_with("POST /api/v1/query HTTP/1.1"), "{asked}");
        assert!(
            asked.ends_with(&format!("query={selector}&time=1030.000")),
            "{asked}"
        );
    }
}

#[tokio::test]
async fn units_are_told_apart_by_their_label() {
    let pod = |name: &str, to: &str| {
        let labels = json!({ "instance": name, "pod": name });
        series(labels, &[(990.0, "0"), (1020.0, to)])
    };
    let server = Server::answering([
        matrix(json!([pod("a", "10"), pod("b", "20")])),
        matrix(json!([pod("b", "2")])),
    ])
    .await;
    let mut metric = requests();
    metric["unit"] = json!("pod");
    let answer = server
        .source()
        .read(&question_about(metric, Shape::Events), window())
        .await;
    let Reading::Told(Data::Events(events)) = reading(answer) else {
        panic!("no events");
    };
    let count = |total, failed| Count { total, failed };
    assert_eq!(events.all, count(30, 2));
    let units: Vec<_> = events.by_unit.into_iter().collect();
    assert_eq!(
        units,
        [
            ("a".to_owned(), count(10, 0)),
            ("b".to_owned(), count(20, 2))
        ]
    );
}

#[tokio::test]
async fn a_counter_that_is_there_and_stands_still_tells_of_no_event() {
    let still = series(web("200"), &[(990.0, "7"), (1020.0, "7")]);
    let answer = events([matrix(json!([still])), matrix(json!([]))]).await;
    assert_eq!(
        reading(answer),
        Reading::Told(Data::Events(Events::counted(0, 0)))
    );
}

#[tokio::test]
async fn a_counter_without_a_number_is_not_a_number() {
    for samples in [
        [(990.0, "7"), (1005.0, "NaN"), (1020.0, "9")],
        [(990.0, "7"), (1005.0, "8"), (1020.0, "+Inf")],
        [(990.0, "NaN"), (1005.0, "800"), (1020.0, "900")],
        [(990.0, "7"), (1005.0, "-1"), (1020.0, "900")],
    ] {
        let sound = || series(web("200"), &[(990.0, "7"), (1020.0, "7")]);
        let wrong = || series(web("500"), &samples);
        let reply = || matrix(json!([sound(), wrong()]));
        let answer = events([reply(), matrix(json!([]))]).await;
        assert_eq!(reading(answer), Reading::NotANumber, "{samples:?}");
        let answer = events([matrix(json!([sound()])), matrix(json!([wrong()]))]).await;
        assert_eq!(reading(answer), Reading::NotANumber, "{samples:?}");
        let server = Server::answering([reply()]).await;
        let question = question_about(json!({ "histogram": "a_bucket" }), Shape::Histogram);
        let answer = server.source().read(&question, window()).await;
        assert_eq!(reading(answer), Reading::NotANumber, "{samples:?}");
    }
    // What it showed before its last sample before the window is of no account.
    let mended = series(
        web("200"),
        &[(980.0, "NaN"), (990.0, "7"), (1005.0, "8"), (1030.0, "NaN")],
    );
    let answer = events([matrix(json!([mended])), matrix(json!([]))]).await;
    let one = Reading::Told(Data::Events(Events::counted(1, 0)));
    assert_eq!(reading(answer), one);
}

/// With the query that was sent, no longer than a person reads.
#[tokio::test]
async fn a_query_that_the_server_refuses_is_shown() {
    let refusal = || {
        let body = json!({ "status": "error", "errorType": "bad_data", "error": "parse error" });
        Reply::Body(400, body.to_string())
    };
    let of_counters = "name the counter alone, without `rate(..)`";
    let long = "a".repeat(4_000);
    for (metric, shape, query, mend) in [
        (
            json!({ "requests": "rate(a{h=\"{{hash}}\"}[1m])", "failed": "b" }),
            Shape::Events,
            "rate(a{h=\"5d4f\"}[1m])[180000ms]",
            of_counters,
        ),
        (
            json!({ "histogram": "sum(increase(a_bucket[1m]))" }),
            Shape::Histogram,
            "sum(increase(a_bucket[1m]))[180000ms]",
            of_counters,
        ),
        (
            json!({ "histogram": "a_bucket{" }),
            Shape::Histogram,
            "a_bucket{[180000ms]",
            "mend the query",
        ),
        (
            json!({ "query": "rate(a[1m]" }),
            Shape::Values,
            "rate(a[1m]",
            "mend the query",
        ),
        (
            json!({ "query": long }),
            Shape::Values,
            &long[..500],
            "mend the query",
        ),
    ] {
        let server = Server::answering([refusal(), refusal()]).await;
        let question = question_about(metric, shape);
        let error = server.source().read(&question, window()).await;
        let error = error.unwrap_err().to_string();
        let expected = format!("parse error, of the query `{query}`; {mend}");
        assert!(error.contains(&expected), "{error}");
    }
}

#[tokio::test]
async fn no_series_is_empty() {
    let answer = events([matrix(json!([])), matrix(json!([]))]).await;
    assert_eq!(reading(answer), Reading::Empty);
}

#[tokio::test]
async fn series_that_ended_are_stale() {
    let ended = series(web("200"), &[(870.0, "7"), (879.5, "9")]);
    let answer = events([matrix(json!([ended])), matrix(json!([]))]).await;
    let newest = Timestamp::from_millis(879_500);
    assert_eq!(reading(answer), Reading::stale(newest));
}

#[tokio::test]
async fn values_without_a_number_are_not_a_number() {
    let metric = json!({ "query": "sum(rate(a[1m])) / sum(rate(b[1m]))" });
    for (samples, expected) in [
        (vec![(1000.0, "NaN"), (1015.0, "+Inf")], Reading::NotANumber),
        (
            vec![(1000.0, "NaN"), (1015.0, "0.5")],
            Reading::Told(Data::Values(vec![0.5])),
        ),
        (vec![], Reading::Empty),
    ] {
        let result = json!([series(json!({}), &samples)]);
        let server = Server::answering([matrix(result)]).await;
        let question = question_about(metric.clone(), Shape::Values);
        assert_eq!(
            reading(server.source().read(&question, window()).await),
            expected
        );
        let asked = server.asked().remove(0);
        assert!(asked.starts_with("POST /api/v1/query_range"), "{asked}");
        assert!(
            asked.ends_with("start=1000.000&end=1029.999&step=15"),
            "{asked}"
        );
    }
}

#[tokio::test]
async fn several_series_are_not_one_value() {
    let one = |name: &str| series(json!({ "pod": name }), &[(1000.0, "1")]);
    let server = Server::answering([matrix(json!([one("a"), one("b")]))]).await;
    let question = question_about(json!({ "query": "up" }), Shape::Values);
    let error = server.source().read(&question, window()).await.unwrap_err();
    assert!(matches!(error, SourceError::Permanent { .. }), "{error}");
    assert!(error.to_string().contains("2 series"), "{error}");
}

#[tokio::test]
async fn units_have_one_number_each() {
    let one =
        |name: &str, value: &str| json!({ "metric": { "pod": name }, "value": [1029.999, value] });
    let metric = json!({ "query": "container_memory_working_set_bytes", "unit": "pod" });
    let ask = async |result: Value| {
        let server = Server::answering([Reply::of("vector", result)]).await;
        let question = question_about(metric.clone(), Shape::Units);
        server.source().read(&question, window()).await
    };
    let told = ask(json!([one("a", "1.5e+06"), one("b", "NaN")])).await;
    let units = [("a".to_owned(), 1.5e6)].into();
    assert_eq!(reading(told), Reading::Told(Data::Units(units)));
    assert_eq!(reading(ask(json!([])).await), Reading::Empty);
    assert_eq!(
        reading(ask(json!([one("a", "NaN")])).await),
        Reading::NotANumber
    );
    let twice = ask(json!([one("a", "1"), one("a", "2")]))
        .await
        .unwrap_err();
    assert!(twice.to_string().contains("two series"), "{twice}");
    let other = json!([{ "metric": {}, "value": [1.0, "1"] }]);
    let unnamed = ask(other).await.unwrap_err();
    assert!(unnamed.to_string().contains("no label `pod`"), "{unnamed}");
}

#[tokio::test]
async fn warnings_of_the_server_are_told() {
    let body = json!({
        "status": "success",
        "warnings": ["one store did not answer"],
        "data": { "resultType": "matrix", "result": [] },
    });
    let answer = events([Reply::Body(200, body.to_string()), matrix(json!([]))]).await;
    assert_eq!(answer.unwrap().notes, ["one store did not answer"]);
}

#[tokio::test]
async fn an_error_that_may_pass_is_told_from_one_that_will_not() {
    let error = |status, kind: &str, text: &str| {
        let body = json!({ "status": "error", "errorType": kind, "error": text });
        Reply::Body(status, body.to_string())
    };
    for (reply, passes, named) in [
        (error(400, "bad_data", "parse error"), false, "parse error"),
        (
            error(400, "bad_data", &"long ".repeat(200_000)),
            false,
            "long",
        ),
        (
            error(422, "execution", "many-to-many"),
            false,
            "many-to-many",
        ),
        (error(503, "timeout", "query timed out"), true, "timed out"),
        (error(500, "internal", "disk"), true, "disk"),
        (Reply::Body(502, "<html>".to_owned()), true, "502"),
        (Reply::Body(401, String::new()), false, "401"),
        (Reply::Body(403, String::new()), false, "403"),
        (Reply::Body(404, "page not found".to_owned()), false, "404"),
        (
            Reply::Body(200, "<html>".to_owned()),
            true,
            "cannot be read",
        ),
        (
            Reply::Body(200, r#"{"status":"success"}"#.to_owned()),
            true,
            "without data",
        ),
        (Reply::Endless(17 * 1024 * 1024), false, "bytes"),
        (Reply::Silence, true, "no answer in 0.5 s"),
        (Reply::HangUp, true, "connection"),
    ] {
        // Sixteen megabytes take their time where many tests run at once.
        let timeout = if matches!(reply, Reply::Silence) {
            Duration::from_millis(500)
        } else {
            Duration::from_secs(30)
        };
        let server = Server::answering([reply, Reply::Silence]).await;
        let source = server.source().timeout(timeout);
        let question = question_about(requests(), Shape::Events);
        let found = source.read(&question, window()).await.unwrap_err();
        let is_passing = matches!(found, SourceError::Passing { .. });
        assert_eq!(is_passing, passes, "{found}");
        assert!(found.to_string().contains(named), "{found}: {named}");
        assert!(found.to_string().len() < 1_000, "{found}");
        assert!(
            found
                .to_string()
                .starts_with("prometheus at http://127.0.0.1:"),
            "{found}"
        );
    }
}

#[tokio::test]
async fn samples_out_of_order_are_refused() {
    let wrong = series(web("200"), &[(1005.0, "1"), (1005.0, "2")]);
    let error = events([matrix(json!([wrong])), Reply::Silence])
        .await
        .unwrap_err();
    assert!(error.to_string().contains("not in order"), "{error}");
}

#[tokio::test]
async fn a_server_that_is_not_there_may_come() {
    let server = Server::answering([]).await;
    let mut source = server.source();
    drop(server);
    source = source.timeout(Duration::from_secs(5));
    let question = question_about(requests(), Shape::Events);
    let error = source.read(&question, window()).await.unwrap_err();
    assert!(matches!(error, SourceError::Passing { .. }), "{error}");
}

#[tokio::test]
async fn failures_that_belong_to_no_unit_are_not_thrown_away() {
    let pod = |name: &str, to: &str| {
        let labels = json!({ "instance": name, "pod": name });
        series(labels, &[(990.0, "0"), (1020.0, to)])
    };
    let failed = series(json!({ "instance": "a" }), &[(990.0, "0"), (1020.0, "40")]);
    let server = Server::answering([
        matrix(json!([pod("a", "60"), pod("b", "40")])),
        matrix(json!([failed])),
    ])
    .await;
    let mut metric = requests();
    metric["unit"] = json!("pod");
    let question = question_about(metric, Shape::Events);
    let answer = server.source().read(&question, window()).await;
    let all = Events::counted(100, 40);
    assert_eq!(reading(answer), Reading::Told(Data::Events(all)));
}
