//! Of which windows a probe can tell, and that no request belongs to two.

use std::time::Duration;

use serde_json::json;
use strategy_core::Timestamp;
use strategy_core::analysis::Window;
use strategy_core::driver::{Clock, SystemClock};
use strategy_metrics::source::{Answer, HttpProbe, MetricSource};
use strategy_metrics::{Reading, Shape};

use crate::loopback::{Reply, Server, builder};
use crate::still_clock::{NOON, at, counted, metric, probe, question_about};

async fn of(from: u64, to: u64, server: &Server) -> Answer {
    let question = question_about(metric(server, json!({ "age": "40s" })), Shape::Events);
    let window = Window {
        from: at(from),
        to: at(to),
    };
    probe().read(&question, window).await.unwrap()
}

async fn well() -> Server {
    Server::saying(|_| Reply::Body(200, String::new())).await
}

#[tokio::test]
async fn a_window_that_is_over_for_too_long_has_nothing_and_nothing_is_sent() {
    let server = well().await;
    for (to, told) in [
        (NOON, true),
        (NOON - 40, true),
        (NOON - 41, false),
        (60, false),
        // A clock may be behind that of whoever closed the window.
        (NOON + 40, true),
        (NOON + 41, false),
    ] {
        let before = server.asked().len();
        let answer = of(to - 30, to, &server).await;
        let sent = server.asked().len() - before;
        if told {
            assert_eq!((counted(&answer), sent), ((2, 0), 2), "{to}");
        } else {
            assert_eq!((&answer.reading, sent), (&Reading::Empty, 0), "{to}");
            assert!(
                answer.notes[0].contains("a probe knows of now only"),
                "{:?}",
                answer.notes
            );
        }
    }
}

#[tokio::test]
async fn without_a_clock_of_its_own_it_goes_by_the_systems() {
    let server = well().await;
    let probe = HttpProbe::new(builder()).unwrap();
    let question = question_about(metric(&server, json!({})), Shape::Events);
    let window = |to: Timestamp| Window {
        from: to.before(Duration::from_secs(30)),
        to,
    };
    let now = window(SystemClock.now());
    assert_eq!(counted(&probe.read(&question, now).await.unwrap()), (2, 0));
    let long_ago = probe.read(&question, window(at(NOON))).await.unwrap();
    assert_eq!(long_ago.reading, Reading::Empty);
}

#[tokio::test]
async fn a_look_that_is_taken_again_sends_again() {
    let mut answered = 0;
    let server = Server::saying(move |_| {
        answered += 1;
        Reply::Body(if answered <= 2 { 200 } else { 500 }, String::new())
    })
    .await;
    let first = of(NOON - 30, NOON, &server).await;
    let second = of(NOON - 30, NOON, &server).await;
    assert_eq!((counted(&first), counted(&second)), ((2, 0), (2, 2)));
    assert_eq!(server.asked().len(), 4);
}

#[tokio::test]
async fn windows_that_adjoin_have_requests_of_their_own() {
    let server = well().await;
    for (from, to) in [(NOON - 20, NOON - 10), (NOON - 10, NOON)] {
        assert_eq!(counted(&of(from, to, &server).await), (2, 0));
    }
    assert_eq!(server.asked().len(), 4);
}
