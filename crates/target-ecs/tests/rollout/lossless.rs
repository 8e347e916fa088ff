//! Everything of a rule that is not ours stays, at every weight and after the rollout.

use std::cell::RefCell;

use serde_json::{Value, json};
use strategy_core::rollout::Outcome;
use strategy_core::strategy::Canary;
use test_support::ecs::Service;

use crate::scene::{Scene, five_steps};

/// A rule that authenticates, validates, keeps clients, and knows a target group of somebody else.
fn furnished() -> Scene {
    let scene = Scene::canary();
    let group = json!({
        "Name": "others", "TargetType": "ip", "Protocol": "HTTP", "Port": 8080,
    });
    let group = scene.ask(Service::LoadBalancing, "CreateTargetGroup", group);
    let others = &group["TargetGroups"][0]["TargetGroupArn"];
    let actions = json!([
        { "Type": "authenticate-oidc", "Order": 1, "AuthenticateOidcConfig": {
            "Issuer": "https://id.example", "ClientId": "shop", "SessionTimeout": 300,
            "AuthorizationEndpoint": "https://id.example/a", "TokenEndpoint": "https://id.example/t",
            "UserInfoEndpoint": "https://id.example/u", "OnUnauthenticatedRequest": "deny",
        } },
        { "Type": "forward", "Order": 7, "ForwardConfig": {
            "TargetGroups": [
                { "TargetGroupArn": scene.shop.stable_group, "Weight": 9 },
                { "TargetGroupArn": others, "Weight": 0 },
                { "TargetGroupArn": scene.shop.canary_group, "Weight": 0 },
            ],
            "TargetGroupStickinessConfig": { "Enabled": true, "DurationSeconds": 120 },
        } },
    ]);
    let input = json!({"RuleArn": scene.shop.rule, "Actions": actions});
    scene.ask(Service::LoadBalancing, "ModifyRule", input);
    scene
}

/// The query protocol tells numbers and flags as texts.
fn as_told(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let fields = fields.iter();
            fields
                .map(|(name, value)| (name.clone(), as_told(value)))
                .collect()
        }
        Value::Array(values) => values.iter().map(as_told).collect(),
        Value::Number(number) => json!(number.to_string()),
        Value::Bool(flag) => json!(flag.to_string()),
        Value::Null | Value::String(_) => value.clone(),
    }
}

/// The rule without what may change: the weights, and the word that keeps the client secret.
fn without_weights(mut rule: Value, ours: &[&str]) -> Value {
    for action in rule["Actions"].as_array_mut().unwrap() {
        if let Some(oidc) = action.get_mut("AuthenticateOidcConfig") {
            oidc.as_object_mut()
                .unwrap()
                .remove("UseExistingClientSecret");
        }
        let groups = action.pointer_mut("/ForwardConfig/TargetGroups");
        for group in groups.and_then(Value::as_array_mut).into_iter().flatten() {
            if ours.iter().any(|arn| group["TargetGroupArn"] == **arn) {
                group["Weight"] = Value::Null;
            }
        }
    }
    as_told(&rule)
}

#[test]
fn authentication_order_stickiness_and_groups_of_others_stay() {
    let scene = furnished();
    let ours = [scene.shop.stable_group.as_str(), &scene.shop.canary_group];
    let before = scene.rule();
    let seen = RefCell::new(Vec::new());
    let watch = async {
        for thousandths in [50, 100, 250, 500, 1] {
            scene.until_weight(thousandths).await;
            seen.borrow_mut().push(scene.rule());
        }
    };
    let outcome = scene.roll_out_while(&five_steps(), "web:2", watch);
    assert_eq!(outcome, Outcome::Promoted);
    let expected = without_weights(before.clone(), &ours);
    for rule in seen.into_inner() {
        assert_eq!(without_weights(rule, &ours), expected);
    }
    let after = scene.rule();
    assert_eq!(without_weights(after, &[]), without_weights(before, &[]));
    scene.nobody_was_let_down();
}

/// The secret itself is never read back: without a word for it the next write would be refused or lose it.
#[test]
fn a_client_secret_that_is_not_told_is_kept() {
    let scene = furnished();
    let watch = async { scene.until_weight(50).await };
    scene.roll_out_while(&five_steps(), "web:2", watch);
    let rule = scene.rule();
    let oidc = &rule["Actions"][0]["AuthenticateOidcConfig"];
    assert_eq!(oidc["UseExistingClientSecret"], "true", "{oidc}");
}

#[test]
fn suspended_stickiness_comes_back() {
    let scene = furnished();
    let sticky = |scene: &Scene| {
        let rule = scene.rule();
        rule["Actions"][1]["ForwardConfig"]["TargetGroupStickinessConfig"].clone()
    };
    let before = sticky(&scene);
    let meanwhile = RefCell::new(Value::Null);
    let watch = async {
        scene.until_weight(250).await;
        *meanwhile.borrow_mut() = sticky(&scene);
    };
    let canary: Canary = five_steps().suspend_stickiness();
    let outcome = scene.roll_out_while(&canary, "web:2", watch);
    assert_eq!(outcome, Outcome::Promoted);
    assert_eq!(meanwhile.borrow()["Enabled"], false);
    assert_eq!(sticky(&scene), before);
    scene.nobody_was_let_down();
}
