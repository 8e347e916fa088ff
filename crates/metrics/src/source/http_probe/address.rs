//! Where a track is asked: an address with what its target tells of it filled in.

use reqwest::Url;

use crate::source::Question;
use crate::source::template::{Mistake, fill_by, label};

/// What stands for the candidate's preview address.
const PREVIEW: &str = "preview";

/// The address of the track that the question is about.
///
/// A label can fill in a part of a host or path and not end it: it has only letters, digits and `-._~`. The preview
/// address is the operator's own and may be a whole address.
///
/// # Errors
/// What is wrong, and how to mend it.
pub(super) fn filled(template: &str, question: &Question) -> Result<Url, Mistake> {
    let text = fill_by(template, |name| {
        if name == PREVIEW {
            return question.preview.as_deref().ok_or_else(|| {
                Mistake::new(
                    format!("the target tells no preview address of {}", question.track),
                    "give the target one, or write the address out",
                )
            });
        }
        let value = label(&question.labels, name)?;
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._~".contains(c);
        if value.is_empty() || !value.chars().all(is_plain) {
            return Err(Mistake::new(
                format!(
                    "the label `{name}` of the track has characters that end a part of an address"
                ),
                "write the address out",
            ));
        }
        Ok(value)
    })?;
    // Its text is not repeated: it could have a secret in it.
    let mend = "write one such as `http://api.shop:8080/health`";
    let address = Url::parse(&text)
        .map_err(|error| Mistake::new(format!("it is no address: {error}"), mend))?;
    // One of these has a host: it could not be read without.
    if !matches!(address.scheme(), "http" | "https") {
        return Err(Mistake::new("it is no address of http or https", mend));
    }
    if !address.username().is_empty() || address.password().is_some() {
        return Err(Mistake::new(
            "it has a user or a password in it",
            "hand `authorization` to `HttpProbe::header`: a metric stands in the journal in clear",
        ));
    }
    Ok(address)
}
