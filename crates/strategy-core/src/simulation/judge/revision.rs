//! Promises 3 and 4: nobody's request changes revision under it, and what is promoted is what was
//! validated.

use std::collections::BTreeSet;

use super::findings::Findings;
use super::record::{Landed, PartRecord, Record, Shown};
use super::view::View;
use crate::release::Images;
use crate::rollout::Outcome;
use crate::target::Routing;
use crate::track::Track;
use crate::world::TrackScene;

/// **3.** A write of ours that changes the template of a track which any request may reach leaves alone
/// every pod that was ready by the view that it was decided on: what gets ready or dies between decision
/// and landing is nobody's to know. Whether a request may reach it is asked of that view, and of the truth
/// when the write lands. A track is given more of the traffic only on a view in which no pod of another
/// template is left in it.
///
/// A platform that rolls by itself is excepted, as the promise says.
pub(super) fn no_request_changes_revision(record: &Record<'_>, findings: &mut Findings) {
    for part in &record.parts {
        if part.routing == Routing::Native {
            continue;
        }
        for (write, ours) in part.our_writes() {
            for track in Track::ALL {
                if changes(write, track) {
                    let leaves = |shown: &Shown<'_>| leaves_alone(write, shown.view, track);
                    findings.judge(3, write.at, ours.views.iter().any(leaves), || {
                        format!(
                            "write {} changes {}'s {track} under {} of its requests, {} of its pods \
                             ready",
                            ours.id,
                            part.part,
                            write.before.load(track),
                            write.before.ready(track)
                        )
                    });
                }
                let gains = write.after.written(track) > write.before.written(track);
                if let Some(template) = write.after.template(track).filter(|_| gains) {
                    let whole = |shown: &Shown<'_>| shown.view.is_whole(track, template);
                    findings.judge(3, write.at, ours.views.iter().any(whole), || {
                        format!(
                            "write {} moves traffic to {}'s {track} while pods of another revision \
                             remain in it",
                            ours.id, part.part
                        )
                    });
                }
            }
        }
    }
}

fn changes(write: &Landed<'_>, track: Track) -> bool {
    let (before, after) = (write.before.template(track), write.after.template(track));
    before.is_some() && after.is_some() && before != after
}

/// Whether no ready pod that requests may reach is of another template than the new one.
fn leaves_alone(write: &Landed<'_>, seen: View<'_>, track: Track) -> bool {
    let kept = write.after.template(track);
    let kept = kept.map_or(0, |template| seen.ready_of(track, template));
    // What still comes to it ends by the clock, without anything new to see.
    let is_reached = [seen, write.before]
        .iter()
        .any(|view| view.written(track) > 0)
        || write.before.reach(track) > 0;
    !is_reached || seen.ready(track) == kept
}

/// **4.** After a promotion everything that carries traffic runs the images of the release, and pods of
/// the image ids that the candidate ran when it was first seen ready and effectively reached by users: those
/// are what was validated. Both are read from what the process that ended the rollout was shown last.
///
/// A part whose template somebody else wrote is not judged, nor one whose traffic stands where somebody
/// else put it, which is not moved against them (promise 13), nor one whose candidate was never reached.
pub(super) fn what_is_promoted_was_validated(record: &Record<'_>, findings: &mut Findings) {
    let (Some((ended, process)), Some(Outcome::Promoted)) = (record.ended, record.report.outcome())
    else {
        return;
    };
    let Some(plan) = &record.report.plan else {
        return;
    };
    for part in &record.parts {
        let Some(images) = plan.release().images(part.part) else {
            continue;
        };
        let by_hand = part.hands().any(|write| {
            Track::ALL
                .into_iter()
                .any(|track| write.before.template(track) != write.after.template(track))
        });
        let mut shares = part.writes.iter().rev();
        let traffic = shares.find(|write| {
            write.before.written(Track::Candidate) != write.after.written(Track::Candidate)
        });
        let by_hand = by_hand || traffic.is_some_and(|write| write.person.is_some());
        let mut shown = part.shown.iter().rev();
        let last = shown.find(|shown| shown.to == process && shown.index < ended);
        let Some(last) = last.filter(|_| !by_hand) else {
            continue;
        };
        let at = last.at;
        for track in Track::ALL {
            let carries = last.view.is_exposed(track) && last.view.written(track) > 0;
            let Some(scene) = last.view.track(track).filter(|_| carries) else {
                continue;
            };
            if part.routing == Routing::FollowsReadiness && scene.ready() == 0 {
                continue;
            }
            findings.judge(4, at, runs(scene, images), || {
                format!(
                    "promoted, and {}'s {track} carries traffic with {}",
                    part.part, scene.images
                )
            });
            let validated = validated(part, images);
            if !validated.is_empty() {
                let ids = ids(scene);
                findings.judge(4, at, ids.is_subset(&validated), || {
                    format!(
                        "promoted, and {}'s {track} runs {ids:?}, validated was {validated:?}",
                        part.part
                    )
                });
            }
        }
    }
}

fn runs(scene: &TrackScene, images: &Images) -> bool {
    let mut images = images.iter();
    images.all(|(container, image)| scene.images.get(container) == Some(image))
}

fn ids(scene: &TrackScene) -> BTreeSet<&str> {
    let pods = scene.pods.iter().filter(|pods| pods.ready > 0);
    pods.flat_map(|pods| pods.image_ids.iter().map(String::as_str))
        .collect()
}

/// What the candidate ran when it was first shown ready at the release while traffic went where it was
/// told: bakes begin then.
fn validated<'a>(part: &PartRecord<'a>, images: &Images) -> BTreeSet<&'a str> {
    let mut tried = part.shown.iter().filter_map(|shown| {
        let scene = shown.view.track(Track::Candidate)?;
        let is_tried = shown.view.reach(Track::Candidate) > 0
            && shown.view.is_effective()
            && runs(scene, images)
            && scene.ready_of(&scene.template) == scene.wanted
            && scene.wanted > 0;
        is_tried.then(|| ids(scene))
    });
    tried.next().unwrap_or_default()
}
