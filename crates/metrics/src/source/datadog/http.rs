//! The one file that waits for Datadog: a request sent, a bounded answer read.
//!
//! Sources: <https://docs.datadoghq.com/api/latest/authentication/> for the keys,
//! <https://docs.datadoghq.com/api/latest/rate-limits/> for the limits.

use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Client, StatusCode, Url};
use serde_json::json;
use strategy_core::analysis::Window;

use super::answer::{self, SERIES, Series};
use crate::source::SourceError;
use crate::source::confidential::{confidential, heard};
use crate::source::http::{bounded, problem, shown, texts};

/// The most bytes of an answer that are read: 2 000 series of 150 points have about half as many.
pub(super) const BYTES: usize = 8 * 1024 * 1024;

const KEYS: &str =
    "give it an API key and an application key of this site, whose owner may `timeseries_query`";

/// Who asks.
#[derive(Clone, Default)]
pub(super) struct Keys {
    pub(super) api: String,
    pub(super) application: String,
}

#[derive(Clone)]
pub(super) struct Server {
    pub(super) client: Client,
    pub(super) base: Url,
    pub(super) keys: Keys,
    /// Sent with every request, and told to nobody.
    pub(super) headers: HeaderMap,
    pub(super) timeout: Duration,
}

impl Server {
    /// Where it is, without user and password.
    pub(super) fn name(&self) -> String {
        format!("datadog at {}", shown(&self.base))
    }

    /// Asks for the series of queries in a span of time, in one request, so that all are of the same points.
    pub(super) async fn ask(
        &self,
        queries: &[String],
        span: Window,
        interval: Duration,
    ) -> Result<Vec<Series>, SourceError> {
        let mut url = self.base.clone();
        url.path_segments_mut()
            .map_err(|()| {
                let problem = "its address can have no path".to_owned();
                self.permanent(problem, "write one such as `https://api.datadoghq.com`")
            })?
            .pop_if_empty()
            .extend(["api", "v2", "query", "timeseries"]);
        let request = self
            .client
            .post(url)
            .headers(self.headers()?)
            .body(asked(queries, span, interval))
            .timeout(self.timeout);
        let response = request.send().await.map_err(|error| self.passing(error))?;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = bounded(response, BYTES)
            .await
            .map_err(|error| self.passing(error))?;
        if !body.whole {
            let problem = format!("its answer has more than {BYTES} bytes");
            return Err(self.permanent(problem, "narrow the query"));
        }
        let said = answer::errors(&body.bytes);
        if !status.is_success() {
            return Err(self.refused(status, &headers, said));
        }
        if let Some(said) = said {
            return Err(self.permanent(self.heard(&said), "mend the query"));
        }
        let series = answer::read(&body.bytes, queries.len()).map_err(|why| {
            // It quotes the answer.
            let why = self.heard(&why);
            self.unanswered(format!("its answer cannot be read: {why}"))
        })?;
        if series.len() > SERIES {
            let problem = format!(
                "{} series answer, and at most {SERIES} are read",
                series.len()
            );
            return Err(self.permanent(problem, "narrow the query, or group it by less"));
        }
        Ok(series)
    }

    fn headers(&self) -> Result<HeaderMap, SourceError> {
        let mut headers = self.headers.clone();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let keys = [
            ("dd-api-key", &self.keys.api),
            ("dd-application-key", &self.keys.application),
        ];
        for (name, key) in keys {
            let mut value = HeaderValue::from_str(key).map_err(|_| {
                let problem = format!("the key for `{name}` has characters that no key has");
                self.permanent(problem, "look for a line's end in it")
            })?;
            value.set_sensitive(true);
            headers.insert(name, value);
        }
        Ok(headers)
    }

    fn refused(
        &self,
        status: StatusCode,
        headers: &HeaderMap,
        said: Option<String>,
    ) -> SourceError {
        let said = match said {
            Some(said) => format!("it answers {status}: {}", self.heard(&said)),
            None => format!("it answers {status}"),
        };
        match status.as_u16() {
            401 | 403 => self.permanent(said, KEYS),
            404 | 300..=399 => self.permanent(
                said,
                "give the address of the site's API, such as `https://api.datadoghq.com`",
            ),
            429 => self.unanswered(format!("{said}{}", limits(headers))),
            408 | 500..=599 => self.unanswered(said),
            _ => self.permanent(said, "mend the query"),
        }
    }

    /// What it says, without what it was told in confidence.
    fn heard(&self, said: &str) -> String {
        let of_address = confidential(&self.base);
        let keys = [self.keys.api.as_str(), self.keys.application.as_str()];
        let others = of_address
            .iter()
            .map(String::as_str)
            .chain(texts(&self.headers));
        heard(said, others.chain(keys))
    }

    pub(super) fn permanent(&self, problem: String, mend: &str) -> SourceError {
        SourceError::permanent(self.name(), problem, mend)
    }

    fn unanswered(&self, problem: String) -> SourceError {
        SourceError::passing(self.name(), problem)
    }

    fn passing(&self, error: reqwest::Error) -> SourceError {
        // The address could have a password in it.
        let problem = problem(&error, self.timeout);
        SourceError::passing_because(self.name(), problem, error.without_url())
    }
}

/// The body of a request. Formulas are named after the queries' places, and each is its query alone.
fn asked(queries: &[String], span: Window, interval: Duration) -> String {
    let name = |place: usize| format!("query{place}");
    let formulas = (0..queries.len()).map(|place| json!({ "formula": name(place) }));
    let each = queries.iter().enumerate();
    let each = each.map(
        |(place, query)| json!({ "data_source": "metrics", "name": name(place), "query": query }),
    );
    let attributes = json!({
        "formulas": formulas.collect::<Vec<_>>(),
        "from": span.from.as_millis(),
        "interval": u64::try_from(interval.as_millis()).unwrap_or(u64::MAX),
        "queries": each.collect::<Vec<_>>(),
        "to": span.to.as_millis(),
    });
    json!({ "data": { "attributes": attributes, "type": "timeseries_request" } }).to_string()
}

/// What it says of its limits, of which only whole numbers are taken.
fn limits(headers: &HeaderMap) -> String {
    let number = |name: &str| -> Option<u64> { headers.get(name)?.to_str().ok()?.parse().ok() };
    let mut said = String::new();
    let (limit, period) = (number("x-ratelimit-limit"), number("x-ratelimit-period"));
    if let (Some(limit), Some(period)) = (limit, period) {
        said += &format!("; it takes {limit} requests in {period} s");
    }
    match number("x-ratelimit-reset").or(period) {
        Some(wait) => said += &format!("; ask again in {wait} s"),
        None => said += "; ask less often",
    }
    said
}
