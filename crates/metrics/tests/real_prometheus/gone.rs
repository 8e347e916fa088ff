//! What is not there any more: a target, and the server itself.

use serde_json::json;
use strategy_core::analysis::Count;
use strategy_metrics::source::SourceError;
use strategy_metrics::{Reading, Shape};

use crate::exporter::{Page, Target};
use crate::question::{ask, events, later, requests, window};
use crate::server::Prometheus;

pub(crate) const TARGETS: &[Target] = &[Target::new(
    "vanished",
    "candidate",
    |number| match number {
        0..4 => counting(number),
        _ => Page::HangUp,
    },
)];

fn counting(number: u64) -> Page {
    Page::Text(format!(
        "http_requests_total{{code=\"200\"}} {}\nheap_bytes 5e6",
        10 * number
    ))
}

/// The job is stale 2 seconds after its last sample.
fn soon_stale(job: &str) -> serde_json::Value {
    let mut metric = requests(job);
    metric["stale-after"] = json!("2s");
    metric
}

#[tokio::test]
#[ignore = "needs Prometheus: cargo xtask test"]
async fn a_target_that_vanished_is_stale_and_then_nothing() {
    let server = Prometheus::shared();
    let scrapes = server.scrapes("vanished", "candidate", 3).await;
    let last = scrapes.last().unwrap().0;
    // Its failed scrape is there as well: the server knows that it is gone.
    let gone = server.until("up{job=\"vanished\"}", |up| {
        up.last().is_some_and(|up| up.1 == 0)
    });
    let gone = gone.await.last().unwrap().0;
    let asked = |from, to| {
        let window = window(later(last, from), later(last, to));
        ask(
            server,
            soon_stale("vanished"),
            Shape::Events,
            "candidate",
            window,
        )
    };
    let told = asked(0, 500).await.unwrap();
    assert!(matches!(told, Reading::Told(_)), "{told:?}");
    // No window without a sample is a count of zero, however short it is.
    for (from, to) in [(1, 500), (1, 2_000), (1, 2_001)] {
        assert_eq!(asked(from, to).await.unwrap(), Reading::stale(last));
    }
    assert_eq!(asked(2_000, 4_000).await.unwrap(), Reading::stale(last));
    assert_eq!(asked(2_001, 4_000).await.unwrap(), Reading::Empty);

    // An expression is empty from the moment at which the server knew.
    let heap = json!({ "query": "heap_bytes{job=\"vanished\"}", "unit": "track" });
    for (to, is_there) in [(later(last, 1), true), (later(gone, 1), false)] {
        let at = window(later(last, 0), to);
        let told = ask(server, heap.clone(), Shape::Units, "candidate", at)
            .await
            .unwrap();
        assert_eq!(told != Reading::Empty, is_there, "{told:?}");
    }
}

#[tokio::test]
#[ignore = "needs Prometheus: cargo xtask test"]
async fn a_server_that_was_stopped_answers_as_before_when_it_is_back() {
    let server = Prometheus::scraping(&[Target::new("web", "candidate", counting)]);
    let scrapes = server.scrapes("web", "candidate", 3).await;
    let (from, to) = (scrapes[0], scrapes[scrapes.len() - 1]);
    let window = window(later(from.0, 1), later(to.0, 1));
    let before = events(&server, requests("web"), "candidate", window).await;
    let total = 10 * (to.1 - from.1);
    assert_eq!(before.all, Count { total, failed: 0 });

    server.stop();
    let asked = async || ask(&server, requests("web"), Shape::Events, "candidate", window).await;
    let error = asked().await.unwrap_err();
    assert!(matches!(error, SourceError::Passing { .. }), "{error}");

    server.start_again();
    let after = server.answer(asked).await.unwrap();
    assert_eq!(after, Reading::Told(strategy_metrics::Data::Events(before)));

    // It goes on: what happened while it was away is told with the first scrape after it.
    let scrapes = server.scrapes("web", "candidate", to.1 + 2).await;
    let end = scrapes[scrapes.len() - 1];
    let across = crate::question::window(later(to.0, 1), later(end.0, 1));
    let found = events(&server, requests("web"), "candidate", across).await;
    assert_eq!(found.all.total, 10 * (end.1 - to.1));
}
