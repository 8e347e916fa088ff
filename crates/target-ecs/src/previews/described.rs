//! Conditions as they are described, and told in one way.

use aws_sdk_elasticloadbalancingv2::types::{
    HostHeaderConditionConfig, PathPatternConditionConfig, RuleCondition,
};

pub(super) const HTTP_HEADER: &str = "http-header";

/// The same condition told in one way: what is described in two ways may be sent in one only.
pub(super) fn plain(condition: &RuleCondition) -> RuleCondition {
    let mut plain = condition.clone();
    let values = plain.values.take().filter(|values| !values.is_empty());
    let regex = plain
        .regex_values
        .take()
        .filter(|values| !values.is_empty());
    match condition.field() {
        Some("host-header") => {
            let config = plain.host_header_config.take();
            let told = config.as_ref().and_then(|of| of.values.clone());
            let told_regex = config.and_then(|of| of.regex_values);
            plain.host_header_config = Some(
                HostHeaderConditionConfig::builder()
                    .set_values(told.filter(|of| !of.is_empty()).or(values))
                    .set_regex_values(told_regex.filter(|of| !of.is_empty()).or(regex))
                    .build(),
            );
        }
        Some("path-pattern") => {
            let config = plain.path_pattern_config.take();
            let told = config.as_ref().and_then(|of| of.values.clone());
            let told_regex = config.and_then(|of| of.regex_values);
            plain.path_pattern_config = Some(
                PathPatternConditionConfig::builder()
                    .set_values(told.filter(|of| !of.is_empty()).or(values))
                    .set_regex_values(told_regex.filter(|of| !of.is_empty()).or(regex))
                    .build(),
            );
        }
        Some(HTTP_HEADER) => {
            if let Some(config) = &mut plain.http_header_config {
                let told = config.regex_values.take().filter(|of| !of.is_empty());
                config.regex_values = told.or(regex);
            }
        }
        _ => {}
    }
    plain
}

/// All values of a condition, and its regular expressions.
pub(super) fn values(condition: &RuleCondition) -> Vec<&str> {
    let condition_values = [
        condition
            .host_header_config()
            .map(|of| (of.values(), of.regex_values())),
        condition
            .path_pattern_config()
            .map(|of| (of.values(), of.regex_values())),
        condition
            .http_header_config()
            .map(|of| (of.values(), of.regex_values())),
        condition
            .http_request_method_config()
            .map(|of| (of.values(), &[][..])),
        condition
            .source_ip_config()
            .map(|of| (of.values(), &[][..])),
    ];
    let all = condition_values.into_iter().flatten();
    let mut values: Vec<&str> = all
        .flat_map(|(values, regex)| values.iter().chain(regex))
        .map(String::as_str)
        .collect();
    let pairs = condition.query_string_config().map(|of| of.values());
    let pairs = pairs.unwrap_or_default().iter();
    values.extend(pairs.filter_map(|pair| pair.value()));
    values
}

/// What of it would be noticed if it changed.
pub(super) fn text(condition: &RuleCondition) -> String {
    let condition = plain(condition);
    let name = condition
        .http_header_config()
        .and_then(|of| of.http_header_name());
    let pairs = condition.query_string_config().map(|of| of.values());
    let keys = pairs
        .unwrap_or_default()
        .iter()
        .map(|pair| pair.key().unwrap_or_default());
    format!(
        "{} {} {:?} {:?}",
        condition.field().unwrap_or_default(),
        name.unwrap_or_default().to_ascii_lowercase(),
        values(&condition),
        keys.collect::<Vec<_>>()
    )
}

/// Whether a pattern of a condition, compared without regard to case, is this text.
pub(super) fn is_like(pattern: &str, text: &str) -> bool {
    like(
        pattern.to_ascii_lowercase().as_bytes(),
        text.to_ascii_lowercase().as_bytes(),
    )
}

fn like(pattern: &[u8], text: &[u8]) -> bool {
    match pattern.split_first() {
        None => text.is_empty(),
        Some((b'*', rest)) => (0..=text.len()).any(|from| like(rest, &text[from..])),
        Some((letter, rest)) => text.split_first().is_some_and(|(first, others)| {
            (letter == first || *letter == b'?') && like(rest, others)
        }),
    }
}
