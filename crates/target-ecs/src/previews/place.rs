//! Where a preview rule stands: directly before the rule whose requests it takes, so that it takes nobody else's.

use aws_sdk_elasticloadbalancingv2::types::Rule;

use super::Problem;
use crate::config::{RuleConfig, resource};
use crate::listener::{self, turn};

/// The last number that a rule can have.
const LAST: u32 = 50_000;

/// Free numbers for so many more preview rules, the later ones first.
///
/// A rule with a number has them directly before it: where another rule stands between, some of that one's
/// requests would be taken. The default rule has them after all other rules.
///
/// # Errors
/// When there are not as many. Nobody's rule is moved for it: its number is its owner's.
pub(crate) fn free(
    rules: &[Rule],
    production: &RuleConfig,
    is_ours: impl Fn(&Rule) -> bool,
    count: usize,
) -> Result<Vec<u32>, Problem> {
    let none = |message: String, mend: String| Problem::new("no-free-priority", message, &mend);
    let (first, whose) = match production {
        RuleConfig::ListenerDefault(_) => (LAST, "after all other rules of the listener"),
        RuleConfig::Rule(_) => {
            let there = listener::find(rules, production).map_or(0, turn);
            (there.saturating_sub(1), "directly before it")
        }
    };
    let mut free = Vec::new();
    let mut number = first;
    while free.len() < count {
        let taken = rules.iter().find(|rule| turn(rule) == number);
        match taken {
            _ if number == 0 => {
                return Err(none(
                    format!("{count} priorities are needed {whose}, and there are none before 1"),
                    "give it a higher number with `aws elbv2 set-rule-priorities`".to_owned(),
                ));
            }
            Some(rule) if !is_ours(rule) => {
                let other = rule.rule_arn().map_or("a rule", resource);
                return Err(none(
                    format!("{count} free priorities are needed {whose}, and {other} has {number}"),
                    format!("give {other} another number with `aws elbv2 set-rule-priorities`"),
                ));
            }
            Some(_) => {}
            None => free.push(number),
        }
        number -= 1;
    }
    Ok(free)
}
