//! Lengths and characters of names, and sizes of parameters.

use crate::plan::Extension;

/// The most bytes of a name: what a label value on Kubernetes may have.
const LONGEST_NAME: usize = 63;
/// The most bytes that the parameters of one extension may have as JSON: they go into the journal.
const LARGEST_PARAMS: usize = 8 * 1024;

pub(super) const NAME: &str = "use 1 to 63 bytes of text without spaces or control characters";

/// What is wrong with a name, as the end of a sentence.
pub(super) fn name(name: &str) -> Option<String> {
    if name.is_empty() {
        Some("is empty".to_owned())
    } else if name.len() > LONGEST_NAME {
        Some(format!(
            "has {} bytes, and at most {LONGEST_NAME} are kept",
            name.len()
        ))
    } else if name.chars().any(|c| c.is_whitespace() || c.is_control()) {
        Some("has a space or control character".to_owned())
    } else {
        None
    }
}

/// What is wrong with a title, which is for people and may have spaces.
pub(super) fn title(title: &str) -> Option<String> {
    if title.trim().is_empty() {
        Some("is empty".to_owned())
    } else {
        name(&title.replace(' ', "-"))
    }
}

/// What is wrong with a kind and its parameters: the problem, and how to mend it.
pub(super) fn extension(extension: &Extension) -> Option<(String, String)> {
    if let Some(problem) = name(&extension.kind) {
        return Some((format!("the kind {problem}"), NAME.to_owned()));
    }
    let size = serde_json::to_vec(&extension.params).map_or(usize::MAX, |bytes| bytes.len());
    if size > LARGEST_PARAMS {
        return Some((
            format!("the parameters have {size} bytes, and at most {LARGEST_PARAMS} are kept"),
            "keep large texts elsewhere and name them in a parameter".to_owned(),
        ));
    }
    None
}
