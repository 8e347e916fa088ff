//! Promise 7: rollback goes to the recorded start.

use super::findings::Findings;
use super::record::{PartRecord, Record};
use super::view::View;
use crate::rollout::Outcome;
use crate::target::Routing;
use crate::track::Track;

/// **7.** When a rollout is said to be rolled back, each part is in truth as it was found: template and
/// count or floor of each track, traffic; except what somebody else wrote since. After the last write
/// there it was shown to a process (one that takes up a decision need not look again) that stable serves:
/// at its template, effectively, with as many ready pods as at the start or as its autoscaler wants. Of a
/// supersession the same is asked of traffic and of stable.
///
/// That it can go back from every state is promise 14's: a rollout that cannot never ends.
pub(super) fn rolled_back_is_the_recorded_start(record: &Record<'_>, findings: &mut Findings) {
    let (Some((ended, _)), Some(outcome)) = (record.ended, record.report.outcome()) else {
        return;
    };
    let tracks: &[Track] = match outcome {
        Outcome::RolledBack { .. } => &Track::ALL,
        Outcome::Superseded { .. } => &[Track::Stable],
        Outcome::Promoted | Outcome::Abandoned { .. } => return,
    };
    for part in &record.parts {
        let Some(now) = part.view_at(ended) else {
            continue;
        };
        let at = record.ended().map_or(record.report.world.to, |(_, at)| at);
        for &track in tracks {
            let (was, is) = (part.start.template(track), now.template(track));
            let holds = was == is || by_hand(part, |view| view.template(track));
            findings.judge(7, at, holds, || {
                format!(
                    "rolled back, and {}'s {track} has template {is:?}, found was {was:?}",
                    part.part
                )
            });
            let (was, is) = (part.start.replicas(track), now.replicas(track));
            let holds = was == is || by_hand(part, |view| view.replicas(track));
            findings.judge(7, at, holds, || {
                format!(
                    "rolled back, and {}'s {track} has {is:?}, found was {was:?}",
                    part.part
                )
            });
        }
        if part.routing == Routing::Routed {
            let traffic = |view: View<'_>| view.scene().traffic.clone();
            let (was, is) = (traffic(part.start), traffic(now));
            let holds = was == is || by_hand(part, traffic);
            findings.judge(7, at, holds, || {
                format!(
                    "rolled back, and {}'s traffic is {is:?}, found was {was:?}",
                    part.part
                )
            });
        }
        users_are_served(record, part, ended, findings);
    }
}

fn users_are_served(
    record: &Record<'_>,
    part: &PartRecord<'_>,
    ended: usize,
    findings: &mut Findings,
) {
    // What lands after the outcome is promise 8's where a claim can fence it, and nobody's where none can.
    let before_the_end = part.our_writes().filter(|(write, _)| write.index < ended);
    let Some((last, _)) = before_the_end.last() else {
        return;
    };
    let by_hand = part.hands().any(|write| write.index < ended);
    let Some(home) = part.start.template(Track::Stable).filter(|_| !by_hand) else {
        return;
    };
    // Where that cannot be asked it ends by the clock, without anything new to see.
    let is_effective_by_now =
        part.is_assumed && part.view_at(ended).is_some_and(View::is_effective);
    let serves = |view: View<'_>| {
        let Some(stable) = view.track(Track::Stable) else {
            return false;
        };
        let asked = part.start.ready(Track::Stable).min(stable.wanted);
        let follows = part.routing == Routing::FollowsReadiness;
        let is_effective = view.is_effective() || is_effective_by_now || follows;
        stable.ready_of(home) >= asked && is_effective
    };
    let mut shown = part
        .shown
        .iter()
        .rev()
        .take_while(|shown| shown.index > last.index);
    let holds = shown.any(|shown| shown.index < ended && serves(shown.view));
    let at = record.ended().map_or(record.report.world.to, |(_, at)| at);
    findings.judge(7, at, holds, || {
        format!(
            "called rolled back, and after write #{} on {} it was never seen that stable serves",
            last.ours.as_ref().map_or(0, |ours| ours.id.0),
            part.part
        )
    });
}

/// Whether somebody else wrote this since the rollout began.
fn by_hand<'a, T: PartialEq>(part: &PartRecord<'a>, field: impl Fn(View<'a>) -> T) -> bool {
    part.hands()
        .any(|write| field(write.before) != field(write.after))
}
