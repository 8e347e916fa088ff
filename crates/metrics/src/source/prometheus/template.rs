//! Queries with the labels of a track filled in.

use std::collections::BTreeMap;

/// Fills in every `{{name}}` with the label of that name.
///
/// What is filled in cannot end the string that it stands in, whichever of PromQL's three kinds that is: label
/// values are what a platform tells, and not part of the query's language.
///
/// # Errors
/// What is wrong, and how to mend it.
pub(super) fn fill(
    text: &str,
    labels: &BTreeMap<String, String>,
) -> Result<String, (String, String)> {
    fill_quoted(text, labels, str::to_owned)
}

/// The same in a regular expression that stands between double quotes: what is filled in matches itself alone.
///
/// # Errors
/// What is wrong, and how to mend it.
pub(super) fn fill_pattern(
    text: &str,
    labels: &BTreeMap<String, String>,
) -> Result<String, (String, String)> {
    fill_quoted(text, labels, |value| {
        let mut quoted = String::with_capacity(value.len());
        for letter in value.chars() {
            // Of the syntax of RE2, each with a backslash, which a string of PromQL has twice.
            if ".+*?()|[]{}^$".contains(letter) {
                quoted.push_str("\\\\");
            }
            quoted.push(letter);
        }
        quoted
    })
}

fn fill_quoted(
    text: &str,
    labels: &BTreeMap<String, String>,
    quoted: impl Fn(&str) -> String,
) -> Result<String, (String, String)> {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("{{") {
        filled.push_str(&rest[..start]);
        let after = &rest[start + 2..];
        let Some(end) = after.find("}}") else {
            return Err((
                "a `{{` has no `}}`".to_owned(),
                "close it, or write the braces of a selector apart".to_owned(),
            ));
        };
        let name = after[..end].trim();
        let Some(value) = labels.get(name) else {
            let known: Vec<_> = labels.keys().map(String::as_str).collect();
            return Err((
                format!("`{name}` is no label of the track"),
                if known.is_empty() {
                    "the target tells none for this track; write the selector out".to_owned()
                } else {
                    format!("use one of {}", known.join(", "))
                },
            ));
        };
        if value.contains(['"', '\'', '`', '\\', '\n']) {
            return Err((
                format!("the label `{name}` of the track has a quote, a backslash or a line's end"),
                "write the selector out, with the value quoted".to_owned(),
            ));
        }
        filled.push_str(&quoted(value));
        rest = &after[end + 2..];
    }
    filled.push_str(rest);
    Ok(filled)
}

#[cfg(test)]
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
            let (problem, mend) = fill("a{h=\"{{evil}}\"}", &labels).unwrap_err();
            assert!(
                problem.contains("`evil`") && mend.contains("quoted"),
                "{problem}"
            );
        }
    }

    #[test]
    fn what_is_filled_into_a_pattern_matches_itself_alone() {
        let labels = [("name".to_owned(), "a.b+(c)".to_owned())].into();
        assert_eq!(
            fill_pattern("{{name}}-[0-9]+", &labels).unwrap(),
            "a\\\\.b\\\\+\\\\(c\\\\)-[0-9]+"
        );
    }

    #[test]
    fn what_is_not_known_is_refused() {
        let (problem, mend) = fill("a{h=\"{{hash}}\"}", &labels()).unwrap_err();
        assert!(problem.contains("`hash`") && mend.contains("pod_template_hash"));
        assert!(
            fill("a{h=\"{{hash\"}", &labels())
                .unwrap_err()
                .0
                .contains("}}")
        );
        assert!(
            fill("{{a}}", &BTreeMap::new())
                .unwrap_err()
                .1
                .contains("tells none")
        );
    }
}
