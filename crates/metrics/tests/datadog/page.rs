//! The page of sources, held against what is read of a metric of Datadog, what is asked, and the limits.

use serde_json::{Map, Value, json};
use strategy_metrics::Shape;
use strategy_metrics::source::{Datadog, MetricSource};

use crate::loopback::{Reply, Server};
use crate::pages::{defaults, expected, limit};
use crate::question::{question_about, source, timeseries, window};

const SOURCES: &str = include_str!("../../../../docs/reference/sources.md");

#[tokio::test]
async fn the_page_has_every_parameter() {
    let server = Server::answering([]).await;
    let metric = json!({ "not-there": 0 });
    let error = source(&server).rhythm(&metric, Shape::Events).unwrap_err();
    let error = error.to_string();
    let defaults = defaults(SOURCES, "## Datadog");
    let named = defaults.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(expected(&error), named, "{error}");
}

/// When windows are told of, what is asked about one, and what an answer without a point is.
async fn asked(metric: Value, shape: Shape) -> (String, Vec<String>, String) {
    let server = Server::answering([timeseries(&[], &[])]).await;
    let source = source(&server);
    let rhythm = format!("{:?}", source.rhythm(&metric, shape).unwrap());
    let answer = source.read(&question_about(metric, shape), window()).await;
    let asked = server.asked().into_iter();
    let bodies = asked.map(|asked| asked.lines().last().unwrap_or_default().to_owned());
    (rhythm, bodies.collect(), format!("{:?}", answer.unwrap()))
}

#[tokio::test]
async fn the_page_has_the_defaults() {
    let events = json!({ "requests": "sum:a{*}.as_count()", "failed": "sum:b{*}.as_count()" });
    for (given, shape) in [
        (events, Shape::Events),
        (json!({ "query": "avg:a{*}" }), Shape::Values),
        (
            json!({ "query": "avg:a{*} by {pod}", "unit": "pod" }),
            Shape::Units,
        ),
    ] {
        let mut written: Map<_, _> = defaults(SOURCES, "## Datadog").into_iter().collect();
        written.extend(given.as_object().unwrap().clone());
        let (rhythm, bodies, answer) = asked(given, shape).await;
        assert!(bodies[0].contains("\"interval\":10000"), "{bodies:?}");
        let with_defaults = asked(Value::Object(written), shape).await;
        assert_eq!(with_defaults, (rhythm, bodies, answer));
    }
}

#[tokio::test]
async fn the_page_has_the_limits() {
    let said = |what: &str| limit(SOURCES, "### Limits of Datadog", what);
    let seconds = format!("{} seconds, ", Datadog::TIMEOUT.as_secs());
    assert!(said("time for one request").starts_with(&seconds));
    let points = format!("{} of each series, ", Datadog::POINTS);
    assert!(said("points that one request asks for").starts_with(&points));
    let parts = format!("{}, `Datadog::PARTS`", Datadog::PARTS);
    assert_eq!(said("requests for one window"), parts);
    let error = async |reply| {
        let server = Server::answering([reply]).await;
        let question = question_about(json!({ "query": "avg:a{*}" }), Shape::Values);
        source(&server)
            .read(&question, window())
            .await
            .unwrap_err()
            .to_string()
    };
    let mebibytes = said("an answer")
        .replace(" MiB", "")
        .parse::<usize>()
        .unwrap();
    let bytes = mebibytes * 1024 * 1024;
    let refused = error(Reply::Endless(bytes + 1)).await;
    assert!(
        refused.contains(&format!("more than {bytes} bytes")),
        "{refused}"
    );
    let most: usize = said("series of an answer")
        .replace(' ', "")
        .parse()
        .unwrap();
    let tags: Vec<_> = (0..=most).map(|pod| format!("pod:{pod}")).collect();
    let tags: Vec<_> = tags.iter().map(|tag| [tag.as_str()]).collect();
    let lines: Vec<_> = tags.iter().map(|tags| (0, &tags[..], &[][..])).collect();
    let refused = error(timeseries(&[], &lines)).await;
    assert!(
        refused.contains(&format!("at most {most} are read")),
        "{refused}"
    );
}
