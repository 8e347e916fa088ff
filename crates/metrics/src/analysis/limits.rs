//! The limits that a judge asks for, and those that its check has.

use strategy_core::plan::{CheckName, Limits};
use strategy_core::target::Finding;

use crate::judge::Judge;

/// Warns of a check whose limits are not those that its judge means something by.
pub(super) fn differ(check: &CheckName, judge: &dyn Judge, planned: Limits) -> Option<Finding> {
    let limits = judge.limits().filter(|limits| *limits != planned)?;
    Some(Finding::warns(
        "limits-differ",
        format!("check {check}"),
        "its judge has the rules of another tool, and the check other limits than these ask for",
        format!(
            "set `limits` of the check to {} failures, {} errors and {} inconclusive looks one after the \
             other, and to no limit of failures one after the other",
            limits.failures, limits.consecutive_errors, limits.consecutive_inconclusive
        ),
    ))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::judge::Kinds;

    #[test]
    fn other_limits_than_the_rules_ask_for_are_warned_of() {
        let made = |limits: serde_json::Value| {
            let params = json!({
                "kind": "threshold", "bound": { "absolute": { "max": 1.0 } }, "limits": limits,
            });
            Kinds::built_in().make(&params).unwrap()
        };
        let check = CheckName::from("errors");
        let flagger = made(json!({ "flagger": { "threshold": 5 } }));
        let found = differ(&check, &*flagger, Limits::default()).unwrap();
        assert_eq!(found.code, "limits-differ");
        assert_eq!(
            found.mend,
            "set `limits` of the check to 5 failures, 5 errors and 10 inconclusive looks one after the other, \
             and to no limit of failures one after the other"
        );
        let asked = Limits::default().failures(5).consecutive_errors(5);
        assert_eq!(differ(&check, &*flagger, asked), None);
        assert_eq!(differ(&check, &*made(json!(null)), asked), None);
    }
}
