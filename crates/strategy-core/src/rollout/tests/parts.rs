//! Two parts: what happens to one happens to both.

use std::collections::BTreeMap;

use super::acting::seconds;
use super::kind_world::{KindWorld, Run, images};
use super::{BEGIN, at, canary, percent};
use crate::plan::{
    Bake, Extension, Goal, GoalTrack, HookPlan, HookPoint, Plan, Policies, Stage, StageKind,
};
use crate::release::{Images, Part, Release};
use crate::rollout::{Effect, Input, Outcome, Rollout, Start, Wish};
use crate::target::{Claim, FatalReason};
use crate::traffic::Traffic;

fn part(name: &str) -> Part {
    name.parse().unwrap()
}

/// The canary for `a`, `b` and `main`; `b` is not named in the second stage.
fn run_with(policies: Policies, change: impl Fn(&mut KindWorld, &str)) -> Run {
    run_of(|_| (), policies, change)
}

/// The same with other stages.
fn run_of(
    change_stages: impl Fn(&mut [Stage]),
    policies: Policies,
    change: impl Fn(&mut KindWorld, &str),
) -> Run {
    let names = ["a", "b", "main"];
    let release = Release::parts(names.map(|name| (part(name), images("v1")))).unwrap();
    let mut stages: Vec<Stage> = canary();
    stages.truncate(2);
    for stage in &mut stages {
        let goal = stage.goals[&Part::main()].clone();
        for name in ["a", "b"] {
            stage.goals.insert(part(name), goal.clone());
        }
    }
    stages[1].goals.remove(&part("b"));
    let goal = stages[1].goals[&part("a")].clone();
    stages.push(Stage::new("rest", StageKind::Expose, [(part("b"), goal)]));
    change_stages(&mut stages);
    let plan = Plan::new("by-hand", release, stages, BTreeMap::new(), policies).unwrap();
    let world = |name: &str| {
        let mut world = KindWorld::new(("v0", 4), None);
        change(&mut world, name);
        world
    };
    let worlds: BTreeMap<Part, KindWorld> = ["a", "b"].map(|name| (part(name), world(name))).into();
    let main = world("main");
    let found = names.map(|name| {
        let world = worlds.get(&part(name)).unwrap_or(&main);
        (part(name), world.discover())
    });
    let start = Start {
        id: "test".parse().unwrap(),
        plan,
        found: found.into_iter().collect(),
        prepared: Vec::new(),
        take_over: false,
    };
    let mut run = Run::new(Rollout::start(start, BEGIN).unwrap(), main, BEGIN);
    run.worlds = worlds;
    run
}

fn claimed(run: &Run) -> Vec<(String, bool)> {
    let claims = run.done.iter().filter_map(|effect| match effect {
        Effect::Claim { part, to, .. } => Some((part.to_string(), to.is_some())),
        _ => None,
    });
    claims.collect()
}

fn all(run: &Run, is: impl Fn(&KindWorld) -> bool) -> bool {
    is(&run.world) && run.worlds.values().all(is)
}

fn is_home(world: &KindWorld) -> bool {
    world.sides.stable.written == world.recorded.stable
        && world.sides.candidate.written.is_none()
        && world.traffic == Traffic::default()
        && world.claim.is_none()
}

#[test]
fn claims_are_taken_in_the_order_of_names_and_given_back() {
    let mut run = run_with(Policies::default(), |_, _| ());
    run.run(seconds(3600));
    run.assert_outcome(|outcome| *outcome == Outcome::Promoted);
    let names = ["a", "b", "main"];
    let taken = names.map(|name| (name.to_owned(), true));
    let given = names.map(|name| (name.to_owned(), false));
    assert_eq!(claimed(&run), [taken, given].concat());
    assert!(all(&run, |world| world.claim.is_none()));
}

#[test]
fn a_claim_that_fails_gives_back_those_before_it() {
    let mut run = run_with(Policies::default(), |_, _| ());
    let other = Claim {
        holder: "other".parse().unwrap(),
        epoch: 3,
    };
    run.world.claim = Some(other.clone());
    run.run(seconds(3600));
    run.assert_outcome(|outcome| matches!(outcome, Outcome::RolledBack { .. }));
    assert!(
        run.worlds
            .values()
            .all(|world| world.claim.is_none() && world.writes == 0)
    );
    assert_eq!(
        (run.world.claim.clone(), run.world.writes),
        (Some(other), 0)
    );
}

#[test]
fn a_part_that_is_not_named_keeps_its_goal() {
    let mut run = run_with(Policies::default(), |_, _| ());
    run.until("stage `all` is effective");
    assert_eq!(run.weight(), 100);
    assert_eq!(run.worlds[&part("b")].traffic.weight, percent(50));
    run.run(seconds(3600));
    run.assert_outcome(|outcome| *outcome == Outcome::Promoted);
    assert_eq!(run.weight(), 100);
    assert_eq!(run.worlds[&part("b")].traffic.weight, percent(100));
}

#[test]
fn a_failure_of_one_part_takes_all_back() {
    for ill in ["a", "b", "main"] {
        let mut run = run_with(Policies::default(), |_, _| ());
        run.until("`half` is effective");
        let world = run.worlds.get_mut(&part(ill)).unwrap_or(&mut run.world);
        world
            .broken
            .insert("app:v1".to_owned(), FatalReason::CrashLoop);
        world.converge();
        run.run(seconds(3600));
        run.assert_outcome(|outcome| matches!(outcome, Outcome::RolledBack { .. }));
        assert!(all(&run, is_home), "{ill}\n{}", run.story());
    }
}

#[test]
fn a_phase_ends_when_it_ends_for_every_part() {
    let mut run = run_with(Policies::default(), |world, name| {
        if name == "b" {
            world.unready.insert("app:v1".to_owned());
        }
    });
    run.wait(seconds(60));
    assert!(
        all(&run, |world| world.traffic == Traffic::default()),
        "{}",
        run.story()
    );
}

#[test]
fn parts_go_back_at_once_or_in_reverse_order() {
    for ordered in [false, true] {
        let policies = Policies {
            roll_back_in_order: ordered,
            ..Policies::default()
        };
        let mut run = run_with(policies, |_, _| ());
        run.until("`half` is effective");
        run.done.clear();
        run.order(Wish::Abort { force: false });
        run.run(seconds(3600));
        let parts: Vec<String> = run
            .done
            .iter()
            .filter_map(|effect| match effect {
                Effect::Apply { part, .. } => Some(part.to_string()),
                _ => None,
            })
            .collect();
        if ordered {
            assert_eq!(parts, ["main", "main", "b", "b", "a", "a"]);
        } else {
            assert_eq!(parts[..3], ["a", "b", "main"]);
        }
        assert!(all(&run, is_home));
    }
}

#[test]
fn one_part_that_cannot_go_home_is_named_and_the_others_are_home() {
    let mut run = run_with(Policies::default(), |_, _| ());
    run.until("`half` is effective");
    run.worlds.get_mut(&part("b")).unwrap().down = true;
    run.order(Wish::Abort { force: false });
    run.wait(seconds(700));
    assert!(run.rollout.is_stuck());
    let left = run.rollout.status().left;
    assert!(left.iter().all(|left| left.part == part("b")), "{left:?}");
    assert!(run.worlds[&part("a")].traffic == Traffic::default());
    run.worlds.get_mut(&part("b")).unwrap().down = false;
    run.run(seconds(3600));
    run.assert_outcome(|outcome| matches!(outcome, Outcome::RolledBack { .. }));
    assert!(all(&run, is_home));
}

/// A hook of one part is told what that part is to run, and where its preview is, and nothing of others.
#[test]
fn a_hook_of_one_part_is_told_of_that_part() {
    for only in [None, Some("a")] {
        let mut hook = HookPlan::new("warm", HookPoint::Ready, Extension::new("http"));
        if let Some(only) = only {
            hook = hook.part(part(only));
        }
        let mut run = run_of(
            |stages| stages[0].hooks.push(hook.clone()),
            Policies::default(),
            |_, _| (),
        );
        let request = loop {
            match run.rollout.poll_effect() {
                Some(Effect::RunHook { request, .. }) => break request,
                Some(effect) => {
                    let world = match &effect {
                        Effect::Claim { part, .. }
                        | Effect::Apply { part, .. }
                        | Effect::Observe { part, .. } => run.worlds.get_mut(part),
                        _ => None,
                    };
                    let world = world.unwrap_or(&mut run.world);
                    let mut answer = world.perform(effect).unwrap();
                    world.converge();
                    if let Input::Observed {
                        part, observation, ..
                    } = &mut answer
                    {
                        observation.candidate.preview = Some(format!("http://{part}.preview"));
                    }
                    run.tell(answer);
                }
                None => run.pass_time(),
            }
        };
        let told: Vec<&str> = request.revisions.keys().map(Part::as_str).collect();
        match only {
            Some(only) => assert_eq!(told, [only]),
            None => assert_eq!(told, ["a", "b", "main"]),
        }
        assert_eq!(request.previews[&part("a")], "http://a.preview");
    }
}

/// Nobody knows what stable of `main` ran at the start, so nothing can carry its traffic while it is given
/// that back. Where parts go home in order, those behind it stay where they are.
#[test]
fn no_part_goes_home_before_one_that_cannot_where_parts_go_in_order() {
    let policies = Policies {
        roll_back_in_order: true,
        ..Policies::default()
    };
    let retired = Goal {
        stable: at("v1", 100),
        candidate: GoalTrack::absent(),
        traffic: Traffic::default(),
    };
    let retire = |stages: &mut [Stage]| {
        stages[2]
            .goals
            .insert(Part::main(), Box::new(retired.clone()));
        stages[2].bake = Bake::of(seconds(600));
    };
    let mut run = run_of(retire, policies, |world, name| {
        if name == "main" {
            let unknown = |written: &mut Option<crate::target::Written>| {
                written.as_mut().unwrap().revision.images = Images::default();
            };
            unknown(&mut world.sides.stable.written);
            unknown(&mut world.recorded.stable);
            world.converge();
        }
    });
    run.until("`rest` is effective");
    run.done.clear();
    run.order(Wish::Abort { force: false });
    run.wait(seconds(300));
    assert!(run.rollout.is_stuck(), "{}", run.story());
    assert!(run.story().contains("take over"), "{}", run.story());
    let writes = run.done.iter();
    let writes = writes.filter(|effect| matches!(effect, Effect::Apply { .. }));
    assert_eq!(writes.count(), 0, "{}", run.story());
    for name in ["a", "b"] {
        let weight = run.worlds[&part(name)].traffic.weight;
        assert_eq!(weight, percent(100), "{name}");
    }
}
