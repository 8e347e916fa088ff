//! Conditions of rules: what is accepted, and which requests they match.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::ecs::rules::Rule;
use crate::ecs::wire::{Fields as _, Refusal};

const MOST_VALUES: usize = 5;
const MOST_WILDCARDS: usize = 5;
const LONGEST_HEADER: usize = 40;
const LONGEST_VALUE: usize = 128;
const ONCE: [&str; 4] = [
    "host-header",
    "path-pattern",
    "http-request-method",
    "source-ip",
];

/// A request, as far as rules look at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// `Host`, without a port.
    pub host: String,
    /// The path, without the query.
    pub path: String,
    /// The method, in capitals.
    pub method: String,
    /// Headers by name; names in small letters.
    pub headers: BTreeMap<String, String>,
}

impl Default for Request {
    fn default() -> Self {
        Self {
            host: "shop.example.org".to_owned(),
            path: "/".to_owned(),
            method: "GET".to_owned(),
            headers: BTreeMap::new(),
        }
    }
}

impl Request {
    /// With this header.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers
            .insert(name.to_ascii_lowercase(), value.to_owned());
        self
    }
}

/// The values of a condition, wherever they were put: `Values`, or in the field's own config.
fn values(condition: &Value) -> Vec<&str> {
    let mut values = condition.texts("Values");
    for config in [
        "HostHeaderConfig",
        "PathPatternConfig",
        "HttpHeaderConfig",
        "HttpRequestMethodConfig",
        "SourceIpConfig",
    ] {
        if let Some(config) = condition.get(config) {
            values.extend(config.texts("Values"));
        }
    }
    if let Some(config) = condition.get("QueryStringConfig") {
        let pairs = config.items("Values").iter();
        values.extend(pairs.filter_map(|pair| pair.text("Value")));
    }
    values
}

/// The fields whose values can be given in two ways, and the second way.
const TWO_WAYS: [(&str, &str); 2] = [
    ("host-header", "HostHeaderConfig"),
    ("path-pattern", "PathPatternConfig"),
];

/// The conditions as they are kept and described: what can be given in two ways is told in both.
pub(crate) fn accept(conditions: &[Value]) -> Result<Vec<Value>, Refusal> {
    check(conditions)?;
    let both = conditions.iter().map(|condition| {
        let mut kept = condition.clone();
        let field = condition.text("Field");
        let two = TWO_WAYS.iter().find(|(name, _)| Some(*name) == field);
        let values = values(condition);
        if let Some((_, config)) = two.filter(|_| !values.is_empty()) {
            kept["Values"] = json!(values);
            kept[*config]["Values"] = json!(values);
        }
        kept
    });
    Ok(both.collect())
}

fn check(conditions: &[Value]) -> Result<(), Refusal> {
    let mut seen: Vec<&str> = Vec::new();
    let mut count = 0;
    for condition in conditions {
        let field = condition.need("Field", "ValidationError")?;
        if ONCE.contains(&field) && seen.contains(&field) {
            return Err(Refusal::by(
                Rule::OneConditionPerField,
                "ValidationError",
                format!("Condition field '{field}' must be specified at most once"),
            ));
        }
        let two = TWO_WAYS.iter().find(|(name, _)| *name == field);
        if let Some((_, config)) = two
            && !condition.items("Values").is_empty()
            && condition.has(config)
        {
            return Err(Refusal::by(
                Rule::OneWayToMatch,
                "ValidationError",
                format!(
                    "You cannot provide both Values and '{config}' for a condition of type '{field}'"
                ),
            ));
        }
        if field == "http-header" {
            check_header(condition)?;
        }
        seen.push(field);
        count += values(condition).len() + condition.items("RegexValues").len();
    }
    if count > MOST_VALUES {
        return Err(Refusal::by(
            Rule::ConditionValues,
            "ValidationError",
            format!("A rule can only have '{MOST_VALUES}' condition values"),
        ));
    }
    let wildcards = conditions.iter().flat_map(values);
    let wildcards = wildcards
        .flat_map(str::chars)
        .filter(|letter| ['*', '?'].contains(letter));
    if wildcards.count() > MOST_WILDCARDS {
        return Err(Refusal::by(
            Rule::ConditionWildcards,
            "ValidationError",
            format!("A rule can only have '{MOST_WILDCARDS}' condition wildcards"),
        ));
    }
    Ok(())
}

fn check_header(condition: &Value) -> Result<(), Refusal> {
    let config = &condition["HttpHeaderConfig"];
    let name = config.text("HttpHeaderName").unwrap_or_default();
    let is_name = (1..=LONGEST_HEADER).contains(&name.len())
        && !name.contains(['*', '?', ' ', ':'])
        && !name.eq_ignore_ascii_case("host");
    let mut values = values(condition).into_iter();
    if is_name && values.all(|value| value.len() <= LONGEST_VALUE) {
        return Ok(());
    }
    Err(Refusal::by(
        Rule::HeaderConditions,
        "ValidationError",
        format!("The http-header condition on '{name}' is not valid"),
    ))
}

/// Whether a request meets all conditions. Regular expressions and query strings match nothing here.
pub(crate) fn matches(conditions: &[Value], request: &Request) -> bool {
    conditions.iter().all(|condition| {
        let subject = match condition.text("Field") {
            Some("host-header") => Some(request.host.to_ascii_lowercase()),
            Some("path-pattern") => Some(request.path.clone()),
            Some("http-request-method") => Some(request.method.clone()),
            Some("http-header") => {
                let name = condition["HttpHeaderConfig"].text("HttpHeaderName");
                name.and_then(|name| request.headers.get(&name.to_ascii_lowercase()))
                    .cloned()
            }
            _ => None,
        };
        let has_case = condition.text("Field") == Some("path-pattern");
        let letters = |text: &str| {
            if has_case {
                text.to_owned()
            } else {
                text.to_ascii_lowercase()
            }
        };
        subject.is_some_and(|subject| {
            let subject = letters(&subject);
            values(condition)
                .iter()
                .any(|pattern| is_like(letters(pattern).as_bytes(), subject.as_bytes()))
        })
    })
}

/// Wildcards: `*` is any run of characters, `?` any one.
fn is_like(pattern: &[u8], text: &[u8]) -> bool {
    match pattern.split_first() {
        None => text.is_empty(),
        Some((b'*', rest)) => (0..=text.len()).any(|from| is_like(rest, &text[from..])),
        Some((letter, rest)) => text.split_first().is_some_and(|(first, others)| {
            (letter == first || *letter == b'?') && is_like(rest, others)
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_match_as_in_the_documentation() {
        assert!(is_like(b"*canary=1*", b"a=b; canary=1; c=d"));
        assert!(is_like(b"/img/?", b"/img/a") && !is_like(b"/img/?", b"/img/"));
    }

    #[test]
    fn all_conditions_have_to_be_met() {
        let conditions = [
            json!({ "Field": "host-header", "HostHeaderConfig": { "Values": ["*.example.org"] } }),
            json!({ "Field": "http-header", "HttpHeaderConfig": { "HttpHeaderName": "Cookie", "Values": ["*canary=1*"] } }),
        ];
        let request = Request::default();
        assert!(!matches(&conditions, &request));
        assert!(matches(
            &conditions,
            &request.with_header("cookie", "canary=1")
        ));
    }
}
