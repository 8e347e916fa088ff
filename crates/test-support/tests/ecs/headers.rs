//! Rules that look at headers: what they may ask for, which requests they take, and when.

use aws_sdk_elasticloadbalancingv2::operation::create_rule::builders::CreateRuleFluentBuilder;
use aws_sdk_elasticloadbalancingv2::types::{
    Action, ActionTypeEnum, AuthenticateOidcActionConfig, HttpHeaderConditionConfig, RuleCondition,
    Tag,
};
use test_support::ecs::{Request, Rule};

use crate::actions::path;
use crate::scene::{Scene, forward};

fn header(name: &str, values: &[&str]) -> RuleCondition {
    let config = HttpHeaderConditionConfig::builder().http_header_name(name);
    let values = values.iter().map(|value| (*value).to_owned()).collect();
    RuleCondition::builder()
        .field("http-header")
        .http_header_config(config.set_values(Some(values)).build())
        .build()
}

impl Scene {
    fn rule(&self, condition: RuleCondition) -> CreateRuleFluentBuilder {
        let call = self.elb.create_rule().listener_arn(&self.shop.listener);
        let call = call.priority(9).conditions(condition);
        call.actions(forward(&[(&self.shop.canary_group, 1)]))
    }

    /// Where a request would go: a name of a group, and percent.
    fn reached(&self, request: &Request) -> Vec<(String, i64)> {
        let shares = self.fake.reach(&self.shop.listener, request).into_iter();
        let mut shares: Vec<_> = shares
            .map(|share| {
                let name = share.target_group.split('/').nth(1).unwrap().to_owned();
                (name, (share.share * 100.0).round() as i64)
            })
            .collect();
        shares.sort();
        shares
    }
}

#[test]
fn conditions_on_headers_are_limited() {
    let scene = Scene::new();
    let long = "a".repeat(129);
    for (name, value) in [
        ("Host", "a"),
        ("x-*", "a"),
        (&long[..41], "a"),
        ("x-a", &long),
    ] {
        let create = scene.rule(header(name, &[value]));
        scene.refuses(Rule::HeaderConditions, "ValidationError", create.send());
    }
    let wild = scene.rule(header("x-a", &["*a*", "*b*", "*c?"]));
    scene.refuses(Rule::ConditionWildcards, "ValidationError", wild.send());
    let none = scene.elb.create_rule().listener_arn(&scene.shop.listener);
    let none = none
        .priority(9)
        .actions(forward(&[(&scene.shop.canary_group, 1)]));
    scene.refuses(Rule::ConditionOfARule, "ValidationError", none.send());
}

#[test]
fn a_new_rule_takes_requests_before_others_as_nodes_learn_of_it() {
    let scene = Scene::new();
    let plain = Request::default();
    let marked = plain.clone().with_header("X-Preview", "YES");
    let to = |canary: i64| match canary {
        0 => vec![("web-stable".to_owned(), 100)],
        100 => vec![("web-canary".to_owned(), 100)],
        _ => vec![
            ("web-canary".to_owned(), canary),
            ("web-stable".to_owned(), 100 - canary),
        ],
    };
    let made = scene.ok(scene.rule(header("x-preview", &["yes"])).send());
    let arn = made.rules()[0].rule_arn().unwrap();
    assert_eq!(scene.reached(&marked), to(0));
    scene.wait(8);
    assert_eq!(scene.reached(&marked), to(50));
    scene.notices(Rule::RulesComeAndGo);
    scene.wait(8);
    assert_eq!(
        scene.reached(&marked),
        to(100),
        "whatever the case of its letters"
    );
    assert_eq!(scene.reached(&plain), to(0));
    assert_eq!(scene.reached(&plain.with_header("x-preview", "no")), to(0));
    scene.notices(Rule::FirstMatchWins);
    scene.fake.forget_requests();
    scene.ok(scene.elb.delete_rule().rule_arn(arn).send());
    scene.wait(8);
    assert_eq!(scene.reached(&marked), to(50));
    scene.wait(60);
    assert_eq!(scene.reached(&marked), to(0));
    // All of ten a second for 7.5 s, and half of them for as long.
    let requests = scene.fake.requests()[&scene.shop.canary_group];
    assert!((requests - 112.5).abs() < 0.1, "{requests}");
}

#[test]
fn letters_of_a_path_count_and_those_of_a_header_do_not() {
    let scene = Scene::new();
    let both = scene.rule(header("cookie", &["A=b;*"]));
    scene.ok(both.conditions(path("/Pets")).send());
    scene.wait(20);
    let reaches = |at: &str, cookie: &str| {
        let mut request = Request::default().with_header("Cookie", cookie);
        at.clone_into(&mut request.path);
        scene.reached(&request)[0].0 == "web-canary"
    };
    assert!(
        reaches("/Pets", "a=B; c=d"),
        "{:?}",
        Rule::HeadersIgnoreCase
    );
    assert!(!reaches("/pets", "a=b; c=d") && !reaches("/Pets", "a=bb; c=d"));
}

#[test]
fn a_rule_has_the_tags_that_it_was_created_with() {
    let scene = Scene::new();
    let tag = Tag::builder().key("team").value("shop").build();
    let create = scene.rule(header("x-a", &["b"])).tags(tag.clone());
    let made = scene.ok(create.send());
    let arn = made.rules()[0].rule_arn().unwrap();
    let told = || scene.elb.describe_tags().resource_arns(arn).send();
    assert_eq!(scene.ok(told()).tag_descriptions()[0].tags(), [tag]);
    scene.notices(Rule::TagsOfARule);
    let calls = scene.fake.calls();
    let call = calls
        .iter()
        .find(|call| call.operation == "CreateRule")
        .unwrap();
    assert!(
        call.actions
            .contains(&"elasticloadbalancing:AddTags".to_owned())
    );
    scene.ok(scene.elb.delete_rule().rule_arn(arn).send());
    scene.refuses(Rule::RuleExists, "RuleNotFound", told());
}

#[test]
fn a_secret_is_brought_by_a_new_rule_and_told_by_none() {
    let scene = Scene::new();
    let oidc = |secret: Option<&str>| {
        let config = AuthenticateOidcActionConfig::builder()
            .issuer("https://id.example")
            .client_id("shop")
            .set_client_secret(secret.map(str::to_owned))
            .authorization_endpoint("https://id.example/a")
            .token_endpoint("https://id.example/t")
            .user_info_endpoint("https://id.example/u");
        Action::builder()
            .r#type(ActionTypeEnum::AuthenticateOidc)
            .order(1)
            .authenticate_oidc_config(config.build())
            .build()
    };
    let actions = |secret: Option<&str>| {
        let mut forward = forward(&[(&scene.shop.canary_group, 1)]);
        forward.order = Some(2);
        vec![oidc(secret), forward]
    };
    let create = |secret: Option<&str>| {
        let call = scene.rule(header("x-a", &["b"]));
        call.set_actions(Some(actions(secret))).send()
    };
    scene.refuses(Rule::SecretOfANewRule, "ValidationError", create(None));
    let made = scene.ok(create(Some("hush")));
    let rule = &made.rules()[0];
    let told = rule.actions()[0].authenticate_oidc_config().unwrap();
    assert_eq!(told.client_secret(), None);
    let modify = scene.elb.modify_rule().rule_arn(rule.rule_arn().unwrap());
    scene.ok(modify.set_actions(Some(actions(None))).send());
}
