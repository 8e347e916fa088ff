//! The Smithy RPC v2 CBOR protocol of Amazon CloudWatch, as far as `GetMetricData` needs it.
//!
//! The members are those of
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html>.

use aws_sdk_cloudwatch::primitives::DateTime;
use aws_smithy_cbor::data::Type;
use aws_smithy_cbor::{Decoder, Encoder};
use serde_json::{Map, Value};

/// What comes before the operation in the path, from the SDK crate.
pub(crate) const SERVICE: &str = "/service/GraniteServiceVersion20100801/operation/";

/// One series of an answer.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) id: String,
    /// Seconds since 1970, and the value.
    pub(crate) points: Vec<(f64, f64)>,
    /// Empty: none is told.
    pub(crate) status: &'static str,
    pub(crate) messages: Vec<(&'static str, &'static str)>,
    /// A value without a time.
    pub(crate) is_torn: bool,
}

impl Told {
    pub(crate) fn complete(id: &str, points: &[(u64, f64)]) -> Self {
        Self::with(id, points, "Complete")
    }

    pub(crate) fn with(id: &str, points: &[(u64, f64)], status: &'static str) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "times of tests are small")]
        let points = points.iter().map(|(at, value)| (*at as f64, *value));
        Self {
            id: id.to_owned(),
            points: points.collect(),
            status,
            messages: Vec::new(),
            is_torn: false,
        }
    }

    pub(crate) fn saying(mut self, code: &'static str, value: &'static str) -> Self {
        self.messages.push((code, value));
        self
    }
}

/// A page of an answer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Page {
    pub(crate) told: Vec<Told>,
    pub(crate) next: Option<String>,
    pub(crate) messages: Vec<(&'static str, &'static str)>,
}

impl Page {
    pub(crate) fn of(told: impl IntoIterator<Item = Told>) -> Self {
        Self {
            told: told.into_iter().collect(),
            ..Self::default()
        }
    }

    pub(crate) fn next(mut self, token: &str) -> Self {
        self.next = Some(token.to_owned());
        self
    }

    pub(crate) fn write(&self) -> Vec<u8> {
        let mut encoder = Encoder::new(Vec::new());
        encoder.begin_map();
        encoder.str("MetricDataResults").array(self.told.len());
        for told in &self.told {
            encoder.begin_map();
            encoder.str("Id").str(&told.id);
            encoder.str("Label").str("a label");
            encoder.str("Timestamps").array(told.points.len());
            for (at, _) in &told.points {
                encoder.timestamp(&DateTime::from_secs_f64(*at));
            }
            let torn = usize::from(told.is_torn);
            encoder.str("Values").array(told.points.len() + torn);
            for (_, value) in &told.points {
                encoder.double(*value);
            }
            if told.is_torn {
                encoder.double(1.0);
            }
            if !told.status.is_empty() {
                encoder.str("StatusCode").str(told.status);
            }
            messages(&mut encoder, &told.messages);
            encoder.end();
        }
        if let Some(next) = &self.next {
            encoder.str("NextToken").str(next);
        }
        messages(&mut encoder, &self.messages);
        encoder.end();
        encoder.into_writer()
    }
}

fn messages(encoder: &mut Encoder, messages: &[(&str, &str)]) {
    encoder.str("Messages").array(messages.len());
    for (code, value) in messages {
        encoder.map(2);
        encoder.str("Code").str(code);
        encoder.str("Value").str(value);
    }
}

/// An error as AWS writes it in this protocol.
pub(crate) fn refusal(code: &str, message: &str) -> Vec<u8> {
    let mut encoder = Encoder::new(Vec::new());
    encoder.map(2);
    encoder.str("__type").str(code);
    encoder.str("message").str(message);
    encoder.into_writer()
}

/// A body as a tree of values; times are seconds since 1970.
pub(crate) fn read(body: &[u8]) -> Value {
    value(&mut Decoder::new(body))
}

/// Texts, times, whole numbers, lists and maps, which is all that is asked with.
fn value(decoder: &mut Decoder<'_>) -> Value {
    let kind = decoder.datatype().unwrap();
    if matches!(kind, Type::String | Type::StringIndef) {
        Value::from(decoder.string().unwrap())
    } else if kind == Type::Tag {
        Value::from(decoder.timestamp().unwrap().secs())
    } else if matches!(kind, Type::Array | Type::ArrayIndef) {
        let mut left = decoder.list().unwrap();
        let mut items = Vec::new();
        while is_more(decoder, &mut left) {
            items.push(value(decoder));
        }
        Value::Array(items)
    } else if matches!(kind, Type::Map | Type::MapIndef) {
        let mut left = decoder.map().unwrap();
        let mut fields = Map::new();
        while is_more(decoder, &mut left) {
            let name = decoder.string().unwrap();
            fields.insert(name, value(decoder));
        }
        Value::Object(fields)
    } else {
        Value::from(decoder.long().unwrap())
    }
}

fn is_more(decoder: &mut Decoder<'_>, left: &mut Option<u64>) -> bool {
    match left {
        Some(0) => false,
        Some(left) => {
            *left -= 1;
            true
        }
        None if decoder.datatype().unwrap() == Type::Break => {
            decoder.skip().unwrap();
            false
        }
        None => true,
    }
}
