//! Label selectors: what they select, and as text for the API server.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::object::{list, text, texts};

/// Whether a `LabelSelector` (`matchLabels`, `matchExpressions`) selects pods with these labels.
pub(crate) fn selects(selector: &Value, labels: &BTreeMap<String, String>) -> bool {
    let equal = texts(selector, "/matchLabels");
    let expressions = list(selector, "/matchExpressions");
    if equal.is_empty() && expressions.is_empty() {
        return false;
    }
    equal
        .iter()
        .all(|(key, value)| labels.get(key) == Some(value))
        && expressions
            .iter()
            .all(|expression| holds(expression, labels))
}

fn holds(expression: &Value, labels: &BTreeMap<String, String>) -> bool {
    let value = labels.get(text(expression, "/key"));
    let among = || {
        let values = list(expression, "/values");
        value.is_some_and(|value| values.iter().any(|one| one == value.as_str()))
    };
    match text(expression, "/operator") {
        "In" => among(),
        "NotIn" => !among(),
        "Exists" => value.is_some(),
        "DoesNotExist" => value.is_none(),
        _ => false,
    }
}

/// As a query parameter: `app=api,tier in (web),!track`.
pub(crate) fn as_text(selector: &Value) -> String {
    let equal = texts(selector, "/matchLabels");
    let mut parts: Vec<String> = equal
        .iter()
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    for expression in list(selector, "/matchExpressions") {
        let key = text(expression, "/key");
        let values: Vec<&str> = list(expression, "/values")
            .iter()
            .filter_map(Value::as_str)
            .collect();
        let values = values.join(",");
        match text(expression, "/operator") {
            "In" => parts.push(format!("{key} in ({values})")),
            "NotIn" => parts.push(format!("{key} notin ({values})")),
            "Exists" => parts.push(key.to_owned()),
            "DoesNotExist" => parts.push(format!("!{key}")),
            _ => {}
        }
    }
    parts.join(",")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_selector_selects_as_kubernetes_does() {
        let selector = json!({
            "matchLabels": {"app": "api"},
            "matchExpressions": [
                {"key": "tier", "operator": "In", "values": ["web", "edge"]},
                {"key": "track", "operator": "NotIn", "values": ["canary"]},
                {"key": "team", "operator": "Exists"},
                {"key": "old", "operator": "DoesNotExist"},
            ],
        });
        let labels = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
            let pairs = pairs.iter();
            pairs
                .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
                .collect()
        };
        let fits = [("app", "api"), ("tier", "web"), ("team", "a")];
        assert!(selects(&selector, &labels(&fits)));
        for wrong in [
            ("app", "b"),
            ("tier", "db"),
            ("track", "canary"),
            ("old", ""),
        ] {
            let mut labels = labels(&fits);
            labels.insert(wrong.0.to_owned(), wrong.1.to_owned());
            assert!(!selects(&selector, &labels), "{wrong:?}");
        }
        assert!(!selects(&json!({}), &labels(&fits)));
        assert_eq!(
            as_text(&selector),
            "app=api,tier in (web,edge),track notin (canary),team,!old"
        );
    }
}
