//! What is read from Ingresses, what is written there, and what is put back.

mod findings;

use serde_json::{Value, json};
use strategy_core::target::TargetErrorKind;
use strategy_core::{Route, RouteBy, Stickiness, Traffic, Weight};

use crate::config::IngressRouter;
use crate::object::{ObjectRef, Objects};
use crate::router::fixture::{after, objects, tracks};
use crate::router::{Router, TrackLabels};

const MANIFEST: &str = include_str!("../../../tests/fixtures/ingress.yaml");

fn both() -> IngressRouter {
    let mut router = IngressRouter::new("api", ["api-blue", "api-green"]);
    router.ingresses.push("intern".to_owned());
    router
}

/// Blue is stable.
fn labels() -> TrackLabels {
    tracks(
        &[("app", "api"), ("version", "blue")],
        &[("app", "api"), ("version", "green")],
    )
}

fn swapped() -> TrackLabels {
    let TrackLabels { stable, candidate } = labels();
    TrackLabels {
        stable: candidate,
        candidate: stable,
    }
}

fn all_to(candidate: bool) -> Traffic {
    Traffic::weight(if candidate {
        Weight::FULL
    } else {
        Weight::ZERO
    })
}

fn write(router: &IngressRouter, objects: &Objects, candidate: bool) -> Objects {
    let written = router
        .write(objects, &labels(), &all_to(candidate))
        .unwrap();
    after(objects, written)
}

fn ingress<'a>(objects: &'a mut Objects, name: &str) -> &'a mut Value {
    objects.get_mut(&ObjectRef::ingress(name)).unwrap()
}

fn service<'a>(objects: &'a mut Objects, name: &str) -> &'a mut Value {
    objects.get_mut(&ObjectRef::service(name)).unwrap()
}

/// The name at a place of the Ingress `api`.
fn name_at(objects: &mut Objects, rule: usize, path: usize) -> &mut Value {
    &mut ingress(objects, "api")["spec"]["rules"][rule]["http"]["paths"][path]["backend"]["service"]
        ["name"]
}

#[test]
fn every_backend_that_names_either_service_moves_and_nothing_else_changes() {
    let before = objects(MANIFEST);
    let start = both().read(&before, &labels()).unwrap();
    assert_eq!(start.traffic, all_to(false));
    let moved = write(&both(), &before, true);
    let text = serde_json::to_string(&before[&ObjectRef::ingress("api")]).unwrap();
    // A bucket of that name stays one.
    let expected = text
        .replace("\"name\":\"api-blue\"", "\"name\":\"api-green\"")
        .replace(
            "\"kind\":\"Bucket\",\"name\":\"api-green\"",
            "\"kind\":\"Bucket\",\"name\":\"api-blue\"",
        );
    let mut expected_all = before.clone();
    *ingress(&mut expected_all, "api") = serde_json::from_str(&expected).unwrap();
    let intern = &mut ingress(&mut expected_all, "intern")["spec"]["rules"][0]["http"]["paths"][0];
    intern["backend"]["service"]["name"] = json!("api-green");
    assert_eq!(moved, expected_all);
    assert_eq!(
        both().read(&moved, &labels()).unwrap().traffic,
        all_to(true)
    );
    assert!(
        both()
            .write(&moved, &labels(), &all_to(true))
            .unwrap()
            .is_empty()
    );
    let back = after(&moved, both().restore(&moved, &start.owned).unwrap());
    assert_eq!(back, before);
    assert!(both().restore(&before, &start.owned).unwrap().is_empty());
}

#[test]
fn which_service_is_whose_is_told_by_what_it_selects() {
    let before = objects(MANIFEST);
    let mut router = both();
    router.services.reverse();
    for router in [both(), router] {
        let read = |tracks: &TrackLabels| router.read(&before, tracks).unwrap().traffic;
        assert_eq!(read(&labels()), all_to(false));
        assert_eq!(read(&swapped()), all_to(true));
    }
}

#[test]
fn hosts_that_are_named_move_alone_and_the_others_are_told_of() {
    let before = objects(MANIFEST);
    let router = IngressRouter::new("api", ["api-blue", "api-green"]).host("shop.example.org");
    let moved = write(&router, &before, true);
    let mut expected = before.clone();
    *name_at(&mut expected, 0, 2) = json!("api-green");
    *name_at(&mut expected, 0, 3) = json!("api-green");
    assert_eq!(moved, expected);
    let beside = router.read(&moved, &labels()).unwrap().beside;
    let words: Vec<&str> = beside
        .values()
        .map(|beside| beside.words.as_str())
        .collect();
    let expected = "its default backend names service/api-blue and stays so, before, during and after the rollout";
    assert!(words.contains(&expected), "{words:?}");
    // Two of this Ingress more, and the one that is not named.
    assert_eq!(words.len(), 3 + 1, "{words:?}");

    let rest = IngressRouter::new("api", ["api-blue", "api-green"]).host("*");
    let moved = write(&rest, &before, true);
    let mut expected = before;
    *name_at(&mut expected, 2, 0) = json!("api-green");
    ingress(&mut expected, "api")["spec"]["defaultBackend"]["service"]["name"] = json!("api-green");
    assert_eq!(moved, expected);
}

#[test]
fn a_preview_by_a_host_of_its_own_stays_and_is_no_contradiction() {
    let mut before = objects(MANIFEST);
    let preview = json!({"host": "next.example.org", "http": {"paths": [
        {"path": "/", "pathType": "Prefix", "backend": {"service": {"name": "api-green", "port": {"number": 80}}}},
    ]}});
    let rules = ingress(&mut before, "api")["spec"]["rules"]
        .as_array_mut()
        .unwrap();
    rules.push(preview.clone());
    let error = both().read(&before, &labels()).unwrap_err();
    assert_eq!(error.kind, TargetErrorKind::Ambiguous);
    let router = IngressRouter::new("api", ["api-blue", "api-green"])
        .host("shop.example.org")
        .host("*.shop.example.org")
        .host("*");
    assert_eq!(
        router.read(&before, &labels()).unwrap().traffic,
        all_to(false)
    );
    let moved = write(&router, &before, true);
    assert_eq!(
        moved[&ObjectRef::ingress("api")]["spec"]["rules"][3],
        preview
    );
}

#[test]
fn rules_put_before_ours_meanwhile_are_no_matter() {
    let before = objects(MANIFEST);
    let start = both().read(&before, &labels()).unwrap();
    let mut now = write(&both(), &before, true);
    let added = json!({"host": "new.example.org", "http": {"paths": [
        {"path": "/", "pathType": "Prefix", "backend": {"service": {"name": "new", "port": {"number": 80}}}},
    ]}});
    let insert = |objects: &mut Objects| {
        let rules = ingress(objects, "api")["spec"]["rules"]
            .as_array_mut()
            .unwrap();
        rules.insert(0, added.clone());
    };
    insert(&mut now);
    assert_eq!(both().read(&now, &labels()).unwrap().owned, {
        let moved = write(&both(), &before, true);
        both().read(&moved, &labels()).unwrap().owned
    });
    let restored = after(&now, both().restore(&now, &start.owned).unwrap());
    let mut expected = before;
    insert(&mut expected);
    assert_eq!(restored, expected);
}

#[test]
fn what_a_hand_added_or_turned_away_is_seen_and_comes_home() {
    let before = objects(MANIFEST);
    let start = both().read(&before, &labels()).unwrap();
    let mut now = write(&both(), &before, true);
    // Away to a page that asks for patience, at another port; and one more path.
    let paths = &mut ingress(&mut now, "api")["spec"]["rules"][0]["http"]["paths"];
    paths[3]["backend"]["service"] = json!({"name": "maintenance", "port": {"number": 8080}});
    let more = |name: &str| json!({"path": "/v3", "pathType": "Prefix", "backend": {"service": {"name": name, "port": {"number": 80}}}});
    paths.as_array_mut().unwrap().push(more("api-green"));
    let seen = both().read_bound(&now, &labels()).unwrap();
    assert_ne!(
        seen.owned,
        both()
            .read(&write(&both(), &before, true), &labels())
            .unwrap()
            .owned
    );
    let restored = after(&now, both().restore(&now, &start.owned).unwrap());
    let mut expected = before;
    let paths = &mut ingress(&mut expected, "api")["spec"]["rules"][0]["http"]["paths"];
    paths.as_array_mut().unwrap().push(more("api-blue"));
    assert_eq!(restored, expected);
}

#[test]
fn a_write_that_ended_between_two_ingresses_is_seen_and_goes_on() {
    let before = objects(MANIFEST);
    let mut written = both().write(&before, &labels(), &all_to(true)).unwrap();
    let last = ObjectRef::ingress("intern");
    assert_eq!(written.keys().next_back(), Some(&last));
    written.remove(&last);
    let now = after(&before, written);
    let error = both().read(&now, &labels()).unwrap_err();
    assert_eq!(error.kind, TargetErrorKind::Ambiguous, "{error}");
    let seen = both().read_bound(&now, &labels()).unwrap();
    assert!(seen.is_partial);
    assert_eq!(seen.traffic, all_to(false), "what the last one still says");
    let whole = write(&both(), &now, true);
    assert!(!both().read_bound(&whole, &labels()).unwrap().is_partial);
}

#[test]
fn one_path_that_somebody_took_back_is_heeded() {
    let before = objects(MANIFEST);
    let router = IngressRouter::new("api", ["api-blue", "api-green"]);
    let start = router.read(&before, &labels()).unwrap();
    let mut now = write(&router, &before, true);
    *name_at(&mut now, 0, 2) = json!("api-blue");
    let seen = router.read_bound(&now, &labels()).unwrap();
    assert!(seen.is_partial);
    assert_eq!(seen.traffic, all_to(false));
    let back = after(&now, router.restore(&now, &start.owned).unwrap());
    assert_eq!(back, before);
}

#[test]
fn where_no_service_is_whose_half_is_assumed() {
    let before = objects(MANIFEST);
    let start = both().read(&before, &labels()).unwrap();
    let mut both_slots = before.clone();
    service(&mut both_slots, "api-blue")["spec"]["selector"] = json!({"app": "api"});
    let mut away = before;
    let backend =
        &mut ingress(&mut away, "intern")["spec"]["rules"][0]["http"]["paths"][0]["backend"];
    backend["service"]["name"] = json!("maintenance");
    for (now, word) in [(both_slots, "both workloads"), (away, "maintenance")] {
        assert!(both().read(&now, &labels()).is_err());
        let seen = both().read_bound(&now, &labels()).unwrap();
        assert_eq!(seen.traffic.weight, Weight::of(1, 2));
        let broken = seen.broken.unwrap();
        assert!(broken.contains(word), "{broken}");
        // The way home needs none of it.
        both().restore(&now, &start.owned).unwrap();
    }
}

#[test]
fn what_cannot_be_had_is_refused() {
    let before = objects(MANIFEST);
    let mut sticky = all_to(true);
    sticky.stickiness = Stickiness::Suspended;
    let mut routed = all_to(false);
    routed.routes = vec![Route {
        by: RouteBy::Header,
        name: "x-tester".to_owned(),
        value: "1".to_owned(),
    }];
    let mut mirrored = all_to(false);
    mirrored.mirror = Weight::FULL;
    let part = Traffic::weight(Weight::of(1, 10));
    for (traffic, word) in [
        (
            part,
            "one Service, so 10% cannot be had; ask for 0% or 100%",
        ),
        (routed, "routes"),
        (mirrored, "mirrors"),
        (sticky, "sessions"),
    ] {
        let error = both().write(&before, &labels(), &traffic).unwrap_err();
        assert_eq!(error.kind, TargetErrorKind::Unsupported);
        assert!(error.to_string().contains(word), "{error}");
    }
    let can = both().capabilities();
    assert_eq!(can.granularity, Weight::FULL);
    assert!(!can.header_routes && !can.cookie_routes && !can.mirror && !can.by_endpoints);
}

#[test]
fn a_start_of_another_router_is_not_put_back() {
    let before = objects(MANIFEST);
    let one = IngressRouter::new("api", ["api-blue", "api-green"]);
    let start = one.read(&before, &labels()).unwrap();
    let error = both().restore(&before, &start.owned).unwrap_err();
    assert_eq!(error.kind, TargetErrorKind::InvalidConfig, "{error}");
}

/// Nor do the others stay where they are because one is gone.
#[test]
fn a_path_that_is_gone_keeps_no_other_from_going_home() {
    let before = objects(MANIFEST);
    let one = IngressRouter::new("api", ["api-blue", "api-green"]);
    let start = one.read(&before, &labels()).unwrap();
    let mut now = write(&one, &before, true);
    let rules = &mut ingress(&mut now, "api")["spec"]["rules"];
    rules.as_array_mut().unwrap().remove(1);
    let home = after(&now, one.restore(&now, &start.owned).unwrap());
    assert_eq!(one.read(&home, &labels()).unwrap().traffic, start.traffic);
}

#[test]
fn what_is_written_and_what_is_only_read() {
    let router = both();
    let names: Vec<String> = router.objects().iter().map(ToString::to_string).collect();
    assert_eq!(
        names,
        [
            "ingress/api",
            "ingress/intern",
            "service/api-blue",
            "service/api-green"
        ]
        .map(str::to_owned)
    );
    for object in router.objects() {
        let is_written = !router.managed_paths(&object).is_empty();
        assert_eq!(is_written, object.kind == "Ingress", "{object}");
    }
}

/// Which Service is whose is told by the selectors, as everywhere; where these do not tell, by neither.
#[test]
fn pods_of_a_track_are_seen_behind_its_own_service() {
    let mut objects = objects(MANIFEST);
    let [blue, green] = ["api-blue", "api-green"].map(ObjectRef::service);
    let of = |objects: &Objects, tracks: &TrackLabels| {
        let by_track = both().backends_by_track(objects, tracks, "shop");
        (by_track.stable, by_track.candidate)
    };
    let (alone, other) = (vec![blue.clone()], vec![green.clone()]);
    assert_eq!(of(&objects, &labels()), (alone.clone(), other.clone()));
    assert_eq!(of(&objects, &swapped()), (other, alone));
    service(&mut objects, "api-green")["spec"]["selector"] = json!({"app": "api"});
    let both = vec![blue, green];
    assert_eq!(of(&objects, &labels()), (both.clone(), both));
}
