//! Promise 13: traffic is never moved against a person's hand.

use super::findings::Findings;
use super::record::{PartRecord, Record};
use super::view::View;
use crate::plan::ForeignPolicy;
use crate::rollout::Wish;
use crate::target::Routing;
use crate::track::Track;

/// **13.** After somebody else moved traffic towards stable, no write of ours gives the candidate more than
/// that person left it, for the rest of the rollout, unless somebody else does. Three exceptions: the
/// policy for traffic names that writer for reassertion; somebody had it go on since, by `retry`, `advance`
/// or `promote`; or the candidate runs what stable ran at the start, which is where that person wanted the
/// traffic.
///
/// How other changes are answered is a policy that the machine follows and the world does not show; of
/// capacity and revision promise 7 says what must not be undone.
pub(super) fn traffic_is_never_moved_against_a_person(
    record: &Record<'_>,
    findings: &mut Findings,
) {
    let reasserted = record
        .report
        .plan
        .as_ref()
        .map(|plan| &plan.policies().foreign.traffic);
    for part in record
        .parts
        .iter()
        .filter(|part| part.routing == Routing::Routed)
    {
        let mut left: Option<(u16, &str)> = None;
        let mut since = 0;
        for write in &part.writes {
            let (before, after) = (write.before.weight(), write.after.weight());
            if let Some(person) = write.person {
                let is_overruled = matches!(
                    reasserted,
                    Some(ForeignPolicy::Reassert { writers, .. }) if writers.contains(person)
                );
                if after < before && !is_overruled {
                    left = Some((after, person));
                    since = write.index;
                } else if after > before {
                    left = None;
                }
            } else if let Some((limit, person)) = left
                && after != before
            {
                let mut goes_on = record.obeyed().filter(|obeyed| has_it_go_on(obeyed.wish));
                let is_accepted =
                    goes_on.any(|obeyed| (since..write.index).contains(&obeyed.asked));
                let holds =
                    after <= limit || after <= before || is_accepted || is_home(part, write.after);
                findings.judge(13, write.at, holds, || {
                    format!(
                        "{person} left {}'s candidate {limit} basis points, and write {} gives it {after}",
                        part.part,
                        write.ours.as_ref().map_or(0, |ours| ours.id.0)
                    )
                });
            }
        }
    }
}

const fn has_it_go_on(wish: &Wish) -> bool {
    match wish {
        Wish::Retry | Wish::Advance { .. } | Wish::Promote { .. } => true,
        Wish::Approve { .. }
        | Wish::Reject
        | Wish::Pause
        | Wish::Unpause
        | Wish::Abort { .. }
        | Wish::Abandon
        | Wish::Supersede { .. } => false,
    }
}

/// Whether the candidate runs what stable ran at the start.
fn is_home(part: &PartRecord<'_>, view: View<'_>) -> bool {
    let start = part.start.track(Track::Stable).map(|stable| &stable.images);
    let candidate = view
        .track(Track::Candidate)
        .map(|candidate| &candidate.images);
    start.is_some() && start == candidate
}
