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
    let stale = |newest| Reading::stale(Timestamp::from_millis(newest));
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
        assert_eq!(answer.reading, Reading::stale(newest), "{samples:?}");
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
        let none = || matrix(json!([]));
        let answer = events([matrix(json!([old, new])), none(), none()]).await;
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
        let never_before = matrix(json!([]));
        let replies = [
            matrix(json!([ok(), bad()])),
            matrix(json!([bad()])),
            never_before,
        ];
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

/// A target that tells of many pods, as a federating Prometheus or a collector of OpenTelemetry does, goes on while the
/// series of one pod is gone for longer than `stale-after`.
#[tokio::test]
async fn a_series_that_is_back_counts_from_its_first_sample_on() {
    let of = |pod: &str, samples: &[(f64, &str)]| {
        let labels = json!({
            "__name__": "http_requests_total", "job": "collector", "instance": "otel:8889", "pod": pod, "le": "+Inf",
        });
        series(labels, samples)
    };
    let here = || {
        of(
            "a",
            &[(860.0, "10"), (920.0, "10"), (980.0, "10"), (1005.0, "11")],
        )
    };
    let back = || of("b", &[(1005.0, "100000"), (1020.0, "100003")]);
    let mut nameless = of("b", &[(900.0, "230")])["metric"].clone();
    nameless.as_object_mut().unwrap().remove("__name__");
    let was_there = json!([{ "metric": nameless, "value": [999.999, "230"] }]);
    for (before, expected) in [(was_there, 4), (json!([]), 100_004)] {
        let vector = || Reply::of("vector", before.clone());
        let all = matrix(json!([here(), back()]));
        let server = Server::answering([all, matrix(json!([])), vector()]).await;
        let question = question_about(requests(), Shape::Events);
        let answer = server.source().read(&question, window()).await;
        let counted = Events::counted(expected, 0);
        assert_eq!(reading(answer), Reading::Told(Data::Events(counted)));
        let asked = server.asked().pop().unwrap();
        let query = "query=count_over_time%28http_requests_total%7Bhash%3D%225d4f%22%7D%5B3600000ms%5D%29&time=999.999";
        assert!(asked.ends_with(query), "{asked}");

        // What failed of those very series was there before too, and nobody asks again.
        let replies = [
            matrix(json!([here(), back()])),
            matrix(json!([back()])),
            vector(),
        ];
        let server = Server::answering(replies).await;
        let answer = server.source().read(&question, window()).await;
        let counted = Events::counted(expected, expected - 1);
        assert_eq!(reading(answer), Reading::Told(Data::Events(counted)));
        assert_eq!(server.asked().len(), 3);

        // Where another counter tells of failures, it is asked about itself.
        let replies = [matrix(json!([here()])), matrix(json!([back()])), vector()];
        let server = Server::answering(replies).await;
        let answer = server.source().read(&question, window()).await;
        let counted = Events::counted(1, (expected - 1).min(1));
        assert_eq!(reading(answer), Reading::Told(Data::Events(counted)));

        let question = question_about(json!({ "histogram": "a_bucket" }), Shape::Histogram);
        let all = matrix(json!([
            here(),
            back(),
            of("c", &[(980.0, "0"), (1005.0, "0")])
        ]));
        let server = Server::answering([all, vector()]).await;
        let answer = server.source().read(&question, window()).await;
        let Err(error) = answer else {
            panic!("{answer:?}")
        };
        assert!(error.to_string().contains("bounds"), "{error}");
    }
}

/// Failures of a share that was before are failures of no window, though somebody else counts requests.
#[tokio::test]
async fn failures_from_before_anybody_watched_are_not_counted() {
    let all = series(
        web("all"),
        &[(990.0, "0"), (1005.0, "1000"), (1020.0, "1010")],
    );
    let bad = series(web("500"), &[(990.0, "0"), (1005.0, "7"), (1020.0, "9")]);
    for (watched_since, expected) in [(980, (1_010, 9)), (1_000, (10, 2))] {
        let mut question = question_about(requests(), Shape::Events);
        question.watched_since = Some(Timestamp::from_millis(watched_since * 1_000));
        let replies = [matrix(json!([all])), matrix(json!([bad]))];
        let server = Server::answering(replies).await;
        let answer = server.source().read(&question, window()).await;
        let counted = Events::counted(expected.0, expected.1);
        assert_eq!(reading(answer), Reading::Told(Data::Events(counted)));
    }
}

/// The series of one target are not all of one moment, as behind a federating Prometheus, which tells when it scraped.
#[tokio::test]
async fn what_was_seen_before_nobody_watched_began_before() {
    let of = |pod: &str, samples: &[(f64, &str)]| {
        series(
            json!({ "job": "federate", "instance": "up:9090", "pod": pod }),
            samples,
        )
    };
    let all = json!([
        of("a", &[(991.0, "10"), (1006.0, "11"), (1021.0, "12")]),
        of("b", &[(995.0, "900"), (1010.0, "901"), (1025.0, "902")]),
    ]);
    let mut question = question_about(requests(), Shape::Events);
    question.watched_since = Some(Timestamp::from_millis(1_000_000));
    let server = Server::answering([matrix(all), matrix(json!([]))]).await;
    let answer = server.source().read(&question, window()).await;
    assert_eq!(
        reading(answer),
        Reading::Told(Data::Events(Events::counted(2, 0)))
    );
}

/// Requests and failures are counted by two metrics that have the same labels. That requests of `/` were counted an hour
/// ago says nothing of when the first of them failed.
#[tokio::test]
async fn what_counted_requests_before_did_not_count_failures_before() {
    let of = |name: &str, path: &str, samples: &[(f64, &str)]| {
        let labels =
            json!({ "__name__": name, "job": "web", "instance": "10.0.0.1:80", "path": path });
        series(labels, samples)
    };
    let old = of(
        "http_requests_total",
        "/",
        &[(990.0, "100"), (1005.0, "110"), (1020.0, "120")],
    );
    let new = of(
        "http_requests_total",
        "/new",
        &[(1005.0, "1"), (1020.0, "2")],
    );
    let first_failures = of("http_errors_total", "/", &[(1005.0, "8"), (1020.0, "9")]);
    let was_there = json!([{
        "metric": { "job": "web", "instance": "10.0.0.1:80", "path": "/" },
        "value": [999.999, "230"],
    }]);
    for (requests, expected) in [
        (json!([old.clone()]), (20, 9)),
        (json!([old, new]), (22, 9)),
    ] {
        let has_new = requests.as_array().unwrap().len() == 2;
        let mut replies = vec![matrix(requests), matrix(json!([first_failures]))];
        if has_new {
            replies.push(Reply::of("vector", was_there.clone()));
        }
        replies.push(Reply::of("vector", json!([])));
        let server = Server::answering(replies).await;
        let metric = json!({ "requests": "http_requests_total", "failed": "http_errors_total" });
        let question = question_about(metric, Shape::Events);
        let answer = server.source().read(&question, window()).await;
        let counted = Events::counted(expected.0, expected.1);
        assert_eq!(reading(answer), Reading::Told(Data::Events(counted)));
    }
}
