//! The router of Gateway API on manifests: which rules move, what they become, and the way back.

mod backends;
mod findings;
mod mirrors;
mod parents;
mod previews;

use serde_json::{Value, json};
use strategy_core::target::TargetErrorKind;
use strategy_core::{Stickiness, Traffic, Weight};

use crate::config::GatewayRouter;
use crate::object::{ObjectRef, Objects};
use crate::router::fixture::{after, objects, tracks};
use crate::router::{Router, TrackLabels};

const MANIFEST: &str = include_str!("../../../tests/fixtures/gateway.yaml");

fn share(text: &str) -> Traffic {
    Traffic::weight(text.parse().unwrap())
}

fn labels() -> TrackLabels {
    tracks(
        &[("app", "api"), ("track", "stable")],
        &[("app", "api"), ("track", "canary")],
    )
}

/// One HTTPRoute.
fn one() -> GatewayRouter {
    GatewayRouter::new("api", "api", "api-canary")
}

/// Two HTTPRoutes and a GRPCRoute whose canary is not there yet.
fn three() -> GatewayRouter {
    let mut router = one();
    router.http_routes.push("api-mesh".to_owned());
    router.grpc_routes.push("api".to_owned());
    router.add_canary = true;
    router
}

fn rules<'a>(objects: &'a mut Objects, route: &ObjectRef) -> &'a mut Value {
    &mut objects.get_mut(route).unwrap()["spec"]["rules"]
}

fn http(objects: &mut Objects) -> &mut Value {
    rules(objects, &ObjectRef::http_route("api"))
}

/// The objects after a write, which must read as what was asked.
#[track_caller]
fn write(router: &GatewayRouter, before: &Objects, traffic: &Traffic) -> Objects {
    let written = router.write(before, &labels(), traffic).unwrap();
    let after = after(before, written);
    assert_eq!(&router.read(&after, &labels()).unwrap().traffic, traffic);
    after
}

#[test]
fn every_rule_with_both_backends_moves_and_nothing_else_does() {
    let before = objects(MANIFEST);
    let start = one().read(&before, &labels()).unwrap();
    assert_eq!(start.traffic, Traffic::default());
    let moved = write(&one(), &before, &share("2.5%"));
    let mut expected = before;
    let rules = http(&mut expected);
    rules[1]["backendRefs"][0]["weight"] = json!(25);
    rules[1]["backendRefs"][1]["weight"] = json!(975);
    rules[2]["backendRefs"][0]["weight"] = json!(975);
    rules[2]["backendRefs"][1]["weight"] = json!(25);
    assert_eq!(moved, expected);
}

#[test]
fn several_routes_move_as_one_and_a_missing_backend_comes_and_goes() {
    let before = objects(MANIFEST);
    let start = three().read(&before, &labels()).unwrap();
    let moved = write(&three(), &before, &share("30%"));
    let mesh = &moved[&ObjectRef::http_route("api-mesh")]["spec"]["rules"][0]["backendRefs"];
    assert_eq!(
        (&mesh[0]["weight"], &mesh[1]["weight"]),
        (&json!(700), &json!(300))
    );
    let grpc = &moved[&ObjectRef::grpc_route("api")]["spec"]["rules"][0]["backendRefs"];
    assert_eq!(
        *grpc,
        json!([
            {"group": "", "kind": "Service", "name": "api", "port": 90, "weight": 700},
            {"group": "", "kind": "Service", "name": "api-canary", "port": 90, "weight": 300},
        ])
    );
    let back = after(&moved, three().restore(&moved, &start.owned).unwrap());
    assert_eq!(back, before);
    assert_eq!(
        three().restore(&back, &start.owned).unwrap(),
        Objects::new()
    );
}

#[test]
fn objects_are_found_by_whatever_version_they_are_there() {
    let version = "gateway.networking.k8s.io/v1beta1";
    let before: Objects = objects(MANIFEST)
        .into_iter()
        .map(|(object, content)| (object.at(version), content))
        .collect();
    let route = ObjectRef::http_route("api").at(version);
    let written = one().write(&before, &labels(), &share("50%")).unwrap();
    assert!(written.contains_key(&route), "{written:?}");
    assert_eq!(one().managed_paths(&route), [["f:spec", "f:rules"]]);
    let gateways = one().carriers(&before);
    assert_eq!(gateways, [ObjectRef::gateway("shop").at(version)]);
    assert!(one().managed_paths(&gateways[0]).is_empty());
}

#[test]
fn a_weight_that_is_there_already_is_not_written_whatever_its_sum() {
    let mut before = objects(MANIFEST);
    for (rule, stable, canary, sum) in [(1, 1, 0, 1_000_000), (2, 0, 1, 4)] {
        let rule = &mut http(&mut before)[rule]["backendRefs"];
        rule[stable]["weight"] = json!(sum / 4 * 3);
        rule[canary]["weight"] = json!(sum / 4);
    }
    assert_eq!(
        one().read(&before, &labels()).unwrap().traffic,
        share("25%")
    );
    let written = one().write(&before, &labels(), &share("25%")).unwrap();
    assert_eq!(written, Objects::new());
}

#[test]
fn a_weight_that_is_left_out_is_one() {
    let mut before = objects(MANIFEST);
    let mut router = one();
    router.rules = vec!["everything".to_owned()];
    for place in [0, 1] {
        let entry = &mut http(&mut before)[2]["backendRefs"][place];
        entry.as_object_mut().unwrap().remove("weight");
    }
    let start = router.read(&before, &labels()).unwrap();
    assert_eq!(start.traffic, share("50%"));
    let moved = write(&router, &before, &share("0.1%"));
    let back = after(&moved, router.restore(&moved, &start.owned).unwrap());
    assert_eq!(back, before);
}

#[test]
fn a_share_too_small_for_a_basis_point_is_not_read_as_none() {
    let mut before = objects(MANIFEST);
    let mut router = one();
    router.rules = vec!["everything".to_owned()];
    http(&mut before)[2]["backendRefs"][0]["weight"] = json!(1_000_000);
    http(&mut before)[2]["backendRefs"][1]["weight"] = json!(1);
    let weight = router.read(&before, &labels()).unwrap().traffic.weight;
    assert_eq!(weight.basis_points(), 1);
}

#[test]
fn a_backend_is_known_by_service_namespace_and_port() {
    let before = objects(MANIFEST);
    let mut router = one();
    router.stable.namespace = Some("shop".to_owned());
    router.canary.port = Some(80);
    assert!(router.read(&before, &labels()).is_ok());
    for change in [
        |router: &mut GatewayRouter| router.stable.namespace = Some("other".to_owned()),
        |router: &mut GatewayRouter| router.canary.port = Some(90),
        |router: &mut GatewayRouter| router.canary.service = "api-next".to_owned(),
    ] {
        let mut router = one();
        change(&mut router);
        let error = router.read(&before, &labels()).unwrap_err();
        assert_eq!(error.kind, TargetErrorKind::NotFound, "{error}");
        assert!(
            error
                .message
                .contains("rule 2 to service/api-canary port 80"),
            "{error}"
        );
    }
}

#[test]
fn rules_by_name_move_alone() {
    let before = objects(MANIFEST);
    let mut router = one();
    router.rules = vec!["everything".to_owned()];
    let moved = write(&router, &before, &share("40%"));
    let mut expected = before.clone();
    http(&mut expected)[2]["backendRefs"][0]["weight"] = json!(600);
    http(&mut expected)[2]["backendRefs"][1]["weight"] = json!(400);
    assert_eq!(moved, expected);
    router.rules = vec!["everyone".to_owned()];
    let error = router.read(&before, &labels()).unwrap_err();
    assert_eq!(error.kind, TargetErrorKind::NotFound);
    assert!(error.message.contains("`everyone`"), "{error}");
    router.rules = vec!["files".to_owned()];
    let error = router.read(&before, &labels()).unwrap_err();
    assert!(error.message.contains("rules files holds both"), "{error}");
}

#[test]
fn rules_put_before_ours_meanwhile_are_no_matter() {
    let before = objects(MANIFEST);
    let start = one().read(&before, &labels()).unwrap();
    let mut now = write(&one(), &before, &share("30%"));
    let added =
        json!({"matches": [{"path": {"type": "Exact", "value": "/health"}}], "filters": []});
    let insert = |objects: &mut Objects| {
        http(objects)
            .as_array_mut()
            .unwrap()
            .insert(0, added.clone());
    };
    insert(&mut now);
    now = write(&one(), &now, &share("60%"));
    let restored = after(&now, one().restore(&now, &start.owned).unwrap());
    let mut expected = before;
    insert(&mut expected);
    assert_eq!(restored, expected);
}

/// A rule that was copied, one that matches otherwise now and one that is gone: none of them keeps a candidate that is
/// taken back, or keeps the others from going home.
#[test]
fn what_somebody_made_of_the_rules_meanwhile_goes_home_with_the_rest() {
    let before = objects(MANIFEST);
    let start = one().read(&before, &labels()).unwrap();
    let mut now = write(&one(), &before, &share("30%"));
    let rules = http(&mut now).as_array_mut().unwrap();
    let mut copy = rules[1].clone();
    copy["matches"] = json!([{"path": {"type": "Exact", "value": "/copy"}}]);
    rules.insert(0, copy);
    let last = rules.len() - 1;
    rules[last]["name"] = json!("renamed");
    let now = write(&one(), &now, &share("60%"));
    let home = after(&now, one().restore(&now, &start.owned).unwrap());
    assert_eq!(one().read(&home, &labels()).unwrap().traffic, start.traffic);
    assert_eq!(one().restore(&home, &start.owned).unwrap(), Objects::new());
    let mut gone = now;
    http(&mut gone).as_array_mut().unwrap().pop();
    let home = after(&gone, one().restore(&gone, &start.owned).unwrap());
    assert_eq!(one().read(&home, &labels()).unwrap().traffic, start.traffic);
}

#[test]
fn a_write_that_ended_between_two_routes_is_seen_and_goes_on() {
    let before = objects(MANIFEST);
    let mut written = three().write(&before, &labels(), &share("30%")).unwrap();
    assert_eq!(written.len(), 3);
    let last = ObjectRef::http_route("api-mesh");
    assert_eq!(written.keys().next_back(), Some(&last));
    written.remove(&last);
    let now = after(&before, written);
    let error = three().read(&now, &labels()).unwrap_err();
    assert_eq!(error.kind, TargetErrorKind::Ambiguous, "{error}");
    let seen = three().read_bound(&now, &labels()).unwrap();
    assert!(seen.is_partial);
    assert_eq!(
        seen.traffic,
        Traffic::default(),
        "what the last one still says"
    );
    let after = write(&three(), &now, &share("30%"));
    let whole = three().read_bound(&after, &labels()).unwrap();
    assert!(!whole.is_partial);
}

#[test]
fn one_rule_that_somebody_took_back_is_seen_while_a_rollout_runs() {
    let before = objects(MANIFEST);
    let start = one().read(&before, &labels()).unwrap();
    let mut now = write(&one(), &before, &share("30%"));
    http(&mut now)[1]["backendRefs"][0]["weight"] = json!(0);
    let error = one().read(&now, &labels()).unwrap_err();
    assert_eq!(error.kind, TargetErrorKind::Ambiguous, "{error}");
    let seen = one().read_bound(&now, &labels()).unwrap();
    assert!(seen.is_partial);
    assert_eq!(
        seen.traffic,
        share("0%"),
        "what sends the least to the candidate"
    );
    write(&one(), &now, &share("30%"));
    let back = after(&now, one().restore(&now, &start.owned).unwrap());
    assert_eq!(back, before);
}

#[track_caller]
fn refused(objects: &Objects, kind: TargetErrorKind, words: &[&str]) {
    let error = one().read(objects, &labels()).unwrap_err();
    assert_eq!(error.kind, kind, "{error}");
    for word in words {
        assert!(
            error.to_string().contains(word),
            "{error} says nothing of {word}"
        );
    }
}

#[test]
fn what_has_more_than_one_meaning_is_an_error() {
    use TargetErrorKind::{Ambiguous, InvalidConfig, Unsupported};
    let changed = |rule: usize, place: usize, weight: Value| {
        let mut objects = objects(MANIFEST);
        http(&mut objects)[rule]["backendRefs"][place]["weight"] = weight;
        objects
    };
    let disagree = changed(2, 1, json!(100));
    refused(
        &disagree,
        Ambiguous,
        &["rule 2 sends 0%", "`everything` sends 50%"],
    );
    let third = changed(2, 2, json!(5));
    refused(&third, Unsupported, &["weight 5 to function/api-canary"]);
    let mut by_default = objects(MANIFEST);
    let entry = &mut http(&mut by_default)[2]["backendRefs"][2];
    entry.as_object_mut().unwrap().remove("weight");
    refused(&by_default, Unsupported, &["weight 1"]);
    refused(
        &changed(2, 0, json!(0)),
        InvalidConfig,
        &["all weights", "`everything`"],
    );
    refused(
        &changed(2, 0, json!(1_000_001)),
        InvalidConfig,
        &["1000001"],
    );
    refused(&changed(2, 0, json!("much")), InvalidConfig, &["much"]);

    let mut twice = objects(MANIFEST);
    let again = json!({"name": "api-canary", "port": 90, "weight": 0});
    let entries = http(&mut twice)[2]["backendRefs"].as_array_mut().unwrap();
    entries.push(again);
    refused(&twice, Ambiguous, &["more than once"]);

    let mut alike = one();
    alike.canary = alike.stable.clone();
    let error = alike.read(&objects(MANIFEST), &labels()).unwrap_err();
    assert_eq!(error.kind, InvalidConfig, "{error}");
}

#[test]
fn what_cannot_be_had_is_refused() {
    let before = objects(MANIFEST);
    let mut sticky = share("5%");
    sticky.stickiness = Stickiness::Suspended;
    for (traffic, word) in [(share("0.05%"), "per mille"), (sticky, "sessions")] {
        let error = one().write(&before, &labels(), &traffic).unwrap_err();
        assert_eq!(error.kind, TargetErrorKind::Unsupported);
        assert!(error.to_string().contains(word), "{error}");
    }
    assert_eq!(one().capabilities().granularity, Weight::of(1, 1000));
}

#[test]
fn a_start_of_another_router_is_not_put_back() {
    let before = objects(MANIFEST);
    let start = one().read(&before, &labels()).unwrap();
    let error = three().restore(&before, &start.owned).unwrap_err();
    assert_eq!(error.kind, TargetErrorKind::InvalidConfig, "{error}");
}

#[test]
fn sessions_that_a_rule_keeps_count_towards_drain() {
    let mut before = objects(MANIFEST);
    let sticky = |objects: &Objects| one().read(objects, &labels()).unwrap().sticky.as_secs();
    assert_eq!(sticky(&before), 0);
    http(&mut before)[1]["sessionPersistence"] = json!({"absoluteTimeout": "1h"});
    http(&mut before)[2]["sessionPersistence"] = json!({"absoluteTimeout": "90s"});
    assert_eq!(sticky(&before), 3600);
}
