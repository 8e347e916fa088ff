//! Ready-made metrics on a real server that scrapes what each exporter really tells: names and all labels as its
//! documentation or its own tests have them.

use serde_json::{Value, json};
use strategy_core::analysis::Count;
use strategy_core::{Part, Track};
use strategy_metrics::source::{MetricSource as _, Question};
use strategy_metrics::{Data, Events, Histogram, Reading, Shape};

use crate::exporter::{Page, Target};
use crate::question::{Scrapes, between, later, window};
use crate::server::Prometheus;

pub(crate) const TARGETS: &[Target] = &[
    Target::new("istio", "all", istio),
    Target::new("ingress", "all", ingress_nginx),
    // As a scrape of the controller's Service labels it, so that the controller's own labels give way.
    Target::new("ingress-exported", "all", ingress_nginx).labels(&[
        ("namespace", "ingress-nginx"),
        ("service", "ingress-nginx-metrics"),
    ]),
    Target::new("traefik", "all", traefik),
    Target::new("traefik-exported", "all", traefik).labels(&[("service", "traefik")]),
    Target::new("http", "stable", |number| http(number, 5, 1))
        .labels(&[("namespace", "shop"), ("pod", "web-5d4f8c7b9d-x7k2p")]),
    Target::new("http", "candidate", |number| http(number, 3, 2))
        .labels(&[("namespace", "shop"), ("pod", "web-canary-6c8d9b7f5-zq4wt")]),
    // Pods of nobody in question: of another namespace, of another Deployment, of a StatefulSet.
    Target::new("http", "a", |number| http(number, 100, 100))
        .labels(&[("namespace", "test"), ("pod", "web-5d4f8c7b9d-x7k2p")]),
    Target::new("http", "b", |number| http(number, 100, 100))
        .labels(&[("namespace", "shop"), ("pod", "web-admin-5d4f8c7b9d-x7k2p")]),
    Target::new("http", "c", |number| http(number, 100, 100))
        .labels(&[("namespace", "shop"), ("pod", "web-0")]),
];

/// What stable and the candidate count at each scrape: requests that went well, and those that failed.
const STABLE: (u64, u64) = (5, 1);
const CANDIDATE: (u64, u64) = (3, 2);
/// What is none of them counts so much.
const OTHERS: (u64, u64) = (100, 100);

/// A counter and the buckets of a histogram: half of all requests are in the first bucket, which ends at `bound`.
fn page(series: &[Series], number: u64, counter: &str, histogram: &str, bound: &str) -> Page {
    let mut text = String::new();
    for Series { labels, each } in series {
        let count = each * number;
        text += &format!("{counter}{{{labels}}} {count}\n");
        for (le, count) in [(bound, each / 2 * number), ("+Inf", count)] {
            text += &format!("{histogram}_bucket{{{labels},le=\"{le}\"}} {count}\n");
        }
        text += &format!("{histogram}_count{{{labels}}} {count}\n");
    }
    Page::Text(text)
}

/// Labels, and how much is counted at each scrape.
struct Series {
    labels: String,
    each: u64,
}

/// With which statuses requests go well, and with which they fail.
#[derive(Clone, Copy)]
struct Statuses {
    good: &'static [&'static str],
    bad: &'static [&'static str],
}

/// Envoy has 0 where the client went before an answer began.
const OF_ISTIO: Statuses = Statuses {
    good: &["200", "404"],
    bad: &["503", "504", "0"],
};
const OF_NGINX: Statuses = Statuses {
    good: &["200", "101", "404"],
    bad: &["502", "504", "499"],
};
/// Traefik has 0 where a connection changed its protocol, as of WebSockets: it writes no status there.
const OF_TRAEFIK: Statuses = Statuses {
    good: &["200", "404", "0"],
    bad: &["500", "502", "504", "499"],
};
const OF_HTTP: Statuses = Statuses {
    good: &["200", "404"],
    bad: &["500", "499"],
};

impl Statuses {
    /// So many of each that is good, and so many of each that is bad.
    fn series(self, labels: impl Fn(&str) -> String, (ok, failed): (u64, u64)) -> Vec<Series> {
        let good = self.good.iter().map(|status| (*status, ok));
        let bad = self.bad.iter().map(|status| (*status, failed));
        let series = good.chain(bad).map(|(status, each)| Series {
            labels: labels(status),
            each,
        });
        series.collect()
    }
}

/// <https://istio.io/latest/docs/reference/config/metrics/>, "Labels"; the client's proxy tells of the same requests.
fn istio(number: u64) -> Page {
    let labels = |reporter: &str, namespace: &str, workload: &str, code: &str| {
        format!(
            "reporter=\"{reporter}\",source_workload=\"istio-ingressgateway\",source_canonical_service=\"istio-ingressgateway\",\
             source_canonical_revision=\"latest\",source_workload_namespace=\"istio-system\",\
             source_principal=\"spiffe://cluster.local/ns/istio-system/sa/istio-ingressgateway\",\
             source_app=\"istio-ingressgateway\",source_version=\"unknown\",source_cluster=\"Kubernetes\",\
             destination_workload=\"{workload}\",destination_workload_namespace=\"{namespace}\",\
             destination_principal=\"spiffe://cluster.local/ns/{namespace}/sa/web\",destination_app=\"web\",\
             destination_version=\"v1\",destination_service=\"web.{namespace}.svc.cluster.local\",\
             destination_canonical_service=\"web\",destination_canonical_revision=\"v1\",\
             destination_service_name=\"web\",destination_service_namespace=\"{namespace}\",\
             destination_cluster=\"Kubernetes\",request_protocol=\"http\",response_code=\"{code}\",\
             grpc_response_status=\"\",response_flags=\"-\",connection_security_policy=\"mutual_tls\""
        )
    };
    let mut series = Vec::new();
    for reporter in ["destination", "source"] {
        for (namespace, workload, counts) in [
            ("shop", "web", STABLE),
            ("shop", "web-canary", CANDIDATE),
            ("shop", "web-admin", OTHERS),
            ("test", "web", OTHERS),
        ] {
            let labels = |code: &str| labels(reporter, namespace, workload, code);
            series.extend(OF_ISTIO.series(labels, counts));
        }
    }
    page(
        &series,
        number,
        "istio_requests_total",
        "istio_request_duration_milliseconds",
        "25",
    )
}

/// `internal/ingress/metric/collectors/socket.go` and `socket_test.go` of kubernetes/ingress-nginx: the labels of a
/// request, and those that are constant.
fn ingress_nginx(number: u64) -> Page {
    let labels = |namespace: &str, ingress: &str, service: &str, canary: &str, status: &str| {
        format!(
            "canary=\"{canary}\",controller_class=\"k8s.io/ingress-nginx\",controller_namespace=\"ingress-nginx\",\
             controller_pod=\"ingress-nginx-controller-7c489dc7b7-ccrf6\",host=\"shop.example.com\",\
             ingress=\"{ingress}\",method=\"GET\",namespace=\"{namespace}\",path=\"/\",service=\"{service}\",status=\"{status}\""
        )
    };
    let mut series = Vec::new();
    for (namespace, ingress, service, canary, counts) in [
        // A canary's requests have the Service of the Ingress that is not the canary's.
        ("shop", "web", "http", "", STABLE),
        ("shop", "web", "http", "shop-web-canary-80", CANDIDATE),
        ("shop", "admin", "http", "", OTHERS),
        ("test", "web", "http", "test-web-canary-80", OTHERS),
        // An Ingress that is made to name another Service.
        ("shop", "switched", "web", "", STABLE),
        ("shop", "switched", "web-canary", "", CANDIDATE),
        ("shop", "admin", "web-admin", "", OTHERS),
        ("test", "switched", "web", "", OTHERS),
    ] {
        let labels = |status: &str| labels(namespace, ingress, service, canary, status);
        series.extend(OF_NGINX.series(labels, counts));
    }
    page(
        &series,
        number,
        "nginx_ingress_controller_requests",
        "nginx_ingress_controller_request_duration_seconds",
        "0.005",
    )
}

/// `pkg/metrics/prometheus.go` of traefik/traefik: `code`, `method`, `protocol` and `service`, named as its providers
/// for Ingress, for its own resources and for Gateway API do, the last also as since pull request 13367: a service for
/// each router and backend, with the backend's number at the end. Each name has a part of what its track counts.
fn traefik(number: u64) -> Page {
    let labels = |service: &str, code: &str| {
        format!("code=\"{code}\",method=\"GET\",protocol=\"http\",service=\"{service}\"")
    };
    let router = "httproute-shop-web-gw-infra-public-ep-web-0-1c0cf64bde37d9d0df06";
    let of_router = |service: &str| format!("{router}-svc-{service}@kubernetesgateway");
    let mut series = Vec::new();
    for (service, counts) in [
        ("shop-web-80@kubernetes".to_owned(), (4, 0)),
        ("shop-web-http-80@kubernetesgateway".to_owned(), (1, 0)),
        (of_router("shop-web-0"), (0, 1)),
        ("shop-web-canary-80@kubernetescrd".to_owned(), (2, 0)),
        (
            "shop-web-canary-http-80@kubernetesgateway".to_owned(),
            (1, 0),
        ),
        (of_router("shop-web-canary-1"), (0, 2)),
    ] {
        series.extend(OF_TRAEFIK.series(|code| labels(&service, code), counts));
    }
    for service in [
        "shop-web-admin-80@kubernetescrd",
        "test-web-80@kubernetescrd",
        "shop-web-80@file",
        // The Services `web-http` and `web-canary-http`.
        "shop-web-http-80@kubernetes",
        "shop-web-canary-http-80@kubernetescrd",
        "shop-web-http-http-80@kubernetesgateway",
        "shop-web-admin-http-80@kubernetesgateway",
        "test-web-http-80@kubernetesgateway",
        "shop-web-80-grpc@kubernetesgateway",
        &of_router("shop-web-admin-0"),
        &of_router("shop-web-http-0"),
        &of_router("test-web-0"),
        // The Services `shop-web` and `svc-shop-web` of the namespace `test`.
        &of_router("test-shop-web-0"),
        &of_router("test-svc-shop-web-0"),
    ] {
        series.extend(OF_TRAEFIK.series(|code| labels(service, code), OTHERS));
    }
    page(
        &series,
        number,
        "traefik_service_requests_total",
        "traefik_service_request_duration_seconds",
        "0.1",
    )
}

/// `promhttp.InstrumentHandlerCounter` of prometheus/client_golang: `code` and `method`.
fn http(number: u64, ok: u64, failed: u64) -> Page {
    let labels = |code: &str| format!("code=\"{code}\",method=\"get\"");
    let series = OF_HTTP.series(labels, (ok, failed));
    page(
        &series,
        number,
        "http_requests_total",
        "http_request_duration_seconds",
        "0.1",
    )
}

fn question(metric: &Value, shape: Shape, track: Track) -> Question {
    let mut question = Question::new(metric.clone(), shape, Part::main(), track);
    let deployment = match track {
        Track::Stable => "web",
        Track::Candidate => "web-canary",
    };
    question.labels = [("namespace", "shop"), ("deployment", deployment)]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
    question
}

/// Asks of both tracks, and holds what is told against how often each was scraped in between.
async fn holds(
    metric: Value,
    bound: f64,
    statuses: Statuses,
    of: impl Fn(Track) -> (&'static str, &'static str),
) {
    let server = Prometheus::shared();
    for (track, each) in [(Track::Stable, STABLE), (Track::Candidate, CANDIDATE)] {
        let (job, target) = of(track);
        let scrapes: Vec<_> = server.scrapes(job, target, 5).await;
        let window = window(later(scrapes[1].0, 1), later(scrapes[4].0, 1));
        let counted = |scrapes: &Scrapes| {
            let (from, to) = between(scrapes, window);
            to - from
        };
        let n = counted(&scrapes);
        assert!(n >= 3, "{scrapes:?}");
        let events = question(&metric, Shape::Events, track);
        let admitted = server.source().admit(&events).await.unwrap();
        assert_eq!(admitted.findings, [], "{:?}", admitted.asked);
        let answer = server.source().read(&events, window).await.unwrap();
        let Statuses { good, bad } = statuses;
        let abandoned = metric["abandoned"] != json!(false);
        let failed = bad
            .iter()
            .filter(|status| abandoned || status.starts_with('5'));
        let times = |each: u64, statuses: usize| n * each * statuses as u64;
        let count = Count {
            total: times(each.0, good.len()) + times(each.1, bad.len()),
            failed: times(each.1, failed.count()),
        };
        let Reading::Told(Data::Events(Events { all, by_unit, .. })) = answer.reading else {
            panic!("{track} of {metric}: {answer:?} by {:?}", admitted.asked);
        };
        assert_eq!(all, count, "{track} by {:?}", admitted.asked);
        assert_eq!(by_unit.len(), usize::from(job == "http"), "{by_unit:?}");
        let histogram = question(&metric, Shape::Histogram, track);
        let answer = server.source().read(&histogram, window).await.unwrap();
        let fast = times(each.0 / 2, good.len()) + times(each.1 / 2, bad.len());
        let expected = Histogram::new(vec![bound], vec![fast, count.total - fast]).unwrap();
        assert_eq!(
            answer.reading,
            Reading::Told(Data::Histogram(expected)),
            "{track}"
        );
    }
}

#[tokio::test]
#[ignore = "needs Prometheus: cargo xtask test"]
async fn what_istio_tells_is_counted_by_track() {
    for reporter in ["destination", "source"] {
        let metric = json!({ "ready-made": "istio", "reporter": reporter });
        holds(metric, 25.0, OF_ISTIO, |_| ("istio", "all")).await;
    }
    for metric in [
        json!({ "ready-made": "istio" }),
        json!({ "ready-made": "istio", "abandoned": false }),
    ] {
        holds(metric, 25.0, OF_ISTIO, |_| ("istio", "all")).await;
    }
}

#[tokio::test]
#[ignore = "needs Prometheus: cargo xtask test"]
async fn what_ingress_nginx_tells_is_counted_by_track() {
    let mut metric = json!({ "ready-made": "ingress-nginx", "ingress": "web" });
    holds(metric.clone(), 0.005, OF_NGINX, |_| ("ingress", "all")).await;
    metric["abandoned"] = json!(false);
    holds(metric.clone(), 0.005, OF_NGINX, |_| ("ingress", "all")).await;
    metric["abandoned"] = json!(true);
    let by_service = json!({ "ready-made": "ingress-nginx", "service": "{{deployment}}" });
    holds(by_service, 0.005, OF_NGINX, |_| ("ingress", "all")).await;
    metric["exported"] = json!(true);
    holds(metric, 0.005, OF_NGINX, |_| ("ingress-exported", "all")).await;
}

#[tokio::test]
#[ignore = "needs Prometheus: cargo xtask test"]
async fn what_traefik_tells_is_counted_by_track() {
    let mut metric = json!({ "ready-made": "traefik" });
    holds(metric.clone(), 0.1, OF_TRAEFIK, |_| ("traefik", "all")).await;
    metric["exported"] = json!(true);
    holds(metric, 0.1, OF_TRAEFIK, |_| ("traefik-exported", "all")).await;
}

#[tokio::test]
#[ignore = "needs Prometheus: cargo xtask test"]
async fn what_pods_tell_of_http_is_counted_by_track() {
    let of = |track| match track {
        Track::Stable => ("http", "stable"),
        Track::Candidate => ("http", "candidate"),
    };
    holds(json!({ "ready-made": "http" }), 0.1, OF_HTTP, of).await;
}
