//! The Service selector: which slot is live, what is refused, and what is left alone.

use std::time::Duration;

use serde_json::{Value, json};
use strategy_core::target::{Severity, TargetErrorKind};
use strategy_core::{Route, RouteBy, Stickiness, Traffic, Weight};

use crate::config::ServiceSelectorRouter;
use crate::object::{ObjectRef, Objects};
use crate::router::fixture::{after, objects, tracks};
use crate::router::{Router, TrackLabels};

const FIXTURE: &str = include_str!("../../../tests/fixtures/blue-green.yaml");

fn router() -> ServiceSelectorRouter {
    ServiceSelectorRouter::new("checkout").key("slot")
}

fn slots() -> TrackLabels {
    tracks(
        &[("app", "checkout"), ("tier", "backend"), ("slot", "blue")],
        &[
            ("app", "checkout"),
            ("tier", "backend"),
            ("slot", "green"),
            ("extra", "yes"),
        ],
    )
}

fn service() -> ObjectRef {
    ObjectRef::service("checkout")
}

/// The fixture with another selector.
fn with_selector(selector: Value) -> Objects {
    let mut objects = objects(FIXTURE);
    objects.get_mut(&service()).unwrap()["spec"]["selector"] = selector;
    objects
}

fn switched() -> Traffic {
    Traffic::weight(Weight::FULL)
}

#[test]
fn the_value_of_the_key_says_which_slot_is_live() {
    let blue = objects(FIXTURE);
    let state = router().read(&blue, &slots()).unwrap();
    assert_eq!(state.traffic, Traffic::default());
    assert_eq!(
        state.owned,
        json!({"selector": {"slot": "blue"}, "others": {"app": "checkout", "tier": "backend"}})
    );

    let green = with_selector(json!({"app": "checkout", "slot": "green"}));
    assert_eq!(router().read(&green, &slots()).unwrap().traffic, switched());
}

#[test]
fn a_switch_changes_one_key_and_nothing_else() {
    let before = objects(FIXTURE);
    let written = router().write(&before, &slots(), &switched()).unwrap();
    let mut expected = before[&service()].clone();
    expected["spec"]["selector"]["slot"] = json!("green");
    assert_eq!(written, Objects::from([(service(), expected)]));

    let switched_objects = after(&before, written);
    assert_eq!(
        router()
            .write(&switched_objects, &slots(), &switched())
            .unwrap(),
        Objects::new(),
        "written again, nothing differs"
    );
}

#[track_caller]
fn refused(objects: &Objects, tracks: &TrackLabels, kind: TargetErrorKind, words: &[&str]) {
    let error = router().read(objects, tracks).unwrap_err();
    assert_eq!(error.kind, kind, "{error}");
    assert_eq!(error.resource, "service/checkout");
    for word in words {
        assert!(
            error.to_string().contains(word),
            "{error} says nothing of {word}"
        );
    }
    let findings = router().check(objects, tracks);
    assert!(
        findings
            .iter()
            .any(|finding| finding.severity == Severity::Blocks),
        "{findings:?}"
    );
}

#[test]
fn a_selector_that_picks_no_single_slot_is_an_error_and_never_a_default() {
    use TargetErrorKind::{Ambiguous, InvalidConfig};
    refused(
        &with_selector(json!({"app": "checkout", "tier": "backend"})),
        &slots(),
        Ambiguous,
        &["no key `slot`", "both slots", "`blue`", "`green`"],
    );
    refused(
        &with_selector(json!({"app": "checkout", "slot": "purple"})),
        &slots(),
        Ambiguous,
        &["slot: purple", "neither"],
    );
    refused(
        &with_selector(json!({"app": "shop", "slot": "blue"})),
        &slots(),
        InvalidConfig,
        &["matches no pod of stable", "app: shop", "app: checkout"],
    );
    refused(
        &with_selector(json!({})),
        &slots(),
        InvalidConfig,
        &["no selector"],
    );
    refused(
        &with_selector(Value::Null),
        &slots(),
        InvalidConfig,
        &["no selector"],
    );
}

#[test]
fn a_broken_selector_is_read_as_a_change_and_put_back_whole() {
    let found = objects(FIXTURE);
    let recorded = router().read(&found, &slots()).unwrap();
    assert_eq!(recorded.broken, None);
    for broken in [
        json!({"app": "checkout", "tier": "backend"}),
        json!({"app": "checkout", "tier": "backend", "slot": "purple"}),
        json!({"app": "checkout", "tier": "front", "slot": "blue"}),
        json!({}),
        Value::Null,
    ] {
        let broken = with_selector(broken);
        let state = router().read_bound(&broken, &slots()).unwrap();
        assert_ne!(state.traffic, recorded.traffic);
        assert_ne!(state.traffic, switched());
        assert_ne!(state.owned, recorded.owned);
        assert!(state.broken.unwrap().contains("selector"));
        let written = router().restore(&broken, &recorded.owned).unwrap();
        assert_eq!(after(&broken, written), found);
        // Forward nothing is built on it but by a person.
        if broken[&service()]["spec"]["selector"]["slot"] != "blue" {
            continue;
        }
        assert!(router().write(&broken, &slots(), &switched()).is_err());
    }
    // A start that an earlier version recorded knows the one key.
    let old = json!({"selector": {"slot": "blue"}});
    let purple = with_selector(json!({"app": "checkout", "tier": "backend", "slot": "purple"}));
    let written = router().restore(&purple, &old).unwrap();
    assert_eq!(after(&purple, written), found);
}

#[test]
fn slots_that_the_key_does_not_tell_apart_are_refused() {
    let blue = [("app", "checkout"), ("tier", "backend"), ("slot", "blue")];
    refused(
        &objects(FIXTURE),
        &tracks(&blue, &blue),
        TargetErrorKind::Ambiguous,
        &["both slots", "slot: blue"],
    );
    refused(
        &objects(FIXTURE),
        &tracks(&blue, &[("app", "checkout"), ("tier", "backend")]),
        TargetErrorKind::InvalidConfig,
        &["candidate", "no label `slot`"],
    );
}

#[test]
fn a_key_left_over_from_another_rollout_would_match_nothing_and_is_refused() {
    let left_over = with_selector(json!({
        "app": "checkout", "slot": "blue", "version": "stable"
    }));
    let slots = tracks(
        &[("app", "checkout"), ("slot", "blue"), ("version", "stable")],
        &[
            ("app", "checkout"),
            ("slot", "green"),
            ("version", "candidate"),
        ],
    );
    assert!(
        router().read(&left_over, &slots).is_ok(),
        "stable is picked as it is"
    );
    let error = router().write(&left_over, &slots, &switched()).unwrap_err();
    assert_eq!(error.kind, TargetErrorKind::InvalidConfig);
    assert!(
        error.message.contains("matches no pod of candidate"),
        "{error}"
    );
    let findings = router().check(&left_over, &slots);
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert_eq!(findings[0].code, "selector-matches-nothing");
    assert_eq!(findings[0].severity, Severity::Blocks);
}

#[test]
fn what_a_selector_cannot_do_is_refused() {
    let before = objects(FIXTURE);
    let mut routed = Traffic::default();
    routed.routes.push(Route {
        by: RouteBy::Header,
        name: "x-preview".to_owned(),
        value: "1".to_owned(),
    });
    let mut mirrored = Traffic::default();
    mirrored.mirror = Weight::HALF;
    for traffic in [Traffic::weight(Weight::HALF), routed, mirrored] {
        let error = router().write(&before, &slots(), &traffic).unwrap_err();
        assert_eq!(error.kind, TargetErrorKind::Unsupported, "{traffic}");
    }
}

#[test]
fn a_service_that_is_not_there_or_picks_no_pods_is_an_error() {
    let error = router().read(&Objects::new(), &slots()).unwrap_err();
    assert_eq!(error.kind, TargetErrorKind::NotFound);
    assert!(error.to_string().contains("service/checkout"), "{error}");

    let mut external = objects(FIXTURE);
    external.get_mut(&service()).unwrap()["spec"]["type"] = json!("ExternalName");
    refused(
        &external,
        &slots(),
        TargetErrorKind::InvalidConfig,
        &["ExternalName"],
    );
}

#[test]
fn affinity_is_told_suspended_and_brought_back() {
    let before = objects(FIXTURE);
    let start = router().read(&before, &slots()).unwrap();
    assert_eq!(start.sticky, Duration::from_secs(600));

    let mut traffic = switched();
    traffic.stickiness = Stickiness::Suspended;
    let suspended = after(
        &before,
        router().write(&before, &slots(), &traffic).unwrap(),
    );
    let service_spec = &suspended[&service()]["spec"];
    assert_eq!(service_spec["sessionAffinity"], "None");
    assert_eq!(
        service_spec.get("sessionAffinityConfig"),
        None,
        "the API refuses it with `None`"
    );
    let state = router().read(&suspended, &slots()).unwrap();
    assert_eq!(state.traffic, traffic);
    assert_eq!(state.sticky, Duration::ZERO);
    assert_eq!(state.owned["affinity"]["sessionAffinity"], "None");

    let kept = after(
        &suspended,
        router()
            .write(&suspended, &slots(), &Traffic::default())
            .unwrap(),
    );
    assert_eq!(kept, before, "kept again");
    let restored = after(
        &suspended,
        router().restore(&suspended, &start.owned).unwrap(),
    );
    assert_eq!(restored, before, "restored");
}

#[test]
fn affinity_without_a_time_lasts_three_hours() {
    let mut objects = objects(FIXTURE);
    let spec = objects.get_mut(&service()).unwrap()["spec"]
        .as_object_mut()
        .unwrap();
    spec.remove("sessionAffinityConfig");
    let state = router().read(&objects, &slots()).unwrap();
    assert_eq!(state.sticky, Duration::from_secs(10_800));
}

#[test]
fn what_somebody_else_changed_since_is_left_alone_by_the_way_back() {
    let before = objects(FIXTURE);
    let start = router().read(&before, &slots()).unwrap();
    let mut later = after(
        &before,
        router().write(&before, &slots(), &switched()).unwrap(),
    );
    later.get_mut(&service()).unwrap()["spec"]["ports"][0]["port"] = json!(8080);
    let restored = after(&later, router().restore(&later, &start.owned).unwrap());
    let mut expected = before[&service()].clone();
    expected["spec"]["ports"][0]["port"] = json!(8080);
    assert_eq!(restored[&service()], expected);
}

#[test]
fn a_note_changed_by_hand_is_an_error() {
    let before = objects(FIXTURE);
    let mut traffic = Traffic::default();
    traffic.stickiness = Stickiness::Suspended;
    let mut suspended = after(
        &before,
        router().write(&before, &slots(), &traffic).unwrap(),
    );
    suspended.get_mut(&service()).unwrap()["metadata"]["annotations"]["rollway.dev/suspended-affinity"] =
        json!("oops");
    let error = router()
        .write(&suspended, &slots(), &Traffic::default())
        .unwrap_err();
    assert_eq!(error.kind, TargetErrorKind::Ambiguous);
    let findings = router().check(&suspended, &slots());
    assert!(
        findings
            .iter()
            .any(|finding| finding.code == "affinity-suspended-before")
    );
}

#[test]
fn a_service_that_sends_to_unready_pods_is_told() {
    let mut objects = objects(FIXTURE);
    let spec = &mut objects.get_mut(&service()).unwrap()["spec"];
    spec["publishNotReadyAddresses"] = json!(true);
    spec["clusterIP"] = json!("None");
    let codes: Vec<String> = router()
        .check(&objects, &slots())
        .into_iter()
        .map(|finding| finding.code)
        .collect();
    assert_eq!(codes, ["not-ready-addresses", "headless-service"]);
}

#[test]
fn a_recorded_start_with_another_key_is_an_error_and_never_nothing_to_do() {
    for recorded in [Value::Null, json!({"selector": {"version": "blue"}})] {
        let error = router().restore(&objects(FIXTURE), &recorded).unwrap_err();
        assert_eq!(error.kind, TargetErrorKind::InvalidConfig);
    }
}
