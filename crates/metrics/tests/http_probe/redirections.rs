//! Redirections are followed only where that is asked for, and take no secret elsewhere.

use std::time::Duration;

use serde_json::json;
use strategy_metrics::Shape;
use strategy_metrics::source::MetricSource;

use crate::loopback::{Reply, Server};
use crate::still_clock::{StillClock, counted, metric, probe, question_about, read, window};

const SECRET: &str = "open-sesame";

fn to(location: &str) -> Reply {
    Reply::Headed(302, format!("location: {location}\r\n"), String::new())
}

#[tokio::test]
async fn they_are_not_followed_unless_asked_for() {
    let server = Server::saying(|_| to("/elsewhere")).await;
    let answer = read(&server, json!({}), Shape::Events).await.unwrap();
    assert_eq!(counted(&answer), (2, 0), "302 is good by default");
    let more = json!({ "status": ["200"] });
    let answer = read(&server, more, Shape::Events).await.unwrap();
    assert_eq!(counted(&answer), (2, 2));
    assert!(
        server
            .asked()
            .iter()
            .all(|asked| asked.starts_with("GET / "))
    );
}

#[tokio::test]
async fn as_many_are_followed_as_are_asked_for() {
    for (redirects, failed) in [(1, 2), (2, 0), (10, 0)] {
        let server = Server::saying(|asked| {
            if asked.starts_with("GET / ") {
                to("one")
            } else if asked.starts_with("GET /one ") {
                to("/two?x=1")
            } else {
                Reply::Body(200, "there".to_owned())
            }
        })
        .await;
        let more = json!({ "redirects": redirects, "contains": "there" });
        let answer = read(&server, more, Shape::Events).await.unwrap();
        assert_eq!(counted(&answer), (2, failed), "{redirects}");
        if failed > 0 {
            assert!(
                answer.notes[0].contains("too many redirections (2)"),
                "{answer:?}"
            );
        }
    }
}

#[tokio::test]
async fn every_status_that_leads_elsewhere_is_followed_and_no_other() {
    for (status, follows) in [
        (300, false),
        (301, true),
        (302, true),
        (303, true),
        (304, false),
        (307, true),
        (308, true),
    ] {
        let server = Server::saying(move |asked| {
            if asked.starts_with("HEAD / ") {
                Reply::Headed(status, "location: /there\r\n".to_owned(), String::new())
            } else {
                Reply::Body(200, String::new())
            }
        })
        .await;
        let more = json!({ "redirects": 1, "method": "HEAD" });
        let answer = read(&server, more, Shape::Events).await.unwrap();
        assert_eq!(counted(&answer), (2, 0));
        let asked = server.asked();
        assert_eq!(asked.len(), if follows { 4 } else { 2 }, "{status}");
        assert!(
            asked.iter().all(|asked| asked.starts_with("HEAD ")),
            "{asked:?}"
        );
    }
}

/// By the clock of this test each look at it takes 4.95 seconds: a tenth of a second is left behind the redirection.
#[tokio::test]
async fn redirections_are_within_the_time_of_their_request() {
    let server = Server::saying(|asked| {
        if asked.starts_with("GET / ") {
            to("/slow")
        } else {
            Reply::Silence
        }
    })
    .await;
    let more = json!({ "redirects": 1, "requests": 1, "timeout": "10s" });
    let question = question_about(metric(&server, more), Shape::Events);
    let clock = StillClock::ticking(Duration::from_millis(4_950));
    let probe = probe().clock(clock);
    let window = window();
    let read = probe.read(&question, window);
    let answer = tokio::time::timeout(Duration::from_secs(8), read).await;
    let answer = answer.expect("the ten seconds began anew").unwrap();
    assert_eq!(counted(&answer), (1, 1));
    assert!(answer.notes[0].contains("no answer in time"), "{answer:?}");
    assert_eq!(server.asked().len(), 2);
}

#[tokio::test]
async fn what_is_no_place_of_http_is_not_followed() {
    for location in ["ftp://api/", "file:///etc/passwd", "http://", "data:,x"] {
        let server = Server::saying(move |_| to(location)).await;
        let more = json!({ "redirects": 3, "status": ["2xx"] });
        let answer = read(&server, more, Shape::Events).await.unwrap();
        assert_eq!(counted(&answer), (2, 2), "{location}");
        assert!(
            answer.notes[0].contains("status 302"),
            "{location}: {answer:?}"
        );
    }
}

#[tokio::test]
async fn a_secret_is_sent_to_the_address_and_to_nobody_else() {
    let other = Server::saying(|_| Reply::Body(200, String::new())).await;
    let there = other.address.clone();
    let server = Server::saying(move |asked| {
        if asked.starts_with("GET / ") {
            to("/same")
        } else {
            to(&there)
        }
    })
    .await;
    let more = json!({ "redirects": 3, "headers": { "host": "api.shop", "x-plain": "yes" } });
    let question = question_about(metric(&server, more), Shape::Events);
    let probe = probe().header("x-token".parse().unwrap(), SECRET.parse().unwrap());
    let answer = probe.read(&question, window()).await.unwrap();
    assert_eq!(counted(&answer), (2, 0));
    let lower = |asked: Vec<String>| asked.into_iter().map(|asked| asked.to_lowercase());
    assert_eq!(server.asked().len(), 4);
    for asked in lower(server.asked()) {
        assert!(asked.contains("x-token: open-sesame\r\n"), "{asked}");
        assert!(asked.contains("host: api.shop\r\n"), "{asked}");
    }
    assert_eq!(other.asked().len(), 2);
    for asked in lower(other.asked()) {
        assert!(
            !asked.contains(SECRET) && !asked.contains("api.shop"),
            "{asked}"
        );
        assert!(asked.contains("x-plain: yes"), "{asked}");
    }
}
