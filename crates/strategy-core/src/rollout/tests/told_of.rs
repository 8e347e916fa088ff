//! Which parts a look is told of, where they are not equally far.

use std::collections::{BTreeMap, BTreeSet};

use super::acting::seconds;
use super::checks::{every_15, limits};
use super::kind_world::{KindWorld, Run, images};
use super::{BEGIN, at, stage};
use crate::analysis::{PreparedCheck, Verdict};
use crate::plan::{CheckName, GoalTrack, Plan, Policies, Stage, StageKind};
use crate::release::{Part, Release};
use crate::rollout::{Outcome, Rollout, Start};

/// A stage in which each of these parts gets so much traffic, with these checks.
fn moves(name: &str, parts: &[(&str, u16)], checks: &[&str]) -> Stage {
    let of = |weight: u16| {
        let capacity = weight.max(50);
        let stable = GoalTrack::recorded();
        let made = stage(
            name,
            StageKind::Expose,
            stable,
            at("v1", capacity),
            weight,
            60,
        );
        made.goals[&Part::main()].clone()
    };
    let goals = parts
        .iter()
        .map(|(part, weight)| (part.parse::<Part>().unwrap(), of(*weight)));
    let mut made = Stage::new(name, StageKind::Expose, goals);
    made.bake = crate::plan::Bake::of(seconds(60));
    made.checks = checks.iter().map(|check| (*check).into()).collect();
    made
}

#[test]
fn a_look_is_told_of_the_parts_that_it_can_say_something_of() {
    let names = ["a", "main"];
    let stages = vec![
        moves("preview", &[("a", 0), ("main", 0)], &["errors"]),
        moves("one", &[("main", 50)], &["errors", "slower"]),
        moves("far", &[("a", 100)], &["errors", "slower"]),
        moves("all", &[("main", 100)], &["errors"]),
    ];
    let checks: BTreeMap<CheckName, _> = [
        ("errors".into(), every_15(limits(0))),
        ("slower".into(), every_15(limits(0)).compares_with_stable()),
    ]
    .into();
    let prepared = checks.keys().map(|check| PreparedCheck {
        check: check.clone(),
        bounded: true,
        findings: Vec::new(),
    });
    let prepared = prepared.collect();
    let release = Release::parts(names.map(|name| (name.parse().unwrap(), images("v1")))).unwrap();
    let world = || KindWorld::new(("v0", 4), None);
    let found = names.map(|name| (name.parse().unwrap(), world().discover()));
    let start = Start {
        id: "test".parse().unwrap(),
        plan: Plan::new("by-hand", release, stages, checks, Policies::default()).unwrap(),
        found: found.into_iter().collect(),
        prepared,
        take_over: false,
    };
    let mut run = Run::new(Rollout::start(start, BEGIN).unwrap(), world(), BEGIN);
    run.worlds = [("a".parse().unwrap(), world())].into();
    let mut told: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    while !run.rollout.is_settled() {
        run.settle_now();
        for look in run.looks() {
            let weights = look.weights.iter();
            let weights: Vec<_> = weights
                .map(|(part, weight)| format!("{part} {weight}"))
                .collect();
            let identified: Vec<&Part> = look.identities.keys().collect();
            assert_eq!(identified, look.weights.keys().collect::<Vec<_>>());
            let of = told.entry(look.check.to_string()).or_default();
            of.insert(weights.join(", "));
            run.judge(&look, Verdict::Pass);
        }
        run.pass_time();
    }
    run.assert_outcome(|outcome| *outcome == Outcome::Promoted);
    let all = |told: &[&str]| told.iter().map(|one| (*one).to_owned()).collect();
    assert_eq!(
        told["errors"],
        all(&[
            "a 0%, main 0%",
            "main 50%",
            "a 100%, main 50%",
            "a 100%, main 100%"
        ]),
        "{}",
        run.story()
    );
    assert_eq!(told["slower"], all(&["main 50%"]), "{}", run.story());
}
