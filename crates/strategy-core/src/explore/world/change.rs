//! One class changes.

use super::{Deploys, Flow, PartWorld, Readiness, Running, TrackClass};
use crate::explore::ground::GroundPart;
use crate::target::{Effectiveness, Routing};
use crate::track::Track;
use crate::weight::Weight;

/// A class of a part takes another value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::explore) enum Change {
    Readiness(Track, Readiness),
    Running(Track, Running),
    Fatal(Track, bool),
    Flow(Flow),
    Between(bool),
    Deploys(Deploys),
}

impl Change {
    /// What a kind world does.
    pub(in crate::explore) fn is_kind(self, world: &PartWorld, ground: &GroundPart) -> bool {
        match self {
            Self::Readiness(_, readiness) => readiness == Readiness::Enough,
            Self::Running(_, running) => running == Running::Written,
            Self::Fatal(_, fatal) => !fatal,
            Self::Flow(flow) => flow == Flow::AsAsked && world.flow != Flow::AsAsked,
            Self::Between(_) => false,
            Self::Deploys(to) => world.deploys_next(ground) == Some(to),
        }
    }
}

impl PartWorld {
    /// Every way in which one class can change now.
    pub(in crate::explore) fn changes(&self, ground: &GroundPart) -> Vec<Change> {
        let mut changes = Vec::new();
        for track in Track::ALL {
            let wanted = self.wanted(ground, track);
            if wanted == 0 {
                continue;
            }
            let class = self.tracks.of(track);
            let some = match class.running {
                // Of one pod there is no part.
                Running::Mixed(_) => wanted >= 3,
                Running::Written | Running::Old(_) => wanted >= 2,
            };
            for readiness in [Readiness::None, Readiness::Partial, Readiness::Enough] {
                if readiness != class.readiness && (some || readiness != Readiness::Partial) {
                    changes.push(Change::Readiness(track, readiness));
                }
            }
            match class.running {
                Running::Written => {}
                Running::Mixed(_) => changes.push(Change::Running(track, Running::Written)),
                Running::Old(old) => {
                    changes.push(Change::Running(track, Running::Mixed(old)));
                    changes.push(Change::Running(track, Running::Written));
                }
            }
            if class.readiness != Readiness::Enough {
                changes.push(Change::Fatal(track, !class.fatal));
            }
        }
        self.flows(ground, &mut changes);
        if self.content.tracks.stable.is_some()
            && ground.found.observation.stable.autoscaler.is_some()
        {
            changes.push(Change::Between(!self.between));
        }
        changes
    }

    /// Every way in which a platform's own deployment can go on now. It changes what is written, or what an
    /// answer would be to, so that a write meets it too.
    pub(in crate::explore) fn deployments(&self, ground: &GroundPart) -> Vec<Change> {
        let next = self.deploys_next(ground).into_iter();
        next.chain(self.deploys_else())
            .map(Change::Deploys)
            .collect()
    }

    fn flows(&self, ground: &GroundPart, changes: &mut Vec<Change>) {
        let verified = ground.found.capabilities.effectiveness == Effectiveness::Verified;
        if ground.routing == Routing::FollowsReadiness || !verified {
            return;
        }
        let written = self.content.traffic.weight;
        let start = ground.start.traffic.weight;
        // A router that lost what it was told does what it did at the start, or what was never asked.
        let lost = if written == start {
            Weight::FULL
        } else {
            start
        };
        match self.flow {
            Flow::AsAsked => {
                changes.push(Change::Flow(Flow::Not(lost)));
                changes.push(Change::Flow(Flow::Unknown(written)));
            }
            Flow::Not(weight) => {
                changes.push(Change::Flow(Flow::AsAsked));
                changes.push(Change::Flow(Flow::Unknown(weight)));
            }
            Flow::Unknown(weight) => {
                changes.push(Change::Flow(Flow::AsAsked));
                if weight != written {
                    changes.push(Change::Flow(Flow::Not(weight)));
                }
            }
        }
    }

    pub(in crate::explore) fn change(&mut self, ground: &GroundPart, change: Change) {
        let before: [u32; 2] = Track::ALL.map(|track| self.wanted(ground, track));
        let class = |world: &mut Self, track: Track, set: &dyn Fn(&mut TrackClass)| {
            let class = world.tracks.of_mut(track);
            set(class);
            class.fatal &= class.readiness != Readiness::Enough;
        };
        match change {
            Change::Readiness(track, readiness) => {
                class(self, track, &|class| class.readiness = readiness);
            }
            Change::Running(track, running) => class(self, track, &|class| class.running = running),
            Change::Fatal(track, fatal) => class(self, track, &|class| class.fatal = fatal),
            Change::Flow(flow) => self.flow = flow,
            Change::Between(between) => self.between = between,
            Change::Deploys(to) => self.deploy(ground, to),
        }
        // One pod more is wanted, and is not there yet.
        for (track, before) in Track::ALL.into_iter().zip(before) {
            let wanted = self.wanted(ground, track);
            if wanted > before && self.tracks.of(track).readiness == Readiness::Enough {
                self.tracks.of_mut(track).readiness = Readiness::Partial;
            }
        }
        if !matches!(change, Change::Deploys(_)) {
            self.unread = self.unread.saturating_add(1);
        }
    }
}
