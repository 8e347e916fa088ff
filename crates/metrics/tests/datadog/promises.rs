//! The conformance suite, against a server that has events as Datadog would tell them.

use serde_json::{Value, json};
use strategy_core::analysis::Window;
use strategy_metrics::Shape;
use strategy_metrics::conformance::source::{Subject, keeps_every_promise};

use crate::loopback::{Reply, Server};
use crate::question::{at, question_about, requests, source, timeseries};

const SECRET: &str = "open-sesame";

/// Ten minutes from second 6 000 on, with `n % 7` requests in the interval `n`, of which one failed where there are
/// more than four. Where there were none, as in a minute and a half in the middle, the interval is not in the answer.
fn answer(asked: &str) -> Reply {
    let (_, body) = asked.split_once("\r\n\r\n").unwrap();
    let body: Value = serde_json::from_str(body).unwrap();
    let attributes = &body["data"]["attributes"];
    assert_eq!(attributes["interval"], 10_000);
    let second = |name: &str| attributes[name].as_u64().unwrap() / 1000;
    let all = (6_000..6_600).step_by(10);
    let all = all.filter(|at| (at / 10) % 7 > 0 && !(6_200..6_290).contains(at));
    let times: Vec<u64> = all
        .filter(|at| (second("from")..second("to")).contains(at))
        .collect();
    if times.is_empty() {
        return timeseries(&[], &[]);
    }
    let requests: Vec<_> = times.iter().map(|at| json!((at / 10) % 7)).collect();
    let failed = times
        .iter()
        .map(|at| json!(((at / 10) % 7 > 4).then_some(1)));
    let failed: Vec<_> = failed.collect();
    let nothing = vec![Value::Null; times.len()];
    match attributes["queries"][0]["query"].as_str().unwrap() {
        "avg:nothing{*}" => timeseries(&times, &[(0, &[], &nothing)]),
        "avg:load{*} by {pod_name}" => timeseries(&times, &[(0, &["pod_name:a"], &requests)]),
        _ => timeseries(&times, &[(0, &[], &requests), (1, &[], &failed)]),
    }
}

#[tokio::test]
async fn it_keeps_every_promise() {
    let server = Server::saying(answer).await;
    let source = source(&server).keys(SECRET, SECRET);
    let about = |query: &str, shape| {
        let metric = json!({ "query": query, "unit": "pod_name" });
        question_about(metric, shape)
    };
    for (from, to) in [(6_000, 6_600), (5_900, 6_100), (6_010, 6_040)] {
        let window = |from, to| Window {
            from: at(from),
            to: at(to),
        };
        let subject = Subject::new(
            &source,
            question_about(requests(), Shape::Events),
            window(from, to),
            json!({ "metric": "a" }),
        )
        .other(about("avg:load{*} by {pod_name}", Shape::Values))
        .other(about("avg:load{*} by {pod_name}", Shape::Units))
        .quiet(window(6_200, 6_290))
        .quiet(window(6_230, 6_240))
        .numberless(about("avg:nothing{*}", Shape::Values))
        .secret(SECRET)
        .without("histogram");
        assert_eq!(subject.left_out(), ["histogram"]);
        let kept = keeps_every_promise(&subject).await;
        assert_eq!(kept, Ok(()), "{from} to {to}");
    }
}
