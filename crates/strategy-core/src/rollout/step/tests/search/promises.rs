//! Promises 1 to 3, judged from the world alone: nothing here asks the stepper or its parts.

use super::model::Model;
use super::world::{CANDIDATE, Content, RELEASE, STABLE, START, World, share};
use crate::target::Routing;

/// A decision as the judge sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    Write(Content),
    Wait,
    Reached,
    Never,
}

/// Where a decision is taken.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a> {
    pub(super) model: &'a Model,
    pub(super) world: &'a World,
    pub(super) baseline: u8,
    pub(super) back: bool,
    /// Asked only for readiness.
    pub(super) until_ready: bool,
    pub(super) goal: Content,
}

fn need(baseline: u8, share: u8) -> u8 {
    if share == 0 {
        return 0;
    }
    (u16::from(share) * u16::from(baseline))
        .div_ceil(100)
        .max(1) as u8
}

impl Place<'_> {
    fn told(&self, side: usize) -> Option<u8> {
        self.world.content.told[side].map(|told| told.version)
    }

    /// Ready pods at the told version; `None` while pods of another version remain.
    fn whole(&self, side: usize) -> Option<u8> {
        let version = self.told(side)?;
        let pods = self.world.pods[side];
        let whole = (0..3).all(|at| at == version || pods[usize::from(at)].total == 0);
        whole.then_some(pods[usize::from(version)].ready)
    }

    /// On the way back no more than was ready at the start.
    fn asked(&self, share: u8) -> u8 {
        let need = need(self.baseline, share);
        match self.model.start_ready {
            Some(ready) if self.back => need.min(ready),
            Some(_) | None => need,
        }
    }

    /// What a share needs of a side that does not gain: the ratchet, but of an owned stable no more than
    /// its autoscaler wants now, whose decision it is.
    fn holds(&self, side: usize, share: u8) -> u8 {
        let need = self.asked(share);
        match (side, self.world.wants) {
            (STABLE, wants @ 1..) => need.min(wants),
            (_, _) => need,
        }
    }

    /// The first promise that a decision breaks.
    pub(super) fn broken_by(&self, decision: Decision) -> Option<&'static str> {
        match decision {
            Decision::Write(to) if self.model.routing == Routing::FollowsReadiness => self
                .changes_revision(to, [true; 2])
                .or_else(|| self.gives_up_of_all(to)),
            Decision::Write(to) => self
                .changes_more_than_one_kind(to)
                .or_else(|| self.moves_too_early(to))
                .or_else(|| self.moves_uncovered(to))
                .or_else(|| self.gives_up_too_much(to))
                .or_else(|| self.changes_revision(to, [true; 2])),
            Decision::Wait | Decision::Never => self.leaves_users_behind(),
            Decision::Reached => self.is_not_ready(),
        }
    }

    fn changes_more_than_one_kind(&self, to: Content) -> Option<&'static str> {
        let from = self.world.content;
        let sides = from.told != to.told;
        let both = from.told[0] != to.told[0] && from.told[1] != to.told[1];
        let fewer = (0..2).any(|side| {
            let number = |content: Content| content.told[side].map_or(0, |told| told.number);
            number(to) < number(from)
        });
        if from == to {
            Some("a write that changes nothing")
        } else if (sides && from.weight != to.weight) || (both && fewer) {
            Some("one kind of change at a time")
        } else {
            None
        }
    }

    /// Between "ready" and the first request there are hooks: only to empty a track that must change does
    /// traffic move before.
    fn moves_too_early(&self, to: Content) -> Option<&'static str> {
        let changes = (0..2).any(|side| {
            let goal = self.goal.told[side].map(|told| told.version);
            goal.is_some() && self.told(side).is_some() && self.told(side) != goal
        });
        (self.until_ready && !changes && to.weight != self.world.content.weight)
            .then_some("1: traffic before it was said to be ready")
    }

    /// Ready means that what gains by the goal covers what it gains.
    fn is_not_ready(&self) -> Option<&'static str> {
        let from = self.world.content.weight;
        if !self.until_ready || self.goal.weight == from {
            return None;
        }
        let side = if self.goal.weight > from {
            CANDIDATE
        } else {
            STABLE
        };
        let need = need(self.baseline, share(side, self.goal.weight));
        let right = self.told(side) == self.goal.told[side].map(|told| told.version);
        let ready = self.whole(side).is_some_and(|ready| right && ready >= need);
        (!ready).then_some("1: called ready and is not")
    }

    fn moves_uncovered(&self, to: Content) -> Option<&'static str> {
        let from = self.world.content.weight;
        if to.weight == from {
            return None;
        }
        let side = if to.weight > from { CANDIDATE } else { STABLE };
        let Some(ready) = self.whole(side) else {
            return Some("3: traffic to a track in which pods of another revision remain");
        };
        let covered = ready >= self.asked(share(side, to.weight));
        let left_dead = self.back
            && self.world.ready(1 - side) == 0
            && ready > 0
            && to.weight.is_multiple_of(100);
        if !covered && !left_dead {
            return Some("1: traffic to what is not ready");
        }
        let (stable, candidate) = (self.told(STABLE), self.told(CANDIDATE));
        let from_home = if side == STABLE {
            stable != Some(START) && candidate == Some(START)
        } else {
            // Up to where it was at the start it is home.
            stable == Some(START) && to.weight > self.model.start.weight
        };
        (self.back && from_home).then_some("7: on the way back, traffic away from what stable ran")
    }

    /// Ready pods that a write takes from a side in the end.
    fn lost(&self, side: usize, to: Content) -> u8 {
        let (_, stays) = self.stays(side, to);
        self.world.ready(side) - stays
    }

    /// Whether the version changes, and the ready pods that stay.
    fn stays(&self, side: usize, to: Content) -> (bool, u8) {
        let pods = self.world.pods[side];
        match (self.world.content.told[side], to.told[side]) {
            (_, None) => (true, 0),
            (None, Some(_)) => (false, self.world.ready(side)),
            (Some(from), Some(to)) => {
                let wants = if side == STABLE { self.world.wants } else { 0 };
                let number = to.number.max(wants);
                let changes = from.version != to.version;
                let ready = if changes {
                    pods[usize::from(to.version)].ready
                } else {
                    self.world.ready(side)
                };
                (changes, ready.min(number))
            }
        }
    }

    fn gives_up_too_much(&self, to: Content) -> Option<&'static str> {
        for side in [STABLE, CANDIDATE] {
            let lost = self.lost(side, to);
            let reached = self.world.reached(side);
            if lost > 0 && !reached && self.world.draining[side] {
                return Some("2: scaled in before drain");
            }
            if lost == 0 {
                continue;
            }
            let most =
                share(side, self.world.content.weight).max(share(side, self.world.effective));
            let stays = self.world.ready(side) - lost;
            if reached && stays < self.holds(side, most) {
                return Some("2: ready pods of an exposed track given up below its need");
            }
            // On the way back, stable's pods at any other version than its own are free.
            let at_home = self.world.pods[side][usize::from(START)].ready;
            let free = self.back && side == STABLE && stays >= at_home;
            let other = 1 - side;
            if !reached && !free && self.world.ready(other) < self.holds(other, 100) {
                return Some("2: ready pods given up while the exposed side does not cover");
            }
        }
        None
    }

    fn gives_up_of_all(&self, to: Content) -> Option<&'static str> {
        let stays: u8 = (0..2).map(|side| self.stays(side, to).1).sum();
        let doomed = |side: usize| {
            let ready = self.world.ready(side);
            ready.min(self.world.wanted(side))
        };
        (stays < doomed(0) + doomed(1) && stays < self.baseline)
            .then_some("2: ready pods in total below the baseline")
    }

    /// Somebody may be served by it.
    pub(super) fn is_exposed(&self, side: usize) -> bool {
        let follows = self.model.routing == Routing::FollowsReadiness;
        follows || self.world.reached(side) || self.world.draining[side]
    }

    /// Also judged when a write lands, against the truth of that moment; `judged`: which sides are.
    pub(super) fn changes_revision(&self, to: Content, judged: [bool; 2]) -> Option<&'static str> {
        for side in [STABLE, CANDIDATE] {
            let follows = self.model.routing == Routing::FollowsReadiness;
            let exposed = judged[side] && self.is_exposed(side);
            let (Some(_), Some(told)) = (self.world.content.told[side], to.told[side]) else {
                let removed = self.world.content.told[side].is_some() && to.told[side].is_none();
                if removed && !follows && exposed && self.world.ready(side) > 0 {
                    return Some("2: an exposed track removed");
                }
                continue;
            };
            let changes = self.told(side) != Some(told.version);
            let others =
                self.world.ready(side) - self.world.pods[side][usize::from(told.version)].ready;
            if changes && exposed && others > 0 {
                return Some("3: a ready pod of an exposed track changes revision");
            }
        }
        None
    }

    /// On the way back, traffic that ready stable pods cover moves at once, and all of it where the
    /// candidate answers nobody.
    fn leaves_users_behind(&self) -> Option<&'static str> {
        let (weight, home) = (self.world.content.weight, self.model.start.weight);
        let routed = self.model.routing == Routing::Routed;
        if !routed || !self.back || weight <= home || self.told(STABLE) != Some(START) {
            return None;
        }
        let ready = self.whole(STABLE)?;
        let dead = self.world.ready(CANDIDATE) == 0 && ready > 0;
        let step = usize::from(self.model.granularity);
        let nearer = (home..weight)
            .step_by(step)
            .any(|weight| ready >= self.asked(share(STABLE, weight)));
        (dead || nearer).then_some("1: on the way back, traffic that is covered does not move")
    }

    /// An outcome is what it says.
    pub(super) fn is_home(&self) -> Option<&'static str> {
        let world = self.world;
        let start = self.model.start;
        let wanted = world.wanted(STABLE);
        let asked = self
            .model
            .start_ready
            .map_or(wanted, |ready| wanted.min(ready));
        let covered = self.whole(STABLE).is_some_and(|ready| ready >= asked);
        let home = world.content == start && world.effective == start.weight && covered;
        (!home).then_some("7: called rolled back and is not at the recorded start")
    }

    /// A promotion is the last goal, ready and effective.
    pub(super) fn is_promoted(&self) -> Option<&'static str> {
        let world = self.world;
        let goal = self.model.stages.last()?.content(self.baseline);
        let carrying = if goal.told[CANDIDATE].is_some() {
            CANDIDATE
        } else {
            STABLE
        };
        let ready = self.whole(carrying)?;
        let promoted = self.told(carrying) == Some(RELEASE)
            && ready >= goal.told[carrying].map_or(0, |told| told.number)
            && world.content.weight == goal.weight
            && world.effective == goal.weight;
        (!promoted).then_some("4: called promoted and does not run the release")
    }
}
