//! Reads that are behind: what was before a write is told for a while, by each service as long as is set.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use strategy_core::Timestamp;

use super::State;
use super::api;
use super::log::{self, Service};
use super::rules::Rule;
use super::wire::{Answer, Call};
use super::world::World;
use super::world::rule::{Listener, ListenerRule};
use super::world::scaling::ScalableTarget;
use super::world::target_group::TargetGroup;

/// What is still told, and until when; the oldest first.
type Until<T> = VecDeque<(Timestamp, T)>;

/// What reads may tell that is not so any more.
#[derive(Default)]
pub(super) struct Old {
    /// The world before each late write to ECS.
    worlds: Until<World>,
    scalable_targets: Until<BTreeMap<String, ScalableTarget>>,
    /// Calls that are done late, and when, in the order in which they came.
    late: Vec<(Timestamp, Call)>,
    /// What load balancing was, and when; the oldest first.
    balancing: VecDeque<(Timestamp, Balancing)>,
}

#[derive(Clone)]
struct Balancing {
    rules: BTreeMap<String, ListenerRule>,
    listeners: BTreeMap<String, Listener>,
    tags: BTreeMap<String, BTreeMap<String, String>>,
    groups: BTreeMap<String, TargetGroup>,
}

impl Balancing {
    fn of(world: &World) -> Self {
        Self {
            rules: world.rules.clone(),
            listeners: world.listeners.clone(),
            tags: world.tags.clone(),
            groups: world.target_groups.clone(),
        }
    }

    /// A read that shows it.
    fn tell(&self, world: &mut World, call: &Call) -> Answer {
        let now = Self::of(world);
        world.rules.clone_from(&self.rules);
        world.listeners.clone_from(&self.listeners);
        world.tags.clone_from(&self.tags);
        for (arn, group) in &mut world.target_groups {
            if let Some(before) = self.groups.get(arn) {
                group.targets.clone_from(&before.targets);
            }
        }
        let answer = api::perform(world, call);
        world.rules = now.rules;
        world.listeners = now.listeners;
        world.tags = now.tags;
        world.target_groups = now.groups;
        answer
    }
}

/// A call whose caller has given it up is done all the same.
pub(super) fn later(state: &mut State, call: &Call) {
    let World { now, settings, .. } = &state.world;
    let at = *now + settings.hang + settings.late;
    state.old.late.push((at, call.clone()));
}

/// Moves the world on to now, through every call that is done late.
pub(super) fn advance(state: &mut State, now: Timestamp) {
    while let Some(next) = state
        .old
        .late
        .iter()
        .map(|(at, _)| *at)
        .min()
        .filter(|at| *at <= now)
    {
        advance_to(state, next);
        let mut late = state.old.late.iter();
        if let Some(place) = late.position(|(at, _)| *at == next) {
            let (_, call) = state.old.late.remove(place);
            // Nobody hears whether it was refused.
            let _ = perform(state, &call);
        }
    }
    advance_to(state, now);
}

/// Remembers how load balancing was as long ago as is still told.
fn advance_to(state: &mut State, now: Timestamp) {
    let lag = state.world.settings.balancing_read_lag;
    if lag > Duration::ZERO {
        let told = Timestamp::from_millis(now.as_millis().saturating_sub(millis(lag)));
        if told > state.world.now {
            state.world.advance(told);
            remember(state);
        }
        let old = &mut state.old.balancing;
        while old.get(1).is_some_and(|(at, _)| *at <= told) {
            old.pop_front();
        }
    }
    state.world.advance(now);
    if lag > Duration::ZERO {
        remember(state);
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

fn remember(state: &mut State) {
    let now = (state.world.now, Balancing::of(&state.world));
    state.old.balancing.push_back(now);
}

/// Does what a call asks for; a read may be answered by what was before a write.
pub(super) fn perform(state: &mut State, call: &Call) -> Answer {
    let State { world, old, .. } = state;
    let now = world.now;
    forget(&mut old.worlds, now);
    forget(&mut old.scalable_targets, now);
    let is_read = log::is_read(&call.operation);
    match call.service {
        Service::Ecs => {
            let lag = world.settings.read_lag;
            if lag > Duration::ZERO && !is_read {
                let mut before = world.clone();
                before.ids.part(old.worlds.len() as u64 + 1);
                old.worlds.push_back((now + lag, before));
            } else if let Some((_, before)) = old.worlds.front_mut() {
                // The oldest world of which something is still told.
                before.advance(now);
                world.note(Rule::ReadsLag);
                return api::perform(before, call);
            }
        }
        Service::LoadBalancing => {
            let lag = world.settings.balancing_read_lag;
            if lag > Duration::ZERO && !is_read {
                let answer = api::perform(world, call);
                old.balancing.push_back((now, Balancing::of(world)));
                return answer;
            }
            if let Some((_, before)) = old.balancing.front().filter(|(at, _)| *at < now) {
                world.note(match call.operation.as_str() {
                    "DescribeTargetHealth" => Rule::TargetHealthLags,
                    _ => Rule::BalancingReadsLag,
                });
                return before.tell(world, call);
            }
        }
        Service::Autoscaling => {
            let lag = world.settings.scaling_read_lag;
            if lag > Duration::ZERO && !is_read {
                let before = world.scalable_targets.clone();
                old.scalable_targets.push_back((now + lag, before));
            } else if let Some((_, before)) = old.scalable_targets.front_mut() {
                world.note(Rule::ScalingReadsLag);
                std::mem::swap(before, &mut world.scalable_targets);
                let answer = api::perform(world, call);
                std::mem::swap(before, &mut world.scalable_targets);
                return answer;
            }
        }
    }
    api::perform(world, call)
}

fn forget<T>(old: &mut Until<T>, now: Timestamp) {
    while old.front().is_some_and(|(until, _)| *until <= now) {
        old.pop_front();
    }
}
