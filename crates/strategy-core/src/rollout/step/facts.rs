//! What a step may ask about a part: the observation held against goal and start.

use super::need::{self, need, reaches};
use super::{Direction, Exposure, Kind, Step, StepInput, Waiting};
use crate::target::{Desired, DesiredTrack, ObservedTrack, Written};
use crate::timestamp::Timestamp;
use crate::track::{Replicas, Revision, Track};
use crate::traffic::Traffic;

/// The questions that the rows ask.
#[derive(Clone, Copy, Debug)]
pub(super) struct Facts<'a> {
    pub(super) input: &'a StepInput<'a>,
}

impl<'a> Facts<'a> {
    pub(super) const fn new(input: &'a StepInput<'a>) -> Self {
        Self { input }
    }

    pub(super) fn is_back(&self) -> bool {
        self.input.direction == Direction::Back
    }

    pub(super) const fn seen(&self, track: Track) -> &'a ObservedTrack {
        self.input.observation.track(track)
    }

    pub(super) const fn written(&self, track: Track) -> Option<&'a Written> {
        self.seen(track).written.as_ref()
    }

    pub(super) const fn goal(&self, track: Track) -> &'a DesiredTrack {
        self.input.goal.track(track)
    }

    pub(super) const fn written_traffic(&self) -> &'a Traffic {
        &self.input.observation.traffic.written
    }

    pub(super) fn exists(&self, track: Track) -> bool {
        self.written(track).is_some()
    }

    /// The number written for a track, be it a count or a floor; 0 where there is no workload.
    pub(super) fn number(&self, track: Track) -> u32 {
        self.written(track)
            .map_or(0, |written| written.replicas.number())
    }

    /// It exists and is told to run what the goal says.
    pub(super) fn at_goal(&self, track: Track) -> bool {
        self.written(track)
            .is_some_and(|written| self.goal(track).revision.is(&written.revision))
    }

    /// It should exist, does, and is told to run something else. Removal is no change of revision.
    pub(super) fn differs(&self, track: Track) -> bool {
        self.exists(track) && self.goal(track).revision != Revision::Absent && !self.at_goal(track)
    }

    /// What stable ran at the start, for a candidate that has to carry the traffic home.
    pub(super) fn start_release(&self) -> Revision {
        Revision::Release(self.input.start_images.clone())
    }

    /// It is told to run what stable ran at the start.
    pub(super) fn runs_start_release(&self, track: Track) -> bool {
        self.written(track)
            .is_some_and(|written| self.start_release().is(&written.revision))
    }

    /// The revision whose ready pods count: the goal's where it is written or will be, else the written
    /// one.
    pub(super) fn revision(&self, track: Track) -> Revision {
        match self.written(track) {
            Some(_) => self.as_written(track).revision,
            None => self.goal(track).revision.clone(),
        }
    }

    /// What is written, in the words of a desired state.
    pub(super) fn as_written(&self, track: Track) -> DesiredTrack {
        let Some(written) = self.written(track) else {
            return DesiredTrack::absent();
        };
        let seen = &written.revision;
        let revision = if self.at_goal(track) {
            self.goal(track).revision.clone()
        } else if seen.recorded {
            Revision::Recorded
        } else {
            match &seen.name {
                Some(name) if seen.images.is_empty() => Revision::Named(name.clone()),
                Some(_) | None => Revision::Release(seen.images.clone()),
            }
        };
        DesiredTrack {
            revision,
            replicas: written.replicas,
        }
    }

    /// The whole of what is written: what a step changes one kind of.
    pub(super) fn desired(&self) -> Desired {
        Desired {
            stable: self.as_written(Track::Stable),
            candidate: self.as_written(Track::Candidate),
            traffic: self.written_traffic().clone(),
        }
    }

    /// Ready pods at the revision that counts.
    pub(super) fn ready(&self, track: Track) -> u32 {
        self.seen(track).ready_at(&self.revision(track))
    }

    /// No pod runs anything but the revision that counts.
    pub(super) fn is_whole(&self, track: Track) -> bool {
        self.seen(track).is_whole(&self.revision(track))
    }

    /// Nobody reaches it: no share written, none effective, and drained; or there is nothing.
    pub(super) fn is_clear(&self, track: Track) -> bool {
        let unreached = !reaches(self.written_traffic(), track)
            && self
                .input
                .effective
                .is_some_and(|effective| !reaches(effective, track));
        self.seen(track).is_absent() || (unreached && self.is_drained(track))
    }

    fn is_drained(&self, track: Track) -> bool {
        match *self.input.exposure.of(track) {
            Exposure::Exposed => false,
            Exposure::Draining { until } => until <= self.input.now,
            Exposure::Clean => true,
        }
    }

    /// New requests go to it, or will by what is written.
    pub(super) fn goal_exposes(&self, track: Track) -> bool {
        reaches(&self.input.goal.traffic, track)
    }

    /// What `traffic` needs of a track in pods that exist.
    pub(super) fn need(&self, track: Track, traffic: &Traffic) -> u32 {
        need(traffic, track, self.input.baseline)
    }

    /// What all of the traffic needs of one side, in pods that exist.
    pub(super) fn need_of_all(&self) -> u32 {
        need::need_of_all(self.input.baseline)
    }

    /// What must be ready for a side to cover everything.
    pub(super) fn cover_of_all(&self) -> u32 {
        self.as_at_start(self.need_of_all()).max(1)
    }

    /// What a track must have ready before `target` is written; `None` if it gains nothing by it.
    /// At least 1: traffic never goes where nobody answers.
    pub(super) fn gain(&self, track: Track, target: &Traffic) -> Option<u32> {
        let written = self.written_traffic();
        need::need_of_gain(written, target, track, self.input.baseline)
            .map(|need| self.as_at_start(need).max(1))
    }

    /// On the way back, once more was waited for long enough, no more than was ready at the start.
    pub(super) fn as_at_start(&self, need: u32) -> u32 {
        match self.input.start_ready_suffices {
            Some(ready) if self.is_back() => need.min(ready),
            Some(_) | None => need,
        }
    }

    /// What the ready rule asks of a track that neither gains nor loses: its share of what is wanted
    /// now, and of that not less than `traffic` needs.
    ///
    /// Where an autoscaler decides, what it wants *now* is the measure: asking a side that does not gain
    /// for the ratcheted need would wait for pods that nobody starts.
    /// Pods above the goal's count are not asked for; they are about to go.
    pub(super) fn required(&self, track: Track, traffic: &Traffic) -> u32 {
        let need = self.need(track, traffic);
        let wanted = match self.goal(track).replicas {
            Replicas::Floor(_) => self.seen(track).wanted(),
            Replicas::Count(count) => self.seen(track).wanted().min(count.max(need)),
        };
        let share = self.input.ready_share.ceil_of(wanted);
        self.as_at_start(share.max(need.min(wanted)))
    }

    /// When time alone will change the answer: the end of the next drain.
    fn next_drain(&self) -> Option<Timestamp> {
        let exposure = self
            .input
            .exposure
            .iter()
            .filter_map(|(_, exposure)| match exposure {
                Exposure::Draining { until } => Some(*until),
                Exposure::Exposed | Exposure::Clean => None,
            });
        let shares = self.input.lost_share_drains.iter();
        exposure
            .chain(shares.filter_map(|(_, until)| *until))
            .filter(|until| *until > self.input.now)
            .min()
    }

    pub(super) fn wait(&self, what: Waiting) -> Step {
        Step::Wait {
            what,
            until: self.next_drain(),
        }
    }

    /// What is written with one track replaced.
    pub(super) fn apply_track(&self, track: Track, to: DesiredTrack, kind: Kind) -> Step {
        let mut desired = self.desired();
        *desired.track_mut(track) = to;
        apply(desired, kind)
    }
}

pub(super) fn apply(desired: Desired, kind: Kind) -> Step {
    Step::Apply {
        desired: Box::new(desired),
        kind,
    }
}
