//! The machine in a kind world: stories, and properties at every index of a story.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a test looks for one kind among many"
)]

mod acting;
mod again;
mod alarms;
mod autoscaler;
mod bakes;
mod checks;
mod claiming;
mod clock;
mod commands;
mod due;
mod edges;
mod every_index;
mod exposing;
mod failing;
mod fence;
mod foreign;
mod gates;
mod hands;
mod health;
mod home;
mod hooks;
mod journal;
pub(super) mod kind_world;
mod limits;
mod looks;
mod lost_writes;
mod meanwhile;
mod native;
mod native_steps;
mod observing;
mod parts;
mod places;
mod platform;
mod readiness;
mod reduced;
#[cfg(feature = "simulation")]
mod reducing;
mod reissue;
mod rest;
mod search;
mod stories;
mod stuck;
mod supersede;
mod told;
mod told_of;
mod undos;
mod unseen;
mod wording;

use std::collections::BTreeMap;
use std::time::Duration;

use self::kind_world::{KindWorld, Run, images};
use super::{Rollout, Start};
use crate::analysis::PreparedCheck;
use crate::plan::{Bake, Goal, GoalTrack, Plan, Policies, Stage, StageKind};
use crate::release::{Part, Release};
use crate::target::Found;
use crate::timestamp::Timestamp;
use crate::track::{Capacity, Revision};
use crate::traffic::Traffic;
use crate::weight::Weight;

pub(super) const BEGIN: Timestamp = Timestamp::from_millis(1_800_000_000_000);

fn percent(percent: u16) -> Weight {
    Weight::from_percent(percent).unwrap()
}

fn at(images: &str, share: u16) -> GoalTrack {
    GoalTrack {
        revision: Revision::Release(kind_world::images(images)),
        capacity: Capacity::Share(percent(share)),
    }
}

fn stage(
    name: &str,
    kind: StageKind,
    stable: GoalTrack,
    candidate: GoalTrack,
    weight: u16,
    bake: u64,
) -> Stage {
    let goal = Goal {
        stable,
        candidate,
        traffic: Traffic::weight(percent(weight)),
    };
    let mut stage = Stage::new(name, kind, [(Part::main(), goal)]);
    stage.bake = Bake::of(Duration::from_secs(bake));
    stage
}

/// 50%, 100%, then stable is updated, traffic returns, the candidate is removed.
fn canary() -> Vec<Stage> {
    let stable = GoalTrack::recorded;
    vec![
        stage("half", StageKind::Expose, stable(), at("v1", 50), 50, 60),
        stage("all", StageKind::Expose, stable(), at("v1", 100), 100, 60),
        stage(
            "promote",
            StageKind::Promote,
            at("v1", 100),
            at("v1", 100),
            100,
            0,
        ),
        stage(
            "return",
            StageKind::Promote,
            at("v1", 100),
            at("v1", 100),
            0,
            0,
        ),
        stage(
            "retire",
            StageKind::Retire,
            at("v1", 100),
            GoalTrack::absent(),
            0,
            0,
        ),
    ]
}

/// One switch, kept.
fn blue_green() -> Vec<Stage> {
    vec![stage(
        "switch",
        StageKind::Expose,
        GoalTrack::recorded(),
        at("v1", 100),
        100,
        60,
    )]
}

fn plan(stages: Vec<Stage>, policies: Policies) -> Plan {
    let release = Release::parts([(Part::main(), images("v1"))]).unwrap();
    Plan::new("by-hand", release, stages, BTreeMap::new(), policies).unwrap()
}

fn begin(plan: Plan, world: KindWorld) -> Run {
    let prepared = plan.checks().keys().map(|check| PreparedCheck {
        check: check.clone(),
        bounded: true,
        findings: Vec::new(),
    });
    let prepared = prepared.collect();
    let start = Start {
        id: "test".parse().unwrap(),
        plan,
        found: Found::main(world.discover()),
        prepared,
        take_over: false,
    };
    Run::new(Rollout::start(start, BEGIN).unwrap(), world, BEGIN)
}
