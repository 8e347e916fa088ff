//! The one file that waits for a server: a question sent, a bounded answer read.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use reqwest::header::HeaderMap;
use reqwest::{Client, RequestBuilder, StatusCode, Url};

use super::answer::{self, Answer, Refusal};
use crate::source::SourceError;
use crate::source::confidential::{confidential, heard};
use crate::source::http::{bounded, problem, shown, texts};

/// The most bytes of an answer that are read: 20 000 series of ten samples have about half as many.
const BYTES: usize = 16 * 1024 * 1024;

/// The most warnings of an answer that are told.
const WARNINGS: usize = 5;

/// How the server is asked who is asking.
#[derive(Clone)]
pub(super) enum Access {
    Open,
    Bearer(String),
    Basic { user: String, password: String },
}

#[derive(Clone)]
pub(super) struct Server {
    pub(super) client: Client,
    pub(super) base: Url,
    pub(super) access: Access,
    /// Sent with every request, and told to nobody.
    pub(super) headers: HeaderMap,
    pub(super) timeout: Duration,
}

impl Server {
    /// Where it is, without user and password.
    pub(super) fn name(&self) -> String {
        format!("prometheus at {}", shown(&self.base))
    }

    /// Asks `endpoint`, such as `query`, for numbers.
    pub(super) async fn ask(
        &self,
        endpoint: &str,
        form: &[(&str, String)],
    ) -> Result<Answer, SourceError> {
        let answer = self.ask_for_histograms(endpoint, form).await?;
        self.numbers(answer)
    }

    /// An answer in which numbers are asked for.
    pub(super) fn numbers(&self, answer: Answer) -> Result<Answer, SourceError> {
        // Without their histograms such series would look as if nothing had happened.
        if answer
            .series
            .iter()
            .any(|series| !series.natives.is_empty())
        {
            return Err(self.permanent(
                "a native histogram answers where numbers are asked for",
                "select its `_bucket` or `_count` series, ask for a number of it, such as by `histogram_fraction(..)`, or \
                 use a judge of histograms",
            ));
        }
        Ok(answer)
    }

    /// Asks `endpoint`; native histograms may answer.
    pub(super) async fn ask_for_histograms(
        &self,
        endpoint: &str,
        form: &[(&str, String)],
    ) -> Result<Answer, SourceError> {
        let mut url = self.base.clone();
        url.path_segments_mut()
            .map_err(|()| {
                self.permanent("its address can have no path", "write http:// or https://")
            })?
            .pop_if_empty()
            .extend(["api", "v1", endpoint]);
        let request = self
            .with_access(self.client.post(url).headers(self.headers.clone()))
            .form(form)
            .timeout(self.timeout);
        let response = request.send().await.map_err(|error| self.passing(error))?;
        let status = response.status();
        let body = bounded(response, BYTES)
            .await
            .map_err(|error| self.passing(error))?;
        if !body.whole {
            return Err(self.permanent(
                &format!("its answer has more than {BYTES} bytes"),
                "narrow the selector",
            ));
        }
        match answer::read(&body.bytes) {
            Ok(mut answer) if status.is_success() => {
                answer.warnings.truncate(WARNINGS);
                for warning in &mut answer.warnings {
                    *warning = self.heard(warning);
                }
                Ok(answer)
            }
            Ok(_) => {
                let answers = Refusal::Passing(format!("it answers {status}"));
                Err(self.refused(status, answers, form))
            }
            Err(refusal) => Err(self.refused(status, refusal, form)),
        }
    }

    fn with_access(&self, request: RequestBuilder) -> RequestBuilder {
        match &self.access {
            Access::Open => request,
            Access::Bearer(token) => request.bearer_auth(token),
            Access::Basic { user, password } => request.basic_auth(user, Some(password)),
        }
    }

    fn refused(
        &self,
        status: StatusCode,
        refusal: Refusal,
        form: &[(&str, String)],
    ) -> SourceError {
        let said = match refusal {
            Refusal::Permanent(said) => {
                let query = form.iter().find(|(name, _)| *name == "query");
                let query = query.map_or("", |(_, query)| query.as_str());
                let problem = format!(
                    "{}, of the query `{}`",
                    self.heard(&said),
                    self.heard(query)
                );
                // Both parts of it were cut.
                return SourceError::permanent(self.name(), problem, mend(query));
            }
            Refusal::Passing(said) => self.heard(&said),
            Refusal::Unreadable(_) if !status.is_success() => format!("it answers {status}"),
            // It quotes the answer.
            Refusal::Unreadable(why) => {
                format!("its answer cannot be read: {}", self.heard(&why))
            }
        };
        if status == StatusCode::UNAUTHORIZED || status == StatusCode::FORBIDDEN {
            return self.permanent(&said, "give it a token or password that may query");
        }
        if status == StatusCode::NOT_FOUND || status.is_redirection() {
            return self.permanent(
                &said,
                "give the address under which `/api/v1/query` answers",
            );
        }
        SourceError::passing(self.name(), said)
    }

    fn heard(&self, said: &str) -> String {
        let (secret, sent) = match &self.access {
            Access::Bearer(secret) => (secret.as_str(), String::new()),
            Access::Basic { user, password } => (
                password.as_str(),
                BASE64.encode(format!("{user}:{password}")),
            ),
            Access::Open => ("", String::new()),
        };
        let of_address = confidential(&self.base);
        let others = of_address
            .iter()
            .map(String::as_str)
            .chain(texts(&self.headers));
        heard(said, others.chain([sent.as_str(), secret]))
    }

    /// The problem may quote the answer.
    pub(super) fn permanent(&self, problem: &str, mend: &str) -> SourceError {
        SourceError::permanent(self.name(), self.heard(problem), mend)
    }

    fn passing(&self, error: reqwest::Error) -> SourceError {
        // The address could have a password in it.
        let problem = problem(&error, self.timeout);
        SourceError::passing_because(self.name(), problem, error.without_url())
    }
}

/// Functions that are meant well of a counter, and have no samples to be asked for.
const OF_COUNTERS: [&str; 4] = ["rate(", "increase(", "delta(", "sum("];

/// How a query is mended that the server refuses.
fn mend(query: &str) -> &'static str {
    // So end those that are made of a selector, and none that somebody writes for its numbers.
    if query.ends_with("ms]") && OF_COUNTERS.iter().any(|function| query.contains(function)) {
        return "name the counter alone, without `rate(..)`, `increase(..)` or `sum(..)`: its samples are asked for";
    }
    "mend the query"
}
