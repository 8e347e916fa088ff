//! How a rollout stands, put together for people.

use std::collections::BTreeMap;

use super::outcome::{Left, Outcome};
use super::part_state::Waits;
use super::state::{Hold, State};
use super::status::{
    ApprovalStatus, BakeStatus, CheckStatus, PartStatus, Phase, StageState, StageStatus, Status,
    TrackStatus,
};
use super::walk::shown_weight;
use super::{Reason, Rollout};
use crate::plan::GateKind;
use crate::release::Part;
use crate::target::{ObservedTrack, Routing};
use crate::track::Track;
use crate::weight::Weight;

impl Rollout {
    /// How it stands, for people and for `watch`. A copy: nothing in it changes the rollout.
    pub fn status(&self) -> Status {
        let clock = self.latest.clock;
        let reason = self.reason();
        let stage = self.stage_shown();
        let failed = reason.is_some();
        Status {
            id: self.fixed.id.clone(),
            strategy: self.fixed.plan.strategy().to_owned(),
            release: self.fixed.plan.release().to_string(),
            plan: self.fixed.digest.as_str().to_owned(),
            phase: self.phase(),
            since: clock.wall_at(self.decided.since),
            stage,
            stages: self.stages_shown(stage, failed),
            paused_until: self.decided.pause.map(|until| clock.wall_at(until)),
            held_until: self
                .decided
                .state
                .held()
                .map(|held| clock.wall_at(held.until)),
            reason,
            waiting: self.waits(),
            left: self.left_shown(),
            approval: self.approval(),
            bake: self.bake(),
            parts: self
                .fixed
                .found
                .iter()
                .filter_map(|(part, _)| Some((part.clone(), self.part_status(part)?.into())))
                .collect(),
            checks: self.checks_shown(),
            outcome: self.outcome().cloned(),
            settled: self.is_settled(),
        }
    }

    fn left_shown(&self) -> Vec<Left> {
        match &self.decided.state {
            State::RollingBack(rolling) => rolling.left.clone(),
            State::Settling(settling) => left_of(&settling.outcome, &settling.left),
            State::Settled { outcome, left } => left_of(outcome, left),
            State::Claiming
            | State::Confirming
            | State::Gating(_)
            | State::Hooking(_)
            | State::Stepping(_)
            | State::Baking(_)
            | State::Holding(_)
            | State::Superseding(_) => Vec::new(),
        }
    }

    fn phase(&self) -> Phase {
        match &self.decided.state {
            State::Claiming => Phase::Claiming,
            State::Confirming => Phase::Confirming,
            State::Gating(_) => Phase::Gating,
            State::Hooking(_) => Phase::Hooking,
            State::Stepping(_) => Phase::Stepping,
            State::Baking(_) => Phase::Baking,
            State::Holding(_) => Phase::Holding,
            State::RollingBack(rolling) if rolling.stuck => Phase::Stuck,
            State::RollingBack(_) => Phase::RollingBack,
            State::Superseding(_) => Phase::Superseding,
            State::Settling(_) => Phase::Settling,
            State::Settled { .. } => Phase::Settled,
        }
    }

    fn reason(&self) -> Option<Reason> {
        match &self.decided.state {
            State::RollingBack(rolling) => Some(rolling.reason.clone()),
            State::Holding(holding) => match &holding.why {
                Hold::Failed(reason)
                | Hold::NoWayBack(reason)
                | Hold::Undecided(reason)
                | Hold::Foreign(reason) => Some(reason.clone()),
                Hold::HookUnfinished { .. } => None,
            },
            State::Settling(settling) => reason_of(&settling.outcome),
            State::Settled { outcome, .. } => reason_of(outcome),
            State::Claiming
            | State::Confirming
            | State::Gating(_)
            | State::Hooking(_)
            | State::Stepping(_)
            | State::Baking(_)
            | State::Superseding(_) => None,
        }
    }

    fn stage_shown(&self) -> usize {
        let promoted = matches!(
            &self.decided.state,
            State::Settling(super::state::Settling {
                outcome: Outcome::Promoted,
                ..
            }) | State::Settled {
                outcome: Outcome::Promoted,
                ..
            }
        );
        if promoted {
            return self.fixed.plan.stages().len();
        }
        self.decided
            .state
            .stage()
            .or(self.decided.failed_at)
            .or(self.decided.standing)
            .unwrap_or(0)
    }

    fn stages_shown(&self, at: usize, failed: bool) -> Vec<StageStatus> {
        let stages = self.fixed.plan.stages().iter().enumerate();
        let shown = stages.map(|(index, stage)| StageStatus {
            name: stage.name.clone(),
            weight: stage
                .goals
                .values()
                .map(|goal| goal.traffic.weight)
                .max()
                .unwrap_or(Weight::ZERO),
            state: match index.cmp(&at) {
                std::cmp::Ordering::Less => StageState::Passed,
                std::cmp::Ordering::Equal if failed => StageState::Failed,
                std::cmp::Ordering::Equal if self.decided.state.is_forward() => StageState::Active,
                std::cmp::Ordering::Equal | std::cmp::Ordering::Greater => StageState::Pending,
            },
        });
        shown.collect()
    }

    fn waits(&self) -> Vec<Left> {
        if self.is_settled() {
            return Vec::new();
        }
        let waits = self
            .decided
            .parts
            .iter()
            .filter_map(|(part, state)| match &state.waiting {
                Waits::No => None,
                Waits::For { what, .. } => Some(Left {
                    part: part.clone(),
                    what: match &state.refused {
                        Some(refused) => {
                            format!("{what} (the last write or claim failed: {refused})")
                        }
                        None => what.clone(),
                    },
                }),
                Waits::Never { why } => Some(Left {
                    part: part.clone(),
                    what: why.clone(),
                }),
            });
        waits.collect()
    }

    fn approval(&self) -> Option<ApprovalStatus> {
        let State::Gating(gating) = &self.decided.state else {
            return None;
        };
        let stage = self.fixed.plan.stages().get(gating.stage)?;
        let gate = stage.gates.get(gating.gate)?;
        let GateKind::Approval { roles, quorum } = &gate.kind else {
            return None;
        };
        let given = u32::try_from(gating.given_by.len()).unwrap_or(u32::MAX);
        Some(ApprovalStatus {
            stage: stage.name.clone(),
            gate: gate.name.clone(),
            roles: roles.iter().cloned().collect(),
            given_by: gating.given_by.iter().cloned().collect(),
            missing: quorum.saturating_sub(given),
            until: self.latest.clock.wall_at(gating.until),
        })
    }

    fn bake(&self) -> Option<BakeStatus> {
        let State::Baking(baking) = &self.decided.state else {
            return None;
        };
        let stage = self.fixed.plan.stages().get(baking.stage)?;
        Some(BakeStatus {
            elapsed: baking.clock.at(self.now()),
            at_least: stage.bake.at_least,
            running: baking.clock.running_since.is_some(),
        })
    }

    fn part_status(&self, part: &Part) -> Option<PartStatus> {
        let found = self.fixed.found.part(part)?;
        let latest = self.latest.parts.get(part)?;
        let seen = latest.observation.as_deref().unwrap_or(&found.observation);
        let track = |track: Track| track_status(found.names.of(track), seen.track(track));
        let written = shown_weight(seen, found.capabilities.routing);
        let effective = match found.capabilities.routing {
            Routing::FollowsReadiness => Some(written),
            Routing::Routed | Routing::Native => {
                self.effective(part, seen).map(|traffic| traffic.weight)
            }
        };
        Some(PartStatus {
            stable: track(Track::Stable),
            candidate: track(Track::Candidate),
            written,
            effective,
            reachable: self
                .decided
                .parts
                .get(part)
                .is_none_or(|state| !state.is_unreachable()),
            observed: latest.at.map(|at| self.latest.clock.wall_at(at)),
        })
    }

    fn checks_shown(&self) -> BTreeMap<crate::plan::CheckName, CheckStatus> {
        let checks = self.fixed.plan.checks().keys().map(|name| {
            let latest = self.latest.checks.get(name);
            let status = latest.map_or_else(CheckStatus::default, |latest| CheckStatus {
                looks: latest.looks,
                failures: latest.failures,
                verdict: latest.verdict.clone(),
                evidence: latest.evidence.to_string(),
            });
            (name.clone(), status)
        });
        checks.collect()
    }
}

fn reason_of(outcome: &Outcome) -> Option<Reason> {
    match outcome {
        Outcome::RolledBack { reason } => Some(reason.clone()),
        Outcome::Promoted | Outcome::Superseded { .. } | Outcome::Abandoned { .. } => None,
    }
}

fn left_of(outcome: &Outcome, behind: &[Left]) -> Vec<Left> {
    let abandoned = match outcome {
        Outcome::Abandoned { left } => left.as_slice(),
        Outcome::Promoted | Outcome::Superseded { .. } | Outcome::RolledBack { .. } => &[],
    };
    [abandoned, behind].concat()
}

fn track_status(name: &str, seen: &ObservedTrack) -> TrackStatus {
    let fatal = seen.pods.iter().flat_map(|pods| &pods.fatal);
    TrackStatus {
        name: name.to_owned(),
        runs: seen.written.as_ref().map_or_else(
            || "absent".to_owned(),
            |written| written.revision.images.to_string(),
        ),
        ready: seen.ready(),
        wanted: seen.wanted(),
        fatal: fatal
            .map(|fatal| format!("{}: {}", fatal.reason, fatal.message))
            .collect(),
    }
}
