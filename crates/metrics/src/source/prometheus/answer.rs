//! What a server of Prometheus answers, read strictly.
//!
//! Source of the format: <https://prometheus.io/docs/prometheus/latest/querying/api/>, "Format overview",
//! "Expression query result formats".

use std::collections::BTreeMap;

use serde::Deserialize;
use strategy_core::Timestamp;

use super::native::{self, Native};

/// The most series that are read.
pub(super) const SERIES: usize = 20_000;

/// One series and its samples in order of time.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Series {
    pub(super) labels: BTreeMap<String, String>,
    /// Of a native histogram, how many observations there were.
    pub(super) samples: Vec<(Timestamp, f64)>,
    /// Where it is a native histogram, its samples, as many as `samples`; else none.
    pub(super) natives: Vec<Native>,
    /// It is known to have had samples before these.
    pub(super) is_older: bool,
}

/// What was answered.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Answer {
    pub(super) series: Vec<Series>,
    pub(super) warnings: Vec<String>,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The server says that it could not, this time.
    Passing(String),
    /// The server says that it never will.
    Permanent(String),
    /// It is no answer of a Prometheus.
    Unreadable(String),
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope {
    status: String,
    #[serde(default)]
    data: Option<Outcome>,
    #[serde(default)]
    error_type: Option<String>,
    #[serde(default)]
    error: Option<String>,
    #[serde(default)]
    warnings: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "resultType", content = "result", rename_all = "lowercase")]
enum Outcome {
    Matrix(Vec<Raw>),
    Vector(Vec<RawInstant>),
    Scalar((f64, String)),
}

#[derive(Debug, Deserialize)]
struct Raw {
    metric: BTreeMap<String, String>,
    #[serde(default)]
    values: Vec<(f64, String)>,
    /// Samples of a native histogram.
    #[serde(default)]
    histograms: Vec<(f64, native::Raw)>,
}

#[derive(Debug, Deserialize)]
struct RawInstant {
    metric: BTreeMap<String, String>,
    value: Option<(f64, String)>,
    histogram: Option<(f64, native::Raw)>,
}

/// Reads the body of an answer.
///
/// # Errors
/// Why there is none.
pub(super) fn read(body: &[u8]) -> Result<Answer, Refusal> {
    let envelope: Envelope =
        serde_json::from_slice(body).map_err(|error| Refusal::Unreadable(error.to_string()))?;
    if envelope.status != "success" {
        let kind = envelope.error_type.unwrap_or_default();
        let said = format!("{kind}: {}", envelope.error.unwrap_or_default());
        // `bad_data` and `execution` speak of the query; the others of the server's state.
        return Err(match kind.as_str() {
            "bad_data" | "execution" | "not_acceptable" | "not_found" => Refusal::Permanent(said),
            _ => Refusal::Passing(said),
        });
    }
    let raw = match envelope.data {
        Some(Outcome::Matrix(raw)) => raw,
        Some(Outcome::Vector(raw)) => raw.into_iter().map(Raw::from).collect(),
        Some(Outcome::Scalar(sample)) => vec![Raw {
            metric: BTreeMap::new(),
            values: vec![sample],
            histograms: Vec::new(),
        }],
        None => return Err(Refusal::Unreadable("a success without data".to_owned())),
    };
    if raw.len() > SERIES {
        return Err(Refusal::Permanent(format!(
            "{} series answer, and at most {SERIES} are read: narrow the selector",
            raw.len()
        )));
    }
    let series = raw.into_iter().map(Series::try_from);
    Ok(Answer {
        series: series
            .collect::<Result<_, _>>()
            .map_err(Refusal::Unreadable)?,
        warnings: envelope.warnings,
    })
}

impl From<RawInstant> for Raw {
    fn from(raw: RawInstant) -> Self {
        Self {
            metric: raw.metric,
            values: raw.value.into_iter().collect(),
            histograms: raw.histogram.into_iter().collect(),
        }
    }
}

impl TryFrom<Raw> for Series {
    type Error = String;

    fn try_from(raw: Raw) -> Result<Self, String> {
        if !raw.values.is_empty() && !raw.histograms.is_empty() {
            return Err("a series has numbers and native histograms".to_owned());
        }
        let mut samples = Vec::with_capacity(raw.values.len().max(raw.histograms.len()));
        let mut push = |at, value| {
            let at = instant(at)?;
            if samples.last().is_some_and(|(last, _)| *last >= at) {
                return Err(format!("the samples of a series are not in order at {at}"));
            }
            samples.push((at, value));
            Ok(())
        };
        for (at, value) in raw.values {
            push(at, number(&value)?)?;
        }
        let mut natives = Vec::with_capacity(raw.histograms.len());
        for (at, histogram) in raw.histograms {
            let native = Native::read(histogram, number)?;
            push(at, native.count)?;
            natives.push(native);
        }
        Ok(Self {
            labels: raw.metric,
            samples,
            natives,
            is_older: false,
        })
    }
}

/// Seconds since 1970, to the millisecond.
fn instant(seconds: f64) -> Result<Timestamp, String> {
    let millis = (seconds * 1000.0).round();
    if !(0.0..=253_402_300_799_999.0).contains(&millis) {
        return Err(format!("{seconds} is no time"));
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a whole number in the range of years 1970 to 9999"
    )]
    Ok(Timestamp::from_millis(millis as u64))
}

/// As the server writes numbers: `1`, `1e+06`, `NaN`, `+Inf`, `-Inf`.
fn number(text: &str) -> Result<f64, String> {
    text.parse().map_err(|_| {
        format!(
            "`{}` is no number",
            text.chars().take(40).collect::<String>()
        )
    })
}
