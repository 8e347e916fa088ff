//! Tests of the schedule: what is accepted gives the plan's weights, and what is refused says why.

use std::time::Duration;

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::strategy::Strategy as _;
use strategy_core::plan::{
    Bake, Extension, ForeignPolicy, Gate, GoalTrack, HookPlan, HookPoint, OnFailure, Policies,
    Rerun, StageKind, Then,
};
use strategy_core::strategy::{BlueGreen, Canary, Rolling, Strategy};
use strategy_core::target::{Capabilities, Effectiveness, Found, Promotion, Routing};
use strategy_core::world::{discovery_of, observed_track};
use strategy_core::{Images, Release, Route, Traffic};

use super::*;

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 3600);

fn images(tag: &str) -> Images {
    Images::parse([("app", format!("app:{tag}"))]).unwrap()
}

/// A service of three tasks whose load balancer Amazon ECS shifts itself.
fn found() -> Found {
    let stable = observed_track(&images("v1"), 3);
    let mut found = discovery_of(stable, strategy_core::target::ObservedTrack::default());
    found.capabilities = Capabilities::routed();
    found.capabilities.routing = Routing::Native;
    found.capabilities.granularity = Weight::from_basis_points(1).unwrap();
    found.capabilities.promotions = vec![Promotion::Native];
    found.capabilities.effectiveness = Effectiveness::Verified;
    found.capabilities.header_routes = true;
    found.capabilities.cookie_routes = true;
    found.capabilities.mirror = true;
    Found::main(found)
}

fn release() -> Release {
    Release::of([("app", "app:v2")]).unwrap()
}

fn planned(strategy: &dyn Strategy) -> Plan {
    strategy.plan(&release(), &found()).unwrap()
}

fn schedule(plan: &Plan) -> Result<Schedule, Vec<Refusal>> {
    Schedule::of(plan, &Part::main())
}

fn codes(plan: &Plan) -> Vec<&'static str> {
    let refusals = schedule(plan).unwrap_err();
    for refusal in &refusals {
        assert!(
            !refusal.message.is_empty() && !refusal.mend.is_empty(),
            "{refusal:?}"
        );
    }
    refusals.iter().map(|refusal| refusal.code).collect()
}

fn points(points: u16) -> Weight {
    Weight::from_basis_points(points).unwrap()
}

/// Stages at these weights, in basis points, and then what was goes; changed by hand.
fn by_hand(weights: &[u16], change: impl Fn(&mut Vec<Stage>)) -> Plan {
    with_policies(weights, Policies::default(), change)
}

fn with_policies(weights: &[u16], policies: Policies, change: impl Fn(&mut Vec<Stage>)) -> Plan {
    let whole = || {
        GoalTrack::new(
            Revision::Release(images("v2")),
            Capacity::Share(Weight::FULL),
        )
    };
    let goal = |stable, weight| Goal::new(stable, whole(), Traffic::weight(weight));
    let mut stages: Vec<Stage> = weights
        .iter()
        .enumerate()
        .map(|(index, weight)| {
            let goal = goal(GoalTrack::recorded(), points(*weight));
            Stage::new(
                format!("step-{index}"),
                StageKind::Expose,
                [(Part::main(), goal)],
            )
        })
        .collect();
    let gone = GoalTrack::new(Revision::Recorded, Capacity::Count(0));
    let gone = goal(gone, Weight::FULL);
    stages.push(Stage::new(
        "retire",
        StageKind::Retire,
        [(Part::main(), gone)],
    ));
    change(&mut stages);
    Plan::new("by-hand", release(), stages, BTreeMap::new(), policies).unwrap()
}

fn plain(_: &mut Vec<Stage>) {}

#[test]
fn each_strategy_of_amazon_ecs_is_found_from_the_weights() {
    for (weights, shift) in [
        (vec![100], Shift::AllAtOnce),
        (vec![10, 100], Shift::Canary(100)),
        (vec![50, 100], Shift::Canary(500)),
        (vec![25, 50, 75, 100], Shift::Linear(250)),
        (vec![40, 80, 100], Shift::Linear(400)),
        (
            vec![
                3, 6, 9, 12, 15, 18, 21, 24, 27, 30, 33, 36, 39, 42, 45, 48, 51, 54, 57, 60, 63,
                66, 69, 72, 75, 78, 81, 84, 87, 90, 93, 96, 99, 100,
            ],
            Shift::Linear(30),
        ),
    ] {
        let plan = planned(&Canary::new().stages(weights.clone()));
        let schedule = schedule(&plan).unwrap();
        assert_eq!(schedule.shift, shift, "{weights:?}");
        let asked: Vec<Weight> = weights
            .iter()
            .map(|w| Weight::from_percent(*w).unwrap())
            .collect();
        assert_eq!(schedule.steps, asked);
        assert_eq!(schedule.shift.weights(), asked);
    }
    let schedule = schedule(&planned(&BlueGreen::new())).unwrap();
    assert_eq!(
        (schedule.shift, schedule.steps),
        (Shift::AllAtOnce, vec![Weight::FULL])
    );
}

#[test]
fn steps_are_counted_by_their_weights() {
    let schedule = schedule(&planned(&Canary::new().stages([25, 50, 75, 100]))).unwrap();
    assert_eq!(schedule.weight_after(0), Weight::ZERO);
    for (index, weight) in schedule.steps.iter().enumerate() {
        assert_eq!(schedule.step_at(*weight), Some(index + 1));
        assert_eq!(schedule.weight_after(index + 1), *weight);
    }
    assert_eq!(schedule.weight_after(9), Weight::FULL);
    assert_eq!(schedule.step_at(Weight::ZERO), None);
    let text = serde_json::to_string(&schedule).unwrap();
    assert_eq!(serde_json::from_str::<Schedule>(&text).unwrap(), schedule);
}

#[test]
fn weights_that_amazon_ecs_cannot_take_are_refused() {
    for (weights, expected) in [
        (&[500, 2_500, 10_000][..], "steps-not-equal"),
        (&[2_500, 5_000, 10_000], "steps-not-equal"),
        (&[4_000, 8_000, 9_000, 10_000], "steps-not-equal"),
        (&[5, 10_000], "percent-too-small"),
        (&[500, 200, 10_000], "weights-fall"),
        (&[1_005, 10_000], "weight-too-fine"),
        (&[2_000, 1_000, 10_000], "weights-fall"),
        (&[5_000], "last-step-not-all"),
    ] {
        assert_eq!(codes(&by_hand(weights, plain)), [expected], "{weights:?}");
    }
    let fine: Vec<u16> = (1..=50).map(|step| step * 200).collect();
    assert_eq!(codes(&by_hand(&fine, plain)), ["step-too-small"]);
}

#[test]
fn what_a_load_balancer_of_amazon_ecs_does_not_do_is_refused() {
    let traffic = |change: fn(&mut Traffic)| {
        by_hand(&[1_000, 10_000], move |stages| {
            if let Some(goal) = stages[0].goals.get_mut(&Part::main()) {
                change(&mut goal.traffic);
            }
        })
    };
    fn route(by: strategy_core::RouteBy) -> Route {
        let mut plan = Canary::new().stages([10, 100]);
        plan = if by == strategy_core::RouteBy::Cookie {
            plan.cookie_route("preview", "yes")
        } else {
            plan.header_route("preview", "yes")
        };
        let plan = planned(&plan);
        let goal = plan.stages()[0].goals.get(&Part::main()).unwrap();
        goal.traffic.routes[0].clone()
    }
    let header = traffic(|traffic| traffic.routes.push(route(strategy_core::RouteBy::Header)));
    assert_eq!(codes(&header), ["no-header-routes"]);
    let cookie = traffic(|traffic| traffic.routes.push(route(strategy_core::RouteBy::Cookie)));
    assert_eq!(codes(&cookie), ["no-cookie-routes"]);
    let mirror = traffic(|traffic| traffic.mirror = Weight::HALF);
    assert_eq!(codes(&mirror), ["no-mirror"]);
    let suspended = traffic(|traffic| traffic.stickiness = strategy_core::Stickiness::Suspended);
    assert_eq!(codes(&suspended), ["stickiness-not-ours"]);
}

#[test]
fn tracks_that_are_not_as_amazon_ecs_has_them_are_refused() {
    let changed = |change: fn(&mut Goal)| {
        by_hand(&[1_000, 10_000], move |stages| {
            if let Some(goal) = stages[0].goals.get_mut(&Part::main()) {
                change(goal);
            }
        })
    };
    let part = changed(|goal| goal.candidate.capacity = Capacity::Count(1));
    assert_eq!(codes(&part), ["capacity-not-whole"]);
    let named = changed(|goal| goal.candidate.revision = Revision::Named("7".to_owned()));
    assert_eq!(codes(&named), ["candidate-not-released"]);
    let fewer = changed(|goal| goal.stable.capacity = Capacity::Count(1));
    assert_eq!(codes(&fewer), ["stable-changed"]);
    let updated = changed(|goal| goal.stable.revision = Revision::Release(images("v2")));
    assert_eq!(codes(&updated), ["promotion-not-native"]);
    let kept = by_hand(&[1_000, 10_000], |stages| {
        stages.pop();
    });
    assert_eq!(codes(&kept), ["promotion-not-native"]);
    assert_eq!(
        codes(&planned(&Rolling::new())),
        ["rolling-is-another-mode"]
    );
    let other: Part = "other".parse().unwrap();
    let refusals = Schedule::of(&planned(&BlueGreen::new()), &other).unwrap_err();
    assert_eq!(refusals[0].code, "nothing-to-shift");
}

/// Every reason at once, so that nobody has to find them one after the other.
#[test]
fn all_reasons_are_told_together() {
    let plan = by_hand(&[1_005, 10_000], |stages| {
        if let Some(goal) = stages[0].goals.get_mut(&Part::main()) {
            goal.traffic.mirror = Weight::HALF;
            goal.candidate.capacity = Capacity::Count(1);
        }
        stages[1].bake = Bake::of(DAY * 20);
    });
    let expected = [
        "capacity-not-whole",
        "no-mirror",
        "weight-too-fine",
        "wait-too-long",
    ];
    assert_eq!(codes(&plan), expected);
}

/// The release is brought up by it, and the first step waits for its bake.
#[test]
fn a_stage_without_traffic_starts_the_deployment_and_is_no_step() {
    let plan = |at_most: Duration| {
        with_policies(&[0, 10_000], calm(), |stages| {
            short(stages);
            stages[0].bake = Bake::of(Duration::ZERO).at_most(at_most);
        })
    };
    let schedule_of = |at_most| schedule(&plan(at_most)).unwrap();
    let short = schedule_of(MINUTE);
    assert_eq!(
        (short.shift, &short.steps),
        (Shift::AllAtOnce, &vec![Weight::FULL])
    );
    assert_eq!(
        schedule_of(MINUTE * 31).hook_minutes,
        short.hook_minutes + 30
    );
}

/// Nothing but what is named here bounds a wait.
fn calm() -> Policies {
    let mut policies = Policies::default();
    policies.pause_limit = MINUTE;
    policies.unreachable.limit = MINUTE;
    for policy in [
        &mut policies.foreign.traffic,
        &mut policies.foreign.capacity,
        &mut policies.foreign.revision,
    ] {
        *policy = ForeignPolicy::RollBack;
    }
    policies
}

fn short(stages: &mut [Stage]) {
    for stage in stages {
        stage.deadline = MINUTE;
        stage.bake = Bake::of(Duration::ZERO).at_most(MINUTE);
    }
}

#[test]
fn a_hook_waits_as_long_as_the_plan_may_take_and_a_margin() {
    let minutes = |change: &dyn Fn(&mut Vec<Stage>)| {
        let plan = with_policies(&[1_000, 10_000], calm(), |stages| {
            short(stages);
            change(stages);
        });
        schedule(&plan).unwrap().hook_minutes
    };
    // A margin of ten, a pause, an API that is away, a walk and a bake at the step, two walks to the next.
    let least = minutes(&plain);
    assert_eq!(least, 10 + 1 + 1 + 2 + 2);
    let bake = |stages: &mut Vec<Stage>| stages[0].bake = Bake::of(MINUTE * 5).at_most(MINUTE * 30);
    assert_eq!(minutes(&bake), least + 29);
    let part_of_a_minute =
        |stages: &mut Vec<Stage>| stages[0].deadline = MINUTE * 2 + Duration::from_millis(1);
    assert_eq!(minutes(&part_of_a_minute), least + 2);
    let gate = |stages: &mut Vec<Stage>| {
        let gate = Gate::approval("people", [], 1).within(MINUTE * 60, Then::RollBack);
        stages[1].gates.push(gate);
    };
    assert_eq!(minutes(&gate), least + 60);
    // Before anything is started nothing is pending.
    let first = |stages: &mut Vec<Stage>| {
        let gate = Gate::approval("people", [], 1).within(DAY * 10, Then::RollBack);
        stages[0].gates.push(gate);
    };
    assert_eq!(minutes(&first), least);
    let hold = |stages: &mut Vec<Stage>| {
        stages[0].on_failure = OnFailure::Hold {
            at_most: MINUTE * 7,
            then: Then::RollBack,
        };
    };
    assert_eq!(minutes(&hold), least + 7);
    let hook = |point: HookPoint| {
        move |stages: &mut Vec<Stage>| {
            let hook = HookPlan::new("test", point, Extension::new("test"));
            let hook = hook.timeout(MINUTE * 40).rerun(Rerun::Safe);
            stages[1].hooks.push(hook);
        }
    };
    for point in [
        HookPoint::Before,
        HookPoint::Ready,
        HookPoint::Effective,
        HookPoint::Baked,
    ] {
        assert_eq!(minutes(&hook(point)), least + 40, "{point:?}");
    }
    // It keeps the way to retirement waiting too.
    let last = |stages: &mut Vec<Stage>| stages[1].bake = Bake::of(MINUTE * 5).at_most(MINUTE * 50);
    assert_eq!(minutes(&last), least + 49);
}

#[test]
fn a_wait_that_amazon_ecs_does_not_bear_is_refused_with_what_takes_most_of_it() {
    let refused = |at_most: Duration| {
        let plan = with_policies(&[1_000, 10_000], calm(), |stages| {
            short(stages);
            stages[0].bake = Bake::of(Duration::ZERO).at_most(at_most);
        });
        schedule(&plan)
    };
    let rest = MINUTE * 15;
    let longest = MINUTE * 20_160 - rest;
    assert_eq!(refused(longest).unwrap().hook_minutes, 20_160);
    let refusal = refused(longest + MINUTE).unwrap_err().remove(0);
    assert_eq!(refusal.code, "wait-too-long");
    assert!(refusal.message.contains("`step-1`"), "{refusal:?}");
    assert!(
        refusal.mend.contains("`bake.at_most` of stage `step-0`"),
        "{refusal:?}"
    );
}

/// While other parts take their steps, this one's hook is pending.
#[test]
fn stages_of_other_parts_count_and_one_whose_turn_has_not_come_is_left_as_it_is() {
    let other: Part = "other".parse().unwrap();
    let goal = || {
        let whole = GoalTrack::new(
            Revision::Release(images("v2")),
            Capacity::Share(Weight::FULL),
        );
        Goal::new(GoalTrack::recorded(), whole, Traffic::weight(Weight::FULL))
    };
    let plan = |between: usize| {
        let release =
            Release::parts([(Part::main(), images("v2")), (other.clone(), images("v2"))]).unwrap();
        let mut stages: Vec<Stage> = by_hand(&[1_000, 10_000], plain).stages().to_vec();
        let waiting = Goal::new(
            GoalTrack::recorded(),
            GoalTrack::absent(),
            Traffic::default(),
        );
        let mut of_other = Stage::new("other", StageKind::Expose, [(other.clone(), goal())]);
        short(&mut stages);
        of_other.bake = Bake::of(Duration::ZERO).at_most(MINUTE * 100);
        if between == 0 {
            of_other.goals.insert(Part::main(), Box::new(waiting));
        } else {
            // It is told again what it has, which is no step.
            let same = stages[0].goals.get(&Part::main()).cloned().unwrap();
            of_other.goals.insert(Part::main(), same);
            let waiting = Box::new(waiting);
            stages[0].goals.insert(other.clone(), waiting);
        }
        stages.insert(between, of_other);
        Plan::new("by-hand", release, stages, BTreeMap::new(), calm()).unwrap()
    };
    let (before, between) = (schedule(&plan(0)).unwrap(), schedule(&plan(1)).unwrap());
    assert_eq!(before.steps, between.steps);
    assert_eq!(before.hook_minutes, 16);
    assert_eq!(between.hook_minutes, 16 + 100 + 20);
}

fn weights() -> impl proptest::strategy::Strategy<Value = Vec<u16>> {
    let drawn = prop::collection::vec(0u16..=10_000, 1..6);
    let equal = (1u16..=400, any::<bool>()).prop_map(|(step, tenths)| {
        let step = if tenths { step * 10 } else { step };
        let mut weights: Vec<u16> = (1..)
            .map_while(|times: u16| step.checked_mul(times))
            .take_while(|weight| *weight < 10_000)
            .take(80)
            .collect();
        weights.push(10_000);
        weights
    });
    let canary = (1u16..1_000).prop_map(|tenths| vec![tenths * 10, 10_000]);
    prop_oneof![drawn, equal, canary]
}

proptest! {
    /// Every accepted schedule gives back the plan's weights, whatever Amazon ECS is told; every refused one
    /// says why and what to do.
    #[test]
    fn a_schedule_is_the_plan_or_says_why_not(weights in weights(), bake in 1u64..40_000) {
        let mut weights = weights;
        weights.dedup();
        let plan = by_hand(&weights, |stages| {
            for stage in stages {
                stage.bake = Bake::of(Duration::ZERO).at_most(MINUTE * u32::try_from(bake).unwrap());
            }
        });
        match schedule(&plan) {
            Ok(schedule) => {
                let steps = weights.iter().copied().filter(|weight| *weight > 0);
                let asked: Vec<Weight> = steps.map(points).collect();
                prop_assert_eq!(&schedule.steps, &asked);
                prop_assert_eq!(schedule.shift.weights(), asked);
                let minutes = u64::from(schedule.hook_minutes);
                prop_assert!((1..=LONGEST_HOOK).contains(&minutes));
                prop_assert!(minutes >= bake);
                match schedule.shift {
                    Shift::AllAtOnce => {}
                    Shift::Canary(tenths) => prop_assert!((1..1_000).contains(&tenths)),
                    Shift::Linear(tenths) => prop_assert!((30..1_000).contains(&tenths)),
                }
            }
            Err(refusals) => {
                prop_assert!(!refusals.is_empty());
                for refusal in refusals {
                    prop_assert!(!refusal.code.is_empty());
                    prop_assert!(!refusal.message.is_empty() && !refusal.mend.is_empty());
                }
            }
        }
    }
}
