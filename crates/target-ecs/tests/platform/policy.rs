//! The policy of each mode allows what its rollouts call and nothing else, and what it lacks is named.

use std::collections::BTreeSet;

use serde_json::json;
use strategy_core::driver::Driver;
use strategy_core::rollout::Outcome;
use strategy_core::world::block_on;
use strategy_core::{Release, Strategy, Target};
use target_ecs::EcsTarget;
use test_support::ecs::{Image, Settings};

use crate::found_alarms::watched;
use crate::gated_promoted::canary;
use crate::scene::{Scene, roll};

fn allowed(scene: &Scene) -> BTreeSet<String> {
    let policy = EcsTarget::permissions(&scene.config()).unwrap();
    let actions = policy.statement.iter().flat_map(|of| of.action.iter());
    actions.map(|action| (*action).to_owned()).collect()
}

/// One rollout that ends well and one that is taken back use every action, and no other.
fn is_the_least(open: impl Fn() -> Scene, strategy: &dyn Strategy) {
    let mut used = BTreeSet::new();
    let good = open();
    assert_eq!(good.roll_out(strategy, "web:2"), Outcome::Promoted);
    let bad = open();
    bad.fake.set_image("web:bad", Image::exits_at_start(3));
    let outcome = bad.roll_out(strategy, "web:bad");
    assert!(matches!(outcome, Outcome::RolledBack { .. }), "{outcome}");
    for scene in [&good, &bad] {
        for call in scene.calls() {
            for action in call.actions {
                assert!(allowed(scene).contains(&action), "{action} is not allowed");
                used.insert(action);
            }
        }
    }
    // No call of ours: ECS asks for it when a task definition or a hook names a role.
    used.insert("iam:PassRole".to_owned());
    assert_eq!(used, allowed(&good));
}

fn unbroken() -> Scene {
    watched(Scene::with(Settings::default(), &json!({})))
}

fn gated() -> Scene {
    watched(Scene::gated())
}

#[test]
fn the_policy_of_each_mode_is_the_least() {
    is_the_least(unbroken, &roll());
    is_the_least(gated, &canary([10, 100]));
}

/// Whatever is denied, the call that needs it says so with action and resource, and nothing is taken for done.
#[test]
fn with_one_action_removed_the_error_names_it_and_its_resource() {
    type Opened = (fn() -> Scene, Box<dyn Strategy>);
    let modes: [Opened; 2] = [
        (unbroken, Box::new(roll())),
        (gated, Box::new(canary([10, 100]))),
    ];
    for (open, strategy) in modes {
        for action in allowed(&open()) {
            if action == "iam:PassRole" {
                continue;
            }
            let scene = open();
            scene.fake.deny(&action);
            // What takes a release back is only called on the way home.
            let is_for_the_way_home = action == "ecs:StopServiceDeployment";
            let image = if is_for_the_way_home {
                "web:bad"
            } else {
                "web:2"
            };
            scene.fake.set_image("web:bad", Image::exits_at_start(3));
            let driver = Driver::on(scene.target()).clock(scene.clock.clone());
            let release = Release::of([("web", image)]).unwrap();
            let started = block_on(&scene.clock, driver.start(strategy.as_ref(), release)).unwrap();
            let told = match started {
                Err(error) => format!("{error:?} {error}"),
                Ok((handle, run)) => {
                    let whole = async {
                        let end = scene
                            .clock
                            .sleep_until(scene.clock.now() + std::time::Duration::from_secs(1800));
                        let run = Box::pin(run);
                        futures::future::select(run, Box::pin(end)).await;
                    };
                    block_on(&scene.clock, whole).unwrap();
                    format!("{:?}", handle.status())
                }
            };
            let denied = scene.calls().into_iter();
            let mut denied = denied.filter(|call| call.actions.contains(&action));
            assert!(denied.next().is_some(), "{action} is never needed");
            // What is left behind is told in words: it is all that is missing.
            let is_left = action == "ecs:UntagResource" && told.contains("could not be given back");
            assert!(is_left || told.contains(&action), "{action}: {told}");
            // Without it the way home waits for a person.
            assert_eq!(scene.image() == "web:bad", is_for_the_way_home, "{action}");
        }
    }
    let scene = Scene::gated();
    scene.fake.deny("ecs:DescribeServices");
    let error = block_on(&scene.clock, scene.target().discover()).unwrap();
    let text = error.unwrap_err().to_string();
    assert!(
        text.starts_with("ecs:DescribeServices service/shop/web"),
        "{text}"
    );
}
