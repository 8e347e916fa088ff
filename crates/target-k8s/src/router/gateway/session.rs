//! Sessions that a rule keeps with one backend.

use std::time::Duration;

use serde_json::Value;

/// Whether a rule keeps sessions together, with or without an end.
pub(super) fn is_kept(rule: &Value) -> bool {
    rule["sessionPersistence"].is_object()
}

/// How long a session of this rule may stay where it is; `None`: there is none, or it has no end.
pub(super) fn longest(rule: &Value) -> Option<Duration> {
    parse(rule["sessionPersistence"]["absoluteTimeout"].as_str()?)
}

/// `1h30m`, `10s`, `500ms`: as Gateway API writes durations.
fn parse(text: &str) -> Option<Duration> {
    let mut total = Duration::ZERO;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|letter: char| !letter.is_ascii_digit())?;
        let number: u64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let length = rest
            .find(|letter: char| letter.is_ascii_digit())
            .unwrap_or(rest.len());
        let unit = match &rest[..length] {
            "h" => Duration::from_secs(3600),
            "m" => Duration::from_secs(60),
            "s" => Duration::from_secs(1),
            "ms" => Duration::from_millis(1),
            _ => return None,
        };
        total = total.checked_add(unit.checked_mul(u32::try_from(number).ok()?)?)?;
        rest = &rest[length..];
    }
    (total > Duration::ZERO).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_those_of_gateway_api() {
        for (text, millis) in [
            ("1h30m", Some(5_400_000)),
            ("10s", Some(10_000)),
            ("500ms", Some(500)),
            ("1m1s1ms", Some(61_001)),
            ("0s", None),
            ("", None),
            ("10", None),
            ("s", None),
            ("1d", None),
            ("1.5h", None),
            ("99999999999999999999h", None),
        ] {
            assert_eq!(parse(text), millis.map(Duration::from_millis), "{text}");
        }
    }
}
