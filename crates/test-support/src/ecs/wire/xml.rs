//! The XML that Elastic Load Balancing answers with.

use serde_json::Value;

use super::Refusal;

const NAMESPACE: &str = "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/";

/// `output` as the result of `operation`; a list is a run of `member` elements.
pub(super) fn answer(operation: &str, output: &Value, request_id: &str) -> String {
    let mut text = format!("<{operation}Response xmlns=\"{NAMESPACE}\"><{operation}Result>");
    content(&mut text, output);
    text.push_str(&format!(
        "</{operation}Result><ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata>\
         </{operation}Response>"
    ));
    text
}

pub(super) fn refusal(refusal: &Refusal, request_id: &str) -> String {
    let mut text = format!("<ErrorResponse xmlns=\"{NAMESPACE}\"><Error><Type>Sender</Type><Code>");
    escape(&mut text, &refusal.code);
    text.push_str("</Code><Message>");
    escape(&mut text, &refusal.message);
    text.push_str(&format!(
        "</Message></Error><RequestId>{request_id}</RequestId></ErrorResponse>"
    ));
    text
}

fn content(text: &mut String, value: &Value) {
    if let Some(fields) = value.as_object() {
        for (name, value) in fields.iter().filter(|(_, value)| !value.is_null()) {
            element(text, name, value);
        }
    } else if let Some(items) = value.as_array() {
        for item in items {
            element(text, "member", item);
        }
    } else if let Some(scalar) = value.as_str() {
        escape(text, scalar);
    } else if !value.is_null() {
        text.push_str(&value.to_string());
    }
}

fn element(text: &mut String, name: &str, value: &Value) {
    // The pairs of a map, which are no members of a list.
    if let (Some(pairs), "entry") = (value.as_array(), name) {
        for pair in pairs {
            element(text, name, pair);
        }
        return;
    }
    text.push_str(&format!("<{name}>"));
    content(text, value);
    text.push_str(&format!("</{name}>"));
}

fn escape(text: &mut String, raw: &str) {
    for letter in raw.chars() {
        match letter {
            '&' => text.push_str("&amp;"),
            '<' => text.push_str("&lt;"),
            '>' => text.push_str("&gt;"),
            '"' => text.push_str("&quot;"),
            other => text.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn lists_become_members_and_text_is_escaped() {
        let output = json!({ "Rules": [{ "Priority": "1", "Note": "a<b & \"c\"", "Gone": null }] });
        let text = answer("DescribeRules", &output, "r");
        let middle = "<Rules><member><Note>a&lt;b &amp; &quot;c&quot;</Note><Priority>1</Priority></member></Rules>";
        assert!(text.contains(middle), "{text}");
    }
}
