//! The table for platforms where traffic follows ready pods: the counts are the only lever.
//!
//! Every track with a pod is exposed, so no revision changes under pods: a track that must change is
//! scaled to nothing first. The weight of a desired state is the goal's throughout; nothing reads it.

use super::facts::{Facts, apply};
use super::routed::is_ready;
use super::table::{Row, decide, row};
use super::{Kind, Step, StepInput, Waiting};
use crate::target::{Desired, DesiredTrack};
use crate::track::{Replicas, Revision, Track};

/// The table, in order.
pub(super) const ROWS: &[Row<Desired>] = &[
    row("1", prepare_where_no_pod_is),
    row("2", empty_the_track_that_must_change),
    row("3", raise),
    row("4", lower_what_the_rest_covers),
    row("5", wait_until_ready),
];

/// Walks down the table; past its end all is as asked (row 6).
pub(super) fn walk<'r>(
    input: &StepInput<'_>,
    rows: impl IntoIterator<Item = &'r Row<Desired>>,
) -> Step {
    decide(&Facts::new(input), input.goal.clone(), rows)
}

/// The track that must run something else. On the way back stable comes first: until it is home the
/// candidate may have to carry its traffic.
fn wrong(facts: &Facts<'_>) -> Option<Track> {
    let order = if facts.is_back() {
        [Track::Stable, Track::Candidate]
    } else {
        [Track::Candidate, Track::Stable]
    };
    order.into_iter().find(|track| facts.differs(*track))
}

fn is_empty(facts: &Facts<'_>, track: Track) -> bool {
    facts.number(track) == 0 && facts.seen(track).pods.iter().all(|pods| pods.total == 0)
}

fn write(facts: &Facts<'_>, mut desired: Desired, kind: Kind) -> Step {
    desired.traffic.clone_from(&facts.input.goal.traffic);
    apply(desired, kind)
}

fn write_track(facts: &Facts<'_>, track: Track, to: DesiredTrack, kind: Kind) -> Step {
    let mut desired = facts.desired();
    *desired.track_mut(track) = to;
    write(facts, desired, kind)
}

/// Row 1. No pod, so nobody is there: revision and count in one write.
fn prepare_where_no_pod_is(facts: &Facts<'_>, _: &mut Desired) -> Option<Step> {
    let track = wrong(facts)?;
    is_empty(facts, track)
        .then(|| write_track(facts, track, facts.goal(track).clone(), Kind::Prepare))
}

/// Row 2. A track that must change is emptied, and the other side grows to carry everything. On the way
/// back a candidate that is not there, or has no pod, is given what stable ran at the start.
fn empty_the_track_that_must_change(facts: &Facts<'_>, target: &mut Desired) -> Option<Step> {
    let track = wrong(facts)?;
    let other = track.other();
    *target.track_mut(track) = DesiredTrack {
        revision: facts.as_written(track).revision,
        replicas: facts.as_written(track).replicas.with(0),
    };
    let carries_home = facts.is_back() && other == Track::Candidate;
    let full = facts.need_of_all();
    if carries_home && is_empty(facts, other) && !facts.input.start_images.is_empty() {
        let replicas = facts.goal(other).replicas.with(full);
        let to = DesiredTrack {
            revision: facts.start_release(),
            replicas,
        };
        if facts.exists(other) {
            return Some(write_track(facts, other, to, Kind::Prepare));
        }
        *target.track_mut(other) = to;
    } else if carries_home && is_in_the_way(facts) {
        *target.track_mut(track) = facts.as_written(track);
        *target.track_mut(other) = DesiredTrack {
            replicas: facts.as_written(other).replicas.with(0),
            ..facts.as_written(other)
        };
    } else if facts.exists(other) {
        let written = facts.as_written(other);
        *target.track_mut(other) = DesiredTrack {
            replicas: written.replicas.with(facts.number(other).max(full)),
            ..written
        };
    } else if facts.goal(other).revision == Revision::Absent {
        return Some(Step::Never {
            why: format!("{track} must change what it runs, and there is no {other} to take over"),
        });
    } else {
        let goal = facts.goal(other);
        target.track_mut(other).replicas = goal.replicas.with(goal.replicas.number().max(full));
    }
    None
}

/// On the way back: the candidate cannot take over as it is and stable holds without it. It is emptied
/// first, to be given what stable ran; else both could wait for pods of a broken release for ever.
fn is_in_the_way(facts: &Facts<'_>) -> bool {
    let at_start_release = facts
        .written(Track::Candidate)
        .is_some_and(|written| facts.start_release().is(&written.revision));
    let full = facts.cover_of_all();
    let takes_over = staying(facts, Track::Candidate, wanted(facts, Track::Candidate)) >= full;
    let stable_holds = staying(facts, Track::Stable, wanted(facts, Track::Stable)) >= full;
    let could_be_given_it = !facts.input.start_images.is_empty() && !at_start_release;
    facts.exists(Track::Candidate) && could_be_given_it && !takes_over && stable_holds
}

/// Row 3. Everything that is below its target rises in one write; what is missing is created.
fn raise(facts: &Facts<'_>, target: &mut Desired) -> Option<Step> {
    let mut desired = facts.desired();
    for track in Track::ALL {
        let to = target.track(track);
        let missing = !facts.exists(track) && to.revision != Revision::Absent;
        if missing || facts.number(track) < to.replicas.number() {
            *desired.track_mut(track) = to.clone();
        }
    }
    let raised = Track::ALL
        .into_iter()
        .any(|track| *desired.track(track) != facts.as_written(track));
    raised.then(|| write(facts, desired, Kind::Up))
}

/// Ready pods that will stay when the number is `number`: a platform takes unready pods first.
fn staying(facts: &Facts<'_>, track: Track, number: u32) -> u32 {
    facts.seen(track).ready().min(number)
}

/// Row 4. The candidate first, one track a write: pods go when no ready pod is lost or those that stay,
/// of both tracks, still are the baseline. Pods that a lower count already dooms do not count.
fn lower_what_the_rest_covers(facts: &Facts<'_>, target: &mut Desired) -> Option<Step> {
    let track = [Track::Candidate, Track::Stable]
        .into_iter()
        .find(|track| {
            let to = target.track(*track);
            let goes = facts.exists(*track) && to.revision == Revision::Absent;
            goes || facts.number(*track) > to.replicas.number()
        })?;
    let to = target.track(track);
    let now = staying(facts, track, wanted(facts, track));
    let after = staying(facts, track, to.replicas.number());
    let other = track.other();
    let rest = staying(facts, other, wanted(facts, other));
    Some(if after == now || rest + after >= facts.cover_of_all() {
        write_track(facts, track, to.clone(), Kind::Down)
    } else {
        facts.wait(Waiting::Cover(track))
    })
}

/// What a track is told to run, or what its autoscaler wants above that.
fn wanted(facts: &Facts<'_>, track: Track) -> u32 {
    match facts.written(track).map(|written| written.replicas) {
        None => 0,
        Some(Replicas::Count(count)) => count,
        Some(Replicas::Floor(_)) => facts.seen(track).wanted(),
    }
}

/// Row 5. Every pod takes part in the traffic, so every track is whole and ready, and what should be
/// empty is.
fn wait_until_ready(facts: &Facts<'_>, target: &mut Desired) -> Option<Step> {
    let emptied = |track: Track| {
        let none_wanted = target.track(track).replicas == Replicas::Count(0);
        none_wanted && !is_empty(facts, track)
    };
    if let Some(track) = Track::ALL.into_iter().find(|track| emptied(*track)) {
        return Some(facts.wait(Waiting::Drain(track)));
    }
    let unready = Track::ALL.into_iter().find(|track| {
        let wanted = facts.input.ready_share.ceil_of(wanted(facts, *track));
        !is_ready(facts, *track, facts.as_at_start(wanted))
    })?;
    Some(facts.wait(Waiting::Ready(unready)))
}
