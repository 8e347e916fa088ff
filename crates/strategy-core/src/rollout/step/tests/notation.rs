//! A short notation for worlds and goals, so that a test of a row reads like the row.
//!
//! `S v0x2 2/2; C v1x2 1/2; w50 e0` is a stable track told to run two pods of v0, both ready, a candidate
//! told to run two of v1 with one of two ready, half of the traffic written and none of it effective.
//!
//! - `v0` is what stable ran at the start, `v1` the release, `v2` what the candidate's slot ran at the start.
//! - `v0~2:3` is owned by an autoscaler: floor 2, and it wants 3. In a goal: `v0~2`.
//! - Pods of another revision than the written one are named: `S v1x2 0/1 v0 1/1`.
//! - `C -` is absent. `e?` is unknown or still converging; without `e`, what is written is effective.
//! - `m50` mirrors half, `h` adds a header route, `u` suspends stickiness. `drainC` and `drainS`: not drained yet.

mod parse;
mod shown;

use self::parse::{desired, observed_track, parts, percent, traffic};
pub(super) use self::parse::{images, observation, seen};
use self::shown::shown;
use crate::rollout::step::table::Row;
use crate::rollout::step::{
    Direction, Exposure, Step, StepInput, Until, follows_readiness, need, next_step, routed,
};
use crate::target::{Desired, Observation, Routing};
use crate::timestamp::Timestamp;
use crate::track::{Track, Tracks};
use crate::traffic::Traffic;
use crate::weight::Weight;

pub(super) const NOW: Timestamp = Timestamp::from_millis(1_000);
pub(super) const DRAINED: Timestamp = Timestamp::from_millis(9_000);

/// A step to be asked for, with everything a test may want to change.
#[derive(Clone, Debug)]
pub(super) struct Case {
    pub(super) observation: Observation,
    effective: Option<Traffic>,
    pub(super) exposure: Tracks<Exposure>,
    pub(super) lost_share_drains: Tracks<Option<Timestamp>>,
    goal: Desired,
    recorded: Desired,
    baseline: u32,
    pub(super) start_ready_suffices: Option<u32>,
    routing: Routing,
    pub(super) granularity: Weight,
    pub(super) ready_share: Weight,
    until: Until,
    direction: Direction,
    pub(super) may_detour: bool,
    /// What stable ran at the start.
    pub(super) start: Option<&'static str>,
    pub(super) now: Timestamp,
}

/// A routed world that started as `S v0x2; C -; w0`, forward to its own start until effective.
pub(super) fn world(text: &str) -> Case {
    let [stable, candidate, shared] = parts(text);
    let written = traffic(shared);
    let effective = shared
        .split_whitespace()
        .find_map(|word| word.strip_prefix('e'))
        .map_or_else(
            || Some(written.clone()),
            |weight| (weight != "?").then(|| Traffic::weight(percent(weight))),
        );
    let mut exposure = Tracks::default();
    for (track, word) in [(Track::Stable, "drainS"), (Track::Candidate, "drainC")] {
        let reached = need::reaches(&written, track)
            || effective
                .as_ref()
                .is_none_or(|effective| need::reaches(effective, track));
        if reached {
            *exposure.of_mut(track) = Exposure::Exposed;
        } else if shared.contains(word) {
            *exposure.of_mut(track) = Exposure::Draining { until: DRAINED };
        }
    }
    Case {
        observation: observation(
            observed_track(Track::Stable, stable),
            observed_track(Track::Candidate, candidate),
            written,
        ),
        effective,
        exposure,
        lost_share_drains: Tracks::default(),
        goal: desired("S v0x2; C -; w0"),
        recorded: desired("S v0x2; C -; w0"),
        baseline: 2,
        start_ready_suffices: None,
        routing: Routing::Routed,
        granularity: percent("1"),
        ready_share: Weight::FULL,
        until: Until::Effective,
        direction: Direction::Forward,
        may_detour: true,
        start: Some("v0"),
        now: NOW,
    }
}

impl Case {
    /// Forward to this.
    pub(super) fn to(mut self, goal: &str) -> Self {
        self.goal = desired(goal);
        self
    }

    /// Back to the recorded start.
    pub(super) fn back(mut self) -> Self {
        self.goal = self.recorded.clone();
        self.direction = Direction::Back;
        self
    }

    /// The start was this.
    pub(super) fn from(mut self, recorded: &str) -> Self {
        self.recorded = desired(recorded);
        self
    }

    pub(super) fn until_ready(mut self) -> Self {
        self.until = Until::Ready;
        self
    }

    pub(super) fn baseline(mut self, baseline: u32) -> Self {
        self.baseline = baseline;
        self
    }

    pub(super) fn follows_readiness(mut self) -> Self {
        self.routing = Routing::FollowsReadiness;
        self
    }

    pub(super) fn native(mut self) -> Self {
        self.routing = Routing::Native;
        self
    }

    pub(super) fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    fn ask<T>(&self, ask: impl FnOnce(&StepInput<'_>) -> T) -> T {
        ask(&StepInput {
            observation: &self.observation,
            effective: self.effective.as_ref(),
            goal: &self.goal,
            recorded: &self.recorded,
            start_images: &self.start.map(images).unwrap_or_default(),
            exposure: self.exposure,
            lost_share_drains: self.lost_share_drains,
            baseline: self.baseline,
            start_ready_suffices: self.start_ready_suffices,
            routing: self.routing,
            granularity: self.granularity,
            ready_share: self.ready_share,
            until: self.until,
            direction: self.direction,
            may_detour: self.may_detour,
            now: self.now,
        })
    }

    pub(super) fn step(&self) -> Step {
        self.ask(next_step)
    }

    /// The step, and that leaving out `row` gives another one.
    #[track_caller]
    pub(super) fn is_decided_by(&self, row: &str, expected: &str) {
        self.says(expected);
        let without = self.ask(|input| match self.routing {
            Routing::Routed => routed::walk(input, without(routed::ROWS, row)),
            Routing::FollowsReadiness => {
                follows_readiness::walk(input, without(follows_readiness::ROWS, row))
            }
            Routing::Native => panic!("there are no rows"),
        });
        assert_ne!(shown(&without), expected, "row {row} does not matter here");
    }

    #[track_caller]
    pub(super) fn says(&self, expected: &str) {
        assert_eq!(shown(&self.step()), expected);
    }
}

/// A table without a row that it has.
pub(super) fn without<'r, Aim>(
    rows: &'r [Row<Aim>],
    number: &str,
) -> impl Iterator<Item = &'r Row<Aim>> {
    assert!(
        rows.iter().any(|row| row.number == number),
        "there is no row {number}"
    );
    rows.iter().filter(move |row| row.number != number)
}
