//! What every source over HTTP needs: a client that stays, a bounded answer, and an address without secrets.

use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{ClientBuilder, Response, Url, redirect};

/// A client that follows nobody to another address, who would be shown what is for this one.
pub(super) fn staying(builder: ClientBuilder) -> ClientBuilder {
    builder.redirect(redirect::Policy::none())
}

/// Keeps a header in confidence.
pub(super) fn keep(headers: &mut HeaderMap, name: HeaderName, mut value: HeaderValue) {
    value.set_sensitive(true);
    headers.insert(name, value);
}

/// What headers say, as far as it is text.
#[cfg(any(feature = "prometheus", feature = "datadog"))]
pub(super) fn texts(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    headers.values().filter_map(|value| value.to_str().ok())
}

/// The body of an answer.
#[derive(Debug)]
pub(super) struct Body {
    /// At most as many bytes of it as were asked for, from its begin.
    pub(super) bytes: Vec<u8>,
    /// There were no more.
    #[cfg_attr(
        not(any(feature = "prometheus", feature = "datadog")),
        expect(dead_code, reason = "a probe takes what it has asked for as the whole")
    )]
    pub(super) whole: bool,
}

/// Reads an answer, and of a longer one no more than so many bytes.
pub(super) async fn bounded(mut response: Response, most: usize) -> Result<Body, reqwest::Error> {
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        let room = most - bytes.len();
        bytes.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if chunk.len() > room {
            return Ok(Body {
                bytes,
                whole: false,
            });
        }
    }
    Ok(Body { bytes, whole: true })
}

/// An address without user, password and query.
pub(super) fn shown(address: &Url) -> String {
    let mut shown = address.clone();
    // Only what cannot have a user has none to take away.
    let _ = shown.set_username("");
    let _ = shown.set_password(None);
    shown.set_query(None);
    shown.as_str().trim_end_matches('/').to_owned()
}

/// What happened to a question that has no answer.
pub(super) fn problem(error: &reqwest::Error, timeout: Duration) -> String {
    if error.is_timeout() {
        format!("no answer in {} s", timeout.as_secs_f64())
    } else if error.is_connect() {
        "no connection".to_owned()
    } else {
        "the connection broke".to_owned()
    }
}
