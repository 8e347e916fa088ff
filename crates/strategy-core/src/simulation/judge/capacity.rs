//! Promise 2: capacity leads traffic up and follows it down.

use super::findings::Findings;
use super::record::{Landed, PartRecord, Record, Shown};
use super::view::{ALL, View, need};
use crate::target::Routing;
use crate::track::{Replicas, Track};

/// **2.** What a write of ours gives up of ready pods is judged on the view that it was decided on: pods
/// above a lower count, pods of another template than the new one, all pods of a workload that is removed.
/// Where an autoscaler decides, the count is what it wants, as long as the floor lies below that.
///
/// - Of a track that requests reach or may reach, what stays covers the share that does.
/// - Of one that none reaches, the other side's ready pods cover everything; stable's pods of another
///   template than the one it was found with are free, because the way back does not want them.
/// - Of one that requests still reach, in truth, when the write lands, although nothing is written for it,
///   nothing is given up.
/// - Where traffic follows readiness, ready pods in total stay at the baseline.
///
/// As in promise 1 no more is asked of stable than was ready at the start, nor more than its autoscaler
/// wants. How long a drain is promised to last cannot be seen: whether any request is left can.
pub(super) fn capacity_follows_traffic_down(record: &Record<'_>, findings: &mut Findings) {
    for part in &record.parts {
        for (write, ours) in part.our_writes() {
            match part.routing {
                Routing::Routed => {
                    for track in Track::ALL {
                        if has_written(write, track) {
                            track_keeps_enough(part, write, track, findings);
                        }
                    }
                }
                Routing::FollowsReadiness => {
                    let gives_up = |shown: &Shown<'_>| given_up_of_all(write, shown.view) > 0;
                    if ours.views.iter().all(gives_up) {
                        total_keeps_enough(part, write, findings);
                    }
                }
                Routing::Native => {}
            }
        }
    }
}

fn track_keeps_enough(
    part: &PartRecord<'_>,
    write: &Landed<'_>,
    track: Track,
    findings: &mut Findings,
) {
    let Some(ours) = &write.ours else { return };
    if ours
        .views
        .iter()
        .any(|shown| given_up(write, shown.view, track) == 0)
    {
        return;
    }
    let keeps = |shown: &Shown<'_>| {
        let baseline = part.baseline(ours.process, shown.index);
        keeps_enough(part, write, shown.view, track, baseline)
    };
    findings.judge(2, write.at, ours.views.iter().any(keeps), || {
        let shown = ours.views.last();
        let view = shown.map_or(write.before, |shown| shown.view);
        format!(
            "write {} gives up {} of {} ready pods of {}'s {track}, which {} of {ALL} reach; the other \
             side has {} ready",
            ours.id,
            given_up(write, view, track),
            view.ready(track),
            part.part,
            view.load(track),
            view.ready(track.other()),
        )
    });
    let drains = write.before.written(track) == 0 && write.before.reach(track) > 0;
    let lost = given_up(write, write.before, track);
    findings.judge(2, write.at, !(drains && lost > 0), || {
        format!(
            "write {} takes {lost} ready pods from {}'s {track} while {} of {ALL} requests still reach it",
            ours.id,
            part.part,
            write.before.reach(track)
        )
    });
}

fn keeps_enough(
    part: &PartRecord<'_>,
    write: &Landed<'_>,
    seen: View<'_>,
    track: Track,
    baseline: u32,
) -> bool {
    let stays = stays(write, seen, track);
    if seen.written(track) > 0 {
        return stays >= asked(part, seen, track, load(write, seen, track), baseline);
    }
    let home = part.start.template(Track::Stable);
    let is_free = track == Track::Stable
        && seen.template(track) != home
        && home.is_some_and(|home| {
            let kept = write.after.template(track) == Some(home);
            kept || seen.ready_of(track, home) == 0
        });
    let other = track.other();
    is_free || seen.ready(other) >= asked(part, seen, other, ALL, baseline)
}

/// The share that a track must bear. What still comes to it for a while ends by the clock, without anything
/// new to see: so of that only what is left in truth counts.
fn load(write: &Landed<'_>, seen: View<'_>, track: Track) -> u64 {
    let still = seen.reach(track).min(write.before.reach(track));
    seen.written(track).max(still)
}

/// How many ready pods a share asks of a track that does not gain.
fn asked(part: &PartRecord<'_>, seen: View<'_>, track: Track, share: u64, baseline: u32) -> u32 {
    let need = need(share, baseline);
    match (track, seen.track(track)) {
        (Track::Stable, Some(stable)) => {
            let wants = match stable.replicas {
                Replicas::Floor(_) => stable.wanted,
                Replicas::Count(_) => u32::MAX,
            };
            need.min(wants).min(part.start.ready(Track::Stable))
        }
        (Track::Stable, None) | (Track::Candidate, _) => need,
    }
}

fn total_keeps_enough(part: &PartRecord<'_>, write: &Landed<'_>, findings: &mut Findings) {
    let Some(ours) = &write.ours else { return };
    let total = |view: View<'_>| -> u32 {
        let stays = Track::ALL
            .into_iter()
            .map(|track| stays(write, view, track));
        stays.sum()
    };
    let keeps = |shown: &Shown<'_>| {
        let baseline = part.baseline(ours.process, shown.index);
        total(shown.view) >= baseline.min(part.start.ready(Track::Stable))
    };
    findings.judge(2, write.at, ours.views.iter().any(keeps), || {
        let view = ours.views.last().map_or(write.before, |shown| shown.view);
        format!(
            "write {} leaves {} ready pods of {} in total",
            ours.id,
            total(view),
            part.part
        )
    });
}

fn has_written(write: &Landed<'_>, track: Track) -> bool {
    let (before, after) = (write.before, write.after);
    before.template(track) != after.template(track)
        || before.replicas(track) != after.replicas(track)
}

fn given_up_of_all(write: &Landed<'_>, seen: View<'_>) -> u32 {
    let tracks = Track::ALL.into_iter();
    tracks.map(|track| given_up(write, seen, track)).sum()
}

fn given_up(write: &Landed<'_>, seen: View<'_>, track: Track) -> u32 {
    seen.ready(track) - stays(write, seen, track)
}

/// How many of the ready pods in a view stay after a write, in the end.
fn stays(write: &Landed<'_>, seen: View<'_>, track: Track) -> u32 {
    let Some(now) = seen.track(track) else {
        return 0;
    };
    if !has_written(write, track) {
        return now.ready();
    }
    let Some(next) = write.after.track(track) else {
        return 0;
    };
    let most = match next.replicas {
        Replicas::Count(count) => count,
        Replicas::Floor(floor) => floor.max(now.wanted),
    };
    let ready = if write.before.template(track) == write.after.template(track) {
        now.ready()
    } else {
        now.ready_of(&next.template)
    };
    ready.min(most)
}
