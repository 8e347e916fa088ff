//! Pages in the format of protocol buffers: messages `io.prometheus.client.MetricFamily`, each after its length.
//!
//! Source of the numbers of fields: `metrics.proto` of <https://github.com/prometheus/client_model>; of the encoding:
//! <https://protobuf.dev/programming-guides/encoding/>.

use crate::exporter::Page;

/// What a process has observed: the schema of its histogram, how many observations were 0, and how many are in each
/// bucket by its index. The bucket `i` of schema `s` ends at 2 to the power of `i` times 2 to the power of `-s`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Observed {
    pub(crate) schema: i64,
    pub(crate) zeros: u64,
    pub(crate) buckets: Vec<(i64, u64)>,
}

/// The native histogram `native_seconds`, and the number of the scrape.
pub(crate) fn native(number: u64, observed: &Observed) -> Page {
    let scrape = message(&[(1, double(u32::try_from(number).unwrap().into()))]);
    let (mut next, mut last) = (0, 0);
    let (mut spans, mut deltas, mut count) = (Vec::new(), Vec::new(), observed.zeros);
    for (index, observations) in &observed.buckets {
        let of_one_bucket = message(&[(1, whole(zigzag(index - next))), (2, whole(1))]);
        spans.push((12, bytes(of_one_bucket)));
        let observations = i64::try_from(*observations).unwrap();
        deltas.push((13, whole(zigzag(observations - last))));
        (next, last) = (index + 1, observations);
        count += observations.unsigned_abs();
    }
    let mut histogram = vec![
        (1, whole(count)),
        (2, double(0.5)),
        (5, whole(zigzag(observed.schema))),
        (6, double(0.000_001)),
        (7, whole(observed.zeros)),
    ];
    histogram.extend(spans);
    histogram.extend(deltas);
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
    Page::Message(
        [
            family("scrape_number", 1, 2, scrape),
            family("native_seconds", 4, 7, message(&histogram)),
        ]
        .concat(),
    )
}

/// A wire type, and the bytes after the tag.
#[derive(Clone)]
struct Field(u64, Vec<u8>);

const fn zigzag(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)).cast_unsigned()
}

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
