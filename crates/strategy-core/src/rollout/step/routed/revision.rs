//! Rows 1 and 2: a track must run something else.

use super::super::facts::Facts;
use super::super::need::reaches;
use super::super::{Kind, Step, Waiting};
use super::{Aim, all_to, is_wrong};
use crate::target::DesiredTrack;
use crate::track::{Revision, SeenRevision, Track};

fn wrong(facts: &Facts<'_>) -> Option<Track> {
    Track::ALL.into_iter().find(|track| is_wrong(facts, *track))
}

/// Row 1. Ready pods at the recorded revision are the way back, also where somebody wrote another one over
/// them, and those of the candidate help if the other side fails: they go only when the other side could
/// carry everything. Only a mark, because a wait must not hide an *up* (row 3); row 4 waits.
pub(super) fn guard_what_is_still_needed(facts: &Facts<'_>, aim: &mut Aim) -> Option<Step> {
    for track in Track::ALL {
        let recorded = &facts.input.recorded.track(track).revision;
        let goal = &facts.goal(track).revision;
        // Only stable's pods at a revision that the way back does not want are free.
        let kept = |seen: &SeenRevision| track == Track::Candidate || recorded.is(seen);
        let gives_up = facts
            .seen(track)
            .pods
            .iter()
            .any(|pods| pods.ready > 0 && kept(&pods.revision) && !goal.is(&pods.revision));
        *aim.guarded.of_mut(track) = is_wrong(facts, track)
            && facts.is_clear(track)
            && gives_up
            && facts.ready(track.other()) < facts.cover_of_all();
    }
    None
}

/// Row 1'. Nobody reaches the track, so revision and count change in one write.
/// Ready pods that already run the goal's revision are not scaled in by it: that is for row 9, when the
/// other side covers.
pub(super) fn prepare_where_nobody_is(facts: &Facts<'_>, aim: &mut Aim) -> Option<Step> {
    let track = Track::ALL.into_iter().find(|track| {
        is_wrong(facts, *track) && facts.is_clear(*track) && !aim.guarded.of(*track)
    })?;
    let goal = facts.goal(track);
    let already = facts.seen(track).ready_at(&goal.revision);
    let number = goal.replicas.number().max(already.min(facts.number(track)));
    let to = DesiredTrack {
        revision: goal.revision.clone(),
        replicas: goal.replicas.with(number),
    };
    Some(facts.apply_track(track, to, Kind::Prepare))
}

/// Row 2a. On the way back, where every ready pod already runs what it should (also: where none is
/// ready), writing the revision takes nothing from anybody, so it happens under traffic too.
/// It is the only cure for a track that died or was caught half way while all traffic is on it.
/// The count stays: lowering it could cost ready pods.
pub(super) fn write_what_ready_pods_already_run(facts: &Facts<'_>, _: &mut Aim) -> Option<Step> {
    let track = Track::ALL.into_iter().find(|track| {
        let seen = facts.seen(*track);
        facts.is_back()
            && is_wrong(facts, *track)
            && !facts.is_clear(*track)
            && seen.ready() == seen.ready_at(&facts.goal(*track).revision)
    })?;
    let to = DesiredTrack {
        revision: facts.goal(track).revision.clone(),
        replicas: facts.as_written(track).replicas,
    };
    Some(facts.apply_track(track, to, Kind::Prepare))
}

/// Stable runs the release under traffic and has to go back, and the candidate has nothing to lose or
/// stable can spare it: the two cases of rows 2b and 2c.
fn candidate_could_carry_home(facts: &Facts<'_>) -> bool {
    let candidate = facts.seen(Track::Candidate);
    facts.is_back()
        && is_wrong(facts, Track::Stable)
        && !facts.is_clear(Track::Stable)
        && !facts.input.start_images.is_empty()
        && !facts.runs_start_release(Track::Candidate)
        && (candidate.is_absent() || candidate.ready() == 0 || stable_covers_all(facts))
}

fn stable_covers_all(facts: &Facts<'_>) -> bool {
    facts.seen(Track::Stable).ready() >= facts.cover_of_all()
}

/// Row 2b. The candidate is given what stable ran at the start, enough for all of the traffic: traffic
/// goes there, stable changes behind it, traffic comes back. Users are safe after the first move.
pub(super) fn give_candidate_what_stable_ran(facts: &Facts<'_>, _: &mut Aim) -> Option<Step> {
    if !candidate_could_carry_home(facts) || !facts.is_clear(Track::Candidate) {
        return None;
    }
    let replicas = match facts.written(Track::Candidate) {
        Some(written) => written.replicas,
        None => facts.goal(Track::Candidate).replicas,
    };
    let to = DesiredTrack {
        revision: facts.start_release(),
        replicas: replicas.with(facts.need_of_all()),
    };
    Some(facts.apply_track(Track::Candidate, to, Kind::Prepare))
}

/// Row 2c. As 2b, but the candidate still has requests to finish; stable holds, so there is time.
pub(super) fn wait_until_candidate_has_drained(facts: &Facts<'_>, _: &mut Aim) -> Option<Step> {
    let drains =
        !reaches(facts.written_traffic(), Track::Candidate) && !facts.is_clear(Track::Candidate);
    (drains && stable_covers_all(facts) && candidate_could_carry_home(facts))
        .then(|| facts.wait(Waiting::Drain(Track::Candidate)))
}

/// Row 2c'. Traffic is on both, the candidate has not enough to take all of it (or may not: a person
/// moved traffic towards stable), and stable has: all to stable, so that the candidate drains (2c) and
/// carries home what stable ran (2b). Without this a release that broke on one side only could keep both
/// tracks waiting for pods that never get ready.
pub(super) fn leave_a_candidate_that_cannot_take_over(
    facts: &Facts<'_>,
    aim: &mut Aim,
) -> Option<Step> {
    let cannot = facts.ready(Track::Candidate) < facts.cover_of_all() || !facts.input.may_detour;
    let stable_can = facts.is_whole(Track::Stable) && stable_covers_all(facts);
    let shared = reaches(facts.written_traffic(), Track::Candidate)
        && reaches(facts.written_traffic(), Track::Stable);
    if shared && cannot && stable_can && candidate_could_carry_home(facts) {
        aim.traffic = all_to(Track::Stable, facts);
        aim.detour = Some(Track::Candidate);
    }
    None
}

/// Row 2d. A track under traffic must change and there is nowhere for its traffic to go.
/// On the way back rows 2a and 2b leave nothing for this one.
pub(super) fn never_without_another_side(facts: &Facts<'_>, _: &mut Aim) -> Option<Step> {
    let track = wrong(facts)?;
    let alone =
        !facts.exists(track.other()) && facts.goal(track.other()).revision == Revision::Absent;
    (alone && !facts.is_clear(track)).then(|| Step::Never {
        why: format!(
            "{track} carries traffic and must change what it runs, and there is no {} to take over",
            track.other()
        ),
    })
}

/// Row 2e. A track under traffic must change: traffic goes wholly to the other side first, away from
/// the goal if need be.
///
/// After a person moved traffic we do not move it back to the release against that hand. To a candidate
/// that was given what stable ran at the start (row 2b) it may go: that is the way home they asked for.
pub(super) fn empty_the_track_that_must_change(facts: &Facts<'_>, aim: &mut Aim) -> Option<Step> {
    if aim.detour.is_some() {
        return None;
    }
    let track = Track::ALL
        .into_iter()
        .find(|track| is_wrong(facts, *track) && !facts.is_clear(*track))?;
    let other = track.other();
    aim.detour = Some(track);
    if !facts.goal_exposes(track) {
        return None;
    }
    aim.traffic = all_to(other, facts);
    let carries_home = facts.is_back() && facts.runs_start_release(other);
    let moves = *facts.written_traffic() != aim.traffic;
    (moves && !facts.input.may_detour && !carries_home).then(|| Step::Never {
        why: format!(
            "traffic by hand on {track}, which runs {} and must run {}; moving it to {other} would \
             overrule that hand",
            facts.as_written(track).revision,
            facts.goal(track).revision
        ),
    })
}
