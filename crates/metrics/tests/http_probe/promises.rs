//! The conformance suite, and the one promise that holds of long windows only.

use serde_json::json;
use strategy_core::analysis::Window;
use strategy_metrics::Shape;
use strategy_metrics::conformance::source::{
    Subject, keeps_every_promise, windows_that_adjoin_add_up,
};

use crate::loopback::{Reply, Server};
use crate::still_clock::{NOON, at, metric, probe, question_about};

async fn keeps(seconds: u64, which: impl AsyncFn(&Subject<'_>) -> bool) -> bool {
    let server = Server::saying(|_| Reply::Body(200, String::new())).await;
    let question = question_about(metric(&server, json!({})), Shape::Events);
    let window = Window {
        from: at(NOON - seconds),
        to: at(NOON),
    };
    let probe = probe();
    let subject = Subject::new(&probe, question, window, json!({ "url": "http://api" }));
    which(&subject).await
}

/// Against a server that answers alike whenever it is asked. A part of a window of ten minutes that ends before
/// the whole does so longer ago than a probe can tell of.
#[tokio::test]
async fn every_promise_holds_of_a_window_that_is_long_against_its_age() {
    let kept = keeps(600, async |subject| {
        keeps_every_promise(subject).await.unwrap();
        true
    });
    assert!(kept.await);
}

/// Requests are sent when a window is read, and as many for a short one as for a long one: both halves of a minute
/// that has just ended have as many as the whole. No request belongs to two of them.
#[tokio::test]
async fn parts_of_a_short_window_do_not_add_up_to_it() {
    let broken = keeps(60, async |subject| {
        windows_that_adjoin_add_up(subject).await.is_err()
    });
    assert!(broken.await);
}
