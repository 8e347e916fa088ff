//! Lifecycle hooks.

use aws_sdk_ecs::types::{
    DeploymentConfiguration, DeploymentLifecycleHook, DeploymentLifecycleHookAction,
    DeploymentLifecycleHookDetail, DeploymentLifecycleHookStage, DeploymentLifecycleHookTargetType,
    DeploymentLifecycleHookTimeoutConfiguration,
};
use serde_json::{Value, json};
use test_support::ecs::{DescribedHooks, Rule, Settings, Shop, Verdict};

use crate::scene::Scene;

const INVALID: &str = "InvalidParameterException";

fn canary(hooks: Value) -> Value {
    json!({ "strategy": "CANARY", "lifecycleHooks": hooks,
        "canaryConfiguration": { "canaryPercent": 10.0, "canaryBakeTimeInMinutes": 1 } })
}

fn pause(minutes: u32, action: &str) -> Value {
    json!({ "targetType": "PAUSE", "lifecycleStages": ["PRE_PRODUCTION_TRAFFIC_SHIFT"],
        "timeoutConfiguration": { "timeoutInMinutes": minutes, "action": action } })
}

fn function(name: &str) -> Value {
    json!({ "targetType": "AWS_LAMBDA", "lifecycleStages": ["PRE_PRODUCTION_TRAFFIC_SHIFT"],
        "hookTargetArn": name, "roleArn": "arn:aws:iam::123456789012:role/hooks" })
}

impl Scene {
    fn open_hooks(&self, arn: &str) -> Vec<DeploymentLifecycleHookDetail> {
        let one = self.service_deployment(arn);
        let hooks = one.lifecycle_hook_details().iter();
        hooks
            .filter(|hook| hook.status().unwrap().as_str() == "AWAITING_ACTION")
            .cloned()
            .collect()
    }

    fn stage_and_status(&self, arn: &str) -> (String, String) {
        let one = self.service_deployment(arn);
        let stage = one.lifecycle_stage().unwrap().as_str().to_owned();
        (stage, one.status().unwrap().as_str().to_owned())
    }

    fn resume(&self, arn: &str, id: &str, action: DeploymentLifecycleHookAction) {
        let call = self
            .ecs
            .continue_service_deployment()
            .service_deployment_arn(arn);
        self.ok(call.hook_id(id).action(action).send());
    }
}

#[test]
fn a_pause_holds_every_step_each_time_with_another_id() {
    let scene = Scene::new();
    scene.native(canary(json!([pause(1440, "ROLLBACK")])));
    let arn = scene.begin("web:2");
    scene.wait(600);
    // A stage that the SDK's enum of stages does not know.
    assert_eq!(
        scene.stage_and_status(&arn).0,
        "PRE_PRODUCTION_TRAFFIC_SHIFT"
    );
    assert_eq!(scene.shares(), [("web-stable".to_owned(), 100)]);
    scene.notices(Rule::HooksHoldTheStage);
    let first = scene.open_hooks(&arn)[0].hook_id().unwrap().to_owned();
    let again = |id: &str| {
        let call = scene
            .ecs
            .continue_service_deployment()
            .service_deployment_arn(&arn);
        call.hook_id(id).send()
    };
    scene.refuses(Rule::OpenHook, INVALID, again("none"));
    scene.resume(&arn, &first, DeploymentLifecycleHookAction::Continue);
    scene.refuses(Rule::OpenHook, INVALID, again(&first));
    scene.wait(600);
    assert_eq!(
        scene.shares(),
        [("web-canary".to_owned(), 10), ("web-stable".to_owned(), 90)]
    );
    let second = scene.open_hooks(&arn)[0].hook_id().unwrap().to_owned();
    assert_ne!(first, second);
    scene.notices(Rule::FreshHooksAtEachStep);
    scene.resume(&arn, &second, DeploymentLifecycleHookAction::Continue);
    scene.wait(600);
    assert_eq!(scene.stage_and_status(&arn).1, "SUCCESSFUL");
}

#[test]
fn hooks_are_described_at_their_stage_only_or_for_ever() {
    for (described_hooks, more) in [(DescribedHooks::OfTheStage, 0), (DescribedHooks::All, 1)] {
        let scene = Scene::with(Settings {
            described_hooks,
            ..Settings::default()
        });
        scene.native(canary(json!([
            pause(1440, "ROLLBACK"),
            { "targetType": "PAUSE", "lifecycleStages": ["POST_SCALE_UP"] }
        ])));
        // The first deployment rolls, and waits too.
        let service = scene.service("api");
        let rolling = service.current_service_deployment().unwrap();
        let id = scene.open_hooks(rolling)[0].hook_id().unwrap().to_owned();
        scene.resume(rolling, &id, DeploymentLifecycleHookAction::Continue);
        let arn = scene.begin("web:2");
        let hooks = || {
            let one = scene.service_deployment(&arn);
            one.lifecycle_hook_details.unwrap_or_default()
        };
        let open = || scene.open_hooks(&arn)[0].hook_id().unwrap().to_owned();
        assert_eq!(hooks(), []);
        scene.wait_until(|| !scene.open_hooks(&arn).is_empty());
        assert_eq!(hooks().len(), 1);
        let first = open();
        // As in the developer guide: a prefix and 43 letters of URL-safe base 64.
        let letters = first.strip_prefix("ecs-pause-").unwrap();
        let is_letter = |one: char| one.is_ascii_alphanumeric() || "-_".contains(one);
        assert!(
            letters.len() == 43 && letters.chars().all(is_letter),
            "{first}"
        );
        scene.resume(&arn, &first, DeploymentLifecycleHookAction::Continue);
        assert_eq!(scene.stage(&arn), "PRE_PRODUCTION_TRAFFIC_SHIFT");
        assert_eq!(hooks().len(), 1 + more);
        scene.resume(&arn, &open(), DeploymentLifecycleHookAction::Continue);
        scene.wait_until(|| !scene.open_hooks(&arn).is_empty());
        assert_eq!(hooks().len(), 1 + 2 * more);
        scene.resume(&arn, &open(), DeploymentLifecycleHookAction::Rollback);
        assert_eq!(hooks().len(), 3 * more);
        scene.notices(Rule::ActiveHooks);
    }
}

#[test]
fn any_hook_that_says_rollback_rolls_back() {
    let scene = Scene::new();
    scene.native(canary(json!([
        pause(1440, "CONTINUE"),
        pause(1440, "CONTINUE")
    ])));
    let arn = scene.begin("web:2");
    scene.wait(600);
    let hooks = scene.open_hooks(&arn);
    let id = |index: usize| hooks[index].hook_id().unwrap();
    scene.resume(&arn, id(0), DeploymentLifecycleHookAction::Continue);
    assert_eq!(scene.stage_and_status(&arn).1, "IN_PROGRESS");
    scene.resume(&arn, id(1), DeploymentLifecycleHookAction::Rollback);
    scene.notices(Rule::AnyRollbackWins);
    scene.wait(60);
    assert_eq!(scene.stage_and_status(&arn).1, "ROLLBACK_SUCCESSFUL");
    assert_eq!(scene.running("api"), [2]);
}

#[test]
fn a_pause_that_nobody_answers_does_its_timeout_action() {
    for (action, status) in [
        ("ROLLBACK", "ROLLBACK_SUCCESSFUL"),
        ("CONTINUE", "IN_PROGRESS"),
    ] {
        let scene = Scene::new();
        scene.native(canary(json!([pause(30, action)])));
        let arn = scene.begin("web:2");
        scene.wait(60);
        let hook = &scene.open_hooks(&arn)[0];
        assert_eq!(hook.timeout_action().unwrap().as_str(), action);
        let left = hook.expires_at().unwrap().secs()
            - i64::try_from(scene.clock.now().as_millis() / 1000).unwrap();
        assert!((1700..=1800).contains(&left), "{left}");
        scene.wait(1700);
        assert_eq!(scene.stage_and_status(&arn).1, "IN_PROGRESS");
        assert_eq!(scene.shares(), [("web-stable".to_owned(), 100)]);
        scene.wait(200);
        assert_eq!(scene.stage_and_status(&arn).1, status);
        scene.notices(Rule::HookTimesOut);
    }
}

#[test]
fn a_pause_without_a_timeout_waits_a_day_and_rolls_back() {
    let scene = Scene::new();
    let stage = "PRE_PRODUCTION_TRAFFIC_SHIFT";
    let hooks = json!([{ "targetType": "PAUSE", "lifecycleStages": [stage] }]);
    scene.native(canary(hooks));
    let arn = scene.begin("web:2");
    scene.wait_until(|| !scene.open_hooks(&arn).is_empty());
    let hook = &scene.open_hooks(&arn)[0];
    assert_eq!(hook.timeout_action().unwrap().as_str(), "ROLLBACK");
    scene.wait(24 * 3600 - 1);
    assert_eq!(scene.status(&arn), "IN_PROGRESS");
    scene.wait(60);
    assert_eq!(scene.status(&arn), "ROLLBACK_SUCCESSFUL");
    scene.notices(Rule::HookTimesOut);
}

#[test]
fn a_function_says_go_on_or_back() {
    for (verdict, status) in [
        (Verdict::Succeeded, "SUCCESSFUL"),
        (Verdict::Failed, "ROLLBACK_SUCCESSFUL"),
        (Verdict::InProgress, "IN_PROGRESS"),
    ] {
        let scene = Scene::new();
        scene.native(canary(json!([function("arn:aws:lambda:check")])));
        scene.fake.set_lambda("arn:aws:lambda:check", verdict);
        let arn = scene.begin("web:2");
        scene.wait(600);
        assert_eq!(scene.stage_and_status(&arn).1, status, "{verdict:?}");
    }
}

#[test]
fn a_rolling_deployment_waits_too() {
    let scene = Scene::new();
    let pause = |stage: &str| json!({ "targetType": "PAUSE", "lifecycleStages": [stage] });
    let hooks = json!([pause("PRE_SCALE_UP"), pause("POST_SCALE_UP")]);
    let rolling = json!({ "strategy": "ROLLING", "lifecycleHooks": hooks });
    scene.shop.create_native_service("api", 2, &rolling);
    let release = |arn: &str, stage: &str, action: DeploymentLifecycleHookAction| {
        scene.wait(300);
        assert_eq!(
            scene.stage_and_status(arn),
            (stage.to_owned(), "IN_PROGRESS".to_owned())
        );
        let open = scene.open_hooks(arn);
        assert_eq!(open.len(), 1);
        scene.resume(arn, open[0].hook_id().unwrap(), action);
    };
    let first = scene
        .service("api")
        .current_service_deployment()
        .unwrap()
        .to_owned();
    assert_eq!(scene.service("api").pending_count(), 0);
    release(
        &first,
        "PRE_SCALE_UP",
        DeploymentLifecycleHookAction::Continue,
    );
    release(
        &first,
        "POST_SCALE_UP",
        DeploymentLifecycleHookAction::Continue,
    );
    assert_eq!(scene.stage_and_status(&first).1, "SUCCESSFUL");
    scene.notices(Rule::HooksWhileRolling);
    let second = scene.begin("web:2");
    release(
        &second,
        "PRE_SCALE_UP",
        DeploymentLifecycleHookAction::Rollback,
    );
    scene.wait(120);
    assert_eq!(scene.stage_and_status(&second).1, "ROLLBACK_SUCCESSFUL");
    assert_eq!(scene.running("api"), [2]);
}

#[test]
fn nobody_waits_for_the_hooks_of_a_deployment_that_was_superseded() {
    let scene = Scene::new();
    scene.native(canary(json!([pause(30, "CONTINUE")])));
    let first = scene.begin("web:2");
    scene.wait(60);
    assert_eq!(scene.open_hooks(&first).len(), 1);
    scene.begin("web:3");
    assert_eq!(scene.open_hooks(&first).len(), 0);
    assert_eq!(scene.stage_and_status(&first).1, "STOPPED");
}

#[test]
fn both_sides_are_kept_through_a_time_without_tasks() {
    let scene = Scene::new();
    scene.native(canary(json!([pause(1440, "ROLLBACK")])));
    let arn = scene.begin("web:2");
    scene.wait(60);
    assert_eq!(scene.running("api"), [2, 2]);
    scene.fake.somebody_scales(Shop::CLUSTER, "api", 0).unwrap();
    scene.wait(60);
    assert_eq!(scene.running("api"), [0, 0]);
    scene.fake.somebody_scales(Shop::CLUSTER, "api", 2).unwrap();
    scene.wait(60);
    assert_eq!(scene.running("api"), [2, 2]);
    let id = scene.open_hooks(&arn)[0].hook_id().unwrap().to_owned();
    scene.resume(&arn, &id, DeploymentLifecycleHookAction::Rollback);
    scene.wait(60);
    assert_eq!(scene.running("api"), [2]);
}

#[test]
fn hooks_are_checked() {
    let scene = Scene::new();
    scene.native(json!({ "strategy": "BLUE_GREEN", "bakeTimeInMinutes": 0 }));
    let update = |hooks: Vec<DeploymentLifecycleHook>| {
        let configuration = DeploymentConfiguration::builder().set_lifecycle_hooks(Some(hooks));
        let call = scene
            .ecs
            .update_service()
            .cluster(Shop::CLUSTER)
            .service("api");
        call.deployment_configuration(configuration.build()).send()
    };
    let pause = |stage: &str| {
        DeploymentLifecycleHook::builder()
            .target_type(DeploymentLifecycleHookTargetType::Pause)
            .lifecycle_stages(DeploymentLifecycleHookStage::from(stage))
    };
    let refuses = |rule: Rule, hooks| scene.refuses(rule, INVALID, update(hooks));
    refuses(Rule::StagesOfHooks, vec![pause("BAKE_TIME").build()]);
    refuses(
        Rule::NoPauseWhileShifting,
        vec![pause("PRODUCTION_TRAFFIC_SHIFT").build()],
    );
    let lambda = pause("PRE_SCALE_UP").target_type(DeploymentLifecycleHookTargetType::AwsLambda);
    refuses(Rule::FunctionOfAHook, vec![lambda.build()]);
    let timeout = DeploymentLifecycleHookTimeoutConfiguration::builder().timeout_in_minutes(20_161);
    let slow = pause("PRE_SCALE_UP").timeout_configuration(timeout.build());
    refuses(Rule::HookTimeoutRange, vec![slow.build()]);
    refuses(Rule::MostHooks, vec![pause("PRE_SCALE_UP").build(); 11]);
}
