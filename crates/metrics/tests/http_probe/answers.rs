//! Which answers are good, and in which shapes they are told.

use serde_json::{Value, json};
use strategy_core::Track;
use strategy_metrics::source::{Answer, MetricSource, SourceError};
use strategy_metrics::{Data, Reading, Shape};

use crate::loopback::{Reply, Server};
use crate::still_clock::{counted, metric, probe, question_about, read, window};

fn ok(body: &str) -> Reply {
    Reply::Body(200, body.to_owned())
}

async fn events(replies: impl IntoIterator<Item = Reply>, more: Value) -> Answer {
    let server = Server::answering(replies).await;
    read(&server, more, Shape::Events).await.unwrap()
}

#[tokio::test]
async fn requests_are_made_and_their_failures_counted() {
    let server = Server::answering([ok("fine"), Reply::Body(503, "down".to_owned())]).await;
    let more = json!({ "candidate": format!("{}/health?deep=1", server.address) });
    let answer = read(&server, more, Shape::Events).await.unwrap();
    assert_eq!(counted(&answer), (2, 1));
    let note = "1 of 2 requests to candidate failed: status 503 (1)";
    assert_eq!(answer.notes, [note]);
    let asked = server.asked();
    assert_eq!(asked.len(), 2);
    for asked in asked {
        let asked = asked.to_lowercase();
        assert!(
            asked.starts_with("get /health?deep=1 http/1.1\r\n"),
            "{asked}"
        );
        assert!(
            asked.contains("user-agent: rollway-http-probe\r\n"),
            "{asked}"
        );
    }
}

#[tokio::test]
async fn good_are_the_statuses_that_are_asked_for() {
    for (status, more, failed) in [
        (204, json!({}), 0),
        (302, json!({}), 0),
        (304, json!({}), 0),
        (404, json!({}), 2),
        (500, json!({}), 2),
        (404, json!({ "status": ["404", "5xx"] }), 0),
        (200, json!({ "status": ["404", "5xx"] }), 2),
        (503, json!({ "status": ["404", "5xx"] }), 0),
    ] {
        let reply = || Reply::Body(status, String::new());
        let answer = events([reply(), reply()], more.clone()).await;
        assert_eq!(counted(&answer), (2, failed), "{status} {more}");
    }
}

#[tokio::test]
async fn what_is_no_good_answer_is_a_failed_request_and_no_error() {
    for (reply, named) in [
        (Reply::Silence, "no answer in time (1)"),
        (Reply::HangUp, "no HTTP (1)"),
        (Reply::Raw("SSH-2.0-OpenSSH\r\n\r\n"), "no HTTP (1)"),
        (Reply::Cut(200, "half".to_owned()), "no HTTP (1)"),
    ] {
        let answer = events([ok(""), reply], json!({})).await;
        assert_eq!(counted(&answer), (2, 1), "{named}");
        assert!(answer.notes[0].ends_with(named), "{:?}", answer.notes);
    }
}

#[tokio::test]
async fn a_connection_that_is_refused_is_a_failed_request() {
    let server = Server::answering([]).await;
    let nobody = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap()
    };
    let more = json!({ "candidate": format!("http://{nobody}/") });
    let answer = read(&server, more, Shape::Events).await.unwrap();
    assert_eq!(counted(&answer), (2, 2));
    assert!(
        answer.notes[0].ends_with("failed: no connection (2)"),
        "{:?}",
        answer.notes
    );
}

#[tokio::test]
async fn bodies_are_looked_into() {
    for (body, more, named) in [
        ("all is well", json!({ "contains": "is well" }), None),
        (
            "nothing",
            json!({ "contains": "is well" }),
            Some("lacks what it must contain"),
        ),
        (
            "an error",
            json!({ "lacks": "error" }),
            Some("contains what it must lack"),
        ),
        (
            "all is well",
            json!({ "lacks": "error", "contains": "well" }),
            None,
        ),
        ("caf\u{e9}", json!({ "contains": "\u{e9}" }), None),
    ] {
        let answer = events([ok(body), ok(body)], more.clone()).await;
        let failed = if named.is_some() { 2 } else { 0 };
        assert_eq!(counted(&answer), (2, failed), "{body} {more}");
        assert_eq!(answer.notes.len(), usize::from(named.is_some()));
        for note in &answer.notes {
            assert!(note.contains(named.unwrap()), "{note}");
        }
    }
}

#[tokio::test]
async fn no_more_of_a_body_is_read_than_was_asked_for() {
    let long = || Reply::Body(200, format!("{}well", " ".repeat(100)));
    for (read, failed) in [(104, 0), (103, 2)] {
        let more = json!({ "contains": "well", "read": read });
        let answer = events([long(), long()], more).await;
        assert_eq!(counted(&answer), (2, failed), "{read}");
    }
    // The same where it comes in many pieces.
    let long = || Reply::Body(200, format!("{}well", " ".repeat(400_000)));
    for (read, failed) in [(400_004, 0), (400_003, 2)] {
        let more = json!({ "contains": "well", "read": read });
        let answer = events([long(), long()], more).await;
        assert_eq!(counted(&answer), (2, failed), "{read}");
    }
    // What comes behind that is nothing that could fail it.
    let answer = events([Reply::Endless(3_000_000), ok("")], json!({ "read": 10 })).await;
    assert_eq!(counted(&answer), (2, 0));
}

#[tokio::test]
async fn what_is_sent_is_what_the_metric_says() {
    let server = Server::answering([ok(""), ok("")]).await;
    let more = json!({
        "method": "POST", "body": "{\"sku\":1}", "headers": { "content-type": "application/json", "x-a": "1" },
        "candidate-headers": { "x-a": "2", "x-canary": "always", "host": "api.shop" },
        "stable-headers": { "x-stable": "yes" },
    });
    read(&server, more, Shape::Events).await.unwrap();
    let asked = server.asked().remove(0).to_lowercase();
    assert!(asked.starts_with("post / http/1.1\r\n"), "{asked}");
    assert!(asked.ends_with("\r\n\r\n{\"sku\":1}"), "{asked}");
    for header in [
        "content-type: application/json",
        "x-a: 2",
        "x-canary: always",
        "host: api.shop",
    ] {
        assert!(
            asked.contains(&format!("\r\n{header}\r\n")),
            "{asked}: {header}"
        );
    }
    assert!(
        !asked.contains("x-stable") && !asked.contains("x-a: 1"),
        "{asked}"
    );
}

#[tokio::test]
async fn each_track_is_asked_at_its_own_address() {
    let server = Server::saying(|asked| {
        let is_stable = asked.starts_with("GET /stable ");
        Reply::Body(if is_stable { 200 } else { 500 }, String::new())
    })
    .await;
    let of = |track: Track| format!("{}/{track}", server.address);
    let more = json!({ "candidate": of(Track::Candidate), "stable": of(Track::Stable) });
    let mut question = question_about(metric(&server, more), Shape::Events);
    for (track, failed) in [(Track::Candidate, 2), (Track::Stable, 0)] {
        question.track = track;
        let answer = probe().read(&question, window()).await.unwrap();
        assert_eq!(counted(&answer), (2, failed), "{track}");
    }
}

/// Each request takes two looks at the clock: 20 ms.
#[tokio::test]
async fn latencies_are_values_in_seconds_and_failures_as_slow_as_can_be() {
    let server = Server::answering([ok(""), Reply::Body(500, String::new())]).await;
    let answer = read(&server, json!({}), Shape::Values).await.unwrap();
    assert_eq!(answer.reading, Reading::Told(Data::Values(vec![0.02, 0.5])));
}

#[tokio::test]
async fn latencies_are_put_into_buckets_and_failures_above_all_of_them() {
    for (bounds, counts) in [
        (json!([0.01, 0.02, 1.0]), vec![0, 1, 0, 1]),
        (json!([0.01, 0.019]), vec![0, 0, 2]),
        (json!([0.021]), vec![1, 1]),
    ] {
        let server = Server::answering([ok(""), Reply::Body(500, String::new())]).await;
        let more = json!({ "bounds": bounds });
        let answer = read(&server, more, Shape::Histogram).await.unwrap();
        let Reading::Told(Data::Histogram(histogram)) = answer.reading else {
            panic!("{answer:?}");
        };
        assert_eq!(histogram.counts(), counts, "{bounds}");
        assert_eq!(json!(histogram.bounds()), bounds);
    }
}

#[tokio::test]
async fn units_are_refused() {
    let server = Server::answering([]).await;
    let error = read(&server, json!({}), Shape::Units).await.unwrap_err();
    let SourceError::Invalid { field, .. } = error else {
        panic!("{error}");
    };
    assert_eq!(field, "judge");
    assert!(server.asked().is_empty());
}
