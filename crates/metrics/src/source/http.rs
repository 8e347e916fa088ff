//! What every source over HTTP needs: a bounded answer, an address and a server's words without secrets.

use std::time::Duration;

use reqwest::{Response, Url};

/// The most characters of what a server says of an error.
const SAID: usize = 500;

/// Why an answer could not be read to its end.
#[derive(Debug)]
pub(super) enum Unread {
    /// The connection broke, or time was over.
    Broken(reqwest::Error),
    /// It has more bytes than are read.
    TooLong,
}

/// An answer to its end, of at most so many bytes.
pub(super) async fn bounded(mut response: Response, bytes: usize) -> Result<Vec<u8>, Unread> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(Unread::Broken)? {
        if body.len() + chunk.len() > bytes {
            return Err(Unread::TooLong);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
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

/// What a server says, no longer than a person reads, and without what it was told in confidence.
pub(super) fn heard(said: &str, secrets: &[&str]) -> String {
    let mut said: String = said.chars().take(SAID).collect();
    for secret in secrets {
        if !secret.is_empty() {
            said = said.replace(secret, "...");
        }
    }
    said
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
