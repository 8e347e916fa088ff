//! The conformance suite, against a server that has events as Datadog would tell them.

use serde_json::{Value, json};
use strategy_core::analysis::Window;
use strategy_metrics::Shape;
use strategy_metrics::conformance::source::{Subject, keeps_every_promise};

use crate::loopback::{Reply, Server};
use crate::question::{at, question_about, requests, source, timeseries};

/// Ten minutes from second 6 000 on, with `n % 7` requests in the interval `n`, of which one failed where there are
/// more than four. Where both queries have nothing, the interval is not in the answer.
fn answer(asked: &str) -> Reply {
    let (_, body) = asked.split_once("\r\n\r\n").unwrap();
    let body: Value = serde_json::from_str(body).unwrap();
    let attributes = &body["data"]["attributes"];
    let interval = attributes["interval"].as_u64().unwrap() / 1000;
    assert_eq!(interval, 10);
    let second = |name: &str| attributes[name].as_u64().unwrap() / 1000;
    let all = (6_000..6_600).step_by(10).filter(|at| (at / 10) % 7 > 0);
    let times: Vec<u64> = all
        .filter(|at| (second("from")..second("to")).contains(at))
        .collect();
    let requests: Vec<_> = times.iter().map(|at| json!((at / 10) % 7)).collect();
    let failed = times.iter().map(|at| ((at / 10) % 7 > 4).then_some(1));
    let failed: Vec<_> = failed.map(|failed| json!(failed)).collect();
    if times.is_empty() {
        return timeseries(&[], &[]);
    }
    timeseries(&times, &[(0, &[], &requests), (1, &[], &failed)])
}

#[tokio::test]
async fn it_keeps_every_promise() {
    let server = Server::saying(answer).await;
    let source = source(&server);
    let question = question_about(requests(), Shape::Events);
    for (from, to) in [(6_000, 6_600), (5_900, 6_100), (6_010, 6_040)] {
        let window = Window {
            from: at(from),
            to: at(to),
        };
        let meaningless = json!({ "query": "avg:a{*}" });
        let subject = Subject::new(&source, question.clone(), window, meaningless);
        keeps_every_promise(&subject).await.unwrap();
    }
}
