//! The page of sources, held against what is read and what is asked.

use std::time::Duration;

use serde_json::{Map, Value, json};
use strategy_core::analysis::Window;
use strategy_metrics::Shape;
use strategy_metrics::source::{CloudWatch, MetricSource, SourceError};

use crate::answers::counters;
use crate::metrics::with;
use crate::pages::{expected, quoted, table, value};
use crate::server::{Server, at, question, window};
use crate::wire::{Page, Told};

const SOURCES: &str = include_str!("../../../../docs/reference/sources.md");

/// The parameters of a table, with their defaults; `None`: it is required.
fn parameters(heading: &str) -> Vec<(String, Option<Value>)> {
    let rows = table(SOURCES, heading).into_iter();
    rows.map(|row| {
        let name = quoted(&row["parameter"])[0].to_owned();
        let default = match row["default"].as_str() {
            "required" => None,
            "none" => Some(Value::Null),
            text => {
                let text = quoted(text)[0];
                let is_template = text.starts_with("{{");
                Some(if is_template {
                    json!(text)
                } else {
                    value(text)
                })
            }
        };
        (name, default)
    })
    .collect()
}

fn error(metric: &Value) -> String {
    let source = Server::pages([]).source();
    let error = source.rhythm(metric, Shape::Events).unwrap_err();
    error.to_string()
}

#[track_caller]
fn has_every_parameter(heading: &str, error: &str) {
    let parameters = parameters(heading);
    let named = parameters.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(expected(error), named, "{error}");
}

#[test]
fn the_page_has_every_parameter() {
    let unknown = json!({ "not-there": 0 });
    has_every_parameter("### A metric in CloudWatch", &error(&unknown));
    let of_counter = error(&json!({ "requests": unknown }));
    has_every_parameter("### Counters and numbers", &of_counter);
    let of_balancer = error(&json!({ "application-load-balancer": unknown }));
    has_every_parameter(
        "### A target group of an Application Load Balancer",
        &of_balancer,
    );
}

/// What is asked about a metric, and when.
async fn asked(metric: &Value, shape: Shape, series: usize) -> (Vec<Value>, String) {
    let told = (0..series).map(|index| Told::complete(&format!("m{index}"), &[]));
    let server = Server::pages([Page::of(told)]);
    let source = server.source();
    let rhythm = format!("{:?}", source.rhythm(metric, shape).unwrap());
    let question = question(metric.clone(), shape);
    source.read(&question, window()).await.unwrap();
    (server.asked(), rhythm)
}

/// With everything that the page says is implied.
fn written(given: &Value, heading: &str) -> Value {
    let defaults = parameters(heading).into_iter();
    let mut written: Map<_, _> = defaults
        .filter_map(|(name, default)| Some((name, default?)))
        .collect();
    written.extend(given.as_object().unwrap().clone());
    Value::Object(written)
}

#[tokio::test]
async fn the_page_has_the_defaults() {
    let number = json!({ "namespace": "Shop", "metric": "Heap" });
    let ready = json!({ "application-load-balancer": {} });
    for (given, shape, series) in [
        (counters(), Shape::Events, 2),
        (json!({ "query": number }), Shape::Values, 1),
        (ready.clone(), Shape::Events, 3),
        (ready, Shape::Values, 1),
    ] {
        let mut all = written(&given, "### A metric in CloudWatch");
        for (name, heading) in [
            ("requests", "### Counters and numbers"),
            ("query", "### Counters and numbers"),
            (
                "application-load-balancer",
                "### A target group of an Application Load Balancer",
            ),
        ] {
            if given.get(name).is_some() {
                all[name] = written(&given[name], heading);
            }
        }
        assert_eq!(
            asked(&all, shape, series).await,
            asked(&given, shape, series).await
        );
    }
}

#[test]
fn the_page_says_what_is_required() {
    let source = Server::pages([]).source();
    for (name, default) in parameters("### Counters and numbers") {
        let without = with(&["requests", &name], Value::Null);
        let told = source.rhythm(&without, Shape::Events);
        let missing = format!("missing field `{name}`");
        let is_missing = told.is_err_and(|error| error.to_string().contains(&missing));
        assert_eq!(is_missing, default.is_none(), "{name}");
    }
}

#[tokio::test]
async fn the_page_has_what_is_ready_made() {
    let metric = json!({ "application-load-balancer": {} });
    let rows = table(
        SOURCES,
        "### A target group of an Application Load Balancer",
    );
    assert_eq!(rows.len(), 3, "the table of parameters comes first");
    for (shape, series) in [(Shape::Events, 3), (Shape::Values, 1)] {
        let begin = format!("| {shape} | ");
        let row = SOURCES
            .lines()
            .find(|line| line.starts_with(&begin) && line.contains("Time") | line.contains("5XX"));
        let mut on_page = quoted(row.unwrap());
        on_page.sort_unstable();
        let (asked, _) = asked(&metric, shape, series).await;
        let queries = asked[0]["MetricDataQueries"].as_array().unwrap().iter();
        let mut names: Vec<_> = queries
            .map(|query| {
                query["MetricStat"]["Metric"]["MetricName"]
                    .as_str()
                    .unwrap()
            })
            .collect();
        names.sort_unstable();
        assert_eq!(on_page, names);
    }
}

/// The number in a sentence after these words.
fn number_after(text: &str, words: &str) -> String {
    let (_, rest) = text.split_once(words).unwrap();
    rest.chars().take_while(char::is_ascii_digit).collect()
}

#[tokio::test]
async fn the_page_has_the_limits() {
    let said = |what: &str| {
        let rows = table(SOURCES, "### Limits of CloudWatch").into_iter();
        let mut of = rows.filter(|row| row["what"] == what);
        of.next().unwrap().remove("limit").unwrap()
    };
    let seconds = format!("{} seconds, ", CloudWatch::TIMEOUT.as_secs());
    assert!(said("time for one request, such as for one page").starts_with(&seconds));

    let years = Window {
        from: at(0),
        to: at(0) + Duration::from_hours(24 * 365),
    };
    let question = question(counters(), Shape::Events);
    let refused = Server::pages([]).source().read(&question, years).await;
    let refused = refused.unwrap_err().to_string();
    assert_eq!(
        said("datapoints of one question"),
        number_after(&refused, "at most ")
    );

    let partial = |index: usize| {
        let told = ["m0", "m1"].map(|id| Told::with(id, &[], "PartialData"));
        Page::of(told).next(&index.to_string())
    };
    let server = Server::pages((0..100).map(partial));
    let refused = server.source().read(&question, window()).await;
    let refused = refused.unwrap_err().to_string();
    let pages = server.asked().len().to_string();
    assert_eq!(said("pages of an answer"), pages);
    assert_eq!(number_after(&refused, "more than "), pages);

    let many = error(&with(&["failed"], json!([])));
    let most = number_after(&many, "a list of 1 to ");
    assert_eq!(said("counters that are added up"), most);

    let mut page = Page::of(["m0", "m1"].map(|id| Told::complete(id, &[])));
    let codes = ["a", "b", "c", "d", "e", "f", "g", "h", "i"];
    page.messages.extend(codes.map(|code| (code, "is said")));
    let source = Server::pages([page]).source();
    let answer = source.read(&question, window()).await.unwrap();
    let notes = answer.notes.len().to_string();
    assert_eq!(said("messages that are told with the evidence"), notes);

    let long = "x".repeat(10_000);
    let told = Told {
        status: "Forbidden",
        ..Told::complete("m0", &[])
    };
    let told = told.saying("", Box::leak(long.into_boxed_str()));
    let server = Server::pages([Page::of([told, Told::complete("m1", &[])])]);
    let error = server.source().read(&question, window()).await;
    let SourceError::Permanent { problem, .. } = error.unwrap_err() else {
        panic!("it is for ever");
    };
    let (_, heard) = problem.split_once("Forbidden: ").unwrap();
    let characters = format!("{} characters", heard.chars().count());
    assert_eq!(said("what is told of an error or a message"), characters);
}

#[test]
fn the_page_has_the_statement_of_the_policy() {
    let (_, rest) = SOURCES.split_once("```json\n{\n  \"Sid\"").unwrap();
    let (statement, _) = rest.split_once("```").unwrap();
    let statement: Value = serde_json::from_str(&format!("{{\n  \"Sid\"{statement}")).unwrap();
    assert_eq!(statement, CloudWatch::permissions());
}
