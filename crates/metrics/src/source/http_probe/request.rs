//! One request of a probe, and what became of it.

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::time::Duration;

use reqwest::header::{HOST, HeaderMap, LOCATION};
use reqwest::{Method, Response, StatusCode, Url};

use super::HttpProbe;
use super::outcome::{Failing, Outcome};
use crate::source::MetricSource as _;
use crate::source::SourceError;
use crate::source::http::{bounded, problem, shown};

/// What is sent, and when its answer is good.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) address: Url,
    pub(super) method: Method,
    pub(super) headers: HeaderMap,
    pub(super) body: Option<String>,
    pub(super) redirects: u32,
    /// For all of it: redirections, and the answer to the end of what is read of it.
    pub(super) timeout: Duration,
    pub(super) read: usize,
    pub(super) contains: Option<String>,
    pub(super) lacks: Option<String>,
    pub(super) expected: Vec<std::ops::RangeInclusive<u16>>,
}

impl HttpProbe {
    /// Sends it, and says how it went.
    ///
    /// # Errors
    /// What says nothing of the track.
    pub(super) async fn send(&self, request: &Request) -> Result<Outcome, SourceError> {
        let began = self.clock.elapsed();
        let failing = match self.answer(request, began).await {
            Ok(response) => judged(response, request).await,
            Err(failing) => Err(failing),
        };
        let failing = match failing {
            Ok(failing) => failing,
            Err(Stopped::Failing(failing)) => Some(failing),
            Err(Stopped::Unanswered(error)) => Some(self.failing(error, request)?),
        };
        let took = self.clock.elapsed().saturating_sub(began);
        Ok(Outcome { took, failing })
    }

    /// The answer that is judged: behind as many redirections as are followed.
    async fn answer(&self, request: &Request, began: Duration) -> Result<Response, Stopped> {
        let mut address = request.address.clone();
        let mut followed = 0;
        loop {
            let spent = self.clock.elapsed().saturating_sub(began);
            let left = request.timeout.saturating_sub(spent);
            if left.is_zero() {
                return Err(Stopped::Failing(Failing::NoAnswer));
            }
            let is_home = address.origin() == request.address.origin();
            let mut headers = request.headers.clone();
            if is_home {
                headers.extend(self.secrets.clone());
            } else {
                headers.remove(HOST);
            }
            let mut sent = self
                .client
                .request(request.method.clone(), address.clone())
                .headers(headers)
                .timeout(left);
            if let Some(body) = &request.body {
                sent = sent.body(body.clone());
            }
            let response = sent.send().await.map_err(Stopped::Unanswered)?;
            match elsewhere(&response, &address) {
                Some(next) if request.redirects > 0 => {
                    if followed == request.redirects {
                        return Err(Stopped::Failing(Failing::Redirections));
                    }
                    followed += 1;
                    address = next;
                }
                Some(_) | None => return Ok(response),
            }
        }
    }

    /// A request without an answer: does it fail the track, or the prober?
    ///
    /// # Errors
    /// What says nothing of the track.
    fn failing(&self, error: reqwest::Error, request: &Request) -> Result<Failing, SourceError> {
        if error.is_timeout() {
            return Ok(Failing::NoAnswer);
        }
        if error.is_builder() {
            return Err(self.refused(error, request, "mend the address or the headers"));
        }
        if error.is_dns() {
            return Err(self.unsent("its name is not resolved", error, request));
        }
        if !error.is_connect() {
            return Ok(Failing::Broken);
        }
        match kinds(&error).into_iter().find_map(why) {
            Some(Unconnected::ByTrack) => Ok(Failing::NoConnection),
            Some(Unconnected::ByTrust) => Err(self.refused(
                error,
                request,
                "give the client the roots of its certificate, or mend the scheme of the address",
            )),
            None => {
                let said = problem(&error, request.timeout);
                Err(self.unsent(&said, error, request))
            }
        }
    }

    fn unsent(&self, what: &str, error: reqwest::Error, request: &Request) -> SourceError {
        let problem = format!("{}: {what}", shown(&request.address));
        // A query could have a secret in it.
        SourceError::passing_because(self.name(), problem, error.without_url())
    }

    fn refused(&self, error: reqwest::Error, request: &Request, mend: &str) -> SourceError {
        let why = cause(&error.without_url());
        let problem = format!("{}: {why}", shown(&request.address));
        SourceError::permanent(self.name(), problem, mend)
    }
}

/// Why there is no answer to judge.
enum Stopped {
    Failing(Failing),
    Unanswered(reqwest::Error),
}

/// Where a redirection leads, if it is one that can be followed.
fn elsewhere(response: &Response, address: &Url) -> Option<Url> {
    let leads = matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308);
    let location = response.headers().get(LOCATION).filter(|_| leads)?;
    let next = address.join(location.to_str().ok()?).ok()?;
    matches!(next.scheme(), "http" | "https").then_some(next)
}

/// What is wrong with an answer; `None`: it is good.
async fn judged(response: Response, request: &Request) -> Result<Option<Failing>, Stopped> {
    let status = response.status();
    if !request.expects(status) {
        return Ok(Some(Failing::Status(status.as_u16())));
    }
    let body = bounded(response, request.read)
        .await
        .map_err(Stopped::Unanswered)?;
    let text = String::from_utf8_lossy(&body.bytes);
    let has = |wanted: &String| text.contains(wanted.as_str());
    Ok(
        if request.contains.as_ref().is_some_and(|wanted| !has(wanted)) {
            Some(Failing::Lacks)
        } else if request.lacks.as_ref().is_some_and(has) {
            Some(Failing::Contains)
        } else {
            None
        },
    )
}

/// For people: an address without its query, in which a secret could be.
impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, shown(&self.address))
    }
}

impl Request {
    fn expects(&self, status: StatusCode) -> bool {
        let mut good = self.expected.iter();
        good.any(|statuses| statuses.contains(&status.as_u16()))
    }
}

/// Who did not let a connection come about.
#[derive(Clone, Copy)]
enum Unconnected {
    /// Where it leads to, or somebody on the way there.
    ByTrack,
    /// TLS cannot read or trust what it hears.
    ByTrust,
}

/// `None`: the error does not tell, such as that this machine has no network or no ports left.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the kinds are the standard library's, and all others are nothing that the track did"
)]
const fn why(kind: io::ErrorKind) -> Option<Unconnected> {
    match kind {
        io::ErrorKind::ConnectionAborted
        | io::ErrorKind::ConnectionRefused
        | io::ErrorKind::ConnectionReset
        | io::ErrorKind::BrokenPipe
        | io::ErrorKind::HostUnreachable
        | io::ErrorKind::UnexpectedEof => Some(Unconnected::ByTrack),
        io::ErrorKind::InvalidData => Some(Unconnected::ByTrust),
        _ => None,
    }
}

/// What the standard library's errors below an error are. One that wraps another has the other's cause as its own
/// and hides the other, so it is opened.
fn kinds(error: &reqwest::Error) -> Vec<io::ErrorKind> {
    let mut kinds = Vec::new();
    let mut next = error.source();
    while let Some(error) = next {
        let io = error.downcast_ref::<io::Error>();
        kinds.extend(io.map(io::Error::kind));
        next = match io.and_then(io::Error::get_ref) {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    kinds
}

/// What lies at the bottom of an error.
fn cause(error: &reqwest::Error) -> String {
    let mut said = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        said = error.to_string();
        next = error.source();
    }
    said
}
