//! Which requests the conditions of a rule ask for.

use aws_sdk_elasticloadbalancingv2::types::{Rule, RuleCondition};

/// Whether a rule that comes before another takes every request that the other would: it asks for nothing that the
/// other does not ask for in the same words.
pub(super) fn takes_all_of(before: &Rule, other: &Rule) -> bool {
    let mut conditions = before.conditions().iter();
    conditions.all(|of| is_met_by_all(of) || other.conditions().contains(of))
}

/// Whether every request meets it: a path or a host that may be anything.
pub(super) fn is_met_by_all(condition: &RuleCondition) -> bool {
    let in_config = match condition.field() {
        Some("path-pattern") => condition.path_pattern_config().map(|of| of.values()),
        Some("host-header") => condition.host_header_config().map(|of| of.values()),
        _ => return false,
    };
    let mut values = condition
        .values()
        .iter()
        .chain(in_config.unwrap_or_default());
    values.any(|value| value == "*" || value == "/*" && condition.field() == Some("path-pattern"))
}

#[cfg(test)]
mod tests {
    use aws_sdk_elasticloadbalancingv2::types::{
        HostHeaderConditionConfig, PathPatternConditionConfig,
    };

    use super::*;

    #[test]
    fn a_condition_that_every_request_meets_is_known() {
        let told = |field: &str, value: &str| {
            let condition = RuleCondition::builder().field(field).values(value).build();
            is_met_by_all(&condition)
        };
        assert!(
            told("path-pattern", "/*") && told("path-pattern", "*") && told("host-header", "*")
        );
        assert!(!told("path-pattern", "/pets/*") && !told("host-header", "*.example.org"));
        assert!(!told("host-header", "/*") && !told("http-header", "*") && !told("source-ip", "*"));
        let path = PathPatternConditionConfig::builder().values("/*").build();
        let path = RuleCondition::builder()
            .field("path-pattern")
            .path_pattern_config(path);
        assert!(is_met_by_all(&path.build()));
        let host = HostHeaderConditionConfig::builder().values("*").build();
        let host = RuleCondition::builder()
            .field("host-header")
            .host_header_config(host);
        assert!(is_met_by_all(&host.build()));
    }
}
