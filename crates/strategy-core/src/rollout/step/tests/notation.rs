//! A short notation for worlds and goals, so that a test of a row reads like the row.
//!
//! `S v0x2 2/2; C v1x2 1/2; w50 e0` is a stable track told to run two pods of v0, both ready, a candidate
//! told to run two of v1 with one of two ready, half of the traffic written and none of it effective.
//!
//! - `v0` is what stable ran at the start, `v1` the release, `v2` what the candidate's slot ran at the start.
//! - `v0~2:3` is owned by an autoscaler: floor 2, and it wants 3. In a goal: `v0~2`.
//! - Pods of another revision than the written one are named: `S v1x2 0/1 v0 1/1`.
//! - `C -` is absent. `e?` is unknown or still converging; without `e`, what is written is effective.
//! - `m50` mirrors half, `h` adds a header route. `drainC` and `drainS`: not drained yet.

use std::time::Duration;

use crate::release::Images;
use crate::rollout::step::table::Row;
use crate::rollout::step::{
    Direction, Exposure, Kind, Step, StepInput, Until, Waiting, follows_readiness, need, next_step,
    routed,
};
use crate::target::{
    Autoscaler, Desired, DesiredTrack, Effective, Observation, ObservedTrack, ObservedTraffic,
    Owned, Pods, Routing, Version, Writer, Written,
};
use crate::timestamp::Timestamp;
use crate::track::{Replicas, Revision, SeenRevision, Track, Tracks};
use crate::traffic::{Route, RouteBy, Traffic};
use crate::weight::Weight;

pub(super) const NOW: Timestamp = Timestamp::from_millis(1_000);
pub(super) const DRAINED: Timestamp = Timestamp::from_millis(9_000);

pub(super) fn images(version: &str) -> Images {
    Images::parse([("api", format!("shop/api:{version}"))]).unwrap()
}

/// The revision that was found on a track at the start.
fn recorded(track: Track) -> &'static str {
    match track {
        Track::Stable => "v0",
        Track::Candidate => "v2",
    }
}

pub(super) fn seen(track: Track, version: &str) -> SeenRevision {
    SeenRevision {
        id: version.to_owned(),
        images: images(version),
        recorded: version == recorded(track),
        name: None,
    }
}

fn revision(track: Track, version: &str) -> Revision {
    if version == recorded(track) {
        Revision::Recorded
    } else {
        Revision::Release(images(version))
    }
}

fn percent(text: &str) -> Weight {
    Weight::from_percent(text.parse().unwrap()).unwrap()
}

/// `v0x2`, `v0~2`, `v0~2:3`: version, number, and what an autoscaler wants.
fn told(text: &str) -> (&str, Replicas, Option<u32>) {
    if let Some((version, count)) = text.split_once('x') {
        return (version, Replicas::Count(count.parse().unwrap()), None);
    }
    let (version, numbers) = text.split_once('~').unwrap();
    let (floor, wants) = numbers.split_once(':').unwrap_or((numbers, numbers));
    (
        version,
        Replicas::Floor(floor.parse().unwrap()),
        Some(wants.parse().unwrap()),
    )
}

fn observed_track(track: Track, text: &str) -> ObservedTrack {
    let mut words = text.split_whitespace();
    let first = words.next().unwrap();
    if first == "-" {
        return ObservedTrack::default();
    }
    let (written, replicas, wants) = told(first);
    let mut version = written;
    let mut pods = Vec::new();
    for word in words {
        match word.split_once('/') {
            None => version = word,
            Some((ready, total)) => pods.push(Pods {
                revision: seen(track, version),
                total: total.parse().unwrap(),
                ready: ready.parse().unwrap(),
                ..Pods::default()
            }),
        }
    }
    ObservedTrack {
        written: Some(Written {
            revision: seen(track, written),
            replicas,
        }),
        pods,
        autoscaler: wants.map(|wanted| Autoscaler {
            min: replicas.number(),
            max: 9,
            wanted,
        }),
        ..ObservedTrack::default()
    }
}

fn desired_track(track: Track, text: &str) -> DesiredTrack {
    if text == "-" {
        return DesiredTrack::absent();
    }
    let (version, replicas, _) = told(text);
    DesiredTrack {
        revision: revision(track, version),
        replicas,
    }
}

/// The parts of `S ...; C ...; w...`.
fn parts(text: &str) -> [&str; 3] {
    let parts: Vec<_> = text.split(';').map(str::trim).collect();
    let [stable, candidate, traffic] = parts[..] else {
        panic!("`{text}` is not `S ...; C ...; w...`")
    };
    [
        stable.strip_prefix("S ").unwrap(),
        candidate.strip_prefix("C ").unwrap(),
        traffic,
    ]
}

fn traffic(text: &str) -> Traffic {
    let mut traffic = Traffic::default();
    for word in text.split_whitespace() {
        match word.split_at(1) {
            ("w", weight) => traffic.weight = percent(weight),
            ("m", mirror) => traffic.mirror = percent(mirror),
            ("h", "") => traffic.routes.push(Route {
                by: RouteBy::Header,
                name: "x-canary".into(),
                value: "1".into(),
            }),
            ("e" | "d", _) => {}
            (other, _) => panic!("`{other}` in `{text}`"),
        }
    }
    traffic
}

pub(super) fn desired(text: &str) -> Desired {
    let [stable, candidate, shared] = parts(text);
    Desired {
        stable: desired_track(Track::Stable, stable),
        candidate: desired_track(Track::Candidate, candidate),
        traffic: traffic(shared),
    }
}

pub(super) fn observation(
    stable: ObservedTrack,
    candidate: ObservedTrack,
    written: Traffic,
) -> Observation {
    Observation {
        stable,
        candidate,
        traffic: ObservedTraffic {
            written,
            effective: Effective::Unverified,
            drain: Duration::ZERO,
            sticky: Duration::ZERO,
            writer: Writer::Us,
        },
        platform: None,
        foreign: Vec::new(),
        owned: Owned::default(),
        version: Version::default(),
        age: Duration::ZERO,
    }
}

/// A step to be asked for, with everything a test may want to change.
#[derive(Clone, Debug)]
pub(super) struct Case {
    observation: Observation,
    effective: Option<Traffic>,
    exposure: Tracks<Exposure>,
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
            start_images: &images("v0"),
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

fn shown_track(track: &DesiredTrack, side: Track) -> String {
    let version = match &track.revision {
        Revision::Absent => return "-".into(),
        Revision::Recorded => recorded(side).to_owned(),
        Revision::Named(name) => name.clone(),
        Revision::Release(images) => images.get("api").unwrap().tag().unwrap().to_owned(),
    };
    match track.replicas {
        Replicas::Count(count) => format!("{version}x{count}"),
        Replicas::Floor(floor) => format!("{version}~{floor}"),
    }
}

/// A step in the notation: `up: S v0x2; C v1x2; w0`, `wait ready C`, `reached`, `never: ...`.
pub(super) fn shown(step: &Step) -> String {
    let short = |track: &Track| match track {
        Track::Stable => "S",
        Track::Candidate => "C",
    };
    match step {
        Step::Apply { desired, kind } => {
            let kind = match kind {
                Kind::Prepare => "prepare",
                Kind::Up => "up",
                Kind::Traffic => "traffic",
                Kind::Down => "down",
                Kind::Native => "native",
            };
            let Traffic {
                weight,
                routes,
                mirror,
                stickiness: _,
            } = &desired.traffic;
            let points = weight.basis_points();
            let mut shared = format!("w{}", f64::from(points) / 100.0);
            if !mirror.is_zero() {
                shared += &format!(" m{}", mirror.basis_points() / 100);
            }
            if !routes.is_empty() {
                shared += " h";
            }
            format!(
                "{kind}: S {}; C {}; {shared}",
                shown_track(&desired.stable, Track::Stable),
                shown_track(&desired.candidate, Track::Candidate),
            )
        }
        Step::Wait { what, until } => {
            let what = match what {
                Waiting::Ready(track) => format!("wait ready {}", short(track)),
                Waiting::Cover(track) => format!("wait cover {}", short(track)),
                Waiting::Effective => "wait effective".into(),
                Waiting::Drain(track) => format!("wait drain {}", short(track)),
            };
            match until {
                Some(until) => format!("{what} until {}", until.as_millis()),
                None => what,
            }
        }
        Step::Reached => "reached".into(),
        Step::Never { why } => format!("never: {why}"),
    }
}
