//! What is asked before a rollout and has no answer where one is to be expected: of stable, and of what failed.

use std::collections::BTreeSet;

use strategy_core::duration;
use strategy_core::target::Finding;

use super::answer::Series;
use super::metric::Metric;

/// Stable runs and is used: a selector that matches nothing of it is likely to be misspelt, and then every look would
/// be inconclusive.
pub(super) fn without_data(source: &str, selector: &str, metric: &Metric) -> Finding {
    Finding::warns(
        "metric-without-data",
        source.to_owned(),
        format!(
            "of stable no series answers `{selector}` in the last {}",
            duration::format(metric.stale_after)
        ),
        metric.mend_silence().unwrap_or(
            "ask the server for it, and correct the name and the labels: what is misspelt looks like what did not \
             happen",
        ),
    )
}

/// The first label by which `failed` selects and which no series of `requests` has, so that nothing ever fails.
///
/// `None`: there is none, or it cannot be said, as where the two select counters of different names, some series of
/// `failed` is there already, or a selector has more than `name{label="value"}`.
pub(super) fn without_label(
    (requests, of_requests): (&str, &[Series]),
    (failed, of_failed): (&str, &[Series]),
) -> Option<Finding> {
    let (requests, failed) = (Selector::read(requests)?, Selector::read(failed)?);
    if of_requests.is_empty() || !of_failed.is_empty() || requests.name != failed.name {
        return None;
    }
    let known = of_requests.iter().flat_map(|series| series.labels.keys());
    let known: BTreeSet<_> = known.map(String::as_str).collect();
    // What requests are selected by matches them as it is, also where a matcher asks that a label is not there.
    let own = failed.labels.iter();
    let mut own = own.filter(|label| !requests.labels.contains(label));
    let label = own.find(|label| !known.contains(*label))?;
    let known: Vec<_> = known
        .into_iter()
        .filter(|name| *name != "__name__")
        .take(20)
        .collect();
    Some(Finding::warns(
        "failed-without-label",
        "metric.failed",
        format!(
            "no series of `{}` has the label `{label}`, so nothing counts as failed",
            requests.name
        ),
        format!(
            "select failures by a label that is there: {}; where only what failed has it, nothing is to be mended",
            known.join(", ")
        ),
    ))
}

/// A selector in its simplest form: a name, and labels in braces.
#[derive(Debug, PartialEq, Eq)]
struct Selector<'a> {
    name: &'a str,
    labels: Vec<&'a str>,
}

impl<'a> Selector<'a> {
    /// `None`: it is not in that form.
    fn read(text: &'a str) -> Option<Self> {
        let (name, rest) = text.trim().split_once('{')?;
        let name = name.trim();
        let mut rest = rest.trim_start();
        let mut labels = Vec::new();
        while !rest.starts_with('}') {
            let end = rest.find(|letter: char| !is_of_name(letter))?;
            let (label, after) = rest.split_at(end);
            let after = after.trim_start();
            let operators = ["=~", "!~", "!=", "="];
            let after = operators
                .iter()
                .find_map(|operator| after.strip_prefix(operator))?;
            labels.push(label);
            rest = after_string(after.trim_start())?.trim_start();
            match rest.strip_prefix(',') {
                Some(after) => rest = after.trim_start(),
                None if rest.starts_with('}') => {}
                None => return None,
            }
        }
        let is_name = |name: &str| !name.is_empty() && name.chars().all(is_of_name);
        let sound = rest == "}" && is_name(name) && labels.iter().all(|label| is_name(label));
        sound.then_some(Self { name, labels })
    }
}

const fn is_of_name(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || matches!(letter, '_' | ':')
}

/// What follows the string that a text begins with, in one of PromQL's three quotes.
fn after_string(text: &str) -> Option<&str> {
    let mut letters = text.char_indices();
    let (_, quote) = letters.next()?;
    if !matches!(quote, '"' | '\'' | '`') {
        return None;
    }
    while let Some((at, letter)) = letters.next() {
        if letter == '\\' && quote != '`' {
            letters.next()?;
        } else if letter == quote {
            return text.get(at + 1..);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn simple_selectors_are_read_and_others_are_not() {
        for (text, labels) in [
            ("a{}", &[][..]),
            ("a{b=\"c\"}", &["b"]),
            (
                " a:b { x = 'it\\'s}' , y_1!~`\\`,z=~\"(4|5)..\\\"\", } ",
                &["x", "y_1", "z"],
            ),
        ] {
            let read = Selector::read(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(read.labels, labels, "{text}");
        }
        for text in [
            "a",
            "{b=\"c\"}",
            "rate(a{b=\"c\"}[1m])",
            "a{b=\"c\"} or d{e=\"f\"}",
            "a{\"b.c\"=\"d\"}",
            "a{b=\"c\" or d=\"e\"}",
            "a{b=c}",
            "a{b=\"c",
            "a{b=\"c\"",
            "a{b}",
            "a{=\"c\"}",
            "a{b=\"c\"} # code=\"d\"",
        ] {
            assert_eq!(Selector::read(text), None, "{text}");
        }
    }
}
