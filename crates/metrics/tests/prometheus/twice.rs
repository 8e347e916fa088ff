//! Processes that are scraped more than once.

use serde_json::{Value, json};
use strategy_core::target::Severity;
use strategy_metrics::Shape;
use strategy_metrics::source::MetricSource;

use crate::server::{Reply, Server, question_about, requests, series, window};

fn matrix(result: Value) -> Reply {
    Reply::of("matrix", result)
}

fn one(labels: &[(&str, &str)], samples: &[(f64, &str)]) -> Value {
    let mut all = json!({
        "job": "pods", "instance": "10.0.0.1:80", "le": "+Inf", "hash": "5d4f", "code": "200",
    });
    for (name, value) in labels {
        all[*name] = json!(value);
    }
    series(all, samples)
}

const ODD: [(f64, &str); 2] = [(990.0, "100"), (1005.0, "110")];
const EVEN: [(f64, &str); 2] = [(997.0, "104"), (1012.0, "117")];
const OTHER: [(f64, &str); 2] = [(997.0, "4"), (1012.0, "17")];

/// What is found before a rollout and what is noted in it, of events and of a histogram.
async fn found(all: &[Value]) -> Vec<String> {
    found_in(all, "target 10.0.0.1:80").await
}

async fn found_in(all: &[Value], resource: &str) -> Vec<String> {
    let mut found = Vec::new();
    let finite = |mut series: Value| {
        series["metric"]["le"] = json!("1");
        series
    };
    let finite: Vec<_> = all.iter().cloned().map(finite).collect();
    let histogram = json!({ "histogram": "a_bucket" });
    for (metric, shape) in [(requests(), Shape::Events), (histogram, Shape::Histogram)] {
        let replies = || {
            [
                matrix(json!([all, finite.as_slice()].concat())),
                matrix(json!([])),
            ]
        };
        let question = question_about(metric, shape);
        let server = Server::answering(replies()).await;
        let admitted = server.source().admit(&question).await.unwrap();
        for finding in &admitted.findings {
            assert_eq!(finding.severity, Severity::Blocks);
            assert_eq!(finding.resource, resource);
            found.push(format!(
                "{}: {}; {}",
                finding.code, finding.message, finding.mend
            ));
        }
        let server = Server::answering(replies()).await;
        let answer = server.source().read(&question, window()).await.unwrap();
        let messages = admitted.findings.iter().map(|finding| &finding.message);
        assert!(answer.notes.iter().eq(messages), "{:?}", answer.notes);
    }
    found
}

#[tokio::test]
async fn a_process_that_two_jobs_scrape_is_found() {
    let endpoints = [("job", "endpoints"), ("service", "web")];
    let found = found(&[one(&[], &ODD), one(&endpoints, &EVEN)]).await;
    assert_eq!(found.len(), 2, "{found:?}");
    for text in found {
        for part in [
            "counted-twice: `10.0.0.1:80` is scraped as job `endpoints` and as job `pods`, so each event counts twice",
            "such as by `job=\"endpoints\"`",
            "; once the scrape is mended, the copies are seen for 2m30s more",
        ] {
            assert!(text.contains(part), "{text}");
        }
    }
}

/// As where one job finds the proxies of Istio by the name of their port, and another by the annotations of pods.
#[tokio::test]
async fn a_pod_that_two_jobs_scrape_at_two_ports_is_found() {
    let of = |job: &str, port: &str, more: &[(&str, &str)], samples: &[(f64, &str)]| {
        let labels = [
            ("job", job),
            ("instance", port),
            ("namespace", "shop"),
            ("pod", "web-1"),
        ];
        one(&[&labels[..], more].concat(), samples)
    };
    let still = [(990.0, "7"), (1005.0, "7")];
    let envoy = |samples| of("envoy-stats", "10.0.0.1:15090", &[("code", "200")], samples);
    let pods = |code, samples| {
        let more = [("code", code), ("app", "web")];
        of("kubernetes-pods", "10.0.0.1:15020", &more, samples)
    };
    let twice = [
        of("envoy-stats", "10.0.0.1:15090", &[("code", "500")], &still),
        envoy(&ODD),
        pods("500", &still),
        pods("200", &EVEN),
    ];
    let found = found_in(&twice, "target web-1").await;
    assert_eq!(found.len(), 2, "{found:?}");
    let expected = "`web-1` is scraped as job `envoy-stats` and as job `kubernetes-pods`";
    assert!(found[0].contains(expected), "{found:?}");
    // The pod's program and its proxy count requests of their own, by the same name.
    for other in [pods("200", &OTHER), pods("500", &EVEN)] {
        let found = found_in(&[envoy(&ODD), other], "").await;
        assert_eq!(found, Vec::<String>::new());
    }
}

#[tokio::test]
async fn what_two_servers_scraped_is_found() {
    for label in ["prometheus_replica", "replica", "__replica__"] {
        let found = found(&[one(&[(label, "a")], &ODD), one(&[(label, "b")], &EVEN)]).await;
        assert_eq!(found.len(), 2, "{label}: {found:?}");
        let expected = format!("is scraped as {label} `a` and as {label} `b`");
        assert!(found[0].contains(&expected), "{found:?}");
    }
}

#[tokio::test]
async fn what_is_counted_once_is_not_found() {
    for all in [
        vec![one(&[], &ODD), one(&[("instance", "10.0.0.2:80")], &EVEN)],
        vec![
            one(&[("code", "200")], &ODD),
            one(&[("code", "500")], &EVEN),
        ],
        // An exporter's own label, of two counters that know nothing of each other.
        vec![
            one(&[("replica", "a")], &ODD),
            one(&[("replica", "b")], &OTHER),
        ],
        vec![
            one(&[("replica", "a"), ("job", "a"), ("instance", "a")], &ODD),
            one(&[("replica", "b"), ("job", "b"), ("instance", "b")], &EVEN),
        ],
    ] {
        assert_eq!(found(&all).await, Vec::<String>::new(), "{all:?}");
    }
}
