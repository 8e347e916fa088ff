//! Five deployment systems as they are really run, each as a plan; the tables are compared with
//! `tests/golden`. Set `UPDATE_GOLDEN=1` to write them anew, then read the difference.

use std::fs;
use std::path::Path;
use std::time::Duration;

use strategy_core::plan::{
    Bake, Check, Extension, Facts, ForeignPolicy, Gate, Health, HookPlan, HookPoint, Limits,
    OnFailure, Policies, ReadyRule, Rerun, Then, Undo,
};
use strategy_core::strategy::{BlueGreen, Canary, CanaryStage, Retire, Rolling};
use strategy_core::target::{Found, Promotion};
use strategy_core::{Images, Release, Strategy};

use crate::found::{Place, minutes, part, parts, percent};

#[track_caller]
fn golden(name: &str, strategy: &dyn Strategy, release: &Release, found: &Found) {
    let plan = strategy.plan(release, found).unwrap();
    let text = plan.table_with(&Facts::new().found(found).width(160));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/golden/{name}.txt"));
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, &text).unwrap();
    }
    let expected = fs::read_to_string(&path).unwrap();
    assert_eq!(text, expected, "{} differs", path.display());
}

fn smoke(paths: &[&str]) -> HookPlan {
    let probe = Extension::new("http-probe").with("paths", paths.to_vec());
    HookPlan::new("smoke", HookPoint::Ready, probe)
        .timeout(minutes(5))
        .rerun(Rerun::Safe)
}

/// More than `limit` of the requests failed.
fn error_rate(limit: &str) -> Check {
    Check::new(
        Extension::new("error-rate")
            .with("above", limit)
            .with("at-least", 100),
    )
}

fn latency(statistic: &str, above: &str) -> Check {
    Check::new(
        Extension::new("latency")
            .with("statistic", statistic)
            .with("above", above),
    )
}

fn restarts(tolerated: u32) -> Health {
    let mut health = Health::default();
    health.restarts = Some(tolerated);
    health
}

mod estatewise {
    use super::*;

    fn release() -> Release {
        Release::of([("backend", "estatewise/backend:2.4.0")]).unwrap()
    }

    /// Migrations come first, after a dump that can be put back.
    fn migration() -> HookPlan {
        HookPlan::new(
            "migrate",
            HookPoint::Before,
            Extension::new("job").with("name", "migrate"),
        )
        .undo(Undo::By(Extension::new("job").with("name", "restore-dump")))
    }

    /// Four replicas behind one Service, so 10% and 25% are one replica each: the table says it.
    #[test]
    fn a_canary_by_replica_share_with_an_approval_for_every_stage() {
        let two_minutes = Bake::of(minutes(2)).looks(3);
        let p95 = Extension::new("latency")
            .with("statistic", "p95")
            .with("over-stable", "10%");
        let canary = Canary::new()
            .stages([10, 25, 50, 75, 100])
            .approve_each_stage(["operator"], 1)
            .bake(two_minutes)
            .hook(migration())
            .hook(smoke(&["/health"]))
            .check("errors", error_rate("1%"))
            .check("slower", Check::new(p95).compares_with_stable())
            .health(restarts(2))
            .approve_promotion(["operator"], 1);
        let found = Place::replicas("backend", 4).unfenced().found();
        golden("estatewise-canary", &canary, &release(), &found);
    }

    /// Selector slots; the old one is kept, and the idle one had been scaled to 0 by the last release.
    #[test]
    fn blue_green_with_an_approved_switch_and_a_watch_after_it() {
        let blue_green = BlueGreen::new()
            .hook(smoke(&["/health"]))
            .approve_switch(["operator"], 1)
            .check("errors", error_rate("1%"))
            .bake(minutes(15));
        let found = Place::slots("backend", 2, 0).found();
        golden("estatewise-blue-green", &blue_green, &release(), &found);
    }
}

mod connect {
    use super::*;

    fn release() -> Release {
        Release::parts(["backend", "frontend"].map(|name| {
            let image = format!("connect2/{name}:main-0123456789abcdef");
            (part(name), Images::parse([("app", image)]).unwrap())
        }))
        .unwrap()
    }

    /// One replica more at a time, none missing; both parts, and a failure takes both back.
    #[test]
    fn rolling_of_two_parts_behind_a_production_approval() {
        let rolling = Rolling::new()
            .max_surge(1)
            .gate_before(
                "batch-1",
                Gate::approval("production", ["release".to_owned()], 1),
            )
            .hook_in(
                "batch-3",
                HookPlan::new("smoke", HookPoint::Effective, Extension::new("http-probe"))
                    .rerun(Rerun::Safe),
            )
            .hook_in(
                "batch-3",
                HookPlan::new(
                    "end-to-end",
                    HookPoint::Effective,
                    Extension::new("playwright"),
                )
                .timeout(minutes(15))
                .warns(),
            )
            .health(restarts(3));
        let place = || Place::replicas("app", 3).promoting([Promotion::Native]);
        let found = parts([("backend", place()), ("frontend", place())]);
        golden("connect-rolling", &rolling, &release(), &found);
    }

    /// 10% and then half, warned at 1% of errors and failed above 5%; the schema grows first.
    #[test]
    fn a_canary_of_one_part_after_the_other() {
        let errors = Extension::new("error-rate")
            .with("warn-above", "1%")
            .with("above", "5%");
        let canary = Canary::new()
            .stages([10, 50, 100])
            .check("errors", Check::new(errors))
            .check("p95", latency("p95", "1s"))
            .hook(
                HookPlan::new("expand-schema", HookPoint::Before, Extension::new("knex"))
                    .part(part("backend"))
                    .undo(Undo::By(Extension::new("knex").with("to", "down"))),
            )
            .parts_in_order([part("backend"), part("frontend")]);
        let found = parts([
            ("backend", Place::routed("app", 3)),
            ("frontend", Place::routed("app", 3)),
        ]);
        golden("connect-canary", &canary, &release(), &found);
    }
}

mod moodify {
    use super::*;

    fn release() -> Release {
        let digest = format!("moodify/backend@sha256:{}", "4f".repeat(32));
        // The init container migrates, so it is promoted with the rest.
        Release::of([("backend", &digest), ("migrate", &digest)]).unwrap()
    }

    fn place() -> Place {
        let mut place = Place::routed("backend", 5).header_routes();
        place = place.and_container("migrate").scaled(3, 15);
        place
    }

    fn window() -> Gate {
        let calendar = Extension::new("calendar")
            .with("zone", "America/New_York")
            .with("days", vec!["tue", "wed", "thu"])
            .with("from", "10:00")
            .with("to", "14:00")
            .with(
                "except",
                vec!["2026-11-27", "2026-11-30", "last-7-days-of-quarter"],
            )
            .with("unless", "emergency");
        Gate::external("window", calendar).within(minutes(4 * 60), Then::Abandon)
    }

    fn no_incident() -> Gate {
        Gate::external(
            "no-incident",
            Extension::new("pagerduty").with("open", false),
        )
        .within(minutes(60), Then::Abandon)
    }

    /// CTO *and* DevOps lead: two gates, so that one of them cannot answer for both.
    fn canary() -> Canary {
        let mut policies = Policies::default();
        policies.immutable_images = true;
        policies.foreign.capacity = ForeignPolicy::Reassert {
            times: 3,
            writers: ["argocd-controller".to_owned()].into(),
        };
        Canary::new()
            .header_route("x-canary-user", "true")
            .gate_before("10%", window())
            .gate_before("10%", no_incident())
            .gate_before("10%", Gate::approval("cto", ["cto".to_owned()], 1))
            .gate_before(
                "10%",
                Gate::approval("devops", ["devops-lead".to_owned()], 1),
            )
            .hook(
                HookPlan::new("pre-flight", HookPoint::Before, Extension::new("checklist"))
                    .rerun(Rerun::Safe),
            )
            .hook(smoke(&["/health/ready", "/metrics"]))
            .check("errors", error_rate("5%"))
            .check("p95", latency("p95", "5s"))
            .health(restarts(5))
            .policies(policies)
            .on_promotion_failure(OnFailure::StayOnCandidate {
                at_most: minutes(120),
                then: Then::RollBack,
            })
    }

    #[test]
    fn a_canary_by_weight_in_a_window_with_two_approvals() {
        let canary = canary()
            .stages([10, 25, 50, 100])
            .bake(minutes(5))
            .suspend_stickiness();
        golden("moodify-canary", &canary, &release(), &place().found());
    }

    /// The hotfix skips the canary, not the checks; an on-call person answers for it.
    #[test]
    fn an_emergency_goes_to_all_users_at_once() {
        let canary = Canary::new()
            .stage(
                CanaryStage::at(100)
                    .approval(["on-call", "cto"], 1)
                    .bake(minutes(60)),
            )
            .check("errors", error_rate("5%"))
            .retire(Retire::Keep);
        golden("moodify-emergency", &canary, &release(), &place().found());
    }
}

mod petswipe {
    use super::*;

    fn release() -> Release {
        Release::of([("app", "petswipe/app:3.1.7")]).unwrap()
    }

    /// ECS services behind weighted target groups: the canary's tasks follow its weight.
    #[test]
    fn a_canary_by_target_group_weight_with_roles_per_stage() {
        let asked = |weight| CanaryStage::at(weight).approval(["admin", "devops"], 1);
        let every = Limits::default().failures(0);
        let canary = Canary::new()
            .stages([5])
            .stage(asked(10))
            .stage(asked(25))
            .stage(asked(50))
            .stage(
                CanaryStage::at(100)
                    .approval(["admin", "devops", "release-manager"], 2)
                    .bake(Bake::of(minutes(5)).looks(10)),
            )
            .bake(Bake::of(minutes(5)).looks(10))
            .check("errors", error_rate("5%").limits(every))
            .check("latency", latency("average", "1s"))
            .retire(Retire::ScaleTo(0))
            .retire_after(minutes(6));
        for tasks in [4, 20] {
            let found = Place::routed("app", tasks)
                .with_candidate("app", 0)
                .promoting([Promotion::Swap])
                .unfenced()
                .found();
            golden(
                &format!("petswipe-canary-{tasks}"),
                &canary,
                &release(),
                &found,
            );
        }
    }

    /// The test header reaches the idle side; smoke tests go there for a minute, failing above 5%.
    #[test]
    fn blue_green_with_a_test_header() {
        let load = Extension::new("http-probe")
            .with("paths", vec!["/health", "/api/pets?limit=1"])
            .with("for", "60s")
            .with("failures-below", "5%");
        let blue_green = BlueGreen::new()
            .preview_header("X-Test-Environment", "candidate")
            .hook(HookPlan::new("smoke", HookPoint::Effective, load).rerun(Rerun::Safe))
            .approve_switch(["devops"], 1)
            .bake(minutes(2))
            .retire(Retire::ScaleTo(0));
        let found = Place::routed("app", 4)
            .with_candidate("app", 0)
            .promoting([Promotion::Swap])
            .header_routes()
            .unfenced()
            .found();
        golden("petswipe-blue-green", &blue_green, &release(), &found);
    }
}

mod fusion {
    use super::*;

    fn release() -> Release {
        Release::parts(["backend", "frontend"].map(|name| {
            let image = format!("fusion/{name}:5.0.2");
            (part(name), Images::parse([("app", image)]).unwrap())
        }))
        .unwrap()
    }

    /// Ten replicas each, both parts together: 25% and 75% are 30% and 80%, and the plan goes on.
    #[test]
    fn a_canary_of_two_tiers_by_replica_share() {
        let p95 = Extension::new("latency")
            .with("statistic", "p95")
            .with("over-stable", "20%");
        let split = Extension::new("request-share").with("tolerance", "10%");
        let business = Extension::new("conversion").with("below-stable", "10%");
        let canary =
            Canary::new()
                .stages([10, 25])
                .stage(CanaryStage::at(50).bake(minutes(15)).hook(
                    HookPlan::new("load", HookPoint::Effective, Extension::new("k6")).warns(),
                ))
                .stage(CanaryStage::at(75).bake(minutes(15)))
                .stages([100])
                .bake(minutes(10))
                .hook(smoke(&["/health", "/ready", "/db", "/pinecone"]))
                .check("errors", error_rate("5%").every(Duration::from_secs(60)))
                .check(
                    "p95",
                    Check::new(p95)
                        .compares_with_stable()
                        .every(Duration::from_secs(60)),
                )
                .check("split", Check::new(split).every(Duration::from_secs(60)))
                .check(
                    "conversion",
                    Check::new(business)
                        .compares_with_stable()
                        .every(minutes(5)),
                )
                .approve_promotion(["release-manager"], 1);
        let found = parts([
            ("backend", Place::replicas("app", 10)),
            ("frontend", Place::replicas("app", 10)),
        ]);
        golden("fusion-canary", &canary, &release(), &found);
    }

    /// Both tiers switch in one stage; the clean-up is asked for by itself and gives up if nobody answers.
    #[test]
    fn blue_green_of_two_tiers_with_an_approved_clean_up() {
        let switch = Gate::approval("switch", ["release-manager".to_owned()], 1)
            .within(minutes(30), Then::RollBack);
        let clean_up = Gate::approval("clean-up", ["release-manager".to_owned()], 1)
            .within(minutes(15), Then::Abandon);
        let ready = ReadyRule::default()
            .share(percent(100))
            .settle(Duration::from_secs(10));
        let blue_green = BlueGreen::new()
            .hook(smoke(&["/health", "/ready", "/db", "/pinecone"]))
            .gate_before("switch", switch)
            .check("errors", error_rate("5%"))
            .bake(minutes(10))
            .ready(ready)
            .deadline(minutes(5))
            .retire(Retire::ScaleTo(0))
            .gate_before("retire", clean_up);
        let found = parts([
            ("backend", Place::slots("app", 3, 0)),
            ("frontend", Place::slots("app", 3, 0)),
        ]);
        golden("fusion-blue-green", &blue_green, &release(), &found);
    }
}
