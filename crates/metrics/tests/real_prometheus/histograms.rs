//! Histograms of a real server.

use serde_json::json;
use strategy_metrics::source::{MetricSource as _, SourceError};
use strategy_metrics::{Data, Histogram, Reading, Shape};

use crate::exporter::{Page, Target};
use crate::question::{ask, between, later, question, window};
use crate::server::Prometheus;

pub(crate) const TARGETS: &[Target] = &[
    Target::new("latency", "a", |number| {
        buckets(&[
            ("0.1", 3 * number),
            ("0.5", 5 * number),
            ("+Inf", 6 * number),
        ])
    }),
    Target::new("latency", "b", |number| {
        buckets(&[
            ("0.1", number),
            ("0.25", 2 * number),
            ("0.5", 2 * number),
            ("+Inf", 9 * number),
        ])
    }),
    Target::new("native", "candidate", |number| {
        Page::Message(native(number))
    }),
];

fn buckets(buckets: &[(&str, u64)]) -> Page {
    let lines = buckets
        .iter()
        .map(|(bound, count)| format!("request_seconds_bucket{{le=\"{bound}\"}} {count}\n"));
    let count = buckets.last().unwrap().1;
    Page::Text(format!(
        "# TYPE request_seconds histogram\n{}request_seconds_sum 0.5\nrequest_seconds_count {count}",
        lines.collect::<String>()
    ))
}

/// A native histogram with two buckets, `(0.5, 1]` and `(1, 2]`, and the number of the scrape, as messages
/// `io.prometheus.client.MetricFamily`, each after its length.
///
/// Source of the numbers of fields: `metrics.proto` of <https://github.com/prometheus/client_model>.
fn native(number: u64) -> Vec<u8> {
    let scrape = message(&[(1, double(u32::try_from(number).unwrap().into()))]);
    let span = message(&[(1, whole(0)), (2, whole(2))]);
    let histogram = message(&[
        (1, whole(5 * number)),
        (2, double(0.5)),
        // Schema 0: bounds are powers of 2. A count is the difference to the bucket before, both zigzag.
        (5, whole(0)),
        (6, double(0.001)),
        (7, whole(0)),
        (12, bytes(span)),
        (13, whole(2 * 2 * number)),
        (13, whole(2 * number)),
    ]);
    let family = |name: &str, kind, field, of: Vec<u8>| {
        let metric = message(&[(field, bytes(of))]);
        let family = message(&[
            (1, bytes(name.as_bytes().to_vec())),
            (3, whole(kind)),
            (4, bytes(metric)),
        ]);
        let Field(_, after_its_length) = bytes(family);
        after_its_length
    };
    [
        family("scrape_number", 1, 2, scrape),
        family("native_seconds", 4, 7, histogram),
    ]
    .concat()
}

/// A wire type, and the bytes after the tag. <https://protobuf.dev/programming-guides/encoding/>
struct Field(u64, Vec<u8>);

fn whole(number: u64) -> Field {
    Field(0, varint(number))
}

fn double(number: f64) -> Field {
    Field(1, number.to_le_bytes().to_vec())
}

fn bytes(bytes: Vec<u8>) -> Field {
    let length = varint(bytes.len().try_into().unwrap());
    Field(2, [length, bytes].concat())
}

fn message(fields: &[(u64, Field)]) -> Vec<u8> {
    let written = fields.iter().flat_map(|(number, Field(kind, value))| {
        [varint(number << 3 | kind), value.clone()].concat()
    });
    written.collect()
}

fn varint(mut number: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = u8::try_from(number & 0x7f).unwrap();
        number >>= 7;
        if number == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}

#[tokio::test]
#[ignore = "needs Prometheus: cargo xtask test"]
async fn a_native_histogram_is_refused_and_numbers_of_it_are_told() {
    let server = Prometheus::shared();
    let scrapes = server.scrapes("native", "candidate", 5).await;
    let window = window(scrapes[1].0, later(scrapes[4].0, 1));
    let metric = json!({ "histogram": "native_seconds{job=\"native\"}" });
    match ask(server, metric, Shape::Histogram, "candidate", window).await {
        Err(error @ SourceError::Permanent { .. }) => {
            assert!(error.to_string().contains("native histogram"), "{error}");
        }
        other => panic!("{other:?}"),
    }
    // Two of five are in the bucket up to 1.
    let query = "histogram_fraction(0, 1, native_seconds{job=\"native\"})";
    let metric = json!({ "query": query, "step": "60s" });
    let told = ask(server, metric, Shape::Values, "candidate", window).await;
    assert_eq!(told.unwrap(), Reading::Told(Data::Values(vec![0.4])));
}

#[tokio::test]
#[ignore = "needs Prometheus: cargo xtask test"]
async fn buckets_of_two_targets_are_added_at_the_bounds_that_both_have() {
    let server = Prometheus::shared();
    let of_a = server.scrapes("latency", "a", 5).await;
    let of_b = server.scrapes("latency", "b", 5).await;
    let window = window(later(of_a[1].0, 1), later(of_a[4].0, 1));
    let metric = json!({ "histogram": "request_seconds_bucket{job=\"latency\"}" });
    let told = ask(
        server,
        metric.clone(),
        Shape::Histogram,
        "candidate",
        window,
    )
    .await
    .unwrap();
    let scrapes = |of| {
        let (from, to) = between(of, window);
        to - from
    };
    let (a, b) = (scrapes(&of_a), scrapes(&of_b));
    let counts = vec![3 * a + b, 2 * a + b, a + 7 * b];
    let expected = Histogram::new(vec![0.1, 0.5], counts).unwrap();
    assert_eq!(told, Reading::Told(Data::Histogram(expected)));
    let question = question(metric, Shape::Histogram, "candidate");
    let admitted = server.source().admit(&question).await.unwrap();
    assert_eq!(admitted.bounds, Some(vec![0.1, 0.5]));
}
