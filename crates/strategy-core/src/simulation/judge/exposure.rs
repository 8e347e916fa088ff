//! Promise 1: nothing unready is exposed, and what is ready is exposed at once on the way home.

use super::findings::Findings;
use super::record::{Landed, PartRecord, Record, Shown};
use super::view::{ALL, View, need};
use crate::rollout::Wish;
use crate::target::Routing;
use crate::track::{Replicas, Track};

/// **1.** A write of ours that gives a track more of the traffic must have been decided on a view in which
/// the track's ready pods *of the template that it will have* cover what it is given.
///
/// The one exception: all of it goes to a side with anything ready, away from one with nothing ready. It is
/// an exception of the way back, which the templates tell: traffic moves to a stable that is as it was found,
/// or away from one that is not; and where somebody else gave stable what it runs there is no other way. On
/// the way back no more is asked than was ready at the start; that this
/// is so only after a while cannot be told apart here, because only the machine knows when the way began.
///
/// Where traffic follows readiness there is nothing to see: no write moves it but by pods that are ready.
pub(super) fn nothing_unready_is_exposed(record: &Record<'_>, findings: &mut Findings) {
    for part in routed(record) {
        for (write, ours) in part.our_writes() {
            for track in Track::ALL {
                if write.after.written(track) <= write.before.written(track) {
                    continue;
                }
                let covers = |shown: &Shown<'_>| {
                    let baseline = part.baseline(ours.process, shown.index);
                    is_covered(part, write, shown.view, track, baseline)
                };
                findings.judge(1, write.at, ours.views.iter().any(covers), || {
                    let views: Vec<_> = ours.views.iter().map(|shown| told(part, shown)).collect();
                    format!(
                        "write {} of {} raises {track} to {} of {ALL}, decided on {}",
                        ours.id,
                        part.part,
                        write.after.written(track),
                        views.join(" or ")
                    )
                });
            }
        }
    }
}

fn is_covered(
    part: &PartRecord<'_>,
    write: &Landed<'_>,
    seen: View<'_>,
    track: Track,
    baseline: u32,
) -> bool {
    let Some(template) = write.after.template(track) else {
        return false;
    };
    let ready = seen.ready_of(track, template);
    let is_home = write.after.template(Track::Stable) == part.start.template(Track::Stable);
    let is_way_back = is_home == (track == Track::Stable) || is_stable_by_hand(part, write);
    let mut asked = need(write.after.written(track), baseline);
    if is_way_back {
        asked = asked.min(part.start.ready(Track::Stable).max(1));
    }
    let everything_moves = write.after.written(track) == ALL;
    let is_left_dead = seen.ready(track.other()) == 0 && everything_moves && is_way_back;
    ready >= asked || (is_left_dead && ready > 0)
}

/// Whether what stable runs when a write lands was given to it by somebody else.
fn is_stable_by_hand(part: &PartRecord<'_>, write: &Landed<'_>) -> bool {
    let template = |view: View<'_>| view.template(Track::Stable).map(str::to_owned);
    let mut hands = part.hands().filter(|hand| hand.index < write.index);
    hands.any(|hand| {
        template(hand.before) != template(hand.after)
            && template(hand.after) == template(write.before)
    })
}

fn told(part: &PartRecord<'_>, shown: &Shown<'_>) -> String {
    let side = |track| {
        let view = shown.view;
        let template = view.template(track).unwrap_or("nothing");
        let ready = view.template(track).map_or(0, |t| view.ready_of(track, t));
        format!("{track} {template} {ready} ready")
    };
    let baseline = part.baseline(shown.to, shown.index);
    format!(
        "{}, {} (baseline {baseline})",
        side(Track::Stable),
        side(Track::Candidate)
    )
}

/// **1, its obligation.** After an abort is recorded the direction is known: from then on, if the newest
/// view shows stable as it was found, whole, and its ready pods covering everything (or the candidate with
/// none, and stable with some), then no write of that process leaves the candidate its share.
///
/// Of failures that the machine finds by itself the log does not tell the moment; the search does.
pub(super) fn covered_traffic_goes_home_at_once(record: &Record<'_>, findings: &mut Findings) {
    let Some(aborted) = aborted(record) else {
        return;
    };
    for part in routed(record) {
        let start = part.start;
        let Some(home) = start.template(Track::Stable) else {
            continue;
        };
        for (write, ours) in part.our_writes() {
            let Some((asked, ..)) = ours.asked.filter(|(asked, ..)| *asked > aborted) else {
                continue;
            };
            let could_move = ours.views.iter().all(|shown| {
                let view = shown.view;
                let ready = view.ready_of(Track::Stable, home);
                let baseline = part.baseline(ours.process, shown.index);
                let covers = ready >= need(ALL, baseline);
                let is_alone = view.ready(Track::Candidate) == 0 && ready > 0;
                shown.index > aborted
                    && view.template(Track::Stable) == Some(home)
                    && view.is_whole(Track::Stable, home)
                    && view.weight() > start.weight()
                    && (covers || is_alone)
                    && !raises_the_floor(write, need(ALL, baseline))
            });
            if could_move {
                let moves = write.after.weight() < write.before.weight();
                findings.judge(1, write.at, moves, || {
                    format!(
                        "asked at entry {asked} after an abort, write {} of {} leaves the candidate {} \
                         basis points that stable covers",
                        ours.id,
                        part.part,
                        write.after.weight()
                    )
                });
            }
        }
    }
}

/// Whether stable's floor was below what all of the traffic needs, and the write raises it.
fn raises_the_floor(write: &Landed<'_>, need: u32) -> bool {
    let floor = |view: View<'_>| match view.replicas(Track::Stable) {
        Some(Replicas::Floor(floor)) => Some(floor),
        Some(Replicas::Count(_)) | None => None,
    };
    let (before, after) = (floor(write.before), floor(write.after));
    before.is_some_and(|before| before < need) && after > before
}

/// Where in the log the first abort was recorded.
fn aborted(record: &Record<'_>) -> Option<usize> {
    let mut obeyed = record.obeyed();
    let is_abort = |wish: &Wish| matches!(wish, Wish::Abort { .. } | Wish::Reject);
    obeyed.find_map(|obeyed| is_abort(obeyed.wish).then_some(obeyed.answered))
}

fn routed<'r, 'a>(record: &'r Record<'a>) -> impl Iterator<Item = &'r PartRecord<'a>> {
    let parts = record.parts.iter();
    parts.filter(|part| part.routing == Routing::Routed)
}
