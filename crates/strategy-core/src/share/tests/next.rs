//! The counts that are written next, from counts that are there: the split, and the stepper towards it.

use std::time::Duration;

use super::*;
use crate::release::Images;
use crate::rollout::step::{Direction, Exposure, Step, StepInput, Until, next_step};
use crate::target::{
    Desired, DesiredTrack, Effective, Observation, ObservedTrack, ObservedTraffic, Owned, Pods,
    Routing, Version, Writer, Written,
};
use crate::timestamp::Timestamp;
use crate::track::{Replicas, Revision, SeenRevision, Track, Tracks};
use crate::traffic::Traffic;

/// A count that is written, and how many pods are ready.
type Side = (u32, u32);
/// Stable and candidate.
type Counts = (u32, u32);

fn images(track: Track) -> Images {
    let version = match track {
        Track::Stable => "shop/api:v0",
        Track::Candidate => "shop/api:v1",
    };
    Images::parse([("api", version)]).unwrap()
}

fn observed(track: Track, (written, ready): Side) -> ObservedTrack {
    if (written, ready) == (0, 0) && track == Track::Candidate {
        return ObservedTrack::default();
    }
    let revision = SeenRevision {
        id: track.to_string(),
        images: images(track),
        recorded: track == Track::Stable,
        name: None,
    };
    ObservedTrack {
        written: Some(Written {
            revision: revision.clone(),
            replicas: Replicas::Count(written),
        }),
        pods: vec![Pods {
            revision,
            total: written.max(ready),
            ready,
            available: ready,
            ..Pods::default()
        }],
        ..ObservedTrack::default()
    }
}

fn observation(stable: Side, candidate: Side, written: Weight) -> Observation {
    Observation {
        stable: observed(Track::Stable, stable),
        candidate: observed(Track::Candidate, candidate),
        traffic: ObservedTraffic {
            written: Traffic::weight(written),
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

fn goal(stable: u32, candidate: u32, weight: Weight) -> Desired {
    Desired {
        stable: DesiredTrack {
            revision: Revision::Recorded,
            replicas: Replicas::Count(stable),
        },
        candidate: DesiredTrack {
            revision: Revision::Release(images(Track::Candidate)),
            replicas: Replicas::Count(candidate),
        },
        traffic: Traffic::weight(weight),
    }
}

/// How it all began: stable alone.
fn start(replicas: u32) -> Desired {
    Desired {
        candidate: DesiredTrack::absent(),
        ..goal(replicas, 0, Weight::ZERO)
    }
}

fn step(
    routing: Routing,
    observation: &Observation,
    replicas: u32,
    goal: &Desired,
    direction: Direction,
) -> Step {
    let written = &observation.traffic.written;
    let reaches = |reached| {
        if reached {
            Exposure::Exposed
        } else {
            Exposure::Clean
        }
    };
    next_step(&StepInput {
        observation,
        effective: Some(written),
        goal,
        recorded: &start(replicas),
        start_images: &images(Track::Stable),
        exposure: Tracks {
            stable: reaches(written.reaches_stable()),
            candidate: reaches(written.reaches_candidate()),
        },
        lost_share_drains: Tracks::default(),
        baseline: replicas,
        start_ready_suffices: None,
        routing,
        granularity: Weight::from_basis_points(100).unwrap(),
        ready_share: Weight::FULL,
        until: Until::Effective,
        direction,
        may_detour: true,
        now: Timestamp::default(),
    })
}

/// The counts that are written after this step: what is there, if it writes nothing.
fn counts(step: &Step, stable: Side, candidate: Side) -> Counts {
    match step {
        Step::Apply { desired, .. } => (
            desired.stable.replicas.number(),
            desired.candidate.replicas.number(),
        ),
        Step::Wait { .. } | Step::Reached => (stable.0, candidate.0),
        Step::Never { why } => panic!("{why}"),
    }
}

/// Towards a weight where traffic follows readiness; towards 0% is the way back.
fn next(replicas: u32, weight: u16, surge: u32, stable: Side, candidate: Side) -> Counts {
    let weight = percent(weight);
    let split = ShareSplit::nearest(weight, replicas, surge);
    let (goal, direction) = if weight.is_zero() {
        (start(replicas), Direction::Back)
    } else {
        let goal = goal(split.stable, split.candidate, weight);
        (goal, Direction::Forward)
    };
    let observation = observation(stable, candidate, weight);
    let routing = Routing::FollowsReadiness;
    let step = step(routing, &observation, replicas, &goal, direction);
    counts(&step, stable, candidate)
}

/// Replicas, weight in percent, surge, unavailable, stable, candidate, the counts that follow, peer.
type Row = (
    u32,
    u16,
    &'static str,
    &'static str,
    Side,
    Side,
    Counts,
    Peer<Counts>,
);

#[test]
fn the_next_counts_on_the_way_to_a_weight() {
    const SOURCE: &str = "argo-rollouts TestCalculateReplicaCountsForCanary";
    const SURGE: &str = "theirs keeps both together within the surge and moves pod by pod; ours brings up \
        what the stage needs at once, and what is too much goes when that is ready";
    const AWAY: &str = "theirs takes away before there is anything new; no write of ours leaves fewer \
        ready pods than there were";
    const SHARED: &str = "one pod cannot share: theirs gives one side nothing, ours adds a pod";
    const READY: &str = "theirs gives up ready pods within what may be missing; of ours none may";
    const DOOMED: &str = "theirs takes pods that are not ready down one side at a time within the surge; \
        ours waits for the candidate, all of it, and then they all go";
    const HOME: &str = "theirs goes home pod by pod; ours brings all of stable back at once";
    #[rustfmt::skip]
    let rows: &[Row] = &[
        (10, 100, "3", "0", (7, 8), (6, 3), (7, 10), Differs { theirs: (7, 6), why: SURGE }),
        (10, 20, "2", "0", (10, 10), (0, 0), (10, 2), Agrees),
        (10, 20, "20%", "0", (10, 10), (0, 0), (10, 2), Agrees),
        (10, 20, "20%", "0", (10, 10), (2, 2), (8, 2), Agrees),
        (10, 30, "2", "0", (10, 10), (0, 0), (10, 3), Differs { theirs: (10, 2), why: SURGE }),
        (10, 20, "0", "2", (10, 10), (0, 0), (10, 2), Differs { theirs: (8, 0), why: AWAY }),
        (10, 20, "0", "20%", (10, 10), (0, 0), (10, 2), Differs { theirs: (8, 0), why: AWAY }),
        (10, 30, "0", "2", (10, 10), (0, 0), (10, 3), Differs { theirs: (8, 0), why: AWAY }),
        (10, 50, "2", "1", (10, 10), (0, 0), (10, 5), Differs { theirs: (9, 2), why: AWAY }),
        (10, 0, "1", "1", (10, 10), (1, 1), (10, 0), Agrees),
        (10, 100, "1", "1", (1, 1), (10, 10), (0, 10), Agrees),
        (1, 20, "1", "0", (1, 1), (0, 0), (1, 1), Agrees),
        (1, 90, "1", "0", (1, 1), (0, 0), (1, 1), Agrees),
        (1, 49, "0", "1", (1, 1), (0, 0), (1, 1), Differs { theirs: (1, 0), why: SHARED }),
        (1, 51, "0", "1", (1, 1), (0, 0), (1, 1), Differs { theirs: (0, 0), why: SHARED }),
        (1, 51, "0", "1", (0, 0), (0, 0), (1, 1), Differs { theirs: (0, 1), why: SHARED }),
        // Three pods of an older revision stand beside these; nothing of ours makes a third one.
        (10, 30, "1", "0", (1, 1), (0, 0), (7, 3), Differs { theirs: (7, 1), why: SURGE }),
        (10, 30, "0", "3", (8, 5), (4, 4), (8, 4), Differs { theirs: (7, 3), why: READY }),
        (10, 100, "1", "0", (10, 2), (10, 8), (10, 10), Differs { theirs: (2, 9), why: DOOMED }),
        // And beside these: the one pod too many of the candidate is not ready, so it may go.
        (10, 30, "0", "1", (8, 6), (4, 2), (8, 3), Differs { theirs: (8, 4), why: DOOMED }),
        (10, 5, "0", "1", (10, 10), (0, 0), (10, 1), Differs { theirs: (9, 0), why: AWAY }),
        (10, 5, "0", "1", (9, 9), (0, 0), (9, 1), Agrees),
        (10, 10, "0%", "0%", (10, 10), (0, 0), (10, 1), Differs { theirs: (9, 0), why: AWAY }),
        // The scale that they set for the canary counts only beside a router.
        (10, 20, "20%", "0", (10, 10), (0, 0), (10, 2), Agrees),
        (4, 100, "1", "0", (4, 1), (0, 0), (4, 4), Differs { theirs: (4, 1), why: SURGE }),
        (3, 99, "0", "2", (3, 3), (0, 0), (3, 2), Differs { theirs: (1, 0), why: AWAY }),
        (3, 99, "0", "2", (1, 1), (0, 0), (1, 2), Agrees),
        (4, 100, "1", "0", (4, 1), (1, 1), (4, 4), Differs { theirs: (3, 1), why: SURGE }),
        (4, 0, "1", "0", (0, 0), (4, 4), (4, 4), Differs { theirs: (1, 4), why: HOME }),
        (4, 0, "1", "0", (1, 0), (4, 4), (4, 4), Differs { theirs: (1, 4), why: HOME }),
        (4, 0, "1", "0", (1, 1), (4, 4), (4, 4), Differs { theirs: (1, 3), why: HOME }),
        // Promoted at once: all of it, whatever the weight.
        (4, 100, "4", "4", (4, 4), (0, 0), (4, 4), Differs { theirs: (0, 4), why: AWAY }),
        (4, 100, "3", "0", (4, 4), (0, 0), (4, 4), Differs { theirs: (4, 3), why: SURGE }),
    ];
    for (replicas, weight, surge, unavailable, stable, candidate, then, peer) in rows {
        let row = format!(
            "{SOURCE}: {weight}% of {replicas}+{surge}-{unavailable} at {stable:?} {candidate:?}"
        );
        let surge: Amount = surge.parse().unwrap();
        let surge = surge.rounded_up(*replicas);
        let ours = next(*replicas, *weight, surge, *stable, *candidate);
        peer.check(&row, ours, *then);
    }
}

/// For how large a baseline a candidate of ten ready pods may go, because of stable.
fn counted_on(stable: Side) -> u32 {
    let candidate = (10, 10);
    let observation = observation(stable, candidate, Weight::ZERO);
    let may_go = |baseline: &u32| {
        let routing = Routing::FollowsReadiness;
        let goal = start(stable.0);
        let step = step(routing, &observation, *baseline, &goal, Direction::Back);
        counts(&step, stable, candidate).1 == 0
    };
    (1..=10).filter(may_go).max().unwrap_or(0)
}

#[test]
fn pods_that_a_scale_down_counts_on() {
    const SOURCE: &str = "argo-rollouts TestGetReplicasForScaleDown";
    const UNREADY: &str = "theirs may be told to count pods that are not ready; ours never does";
    // Written and ready, what it counts as, peer.
    #[rustfmt::skip]
    let rows: &[(Side, u32, Peer<u32>)] = &[
        ((0, 0), 0, Agrees),
        // Two of them are doomed by the count.
        ((3, 5), 3, Agrees),
        ((3, 2), 2, Agrees),
        ((3, 2), 2, Differs { theirs: 3, why: UNREADY }),
    ];
    for (stable, counted, peer) in rows {
        peer.check(
            &format!("{SOURCE}: {stable:?}"),
            counted_on(*stable),
            *counted,
        );
    }
}

/// Towards a weight of a router, from the weight that is written.
fn routed(from: u16, to: u16, stable: Side, candidate: Side) -> Step {
    let replicas = 10;
    let (goal, direction) = if to == 0 {
        (start(replicas), Direction::Back)
    } else {
        let share = |weight: Weight| need(weight, replicas);
        let weight = percent(to);
        let goal = goal(share(weight.rest()), share(weight), weight);
        (goal, Direction::Forward)
    };
    let observation = observation(stable, candidate, percent(from));
    step(Routing::Routed, &observation, replicas, &goal, direction)
}

/// Weight from, to, stable, candidate, the counts that follow, peer; ten replicas. 0%: an abort.
type Routed = (u16, u16, Side, Side, Counts, Peer<Counts>);

#[test]
fn the_next_counts_behind_a_router() {
    const SOURCE: &str =
        "argo-rollouts TestCalculateReplicaCountsForCanaryTrafficRoutingDynamicScale";
    const ALL: &str = "theirs brings stable back by as much as the next lower weight needs; ours by all \
        at once, so that users are home as soon as it is ready";
    const WRITTEN: &str = "theirs raises a candidate that has lost pods to what its share needs; ours is \
        on the way home, where stable is raised and takes over what is ready of it";
    #[rustfmt::skip]
    let rows: &[Routed] = &[
        (60, 0, (4, 4), (6, 6), (10, 6), Differs { theirs: (8, 6), why: ALL }),
        (60, 0, (4, 4), (1, 1), (10, 1), Differs { theirs: (8, 6), why: WRITTEN }),
        (60, 0, (8, 4), (2, 2), (10, 2), Differs { theirs: (8, 6), why: WRITTEN }),
        // Nothing is known of the pods there; six of the candidate here.
        (60, 0, (4, 4), (6, 6), (10, 6), Agrees),
        (10, 10, (10, 10), (1, 1), (9, 1), Agrees),
        (10, 20, (9, 9), (1, 1), (9, 2), Agrees),
        (20, 0, (8, 8), (2, 2), (10, 2), Agrees),
        (10, 0, (9, 9), (1, 1), (10, 1), Agrees),
    ];
    for (from, to, stable, candidate, then, peer) in rows {
        let row = format!("{SOURCE}: {from}% to {to}% at {stable:?} {candidate:?}");
        let ours = counts(
            &routed(*from, *to, *stable, *candidate),
            *stable,
            *candidate,
        );
        peer.check(&row, ours, *then);
    }
}

#[test]
fn the_weight_on_the_way_home() {
    const SOURCE: &str = "argo-rollouts TestGetDesiredCanaryWeightOnAbortWithScaleDownDelay";
    const COVERED: &str =
        "theirs steps back to the weight of an earlier step; ours to what stable covers";
    const DELAY: &str = "theirs gives all to a stable that lacks a pod, since the canary stays for its \
        delay; ours stays with it for a tenth until the last pod is ready";
    // Ready pods of stable, of ten, while five of the candidate carry 50%; the weight that follows.
    #[rustfmt::skip]
    let rows: &[(&str, u32, u16, Peer<u16>)] = &[
        ("no delay", 9, 10, Agrees),
        ("30 s", 5, 50, Differs { theirs: 10, why: COVERED }),
        ("30 s", 9, 10, Differs { theirs: 0, why: DELAY }),
        ("0 s", 9, 10, Agrees),
        ("30 s", 10, 0, Agrees),
    ];
    for (delay, ready, then, peer) in rows {
        let ours = match routed(50, 0, (10, *ready), (5, 5)) {
            Step::Apply { desired, .. } => desired.traffic.weight.basis_points() / 100,
            Step::Wait { .. } | Step::Reached => 50,
            Step::Never { why } => panic!("{why}"),
        };
        peer.check(&format!("{SOURCE}: {delay}, {ready} ready"), ours, *then);
    }
}
