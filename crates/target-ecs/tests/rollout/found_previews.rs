//! What stands in the way of a route is found before anything is written, with what to do about it.

use serde_json::{Value, json};
use strategy_core::driver::Driver;
use strategy_core::strategy::{Canary, CanaryStage};
use strategy_core::target::Severity;
use strategy_core::world::block_on;
use strategy_core::{Release, Strategy, Target};
use test_support::ecs::Service;

use crate::previews::header_first;
use crate::scene::Scene;

/// The findings of a plan: code, whether it blocks, and all of its words.
fn found(scene: &Scene, strategy: &dyn Strategy) -> Vec<(String, bool, String)> {
    let driver = Driver::on(scene.target()).clock(scene.clock.clone());
    let release = Release::of([("web", "web:2")]).unwrap();
    let planned = block_on(&scene.clock, driver.plan(strategy, release));
    let planned = planned.unwrap().unwrap();
    assert!(
        scene.calls().iter().all(|call| !call.is_write()),
        "it wrote"
    );
    let findings = planned.findings.iter();
    let findings = findings.map(|finding| {
        println!("{finding}");
        let blocks = finding.severity == Severity::Blocks;
        (finding.code.clone(), blocks, finding.to_string())
    });
    findings.collect()
}

fn is_found(scene: &Scene, strategy: &dyn Strategy, code: &str, blocks: bool, said: &[&str]) {
    let mut found = found(scene, strategy);
    // The rules of these tests send to the candidate whatever the weight.
    found.retain(|(code, ..)| code != "rule-to-candidate");
    let [(there, is_blocking, words)] = found.as_slice() else {
        panic!("{found:?}");
    };
    assert_eq!((there.as_str(), *is_blocking), (code, blocks));
    for said in said {
        assert!(words.contains(said), "{said:?} is not in {words}");
    }
}

pub(crate) fn balancing(scene: &Scene, operation: &str, input: Value) -> Value {
    scene.ask(Service::LoadBalancing, operation, input)
}

fn create(scene: &Scene, priority: u32, conditions: &Value, tags: &Value) -> String {
    let input = json!({
        "ListenerArn": scene.shop.listener, "Priority": priority, "Conditions": conditions,
        "Actions": [{"Type": "forward", "TargetGroupArn": scene.shop.canary_group}], "Tags": tags,
    });
    let made = balancing(scene, "CreateRule", input);
    made["Rules"][0]["RuleArn"].as_str().unwrap().to_owned()
}

pub(crate) fn header(name: &str, value: &str) -> Value {
    json!({"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": name, "Values": [value]}})
}

fn by_header(name: &str, value: &str) -> Canary {
    Canary::new()
        .stage(CanaryStage::at(0).header_route(name, value))
        .stages([100])
}

#[test]
fn a_shop_in_order_has_no_findings_about_routes() {
    assert_eq!(found(&Scene::canary(), &header_first()), []);
}

#[test]
fn what_an_abandoned_rollout_left_behind_blocks() {
    let scene = Scene::canary();
    let tags = json!([{"Key": "rollway.dev/preview", "Value": "0123456789abcdef/0"}]);
    let arn = create(&scene, 9, &json!([header("x-preview", "yes")]), &tags);
    let said = [
        arn.rsplit('/').next().unwrap(),
        "aws elbv2 delete-rule --rule-arn",
    ];
    for strategy in [header_first(), crate::scene::five_steps()] {
        let found = found(&scene, &strategy);
        let left = found
            .iter()
            .find(|(code, ..)| code == "preview-left")
            .unwrap();
        assert!(
            left.1 && said.iter().all(|said| left.2.contains(said)),
            "{left:?}"
        );
    }
}

#[test]
fn no_free_priority_blocks() {
    let scene = Scene::canary();
    let path = json!([{"Field": "path-pattern", "PathPatternConfig": {"Values": ["/pets"]}}]);
    let arn = create(&scene, 9, &path, &json!([]));
    let id = arn.rsplit('/').next().unwrap();
    let said = [id, "has 9", "aws elbv2 set-rule-priorities"];
    is_found(&scene, &header_first(), "no-free-priority", true, &said);
}

#[test]
fn a_rule_that_takes_the_same_header_first_blocks() {
    let scene = Scene::canary();
    let arn = create(&scene, 5, &json!([header("x-test", "1")]), &json!([]));
    let id = arn.rsplit('/').next().unwrap();
    let taken = by_header("X-Test", "1");
    is_found(
        &scene,
        &taken,
        "preview-shadowed",
        true,
        &[id, "header X-Test=1"],
    );
}

#[test]
fn what_a_rule_cannot_ask_for_blocks() {
    let scene = Scene::canary();
    let wild = by_header("x-preview", "a*");
    is_found(&scene, &wild, "route-not-possible", true, &["a*"]);
    let conditions = json!([
        {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/a", "/b"]}},
    ]);
    let input = json!({"RuleArn": scene.shop.rule, "Conditions": conditions});
    balancing(&scene, "ModifyRule", input);
    let cookie = Canary::new().cookie_route("canary", "1").stages([10, 100]);
    let said = ["6 values", "route by a header"];
    is_found(&scene, &cookie, "preview-conditions", true, &said);
    let input = json!({"RuleArn": scene.shop.rule, "Conditions": [header("x-preview", "no")]});
    balancing(&scene, "ModifyRule", input);
    is_found(
        &scene,
        &header_first(),
        "header-taken",
        true,
        &["X-Preview"],
    );
}

#[test]
fn too_many_routes_block() {
    let scene = Scene::canary();
    let many = (0..11).fold(CanaryStage::at(0), |stage, number| {
        stage.header_route(format!("x-{number}"), "yes")
    });
    let many = Canary::new().stage(many).stages([100]);
    is_found(&scene, &many, "too-many-previews", true, &["11 routes"]);
}

#[test]
fn a_secret_that_nobody_can_read_blocks() {
    let scene = Scene::canary();
    let actions = json!([
        {"Type": "authenticate-oidc", "Order": 1, "AuthenticateOidcConfig": {
            "Issuer": "https://id.example", "ClientId": "shop", "ClientSecret": "hush",
            "AuthorizationEndpoint": "https://id.example/a", "TokenEndpoint": "https://id.example/t",
            "UserInfoEndpoint": "https://id.example/u",
        }},
        {"Type": "forward", "Order": 2, "TargetGroupArn": scene.shop.stable_group},
    ]);
    let input = json!({"RuleArn": scene.shop.rule, "Actions": actions});
    balancing(&scene, "ModifyRule", input);
    is_found(
        &scene,
        &header_first(),
        "preview-needs-secret",
        true,
        &["client secret"],
    );
}

#[test]
fn a_load_balancer_with_a_hundred_rules_warns() {
    let scene = Scene::canary();
    for priority in 100..199 {
        let path = json!([{"Field": "path-pattern", "PathPatternConfig": {"Values": ["/p"]}}]);
        create(&scene, priority, &path, &json!([]));
    }
    let said = ["loadbalancer/app/shop/", "has 100 rules"];
    is_found(&scene, &header_first(), "too-many-rules", false, &said);
}

/// Without the right to make rules there is no such route, and nothing is asked about it.
#[test]
fn who_may_make_no_rules_routes_nothing() {
    let scene = Scene::canary();
    let (ecs, balancers) = (scene.fake.ecs_client(), scene.fake.elb_client());
    let strategy_core::target::Capabilities { header_routes, .. } = {
        let config = scene.config_without_previews();
        let scaling = scene.fake.autoscaling_client();
        let target = target_ecs::EcsTarget::new(&ecs, &balancers, &scaling, config);
        block_on(&scene.clock, target.discover())
            .unwrap()
            .unwrap()
            .capabilities
    };
    assert!(!header_routes);
}
