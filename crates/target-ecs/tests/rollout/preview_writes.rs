//! Single writes of preview rules: repeated, lost, disturbed by somebody, and denied.

use serde_json::{Value, json};
use strategy_core::strategy::{Canary, CanaryStage};
use strategy_core::target::{
    Apply, Binding, Claim, Desired, DesiredTrack, EffectId, Effective, ForeignField, Found,
    Observation, TargetError, TargetErrorKind,
};
use strategy_core::world::block_on;
use strategy_core::{
    Images, Part, Release, Replicas, Revision, Route, RouteBy, Strategy, Target, Traffic, Weight,
};
use target_ecs::EcsTarget;
use test_support::ecs::Fault;

use crate::found_previews::{balancing, header};
use crate::scene::{Scene, five_steps};

/// A claimed target with a healthy candidate.
pub(crate) struct Held {
    pub(crate) scene: Scene,
    target: EcsTarget,
    pub(crate) binding: Binding,
    claim: Claim,
}

impl Held {
    pub(crate) fn new() -> Self {
        Self::of_plan(&five_steps())
    }

    /// The binding knows the plan that this makes.
    fn of_plan(strategy: &dyn Strategy) -> Self {
        let scene = Scene::canary();
        let target = scene.target();
        let mut found = block_on(&scene.clock, target.discover()).unwrap().unwrap();
        let release = Release::of([("web", "web:2")]).unwrap();
        let plan = strategy.plan(&release, &Found::main(found.clone()));
        let (part, plan) = (Part::main(), plan.unwrap());
        let admitted = target.admit(&part, &found, &plan);
        found.binding = block_on(&scene.clock, admitted).unwrap().unwrap().binding;
        let claim = Claim {
            holder: "hand".parse().unwrap(),
            epoch: 1,
        };
        let taken = target.claim(&found.binding, None, Some(&claim));
        block_on(&scene.clock, taken).unwrap().unwrap();
        let mut held = Self {
            scene,
            target,
            binding: found.binding,
            claim,
        };
        held.write(&[]).unwrap();
        held.scene.wait(120);
        held
    }

    pub(crate) fn observed(&self) -> Observation {
        let seen = self.target.observe(&self.binding);
        block_on(&self.scene.clock, seen).unwrap().unwrap()
    }

    pub(crate) fn request(&self, values: &[&str]) -> Apply {
        let release = Images::parse([("web", "web:2")]).unwrap();
        let mut traffic = Traffic::default();
        traffic.routes = values
            .iter()
            .map(|value| Route {
                by: RouteBy::Header,
                name: "x-preview".to_owned(),
                value: (*value).to_owned(),
            })
            .collect();
        let desired = Desired {
            stable: DesiredTrack {
                revision: Revision::Recorded,
                replicas: Replicas::Count(4),
            },
            candidate: DesiredTrack {
                revision: Revision::Release(release),
                replicas: Replicas::Count(1),
            },
            traffic,
        };
        let id = EffectId(self.scene.fake.next_index() as u64);
        let mut request = Apply::new(id, self.claim.clone(), desired);
        request.binding = self.binding.clone();
        request.seen = self.observed().owned;
        request
    }

    pub(crate) fn write(&mut self, values: &[&str]) -> Result<(), TargetError> {
        self.send(&self.request(values))
    }

    pub(crate) fn send(&mut self, request: &Apply) -> Result<(), TargetError> {
        let applied = block_on(&self.scene.clock, self.target.apply(request)).unwrap()?;
        if let Some(binding) = applied.binding {
            self.binding = binding;
        }
        Ok(())
    }

    fn count(&self, operation: &str) -> usize {
        let calls = self.scene.calls().into_iter();
        calls.filter(|call| call.operation == operation).count()
    }
}

/// Another value is another condition of the same rule.
#[test]
fn a_route_that_changes_is_one_call() {
    let mut held = Held::new();
    held.write(&["yes"]).unwrap();
    held.write(&["no"]).unwrap();
    let seen = held.observed();
    assert_eq!(seen.traffic.written.to_string(), "0% + header x-preview=no");
    assert_eq!(seen.foreign, []);
    assert_eq!((held.count("CreateRule"), held.count("ModifyRule")), (1, 1));
    held.write(&["no"]).unwrap();
    assert_eq!(held.count("ModifyRule"), 1, "it is there");
    held.write(&[]).unwrap();
    assert_eq!(held.scene.previews(), [Value::Null; 0]);
    assert_eq!(held.observed().foreign, []);
}

/// The rule is found again by its tag, and the same write makes no second one.
#[test]
fn a_rule_whose_answer_was_lost_is_found_again() {
    for fault in [Fault::ResetAfter, Fault::TimeoutAfter] {
        let mut held = Held::new();
        let request = held.request(&["yes"]);
        held.scene.fake.fault_next("CreateRule", 1, fault);
        let error = held.send(&request).unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("elasticloadbalancing:CreateRule listener/app/shop/")
        );
        held.send(&request).unwrap();
        assert_eq!(held.scene.previews().len(), 1);
        assert_eq!(held.count("CreateRule"), 1);
        assert_eq!(held.observed().foreign, []);
    }
}

#[test]
fn what_somebody_does_to_it_is_told_and_not_overwritten() {
    let hands: [fn(&Scene, &str); 4] = [
        |scene, arn| {
            balancing(scene, "DeleteRule", json!({"RuleArn": arn}));
        },
        |scene, arn| {
            let input = json!({"RuleArn": arn, "Conditions": [header("x-preview", "theirs")]});
            balancing(scene, "ModifyRule", input);
        },
        |scene, arn| {
            let to = json!([{"Type": "forward", "TargetGroupArn": scene.shop.stable_group}]);
            balancing(scene, "ModifyRule", json!({"RuleArn": arn, "Actions": to}));
        },
        |scene, arn| {
            let pairs = json!([{"RuleArn": arn, "Priority": 11}]);
            balancing(scene, "SetRulePriorities", json!({"RulePriorities": pairs}));
        },
    ];
    for (number, hand) in hands.into_iter().enumerate() {
        let mut held = Held::new();
        held.write(&["yes"]).unwrap();
        let mut request = held.request(&[]);
        let arn = held.scene.previews()[0]["RuleArn"]
            .as_str()
            .unwrap()
            .to_owned();
        hand(&held.scene, &arn);
        let foreign = held.observed().foreign;
        println!("{foreign:?}");
        let traffic = foreign
            .iter()
            .find(|of| of.field == ForeignField::Traffic)
            .unwrap();
        assert!(
            traffic.message.contains("preview rule"),
            "{number}: {traffic:?}"
        );
        if number > 0 {
            let error = held.send(&request).unwrap_err();
            assert_eq!(error.kind, TargetErrorKind::Conflict, "{number}: {error}");
        }
        // Whoever has seen it may take it away.
        request.seen = held.observed().owned;
        held.send(&request).unwrap();
        assert_eq!(held.scene.previews(), [Value::Null; 0]);
    }
}

#[test]
fn what_may_not_be_called_is_named_with_its_action_and_resource() {
    for (action, resource, values) in [
        (
            "elasticloadbalancing:CreateRule",
            "listener/app/shop/",
            ["yes", ""],
        ),
        (
            "elasticloadbalancing:AddTags",
            "listener/app/shop/",
            ["yes", ""],
        ),
        (
            "elasticloadbalancing:DescribeTags",
            "listener-rule/app/shop/",
            ["yes", ""],
        ),
        (
            "elasticloadbalancing:ModifyRule",
            "listener-rule/app/shop/",
            ["yes", "no"],
        ),
        (
            "elasticloadbalancing:DeleteRule",
            "listener-rule/app/shop/",
            ["yes", "-"],
        ),
    ] {
        let mut held = Held::new();
        let [first, then] = values;
        if !then.is_empty() {
            held.write(&[first]).unwrap();
        }
        let request = match then {
            "" => held.request(&[first]),
            "-" => held.request(&[]),
            other => held.request(&[other]),
        };
        held.scene.fake.deny(action);
        let error = held.send(&request).unwrap_err();
        assert_eq!(error.kind, TargetErrorKind::PermissionDenied, "{error}");
        let text = error.to_string();
        // Tagging is part of the creation.
        let called = action.replace("AddTags", "CreateRule");
        assert!(text.starts_with(&format!("{called} {resource}")), "{text}");
        assert!(text.contains(action), "{text}");
    }
}

/// Whoever may look at the release is somebody's decision: it is told, and not overwritten unseen.
#[test]
fn who_may_see_a_preview_is_not_overwritten_unseen() {
    let mut held = Held::new();
    let forward = held.scene.rule()["Actions"][0].clone();
    let mut forward = forward;
    forward["Order"] = json!(7);
    let actions = json!([
        { "Type": "authenticate-cognito", "Order": 1, "AuthenticateCognitoConfig": {
            "UserPoolArn": "arn:aws:cognito-idp:eu-west-1:123456789012:userpool/shop",
            "UserPoolClientId": "shop", "UserPoolDomain": "shop", "SessionTimeout": 300,
        } },
        forward,
    ]);
    let input = json!({"RuleArn": held.scene.shop.rule, "Actions": actions});
    balancing(&held.scene, "ModifyRule", input);
    held.write(&["yes"]).unwrap();
    assert_eq!(held.observed().foreign, []);
    let decided = held.request(&["yes"]);
    let preview = held.scene.previews()[0].clone();
    let mut theirs = preview["Actions"].clone();
    theirs[0]["AuthenticateCognitoConfig"]["UserPoolClientId"] = json!("staff-only");
    let input = json!({"RuleArn": preview["RuleArn"], "Actions": theirs});
    balancing(&held.scene, "ModifyRule", input);
    let fields = held.observed().foreign.into_iter().map(|of| of.field);
    assert_eq!(fields.collect::<Vec<_>>(), [ForeignField::Traffic]);
    let error = held.send(&decided).unwrap_err();
    assert_eq!(error.kind, TargetErrorKind::Conflict, "{error}");
    let now = held.scene.previews()[0].clone();
    let client = &now["Actions"][0]["AuthenticateCognitoConfig"]["UserPoolClientId"];
    assert_eq!(client, "staff-only");
    // Whoever has seen it may put it back, which is one call.
    held.write(&["yes"]).unwrap();
    assert_eq!(held.observed().foreign, []);
    assert_eq!(held.scene.previews()[0]["Actions"], preview["Actions"]);
}

/// Somebody copies a preview rule with its tags: one of the two goes with the next write.
#[test]
fn of_two_rules_in_one_place_one_stays() {
    let mut held = Held::new();
    held.write(&["yes"]).unwrap();
    let arn = held.scene.previews()[0]["RuleArn"].clone();
    let ours: u32 = held.scene.previews()[0]["Priority"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    let before = ours - 1;
    let tags = balancing(&held.scene, "DescribeTags", json!({"ResourceArns": [arn]}));
    let input = json!({
        "ListenerArn": held.scene.shop.listener, "Priority": before,
        "Conditions": [header("x-preview", "yes")], "Actions": held.scene.previews()[0]["Actions"],
        "Tags": tags["TagDescriptions"][0]["Tags"],
    });
    balancing(&held.scene, "CreateRule", input);
    assert_eq!(held.scene.previews().len(), 2);
    assert_ne!(held.observed().foreign, []);
    held.write(&["yes"]).unwrap();
    let left = held.scene.previews();
    assert_eq!(left.len(), 1);
    assert_ne!(
        left[0]["RuleArn"], arn,
        "the one whose turn comes first stays"
    );
    assert_eq!(held.observed().foreign, []);
}

/// What is there of a first step, its weight without the preview rule, is told as that step: nothing is to be taken for
/// home that is not.
#[test]
fn half_of_a_first_step_is_not_told_as_the_start() {
    let stage = CanaryStage::at(10).header_route("x-preview", "yes");
    let mut held = Held::of_plan(&Canary::new().stage(stage).stages([100]));
    let mut request = held.request(&["yes"]);
    request.desired.traffic.weight = Weight::from_basis_points(1000).unwrap();
    held.scene
        .fake
        .fault_next("CreateRule", 1, Fault::Throttled);
    held.send(&request).unwrap_err();
    assert_eq!(held.scene.weights(), (900, 100));
    assert_eq!(held.scene.previews(), [Value::Null; 0]);
    let seen = held.observed();
    let written = seen.traffic.written.to_string();
    assert_eq!(written, "10% + header x-preview=yes");
    assert_eq!(seen.traffic.effective, Effective::Partial);
    assert_eq!(seen.foreign, []);
    held.send(&request).unwrap();
    assert_eq!(held.observed().traffic.effective, Effective::Unverified);
}
