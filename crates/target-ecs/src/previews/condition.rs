//! Routes as conditions of rules, and back; what a load balancer can tell apart by them.
//!
//! A header is compared without regard to case, and `*` and `?` in a value stand for anything. A cookie is one of
//! several in the header `Cookie`, so four patterns ask for it: alone, first, last, and between others.

use aws_sdk_elasticloadbalancingv2::types::{
    HostHeaderConditionConfig, HttpHeaderConditionConfig, PathPatternConditionConfig, RuleCondition,
};
use strategy_core::{Route, RouteBy};

use super::Problem;

/// The most values that the conditions of one rule may have together.
const MOST_VALUES: usize = 5;

/// The most wildcards, likewise.
const MOST_WILDCARDS: usize = 5;

/// The longest name of a header, and the longest value, in bytes.
const LONGEST_NAME: usize = 40;
const LONGEST_VALUE: usize = 128;

pub(super) const HTTP_HEADER: &str = "http-header";
const COOKIE: &str = "Cookie";

fn not_possible(message: String, mend: &str) -> Problem {
    Problem::new("route-not-possible", message, mend)
}

/// Letters of the name of a header or cookie, by RFC 7230.
fn is_token(name: &str) -> bool {
    let is_letter =
        |letter: u8| letter.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&letter);
    !name.is_empty() && name.bytes().all(is_letter)
}

/// Letters of a value that a condition takes for themselves.
fn is_literal(value: &str) -> bool {
    value
        .bytes()
        .all(|letter| (letter.is_ascii_graphic() || letter == b' ') && !b"*?\\".contains(&letter))
}

/// The values that ask for a cookie wherever it stands.
fn patterns(pair: &str) -> [String; 4] {
    [
        pair.to_owned(),
        format!("{pair};*"),
        format!("*; {pair}"),
        format!("*; {pair};*"),
    ]
}

/// Headers as they come with a request that has the route, for a look at what other conditions make of them.
pub(super) fn samples(route: &Route) -> Vec<String> {
    match route.by {
        RouteBy::Cookie => {
            let pair = format!("{}={}", route.name, route.value);
            vec![
                format!("a=b; {pair}; c=d"),
                format!("a=b; {pair}"),
                format!("{pair}; a=b"),
                pair,
            ]
        }
        _ => vec![route.value.clone()],
    }
}

/// The header that a route looks at.
pub(super) fn header(route: &Route) -> &str {
    match route.by {
        RouteBy::Cookie => COOKIE,
        _ => &route.name,
    }
}

/// The condition that a route adds to those of a rule.
///
/// # Errors
/// When a load balancer cannot tell such requests apart.
pub(crate) fn of_route(route: &Route) -> Result<RuleCondition, Problem> {
    let what = match route.by {
        RouteBy::Header => "header",
        RouteBy::Cookie => "cookie",
        _ => {
            let message = format!("requests cannot be told apart by {route} here");
            return Err(not_possible(message, "route by a header or a cookie"));
        }
    };
    let (name, value) = (&route.name, &route.value);
    if !is_token(name) || name.eq_ignore_ascii_case("host") || name.contains(['*', '?']) {
        let message = format!("{name:?} is no name of a {what} that a rule can look at");
        return Err(not_possible(
            message,
            "use letters, digits and `-`, and no wildcard; for the host name a rule with that host",
        ));
    }
    let wrong = |message: String| {
        let mend = "use a value of at most 100 letters, digits and signs such as `-`, `_` and `.`";
        Err(not_possible(message, mend))
    };
    if !is_literal(value) {
        return wrong(format!(
            "the value {value:?} of {what} {name} has letters that a rule does not take for themselves"
        ));
    }
    let (header, values) = match route.by {
        RouteBy::Cookie => {
            if value.contains([';', ',', ' ', '"']) {
                return wrong(format!("{value:?} is no value of a cookie"));
            }
            let pair = format!("{name}={value}");
            (COOKIE.to_owned(), patterns(&pair).to_vec())
        }
        _ => (name.clone(), vec![value.clone()]),
    };
    if header.len() > LONGEST_NAME || values.iter().any(|value| value.len() > LONGEST_VALUE) {
        return wrong(format!("{what} {name} is longer than a rule can look at"));
    }
    let config = HttpHeaderConditionConfig::builder()
        .http_header_name(header)
        .set_values(Some(values));
    Ok(RuleCondition::builder()
        .field(HTTP_HEADER)
        .http_header_config(config.build())
        .build())
}

/// The route that a condition asks for, if it is one that we would have written.
pub(super) fn route(condition: &RuleCondition) -> Option<Route> {
    let config = condition.http_header_config()?;
    let route = |by, name: &str, value: &str| Route {
        by,
        name: name.to_owned(),
        value: value.to_owned(),
    };
    let name = config.http_header_name()?;
    let found = match config.values() {
        [value] => route(RouteBy::Header, name, value),
        [pair, ..] => {
            let (name, value) = pair.split_once('=')?;
            route(RouteBy::Cookie, name, value)
        }
        [] => return None,
    };
    let is_it = of_route(&found).is_ok_and(|made| plain(&made) == plain(condition));
    is_it.then_some(found)
}

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
fn values(condition: &RuleCondition) -> Vec<&str> {
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

/// Whether the conditions of one rule keep within what a rule may have.
pub(super) fn check(conditions: &[RuleCondition]) -> Result<(), Problem> {
    let all: Vec<&str> = conditions.iter().flat_map(values).collect();
    let is_wildcard = |letter: &char| ['*', '?'].contains(letter);
    let wildcards = all.iter().flat_map(|value| value.chars());
    let wildcards = wildcards.filter(is_wildcard).count();
    if all.len() <= MOST_VALUES && wildcards <= MOST_WILDCARDS {
        return Ok(());
    }
    Err(Problem::new(
        "preview-conditions",
        format!(
            "with the route's its conditions would have {} values and {wildcards} wildcards, and {MOST_VALUES} of each is the most",
            all.len()
        ),
        "route by a header, which needs one value where a cookie needs four, or let the rule ask for less",
    ))
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
