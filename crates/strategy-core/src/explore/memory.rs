//! What a judge remembers of the way to a state: what the machine was told, and what users may still reach.

use std::collections::BTreeMap;
use std::time::Duration;

use super::bounds::TICKS;
use super::ground::{Ground, GroundPart};
use super::world::{Author, Flow, PartWorld, World};
use crate::plan::{CheckName, Stage, Undo};
use crate::target::Routing;
use crate::track::{Track, Tracks};
use crate::weight::Weight;

/// Told so long ago, or so old when it was told, that nothing may rest on it.
const OLD: u8 = TICKS + 1;

/// What a judge remembers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Memory {
    pub(super) parts: Vec<PartMemory>,
    /// The stage that was entered last, from 1, and whether it was passed.
    pub(super) stage: usize,
    pub(super) passed: bool,
    /// A bake is on: ticks since it began, and those of them in which all was told to be well.
    pub(super) bake: Option<Bake>,
    /// A person ended a bake or hold, or all of them.
    pub(super) advanced: bool,
    pub(super) promote_all: bool,
    /// A check failed, and no person began its stage again.
    pub(super) check_failed: bool,
    /// A point of no return is behind, as the news tell: a stage that is one was entered and all its gates
    /// opened, or a hook that cannot be undone has begun.
    pub(super) past: bool,
    /// It has to go back: it failed or was aborted for good.
    pub(super) doomed: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Bake {
    pub(super) ticks: u8,
    pub(super) well: u8,
    /// Looks of each check that passed; none yet of those that are not there.
    pub(super) passes: BTreeMap<CheckName, u8>,
}

/// What a judge remembers of a part.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct PartMemory {
    /// What the machine was told last.
    pub(super) told: Option<Box<PartWorld>>,
    /// The candidate's share as it was told last.
    pub(super) weight: Weight,
    /// The share that was last told to reach the candidate: where it is not known, it may be so still.
    pub(super) effective: Weight,
    /// How many ticks ago it was told.
    pub(super) age: u8,
    /// Something of ours may have landed since that look began.
    pub(super) behind: bool,
    /// The look under way began before that.
    pub(super) look_is_old: bool,
    /// Requests come to a track, as the machine was told last, or by a write of ours since.
    pub(super) reached: Tracks<bool>,
    /// Ticks until nobody is on a track any more.
    pub(super) drains: Tracks<u8>,
    /// The epoch of the claim that was acknowledged.
    pub(super) held: Option<u64>,
    /// A person moved traffic here, towards stable.
    pub(super) hand: Option<Weight>,
    /// Something of ours has landed.
    pub(super) wrote: bool,
    pub(super) baseline: u32,
}

impl Memory {
    pub(super) fn new(ground: &Ground, world: &World) -> Self {
        let part = |(ground, world): (&GroundPart, &PartWorld)| PartMemory {
            told: None,
            weight: world.content.traffic.weight,
            effective: world.content.traffic.weight,
            age: OLD,
            behind: false,
            look_is_old: false,
            reached: Tracks {
                stable: reached(ground, world, Track::Stable),
                candidate: reached(ground, world, Track::Candidate),
            },
            drains: Tracks {
                stable: u8::from(!world.content.traffic.weight.rest().is_zero()),
                candidate: u8::from(world.content.traffic.reaches_candidate()),
            },
            held: None,
            hand: None,
            wrote: false,
            baseline: ground.found.baseline(),
        };
        Self {
            parts: ground.parts.iter().zip(&world.parts).map(part).collect(),
            stage: 0,
            passed: true,
            bake: None,
            advanced: false,
            promote_all: false,
            check_failed: false,
            past: false,
            doomed: false,
        }
    }

    /// A tick has passed.
    pub(super) fn tick(&mut self, ground: &Ground) {
        let well = self.parts.iter().all(|part| {
            part.told
                .as_ref()
                .is_some_and(|told| told.flow == Flow::AsAsked)
        });
        if let Some(bake) = &mut self.bake {
            bake.ticks = bake.ticks.saturating_add(1);
            bake.well = bake.well.saturating_add(u8::from(well));
        }
        for part in &mut self.parts {
            part.age = part.age.saturating_add(1).min(OLD);
            if ground.tick * u32::from(part.age) > ground.plan.policies().stale_after {
                part.age = OLD;
            }
            for track in Track::ALL {
                if !*part.reached.of(track) {
                    let drains = part.drains.of_mut(track);
                    *drains = drains.saturating_sub(1);
                }
            }
        }
    }

    /// A write of ours has landed: whom it reaches is reached, whoever takes it back before a look.
    pub(super) fn landed(&mut self, ground: &Ground, part: usize, world: &PartWorld) {
        let (Some(memory), Some(of)) = (self.parts.get_mut(part), ground.parts.get(part)) else {
            return;
        };
        memory.wrote = true;
        // What the router really does is not told before a look.
        let written = PartWorld {
            flow: Flow::AsAsked,
            ..world.clone()
        };
        for track in Track::ALL {
            *memory.reached.of_mut(track) |= reached(of, &written, track);
        }
        memory.linger(of, ground.tick);
    }

    /// What need not be told apart any more: how many ticks a long bake had beyond what is asked.
    pub(super) fn reduce(&mut self, ground: &Ground) {
        let enough = |duration: Duration| ticks(duration, ground.tick);
        let stages = ground.plan.stages().iter();
        let most = stages.map(|stage| enough(stage.bake.at_least)).max();
        let looks = ground.plan.stages().iter().map(|stage| stage.bake.looks);
        let looks = u8::try_from(looks.max().unwrap_or(0)).unwrap_or(u8::MAX);
        let most = most.unwrap_or(0);
        let stages = ground.plan.stages().iter();
        let lasts = stages.map(|stage| enough(stage.bake.at_most)).max();
        let lasts = lasts.unwrap_or(0);
        let checks = ground.plan.checks().values();
        let window = checks
            .map(|check| enough(check.interval))
            .max()
            .unwrap_or(0);
        if let Some(bake) = &mut self.bake {
            // A look that passed tells whether its window began in this bake.
            let counted = most
                .max(1)
                .saturating_mul(4)
                .max(lasts.saturating_add(window));
            bake.ticks = bake.ticks.min(counted);
            bake.well = bake.well.min(most);
            for passes in bake.passes.values_mut() {
                *passes = (*passes).min(looks);
            }
        }
        for part in &mut self.parts {
            // Nothing may rest on it any more, so it matters no more what it was.
            if part.fresh().is_none() {
                part.told = None;
                part.age = OLD;
            }
        }
        if self.doomed {
            self.bake = None;
            self.advanced = false;
            self.promote_all = false;
            self.stage = 0;
            self.passed = true;
            self.past = false;
        }
    }

    /// A stage was entered. While its gates are asked the way back is still open.
    pub(super) fn entered(&mut self, ground: &Ground) {
        let stage = self.stage(ground);
        self.past |= stage.is_some_and(|stage| stage.point_of_no_return && stage.gates.is_empty());
    }

    /// A gate of the stage opened.
    pub(super) fn gate_opened(&mut self, ground: &Ground, gate: &str) {
        let stage = self.stage(ground);
        self.past |= stage.is_some_and(|stage| {
            let last = stage.gates.last();
            stage.point_of_no_return && last.is_some_and(|last| last.name == gate)
        });
    }

    /// A hook of the stage began.
    pub(super) fn hook_began(&mut self, ground: &Ground, hook: &str) {
        let stage = self.stage(ground);
        self.past |= stage.is_some_and(|stage| {
            let mut hooks = stage.hooks.iter();
            hooks.any(|planned| planned.name == hook && planned.undo == Undo::Impossible)
        });
    }

    /// The stage that was entered last.
    fn stage<'a>(&self, ground: &'a Ground) -> Option<&'a Stage> {
        ground.plan.stages().get(self.stage.checked_sub(1)?)
    }
}

impl PartMemory {
    /// What was told may be acted on.
    pub(super) fn fresh(&self) -> Option<&PartWorld> {
        let fresh = !self.behind && self.age < OLD;
        self.told.as_deref().filter(|_| fresh)
    }

    pub(super) fn tell(
        &mut self,
        world: &PartWorld,
        ground: &GroundPart,
        stale: bool,
        tick: Duration,
    ) {
        match world.flow {
            Flow::AsAsked => self.effective = world.content.traffic.weight,
            Flow::Not(weight) => self.effective = weight,
            Flow::Unknown(_) => {}
        }
        // What nobody can tell is as it was when somebody could, or as is written.
        let flow = match world.flow {
            Flow::Unknown(_) => Flow::Unknown(self.effective),
            Flow::AsAsked | Flow::Not(_) => world.flow,
        };
        let told = PartWorld {
            claim: None,
            late: None,
            unread: 0,
            missed: false,
            flow,
            ..world.clone()
        };
        for track in Track::ALL {
            *self.reached.of_mut(track) = reached(ground, &told, track);
        }
        self.linger(ground, tick);
        self.told = Some(Box::new(told));
        self.weight = world.content.traffic.weight;
        self.age = if stale { OLD } else { 0 };
        self.behind = false;
        if ground.found.observation.stable.autoscaler.is_some() {
            let wanted = world.wanted(ground, Track::Stable);
            self.baseline = self.baseline.max(wanted);
        }
    }

    fn linger(&mut self, ground: &GroundPart, tick: Duration) {
        let found = &ground.found.observation.traffic;
        let linger = ticks(found.drain.max(found.sticky), tick);
        for track in Track::ALL {
            if *self.reached.of(track) {
                *self.drains.of_mut(track) = linger;
            }
        }
    }

    /// A person's move towards stable stands until a person moves traffic the other way.
    pub(super) fn note_hand(&mut self, author: Author, before: Weight) {
        match author {
            Author::Person(weight) if weight < before => self.hand = Some(weight),
            Author::Person(weight) if weight > before => self.hand = None,
            Author::Person(_) | Author::Us | Author::Nobody => {}
        }
    }

    /// Something of ours may have landed.
    pub(super) const fn may_have_landed(&mut self, look_under_way: bool) {
        self.behind = true;
        self.look_is_old = look_under_way;
    }
}

/// Requests may come to a track now.
pub(super) fn reached(ground: &GroundPart, world: &PartWorld, track: Track) -> bool {
    if ground.routing == Routing::FollowsReadiness {
        return world.ready(ground, track) > 0;
    }
    let written = world.content.traffic.reaches_candidate();
    let shares = world.reaching();
    match track {
        Track::Stable => {
            world.content.traffic.reaches_stable()
                || shares.iter().any(|share| *share < Weight::FULL)
        }
        Track::Candidate => written || shares.iter().any(|share| !share.is_zero()),
    }
}

fn ticks(duration: Duration, tick: Duration) -> u8 {
    let ticks = duration.as_millis().div_ceil(tick.as_millis().max(1));
    u8::try_from(ticks).unwrap_or(u8::MAX)
}
