//! Entering a stage, and its gates.

use super::Flow;
use crate::hook::{GateAnswer, GateRequest};
use crate::plan::{GateKind, HookPoint, Then};
use crate::rollout::Rollout;
use crate::rollout::effect::Effect;
use crate::rollout::event::News;
use crate::rollout::outcome::{Outcome, Reason};
use crate::rollout::state::{Gating, State, stage_name};
use crate::target::EffectId;
use crate::timestamp::Timestamp;

impl Rollout {
    /// The next stage, or the end of the plan.
    pub(in crate::rollout) fn enter_stage(&mut self, stage: usize) {
        let Some(entered) = self.fixed.plan.stages().get(stage).cloned() else {
            self.settle(Outcome::Promoted, true);
            return;
        };
        self.say(News::StageEntered {
            stage: entered.name,
            number: stage.saturating_add(1),
        });
        self.enter_gate(stage, 0);
        self.reset_health();
    }

    pub(super) fn enter_gate(&mut self, stage: usize, gate: usize) {
        let now = self.now();
        let Some(entered) = self.fixed.plan.stages().get(stage) else {
            return;
        };
        let Some(asked) = entered.gates.get(gate).cloned() else {
            // Only now: while its gates are asked the way back is still open.
            self.decided.past_no_return |= entered.point_of_no_return;
            self.enter_hooks(stage, HookPoint::Before);
            return;
        };
        let until = now + asked.limit;
        if let GateKind::Approval { roles, quorum } = &asked.kind {
            self.say(News::ApprovalAwaited {
                stage: entered.name.clone(),
                gate: asked.name,
                roles: roles.iter().cloned().collect(),
                missing: *quorum,
                until: self.latest.clock.wall_at(until),
            });
        }
        let given_by = std::collections::BTreeSet::new();
        self.enter(State::Gating(Gating {
            stage,
            gate,
            until,
            given_by,
            asking: None,
            ask_at: now,
        }));
    }

    pub(super) fn gating(&mut self, gating: &Gating) -> Flow {
        let now = self.now();
        self.maintain();
        let stage = self.fixed.plan.stages().get(gating.stage);
        let Some(gate) = stage
            .and_then(|stage| stage.gates.get(gating.gate))
            .cloned()
        else {
            return Flow::Rest;
        };
        let open = match &gate.kind {
            GateKind::Approval { quorum, .. } => gating.given_by.len() >= *quorum as usize,
            GateKind::External { .. } => false,
        };
        if open && self.decided.pause.is_none() {
            self.gate_opened(gating);
            return Flow::Again;
        }
        let waits = gate.then == Then::GoOn && self.decided.pause.is_some();
        if now >= gating.until && !waits {
            self.gate_expired(gating, &gate.name, gate.then);
            return Flow::Again;
        }
        if let GateKind::External { ask, .. } = &gate.kind
            && gating.asking.is_none()
            && now >= gating.ask_at
            && self.decided.pause.is_none()
        {
            let id = self.next_id();
            let request = GateRequest {
                id,
                rollout: self.fixed.id.clone(),
                stage: stage_name(&self.fixed.plan, gating.stage)
                    .cloned()
                    .unwrap_or_else(|| "".into()),
                gate: gate.name.clone(),
                release: self.fixed.plan.release().clone(),
                ask: ask.clone(),
            };
            let timeout = self.fixed.plan.policies().write_timeout;
            self.order(Effect::AskGate {
                request: Box::new(request),
                timeout,
            });
            if let State::Gating(gating) = &mut self.decided.state {
                gating.asking = Some(id);
            }
        }
        Flow::Rest
    }

    fn gate_opened(&mut self, gating: &Gating) {
        let stage = self.fixed.plan.stages().get(gating.stage);
        if let Some((stage, gate)) =
            stage.and_then(|stage| Some((stage, stage.gates.get(gating.gate)?)))
        {
            self.say(News::GateOpened {
                stage: stage.name.clone(),
                gate: gate.name.clone(),
            });
        }
        self.enter_gate(gating.stage, gating.gate.saturating_add(1));
    }

    fn gate_expired(&mut self, gating: &Gating, gate: &str, then: Then) {
        let reason = Reason::Gate {
            gate: gate.to_owned(),
            message: "it was not opened before its limit".to_owned(),
        };
        match then {
            Then::GoOn => self.gate_opened(gating),
            Then::Abandon => self.abandon(),
            Then::RollBack => self.roll_back_or_hold(reason),
        }
    }

    /// An external gate was answered, or could not be asked.
    pub(in crate::rollout) fn gate_answered(
        &mut self,
        id: EffectId,
        answer: Result<&GateAnswer, &str>,
    ) {
        let now = self.now();
        let State::Gating(gating) = &self.decided.state else {
            return;
        };
        if gating.asking != Some(id) {
            return;
        }
        let gating = gating.clone();
        let stage = self.fixed.plan.stages().get(gating.stage);
        let Some((stage, gate)) = stage
            .and_then(|stage| Some((stage.name.clone(), stage.gates.get(gating.gate)?.clone())))
        else {
            return;
        };
        let closed = match answer {
            // Nothing goes on in a pause; it is asked again after it.
            Ok(GateAnswer::Open) if self.decided.pause.is_some() => {
                if let State::Gating(gating) = &mut self.decided.state {
                    gating.asking = None;
                    gating.ask_at = now;
                }
                return;
            }
            Ok(GateAnswer::Open) => {
                self.gate_opened(&gating);
                return;
            }
            Ok(GateAnswer::Refused(why)) => {
                self.fail(Reason::Gate {
                    gate: gate.name,
                    message: why.clone(),
                });
                return;
            }
            Ok(GateAnswer::Closed(why)) => why.clone(),
            Err(why) => format!("it could not be asked: {why}"),
        };
        self.say(News::GateClosed {
            stage,
            gate: gate.name.clone(),
            why: closed,
        });
        let every = match gate.kind {
            GateKind::External { every, .. } => every,
            GateKind::Approval { .. } => return,
        };
        if let State::Gating(gating) = &mut self.decided.state {
            gating.asking = None;
            gating.ask_at = now + every;
        }
    }

    pub(in crate::rollout) fn gate_timers(&self, gating: &Gating) -> Option<Timestamp> {
        let asks = gating.asking.is_none() && gating.ask_at > self.now();
        Some(if asks {
            gating.until.min(gating.ask_at)
        } else {
            gating.until
        })
    }
}
