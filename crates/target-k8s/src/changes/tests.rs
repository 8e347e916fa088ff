//! Writes that are made, and those that are not.

use strategy_core::target::{Claim, EffectId, Owned};
use strategy_core::{Images, Traffic, Weight};

use super::*;
use crate::config::ServiceSelectorRouter;
use crate::observe::tests::{bound, view};
use crate::view::View;

fn claim(epoch: u64) -> Claim {
    Claim {
        holder: "api-1".parse().unwrap(),
        epoch,
    }
}

fn claimed(live: &str) -> View {
    let mut view = view(live, Vec::new());
    for content in view.objects.values_mut() {
        *content = mark::with_claim(content, Some(&claim(1)));
    }
    view
}

fn release(tag: &str) -> Revision {
    Revision::Release(Images::parse([("api", format!("shop/api:{tag}"))]).unwrap())
}

fn start() -> Desired {
    let track = || DesiredTrack {
        revision: Revision::Recorded,
        replicas: Replicas::Count(1),
    };
    Desired {
        stable: track(),
        candidate: track(),
        traffic: Traffic::default(),
    }
}

fn seen(view: &View) -> Owned {
    let router = ServiceSelectorRouter::new("api");
    let routes = router.read(&view.objects, &bound().labels()).unwrap().owned;
    Fields::of(&bound(), &view.objects, &routes).wrap().unwrap()
}

fn changes(view: &View, seen: Owned, desired: Desired) -> Result<Vec<Change>, TargetError> {
    let bound = bound();
    let situation = Situation {
        bound: &bound,
        objects: &view.objects,
        router: &ServiceSelectorRouter::new("api"),
        follow: Follow::default(),
        replica_sets: &view.replica_sets,
    };
    let mut apply = Apply::new(EffectId(1), claim(1), desired);
    apply.binding = bound.wrap().unwrap();
    apply.seen = seen;
    situation.changes(&apply)
}

fn written(changes: &[Change]) -> Vec<String> {
    let names = changes.iter().map(|change| match change {
        Change::Replace(object, _) => format!("replace {object}"),
        Change::Create(object, _) => format!("create {object}"),
        Change::Delete { object, .. } => format!("delete {object}"),
    });
    names.collect()
}

#[test]
fn only_what_differs_is_written() {
    let view = claimed("blue");
    assert_eq!(changes(&view, seen(&view), start()).unwrap(), []);

    let mut desired = start();
    desired.candidate.revision = release("2");
    desired.candidate.replicas = Replicas::Count(2);
    let made = changes(&view, seen(&view), desired).unwrap();
    assert_eq!(written(&made), ["replace deployment/api-green"]);

    let mut desired = start();
    desired.traffic = Traffic::weight(Weight::FULL);
    let made = changes(&view, seen(&view), desired).unwrap();
    assert_eq!(written(&made), ["replace service/api"]);
}

#[test]
fn a_write_touches_image_count_and_its_own_note_only() {
    let view = claimed("blue");
    let mut desired = start();
    desired.candidate.revision = release("2");
    desired.candidate.replicas = Replicas::Count(2);
    let made = changes(&view, seen(&view), desired).unwrap();
    let [Change::Replace(object, content)] = made.as_slice() else {
        panic!("{made:?}");
    };
    let mut content = content.clone();
    let template = &mut content["spec"]["template"]["spec"]["containers"][0]["image"];
    assert_eq!(template.take(), "shop/api:2");
    *template = json!("shop/api:1");
    content["spec"]["replicas"] = json!(1);
    let annotations = content["metadata"]["annotations"].as_object_mut().unwrap();
    assert!(annotations.remove(mark::WRITTEN).is_some());
    assert_eq!(content, view.objects[object]);
}

#[test]
fn what_is_neither_as_seen_nor_as_desired_is_a_conflict() {
    let view = claimed("blue");
    let before = seen(&view);
    let mut moved = claimed("green");
    let error = changes(&moved, before.clone(), start()).unwrap_err();
    assert_eq!(error.kind, TargetErrorKind::Conflict);
    assert!(error.to_string().contains("traffic"), "{error}");
    // Moved to where it is wanted, it is no conflict, and nothing is written.
    let mut desired = start();
    desired.traffic = Traffic::weight(Weight::FULL);
    assert_eq!(changes(&moved, before, desired).unwrap(), []);
    let blue = moved
        .objects
        .get_mut(&ObjectRef::deployment("api-blue"))
        .unwrap();
    blue["spec"]["replicas"] = json!(7);
    let error = changes(&moved, seen(&view), start()).unwrap_err();
    assert_eq!(error.kind, TargetErrorKind::Conflict);
}

#[test]
fn an_object_under_another_claim_is_a_conflict_also_if_it_is_not_written() {
    for other in [None, Some(claim(2))] {
        let mut view = claimed("blue");
        let blue = view
            .objects
            .get_mut(&ObjectRef::deployment("api-blue"))
            .unwrap();
        *blue = mark::with_claim(blue, other.as_ref());
        let mut desired = start();
        desired.candidate.replicas = Replicas::Count(2);
        let error = changes(&view, seen(&view), desired).unwrap_err();
        assert_eq!(error.kind, TargetErrorKind::Conflict);
        assert!(error.to_string().contains("deployment/api-blue"), "{error}");
    }
}

#[test]
fn what_was_found_is_not_removed_and_containers_must_exist() {
    let view = claimed("blue");
    let mut desired = start();
    desired.candidate = DesiredTrack::absent();
    let error = changes(&view, seen(&view), desired).unwrap_err();
    assert_eq!(error.kind, TargetErrorKind::Unsupported);
    let mut desired = start();
    desired.candidate.revision = Revision::Release(Images::parse([("apy", "shop/api:2")]).unwrap());
    let error = changes(&view, seen(&view), desired).unwrap_err();
    assert_eq!(error.kind, TargetErrorKind::InvalidConfig);
    assert!(
        error
            .to_string()
            .contains("no container `apy`; name one of api"),
        "{error}"
    );
}
