//! The page of sources, held against what is read of a probe's metric, what is sent, and the budget.

use serde_json::{Map, Value, json};
use strategy_core::analysis::Window;
use strategy_core::duration;
use strategy_metrics::source::{HttpProbe, MetricSource};
use strategy_metrics::{Reading, Shape};

use crate::loopback::{Reply, Server};
use crate::pages::{defaults, expected, limit, quoted, table};
use crate::still_clock::{NOON, at, probe, question_about, window};

const SOURCES: &str = include_str!("../../../../docs/reference/sources.md");

const HEADING: &str = "## HTTP probe";

fn error_of(metric: &Value) -> String {
    let error = probe().rhythm(metric, Shape::Events).unwrap_err();
    error.to_string()
}

/// What the page says of a parameter that is left out.
fn default(name: &str) -> Value {
    let mut defaults = defaults(SOURCES, HEADING).into_iter();
    defaults.find(|(parameter, _)| parameter == name).unwrap().1
}

#[test]
fn the_page_has_every_parameter() {
    let defaults = defaults(SOURCES, HEADING);
    let error = error_of(&json!({ "not-there": 0 }));
    let named = defaults.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(expected(&error), named, "{error}");
}

#[test]
fn the_page_has_every_method() {
    let mut rows = table(SOURCES, HEADING).into_iter();
    let row = rows.find(|row| row["parameter"] == "`method`").unwrap();
    let error = error_of(&json!({ "method": "not-there" }));
    let named = quoted(&row["type"]).into_iter().collect();
    assert_eq!(expected(&error), named, "{error}");
}

/// What can be seen of a metric before anything is sent.
async fn admitted(metric: Value) -> String {
    let mut question = question_about(metric, Shape::Histogram);
    question.preview = Some("http://10.0.0.1".to_owned());
    format!("{:?}", probe().admit(&question).await.unwrap())
}

#[tokio::test]
async fn the_page_has_the_defaults_of_what_is_sent() {
    let written: Map<_, _> = defaults(SOURCES, HEADING).into_iter().collect();
    let of_nothing = admitted(json!({})).await;
    assert_eq!(admitted(Value::Object(written)).await, of_nothing);
    for other in [json!({ "method": "HEAD" }), json!({ "bounds": [1.0] })] {
        assert_ne!(admitted(other).await, of_nothing);
    }
}

#[test]
fn the_page_has_the_defaults_of_the_budget() {
    let number = |name: &str| default(name).as_u64().unwrap();
    let (requests, at_once) = (number("requests"), number("at-once"));
    let timeout = default("timeout");
    let timeout = timeout.as_str().unwrap();
    let error = error_of(&json!({ "timeout": "25s" }));
    assert!(
        error.contains(&format!("{requests} requests, {at_once} at once, of")),
        "{error}"
    );
    let error = error_of(&json!({ "requests": 100, "at-once": 1 }));
    assert!(
        error.contains(&format!("of at most {timeout} each")),
        "{error}"
    );
    let each = duration::parse(timeout).unwrap();
    let longest = each * u32::try_from(requests.div_ceil(at_once)).unwrap();
    let said = format!(
        "The defaults are {requests} requests, {at_once} at once, of {} seconds at most: a look takes at most {} seconds",
        each.as_secs(),
        longest.as_secs()
    );
    assert!(SOURCES.contains(&said), "{said}");
}

#[tokio::test]
async fn the_page_has_the_default_of_the_age() {
    let server = Server::saying(|_| Reply::Body(200, String::new())).await;
    let question = question_about(json!({ "candidate": server.address }), Shape::Events);
    let age = duration::parse(default("age").as_str().unwrap())
        .unwrap()
        .as_secs();
    for (ended, is_told) in [(age, true), (age + 1, false)] {
        let window = Window {
            from: at(NOON - ended - 30),
            to: at(NOON - ended),
        };
        let answer = probe().read(&question, window).await.unwrap();
        assert_eq!(answer.reading != Reading::Empty, is_told, "{ended} s ago");
    }
}

#[tokio::test]
async fn the_page_has_the_defaults_of_what_is_good() {
    let read = usize::try_from(default("read").as_u64().unwrap()).unwrap();
    assert_eq!(default("status"), json!(["2xx", "3xx"]));
    for (status, before, is_good) in [
        (200, 0, true),
        (299, 0, true),
        (300, 0, true),
        (399, 0, true),
        (404, 0, false),
        (500, 0, false),
        (200, read - 1, true),
        (200, read, false),
    ] {
        let body = "a".repeat(before) + "x";
        let server = Server::saying(move |_| Reply::Body(status, body.clone())).await;
        let metric = json!({ "candidate": server.address, "contains": "x", "requests": 1 });
        let question = question_about(metric, Shape::Events);
        let answer = probe().read(&question, window()).await.unwrap();
        let failed = u64::from(!is_good);
        assert_eq!(
            crate::still_clock::counted(&answer),
            (1, failed),
            "{status}, {before}"
        );
    }
}

#[test]
fn the_page_has_the_budget() {
    let begins = |what: &str, number: String| {
        let said = limit(SOURCES, "### The budget of a probe", what);
        let number = format!("{number}, `HttpProbe::");
        assert!(said.starts_with(&number), "{said}: {number}");
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
    let seconds = HttpProbe::LONGEST_LOOK.as_secs();
    begins("time of a look", format!("{seconds} seconds"));
    let mebibytes = HttpProbe::MOST_BYTES / 1024 / 1024;
    begins(
        "bytes that are read of an answer",
        format!("{mebibytes} MiB"),
    );
}
