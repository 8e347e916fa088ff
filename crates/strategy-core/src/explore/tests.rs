//! The search in short: a few plans, little mischief, and faults that must be found.

mod sizes;

use std::collections::{BTreeMap, BTreeSet};

use super::act::Actor;
use super::fingerprint::fingerprint;
use super::ground::Ground;
use super::moves::moves;
use super::node::{Machine, Node};
use super::plans::{self, Searched};
use super::promise::Tally;
use super::search::Search;
use super::{Counterexample, Exploration, Explored, Flaw, Promise, start};
use crate::plan::{Bake, Check, Extension, Gate, HookPlan, HookPoint, Undo};
use crate::random::SplitMix64;
use crate::strategy::{Canary, Strategy};

fn searched(name: &str) -> Searched {
    let all = plans::all().unwrap();
    all.into_iter().find(|plan| plan.name == name).unwrap()
}

fn explore(name: &str) -> Exploration {
    let Searched { plan, found, .. } = searched(name);
    Exploration::of(plan, found)
}

#[track_caller]
fn holds(name: &str, explored: &Explored) {
    if let Some(broken) = explored.broken.first() {
        panic!("{name}: {broken}");
    }
}

#[test]
fn a_switch_that_meets_one_misfortune_closes_and_breaks_no_promise() {
    let explored = explore("blue-green").mischief(1).run().unwrap();
    holds("blue-green", &explored);
    println!(
        "{} states, {} transitions",
        explored.states, explored.transitions
    );
    assert!(explored.closed);
    assert!(explored.states > 500, "{} states", explored.states);
}

/// One that goes back by itself, gets nowhere or is not answered in time is a misfortune too.
#[test]
fn a_platform_that_asks_before_each_step_and_meets_one_misfortune_breaks_no_promise() {
    let explored = explore("native-gated").mischief(1).run().unwrap();
    holds("native-gated", &explored);
    assert!(explored.closed);
    let judged = |promise| explored.checked.get(&Promise::of(promise)).copied();
    for promise in [1, 2, 5] {
        assert!(judged(promise) > Some(0), "promise {promise}");
    }
}

#[test]
fn every_plan_starts_well_whatever_happens_first() {
    for Searched {
        name, plan, found, ..
    } in plans::all().unwrap()
    {
        let explored = Exploration::of(plan, found).at_most(60).run().unwrap();
        holds(name, &explored);
        assert!(!explored.closed, "{name}");
    }
}

#[test]
fn every_plan_is_promoted_in_a_kind_world() {
    for Searched {
        name, plan, found, ..
    } in plans::all().unwrap()
    {
        let explored = Exploration::of(plan, found).mischief(0).run().unwrap();
        holds(name, &explored);
        assert!(explored.closed, "{name}");
        let promoted = explored.checked.get(&Promise::of(4)).copied();
        assert!(promoted > Some(0), "{name} is never promoted");
    }
}

/// As many as were asked for and no more, the same for any number of threads.
#[test]
fn no_more_counterexamples_are_found_than_are_asked_for() {
    let flaws = [
        (Flaw::AnyRevisionIsReady, "blue-green-update"),
        (Flaw::OldIsFresh, "blue-green"),
    ];
    for (flaw, plan) in flaws {
        for most in [1, 2, 3] {
            let search = explore(plan).mischief(1).with(flaw).faults(most);
            let [one, two] = [1, 2].map(|threads| search.clone().threads(threads).run().unwrap());
            assert!(one.broken.len() <= most, "{flaw:?}: {}", one.broken.len());
            assert_eq!(one.broken, two.broken, "{flaw:?}");
            let figures = |explored: &Explored| (explored.states, explored.transitions);
            assert_eq!(figures(&one), figures(&two), "{flaw:?}");
        }
    }
}

/// What one check said is not said by another.
#[test]
fn looks_that_passed_are_counted_for_each_check() {
    let Searched { found, .. } = searched("canary-check");
    let check = || Check::new(Extension::new("errors"));
    let strategy = Canary::new()
        .stages([100])
        .bake(Bake::of(plans::TICK))
        .check("errors", check())
        .check("slow", check());
    let plan = strategy.plan(&plans::release().unwrap(), &found).unwrap();
    let plan = plans::brief(&plan).unwrap();
    let search = Exploration::of(plan, found).mischief(1);
    let explored = search.clone().run().unwrap();
    holds("two checks", &explored);
    let flawed = search.with(Flaw::NoDataIsPass).run().unwrap().broken;
    assert_eq!(flawed[0].promise, Promise::of(9), "{}", flawed[0]);
}

/// While the gates of the stage are asked, and before the hook has begun, the way back is open.
#[test]
fn a_way_back_that_a_gate_or_hook_closes_is_open_until_then() {
    let Searched { found, .. } = searched("no-return");
    let once = || Canary::new().stages([100]).bake(Bake::of(plans::TICK));
    let gated = once()
        .gate_promotion(Gate::approval("people", [], 1))
        .point_of_no_return("promote");
    let mut hook = HookPlan::new("migrate", HookPoint::Before, Extension::new("migrate"));
    hook.undo = Undo::Impossible;
    let hooked = once().hook_in("promote", hook);
    for strategy in [gated, hooked] {
        let plan = strategy.plan(&plans::release().unwrap(), &found).unwrap();
        let plan = plans::brief(&plan).unwrap();
        let search = Exploration::of(plan, found.clone()).mischief(1);
        let explored = search.clone().run().unwrap();
        holds("no way back", &explored);
        assert!(explored.closed);
        let refused = search.with(Flaw::AbortsAreRefused).run().unwrap().broken;
        assert_eq!(refused[0].promise, Promise::of(6), "{}", refused[0]);
    }
}

/// Walks with any number of misfortunes; and one that meets a planted fault tells how.
#[test]
fn random_walks_break_no_promise_and_find_a_planted_fault() {
    let Searched { plan, found, .. } = searched("canary-update");
    let search = Exploration::of(plan, found);
    let sampled = search.clone().sample(500, 7).unwrap();
    assert_eq!(sampled.broken, []);
    assert!(sampled.drawn >= 500, "{}", sampled.drawn);
    let (_, drawn, least) = sampled.components.first().unwrap();
    assert!(*drawn > 250 && least > drawn, "{drawn} of {least}");
    let flawed = search.with(Flaw::AnswersAreRepeated);
    let broken = flawed.sample(100, 7).unwrap().broken;
    let found = |broken: &Counterexample| broken.promise == Promise::of(16);
    let story = broken.iter().find(|broken| found(broken)).unwrap();
    assert!(!story.story.is_empty(), "{story}");
}

/// A state of the last layer that is followed before all others are known is followed as if it had not.
#[test]
fn a_search_with_any_bound_reaches_what_the_one_with_one_more_reaches_by_then() {
    let with = |times| explore("native").mischief(times).run().unwrap();
    let (one, two) = (with(1), with(2));
    assert!(one.closed && two.closed);
    assert_eq!(one.by_mischief, two.by_mischief[..2]);
    let threads = explore("native").mischief(2).threads(2).run().unwrap();
    assert_eq!(
        (two.states, two.transitions, &two.levels, &two.checked),
        (
            threads.states,
            threads.transitions,
            &threads.levels,
            &threads.checked
        )
    );
}

/// What is said of a search that is stopped: all of what it got through, and how far it came.
#[test]
fn a_search_without_a_bound_that_is_stopped_says_what_it_saw_whole() {
    let one = explore("native").mischief(1).run().unwrap();
    let stopped = explore("native").at_most(2_000).run().unwrap();
    assert!(!stopped.closed && stopped.states > 2_000);
    assert_eq!(stopped.within, Some(1));
    assert_eq!(stopped.by_mischief, one.by_mischief);
    assert_eq!(stopped.levels.iter().sum::<usize>(), stopped.states);
}

/// A machine that was made canonical after every input does what the one does that never was.
#[test]
fn a_canonical_machine_does_what_the_machine_does() {
    for name in [
        "canary-update",
        "canary-check",
        "canary-hook",
        "canary-owned",
        "native-gated",
        "two-parts",
    ] {
        let Searched { plan, found, .. } = searched(name);
        let mut ground = Ground::new(plan, &found, 1, None);
        ground.eager = true;
        for seed in 0..40 {
            walk_both(name, &ground, seed);
        }
    }
}

fn walk_both(name: &str, ground: &Ground, seed: u64) {
    let mut random = SplitMix64::new(seed);
    let (mut tally, mut story) = (Tally::default(), Vec::new());
    let mut actor = Actor {
        ground,
        flaw: None,
        tally: &mut tally,
        raw: true,
    };
    let first = || Node::first(ground, start(ground).unwrap());
    let mut raw = actor.finish(first(), None);
    actor.raw = false;
    let mut canonical = actor.finish(first(), None);
    for _ in 0..120 {
        let possible = moves(ground, &canonical);
        assert_eq!(
            possible,
            moves(ground, &raw),
            "{name}, seed {seed}: {story:#?}"
        );
        if random.up_to(9) == 0 {
            for step in &possible {
                actor.raw = true;
                let next = actor.after(&raw, *step);
                actor.raw = false;
                let reduced = next.map(|next| actor.canonical(next));
                let next = actor.after(&canonical, *step);
                let differ = differing(reduced.as_ref(), next.as_ref());
                assert!(
                    differ.is_empty(),
                    "{name}, seed {seed}, {step}:\n{}\n{differ}",
                    story.join("\n")
                );
            }
        }
        // Mostly what a kind world does, or nothing would get far.
        let kind: Vec<_> = possible
            .iter()
            .filter(|step| step.is_kind(ground, &canonical))
            .collect();
        let from = if random.up_to(3) > 0 && !kind.is_empty() {
            kind
        } else {
            possible.iter().collect()
        };
        if from.is_empty() {
            break;
        }
        let step = *from[usize::try_from(random.up_to(from.len() as u64 - 1)).unwrap()];
        actor.raw = true;
        raw = actor.after(&raw, step).unwrap();
        actor.raw = false;
        canonical = actor.after(&canonical, step).unwrap();
        story.push(step.to_string());
        let reduced = actor.canonical(raw.clone());
        let differ = differing(Some(&reduced), Some(&canonical));
        let story = story.join("\n");
        assert!(differ.is_empty(), "{name}, seed {seed}:\n{story}\n{differ}");
    }
}

/// In which lines two states differ, in words.
fn differing(a: Option<&Node>, b: Option<&Node>) -> String {
    if a.map(fingerprint) == b.map(fingerprint) {
        return String::new();
    }
    let (a, b) = (a.map(Node::describe), b.map(Node::describe));
    let (a, b) = (a.unwrap_or_default(), b.unwrap_or_default());
    let (left, right): (Vec<_>, Vec<_>) = (a.lines().collect(), b.lines().collect());
    let at = left.iter().zip(&right).position(|(a, b)| a != b);
    let at = at.unwrap_or_else(|| left.len().min(right.len()));
    let around = |lines: &[&str]| {
        let lines = lines.iter().skip(at.saturating_sub(12)).take(20);
        lines.copied().collect::<Vec<_>>().join("\n")
    };
    format!("{}\n--- and ---\n{}", around(&left), around(&right))
}

/// Every machine that is reached, whatever the world is like then.
fn machines(name: &str, mischief: u8, eager: bool) -> BTreeMap<u128, String> {
    let Searched { plan, found, .. } = searched(name);
    let mut ground = Ground::new(plan, &found, 1, Some(mischief));
    ground.eager = eager;
    let mut machines = BTreeMap::new();
    let mut visit = |node: &Node| {
        machines.insert(
            fingerprint(&Machine(node)),
            format!("{} {:?}", node.rollout.describe_state(), node.ordered),
        );
    };
    let mut search = Search {
        visit: Some(&mut visit),
        ..Search::new(&ground)
    };
    search.run(start(&ground).unwrap());
    assert!(search.closed && search.faults.is_empty(), "{name}");
    machines
}

/// What nobody sees happens right before it is seen: no machine is missed by that.
#[test]
fn what_happens_only_when_it_is_seen_leads_to_every_machine_that_it_leads_to_at_any_time() {
    let plans = [
        "blue-green",
        "canary-update",
        "canary-owned",
        "native-gated",
        "no-return",
    ];
    for name in plans {
        let (eager, seen) = (machines(name, 1, true), machines(name, 1, false));
        let missed = eager.iter().find(|(print, _)| !seen.contains_key(*print));
        assert_eq!(missed.map(|(_, machine)| machine.as_str()), None, "{name}");
    }
}

/// The same with two misfortunes, where one may hide the other.
#[test]
#[ignore = "needs an optimised build: cargo xtask test"]
fn two_misfortunes_that_happen_only_when_they_are_seen_lead_to_every_machine() {
    let (eager, seen) = (machines("native", 2, true), machines("native", 2, false));
    let missed = eager.iter().find(|(print, _)| !seen.contains_key(*print));
    assert_eq!(missed.map(|(_, machine)| machine.as_str()), None);
}

/// Which promise a fault breaks, in which plan, and with how many misfortunes.
const FOUND: [(Flaw, &str, u8, u8); 21] = [
    (Flaw::WrittenIsEffective, "blue-green", 5, 1),
    (Flaw::AnyRevisionIsReady, "blue-green-update", 3, 1),
    (Flaw::EveryPodIsReady, "blue-green", 1, 1),
    (Flaw::NothingDrains, "blue-green-update", 2, 1),
    (Flaw::AtWorkIsAsking, "native-gated", 5, 1),
    (Flaw::OldIsFresh, "blue-green", 8, 1),
    (Flaw::ClaimIsNotChecked, "blue-green", 12, 1),
    (Flaw::ContentIsNotChecked, "blue-green", 13, 1),
    (Flaw::RecordedIsMistaken, "blue-green-update", 7, 1),
    (Flaw::FenceIsDropped, "blue-green", 8, 1),
    (Flaw::NoDataIsPass, "canary-check", 9, 1),
    (Flaw::DecisionsAreNotKept, "blue-green", 11, 1),
    (Flaw::AnswersAreRepeated, "blue-green", 16, 1),
    (Flaw::WritesAreRepeated, "blue-green", 8, 1),
    (Flaw::AbortsWait, "blue-green", 6, 1),
    (Flaw::AbortsAreRefused, "no-return", 6, 1),
    (Flaw::CommandsAreLost, "blue-green", 16, 1),
    (Flaw::ForeignIsOurs, "blue-green", 4, 1),
    (Flaw::AdvanceIsRetry, "canary-check-hold", 10, 2),
    (Flaw::TimeStands, "blue-green", 14, 1),
    (Flaw::LastIsRepeated, "blue-green", 15, 1),
];

#[test]
fn planted_faults_are_found() {
    let (mut found, mut missed) = (BTreeMap::new(), Vec::new());
    for (flaw, plan, promise, mischief) in FOUND {
        let expected = |broken: &Counterexample| broken.promise == Promise::of(promise);
        let search = explore(plan).mischief(mischief).with(flaw);
        let mut explored = search.clone().run().unwrap();
        if !explored.broken.iter().any(expected) {
            // It may break others before.
            explored = search.faults(6).run().unwrap();
        }
        match explored.broken.iter().find(|broken| expected(broken)) {
            Some(broken) => {
                found.insert(flaw, broken.what.clone());
            }
            None => {
                let others: Vec<_> = explored.broken.iter().map(ToString::to_string).collect();
                let others = others.join("\n");
                missed.push(format!("{flaw:?} in {plan}, promise {promise}: {others}"));
            }
        }
    }
    for (flaw, what) in &found {
        println!("{flaw:?}: {what}");
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
    assert_eq!(found.len(), Flaw::ALL.len());
    let promises: BTreeSet<_> = FOUND.iter().map(|found| Promise::of(found.2)).collect();
    assert_eq!(promises, BTreeSet::from(Promise::JUDGED));
}
