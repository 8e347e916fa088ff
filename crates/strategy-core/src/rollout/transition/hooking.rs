//! Hooks at a point of a stage, one after the other, and what follows when they are done.

use super::Flow;
use crate::hook::HookRequest;
use crate::plan::{HookPlan, HookPoint, OnHookFailure, Rerun, Then, Undo};
use crate::rollout::Rollout;
use crate::rollout::effect::Effect;
use crate::rollout::event::News;
use crate::rollout::goal;
use crate::rollout::outcome::Reason;
use crate::rollout::state::{Hold, HookAt, Hooking, State};
use crate::rollout::step::Until;
use crate::target::EffectId;

impl Rollout {
    /// The hooks of a point, from the first.
    pub(in crate::rollout) fn enter_hooks(&mut self, stage: usize, point: HookPoint) {
        self.next_hook(stage, point, 0);
    }

    fn next_hook(&mut self, stage: usize, point: HookPoint, from: usize) {
        let hooks = self
            .fixed
            .plan
            .stages()
            .get(stage)
            .map(|stage| stage.hooks.as_slice())
            .unwrap_or_default();
        match hooks.iter().skip(from).position(|hook| hook.point == point) {
            Some(offset) => {
                let hook = from + offset;
                self.enter(State::Hooking(Hooking {
                    stage,
                    point,
                    hook,
                    running: None,
                    confirmed: false,
                    unfinished: false,
                }));
            }
            None => self.hooks_done(stage, point),
        }
    }

    fn hooks_done(&mut self, stage: usize, point: HookPoint) {
        match point {
            HookPoint::Before => {
                self.enter_stepping(stage, Until::Ready);
                self.reset_health();
            }
            HookPoint::Ready => self.enter_stepping(stage, Until::Effective),
            HookPoint::Effective => self.enter_baking(stage),
            HookPoint::Baked => {
                if let Some(passed) = self.fixed.plan.stages().get(stage) {
                    self.say(News::StagePassed {
                        stage: passed.name.clone(),
                    });
                }
                self.enter_stage(stage.saturating_add(1));
            }
        }
    }

    pub(super) fn hooking(&mut self, hooking: &Hooking) -> Flow {
        match hooking.point {
            // Capacity of this stage is there and must stay there, whatever the one before asked.
            HookPoint::Ready => {
                let stage = hooking.stage;
                self.walk_all(|rollout, part| rollout.stage_course(part, stage, Until::Ready));
            }
            HookPoint::Before | HookPoint::Effective | HookPoint::Baked => self.maintain(),
        }
        let stage = self.fixed.plan.stages().get(hooking.stage);
        let Some((stage, hook)) = stage
            .and_then(|stage| Some((stage.name.clone(), stage.hooks.get(hooking.hook)?.clone())))
        else {
            return Flow::Rest;
        };
        let at = HookAt {
            stage: hooking.stage,
            hook: hooking.hook,
        };
        if self.decided.done_for_good.contains(&at) && !hooking.confirmed {
            self.say(News::HookEnded {
                stage,
                hook: hook.name,
                passed: true,
                summary: "it is done and may not run twice".to_owned(),
            });
            self.next_hook(hooking.stage, hooking.point, hooking.hook.saturating_add(1));
            return Flow::Again;
        }
        if hooking.unfinished {
            let limit = self.fixed.plan.policies().pause_limit;
            self.hold(
                Hold::HookUnfinished { hook: hook.name },
                limit,
                Then::RollBack,
                None,
            );
            return Flow::Again;
        }
        if hooking.running.is_some() || self.decided.pause.is_some() {
            return Flow::Rest;
        }
        if hooking.confirmed {
            if hook.rerun == Rerun::Never {
                self.decided.done_for_good.insert(at);
            }
            self.next_hook(hooking.stage, hooking.point, hooking.hook.saturating_add(1));
            return Flow::Again;
        }
        let id = self.next_id();
        match &hook.undo {
            Undo::By(_) => {
                // Begun twice is still undone once.
                self.decided.to_undo.retain(|earlier| *earlier != at);
                self.decided.to_undo.push(at);
            }
            Undo::Impossible => self.decided.past_no_return = true,
            Undo::NotNeeded => {}
        }
        self.say(News::HookBegan {
            stage,
            hook: hook.name.clone(),
            point: Some(hook.point),
        });
        self.run_hook(id, hooking.stage, &hook, false);
        if let State::Hooking(hooking) = &mut self.decided.state {
            hooking.running = Some(id);
        }
        Flow::Rest
    }

    pub(in crate::rollout) fn run_hook(
        &mut self,
        id: EffectId,
        stage: usize,
        hook: &HookPlan,
        undo: bool,
    ) {
        let run = match (&hook.undo, undo) {
            (Undo::By(undo), true) => undo.clone(),
            (Undo::By(_) | Undo::NotNeeded | Undo::Impossible, _) => hook.run.clone(),
        };
        let parts = self
            .part_names()
            .into_iter()
            .filter(|part| hook.part.as_ref().is_none_or(|only| only == part));
        let revisions = parts.filter_map(|part| {
            let goal = goal::goal(&self.fixed.plan, stage, &part)?;
            Some((part, goal.candidate.revision.clone()))
        });
        let request = HookRequest {
            id,
            rollout: self.fixed.id.clone(),
            stage: self
                .fixed
                .plan
                .stages()
                .get(stage)
                .map_or_else(|| "".into(), |stage| stage.name.clone()),
            hook: hook.name.clone(),
            point: (!undo).then_some(hook.point),
            part: hook.part.clone(),
            release: self.fixed.plan.release().clone(),
            revisions: revisions.collect(),
            previews: self.previews(),
            run,
        };
        self.order(Effect::RunHook {
            request: Box::new(request),
            timeout: hook.timeout,
        });
    }

    /// A hook ended, or could not be run.
    pub(in crate::rollout) fn hook_ended(&mut self, id: EffectId, passed: bool, summary: &str) {
        let undoing = self.decided.state.undoing_mut();
        if undoing.is_some_and(|undoing| *undoing == Some(id)) {
            self.undo_ended(passed, summary);
            return;
        }
        let State::Hooking(hooking) = self.decided.state.underneath_mut() else {
            return;
        };
        if hooking.running != Some(id) {
            return;
        }
        let stages = self.fixed.plan.stages();
        let Some((stage, hook)) = stages
            .get(hooking.stage)
            .and_then(|stage| Some((stage, stage.hooks.get(hooking.hook)?)))
        else {
            return;
        };
        let done = passed || hook.on_failure == OnHookFailure::Warn;
        hooking.running = None;
        // While it is held or paused nothing goes on: it goes on from here afterwards.
        hooking.confirmed = done;
        let at = HookAt {
            stage: hooking.stage,
            hook: hooking.hook,
        };
        if done && hook.rerun == Rerun::Never {
            self.decided.done_for_good.insert(at);
        }
        let (stage, hook) = (stage.name.clone(), hook.name.clone());
        self.say(News::HookEnded {
            stage,
            hook: hook.clone(),
            passed,
            summary: summary.to_owned(),
        });
        if !done {
            self.fail(Reason::Hook {
                hook,
                message: summary.to_owned(),
            });
        }
    }
}
