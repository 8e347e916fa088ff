//! Promise 8: old is unknown, and unknown writes are fenced off.

use std::collections::BTreeMap;

use super::findings::Findings;
use super::record::{Landed, PartRecord, Record};
use crate::target::{Claim, EffectId};
use crate::track::Track;
use crate::world::{Fact, Process, Told};

/// **8, old.** A write of ours that took effect was decided on a view that was not older, when the write
/// was begun, than the plan's limit, whatever became of the clock of its process.
///
/// That 0 of 0 is not healthy and an empty list no success are promises of targets; that no pass rests on
/// an old view is the search's, because the log does not tell when a stage passes.
pub(super) fn nothing_rests_on_an_old_view(record: &Record<'_>, findings: &mut Findings) {
    let Some(plan) = &record.report.plan else {
        return;
    };
    let limit = plan.policies().stale_after;
    for part in &record.parts {
        for (write, ours) in part.our_writes() {
            let (Some((_, asked, _)), Some(shown)) = (ours.asked, ours.views.last()) else {
                continue;
            };
            let age = asked.since(shown.as_of);
            findings.judge(8, write.at, age <= limit, || {
                format!(
                    "write {} of {} was decided on a view that is {age:?} old; {limit:?} is the limit",
                    ours.id, part.part
                )
            });
        }
    }
}

/// **8, unknown.** A write of which its process was not told that it was or was not taken may still land.
/// From then on, until the claim of the part is another than that write's, nothing else of ours takes
/// effect there but a move of traffic alone towards what was found, and no outcome is told. Nothing of ours
/// takes effect after an outcome. What is abandoned may say of a part that a write may still land there:
/// every wait has a limit (promise 14), also that for a platform that takes no claim.
///
/// A platform that knows no claims has no such fence, which its plan says; there nothing is judged.
pub(super) fn unknown_writes_are_fenced_off(record: &Record<'_>, findings: &mut Findings) {
    for part in record.parts.iter().filter(|part| part.is_fenced) {
        let mut open: BTreeMap<(Process, EffectId), &Claim> = BTreeMap::new();
        let mut unfenced_at: BTreeMap<usize, Vec<EffectId>> = BTreeMap::new();
        // What is asked for under another claim than the one that is there is fenced off already.
        let mut there: Option<Option<&Claim>> = None;
        for (index, entry) in record.log().iter().enumerate() {
            if let Fact::Asked {
                part: of,
                by,
                id,
                claim,
                ..
            } = &entry.fact
                && of == part.part
            {
                let others = open.keys().map(|(_, other)| *other);
                unfenced_at.insert(index, others.filter(|other| other != id).collect());
                if there.is_none_or(|there| there == Some(claim)) {
                    open.insert((*by, *id), claim);
                }
            } else if let Fact::Answered {
                part: of,
                to,
                id,
                told,
            } = &entry.fact
                && of == part.part
            {
                match told {
                    Told::Done | Told::NotTaken => drop(open.remove(&(*to, *id))),
                    Told::Unknown => {}
                }
            } else if let Fact::Claimed { part: of, to, .. } = &entry.fact
                && of == part.part
            {
                there = Some(to.as_ref());
                open.retain(|_, claim| Some(*claim) == to.as_ref());
            } else if record.ended.is_some_and(|(ended, _)| ended == index) {
                let left: Vec<_> = open.keys().map(|(_, id)| id.to_string()).collect();
                let holds = left.is_empty() || record.says_a_write_may_land(part.part);
                findings.judge(8, entry.at, holds, || {
                    format!(
                        "an outcome was told while {} of {} may still land",
                        left.join(", "),
                        part.part
                    )
                });
            }
        }
        for (write, ours) in part.our_writes() {
            let unfenced = ours.asked.and_then(|(asked, ..)| unfenced_at.get(&asked));
            let unfenced = unfenced.map_or(&[][..], Vec::as_slice);
            if !unfenced.is_empty() {
                findings.judge(8, write.at, is_traffic_home(part, write), || {
                    let unfenced: Vec<_> = unfenced.iter().map(ToString::to_string).collect();
                    format!(
                        "write {} of {} took effect while {} may still land",
                        ours.id,
                        part.part,
                        unfenced.join(", ")
                    )
                });
            }
            if let Some((ended, _)) = record.ended {
                let holds = write.index < ended || record.says_a_write_may_land(part.part);
                findings.judge(8, write.at, holds, || {
                    format!(
                        "write {} of {} took effect after the outcome",
                        ours.id, part.part
                    )
                });
            }
        }
    }
}

/// Traffic alone, and nearer to what was found.
fn is_traffic_home(part: &PartRecord<'_>, write: &Landed<'_>) -> bool {
    let (before, after, start) = (write.before, write.after, part.start);
    let far = |weight: u16| weight.abs_diff(start.weight());
    let tracks_stay = Track::ALL.into_iter().all(|track| {
        before.template(track) == after.template(track)
            && before.replicas(track) == after.replicas(track)
    });
    tracks_stay && far(after.weight()) <= far(before.weight())
}
