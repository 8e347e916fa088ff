//! What a metric may say, and what is refused before anything is asked.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};
use strategy_metrics::Shape;
use strategy_metrics::source::{MetricSource, Rhythm, SourceError};

use crate::answers::counters;
use crate::server::Server;

/// What is wrong, and how to mend it; nothing is asked.
fn refused(metric: &Value, shape: Shape) -> (String, String) {
    let server = Server::pages([]);
    let error = server.source().rhythm(metric, shape).unwrap_err();
    assert!(server.asked().is_empty());
    let SourceError::Invalid {
        field,
        problem,
        mend,
        ..
    } = error
    else {
        panic!("{error:?}");
    };
    (format!("{field}: {problem}"), mend)
}

fn rhythm(metric: Value) -> Result<Rhythm, SourceError> {
    Server::pages([]).source().rhythm(&metric, Shape::Events)
}

#[test]
fn the_period_is_one_that_cloudwatch_has() {
    let with = |period: &str| {
        let mut metric = counters();
        metric["period"] = json!(period);
        metric
    };
    for (period, seconds) in [
        ("1s", 1),
        ("5s", 5),
        ("10s", 10),
        ("20s", 20),
        ("30s", 30),
        ("60s", 60),
        ("7m", 420),
        ("24h", 86_400),
    ] {
        let told = rhythm(with(period)).unwrap();
        let settle = Duration::from_secs(180);
        assert_eq!(told, Rhythm::new(Duration::from_secs(seconds), settle));
    }
    for period in ["0s", "2s", "15s", "40s", "90s", "60s1ms", "500ms", "25h"] {
        let (problem, mend) = refused(&with(period), Shape::Events);
        assert!(
            problem.starts_with("metric.period: CloudWatch has no"),
            "{problem}"
        );
        assert!(
            mend.contains("30s") && mend.contains("whole minutes"),
            "{mend}"
        );
    }
}

#[test]
fn it_settles_within_an_hour() {
    let mut metric = counters();
    for (settle, seconds) in [("0s", 0), ("10m", 600), ("1h", 3_600)] {
        metric["settle"] = json!(settle);
        let told = rhythm(metric.clone()).unwrap();
        assert_eq!(
            told,
            Rhythm::new(Duration::from_secs(60), Duration::from_secs(seconds))
        );
    }
    metric["settle"] = json!("61m");
    let (problem, mend) = refused(&metric, Shape::Events);
    assert!(
        problem.starts_with("metric.settle") && mend.contains("1h"),
        "{problem}"
    );
}

/// A metric with a field changed; `null` takes it away.
pub(crate) fn with(path: &[&str], value: Value) -> Value {
    let mut metric = counters();
    let (last, way) = path.split_last().unwrap();
    let mut place = &mut metric;
    for name in way {
        place = &mut place[*name];
    }
    if value.is_null() {
        place.as_object_mut().unwrap().remove(*last);
    } else {
        place[*last] = value;
    }
    metric
}

#[test]
fn what_is_missing_or_too_much_is_refused_with_its_place() {
    let long = "x".repeat(256);
    let counter = &counters()["failed"];
    let many: BTreeMap<String, &str> = (0..31).map(|of| (format!("d{of}"), "v")).collect();
    for (metric, problem, mend) in [
        (
            json!({}),
            "metric.requests: the judge needs events, and it is missing",
            "`requests`",
        ),
        (
            with(&["failed"], Value::Null),
            "metric.failed: ",
            "`failed`",
        ),
        (
            with(&["good"], counter.clone()),
            "metric.good: `failed` says",
            "one of the two",
        ),
        (
            with(&["stale-after"], json!("30s")),
            "metric.stale-after: ",
            "longer",
        ),
        (
            with(&["failed"], json!([])),
            "metric: a list of 1 to 10",
            "reference",
        ),
        (
            with(&["failed"], json!(vec![counter; 11])),
            "metric: a list of 1 to 10",
            "reference",
        ),
        (with(&["failed"], json!("Errors")), "metric: ", "reference"),
        (
            with(&["failed", "metric"], Value::Null),
            "missing field `metric`",
            "reference",
        ),
        (
            with(&["failed", "unit"], json!("Count")),
            "unknown field `unit`",
            "reference",
        ),
        (
            with(&["failed", "namespace"], json!("")),
            "metric.failed.namespace: ",
            "255",
        ),
        (
            with(&["requests", "metric"], json!(long)),
            "metric.requests.metric: ",
            "255",
        ),
        (
            with(&["requests", "dimensions"], json!({ "Group": "" })),
            "metric.requests.dimensions: ",
            "1024",
        ),
        (
            with(&["requests", "dimensions"], json!({ "": "a" })),
            "metric.requests.dimensions: ",
            "255",
        ),
        (
            json!({ "application-load-balancer": { "load-balancer": "" } }),
            "metric.application-load-balancer.load-balancer: ",
            "1024",
        ),
        (
            with(&["requests", "dimensions"], json!(many)),
            "there are 31",
            "30",
        ),
        (
            with(&["requests", "statistic"], json!("Average")),
            "`Average` counts nothing",
            "SampleCount",
        ),
        (
            with(&["application-load-balancer"], json!({})),
            "metric.application-load-balancer: ",
            "leave one",
        ),
        (
            json!({ "application-load-balancer": { "statistic": "p" } }),
            "metric.application-load-balancer.statistic: ",
            "p95",
        ),
        (
            json!({ "application-load-balancer": { "target": "a" } }),
            "unknown field `target`",
            "reference",
        ),
    ] {
        let (said, mended) = refused(&metric, Shape::Events);
        assert!(said.contains(problem), "{said}");
        assert!(mended.contains(mend), "{mended}");
    }
    let mean = json!({ "query": { "namespace": "a", "metric": "b", "statistic": "mean" } });
    let (said, mended) = refused(&mean, Shape::Values);
    assert!(said.contains("metric.query.statistic: `mean`") && mended.contains("Average"));
    let (said, mended) = refused(&counters(), Shape::Values);
    assert!(said.contains("metric.query: ") && mended.contains("`query`"));
}

#[test]
fn what_cloudwatch_does_not_have_is_refused_with_the_reason() {
    for (shape, reason, mend) in [
        (Shape::Histogram, "no buckets", "percentile"),
        (Shape::Units, "as one", "judge of events"),
    ] {
        for metric in [counters(), json!({ "application-load-balancer": {} })] {
            let (said, mended) = refused(&metric, shape);
            assert!(
                said.starts_with("judge: ") && said.contains(reason),
                "{said}"
            );
            assert!(mended.contains(mend), "{mended}");
        }
    }
}
