//! A rollout begins: what its start is checked for, and the state that each part begins in.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::clock::MachineClock;
use super::copy_on_change::CopyOnChange;
use super::event::News;
use super::latest::{Latest, LatestPart};
use super::outbox::Outbox;
use super::outcome::Outcome;
use super::part_state::{Expected, PartState, Waits, footprint};

use super::start::{Handover, Start, StartError};
use super::state::{Decided, State};
use super::step::Exposure;
use super::{Fixed, Rollout, Ticket, transition};
use crate::analysis::PreparedCheck;
use crate::plan::{CheckName, Plan};
use crate::release::Part;
use crate::target::{
    Claim, Discovery, Effective, Effectiveness, Found, ImageIds, RolloutId, Routing,
};
use crate::timestamp::Timestamp;
use crate::track::{Revision, Track, Tracks};

impl Rollout {
    /// A rollout that begins now. Its first outputs are the record that begins the journal and the
    /// first claim.
    ///
    /// A release that every part already runs is promoted at once, without a write, unless a claim is
    /// taken over.
    ///
    /// # Errors
    /// [`StartError`]; nothing was written.
    pub fn start(start: Start, now: Timestamp) -> Result<Self, StartError> {
        let Start {
            id,
            plan,
            found,
            prepared,
            take_over,
        } = start;
        let mut claims_before = BTreeMap::new();
        for (part, found) in found.iter() {
            if let Some(claim) = &found.claim {
                if !take_over {
                    return Err(StartError::Claimed {
                        part: part.clone(),
                        holder: claim.holder.clone(),
                    });
                }
                claims_before.insert(part.clone(), claim.clone());
            }
            if found.observation.stable.written.is_none() || found.baseline() == 0 {
                return Err(StartError::NoStable {
                    part: part.clone(),
                    name: found.names.stable.clone(),
                });
            }
        }
        // Where a claim is taken over, what stable runs may be what that rollout was trying: it is no
        // more than that until it was judged.
        let runs_already = claims_before.is_empty()
            && found
                .iter()
                .all(|(part, found)| runs_already(part, found, &plan));
        let mut rollout = Self::begin(id, plan, found, &prepared, claims_before, false, now)?;
        if runs_already {
            let outcome = Outcome::Promoted;
            rollout.say(News::Ended {
                outcome: outcome.clone(),
            });
            rollout.say(News::Settled);
            rollout.decided.state = State::Settled {
                outcome,
                left: Vec::new(),
            };
        } else {
            let _ = rollout.claiming_begins();
        }
        rollout.outbox.issued.clear();
        let snapshot = rollout.snapshot();
        rollout.outbox.records.push_back(snapshot);
        rollout.journaled();
        Ok(rollout)
    }

    /// The successor of a superseded rollout: it takes over claim, binding and recorded start, and
    /// never discovers its own.
    ///
    /// # Errors
    /// [`StartError`]; nothing was written.
    pub fn succeed(
        handover: Handover,
        plan: Plan,
        prepared: &[PreparedCheck],
        now: Timestamp,
    ) -> Result<Self, StartError> {
        let (mut claims, mut baselines) = (BTreeMap::new(), BTreeMap::new());
        let found = handover.parts.into_iter().map(|(part, handed)| {
            claims.insert(part.clone(), handed.claim);
            baselines.insert(part.clone(), handed.baseline);
            (
                part,
                Discovery {
                    binding: handed.binding,
                    ..handed.found
                },
            )
        });
        let found = found.collect();
        let mut rollout = Self::begin(handover.to, plan, found, prepared, claims, true, now)?;
        for (name, part) in &mut rollout.decided.parts {
            part.baseline = part.baseline.max(baselines.get(name).copied().unwrap_or(0));
            // What is not observed to be exposed counts as draining from now: the one before moved traffic.
            part.exposure = Tracks {
                stable: Exposure::Exposed,
                candidate: Exposure::Exposed,
            };
        }
        let _ = rollout.claiming_begins();
        rollout.outbox.issued.clear();
        let snapshot = rollout.snapshot();
        rollout.outbox.records.push_back(snapshot);
        rollout.journaled();
        Ok(rollout)
    }

    fn begin(
        id: RolloutId,
        plan: Plan,
        found: Found,
        prepared: &[PreparedCheck],
        claims_before: BTreeMap<Part, Claim>,
        inherited: bool,
        now: Timestamp,
    ) -> Result<Self, StartError> {
        plan.check()?;
        vet_parts(&plan, &found)?;
        let alpha = share_budget(&plan, prepared)?;
        let digest = plan.digest();
        let parts = found
            .iter()
            .map(|(part, found)| (part.clone(), part_at_start(found, now)));
        let decided = Decided {
            state: State::Claiming,
            since: now,
            pause: None,
            parts: parts.collect(),
            open: BTreeMap::new(),
            next_id: 1,
            standing: None,
            standings: 0,
            failed_at: None,
            past_no_return: false,
            promote_all: false,
            to_undo: Vec::new(),
            done_for_good: BTreeSet::new(),
            went_on_by_time: 0,
            traffic_restored: false,
            audit: Vec::new(),
        };
        let latest = Latest {
            clock: MachineClock::begin(now),
            parts: found
                .iter()
                .map(|(part, _)| (part.clone(), LatestPart::default()))
                .collect(),
            checks: CopyOnChange::default(),
        };
        let fixed = Arc::new(Fixed {
            id,
            plan,
            digest,
            found,
            alpha,
            claims_before,
            inherited,
        });
        let mut rollout = Self {
            fixed,
            decided,
            latest,
            outbox: Outbox::default(),
        };
        let plan = &rollout.fixed.plan;
        rollout.say(News::Started {
            release: plan.release().to_string(),
            plan: rollout.fixed.digest.as_str().to_owned(),
            stages: plan.stages().len(),
        });
        Ok(rollout)
    }

    fn claiming_begins(&mut self) -> transition::Flow {
        self.transition()
    }
}

fn runs_already(part: &Part, found: &Discovery, plan: &Plan) -> bool {
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

fn part_at_start(found: &Discovery, now: Timestamp) -> PartState {
    let traffic = &found.observation.traffic.written;
    // What was found does not tell since when nobody is sent to a track: somebody may have switched a
    // second ago. So what its ready pods still answer drains from when it is known that nobody is.
    let is_known = match &found.observation.traffic.effective {
        Effective::Verified(effective) => effective == traffic,
        Effective::Unverified => true,
        Effective::Converging | Effective::Partial => false,
    };
    let exposure = |track, reached: bool| {
        let seen = found.observation.track(track);
        if !reached && (seen.is_absent() || (is_known && seen.ready() == 0)) {
            return Exposure::Clean;
        }
        match found.capabilities.effectiveness {
            Effectiveness::Assumed { after } if !reached => {
                let observed = &found.observation.traffic;
                let until = now + after + observed.drain.max(observed.sticky);
                Exposure::Draining { until }
            }
            Effectiveness::Verified | Effectiveness::Assumed { .. } => Exposure::Exposed,
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
            stable: exposure(Track::Stable, traffic.reaches_stable()),
            candidate: exposure(Track::Candidate, traffic.reaches_candidate()),
        },
        share: Tracks {
            stable: traffic.weight.rest(),
            candidate: traffic.candidate_share(),
        },
        lost_share_drains: Tracks::default(),
        // Where nobody can ask the router, somebody may have switched a second ago.
        traffic_since: match found.capabilities.effectiveness {
            Effectiveness::Assumed { .. } => now,
            Effectiveness::Verified => now.before(std::time::Duration::from_secs(3600)),
        },
        baseline: found.baseline(),
        validated: ImageIds::default(),
        reasserted: 0,
        person_moved_traffic: false,
        left_by_hand: None,
        deployment_failed: None,
        unreadable: None,
        unwritable: None,
        failures: 0,
        retry_at: None,
        claim_lost: false,
        refused: None,
        health: Tracks::default(),
        ready_since: None,
        waiting: Waits::default(),
    }
}

fn vet_parts(plan: &Plan, found: &Found) -> Result<(), StartError> {
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
                problem: "traffic follows ready replicas, and an autoscaler owns stable's count, so no share can be reached"
                    .to_owned(),
                mend: "suspend the autoscaler for the rollout, or use a router".to_owned(),
            });
        }
    }
    Ok(())
}

fn share_budget(
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
    let share = plan.policies().false_alarm_share(bounded.len());
    Ok(bounded
        .into_iter()
        .map(|prepared| (prepared.check.clone(), share))
        .collect())
}
