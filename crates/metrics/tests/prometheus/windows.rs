//! Windows without a sample, and what of the samples before a window belongs to it.

use serde_json::{Value, json};
use strategy_core::Timestamp;
use strategy_metrics::source::MetricSource;
use strategy_metrics::{Data, Events, Reading, Shape};

use crate::server::{Reply, Server, events, question_about, reading, requests, series, window};

fn matrix(result: Value) -> Reply {
    Reply::of("matrix", result)
}

fn web(code: &str) -> Value {
    json!({ "job": "web", "instance": "10.0.0.1:80", "code": code })
}

/// A target that vanished: what it counted last is from before the window, and nothing came since.
#[tokio::test]
async fn a_window_without_one_sample_is_not_a_count_of_zero() {
    let stale = |newest| Reading::Stale {
        newest: Timestamp::from_millis(newest),
    };
    for (samples, newest, too_short, why) in [
        (
            &[(960.0, "100"), (975.0, "120"), (990.0, "130")][..],
            990_000,
            false,
            "a scrape was due at 1005",
        ),
        (
            &[(940.0, "100"), (970.0, "120"), (999.0, "130")],
            999_000,
            true,
            "one is due at 1029",
        ),
        (
            &[(910.0, "100"), (940.0, "120"), (970.0, "130")],
            970_000,
            false,
            "one was due at 1000",
        ),
        (
            &[(990.0, "130")],
            990_000,
            true,
            "how far apart scrapes are is not known yet",
        ),
    ] {
        let histogram = |mut labels: Value| {
            labels["le"] = json!("+Inf");
            series(labels, samples)
        };
        let of_events = events([
            matrix(json!([series(web("200"), samples)])),
            matrix(json!([])),
        ]);
        let server = Server::answering([matrix(json!([histogram(web("200"))]))]).await;
        let question = question_about(json!({ "histogram": "a_bucket" }), Shape::Histogram);
        let of_histogram = server.source().read(&question, window()).await;
        for answer in [of_events.await.unwrap(), of_histogram.unwrap()] {
            assert_eq!(answer.reading, stale(newest), "{why}");
            assert_eq!(answer.too_short, too_short, "{why}");
        }
    }
}

/// One sample says from where to count, and not that nothing happened.
#[tokio::test]
async fn a_window_with_the_first_sample_alone_is_not_a_count_of_zero() {
    for (watched_since, samples, newest, too_short) in [
        (
            Some(1_000),
            &[(990.0, "0"), (1005.0, "900")][..],
            1_005_000,
            false,
        ),
        (
            Some(1_000),
            &[(990.0, "0"), (1010.0, "900")],
            1_010_000,
            true,
        ),
        (None, &[(1010.0, "900")], 1_010_000, true),
    ] {
        let mut question = question_about(requests(), Shape::Events);
        question.watched_since = watched_since.map(|at| Timestamp::from_millis(at * 1_000));
        let replies = [
            matrix(json!([series(web("200"), samples)])),
            matrix(json!([])),
        ];
        let server = Server::answering(replies).await;
        let answer = server.source().read(&question, window()).await.unwrap();
        let newest = Timestamp::from_millis(newest);
        assert_eq!(answer.reading, Reading::Stale { newest }, "{samples:?}");
        assert_eq!(answer.too_short, too_short, "{samples:?}");
    }
}

/// Of `10.0.0.1:80` two jobs tell, and each is a target of its own.
#[tokio::test]
async fn what_another_job_knew_of_an_instance_is_not_known_of_this_one() {
    let of = |job: &str, code: &str, samples: &[(f64, &str)]| {
        let labels = json!({ "job": job, "instance": "10.0.0.1:80", "code": code });
        series(labels, samples)
    };
    let old = of(
        "web",
        "200",
        &[(990.0, "100"), (1005.0, "110"), (1020.0, "120")],
    );
    for (job, total) in [("web", 20 + 5_003), ("other", 20 + 3)] {
        let new = of(job, "500", &[(1005.0, "5000"), (1020.0, "5003")]);
        let answer = events([matrix(json!([old, new])), matrix(json!([]))]).await;
        let expected = Events::counted(total, 0);
        assert_eq!(
            reading(answer),
            Reading::Told(Data::Events(expected)),
            "{job}"
        );
    }
}

/// Between two windows the weight changed, and until traffic was as written nobody watched.
#[tokio::test]
async fn what_happened_while_nobody_watched_belongs_to_no_window() {
    let ok = || {
        let samples = [
            (975.0, "0"),
            (990.0, "1000"),
            (1005.0, "2000"),
            (1020.0, "2007"),
        ];
        series(web("200"), &samples)
    };
    let bad = || series(web("500"), &[(1020.0, "2")]);
    let histogram = |to: &str| {
        let of = |le: &str, to: &str| {
            let labels = json!({ "job": "web", "instance": "a", "le": le });
            series(labels, &[(990.0, "0"), (1005.0, "1000"), (1020.0, to)])
        };
        json!([of("0.5", to), of("+Inf", to)])
    };
    for (watched_since, all, counted) in [
        (None, 1_009, 1_007),
        (Some(980), 1_009, 1_007),
        (Some(1_000), 9, 7),
    ] {
        let mut question = question_about(requests(), Shape::Events);
        question.watched_since = watched_since.map(|at| Timestamp::from_millis(at * 1_000));
        let replies = [matrix(json!([ok(), bad()])), matrix(json!([bad()]))];
        let server = Server::answering(replies).await;
        let answer = server.source().read(&question, window()).await;
        let expected = Events::counted(all, 2);
        assert_eq!(reading(answer), Reading::Told(Data::Events(expected)));

        question.metric = json!({ "histogram": "a_bucket" });
        question.shape = Shape::Histogram;
        let server = Server::answering([matrix(histogram("1007"))]).await;
        let answer = server.source().read(&question, window()).await;
        let Reading::Told(Data::Histogram(told)) = reading(answer) else {
            panic!("no histogram");
        };
        assert_eq!(told.total(), counted);
    }
}
