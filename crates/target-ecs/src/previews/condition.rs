//! Routes as conditions of rules, and back; what a load balancer can tell apart by them.
//!
//! A header is compared without regard to case, and `*` and `?` in a value stand for anything. A cookie is one of
//! several in the header `Cookie`, so four patterns ask for it: alone, first, last, and between others.

use aws_sdk_elasticloadbalancingv2::types::{HttpHeaderConditionConfig, RuleCondition};
use strategy_core::{Route, RouteBy};

use super::Problem;
use super::described::{HTTP_HEADER, plain, values};

/// The most values that the conditions of one rule may have together.
const MOST_VALUES: usize = 5;

/// The most wildcards, likewise.
const MOST_WILDCARDS: usize = 5;

/// The longest name of a header, and the longest value, in bytes.
const LONGEST_NAME: usize = 40;
const LONGEST_VALUE: usize = 128;

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
        RouteBy::Header | _ => vec![route.value.clone()],
    }
}

/// The header that a route looks at.
pub(super) fn header(route: &Route) -> &str {
    match route.by {
        RouteBy::Cookie => COOKIE,
        RouteBy::Header | _ => &route.name,
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
        RouteBy::Header | _ => (name.clone(), vec![value.clone()]),
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
