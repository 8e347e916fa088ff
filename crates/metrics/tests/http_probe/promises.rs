//! The conformance suite, and the one promise that holds of long windows only.

use serde_json::json;
use strategy_core::analysis::Window;
use strategy_metrics::Shape;
use strategy_metrics::conformance::source::{
    Subject, keeps_every_promise, windows_that_adjoin_add_up,
};

use crate::loopback::{Reply, Server};
use crate::still_clock::{NOON, StillClock, at, metric, probe, question_about};

const SECRET: &str = "open-sesame";

async fn keeps(seconds: u64, which: impl AsyncFn(&Subject<'_>) -> bool) -> bool {
    let server = Server::saying(|_| Reply::Body(200, SECRET.to_owned())).await;
    let about = |shape| question_about(metric(&server, json!({})), shape);
    let window = |from, to| Window {
        from: at(NOON - from),
        to: at(NOON - to),
    };
    let probe = probe()
        .header("x-token".parse().unwrap(), SECRET.parse().unwrap())
        .clock(StillClock::default());
    let meaningless = json!({ "url": "http://api" });
    let subject = Subject::new(
        &probe,
        about(Shape::Events),
        window(seconds, 0),
        meaningless,
    )
    .other(about(Shape::Histogram))
    .other(about(Shape::Values))
    .quiet(window(seconds, 61))
    .secret(SECRET)
    .without("units")
    .without("numberless");
    // Which unit answers is not known, and nothing that it tells could be no number.
    assert_eq!(subject.left_out(), ["units", "numberless"]);
    which(&subject).await
}

/// Against a server that answers alike whenever it is asked. A part of a window of ten minutes that ends before
/// the whole does so longer ago than a probe can tell of.
#[tokio::test]
async fn every_promise_holds_of_a_window_that_is_long_against_its_age() {
    let kept = keeps(600, async |subject| {
        assert_eq!(keeps_every_promise(subject).await, Ok(()));
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
