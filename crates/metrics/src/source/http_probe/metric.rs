//! What a check may say of a probe.

use std::collections::BTreeMap;
use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue, USER_AGENT};
use reqwest::{Method, Url};
use serde::Deserialize;
use serde_json::Value;
use strategy_core::{Track, duration};

use super::HttpProbe;
use super::address;
use super::request::Request;
use crate::reading::{Histogram, Shape};
use crate::source::{Question, SourceError};

/// By what the requests can be told from those of users.
const NAME: &str = "rollway-http-probe";

/// Those that carry secrets, which a metric cannot keep, and those that the client itself writes.
const REFUSED: [(&str, &str); 8] = [
    ("authorization", SECRET),
    ("cookie", SECRET),
    ("proxy-authorization", SECRET),
    ("connection", FRAMING),
    ("content-length", FRAMING),
    ("expect", FRAMING),
    ("transfer-encoding", FRAMING),
    ("upgrade", FRAMING),
];

const SECRET: &str = "hand it to `HttpProbe::header`: a metric stands in the journal in clear";

const FRAMING: &str = "leave it out: the client writes it";

/// The most characters of a text that is sent or looked for.
const TEXT: usize = 16 * 1024;

/// The parameters of a metric, as a check has them.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Metric {
    #[serde(default = "preview")]
    candidate: String,
    #[serde(default)]
    stable: Option<String>,
    #[serde(default)]
    method: Verb,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    candidate_headers: BTreeMap<String, String>,
    #[serde(default)]
    stable_headers: BTreeMap<String, String>,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    redirects: u32,
    #[serde(default = "status")]
    status: Vec<Statuses>,
    #[serde(default)]
    contains: Option<String>,
    #[serde(default)]
    lacks: Option<String>,
    #[serde(default = "requests")]
    pub(super) requests: u32,
    #[serde(default = "at_once")]
    pub(super) at_once: u32,
    #[serde(default = "timeout", with = "duration")]
    pub(super) timeout: Duration,
    #[serde(default = "read")]
    read: usize,
    #[serde(default = "bounds")]
    pub(super) bounds: Vec<f64>,
    #[serde(default = "age", with = "duration")]
    pub(super) age: Duration,
}

fn preview() -> String {
    "{{preview}}".to_owned()
}

fn status() -> Vec<Statuses> {
    vec![Statuses(200..=299), Statuses(300..=399)]
}

const fn requests() -> u32 {
    10
}

const fn at_once() -> u32 {
    2
}

const fn timeout() -> Duration {
    Duration::from_secs(2)
}

const fn read() -> usize {
    64 * 1024
}

/// As client libraries of Prometheus have them: <https://prometheus.io/docs/practices/histograms/>.
fn bounds() -> Vec<f64> {
    vec![0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5]
}

/// A look that has an error is taken again after at most 10 seconds, four times by default.
const fn age() -> Duration {
    Duration::from_secs(60)
}

/// How it is asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum Verb {
    #[default]
    Get,
    Head,
    Post,
}

/// A status, or a hundred of them: `404`, `2xx`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
struct Statuses(std::ops::RangeInclusive<u16>);

impl TryFrom<String> for Statuses {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let hundred = text.strip_suffix("xx");
        let number: Option<u16> = hundred.unwrap_or(&text).parse().ok();
        match (number, hundred) {
            (Some(class @ 1..=5), Some(_)) => Ok(Self(class * 100..=class * 100 + 99)),
            (Some(one @ 100..=599), None) => Ok(Self(one..=one)),
            (_, _) => {
                let shown: String = text.chars().take(40).collect();
                Err(format!(
                    "`{shown}` is no status: write one such as `404`, or a hundred of them such as `2xx`"
                ))
            }
        }
    }
}

impl Metric {
    /// Reads it, and holds it against the shape that is needed and against the budget.
    pub(super) fn read(metric: &Value, shape: Shape) -> Result<Self, SourceError> {
        let metric = Self::deserialize(metric).map_err(|error| {
            SourceError::invalid("metric", error.to_string(), "see the reference of sources")
        })?;
        if shape == Shape::Units {
            return Err(no_units());
        }
        metric.is_within_the_budget()?;
        metric.can_be_judged()?;
        for track in [Track::Candidate, Track::Stable] {
            metric.headers_of(track)?;
        }
        Ok(metric)
    }

    fn is_within_the_budget(&self) -> Result<(), SourceError> {
        let numbers = [
            ("requests", self.requests, 1, HttpProbe::MOST_REQUESTS),
            ("at-once", self.at_once, 1, HttpProbe::MOST_AT_ONCE),
            ("redirects", self.redirects, 0, HttpProbe::MOST_REDIRECTS),
        ];
        for (name, number, least, most) in numbers {
            if !(least..=most).contains(&number) {
                let problem = format!("it is {number}, and must be {least} to {most}");
                return Err(SourceError::invalid(
                    field(name),
                    problem,
                    "write another number",
                ));
            }
        }
        if !(1..=HttpProbe::MOST_BYTES).contains(&self.read) {
            let problem = format!(
                "it is {}, and must be 1 to {}",
                self.read,
                HttpProbe::MOST_BYTES
            );
            return Err(SourceError::invalid(
                field("read"),
                problem,
                "write another number of bytes",
            ));
        }
        let durations = [
            (
                "timeout",
                self.timeout,
                Duration::from_millis(10),
                HttpProbe::LONGEST_LOOK,
            ),
            (
                "age",
                self.age,
                Duration::from_secs(1),
                Duration::from_secs(600),
            ),
        ];
        for (name, given, least, most) in durations {
            if !(least..=most).contains(&given) {
                let [given, least, most] = [given, least, most].map(duration::format);
                let problem = format!("it is {given}, and must be {least} to {most}");
                return Err(SourceError::invalid(
                    field(name),
                    problem,
                    "write another duration",
                ));
            }
        }
        // Whatever happens, all of a look's requests are sent: how many there are does not depend on how they go.
        let longest = self.timeout * self.requests.div_ceil(self.at_once);
        if longest > HttpProbe::LONGEST_LOOK {
            return Err(SourceError::invalid(
                "metric",
                format!(
                    "{} requests, {} at once, of at most {} each can take {}, and a look may take {}",
                    self.requests,
                    self.at_once,
                    duration::format(self.timeout),
                    duration::format(longest),
                    duration::format(HttpProbe::LONGEST_LOOK)
                ),
                "lower `requests` or `timeout`, or raise `at-once`",
            ));
        }
        Ok(())
    }

    fn can_be_judged(&self) -> Result<(), SourceError> {
        if self.status.is_empty() {
            let mend = "write one, such as `2xx`, or leave it out";
            return Err(SourceError::invalid(
                field("status"),
                "no status is good".to_owned(),
                mend,
            ));
        }
        let texts = [
            ("body", &self.body),
            ("contains", &self.contains),
            ("lacks", &self.lacks),
        ];
        for (name, text) in texts {
            if text
                .as_ref()
                .is_some_and(|text| text.is_empty() || text.len() > TEXT)
            {
                let problem = format!("it is empty, or longer than {TEXT} bytes");
                return Err(SourceError::invalid(
                    field(name),
                    problem,
                    "write another text, or leave it out",
                ));
            }
        }
        if self.body.is_some() && self.method != Verb::Post {
            let problem = "only a POST has one".to_owned();
            return Err(SourceError::invalid(
                field("body"),
                problem,
                "set `method` to `POST`",
            ));
        }
        if self.redirects > 0 && self.method == Verb::Post {
            let problem = "a POST is not sent once more to somewhere else".to_owned();
            return Err(SourceError::invalid(
                field("redirects"),
                problem,
                "leave it out, or use GET",
            ));
        }
        let looks_into_the_answer = self.contains.is_some() || self.lacks.is_some();
        if looks_into_the_answer && self.method == Verb::Head {
            let problem = "an answer to HEAD has no body to look into".to_owned();
            return Err(SourceError::invalid(field("method"), problem, "use GET"));
        }
        self.histogram(vec![0; self.bounds.len() + 1])?;
        Ok(())
    }

    /// Where the track is asked.
    pub(super) fn address(&self, question: &Question) -> Result<Url, SourceError> {
        let (name, template) = match question.track {
            Track::Candidate => ("candidate", Some(&self.candidate)),
            Track::Stable => ("stable", self.stable.as_ref()),
        };
        let Some(template) = template else {
            return Err(SourceError::invalid(
                field(name),
                "the judge compares with stable, and its address is missing".to_owned(),
                "write where stable answers, in the same way as the candidate's",
            ));
        };
        address::filled(template, question).map_err(|mistake| mistake.at(&field(name)))
    }

    /// What is sent to the track, and when its answer is good.
    pub(super) fn request(&self, question: &Question) -> Result<Request, SourceError> {
        Ok(Request {
            address: self.address(question)?,
            method: match self.method {
                Verb::Get => Method::GET,
                Verb::Head => Method::HEAD,
                Verb::Post => Method::POST,
            },
            headers: self.headers_of(question.track)?,
            body: self.body.clone(),
            redirects: self.redirects,
            timeout: self.timeout,
            read: self.read,
            contains: self.contains.clone(),
            lacks: self.lacks.clone(),
            expected: self
                .status
                .iter()
                .map(|statuses| statuses.0.clone())
                .collect(),
        })
    }

    /// By how long requests took.
    ///
    /// # Errors
    /// When the bounds are none, which [`read`](Self::read) has refused before.
    pub(super) fn histogram(&self, counts: Vec<u64>) -> Result<Histogram, SourceError> {
        Histogram::new(self.bounds.clone(), counts).map_err(|error| {
            let mend = "write rising numbers of seconds";
            SourceError::invalid(field("bounds"), error.to_string(), mend)
        })
    }

    fn headers_of(&self, track: Track) -> Result<HeaderMap, SourceError> {
        let (of_track, own) = match track {
            Track::Candidate => ("candidate-headers", &self.candidate_headers),
            Track::Stable => ("stable-headers", &self.stable_headers),
        };
        let mut headers = HeaderMap::new();
        headers.insert(USER_AGENT, HeaderValue::from_static(NAME));
        let both = [("headers", &self.headers), (of_track, own)];
        for (parameter, given) in both {
            for (name, value) in given {
                let wrong = |problem: &str, mend: &str| {
                    let field = format!("metric.{parameter}.{name}");
                    Err(SourceError::invalid(&field, problem.to_owned(), mend))
                };
                let refused = REFUSED
                    .iter()
                    .find(|(refused, _)| name.eq_ignore_ascii_case(refused));
                if let Some((_, mend)) = refused {
                    return wrong("a metric cannot have it", mend);
                }
                let Ok(name) = HeaderName::from_bytes(name.as_bytes()) else {
                    return wrong("it is no name of a header", "write one such as `x-probe`");
                };
                let Ok(value) = HeaderValue::from_str(value) else {
                    return wrong(
                        "its value is no text of one line",
                        "write printable characters",
                    );
                };
                headers.insert(name, value);
            }
        }
        Ok(headers)
    }
}

/// A load balancer chooses which unit answers, and does not say.
pub(super) fn no_units() -> SourceError {
    let shape = Shape::Units;
    SourceError::invalid(
        "judge",
        format!("it needs {shape}, and a probe does not know which unit answered it"),
        "use a judge of events, of a histogram or of values",
    )
}

fn field(name: &str) -> String {
    format!("metric.{name}")
}
