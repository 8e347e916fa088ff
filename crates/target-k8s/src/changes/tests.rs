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
    let (bound, router) = (bound(), ServiceSelectorRouter::new("api"));
    let state = router.read_bound(&view.objects, &bound.labels()).unwrap();
    let hands = hands(&bound, &router, &view.objects, &state);
    let fields = Fields::of(&bound, &view.objects, &state.owned);
    fields.with_hands(&hands, &view.objects).wrap().unwrap()
}

fn changes(view: &View, seen: Owned, desired: Desired) -> Result<Vec<Change>, TargetError> {
    changes_of(&bound(), view, seen, desired)
}

fn changes_of(
    bound: &Bound,
    view: &View,
    seen: Owned,
    desired: Desired,
) -> Result<Vec<Change>, TargetError> {
    let situation = Situation {
        bound,
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
fn what_a_release_does_not_name_is_as_stable_runs_it() {
    let template = |slot: &str, tag: u32| {
        json!({
            "metadata": {"labels": {"app": "api", "version": slot}},
            "spec": {"containers": [
                {"name": "api", "image": format!("shop/api:{tag}"), "env": [{"name": "SLOT", "value": slot}]},
                {"name": "worker", "image": format!("shop/worker:{tag}")},
            ]},
        })
    };
    let mut bound = bound();
    for (track, slot, tag) in [(Track::Stable, "blue", 1), (Track::Candidate, "green", 0)] {
        if let crate::binding::TrackStart::Found {
            template: found, ..
        } = &mut bound.tracks.of_mut(track).start
        {
            *found = template(slot, tag);
        }
    }
    let released = |track| {
        let template = bound.template(track, &release("2"), Follow::default(), |_| None);
        template.unwrap().unwrap()
    };
    let mut expected = template("green", 1);
    expected["spec"]["containers"][0]["image"] = json!("shop/api:2");
    assert_eq!(released(Track::Candidate), expected);
    let mut expected = template("blue", 1);
    expected["spec"]["containers"][0]["image"] = json!("shop/api:2");
    assert_eq!(released(Track::Stable), expected);
}

#[test]
fn the_way_home_is_put_back_and_not_written() {
    let mut view = claimed("green");
    let service = view.objects.get_mut(&ObjectRef::service("api")).unwrap();
    service["spec"]["selector"] = json!({"app": "api", "version": "nobody", "more": "yes"});
    let made = changes(&view, seen(&view), start()).unwrap();
    let [Change::Replace(_, content)] = made.as_slice() else {
        panic!("{made:?}");
    };
    assert_eq!(
        content["spec"]["selector"],
        json!({"app": "api", "version": "blue"})
    );
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
fn traffic_goes_home_past_a_workload_that_was_replaced_and_past_no_take_over() {
    let at_green = |service: Option<u64>, blue: Option<u64>| {
        let mut view = claimed("green");
        for (object, epoch) in [
            (ObjectRef::service("api"), service),
            (ObjectRef::deployment("api-blue"), blue),
        ] {
            let content = view.objects.get_mut(&object).unwrap();
            *content = mark::with_claim(content, epoch.map(claim).as_ref());
        }
        view
    };
    let replaced = at_green(Some(1), None);
    let home = changes(&replaced, seen(&replaced), start()).unwrap();
    assert_eq!(written(&home), ["replace service/api"]);
    for (service, what) in [(Some(2), "claimed by api-1/2"), (None, "claimed by nobody")] {
        let taken = at_green(service, Some(1));
        let error = changes(&taken, seen(&taken), start()).unwrap_err();
        assert_eq!(error.kind, TargetErrorKind::Conflict);
        assert!(error.to_string().contains(what), "{error}");
    }
    // Anything else on the way home may be written, but not to the one that is not ours.
    let mut bound = bound();
    bound.uids = [("deployment/api-blue".to_owned(), "once".to_owned())].into();
    let mut desired = start();
    desired.candidate.replicas = Replicas::Count(2);
    let home = changes_of(&bound, &replaced, seen(&replaced), desired).unwrap();
    assert_eq!(
        written(&home),
        ["replace deployment/api-green", "replace service/api"]
    );
    for change in [
        |desired: &mut Desired| desired.stable.replicas = Replicas::Count(2),
        |desired: &mut Desired| desired.traffic = Traffic::weight(Weight::FULL),
    ] {
        let mut desired = start();
        change(&mut desired);
        let error = changes_of(&bound, &replaced, seen(&replaced), desired).unwrap_err();
        assert_eq!(error.kind, TargetErrorKind::Conflict);
        for words in ["deployment/api-blue", "deleted and made again"] {
            assert!(error.to_string().contains(words), "{error}");
        }
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
