//! What every source over HTTP needs: a bounded answer, an address and a server's words without secrets.

use std::time::Duration;

#[cfg(any(feature = "prometheus", feature = "datadog"))]
use base64::Engine;
#[cfg(any(feature = "prometheus", feature = "datadog"))]
use base64::engine::general_purpose::STANDARD as BASE64;
#[cfg(any(feature = "prometheus", feature = "datadog"))]
use percent_encoding::percent_decode_str;
use reqwest::{Response, Url};

/// The most characters of what a server says of an error.
#[cfg(any(feature = "prometheus", feature = "datadog"))]
const SAID: usize = 500;

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

/// What an address tells in confidence, in each form in which a server may have it: user and password as they are
/// written, as they are meant, and as they are sent.
#[cfg(any(feature = "prometheus", feature = "datadog"))]
pub(super) fn confidential(address: &Url) -> Vec<String> {
    let meant = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let (user, password) = (address.username(), address.password());
    if user.is_empty() && password.is_none() {
        return Vec::new();
    }
    let sent = format!("{}:{}", meant(user), meant(password.unwrap_or_default()));
    // A user beside a password is no secret, and one without is likely to be a token.
    let secret = password.unwrap_or(user);
    vec![BASE64.encode(sent), secret.to_owned(), meant(secret)]
}

/// What a server says, no longer than a person reads, and without what it was told in confidence.
#[cfg(any(feature = "prometheus", feature = "datadog"))]
pub(super) fn heard<'a>(said: &str, secrets: impl IntoIterator<Item = &'a str>) -> String {
    // Before it is cut, so that no begin of a secret is left at its end, and longer ones first, since one may be a part
    // of another.
    let mut said = said.to_owned();
    let mut secrets: Vec<_> = secrets.into_iter().collect();
    secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    for secret in secrets {
        if !secret.is_empty() {
            said = said.replace(secret, "...");
        }
    }
    said.chars().take(SAID).collect()
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
