//! What a metric asks for, with the labels of a track filled in.

use std::collections::BTreeMap;

use super::SourceError;

/// What is wrong with a part of a metric, which whoever knows that part says, and how to mend it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mistake {
    pub(super) problem: String,
    pub(super) mend: String,
}

impl Mistake {
    pub(super) fn new(problem: impl Into<String>, mend: impl Into<String>) -> Self {
        Self {
            problem: problem.into(),
            mend: mend.into(),
        }
    }

    /// Of this field.
    pub(super) fn at(self, field: &str) -> SourceError {
        SourceError::invalid(field, self.problem, self.mend)
    }
}

/// Fills in every `{{name}}` with the label of that name.
///
/// What is filled in cannot end the string that it stands in, whichever of PromQL's three kinds that is: label
/// values are what a platform tells, and not part of the query's language.
///
/// # Errors
/// What is wrong, and how to mend it.
#[cfg(any(feature = "cloudwatch", feature = "prometheus"))]
pub(super) fn fill(text: &str, labels: &BTreeMap<String, String>) -> Result<String, Mistake> {
    fill_by(text, |name| quotable(labels, name))
}

/// The same in a regular expression that stands between double quotes: what is filled in matches itself alone.
///
/// # Errors
/// What is wrong, and how to mend it.
#[cfg(feature = "prometheus")]
pub(super) fn fill_pattern(
    text: &str,
    labels: &BTreeMap<String, String>,
) -> Result<String, Mistake> {
    fill_by(text, |name| {
        let value = quotable(labels, name)?;
        let mut quoted = String::with_capacity(value.len());
        for letter in value.chars() {
            // Of the syntax of RE2, each with a backslash, which a string of PromQL has twice.
            if ".+*?()|[]{}^$".contains(letter) {
                quoted.push_str("\\\\");
            }
            quoted.push(letter);
        }
        Ok(quoted)
    })
}

/// The label of that name, which ends no string that it stands in.
#[cfg(any(feature = "cloudwatch", feature = "prometheus"))]
fn quotable<'a>(labels: &'a BTreeMap<String, String>, name: &str) -> Result<&'a str, Mistake> {
    let value = label(labels, name)?;
    if value.contains(['"', '\'', '`', '\\', '\n']) {
        return Err(Mistake::new(
            format!("the label `{name}` of the track has a quote, a backslash or a line's end"),
            "write it out, with the value quoted",
        ));
    }
    Ok(value)
}

/// Fills in every `{{name}}` with what is told for that name.
///
/// # Errors
/// What is wrong, and how to mend it.
pub(super) fn fill_by<T: AsRef<str>>(
    text: &str,
    told: impl Fn(&str) -> Result<T, Mistake>,
) -> Result<String, Mistake> {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("{{") {
        filled.push_str(&rest[..start]);
        let after = &rest[start + 2..];
        let Some(end) = after.find("}}") else {
            return Err(Mistake::new(
                "a `{{` has no `}}`",
                "close it, or write the braces apart",
            ));
        };
        filled.push_str(told(after[..end].trim())?.as_ref());
        rest = &after[end + 2..];
    }
    filled.push_str(rest);
    Ok(filled)
}

/// The label of that name.
///
/// # Errors
/// The target does not tell it.
pub(super) fn label<'a>(
    labels: &'a BTreeMap<String, String>,
    name: &str,
) -> Result<&'a str, Mistake> {
    labels.get(name).map(String::as_str).ok_or_else(|| {
        let known: Vec<_> = labels.keys().map(String::as_str).collect();
        Mistake::new(
            format!("`{name}` is no label of the track"),
            if known.is_empty() {
                "the target tells none for this track; write it out".to_owned()
            } else {
                format!("use one of {}", known.join(", "))
            },
        )
    })
}

#[cfg(all(test, any(feature = "cloudwatch", feature = "prometheus")))]
mod tests {
    use super::*;

    fn labels() -> BTreeMap<String, String> {
        [("pod_template_hash", "5d4f")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into()
    }

    #[test]
    fn labels_are_filled_in() {
        assert_eq!(
            fill(
                "a{h=\"{{pod_template_hash}}\"} {{ pod_template_hash }}",
                &labels()
            )
            .unwrap(),
            "a{h=\"5d4f\"} 5d4f"
        );
        assert_eq!(fill("a{b=\"c\"}", &labels()).unwrap(), "a{b=\"c\"}");
    }

    #[test]
    fn what_is_filled_in_cannot_leave_its_string() {
        for value in ["x\"} or vector(1) #", "x'", "x`", "x\\", "x\ny"] {
            let labels = [("evil".to_owned(), value.to_owned())].into();
            let Mistake { problem, mend } = fill("a{h=\"{{evil}}\"}", &labels).unwrap_err();
            assert!(
                problem.contains("`evil`") && mend.contains("quoted"),
                "{problem}"
            );
        }
    }

    #[test]
    #[cfg(feature = "prometheus")]
    fn what_is_filled_into_a_pattern_matches_itself_alone() {
        let labels = [("name".to_owned(), "a.b+(c)".to_owned())].into();
        assert_eq!(
            fill_pattern("{{name}}-[0-9]+", &labels).unwrap(),
            "a\\\\.b\\\\+\\\\(c\\\\)-[0-9]+"
        );
    }

    #[test]
    fn what_is_not_known_is_refused() {
        let Mistake { problem, mend } = fill("a{h=\"{{hash}}\"}", &labels()).unwrap_err();
        assert!(problem.contains("`hash`") && mend.contains("pod_template_hash"));
        assert!(
            fill("a{h=\"{{hash\"}", &labels())
                .unwrap_err()
                .problem
                .contains("}}")
        );
        assert!(
            fill("{{a}}", &BTreeMap::new())
                .unwrap_err()
                .mend
                .contains("tells none")
        );
    }
}
