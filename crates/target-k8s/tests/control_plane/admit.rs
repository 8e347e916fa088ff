//! What keeps a plan from starting is found before anything is written.

use serde_json::json;
use std::collections::BTreeMap;
use strategy_core::plan::{Goal, GoalTrack, Policies, Stage, StageKind};
use strategy_core::target::Finding;
use strategy_core::{Capacity, Part, Plan, Release, Revision, Target, Traffic, Weight};
use target_k8s::KubernetesTarget;

use crate::shop::{Shop, service};

pub(crate) fn plan(images: &[(&str, &str)]) -> Plan {
    with(images, [])
}

/// A plan that moves traffic like this before all of it.
pub(crate) fn moving(traffic: Traffic) -> Plan {
    with(&[("api", "shop/api:2")], [("some", traffic)])
}

fn with<const N: usize>(images: &[(&str, &str)], before: [(&str, Traffic); N]) -> Plan {
    let release = Release::of(images.iter().copied()).unwrap();
    let images = release.images(&Part::main()).unwrap().clone();
    let candidate = GoalTrack::new(Revision::Release(images), Capacity::Share(Weight::FULL));
    let all = ("try", Traffic::weight(Weight::FULL));
    let stages = before.into_iter().chain([all]).map(|(name, traffic)| {
        let goal = Goal::new(GoalTrack::recorded(), candidate.clone(), traffic);
        Stage::new(name, StageKind::Expose, [(Part::main(), goal)])
    });
    Plan::new(
        "by hand",
        release,
        stages.collect(),
        BTreeMap::new(),
        Policies::default(),
    )
    .unwrap()
}

pub(crate) async fn findings(target: &KubernetesTarget, plan: &Plan) -> Vec<Finding> {
    let found = target.discover().await.unwrap();
    let admission = target.admit(&Part::main(), &found, plan).await.unwrap();
    assert_eq!(admission.binding, found.binding);
    admission.findings
}

#[track_caller]
pub(crate) fn check(findings: &[Finding], code: &str, words: &[&str]) {
    let found = findings.iter().find(|finding| finding.code == code);
    let text = found.map(ToString::to_string).unwrap_or_default();
    for word in words {
        assert!(
            text.contains(word),
            "{code} with {word:?} is not in {findings:#?}"
        );
    }
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn a_plan_that_can_run_has_no_findings() {
    let shop = Shop::open();
    let plan = plan(&[("api", "shop/api:2")]);
    assert_eq!(findings(&shop.with_mesh(2).await, &plan).await, []);
    let shop = Shop::open();
    assert_eq!(findings(&shop.with_slots(2, 0).await, &plan).await, []);
}

/// A preview by a header that the routes ask for themselves.
#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn a_header_that_is_taken() {
    let mut previewed = Traffic::weight(Weight::HALF);
    previewed.routes = vec![strategy_core::Route {
        by: strategy_core::RouteBy::Header,
        name: "x-Tenant".to_owned(),
        value: "one".to_owned(),
    }];
    let plan = moving(previewed);
    let shop = Shop::open();
    let target = shop.with_mesh(1).await;
    shop.edit("VirtualService", "api", |routes| {
        routes["spec"]["http"][1]["match"] = json!([{"headers": {"x-tenant": {"exact": "two"}}}]);
    })
    .await;
    let found = findings(&target, &plan).await;
    check(&found, "header-taken", &["virtualservice/api", "x-tenant"]);

    let shop = Shop::open();
    let target = shop.with_gateway(1).await;
    shop.edit("GRPCRoute", "api", |route| {
        route["spec"]["rules"][0]["matches"] =
            json!([{"headers": [{"name": "x-tenant", "value": "two"}]}]);
    })
    .await;
    let found = findings(&target, &plan).await;
    check(&found, "header-taken", &["grpcroute/api", "x-Tenant"]);
    let route = shop.get("GRPCRoute", "api").await;
    assert!(!route.to_string().contains("rollway"), "{route}");
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn a_container_that_is_not_there() {
    let shop = Shop::open();
    let target = shop.with_slots(2, 0).await;
    let found = findings(&target, &plan(&[("apy", "shop/api:2")])).await;
    check(
        &found,
        "revision-impossible",
        &["no container `apy`", "name one of api, migrate, proxy"],
    );
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn a_stable_of_nothing_a_paused_one_and_one_that_selects_the_canary() {
    let shop = Shop::open();
    shop.deploy("api", json!({"app": "api"}), "shop/api:1", 0)
        .await;
    shop.create(service("api", json!({"app": "api"}))).await;
    shop.create(crate::shop::virtual_service()).await;
    shop.create(crate::shop::destination_rule()).await;
    shop.patch(
        "person",
        "Deployment",
        "api",
        json!({"spec": {"paused": true}}),
    )
    .await;
    let target = shop.target(shop.mesh());
    let found = findings(&target, &plan(&[("api", "shop/api:2")])).await;
    check(
        &found,
        "stable-has-no-replicas",
        &["deployment/api", "scale it"],
    );
    check(
        &found,
        "deployment-paused",
        &["rollout resume deployment/api"],
    );
    check(
        &found,
        "selectors-overlap",
        &["selects the pods of deployment/api-canary too"],
    );
    assert!(
        !shop.get("Deployment", "api").await["metadata"]["annotations"]
            .to_string()
            .contains("rollway")
    );
}
