//! Where a rule stands: its listener, and when its turn comes.

use aws_sdk_elasticloadbalancingv2::types::Rule;

use crate::config::RuleConfig;

/// The listener that a rule belongs to, by the rule's ARN.
pub(crate) fn of_rule(arn: &str) -> Option<String> {
    let (listener, _) = arn.rsplit_once('/')?;
    Some(listener.replacen(":listener-rule/", ":listener/", 1))
}

/// The listener that a rule of the configuration belongs to.
pub(crate) fn of(rule: &RuleConfig) -> Option<String> {
    match rule {
        RuleConfig::ListenerDefault(arn) => Some(arn.clone()),
        RuleConfig::Rule(arn) => of_rule(arn),
    }
}

/// The load balancer that a listener belongs to.
pub(crate) fn balancer(listener: &str) -> Option<String> {
    let (balancer, _) = listener.rsplit_once('/')?;
    Some(balancer.replacen(":listener/", ":loadbalancer/", 1))
}

/// The load balancer that a rule is of, as the dimension `LoadBalancer` of CloudWatch names it: `app/shop/a1`.
pub(crate) fn dimension(rule: &RuleConfig) -> Option<String> {
    let balancer = balancer(&of(rule)?)?;
    let (_, name) = balancer.split_once(":loadbalancer/")?;
    Some(name.to_owned())
}

/// When its turn comes; the default rule's, which has no number, comes last.
pub(crate) fn turn(rule: &Rule) -> u32 {
    let priority = rule.priority().and_then(|priority| priority.parse().ok());
    priority.unwrap_or(u32::MAX)
}

/// A rule of the configuration among all of its listener.
pub(crate) fn find<'a>(rules: &'a [Rule], rule: &RuleConfig) -> Option<&'a Rule> {
    let is_it = |of: &&Rule| match rule {
        RuleConfig::Rule(arn) => of.rule_arn() == Some(arn),
        RuleConfig::ListenerDefault(_) => of.is_default() == Some(true),
    };
    rules.iter().find(is_it)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_tells_its_listener_and_its_load_balancer() {
        let at = "arn:aws:elasticloadbalancing:r:123456789012";
        let rule = RuleConfig::Rule(format!("{at}:listener-rule/app/shop/a1/b2/c3"));
        let listener = format!("{at}:listener/app/shop/a1/b2");
        assert_eq!(of(&rule), Some(listener.clone()));
        assert_eq!(
            balancer(&listener),
            Some(format!("{at}:loadbalancer/app/shop/a1"))
        );
        let default = RuleConfig::ListenerDefault(listener.clone());
        for rule in [rule, default.clone()] {
            assert_eq!(dimension(&rule).as_deref(), Some("app/shop/a1"));
        }
        assert_eq!(of(&default), Some(listener));
        assert_eq!(dimension(&RuleConfig::Rule("no ARN".to_owned())), None);
    }
}
