//! The policies as they are printed, and what is not in them.

use super::*;
use crate::account::CallCategory;
use crate::config::{Canary, OwnedWeights, Slot};

const AT: &str = "arn:aws:elasticloadbalancing:eu-central-1:123456789012";

fn slot(name: &str) -> Slot {
    Slot::new(name, format!("{AT}:targetgroup/{name}/a1"))
}

fn printed(workload: impl Into<WorkloadConfig>, rule: RuleConfig) -> String {
    let weights = OwnedWeights::new(workload, [rule]).previews(false);
    owned_weights(&Owned::new("shop", &weights))
        .unwrap()
        .to_string()
}

/// The statement with this name, as text.
fn statement(rule: RuleConfig, sid: &str) -> String {
    let weights = OwnedWeights::new([slot("blue"), slot("green")], [rule]);
    let policy = owned_weights(&Owned::new("shop", &weights)).unwrap();
    let mut statements = policy.statement.iter();
    let statement = statements.find(|statement| statement.sid == sid).unwrap();
    serde_json::to_string(statement).unwrap()
}

fn rule() -> RuleConfig {
    RuleConfig::Rule(format!("{AT}:listener-rule/app/shop/a1/b2/c3"))
}

#[test]
fn a_pair_may_create_and_delete_nothing_and_change_one_rule() {
    let text = printed([slot("blue"), slot("green")], rule());
    assert!(
        text.starts_with("{\n  \"Version\": \"2012-10-17\""),
        "{text}"
    );
    assert!(text.contains("service/shop/blue") && text.contains("service/shop/green"));
    assert!(text.contains("listener-rule/app/shop/a1/b2/c3"));
    for word in [
        "CreateService",
        "DeleteService",
        "ModifyListener",
        "CreateRule",
        ":*\"",
    ] {
        assert!(!text.contains(word), "{word} in {text}");
    }
}

#[test]
fn only_the_candidate_may_be_made_and_removed() {
    let canary = Canary::new(slot("api"), slot("api-canary"));
    let text = printed(canary.clone(), rule());
    let made = text.split("MakeCandidate").nth(1).unwrap();
    let made = made.split(']').nth(1).unwrap();
    assert!(
        made.contains("api-canary") && !made.contains("shop/api\""),
        "{made}"
    );
    assert!(!printed(canary.create(false), rule()).contains("CreateService"));
}

#[test]
fn of_services_only_our_own_tags_are_written_and_all_of_one_that_is_made() {
    let policy = |create: bool| {
        let canary = Canary::new(slot("api"), slot("api-canary")).create(create);
        let config = Owned::new("shop", &OwnedWeights::new(canary, [rule()]));
        owned_weights(&config).unwrap()
    };
    for create in [true, false] {
        let policy = policy(create);
        let tags = policy.statement.iter();
        let tags = tags.filter(|of| of.action.contains(&"ecs:TagResource"));
        let conditions: Vec<String> = tags
            .map(|of| of.condition.as_ref().unwrap().to_string())
            .collect();
        let keys = r#"{"ForAllValues:StringLike":{"aws:TagKeys":["rollway.dev/*"]}}"#;
        assert!(conditions.contains(&keys.to_owned()), "{conditions:?}");
        let on_creation = r#"{"StringEquals":{"ecs:CreateAction":"CreateService"}}"#;
        let found = conditions.contains(&on_creation.to_owned());
        assert_eq!(found, create, "{conditions:?}");
        let volumes = policy.to_string().contains("\"ecs.amazonaws.com\"");
        assert_eq!(volumes, create, "the role of volumes is passed with it");
    }
}

#[test]
fn a_default_rule_is_its_listeners() {
    let default = RuleConfig::ListenerDefault(format!("{AT}:listener/app/shop/a1/b2"));
    let text = printed([slot("blue"), slot("green")], default);
    assert!(
        text.contains("ModifyListener") && !text.contains("ModifyRule"),
        "{text}"
    );
}

#[test]
fn rules_of_our_own_are_made_on_the_listener_and_changed_only_with_our_tag() {
    for rule in [
        rule(),
        RuleConfig::ListenerDefault(format!("{AT}:listener/app/shop/a1/b2")),
    ] {
        let made = statement(rule.clone(), "MakePreviews");
        assert!(
            made.contains(&format!("\"{AT}:listener/app/shop/a1/b2\"")),
            "{made}"
        );
        let (tags, changes) = (
            statement(rule.clone(), "TagPreviews"),
            statement(rule, "ChangePreviews"),
        );
        let rules = format!("\"{AT}:listener-rule/app/shop/a1/b2/*\"");
        assert!(
            tags.contains(&rules) && tags.contains("CreateAction"),
            "{tags}"
        );
        assert!(
            changes.contains(&rules)
                && changes.contains(r#"{"Null":{"aws:ResourceTag/rollway.dev/preview":"false"}}"#),
            "{changes}"
        );
    }
}

#[test]
fn a_configuration_that_names_nothing_has_no_policy() {
    let weights = OwnedWeights::new([slot("blue"), slot("green")], [rule()]);
    assert!(owned_weights(&Owned::new("a/b", &weights)).is_err());
}

/// An account counts every call that a target makes.
#[test]
fn every_action_of_a_policy_is_counted_by_an_account() {
    let canary = Canary::new(slot("api"), slot("api-canary"));
    let listener = RuleConfig::ListenerDefault(format!("{AT}:listener/app/shop/a1/b2"));
    let weights = OwnedWeights::new(canary, [rule(), listener]);
    let policies = [
        owned_weights(&Owned::new("shop", &weights)).unwrap(),
        rolling("shop", &Rolling::new("web")).unwrap(),
        gated("shop", &NativeGated::new("web")).unwrap(),
    ];
    let statements = policies.iter().flat_map(|policy| &policy.statement);
    let actions = statements.flat_map(|statement| &statement.action);
    // It is no call.
    for action in actions.filter(|action| **action != "iam:PassRole") {
        assert!(CallCategory::known(action).is_some(), "{action}");
    }
}
