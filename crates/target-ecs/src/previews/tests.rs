//! Routes as conditions of rules, and back; where a preview rule may stand.

use aws_sdk_elasticloadbalancingv2::types::{
    ActionTypeEnum, HttpHeaderConditionConfig, PathPatternConditionConfig,
};

use super::*;

const BLUE: &str = "arn:aws:elasticloadbalancing:r:1:targetgroup/blue/1";
const GREEN: &str = "arn:aws:elasticloadbalancing:r:1:targetgroup/green/1";
const LISTENER: &str = "arn:aws:elasticloadbalancing:r:1:listener/app/shop/a/b";

fn arn(priority: u32) -> String {
    format!("arn:aws:elasticloadbalancing:r:1:listener-rule/app/shop/a/b/{priority}")
}

fn route_by(by: RouteBy, name: &str, value: &str) -> Route {
    Route {
        by,
        name: name.to_owned(),
        value: value.to_owned(),
    }
}

fn path(values: &[&str]) -> RuleCondition {
    let values: Vec<String> = values.iter().map(|value| (*value).to_owned()).collect();
    let config = PathPatternConditionConfig::builder().set_values(Some(values.clone()));
    // As it is described: both ways.
    RuleCondition::builder()
        .field("path-pattern")
        .set_values(Some(values))
        .path_pattern_config(config.build())
        .build()
}

fn rule(priority: u32, conditions: &[RuleCondition]) -> Rule {
    let forward = Action::builder()
        .r#type(ActionTypeEnum::Forward)
        .target_group_arn(BLUE);
    Rule::builder()
        .rule_arn(arn(priority))
        .priority(priority.to_string())
        .set_conditions(Some(conditions.to_vec()))
        .actions(forward.build())
        .build()
}

#[test]
fn a_route_is_read_back_from_its_condition() {
    for asked in [
        route_by(RouteBy::Header, "X-Preview", "yes"),
        route_by(RouteBy::Header, "Cookie", "a=b"),
        route_by(RouteBy::Cookie, "canary", "a=b"),
    ] {
        let condition = of_route(&asked).unwrap();
        assert_eq!(condition::route(&condition), Some(asked));
    }
    let cookie = of_route(&route_by(RouteBy::Cookie, "a", "b")).unwrap();
    assert_eq!(
        cookie.http_header_config().unwrap().values(),
        ["a=b", "a=b;*", "*; a=b", "*; a=b;*"]
    );
}

/// The four patterns match the cookie wherever it stands, and no other.
#[test]
fn a_cookie_is_told_from_others() {
    let asked = route_by(RouteBy::Cookie, "canary", "1");
    let condition = of_route(&asked).unwrap();
    let values = condition.http_header_config().unwrap().values();
    let matches = |header: &str| values.iter().any(|of| described::is_like(of, header));
    for header in condition::samples(&asked) {
        assert!(matches(&header), "{header}");
    }
    for header in [
        "canary=12",
        "xcanary=1",
        "a=b; xcanary=1",
        "a=b; canary=1x; c=d",
        "",
    ] {
        assert!(!matches(header), "{header}");
    }
    // What cannot be told apart.
    assert!(matches("CANARY=1; a=b"));
}

#[test]
fn what_a_rule_would_take_for_something_else_is_refused() {
    let long = "a".repeat(129);
    for (by, name, value) in [
        (RouteBy::Header, "host", "a"),
        (RouteBy::Header, "x y", "a"),
        (RouteBy::Header, "x-*", "a"),
        (RouteBy::Header, "x-preview", "a*"),
        (RouteBy::Header, "x-preview", "a?"),
        (RouteBy::Header, "x-preview", "ä"),
        (RouteBy::Header, "x-preview", &long),
        (RouteBy::Header, &long[..41], "a"),
        (RouteBy::Cookie, "canary", "a;b"),
        (RouteBy::Cookie, "canary", "a b"),
        (RouteBy::Cookie, "canary", &long[..120]),
    ] {
        let problem = of_route(&route_by(by, name, value)).unwrap_err();
        assert_eq!(problem.code, "route-not-possible", "{name} {value}");
    }
}

#[test]
fn a_rule_has_five_values_at_most() {
    let header = route_by(RouteBy::Header, "x-preview", "yes");
    let cookie = route_by(RouteBy::Cookie, "canary", "1");
    let made = |paths: &[&str], route: &Route| {
        Content::made(GREEN, &rule(10, &[path(paths)]), route).map_err(|problem| problem.code)
    };
    assert!(made(&["/*"], &cookie).is_ok());
    assert_eq!(made(&["/a", "/b"], &cookie), Err("preview-conditions"));
    assert_eq!(
        made(&["*/a*"], &cookie),
        Err("preview-conditions"),
        "wildcards"
    );
    assert!(made(&["/a", "/b", "/c", "/d"], &header).is_ok());
    assert_eq!(
        made(&["/a", "/b", "/c", "/d", "/e"], &header),
        Err("preview-conditions")
    );
}

#[test]
fn a_condition_is_sent_in_one_way_and_forwards_to_the_candidate_alone() {
    let header = route_by(RouteBy::Header, "x-preview", "yes");
    let content = Content::made(GREEN, &rule(10, &[path(&["/*"])]), &header).unwrap();
    assert_eq!(content.conditions[0].values(), [""; 0]);
    assert_eq!(
        content.conditions[0]
            .path_pattern_config()
            .unwrap()
            .values(),
        ["/*"]
    );
    assert!(content.reaches(GREEN) && !content.reaches(BLUE));
    let other = HttpHeaderConditionConfig::builder()
        .http_header_name("X-PREVIEW")
        .values("no");
    let other = RuleCondition::builder()
        .field("http-header")
        .http_header_config(other.build());
    let taken = Content::made(GREEN, &rule(10, &[other.build()]), &header);
    assert_eq!(taken.unwrap_err().code, "header-taken");
}

#[test]
fn it_stands_directly_before_its_rule_and_a_default_rules_after_all_others() {
    let production = RuleConfig::Rule(arn(10));
    let at = |priorities: &[u32]| {
        priorities
            .iter()
            .map(|of| rule(*of, &[]))
            .collect::<Vec<_>>()
    };
    let nobody = |_: &Rule| false;
    assert_eq!(free(&at(&[5, 10]), &production, nobody, 2).unwrap(), [9, 8]);
    let ours = |rule: &Rule| rule.rule_arn() == Some(&arn(9));
    assert_eq!(free(&at(&[9, 10]), &production, ours, 1).unwrap(), [8]);
    let problem = free(&at(&[9, 10]), &production, nobody, 1).unwrap_err();
    assert_eq!(problem.code, "no-free-priority");
    assert!(
        problem
            .message
            .contains("listener-rule/app/shop/a/b/9 has 9"),
        "{problem:?}"
    );
    assert!(free(&at(&[8, 10]), &production, nobody, 2).is_err());
    let first = RuleConfig::Rule(arn(1));
    assert!(
        free(&at(&[1]), &first, nobody, 1).is_err(),
        "there is nothing before 1"
    );
    let default = RuleConfig::ListenerDefault(LISTENER.to_owned());
    assert_eq!(
        free(&at(&[5, 49_998]), &default, nobody, 2).unwrap(),
        [50_000, 49_999]
    );
    assert!(free(&at(&[5, 49_999]), &default, nobody, 2).is_err());
}

#[test]
fn twelve_notes_fit_into_a_tag() {
    let mut wanted = Fields::default();
    for (rule, route) in (0..5)
        .flat_map(|rule| [(rule, 0), (rule, 1)])
        .chain([(0, 2), (1, 2)])
    {
        wanted
            .0
            .insert(Slot { rule, route }.field(), "0123ab".to_owned());
    }
    let mut now = wanted.clone();
    now.0.values_mut().for_each(|text| text.insert(0, 'f'));
    now.0.values_mut().for_each(|text| text.truncate(DIGITS));
    let long = [Short::read("10000k10").unwrap(); 2];
    let stamp = crate::note::Stamp {
        epoch: 1,
        id: strategy_core::target::EffectId(1),
    };
    let text = crate::note::Text::new(stamp, [&now, &wanted], long);
    assert_eq!(wanted.0.len(), MOST);
    assert!(text.previews.len() <= 256, "{}", text.previews.len());
}
