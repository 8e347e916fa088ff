//! One metric of CloudWatch with its statistic: what one series of datapoints is of.

use std::collections::BTreeMap;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::source::SourceError;
use crate::source::template::fill;

/// The most counters that are added up to one.
const SEVERAL: usize = 10;

/// The most dimensions that a metric of CloudWatch has.
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_Metric.html>, as are the lengths.
const DIMENSIONS: usize = 30;

/// The most characters of a namespace, of a metric's name and of a dimension's.
const NAME: usize = 255;

/// The most characters of a dimension's value.
pub(super) const VALUE: usize = 1024;

/// As a check has it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct SeriesParams {
    namespace: String,
    metric: String,
    #[serde(default)]
    dimensions: BTreeMap<String, String>,
    #[serde(default)]
    statistic: Option<String>,
}

/// As CloudWatch is asked for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Series {
    pub(super) namespace: String,
    pub(super) metric: String,
    pub(super) dimensions: BTreeMap<String, String>,
    pub(super) statistic: String,
}

/// One, or a list of them.
pub(super) fn several<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<SeriesParams>, D::Error> {
    let given = Value::deserialize(deserializer)?;
    let given = match given {
        Value::Null => return Ok(Vec::new()),
        Value::Array(several) => several,
        one @ (Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_)) => {
            vec![one]
        }
    };
    if given.is_empty() || given.len() > SEVERAL {
        let problem = format!("a list of 1 to {SEVERAL} metrics is needed");
        return Err(D::Error::custom(problem));
    }
    let read = given.into_iter().map(serde_json::from_value);
    read.collect::<Result<_, _>>().map_err(D::Error::custom)
}

impl SeriesParams {
    /// Whether it counts: its statistic is one of how many.
    pub(super) fn counts(&self) -> Result<(), SourceError> {
        match self.statistic.as_deref() {
            None | Some("Sum" | "SampleCount") => self.checked(),
            Some(other) => Err(SourceError::invalid(
                "statistic",
                format!("`{}` counts nothing", shown(other)),
                "write Sum or SampleCount",
            )),
        }
    }

    /// Whether its statistic is one that CloudWatch has.
    pub(super) fn numbers(&self) -> Result<(), SourceError> {
        self.statistic.as_deref().map_or(Ok(()), statistic)?;
        self.checked()
    }

    fn checked(&self) -> Result<(), SourceError> {
        length("namespace", &self.namespace, NAME)?;
        length("metric", &self.metric, NAME)?;
        if self.dimensions.len() > DIMENSIONS {
            return Err(SourceError::invalid(
                "dimensions",
                format!("there are {}", self.dimensions.len()),
                format!("write at most {DIMENSIONS}"),
            ));
        }
        for (name, value) in &self.dimensions {
            length("dimensions", name, NAME)?;
            length("dimensions", value, VALUE)?;
        }
        Ok(())
    }

    /// With the labels of a track, and this statistic unless it has its own.
    pub(super) fn filled(
        &self,
        labels: &BTreeMap<String, String>,
        default: &str,
    ) -> Result<Series, SourceError> {
        let mut dimensions = BTreeMap::new();
        for (name, value) in &self.dimensions {
            dimensions.insert(name.clone(), filled("dimensions", value, VALUE, labels)?);
        }
        Ok(Series {
            namespace: filled("namespace", &self.namespace, NAME, labels)?,
            metric: filled("metric", &self.metric, NAME, labels)?,
            dimensions,
            statistic: self.statistic.as_deref().unwrap_or(default).to_owned(),
        })
    }
}

/// A text with the labels of a track.
pub(super) fn filled(
    field: &'static str,
    text: &str,
    most: usize,
    labels: &BTreeMap<String, String>,
) -> Result<String, SourceError> {
    let filled = fill(text, labels).map_err(|mistake| mistake.at(field))?;
    length(field, &filled, most).map(|()| filled)
}

/// Of a namespace, a name or a value.
pub(super) fn length(field: &'static str, text: &str, most: usize) -> Result<(), SourceError> {
    if (1..=most).contains(&text.chars().count()) {
        return Ok(());
    }
    Err(SourceError::invalid(
        field,
        format!("`{}` is empty or too long", shown(text)),
        format!("write 1 to {most} characters"),
    ))
}

/// Whether CloudWatch has it: a word, a percentile such as `p99.9`, or one of a part of what is measured, such as
/// `tm90` and `PR(:300)`.
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html>
pub(super) fn statistic(text: &str) -> Result<(), SourceError> {
    const WORDS: [&str; 6] = ["SampleCount", "Sum", "Average", "Minimum", "Maximum", "IQM"];
    const OF_A_SHARE: [&str; 5] = ["p", "tm", "wm", "tc", "ts"];
    const OF_A_RANGE: [&str; 5] = ["PR", "TM", "WM", "TC", "TS"];
    let is_share = || {
        let digits = text.trim_start_matches(|letter: char| letter.is_ascii_lowercase());
        let (kind, number) = text.split_at(text.len() - digits.len());
        let is_plain = number.chars().all(|of| of.is_ascii_digit() || of == '.');
        let percent = number.parse::<f64>();
        OF_A_SHARE.contains(&kind)
            && is_plain
            && percent.is_ok_and(|percent| (0.0..=100.0).contains(&percent))
    };
    let is_range = || {
        let within = text
            .split_once('(')
            .and_then(|(kind, rest)| Some((kind, rest.strip_suffix(')')?)));
        within.is_some_and(|(kind, range)| OF_A_RANGE.contains(&kind) && range.contains(':'))
    };
    if WORDS.contains(&text) || is_share() || is_range() {
        return Ok(());
    }
    Err(SourceError::invalid(
        "statistic",
        format!("`{}` is none of CloudWatch", shown(text)),
        "write Average, Minimum, Maximum, Sum, SampleCount, IQM, a percentile such as p95, or a trimmed one \
               such as tm99",
    ))
}

/// No longer than a person reads.
fn shown(text: &str) -> String {
    text.chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statistics_are_those_that_cloudwatch_has() {
        for known in [
            "Average",
            "SampleCount",
            "IQM",
            "p0",
            "p95",
            "p99.95",
            "tm90",
            "ts99",
            "PR(:300)",
            "TM(2%:98%)",
        ] {
            assert!(statistic(known).is_ok(), "{known}");
        }
        for unknown in [
            "",
            "average",
            "p",
            "p101",
            "p-1",
            "p9e1",
            "p95)",
            "95",
            "x95",
            "TM(2%98%)",
            "PR(:300",
            "Rate",
        ] {
            let wrong = statistic(unknown).unwrap_err();
            assert!(wrong.to_string().contains("p95"), "{unknown}");
        }
    }
}
