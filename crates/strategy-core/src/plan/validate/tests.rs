//! Each thing that a plan must keep, broken alone, is refused with a sentence about it.

mod edges;
mod stages;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::plan::*;
use crate::release::{Images, Part, Release};
use crate::track::{Capacity, Revision};
use crate::traffic::{Route, RouteBy, Stickiness, Traffic};
use crate::weight::Weight;

const HOUR: Duration = Duration::from_secs(3600);
const MINUTE: Duration = Duration::from_secs(60);

/// A canary by hand: 50% with a check that compares, 100% with one that does not.
#[derive(Clone)]
struct Sketch {
    strategy: String,
    release: Release,
    stages: Vec<Stage>,
    checks: BTreeMap<CheckName, Check>,
    policies: Policies,
}

impl Sketch {
    fn good() -> Self {
        let release = Release::of([("api", "shop/api:2")]).unwrap();
        let stage = |name: &str, weight: Weight, check: &str| {
            let mut stage = Stage::new(name, StageKind::Expose, [(Part::main(), goal(weight))]);
            stage.checks = [check.into()].into();
            stage.gates = vec![Gate::approval("release", ["lead".to_owned()], 1)];
            stage.hooks = vec![HookPlan::new(
                "smoke",
                HookPoint::Ready,
                Extension::new("http"),
            )];
            stage
        };
        Self {
            strategy: "canary".to_owned(),
            release,
            stages: vec![
                stage("half", Weight::HALF, "slower"),
                stage("all", Weight::FULL, "errors"),
            ],
            checks: [
                (
                    "slower".into(),
                    Check::new(Extension::new("p95")).compares_with_stable(),
                ),
                ("errors".into(), Check::new(Extension::new("errors"))),
            ]
            .into(),
            policies: Policies::default(),
        }
    }

    fn plan(self) -> Result<Plan, PlanError> {
        Plan::new(
            self.strategy,
            self.release,
            self.stages,
            self.checks,
            self.policies,
        )
    }

    fn first(&mut self) -> &mut Stage {
        &mut self.stages[0]
    }

    fn last(&mut self) -> &mut Stage {
        &mut self.stages[1]
    }

    fn goal(&mut self, stage: usize) -> &mut Goal {
        self.stages[stage].goals.get_mut(&Part::main()).unwrap()
    }

    fn check(&mut self, name: &str) -> &mut Check {
        self.checks.get_mut(&name.into()).unwrap()
    }
}

fn images() -> Images {
    Images::parse([("api", "shop/api:2")]).unwrap()
}

fn goal(weight: Weight) -> Goal {
    Goal {
        stable: GoalTrack::recorded(),
        candidate: GoalTrack {
            revision: Revision::Release(images()),
            capacity: Capacity::Share(weight),
        },
        traffic: Traffic::weight(weight),
    }
}

fn external(every: Duration, then: Then) -> Gate {
    let mut gate = Gate::external("window", Extension::new("calendar")).within(HOUR, then);
    gate.kind = GateKind::External {
        ask: Extension::new("calendar"),
        every,
    };
    gate
}

#[test]
fn the_sketch_is_a_plan() {
    Sketch::good().plan().unwrap();
}

type Break = fn(&mut Sketch);

#[track_caller]
fn refused(rows: &[(&str, Break)]) {
    for (said, change) in rows {
        let mut sketch = Sketch::good();
        change(&mut sketch);
        match sketch.plan() {
            Ok(_) => panic!("not refused: {said}"),
            Err(error) => assert!(
                error.to_string().contains(said),
                "refused for another reason than `{said}`: {error}"
            ),
        }
    }
}

#[test]
fn a_plan_has_stages_with_names_of_their_own() {
    refused(&[
        ("no stage", |s| s.stages.clear()),
        ("the strategy's name is empty", |s| s.strategy.clear()),
        ("the strategy's name has a space or control", |s| {
            s.strategy.push('\n');
        }),
        ("has 64 bytes", |s| s.strategy = "x".repeat(64)),
        ("two stages have this name", |s| {
            s.last().name = "half".into();
        }),
        ("the name of stage 2 is empty", |s| {
            s.last().name = "".into();
        }),
        ("has a space", |s| s.last().name = "all of it".into()),
        ("has 101 stages", |s| {
            let stage = s.stages[1].clone();
            s.stages.extend((2..101).map(|n| Stage {
                name: format!("s{n}").into(),
                ..stage.clone()
            }));
        }),
        ("has 51 checks", |s| {
            let check = s.check("errors").clone();
            s.checks = (0..51)
                .map(|n| (format!("c{n}").into(), check.clone()))
                .collect();
        }),
    ]);
}

#[test]
fn no_stage_is_silently_nothing() {
    refused(&[
        ("asks nothing that the stage before it did not", |s| {
            let goals = s.stages[0].goals.clone();
            s.stages
                .insert(1, Stage::new("soak", StageKind::Expose, goals));
        }),
        ("asks nothing", |s| {
            s.stages.insert(
                1,
                Stage::new("soak", StageKind::Expose, BTreeMap::<Part, Goal>::new()),
            );
        }),
        ("the first stage has no goal for part `main`", |s| {
            s.first().goals.clear();
        }),
        ("part `other`, which the release does not ship", |s| {
            s.last()
                .goals
                .insert("other".parse().unwrap(), goal(Weight::FULL).into());
        }),
    ]);
}

#[test]
fn capacity_stands_behind_all_traffic() {
    refused(&[
        (
            "candidate gets 50% of the requests with a capacity of 0",
            |s| {
                s.goal(0).candidate.capacity = Capacity::Count(0);
            },
        ),
        (
            "candidate gets 50% of the requests with a capacity of 49%",
            |s| {
                s.goal(0).candidate.capacity = Capacity::Share(Weight::from_percent(49).unwrap());
            },
        ),
        ("candidate gets 50% of the requests", |s| {
            s.goal(0).candidate = GoalTrack::absent();
        }),
        (
            "stable gets 50% of the requests with a capacity of 0",
            |s| {
                s.goal(0).stable.capacity = Capacity::Count(0);
            },
        ),
        ("candidate gets requests by route", |s| {
            let goal = s.goal(0);
            goal.traffic = Traffic::weight(Weight::ZERO);
            goal.traffic.routes = vec![route("beta")];
            goal.candidate.capacity = Capacity::Share(Weight::ZERO);
        }),
        ("candidate gets 60% of the requests", |s| {
            s.goal(0).traffic.mirror = Weight::from_percent(60).unwrap();
        }),
        ("stable would be removed", |s| {
            s.goal(1).stable = GoalTrack::absent();
        }),
        ("candidate is absent with a capacity of 3", |s| {
            s.goal(0).traffic = Traffic::weight(Weight::ZERO);
            s.goal(0).candidate = GoalTrack {
                revision: Revision::Absent,
                capacity: Capacity::Count(3),
            };
        }),
        (
            "candidate is to run api=shop/api:3, and the release is api=shop/api:2",
            |s| {
                s.goal(0).candidate.revision =
                    Revision::Release(Images::parse([("api", "shop/api:3")]).unwrap());
            },
        ),
        ("names a revision without a name", |s| {
            s.goal(0).candidate.revision = Revision::Named(String::new());
        }),
        ("names a revision without a name, or with a long one", |s| {
            s.goal(0).candidate.revision = Revision::Named("x".repeat(64));
        }),
        ("a route needs a name and a value", |s| {
            s.goal(0).traffic.routes = vec![route("")];
        }),
        ("is there twice", |s| {
            s.goal(0).traffic.routes = vec![route("a"), route("a")];
        }),
    ]);
}

fn route(value: &str) -> Route {
    Route {
        by: RouteBy::Header,
        name: "x-canary".to_owned(),
        value: value.to_owned(),
    }
}

#[test]
fn the_end_is_clean() {
    refused(&[
        ("ends with 50% of part `main` on the release", |s| {
            s.stages.truncate(1);
            s.checks.remove(&"errors".into());
        }),
        ("ends with part `main` on what was there before", |s| {
            s.goal(1).traffic = Traffic::weight(Weight::ZERO);
            s.last().checks.clear();
            s.checks.remove(&"errors".into());
        }),
        ("a route or mirror of part `main` still in place", |s| {
            s.goal(1).traffic.routes = vec![route("beta")];
        }),
        ("a route or mirror", |s| {
            s.goal(1).traffic.mirror = Weight::HALF;
        }),
        ("stickiness of part `main` still suspended", |s| {
            s.goal(1).traffic.stickiness = Stickiness::Suspended;
        }),
    ]);
}

#[test]
fn checks_are_known_named_and_comparable() {
    refused(&[
        ("no stage runs it", |s| s.first().checks.clear()),
        ("check `nobody`, which the plan does not define", |s| {
            s.first().checks.insert("nobody".into());
        }),
        ("the interval is zero", |s| {
            s.check("errors").interval = Duration::ZERO;
        }),
        ("the timeout is zero", |s| {
            s.check("errors").timeout = Duration::ZERO;
        }),
        ("the kind is empty", |s| {
            s.check("errors").analysis = Extension::new("");
        }),
        ("no request reaches stable in this stage", |s| {
            s.last().checks.insert("slower".into());
        }),
        ("stable no longer runs what it ran", |s| {
            s.goal(0).stable.revision = Revision::Release(images());
        }),
    ]);
}

#[test]
fn policies_end_and_hide_nothing() {
    refused(&[
        ("policy `resync`: its limit is zero", |s| {
            s.policies.resync = Duration::ZERO;
        }),
        ("policy `pause_limit`: its limit is zero", |s| {
            s.policies.pause_limit = Duration::ZERO;
        }),
        ("policy `pause_limit`: its limit is", |s| {
            s.policies.pause_limit = Duration::MAX;
        }),
        ("policy `rollback_deadline`", |s| {
            s.policies.rollback_deadline = Duration::ZERO;
        }),
        ("policy `write_timeout`", |s| {
            s.policies.write_timeout = Duration::ZERO;
        }),
        ("policy `unreachable`: its limit is zero", |s| {
            s.policies.unreachable.limit = Duration::ZERO;
        }),
        ("cannot be read ends in going on", |s| {
            s.policies.unreachable.then = Then::GoOn;
        }),
        ("is stale after 30s", |s| {
            s.policies.stale_after = Duration::from_secs(30);
        }),
        ("the way back waits longer", |s| {
            s.policies.way_back_wait = HOUR;
        }),
        ("0 basis points", |s| s.policies.false_alarms = 0),
        ("policy `foreign.traffic`", |s| {
            s.policies.foreign.traffic = ForeignPolicy::Hold {
                at_most: HOUR,
                then: Then::GoOn,
            };
        }),
        ("policy `foreign.revision`", |s| {
            s.policies.foreign.revision = ForeignPolicy::Hold {
                at_most: Duration::ZERO,
                then: Then::RollBack,
            };
        }),
        (
            "`shop/api:2` of container `api` can come to mean another one",
            |s| {
                s.policies.immutable_images = true;
            },
        ),
    ]);
}

#[test]
fn every_refusal_says_how_to_mend_it() {
    let mut sketch = Sketch::good();
    sketch.first().checks = BTreeSet::new();
    let error = sketch.plan().unwrap_err().to_string();
    let (_, mend) = error.split_once("; ").unwrap();
    assert!(!mend.is_empty(), "{error}");
}
