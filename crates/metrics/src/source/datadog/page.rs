//! The page of sources, held against what is read of a metric of Datadog and against the limits.

use serde_json::{Map, Value, json};

use super::Datadog;
use super::answer::SERIES;
use super::http::BYTES;
use super::metric::Metric;
use crate::reading::Shape;
use crate::source::pages::{defaults, expected, limit};

const SOURCES: &str = include_str!("../../../../../docs/reference/sources.md");

#[test]
fn the_page_has_every_parameter_with_its_default() {
    let defaults = defaults(SOURCES, "## Datadog");
    let error = Metric::read(&json!({ "not-there": 0 }), Shape::Events).unwrap_err();
    let error = error.to_string();
    let named = defaults.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(expected(&error), named, "{error}");
    let required = json!({ "query": "avg:a{*}" });
    let mut written: Map<String, Value> = defaults.into_iter().collect();
    written.extend(required.as_object().unwrap().clone());
    let read = |metric| Metric::read(&metric, Shape::Values).unwrap();
    assert_eq!(read(Value::Object(written)), read(required));
}

#[test]
fn the_page_has_the_limits() {
    let said = |what: &str| limit(SOURCES, "### Limits of Datadog", what);
    let seconds = format!("{} seconds, ", Datadog::TIMEOUT.as_secs());
    assert!(said("time for one request").starts_with(&seconds));
    let points = format!("{} of each series, ", Datadog::POINTS);
    assert!(said("points that one request asks for").starts_with(&points));
    let parts = format!("{}, `Datadog::PARTS`", Datadog::PARTS);
    assert_eq!(said("requests for one window"), parts);
    assert_eq!(said("an answer"), format!("{} MiB", BYTES / 1024 / 1024));
    let series = said("series of an answer").replace(' ', "");
    assert_eq!(series, SERIES.to_string());
}
