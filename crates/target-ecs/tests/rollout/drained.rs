//! Stable is given up only when the metrics of its target group say that nobody asks it any more.

use std::time::Duration;

use serde_json::json;
use strategy_core::driver::Driver;
use strategy_core::plan::{Bake, Check};
use strategy_core::rollout::Outcome;
use strategy_core::strategy::{Canary, CanaryStage};
use strategy_core::world::block_on;
use strategy_core::{Release, Timestamp};
use strategy_metrics::source::CloudWatch;
use strategy_metrics::{MetricAnalysis, MetricCheck};
use test_support::ecs::Service;

use crate::scene::Scene;

const MINUTE: Duration = Duration::from_secs(60);

/// Whether the old target group got no request for three minutes, by what its load balancer tells CloudWatch.
fn old_group() -> Check {
    let metric = json!({ "application-load-balancer": {} });
    let check = MetricCheck::new("cloudwatch", metric);
    let check = check.judge(json!({ "kind": "drained", "quiet": "3m" }));
    check.check().unwrap().every(MINUTE)
}

/// Half of the traffic, then all of it until nobody asks the old group.
fn strategy() -> Canary {
    let until_drained = Bake::of(MINUTE).at_most(30 * MINUTE);
    Canary::new()
        .stage(CanaryStage::at(50).bake(MINUTE).checks([""; 0]))
        .stage(
            CanaryStage::at(100)
                .bake(until_drained)
                .checks(["old-group"]),
        )
        .check("old-group", old_group())
        // Longer than cookies: the candidate is drained as well before it is removed.
        .deadline(90 * MINUTE)
}

/// How it ended; how long all of the traffic was the candidate's while stable was as before; what was said.
fn rolled_out(scene: &Scene, strategy: &Canary) -> Result<(Outcome, Duration), String> {
    let source = CloudWatch::new(&scene.fake.alarms_client());
    let driver = Driver::on(scene.target())
        .clock(scene.clock.clone())
        .analysis("cloudwatch", MetricAnalysis::new("cloudwatch", source));
    let release = Release::of([("web", "web:2")]).unwrap();
    let whole = async {
        let started = driver.start(strategy, release).await;
        let (_, run) = started.map_err(|error| format!("{error:?}"))?;
        let watch = async {
            let mut since: Option<Timestamp> = None;
            loop {
                let now = scene.clock.now();
                if scene.weights() == (0, 1) {
                    since.get_or_insert(now);
                }
                if let Some(since) = since
                    && (scene.weights() != (0, 1) || scene.image("web") != "web:1")
                {
                    return now.since(since);
                }
                scene.after(20).await;
            }
        };
        let (outcome, waited) = futures::future::join(run, watch).await;
        Ok((outcome.unwrap(), waited))
    };
    block_on(&scene.clock, whole).unwrap()
}

/// Clients stay with their target group for so long.
fn sticky(scene: &Scene, seconds: u64) {
    let groups = [(&scene.shop.stable_group, 1), (&scene.shop.canary_group, 0)];
    let groups = groups.map(|(arn, weight)| json!({ "TargetGroupArn": arn, "Weight": weight }));
    let forward = json!([{ "Type": "forward", "ForwardConfig": {
        "TargetGroups": groups,
        "TargetGroupStickinessConfig": { "Enabled": true, "DurationSeconds": seconds },
    } }]);
    let input = json!({ "RuleArn": scene.shop.rule, "Actions": forward });
    scene.ask(Service::LoadBalancing, "ModifyRule", input);
    scene.wait(600);
}

#[test]
fn an_old_group_that_nobody_asks_is_given_up() {
    let scene = Scene::canary();
    let (outcome, waited) = rolled_out(&scene, &strategy()).unwrap();
    assert_eq!(outcome, Outcome::Promoted);
    assert_eq!(scene.image("web"), "web:2");
    // Three minutes without a request, told three minutes later.
    assert!(waited >= 6 * MINUTE && waited < 15 * MINUTE, "{waited:?}");
    scene.nobody_was_let_down();
}

#[test]
fn while_clients_stick_to_the_old_group_it_is_kept_and_the_stage_ends_undecided() {
    let scene = Scene::canary();
    sticky(&scene, 3_600);
    let (outcome, waited) = rolled_out(&scene, &strategy()).unwrap();
    println!("{outcome}");
    assert!(matches!(outcome, Outcome::RolledBack { .. }), "{outcome:?}");
    assert!(waited >= 30 * MINUTE, "{waited:?}");
    assert_eq!(scene.image("web"), "web:1");
    scene.nobody_was_let_down();
}

#[test]
fn it_waits_for_clients_whose_cookies_end() {
    let scene = Scene::canary();
    sticky(&scene, 900);
    let (outcome, waited) = rolled_out(&scene, &strategy()).unwrap();
    assert_eq!(outcome, Outcome::Promoted);
    assert!(waited >= 21 * MINUTE, "{waited:?}");
    scene.nobody_was_let_down();
}

#[test]
fn a_stage_in_which_stable_has_traffic_cannot_ask_it() {
    let scene = Scene::canary();
    let strategy = Canary::new()
        .stages([50, 100])
        .bake(MINUTE)
        .check("old-group", old_group());
    let refused = rolled_out(&scene, &strategy).unwrap_err();
    assert!(
        refused.contains("asks it while stable has traffic"),
        "{refused}"
    );
    assert_eq!(scene.weights(), (1, 0));
}
