//! Other hands on a service that rolls: what is seen, what is put back, and what is refused.

use std::time::Duration;

use futures::future::join;
use serde_json::json;
use strategy_core::rollout::Outcome;
use strategy_core::target::{Certainty, ForeignField, PlatformState, TargetErrorKind};
use strategy_core::world::block_on;
use strategy_core::{Replicas, Revision, Strategy, Target, Weight};
use test_support::ecs::{Image, Service};

use crate::gated_promoted::canary;
use crate::hand::Hand;
use crate::left_out::without;
use crate::scene::{Scene, roll};

#[test]
fn somebodys_count_is_seen_and_put_back() {
    let scene = Scene::rolling();
    let person = async {
        scene.until_called("UpdateService", 1).await;
        scene.after(20).await;
        scene.fake.somebody_scales("shop", "web", 6).unwrap();
    };
    let outcome = scene.roll_out_while(&roll(), "web:2", person);
    assert_eq!(outcome, Outcome::Promoted);
    assert_eq!(scene.service()["desiredCount"], 4);
    assert_eq!(scene.called("UpdateService"), 2);
    scene.nothing_is_left();
}

/// Decided on what was there before somebody began a deployment of the same task definition: not passed over.
#[test]
fn a_write_that_was_decided_before_somebodys_deployment_is_a_conflict() {
    let mut hand = Hand::new(Scene::rolling());
    let prepared = hand.request(hand.release(4), 1);
    hand.scene.update(json!({"forceNewDeployment": true}));
    let error = hand.write(&prepared).unwrap_err();
    assert_eq!(error.kind, TargetErrorKind::Conflict, "{error}");
    assert!(error.to_string().contains("was begun since it was seen"));
    assert_eq!(hand.scene.image(), "web:1");
    let seen = hand.observed();
    assert_eq!(seen.foreign.len(), 1, "{:?}", seen.foreign);
    assert_eq!(seen.foreign[0].field, ForeignField::Revision);
    assert_eq!(seen.platform, None);
    // Whoever has seen it may go on.
    hand.apply(hand.release(4), 2).unwrap();
    hand.scene.wait(600);
    let seen = hand.observed();
    assert_eq!(seen.platform.unwrap().state, PlatformState::Won);
    assert_eq!(seen.foreign, []);
}

#[test]
fn a_write_that_was_decided_before_somebodys_revision_or_count_is_a_conflict() {
    type Hands = fn(&Scene);
    let hands: [(Hands, &str); 2] = [
        (
            |scene| {
                let arn = scene.shop.register("web:theirs");
                scene.fake.somebody_deploys("shop", "web", &arn).unwrap();
            },
            "its task definition",
        ),
        (
            |scene| scene.fake.somebody_scales("shop", "web", 7).unwrap(),
            "its count",
        ),
    ];
    for (hands, word) in hands {
        let mut hand = Hand::new(Scene::rolling());
        let prepared = hand.request(hand.release(4), 1);
        hands(&hand.scene);
        let before = hand.scene.service();
        let error = hand.write(&prepared).unwrap_err();
        assert_eq!(error.kind, TargetErrorKind::Conflict, "{error}");
        assert!(error.to_string().contains(word), "{error}");
        assert_eq!(
            hand.scene.service()["tags"],
            before["tags"],
            "nothing is noted"
        );
        assert_eq!(hand.observed().foreign.len(), 1);
    }
}

/// The circuit breaker took it back between two looks: the write that was decided before does not begin it again.
/// It came after our first look at the service, and before our write.
#[test]
fn a_revision_or_count_of_somebody_between_look_and_write_is_not_overwritten() {
    for deploys in [true, false] {
        let hand = Hand::new(Scene::slow(Duration::from_millis(100)));
        let request = hand.request(hand.release(4), 1);
        let noted = hand.scene.called("TagResource");
        let person = async {
            while hand.scene.called("TagResource") == noted {
                let at = hand.scene.clock.now() + Duration::from_millis(10);
                hand.scene.clock.sleep_until(at).await;
            }
            if deploys {
                let theirs = hand.scene.shop.register("web:theirs");
                hand.scene
                    .fake
                    .somebody_deploys("shop", "web", &theirs)
                    .unwrap();
            } else {
                hand.scene.update(json!({"desiredCount": 7}));
            }
        };
        let both = join(hand.written(&request), person);
        let (applied, ()) = block_on(&hand.scene.clock, both).unwrap();
        let error = applied.unwrap_err();
        assert_eq!(error.kind, TargetErrorKind::Conflict, "{error}");
        assert_eq!(error.certainty, Certainty::NotTaken, "only the note was");
        assert_eq!(hand.scene.called("UpdateService"), 0, "{deploys}");
    }
}

#[test]
fn what_was_rolled_back_in_between_is_not_begun_again() {
    let mut hand = Hand::new(Scene::rolling());
    hand.scene
        .fake
        .set_image("web:bad", Image::exits_at_start(3));
    let request = hand.request(hand.images("web:bad", 4), 1);
    hand.write(&request).unwrap();
    hand.scene.wait(900);
    assert_eq!(hand.scene.image(), "web:1");
    let error = hand.write(&request).unwrap_err();
    assert_eq!(error.kind, TargetErrorKind::Conflict, "{error}");
    assert_eq!(hand.scene.image(), "web:1");
    let seen = hand.observed();
    let PlatformState::RolledBack(why) = seen.platform.unwrap().state else {
        panic!("it is not told");
    };
    assert!(why.contains("Circuit breaker"), "{why}");
    assert_eq!(
        seen.foreign,
        [],
        "the platform tells it, and nobody else did it"
    );
    assert!(seen.candidate.is_absent());
}

/// Whoever takes the note away hides what is ours.
#[test]
fn a_note_that_somebody_changed_is_told() {
    let mut hand = Hand::new(Scene::rolling());
    hand.apply(hand.release(4), 1).unwrap();
    let arn = hand.scene.service()["serviceArn"]
        .as_str()
        .unwrap()
        .to_owned();
    hand.scene
        .fake
        .somebody_tags(&arn, "rollway.dev/written", Some("mine"));
    let seen = hand.observed();
    assert_eq!(seen.foreign.len(), 1);
    assert!(seen.foreign[0].message.contains("rollway.dev/written"));
    let candidate = seen.candidate.written.unwrap();
    assert_eq!(
        candidate.replicas,
        Replicas::Count(4),
        "the binding knows it too"
    );
}

/// One service runs one thing, but for the moment in which it is replaced.
#[test]
fn what_a_rolling_deployment_cannot_do_is_refused() {
    let mut hand = Hand::new(Scene::rolling());
    let before = hand.scene.service();
    let mut half = hand.release(4);
    half.traffic.weight = Weight::HALF;
    let mut both = hand.release(2);
    both.stable.replicas = Replicas::Count(4);
    let mut nothing = hand.release(0);
    nothing.candidate.replicas = Replicas::Count(0);
    let mut floor = hand.release(4);
    floor.candidate.replicas = Replicas::Floor(4);
    let mut stable = hand.home(4);
    stable.stable.revision = hand.release(1).candidate.revision;
    let mut unknown = hand.release(4);
    unknown.candidate.revision = Revision::Named("other:1".to_owned());
    for (index, desired) in (1..).zip([half, both, nothing, floor, stable, unknown]) {
        let error = hand.apply(desired.clone(), index).unwrap_err();
        assert_eq!(
            error.kind,
            TargetErrorKind::Unsupported,
            "{desired}: {error}"
        );
    }
    assert_eq!(hand.scene.service(), before);
}

#[test]
fn a_task_definition_by_its_name_is_deployed() {
    let mut hand = Hand::new(Scene::rolling());
    hand.scene.shop.register("web:7");
    let mut desired = hand.release(4);
    desired.candidate.revision = Revision::Named("web:2".to_owned());
    hand.apply(desired, 1).unwrap();
    assert_eq!(hand.scene.image(), "web:7");
    assert_eq!(hand.scene.called("RegisterTaskDefinition"), 0);
}

/// A service that is told what it runs begins no deployment: it would be waited for in vain.
#[test]
fn a_task_definition_that_was_found_is_no_release() {
    let mut hand = Hand::new(Scene::rolling());
    let before = hand.scene.service();
    let mut desired = hand.release(4);
    desired.candidate.revision = Revision::Named("web:1".to_owned());
    let error = hand.apply(desired, 1).unwrap_err();
    assert_eq!(error.kind, TargetErrorKind::Unsupported, "{error}");
    assert!(error.to_string().contains("is what was found"), "{error}");
    assert_eq!(hand.scene.service(), before);
}

/// Why a task definition could not be read is told as it is, and not as if there were none.
#[test]
fn a_task_definition_whose_answer_is_broken_is_not_told_as_missing() {
    let hand = Hand::new(Scene::rolling());
    hand.scene.shop.register("web:7");
    let mut desired = hand.release(4);
    desired.candidate.revision = Revision::Named("web:2".to_owned());
    let request = hand.request(desired, 1);
    let target = without(
        &hand,
        "DescribeTaskDefinition",
        "taskDefinition",
        "\"web:2\"",
    );
    let applied = target.apply(&request);
    let error = block_on(&hand.scene.clock, applied).unwrap().unwrap_err();
    assert_eq!(error.kind, TargetErrorKind::Unexpected, "{error}");
}

/// Of several parts one may run the release already: a tag that was pointed to something else is pulled anew.
#[test]
fn the_same_images_are_deployed_as_another_task_definition() {
    let mut hand = Hand::new(Scene::rolling());
    hand.apply(hand.images("web:1", 4), 1).unwrap();
    assert_eq!(hand.scene.called("UpdateService"), 1);
    hand.scene.wait(600);
    let seen = hand.observed();
    assert_eq!(seen.platform.unwrap().state, PlatformState::Won);
    assert!(!seen.candidate.written.unwrap().revision.recorded);
    assert!(seen.stable.pods.is_empty());
}

#[test]
fn a_service_that_is_gone_is_an_error() {
    let hand = Hand::new(Scene::rolling());
    let input = json!({"cluster": "shop", "service": "web", "force": true});
    hand.scene.ask(Service::Ecs, "DeleteService", input);
    hand.scene.wait(600);
    let seen = hand.target.observe(&hand.found.binding);
    let error = block_on(&hand.scene.clock, seen).unwrap();
    assert_eq!(error.unwrap_err().kind, TargetErrorKind::NotFound);
}

fn scaled(scene: &Scene) {
    let target = json!({
        "ServiceNamespace": "ecs", "ResourceId": "service/shop/web",
        "ScalableDimension": "ecs:service:DesiredCount", "MinCapacity": 2, "MaxCapacity": 10,
    });
    scene.ask(Service::Autoscaling, "RegisterScalableTarget", target);
}

/// Its count is its own, before, while and after it rolls, and on the way home.
#[test]
fn an_autoscaler_is_left_to_itself() {
    for (image, is_good) in [("web:2", true), ("web:weak", false)] {
        let scene = Scene::rolling();
        scaled(&scene);
        let weak = Image::crashes_after(Duration::from_secs(500));
        scene.fake.set_image("web:weak", weak);
        let scaling = async {
            scene.until_called("UpdateService", 1).await;
            scene.after(10).await;
            scene.fake.autoscaling_wants("shop", "web", 6);
            scene.after(240).await;
            scene.fake.autoscaling_wants("shop", "web", 3);
        };
        let roll = roll().bake_after_last(Duration::from_secs(1200));
        let outcome = scene.roll_out_while(&roll, image, scaling);
        println!("{outcome}");
        assert_eq!(outcome == Outcome::Promoted, is_good, "{outcome}");
        assert_eq!(scene.service()["desiredCount"], 3);
        assert_eq!(scene.image(), if is_good { "web:2" } else { "web:1" });
        scene.nothing_is_left();
    }
}

/// It is told, and the release goes home all the same.
#[test]
fn an_autoscaler_that_is_gone_keeps_no_release_from_going_home() {
    for (scene, strategy) in [
        (Scene::rolling(), Box::new(roll()) as Box<dyn Strategy>),
        (Scene::gated(), Box::new(canary([10, 100]))),
    ] {
        scaled(&scene);
        let when = async {
            scene.until_called("UpdateService", 1).await;
            scene.after(10).await;
            deregister(&scene);
            scene.after(10).await;
        };
        let outcome = scene.roll_out_and_abort(strategy.as_ref(), when);
        assert!(
            matches!(outcome, Some(Outcome::RolledBack { .. })),
            "{outcome:?}"
        );
        scene.wait(120);
        scene.is_home();
    }
}

#[test]
fn an_autoscaler_that_is_gone_is_told_and_can_be_written_and_claimed_without() {
    let scene = Scene::rolling();
    scaled(&scene);
    let mut hand = Hand::new(scene);
    let release = |hand: &Hand| {
        let mut desired = hand.release(4);
        desired.stable.replicas = Replicas::Floor(4);
        desired
    };
    hand.apply(release(&hand), 1).unwrap();
    hand.scene.wait(600);
    let decided_before = hand.request(release(&hand), 2);
    deregister(&hand.scene);
    let seen = hand.observed();
    assert_eq!(seen.candidate.autoscaler, None);
    assert_eq!(seen.foreign.len(), 1, "{:?}", seen.foreign);
    assert_eq!(seen.foreign[0].field, ForeignField::Capacity);
    assert!(seen.foreign[0].message.contains("autoscaler"));
    hand.write(&decided_before).unwrap();
    let next = crate::hand::claim(2);
    let ours = crate::hand::claim(1);
    let target = &hand.target;
    let taken = Target::claim(target, &hand.found.binding, Some(&ours), Some(&next));
    block_on(&hand.scene.clock, taken).unwrap().unwrap();
}

fn deregister(scene: &Scene) {
    let target = json!({
        "ServiceNamespace": "ecs", "ResourceId": "service/shop/web",
        "ScalableDimension": "ecs:service:DesiredCount",
    });
    scene.ask(Service::Autoscaling, "DeregisterScalableTarget", target);
}
