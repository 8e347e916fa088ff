//! What Datadog answers, read strictly.
//!
//! Source of the format:
//! <https://docs.datadoghq.com/api/latest/metrics/query-timeseries-data-across-multiple-products/>, and answers of
//! the service recorded with Datadog's own clients, such as
//! <https://github.com/DataDog/datadog-api-client-ruby/tree/master/cassettes/features/v2/metrics>.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use strategy_core::Timestamp;
use strategy_core::analysis::Window;

/// The most series that are read.
pub(super) const SERIES: usize = 2_000;

/// The most errors that are told.
const TOLD: usize = 5;

/// One series and its points in order of time.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Series {
    /// Of which query, by its place in the request.
    pub(super) query: usize,
    /// Tags that tell it apart, such as `pod_name:api-1`.
    pub(super) tags: Vec<String>,
    /// Those that have a number or `null`, which is nothing, or none such as 0/0: Datadog does not say which.
    pub(super) points: Vec<Point>,
}

/// When, and the number, if it is one.
type Point = (Timestamp, Option<f64>);

impl Series {
    /// What one of its tags says.
    pub(super) fn tag(&self, key: &str) -> Option<&str> {
        let mut tags = self.tags.iter();
        tags.find_map(|tag| tag.strip_prefix(key)?.strip_prefix(':'))
    }

    /// Its numbers.
    pub(super) fn numbers(&self) -> impl Iterator<Item = (Timestamp, f64)> {
        let points = self.points.iter();
        points.filter_map(|(at, number)| number.map(|number| (*at, number)))
    }
}

#[derive(Debug, Deserialize)]
struct Envelope {
    #[serde(default)]
    data: Option<Data>,
    #[serde(default)]
    errors: Option<Errors>,
}

/// One text in an answer of status 200, a list in all others.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Errors {
    One(String),
    Several(Vec<String>),
}

#[derive(Debug, Deserialize)]
struct Data {
    #[serde(default)]
    attributes: Option<Attributes>,
}

#[derive(Debug, Deserialize)]
struct Attributes {
    #[serde(default)]
    series: Option<Vec<RawSeries>>,
    /// Milliseconds since 1970.
    #[serde(default)]
    times: Option<Vec<u64>>,
    /// For each series, one for each of the times.
    #[serde(default)]
    values: Option<Vec<Option<Vec<Option<f64>>>>>,
}

#[derive(Debug, Deserialize)]
struct RawSeries {
    #[serde(default)]
    group_tags: Option<Vec<String>>,
    #[serde(default)]
    query_index: Option<usize>,
}

/// What it says is wrong; `None`: nothing.
pub(super) fn errors(body: &[u8]) -> Option<String> {
    let envelope: Envelope = serde_json::from_slice(body).ok()?;
    let said = match envelope.errors? {
        Errors::One(said) => said,
        Errors::Several(said) => {
            let more = said.len().saturating_sub(TOLD);
            let mut told: Vec<_> = said.into_iter().take(TOLD).collect();
            if more > 0 {
                told.push(format!("and {more} more"));
            }
            told.join("; ")
        }
    };
    (!said.is_empty()).then_some(said)
}

/// Reads the body of an answer to so many queries.
///
/// # Errors
/// Why it is none.
pub(super) fn read(body: &[u8], queries: usize) -> Result<Vec<Series>, String> {
    let envelope: Envelope = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    let data = envelope.data.ok_or("a success without data")?;
    let attributes = data.attributes.ok_or("data without attributes")?;
    let times = attributes.times.unwrap_or_default();
    if !times.is_sorted_by(|one, next| one < next) {
        return Err("its times are not in order".to_owned());
    }
    let series = attributes.series.unwrap_or_default();
    let values = attributes.values.unwrap_or_default();
    if series.len() != values.len() {
        let (series, values) = (series.len(), values.len());
        return Err(format!("{series} series have {values} lists of values"));
    }
    let mut known = BTreeSet::new();
    let is_new = |raw: &RawSeries| {
        let tags = raw.group_tags.clone().unwrap_or_default();
        known.insert((raw.query_index.unwrap_or_default(), tags))
    };
    if !series.iter().all(is_new) {
        return Err("two series of one query have the same tags".to_owned());
    }
    let each = series.into_iter().zip(values);
    each.map(|(raw, values)| {
        let values = values.unwrap_or_default();
        if values.len() != times.len() {
            let (values, times) = (values.len(), times.len());
            return Err(format!("a series has {values} values at {times} times"));
        }
        let query = raw.query_index.unwrap_or_default();
        if query >= queries {
            return Err(format!("a series is of query {query}, which was not asked"));
        }
        let at = times.iter().map(|at| Timestamp::from_millis(*at));
        Ok(Series {
            query,
            tags: raw.group_tags.unwrap_or_default(),
            points: at.zip(values).collect(),
        })
    })
    .collect()
}

/// The series of a window that is asked for in parts, each by what tells it from the others.
///
/// An answer may have as many series as are read, and a window many parts: none is looked for among all others.
#[derive(Debug)]
pub(super) struct Joined<K = (usize, Vec<String>)>(BTreeMap<K, Vec<Point>>);

impl<K: Ord> Joined<K> {
    pub(super) const fn new() -> Self {
        Self(BTreeMap::new())
    }

    /// Puts the points of a part of a window behind those of the parts before it. What it has beyond the part belongs
    /// to another one.
    fn add(&mut self, key: K, points: Vec<Point>, part: Window) {
        let is_within = |(at, _): &Point| part.from <= *at && *at < part.to;
        let of_part = points.into_iter().filter(is_within);
        self.0.entry(key).or_default().extend(of_part);
    }
}

impl Joined {
    /// The answer to a part of the window.
    pub(super) fn part(&mut self, series: Vec<Series>, part: Window) {
        for series in series {
            self.add((series.query, series.tags), series.points, part);
        }
    }

    /// All series, by query and tags.
    pub(super) fn series(self) -> Vec<Series> {
        let series = self.0.into_iter();
        series
            .map(|((query, tags), points)| Series {
                query,
                tags,
                points,
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::cmp::Ordering;
    use std::time::Duration;

    use super::super::counts::{Of, events};
    use super::super::metric::Part;
    use super::*;

    const WHOLE: &str = r#"{"data":{"id":"0","type":"timeseries_response","attributes":{"series":[{"group_tags":["pod:a"],"query_index":0,"unit":null},{"group_tags":[],"query_index":1,"unit":null}],"times":[1000000,1010000,1020000],"values":[[5,1.5e1,25],[null,0,2]]}}}"#;

    /// What is told of an answer in the seconds 1 000 to 1 030; an error is fine, a panic is not.
    fn told(body: &[u8]) -> Option<crate::Reading> {
        let window = Window {
            from: Timestamp::from_millis(1_000_000),
            to: Timestamp::from_millis(1_030_000),
        };
        let of = Of {
            part: Part::Failed,
            unit: None,
            interval: Duration::from_secs(10),
            stale_after: Duration::from_secs(150),
        };
        let _ = errors(body);
        let mut joined = Joined::new();
        joined.part(read(body, 2).ok()?, window);
        let joined = joined.series();
        for series in &joined {
            assert!(series.points.is_sorted_by(|one, next| one.0 < next.0));
            assert!(series.numbers().all(|(_, number)| number.is_finite()));
        }
        Some(events(&joined, window, &of).ok()?.reading)
    }

    /// A key that counts how often it is compared.
    #[derive(Debug)]
    struct Counted<'a>(usize, &'a Cell<usize>);

    impl Ord for Counted<'_> {
        fn cmp(&self, other: &Self) -> Ordering {
            self.1.set(self.1.get() + 1);
            self.0.cmp(&other.0)
        }
    }

    impl PartialOrd for Counted<'_> {
        fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
            Some(self.cmp(other))
        }
    }

    impl PartialEq for Counted<'_> {
        fn eq(&self, other: &Self) -> bool {
            self.cmp(other).is_eq()
        }
    }

    impl Eq for Counted<'_> {}

    #[test]
    fn as_many_series_as_are_read_are_joined_without_a_look_at_each_for_each() {
        const PARTS: usize = 20;
        let compared = Cell::new(0);
        let mut joined = Joined::new();
        for part in 0..PARTS as u64 {
            let at = |second| Timestamp::from_millis(second * 1_000);
            let part = Window {
                from: at(part * 10),
                to: at(part * 10 + 10),
            };
            for series in 0..SERIES {
                let points = vec![(part.from, Some(1.0)), (part.to, Some(2.0))];
                joined.add(Counted(series, &compared), points, part);
            }
        }
        assert_eq!(joined.0.len(), SERIES);
        // What lies behind a part is not of it.
        assert!(joined.0.values().all(|points| points.len() == PARTS));
        // Each of 2000 for each of 2000, in 20 parts, were 40 000 000 at least.
        let most = SERIES * PARTS * 30;
        assert!(compared.get() < most, "{} comparisons", compared.get());
    }

    #[test]
    fn damaged_answers_are_errors_or_answers_and_nothing_else() {
        let whole = told(WHOLE.as_bytes()).unwrap();
        let counted = crate::Events::counted(45, 2);
        assert_eq!(whole, crate::Reading::Told(crate::Data::Events(counted)));
        let mut answers = 0;
        for place in 0..WHOLE.len() {
            assert_eq!(told(&WHOLE.as_bytes()[..place]), None, "cut at {place}");
            for byte in *b"09-eE.,:[]{}\"n \0\xff" {
                let mut damaged = WHOLE.as_bytes().to_vec();
                damaged[place] = byte;
                answers += usize::from(told(&damaged).is_some());
            }
        }
        // Digits for digits, for example: it is no test of errors alone.
        assert!(answers > 500, "{answers}");
    }
}
