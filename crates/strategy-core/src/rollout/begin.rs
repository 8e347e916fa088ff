//! What a start is checked for, and the state that each part begins in.

use std::collections::BTreeMap;

use super::Ticket;
use super::start::StartError;
use super::state::{Expected, PartState, Waits, footprint};
use super::step::Exposure;
use crate::analysis::PreparedCheck;
use crate::plan::{CheckName, Plan};
use crate::release::Part;
use crate::target::{Discovery, Found, Routing};
use crate::timestamp::Timestamp;
use crate::track::{Revision, Track, Tracks};

pub(super) fn runs_already(part: &Part, found: &Discovery, plan: &Plan) -> bool {
    let Some(images) = plan.release().images(part) else {
        return false;
    };
    let release = Revision::Release(images.clone());
    let seen = &found.observation;
    let runs = seen
        .stable
        .written
        .as_ref()
        .is_some_and(|written| release.is(&written.revision));
    let ready =
        seen.stable.is_whole(&release) && seen.stable.ready_at(&release) >= found.baseline();
    runs && ready && !seen.traffic.written.reaches_candidate()
}

pub(super) fn part_at_start(found: &Discovery, now: Timestamp) -> PartState {
    let traffic = &found.observation.traffic.written;
    let exposure = |reached: bool| {
        if reached {
            Exposure::Exposed
        } else {
            Exposure::Clean
        }
    };
    PartState {
        binding: found.binding.clone(),
        claim: None,
        sought: None,
        claiming: None,
        fence: false,
        fence_after: false,
        flight: None,
        reissue: false,
        min_ticket: Ticket::default(),
        last_look: Ticket::default(),
        expected: Expected::Seen(footprint(&found.observation)),
        exposure: Tracks {
            stable: exposure(traffic.reaches_stable()),
            candidate: exposure(traffic.reaches_candidate()),
        },
        share: Tracks {
            stable: traffic.weight.rest(),
            candidate: traffic.candidate_share(),
        },
        lost_share_drains: Tracks::default(),
        // What was found has been so for long.
        traffic_since: Timestamp::from_millis(0)
            .max(now.before(std::time::Duration::from_secs(3600))),
        baseline: found.baseline(),
        validated: BTreeMap::new(),
        reasserted: 0,
        person_moved_traffic: false,
        unreadable: None,
        unwritable: None,
        failures: 0,
        retry_at: None,
        refused: None,
        health: Tracks::default(),
        ready_since: None,
        waiting: Waits::default(),
    }
}

pub(super) fn vet_parts(plan: &Plan, found: &Found) -> Result<(), StartError> {
    for (part, _) in plan.release().iter() {
        if found.part(part).is_none() {
            let problem = "the release names it, and no target was given for it".to_owned();
            return Err(StartError::Parts {
                part: part.clone(),
                problem,
            });
        }
    }
    for (part, found) in found.iter() {
        if plan.release().images(part).is_none() {
            let problem =
                "a target was given for it, and the release names no image of it".to_owned();
            return Err(StartError::Parts {
                part: part.clone(),
                problem,
            });
        }
        let owned = found.observation.track(Track::Stable).autoscaler.is_some();
        if owned && found.capabilities.routing == Routing::FollowsReadiness {
            return Err(StartError::Unreachable {
                part: part.clone(),
                problem: "traffic follows ready pods, and an autoscaler owns stable's count, so no share can be reached"
                    .to_owned(),
                mend: "suspend the autoscaler for the rollout, or use a router".to_owned(),
            });
        }
    }
    Ok(())
}

pub(super) fn share_budget(
    plan: &Plan,
    prepared: &[PreparedCheck],
) -> Result<BTreeMap<CheckName, u32>, StartError> {
    for check in plan.checks().keys() {
        if !prepared.iter().any(|prepared| prepared.check == *check) {
            return Err(StartError::Unprepared {
                check: check.clone(),
            });
        }
    }
    let bounded: Vec<_> = prepared
        .iter()
        .filter(|prepared| prepared.bounded)
        .collect();
    let budget = u32::from(plan.policies().false_alarms) * 100;
    let share = u32::try_from(bounded.len())
        .ok()
        .and_then(|checks| budget.checked_div(checks))
        .unwrap_or(0);
    Ok(bounded
        .into_iter()
        .map(|prepared| (prepared.check.clone(), share))
        .collect())
}
