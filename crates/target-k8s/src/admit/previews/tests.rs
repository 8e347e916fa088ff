//! What routes have no place for is told before anything is written.

use std::collections::BTreeMap;

use strategy_core::plan::{Goal, GoalTrack, Policies, Stage, StageKind};
use strategy_core::target::Severity;
use strategy_core::{Capacity, Release, Revision, Weight};

use super::*;
use crate::config::{GatewayRouter, IstioRouter, RouterConfig, ServiceSelectorRouter};
use crate::observe::tests::bound;
use crate::router::{self, fixture};

const GATEWAY: &str = include_str!("../../../tests/fixtures/gateway.yaml");
const ISTIO: &str = include_str!("../../../tests/fixtures/istio-subsets.yaml");

fn header(name: &str) -> Route {
    Route {
        by: RouteBy::Header,
        name: name.to_owned(),
        value: "yes".to_owned(),
    }
}

fn gateway() -> RouterConfig {
    GatewayRouter::new("api", "api", "api-canary").into()
}

fn istio() -> RouterConfig {
    let mut router = IstioRouter::new("catalog", "catalog");
    router.stable.host = Some("catalog".to_owned());
    router.canary.host = Some("catalog".to_owned());
    router.into()
}

/// A plan whose stages have traffic like this before the last.
fn plan(stages: &[Traffic]) -> Plan {
    let release = Release::of([("api", "shop/api:2")]).unwrap();
    let images = release.images(&Part::main()).unwrap().clone();
    let candidate = GoalTrack::new(Revision::Release(images), Capacity::Share(Weight::FULL));
    let all = Traffic::weight(Weight::FULL);
    let stages = stages
        .iter()
        .chain([&all])
        .enumerate()
        .map(|(number, traffic)| {
            let goal = Goal::new(GoalTrack::recorded(), candidate.clone(), traffic.clone());
            let name = format!("stage-{number}");
            Stage::new(name, StageKind::Expose, [(Part::main(), goal)])
        });
    let policies = Policies::default();
    Plan::new(
        "by hand",
        release,
        stages.collect(),
        BTreeMap::new(),
        policies,
    )
    .unwrap()
}

fn told(router: &RouterConfig, manifest: &str, stages: &[Traffic]) -> Vec<Finding> {
    let objects = fixture::objects(manifest);
    let main = (&Part::main(), &plan(stages));
    let router = router::of(router);
    findings(&bound(), &objects, &*router, main, |_| false)
}

fn with_routes(routes: Vec<Route>) -> Traffic {
    let mut traffic = Traffic::weight(Weight::of(1, 10));
    traffic.routes = routes;
    traffic
}

#[track_caller]
fn blocks(findings: &[Finding], code: &str, word: &str) {
    let [finding] = findings else {
        panic!("{findings:?}");
    };
    assert_eq!(finding.severity, Severity::Blocks);
    assert_eq!(finding.code, code);
    assert!(finding.message.contains(word), "{finding:?}");
}

#[test]
fn a_header_that_a_rule_asks_for_already_is_told_once() {
    for (router, manifest) in [(gateway(), GATEWAY), (istio(), ISTIO)] {
        let taken = with_routes(vec![header("X-Tenant")]);
        let mut heavier = taken.clone();
        heavier.weight = Weight::HALF;
        let found = told(&router, manifest, &[taken, heavier]);
        blocks(&found, "header-taken", "enant");
        assert_eq!(
            told(&router, manifest, &[with_routes(vec![header("x-a")])]),
            []
        );
    }
}

#[test]
fn a_route_without_room_for_the_previews_is_told() {
    let previews = |most| {
        (0..most)
            .map(|number| header(&format!("x-{number}")))
            .collect()
    };
    let six = with_routes(previews(6));
    assert_eq!(told(&gateway(), GATEWAY, &[six]), []);
    let found = told(&gateway(), GATEWAY, &[with_routes(previews(7))]);
    blocks(&found, "route-full", "14 for previews");
}

/// As the definitions have it, 128 over all rules.
#[test]
fn a_route_without_room_for_the_matches_of_previews_is_told() {
    let of = |number: usize| {
        let conditions =
            (0..number).map(|at| format!("    - {{path: {{type: Exact, value: /v2/{at}}}}}\n"));
        let conditions = conditions.collect::<String>();
        let one = "    - {path: {type: PathPrefix, value: /v2}, method: POST}\n";
        let manifest = GATEWAY.replacen(one, &format!("{one}{conditions}"), 1);
        assert_ne!(manifest, GATEWAY);
        told(&gateway(), &manifest, &[with_routes(vec![header("x-a")])])
    };
    // Five are there without these, and three of them are asked for once more.
    assert_eq!(of(60), []);
    blocks(&of(61), "route-full", "matches");
}

/// What cannot be written of a weight is told by what the router can do.
#[test]
fn a_weight_is_not_tried_with_the_preview_beside_it() {
    let mut tiny = with_routes(vec![header("x-a")]);
    tiny.weight = Weight::of(1, 10_000);
    assert_eq!(told(&gateway(), GATEWAY, std::slice::from_ref(&tiny)), []);
    assert_eq!(told(&istio(), ISTIO, &[tiny]), []);
}

#[test]
fn a_mirror_where_another_stands_is_told() {
    let manifest = ISTIO.replacen(
        "    timeout: 5s\n",
        "    timeout: 5s\n    mirror: {host: recorder}\n",
        1,
    );
    assert_ne!(manifest, ISTIO);
    let mut mirrored = Traffic::default();
    mirrored.mirror = Weight::HALF;
    let found = told(&istio(), &manifest, std::slice::from_ref(&mirrored));
    blocks(&found, "mirror-taken", "`everything`");
    assert_eq!(told(&istio(), ISTIO, &[mirrored]), []);
}

/// That it can do none at all is told by what it can do, and weights are nothing to be tried.
#[test]
fn what_is_told_elsewhere_is_not_told_here() {
    let selector = ServiceSelectorRouter::new("api").into();
    let routed = with_routes(vec![header("x-tenant")]);
    assert_eq!(told(&selector, GATEWAY, std::slice::from_ref(&routed)), []);
    let by_cookie = with_routes(vec![Route {
        by: RouteBy::Cookie,
        ..header("tester")
    }]);
    assert_eq!(told(&gateway(), GATEWAY, &[by_cookie]), []);
    let weights = Traffic::weight(Weight::of(1, 10_000));
    assert_eq!(told(&gateway(), GATEWAY, &[weights]), []);
    let objects = fixture::objects(GATEWAY);
    let main = (&Part::main(), &plan(&[routed]));
    let router = router::of(&gateway());
    let is_told = |found: &Finding| found.code == "header-taken";
    assert_eq!(findings(&bound(), &objects, &*router, main, is_told), []);
}
