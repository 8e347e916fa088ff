//! The Istio router on manifests: which routes move, what they become, and the way back.

mod backends;
mod findings;
mod mirrors;
mod previews;

use serde_json::{Value, json};
use strategy_core::target::TargetErrorKind;
use strategy_core::{Stickiness, Traffic, Weight};

use crate::config::{IstioDestination, IstioRouter};
use crate::object::{ObjectRef, Objects};
use crate::router::fixture::{after, objects, tracks};
use crate::router::{Router, TrackLabels};

const SUBSETS: &str = include_str!("../../../tests/fixtures/istio-subsets.yaml");
const HOSTS: &str = include_str!("../../../tests/fixtures/istio-hosts.yaml");

fn percent(percent: u16) -> Traffic {
    Traffic::weight(Weight::from_percent(percent).unwrap())
}

/// By subset; `images` has a subset `canary` too, so stable's host is named.
fn subsets() -> IstioRouter {
    let mut router = IstioRouter::new("catalog", "catalog");
    router.stable.host = Some("catalog".to_owned());
    router.canary.host = Some("catalog.shop.svc.cluster.local".to_owned());
    router
}

/// By host, the canary's not yet in the route.
fn hosts() -> IstioRouter {
    let mut router = IstioRouter::new("search", "none");
    router.destination_rule = None;
    router.stable = IstioDestination::host("search");
    router.canary = IstioDestination::host("search-canary");
    router.add_canary = true;
    router
}

fn labels(app: &'static str) -> TrackLabels {
    tracks(
        &[("app", app), ("track", "stable")],
        &[("app", app), ("track", "canary")],
    )
}

fn http(objects: &Objects, name: &str) -> Vec<Value> {
    let virtual_service = &objects[&ObjectRef::virtual_service(name)];
    virtual_service["spec"]["http"].as_array().unwrap().clone()
}

fn http_mut<'a>(objects: &'a mut Objects, name: &str) -> &'a mut Value {
    &mut objects.get_mut(&ObjectRef::virtual_service(name)).unwrap()["spec"]["http"]
}

/// The objects after a write, which must read as what was asked.
fn write(router: &IstioRouter, before: &Objects, traffic: &Traffic) -> Objects {
    let written = router.write(before, &labels("any"), traffic).unwrap();
    let after = after(before, written);
    assert_eq!(
        &router.read(&after, &labels("any")).unwrap().traffic,
        traffic
    );
    after
}

#[test]
fn catch_all_and_path_routes_with_both_destinations_move_as_one_and_nothing_else_does() {
    let before = objects(SUBSETS);
    assert_eq!(
        subsets().read(&before, &labels("catalog")).unwrap().traffic,
        Traffic::default()
    );

    let moved = write(&subsets(), &before, &percent(25));
    let mut expected = before;
    let routes = http_mut(&mut expected, "catalog");
    routes[2]["route"][0]["weight"] = json!(75);
    routes[2]["route"][1]["weight"] = json!(25);
    routes[3]["route"][0]["weight"] = json!(25);
    routes[3]["route"][1]["weight"] = json!(75);
    assert_eq!(moved, expected);
}

#[test]
fn the_way_back_is_the_manifest_itself() {
    for (manifest, router) in [(SUBSETS, subsets()), (HOSTS, hosts())] {
        let before = objects(manifest);
        let start = router.read(&before, &labels("any")).unwrap();
        let mut now = before.clone();
        for weight in [5, 50, 100, 0] {
            now = write(&router, &now, &percent(weight));
            let restored = after(&now, router.restore(&now, &start.owned).unwrap());
            assert_eq!(restored, before, "from {weight}%");
            assert_eq!(
                router.restore(&restored, &start.owned).unwrap(),
                Objects::new()
            );
        }
    }
}

#[test]
fn a_weight_that_is_there_already_is_not_written_whatever_its_sum() {
    let mut before = objects(SUBSETS);
    for (route, stable, canary) in [(2, 0, 1), (3, 1, 0)] {
        let route = &mut http_mut(&mut before, "catalog")[route]["route"];
        route[stable]["weight"] = json!(900);
        route[canary]["weight"] = json!(100);
    }
    let state = subsets().read(&before, &labels("catalog")).unwrap();
    assert_eq!(state.traffic, percent(10));
    assert_eq!(
        subsets()
            .write(&before, &labels("catalog"), &percent(10))
            .unwrap(),
        Objects::new()
    );
    let moved = write(&subsets(), &before, &percent(20));
    assert_eq!(
        http(&moved, "catalog")[2]["route"][0]["weight"],
        80,
        "written weights sum to 100"
    );
}

#[test]
fn a_share_too_small_for_a_basis_point_is_not_read_as_none() {
    let mut before = objects(HOSTS);
    let route = &mut http_mut(&mut before, "search")[0]["route"];
    route[0]["weight"] = json!(1_000_000);
    route.as_array_mut().unwrap().push(json!({
        "destination": {"host": "search-canary"}, "weight": 1
    }));
    let weight = hosts()
        .read(&before, &labels("search"))
        .unwrap()
        .traffic
        .weight;
    assert_eq!(weight.basis_points(), 1);
}

#[test]
fn a_missing_destination_is_added_with_the_first_weight_above_zero() {
    let before = objects(HOSTS);
    assert_eq!(
        hosts()
            .write(&before, &labels("search"), &percent(0))
            .unwrap(),
        Objects::new()
    );
    let moved = write(&hosts(), &before, &percent(1));
    assert_eq!(
        http(&moved, "search")[0]["route"],
        json!([
            {
                "destination": {"host": "search", "port": {"number": 9000}},
                "headers": {"request": {"add": {"x-tier": "one"}}},
                "weight": 99,
            },
            {"destination": {"host": "search-canary", "port": {"number": 9000}}, "weight": 1},
        ])
    );
}

#[test]
fn without_leave_to_add_it_a_missing_destination_is_an_error_that_names_all() {
    let mut router = hosts();
    router.add_canary = false;
    let error = router.read(&objects(HOSTS), &labels("search")).unwrap_err();
    assert_eq!(error.kind, TargetErrorKind::NotFound);
    assert_eq!(error.resource, "virtualservice/search");
    for word in [
        "`search` (stable)",
        "`search-canary` (canary)",
        "route 1 to `search`",
        "add-canary",
    ] {
        assert!(
            error.to_string().contains(word),
            "{error} says nothing of {word}"
        );
    }
}

#[test]
fn every_form_of_a_host_finds_the_route() {
    for host in [
        "catalog",
        "catalog.shop",
        "catalog.shop.svc",
        "catalog.shop.svc.cluster.local",
    ] {
        let mut router = subsets();
        router.stable.host = Some(host.to_owned());
        router.canary.host = Some(host.to_owned());
        let state = router.read(&objects(SUBSETS), &labels("catalog")).unwrap();
        assert_eq!(state.traffic.weight, Weight::ZERO, "{host}");
    }
    let mut router = subsets();
    router.stable.host = Some("catalog.other".to_owned());
    let error = router
        .read(&objects(SUBSETS), &labels("catalog"))
        .unwrap_err();
    assert_eq!(error.kind, TargetErrorKind::NotFound);
}

#[test]
fn routes_found_by_name_move_alone() {
    let mut router = subsets();
    router.routes = vec!["everything".to_owned()];
    let before = objects(SUBSETS);
    let moved = write(&router, &before, &percent(40));
    let mut expected = before.clone();
    let routes = http_mut(&mut expected, "catalog");
    routes[3]["route"][0]["weight"] = json!(40);
    routes[3]["route"][1]["weight"] = json!(60);
    assert_eq!(moved, expected);

    router.routes = vec!["everyone".to_owned()];
    let error = router.read(&before, &labels("catalog")).unwrap_err();
    assert_eq!(error.kind, TargetErrorKind::NotFound);
    assert!(
        error.message.contains("`everyone`") && error.message.contains("`everything`"),
        "{error}"
    );
}

#[test]
fn routes_put_before_ours_meanwhile_are_no_matter() {
    let before = objects(SUBSETS);
    let start = subsets().read(&before, &labels("catalog")).unwrap();
    let mut now = write(&subsets(), &before, &percent(30));
    let added =
        json!({"match": [{"uri": {"exact": "/health"}}], "directResponse": {"status": 200}});
    let insert = |objects: &mut Objects| {
        http_mut(objects, "catalog")
            .as_array_mut()
            .unwrap()
            .insert(0, added.clone());
    };
    insert(&mut now);
    assert_eq!(
        subsets().read(&now, &labels("catalog")).unwrap().traffic,
        percent(30)
    );
    now = write(&subsets(), &now, &percent(60));
    let restored = after(&now, subsets().restore(&now, &start.owned).unwrap());
    let mut expected = before;
    insert(&mut expected);
    assert_eq!(restored, expected);
}

#[track_caller]
fn refused(router: &IstioRouter, objects: &Objects, kind: TargetErrorKind, words: &[&str]) {
    let error = router.read(objects, &labels("any")).unwrap_err();
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
    let mut disagree = objects(SUBSETS);
    http_mut(&mut disagree, "catalog")[2]["route"][1]["weight"] = json!(50);
    http_mut(&mut disagree, "catalog")[2]["route"][0]["weight"] = json!(50);
    refused(
        &subsets(),
        &disagree,
        Ambiguous,
        &["route 3 sends 50%", "`everything` sends 0%"],
    );

    let mut third = objects(SUBSETS);
    let entries = http_mut(&mut third, "catalog")[3]["route"]
        .as_array_mut()
        .unwrap();
    entries.push(json!({"destination": {"host": "catalog", "subset": "trial"}, "weight": 5}));
    refused(
        &subsets(),
        &third,
        Unsupported,
        &["weight 5", "subset `trial`"],
    );

    let mut twice = objects(SUBSETS);
    let entries = http_mut(&mut twice, "catalog")[3]["route"]
        .as_array_mut()
        .unwrap();
    entries.push(json!({"destination": {"host": "catalog.shop", "subset": "canary"}}));
    refused(&subsets(), &twice, Ambiguous, &["more than once"]);

    let mut nothing = objects(SUBSETS);
    http_mut(&mut nothing, "catalog")[3]["route"][1]["weight"] = json!(0);
    refused(&subsets(), &nothing, InvalidConfig, &["`everything`"]);

    let mut alike = subsets();
    alike.canary = alike.stable.clone();
    refused(
        &alike,
        &objects(SUBSETS),
        InvalidConfig,
        &["both stable's destination"],
    );

    let mut by_subset_alone = IstioRouter::new("catalog", "catalog");
    by_subset_alone.stable = IstioDestination::subset("stable");
    let mut other_host = objects(SUBSETS);
    http_mut(&mut other_host, "catalog")[1]["route"][1]["destination"]["subset"] = json!("stable");
    refused(
        &by_subset_alone,
        &other_host,
        Ambiguous,
        &["`images`", "`catalog"],
    );
}

#[test]
fn a_third_destination_without_weight_is_left_alone() {
    let mut before = objects(SUBSETS);
    let third = json!({"destination": {"host": "catalog", "subset": "trial"}, "weight": 0});
    http_mut(&mut before, "catalog")[3]["route"]
        .as_array_mut()
        .unwrap()
        .push(third.clone());
    let moved = write(&subsets(), &before, &percent(10));
    assert_eq!(http(&moved, "catalog")[3]["route"][2], third);
}

#[test]
fn what_istio_cannot_do_is_refused() {
    let before = objects(SUBSETS);
    let fine = Traffic::weight("0.5%".parse().unwrap());
    let mut sticky = percent(5);
    sticky.stickiness = Stickiness::Suspended;
    for traffic in [fine, sticky] {
        let error = subsets()
            .write(&before, &labels("catalog"), &traffic)
            .unwrap_err();
        assert_eq!(error.kind, TargetErrorKind::Unsupported, "{traffic:?}");
    }
}

/// A route that was copied, one that matches otherwise now and one that is gone: none of them keeps a candidate that is
/// taken back, or keeps the others from going home.
#[test]
fn what_somebody_made_of_the_routes_meanwhile_goes_home_with_the_rest() {
    let before = objects(SUBSETS);
    let start = subsets().read(&before, &labels("catalog")).unwrap();
    let written = |objects: &Objects, text: &str| {
        let labels = labels("catalog");
        after(
            objects,
            subsets()
                .write(objects, &labels, &Traffic::weight(text.parse().unwrap()))
                .unwrap(),
        )
    };
    let home = |objects: &Objects| {
        let home = after(objects, subsets().restore(objects, &start.owned).unwrap());
        assert_eq!(
            subsets().restore(&home, &start.owned).unwrap(),
            Objects::new()
        );
        subsets().read(&home, &labels("catalog")).unwrap().traffic
    };
    let mut now = written(&before, "30%");
    let routes = http_mut(&mut now, "catalog").as_array_mut().unwrap();
    let last = routes.len() - 1;
    let mut copy = routes[last].clone();
    copy["match"] = json!([{"uri": {"exact": "/copy"}}]);
    routes[last]["name"] = json!("renamed");
    routes.insert(0, copy);
    let mut now = written(&now, "60%");
    assert_eq!(home(&now), start.traffic);
    http_mut(&mut now, "catalog").as_array_mut().unwrap().pop();
    assert_eq!(home(&now), start.traffic);
}

#[test]
fn a_recorded_start_of_something_else_is_an_error_and_never_nothing_to_do() {
    for recorded in [Value::Null, json!({"selector": {"slot": "blue"}})] {
        let error = subsets().restore(&objects(SUBSETS), &recorded).unwrap_err();
        assert_eq!(error.kind, TargetErrorKind::InvalidConfig);
    }
}
