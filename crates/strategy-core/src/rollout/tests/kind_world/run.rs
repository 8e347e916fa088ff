//! A rollout in kind worlds, one for each part, told and asked by hand.

use std::collections::BTreeMap;
use std::time::Duration;

use super::KindWorld;
use crate::release::Part;
use crate::rollout::{Effect, Event, Input, Record, Rollout};
use crate::target::Desired;
use crate::timestamp::Timestamp;

/// A rollout in its world, with all that it said.
#[derive(Clone, Debug)]
pub(in crate::rollout) struct Run {
    pub(in crate::rollout) rollout: Rollout,
    pub(in crate::rollout) world: KindWorld,
    /// Of other parts than the one above.
    pub(in crate::rollout) worlds: BTreeMap<Part, KindWorld>,
    /// Every write and claim, in the order in which they were performed.
    pub(in crate::rollout) done: Vec<Effect>,
    pub(in crate::rollout) now: Timestamp,
    pub(in crate::rollout) records: Vec<Record>,
    pub(in crate::rollout) events: Vec<Event>,
    /// What was asked of the world, and when.
    pub(in crate::rollout) asked: Vec<(Timestamp, Desired)>,
    /// Effects that the world does not perform by itself: looks, hooks, questions.
    pub(in crate::rollout) others: Vec<Effect>,
    pub(in crate::rollout) inputs: u32,
    pub(in crate::rollout) looks_at_the_part: u32,
}

impl Run {
    pub(in crate::rollout) fn new(rollout: Rollout, world: KindWorld, now: Timestamp) -> Self {
        Self {
            rollout,
            world,
            worlds: BTreeMap::new(),
            done: Vec::new(),
            now,
            records: Vec::new(),
            events: Vec::new(),
            asked: Vec::new(),
            others: Vec::new(),
            inputs: 0,
            looks_at_the_part: 0,
        }
    }

    /// Tells the machine something.
    pub(in crate::rollout) fn tell(&mut self, input: Input) {
        self.inputs += 1;
        self.rollout.handle(input, self.now).unwrap();
    }

    /// Takes all outputs; performs one effect. Says whether there was one.
    pub(in crate::rollout) fn perform_one(&mut self) -> bool {
        self.records
            .extend(std::iter::from_fn(|| self.rollout.poll_record()));
        self.events
            .extend(std::iter::from_fn(|| self.rollout.poll_event()));
        let Some(effect) = self.rollout.poll_effect() else {
            return false;
        };
        if let Effect::Apply { request, .. } = &effect {
            self.asked.push((self.now, request.desired.clone()));
        }
        let part = match &effect {
            Effect::Claim { part, .. }
            | Effect::Apply { part, .. }
            | Effect::Observe { part, .. } => self.worlds.get_mut(part),
            Effect::Measure { .. }
            | Effect::RunHook { .. }
            | Effect::AskGate { .. }
            | Effect::Cancel { .. } => None,
        };
        self.looks_at_the_part += u32::from(matches!(effect, Effect::Observe { .. }));
        let world = part.unwrap_or(&mut self.world);
        match world.perform(effect.clone()) {
            Some(input) => {
                if matches!(effect, Effect::Apply { .. }) {
                    world.converge();
                }
                if matches!(effect, Effect::Apply { .. } | Effect::Claim { .. }) {
                    self.done.push(effect);
                }
                self.tell(input);
            }
            None => self.others.push(effect),
        }
        true
    }

    /// Until nothing is left to do at this time.
    pub(in crate::rollout) fn settle_now(&mut self) {
        let mut turns = 0;
        while self.perform_one() {
            turns += 1;
            assert!(
                turns < 2_000,
                "it never comes to rest: {:?}",
                self.rollout.status()
            );
        }
    }

    /// To the next time something is due.
    pub(in crate::rollout) fn pass_time(&mut self) {
        if let Some(at) = self.rollout.poll_timeout() {
            self.now = at.max(self.now + Duration::from_millis(1));
            self.inputs += 1;
            self.rollout.handle_timeout(self.now);
        }
    }

    /// Until it settles, for at most so long.
    pub(in crate::rollout) fn run(&mut self, at_most: Duration) {
        let end = self.now + at_most;
        self.settle_now();
        while !self.rollout.is_settled() && self.now < end {
            self.pass_time();
            self.settle_now();
        }
    }

    pub(in crate::rollout) fn story(&self) -> String {
        self.events
            .iter()
            .map(|event| format!("{event}\n"))
            .collect()
    }
}
