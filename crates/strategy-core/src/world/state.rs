//! The whole world behind its lock: parts, images, faults, and what is yet to happen.

use std::collections::BTreeMap;

use super::counter::Metrics;
use super::fault::{ApiFault, Calls};
use super::happening::Happening;
use super::interruption::{Interruption, Interruptions, Met};
use super::log::{Log, Process};
use super::owned;
use super::part::PartState;
use super::pod::Registry;
use super::report::Report;
use super::scenario::{InvalidScenario, Scenario, part_name};
use crate::random::SplitMix64;
use crate::release::Part;
use crate::target::Apply;
use crate::timestamp::Timestamp;

#[derive(Debug)]
pub(super) struct State {
    pub(super) begins: Timestamp,
    pub(super) ends: Timestamp,
    pub(super) now: Timestamp,
    pub(super) random: SplitMix64,
    pub(super) registry: Registry,
    pub(super) parts: BTreeMap<Part, PartState>,
    scheduled: u64,
    to_happen: BTreeMap<(Timestamp, u64), Happening>,
    to_land: BTreeMap<(Timestamp, u64), (Part, Apply, Process)>,
    pub(super) faults: Vec<ActiveFault>,
    pub(super) metrics: Metrics,
    pub(super) log: Log,
    pub(super) interruptions: Interruptions,
    /// How many drivers were made.
    #[cfg(any(feature = "driver", test))]
    pub(super) drivers: u64,
}

/// A fault of the API that has begun.
#[derive(Debug)]
pub(super) struct ActiveFault {
    pub(super) part: Option<Part>,
    pub(super) fault: ApiFault,
    pub(super) calls: Calls,
    pub(super) until: Timestamp,
    pub(super) left: Option<u32>,
}

/// Later than anything: such a time is never due.
const NEVER: Timestamp = Timestamp::from_millis(u64::MAX);

impl State {
    pub(super) fn new(scenario: &Scenario) -> Result<Self, InvalidScenario> {
        scenario.check("world")?;
        let begins = scenario.begins;
        let mut random = SplitMix64::new(scenario.seed);
        let registry = Registry {
            tags: BTreeMap::new(),
            behaviors: scenario.images.clone(),
        };
        let mut parts = BTreeMap::new();
        for (name, setup) in &scenario.parts {
            let part = part_name(name)?;
            let state = PartState::new(part.clone(), setup, &registry, &mut random, begins)?;
            parts.insert(part, state);
        }
        let mut state = Self {
            begins,
            ends: begins + scenario.lasts,
            now: begins,
            random,
            registry,
            parts,
            scheduled: 0,
            to_happen: BTreeMap::new(),
            to_land: BTreeMap::new(),
            faults: Vec::new(),
            metrics: Metrics {
                delay: scenario.metric_delay,
                faults: Vec::new(),
            },
            log: Log::default(),
            interruptions: Interruptions::default(),
            #[cfg(any(feature = "driver", test))]
            drivers: 0,
        };
        for timed in &scenario.happenings {
            state.schedule(begins + timed.after, timed.happening.clone());
        }
        Ok(state)
    }

    /// From now on everything is logged.
    pub(super) fn keep_log(&mut self) {
        self.log = Log::kept();
        for state in self.parts.values_mut() {
            state.keep(self.log.clone(), self.now);
        }
    }

    pub(super) fn schedule(&mut self, at: Timestamp, happening: Happening) {
        self.scheduled += 1;
        self.to_happen.insert((at, self.scheduled), happening);
    }

    pub(super) fn land_later(&mut self, at: Timestamp, part: Part, request: Apply, by: Process) {
        self.scheduled += 1;
        self.to_land
            .insert((at, self.scheduled), (part, request, by));
    }

    /// When something happens next.
    pub(super) fn next(&self) -> Option<Timestamp> {
        let happening = self.to_happen.keys().next().map(|(at, _)| *at);
        let landing = self.to_land.keys().next().map(|(at, _)| *at);
        let ending = self.faults.iter().map(|fault| fault.until).min();
        let parts = self.parts.values().filter_map(PartState::next);
        parts
            .chain(happening)
            .chain(landing)
            .chain(ending)
            .min()
            .filter(|at| *at < NEVER)
    }

    /// Everything until then happens, in order.
    pub(super) fn advance_to(&mut self, at: Timestamp) {
        while let Some(next) = self.next().filter(|next| *next <= at) {
            self.now = self.now.max(next);
            self.process();
        }
        self.now = self.now.max(at);
    }

    fn process(&mut self) {
        let now = self.now;
        self.end_faults();
        while let Some(entry) = self.to_happen.first_entry().filter(|e| e.key().0 <= now) {
            let happening = entry.remove();
            self.happen(happening);
        }
        while let Some(entry) = self.to_land.first_entry().filter(|e| e.key().0 <= now) {
            let (part, request, by) = entry.remove();
            if let Some(state) = self.parts.get_mut(&part) {
                // A write that was fenced off or came too late is refused, and nobody listens.
                let _refused = owned::apply(state, &request, by, now);
            }
        }
        for state in self.parts.values_mut() {
            state.tick(&self.registry, &mut self.random, now);
        }
    }

    /// Controllers of a part follow what was written to it.
    pub(super) fn settle(&mut self, part: &Part) {
        if let Some(state) = self.parts.get_mut(part) {
            state.settle(&self.registry, &mut self.random, self.now);
        }
    }

    fn end_faults(&mut self) {
        let now = self.now;
        self.faults
            .retain(|fault| fault.until > now && fault.left != Some(0));
        for (part, state) in &mut self.parts {
            let is_stale = self.faults.iter().any(|fault| {
                fault.fault == ApiFault::Stale && fault.part.as_ref().is_none_or(|one| one == part)
            });
            if !is_stale && state.frozen.take().is_some() {
                state.tell_news();
            }
        }
    }

    /// What befalls a call.
    pub(super) fn call(&mut self, part: &Part, calls: Calls) -> (Met, Option<ApiFault>) {
        let interruptions = self.interruptions.call();
        let met = self.meet(interruptions);
        (met, self.fault(part, calls))
    }

    pub(super) fn meet(&mut self, interruptions: Vec<Interruption>) -> Met {
        let mut met = Met::default();
        for interruption in interruptions {
            match interruption {
                Interruption::Happens(happening) => self.happen(happening),
                Interruption::Stops {
                    after: true,
                    number,
                } => met.after.push(number),
                Interruption::Stops { number, .. } => met.before.push(number),
            }
        }
        met
    }

    fn fault(&mut self, part: &Part, calls: Calls) -> Option<ApiFault> {
        let now = self.now;
        let fault = self.faults.iter_mut().find(|fault| {
            fault.fault != ApiFault::Stale
                && fault.until > now
                && fault.left != Some(0)
                && fault.part.as_ref().is_none_or(|one| one == part)
                && fault.calls.include(calls)
        })?;
        fault.left = fault.left.map(|left| left - 1);
        Some(fault.fault.clone())
    }

    pub(super) fn report(&self) -> Report {
        Report {
            from: self.begins,
            to: self.now,
            parts: self
                .parts
                .iter()
                .map(|(part, state)| (part.clone(), state.report(self.now)))
                .collect(),
        }
    }
}
