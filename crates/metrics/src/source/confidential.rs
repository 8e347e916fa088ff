//! A server's words without what it was told in confidence.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use percent_encoding::percent_decode_str;
use reqwest::Url;

/// The most characters of what a server says of an error.
const SAID: usize = 500;

/// What an address tells in confidence, in each form in which a server may have it: user and password as they are
/// written, as they are meant, and as they are sent.
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
