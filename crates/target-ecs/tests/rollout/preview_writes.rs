//! Single writes of preview rules: repeated, lost, disturbed by somebody, and denied.

use serde_json::{Value, json};
use strategy_core::target::{
    Apply, Binding, Claim, Desired, DesiredTrack, EffectId, ForeignField, Observation, TargetError,
    TargetErrorKind,
};
use strategy_core::world::block_on;
use strategy_core::{Images, Replicas, Revision, Route, RouteBy, Target, Traffic};
use target_ecs::EcsTarget;
use test_support::ecs::Fault;

use crate::found_previews::{balancing, header};
use crate::scene::Scene;

/// A claimed target with a healthy candidate.
struct Held {
    scene: Scene,
    target: EcsTarget,
    binding: Binding,
    claim: Claim,
}

impl Held {
    fn new() -> Self {
        let scene = Scene::canary();
        let target = scene.target();
        let found = block_on(&scene.clock, target.discover()).unwrap().unwrap();
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

    fn observed(&self) -> Observation {
        let seen = self.target.observe(&self.binding);
        block_on(&self.scene.clock, seen).unwrap().unwrap()
    }

    fn request(&self, values: &[&str]) -> Apply {
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

    fn write(&mut self, values: &[&str]) -> Result<(), TargetError> {
        self.send(&self.request(values))
    }

    fn send(&mut self, request: &Apply) -> Result<(), TargetError> {
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
