//! The judge of writes: promises 1, 2, 3, 8, 12 and 13, from what the machine was told and what it orders.
//!
//! Nothing here asks the machine or its stepper: what is needed is said again, in other words.

use super::ground::{Content, GroundPart, Runs};
use super::memory::PartMemory;
use super::promise::Tally;
use super::world::{Deploys, PartWorld, Running};
use crate::target::{Apply, Routing};
use crate::track::{Replicas, Track};
use crate::weight::Weight;

/// A write, as the judge sees it.
#[derive(Debug)]
pub(super) struct Order<'a> {
    pub(super) ground: &'a GroundPart,
    /// The world as it is, of which only the late write is asked.
    pub(super) world: &'a PartWorld,
    pub(super) memory: &'a PartMemory,
    pub(super) request: &'a Apply,
    /// Towards the recorded start.
    pub(super) back: bool,
}

/// What all requests need of a side, or a share of them.
fn need(baseline: u32, share: Weight) -> u32 {
    if share.is_zero() {
        return 0;
    }
    let points = u64::from(share.basis_points()) * u64::from(baseline);
    u32::try_from(points.div_ceil(10_000))
        .unwrap_or(u32::MAX)
        .max(1)
}

const fn share(track: Track, weight: Weight) -> Weight {
    match track {
        Track::Stable => weight.rest(),
        Track::Candidate => weight,
    }
}

impl Order<'_> {
    pub(super) fn judge(&self, tally: &mut Tally) {
        let epoch = self.request.claim.epoch;
        tally.judge(12, self.memory.held == Some(epoch), || {
            format!(
                "a write under epoch {epoch}, and what was acknowledged is {:?}",
                self.memory.held
            )
        });
        let Some(told) = self.memory.fresh() else {
            tally.judge(8, false, || {
                "a write that rests on no fresh look".to_owned()
            });
            return;
        };
        tally.judge(8, told.owned() == self.request.seen, || {
            "a write that is held against something else than what was seen".to_owned()
        });
        let to = self.ground.content(&self.request.desired);
        let homeward = self.back && self.moves_traffic_home_only(told, &to);
        if self.world.late.is_some() {
            tally.judge(8, homeward, || {
                "a write while one that was given up may still land".to_owned()
            });
        }
        self.hand(told, &to, tally);
        match self.ground.routing {
            Routing::FollowsReadiness => {
                self.revision(told, &to, tally);
                self.total(told, &to, tally);
            }
            Routing::Routed => {
                self.revision(told, &to, tally);
                self.traffic(told, &to, tally);
                self.capacity(told, &to, tally);
            }
            // The platform rolls by itself, as the plan says; what it asks for is another matter.
            Routing::Native => self.step(told, &to, tally),
        }
    }

    /// A platform that asks is told how far it may go when it has asked, and by who is ready then.
    fn step(&self, told: &PartWorld, to: &Content, tally: &mut Tally) {
        let begins = told.content.tracks.candidate != to.tracks.candidate;
        let Some(deploys) = told.deploys.filter(|_| !self.back && !begins) else {
            return;
        };
        let at_work = matches!(deploys, Deploys::AtWork | Deploys::Stalls);
        tally.judge(5, !at_work, || {
            format!("a step is told to a platform that is at {deploys:?}")
        });
        let ready = self.whole(told, Track::Candidate).unwrap_or(0);
        let share = to.traffic.weight;
        if share > told.content.traffic.weight {
            let need = self.asked(share);
            tally.judge(1, ready >= need, || {
                format!("{share} is let to a release that has {ready} ready of {need}")
            });
        }
        if told.content.tracks.stable != to.tracks.stable {
            let need = self.asked(Weight::FULL);
            tally.judge(2, ready >= need, || {
                format!("what was may go, and the release has {ready} ready of {need}")
            });
        }
    }

    fn moves_traffic_home_only(&self, told: &PartWorld, to: &Content) -> bool {
        let start = self.ground.start.traffic.weight;
        let before = told.content.traffic.weight.distance(start);
        told.content.tracks == to.tracks && to.traffic.weight.distance(start) < before
    }

    /// A person's move towards stable is never overruled, unless what follows is what stable ran.
    fn hand(&self, told: &PartWorld, to: &Content, tally: &mut Tally) {
        let Some(hand) = self.memory.hand else { return };
        let carries_home = matches!(told.content.tracks.candidate, Some((Runs::Start, _)));
        let raises = to.traffic.weight > told.content.traffic.weight.max(hand);
        let holds = !raises || carries_home || !self.routed();
        tally.judge(13, holds, || {
            format!(
                "a person moved traffic to {hand}, and {} is written",
                to.traffic.weight
            )
        });
    }

    fn routed(&self) -> bool {
        self.ground.routing != Routing::FollowsReadiness
    }

    /// Ready pods of a track at what is written; `None` while pods of another revision remain in it.
    fn whole(&self, told: &PartWorld, track: Track) -> Option<u32> {
        let whole = told.tracks.of(track).running == Running::Written;
        told.content.tracks.of(track).filter(|_| whole)?;
        Some(told.ready(self.ground, track))
    }

    /// On the way back no more is asked than was ready at the start.
    fn asked(&self, share: Weight) -> u32 {
        let need = need(self.memory.baseline, share);
        let start = self.ground.found.observation.stable.ready();
        if self.back {
            need.min(start.max(1))
        } else {
            need
        }
    }

    /// What a share needs of a side that does not gain: of an owned one no more than its autoscaler
    /// wants now, whose decision it is.
    fn holds(&self, told: &PartWorld, track: Track, share: Weight) -> u32 {
        let need = self.asked(share);
        match told.content.tracks.of(track) {
            Some((_, Replicas::Floor(_))) => need.min(told.wanted_by_autoscaler(self.ground)),
            Some((_, Replicas::Count(_))) | None => need,
        }
    }

    fn traffic(&self, told: &PartWorld, to: &Content, tally: &mut Tally) {
        let (from, to_weight) = (told.content.traffic.weight, to.traffic.weight);
        if from == to_weight {
            return;
        }
        let gains = if to_weight > from {
            Track::Candidate
        } else {
            Track::Stable
        };
        let whole = self.whole(told, gains);
        tally.judge(3, whole.is_some(), || {
            format!("traffic to {gains}, in which pods of another revision remain")
        });
        let ready = whole.unwrap_or(0);
        let covered = ready >= self.asked(share(gains, to_weight));
        let left_dead = self.back
            && told.ready(self.ground, gains.other()) == 0
            && ready > 0
            && [Weight::ZERO, Weight::FULL].contains(&to_weight);
        tally.judge(1, covered || left_dead, || {
            format!(
                "traffic from {from} to {to_weight}, and {gains} has {ready} ready of {}",
                self.asked(share(gains, to_weight))
            )
        });
    }

    /// Whether the revision changes, and the ready pods that stay in the end.
    fn stays(&self, told: &PartWorld, track: Track, to: &Content) -> (bool, u32) {
        let ready = told.ready(self.ground, track);
        match (told.content.tracks.of(track), to.tracks.of(track)) {
            (_, None) => (true, 0),
            (None, Some(_)) => (false, ready),
            (Some((from, _)), Some((runs, replicas))) => {
                let number = match replicas {
                    Replicas::Count(count) => *count,
                    Replicas::Floor(floor) => (*floor).max(told.wanted_by_autoscaler(self.ground)),
                };
                let at = self.ready_at(told, track, *runs);
                let changes = from != runs;
                let stay = if changes { at } else { ready };
                (changes, stay.min(number))
            }
        }
    }

    fn ready_at(&self, told: &PartWorld, track: Track, runs: Runs) -> u32 {
        let id = &self.ground.seen(track, runs).id;
        let pods = told.pods(self.ground, track);
        let pods = pods.iter().filter(|pods| pods.revision.id == *id);
        pods.map(|pods| pods.ready).sum()
    }

    fn capacity(&self, told: &PartWorld, to: &Content, tally: &mut Tally) {
        for track in Track::ALL {
            // A platform that replaces pods may have more of them than it was told, for a while.
            if told.content.tracks.of(track) == to.tracks.of(track) {
                continue;
            }
            let ready = told.ready(self.ground, track);
            let (_, stays) = self.stays(told, track, to);
            if stays >= ready {
                continue;
            }
            let most = told
                .reaching()
                .into_iter()
                .chain([told.content.traffic.weight]);
            let most = most.map(|weight| share(track, weight)).max();
            let most = most.unwrap_or(Weight::FULL);
            let exposed = !most.is_zero();
            let drained = *self.memory.drains.of(track) == 0;
            tally.judge(2, exposed || drained, || {
                format!("{track} gives up ready pods before it has drained")
            });
            if exposed {
                let need = self.holds(told, track, most);
                tally.judge(2, stays >= need, || {
                    format!("{track} is exposed to {most}, needs {need} and keeps {stays} ready")
                });
                continue;
            }
            // Stable's pods at any other revision than its own are free: the way back does not want them.
            let at_home = self.ready_at(told, track, Runs::Recorded);
            let free = track == Track::Stable && stays >= at_home;
            let other = track.other();
            let covers = told.ready(self.ground, other) >= self.holds(told, other, Weight::FULL);
            tally.judge(2, free || covers, || {
                format!("{track} gives up ready pods, and {other} does not cover everything")
            });
        }
    }

    /// Where traffic follows readiness: ready pods in total never fall below the baseline by a write.
    fn total(&self, told: &PartWorld, to: &Content, tally: &mut Tally) {
        let stays: u32 = Track::ALL
            .into_iter()
            .map(|track| self.stays(told, track, to).1)
            .sum();
        let doomed = |track: Track| {
            let ready = told.ready(self.ground, track);
            ready.min(told.wanted(self.ground, track))
        };
        let before = doomed(Track::Stable) + doomed(Track::Candidate);
        if stays < before {
            tally.judge(2, stays >= self.memory.baseline, || {
                format!(
                    "{stays} of {} ready pods in total are left",
                    self.memory.baseline
                )
            });
        }
    }

    fn revision(&self, told: &PartWorld, to: &Content, tally: &mut Tally) {
        for track in Track::ALL {
            let (Some((from, _)), Some((runs, _))) =
                (told.content.tracks.of(track), to.tracks.of(track))
            else {
                continue;
            };
            if from == runs {
                continue;
            }
            let others = told.ready(self.ground, track) - self.ready_at(told, track, *runs);
            let exposed = super::memory::reached(self.ground, told, track)
                || *self.memory.drains.of(track) > 0;
            tally.judge(3, !exposed || others == 0, || {
                format!("{others} ready pods of {track}, which is exposed, change their revision")
            });
        }
    }
}
