//! The page of sources, held against what is read of a probe's metric and against its budget.

use serde_json::{Map, Value, json};
use strategy_core::duration;

use super::HttpProbe;
use super::metric::Metric;
use crate::reading::Shape;
use crate::source::pages::{defaults, expected, limit, quoted, table};

const SOURCES: &str = include_str!("../../../../../docs/reference/sources.md");

const HEADING: &str = "## HTTP probe";

fn error_of(metric: &Value) -> String {
    let error = Metric::read(metric, Shape::Events).unwrap_err();
    error.to_string()
}

#[test]
fn the_page_has_every_parameter_with_its_default() {
    let defaults = defaults(SOURCES, HEADING);
    let error = error_of(&json!({ "not-there": 0 }));
    let named = defaults.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(expected(&error), named, "{error}");
    let written = Value::Object(defaults.into_iter().collect::<Map<_, _>>());
    let read = |metric| Metric::read(&metric, Shape::Histogram).unwrap();
    assert_eq!(read(written), read(json!({})));
}

#[test]
fn the_page_has_every_method() {
    let mut rows = table(SOURCES, HEADING).into_iter();
    let row = rows.find(|row| row["parameter"] == "`method`").unwrap();
    let error = error_of(&json!({ "method": "not-there" }));
    let named = quoted(&row["type"]).into_iter().collect();
    assert_eq!(expected(&error), named, "{error}");
}

#[test]
fn the_page_has_the_budget() {
    let said = |what: &str| limit(SOURCES, "### The budget of a probe", what);
    let begins = |what: &str, number: String| {
        let said = said(what);
        assert!(
            said.starts_with(&format!("{number}, `HttpProbe::")),
            "{said}: {number}"
        );
    };
    begins(
        "requests of a look to one track",
        HttpProbe::MOST_REQUESTS.to_string(),
    );
    begins("under way at once", HttpProbe::MOST_AT_ONCE.to_string());
    begins(
        "redirections of a request",
        HttpProbe::MOST_REDIRECTS.to_string(),
    );
    begins(
        "time of a look",
        format!("{} seconds", HttpProbe::LONGEST_LOOK.as_secs()),
    );
    begins(
        "bytes that are read of an answer",
        format!("{} MiB", HttpProbe::MOST_BYTES / 1024 / 1024),
    );
    let metric = Metric::read(&json!({}), Shape::Events).unwrap();
    let longest = metric.timeout * metric.requests.div_ceil(metric.at_once);
    let defaults = format!(
        "The defaults are {} requests, {} at once, of {} seconds at most: a look takes at most {} seconds",
        metric.requests,
        metric.at_once,
        metric.timeout.as_secs(),
        longest.as_secs()
    );
    assert!(SOURCES.contains(&defaults), "{defaults}");
    assert_eq!(duration::format(metric.age), "1m");
}
