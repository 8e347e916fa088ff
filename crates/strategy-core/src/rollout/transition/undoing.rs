//! Undoing what hooks did: the newest first, one at a time, each once.

use crate::plan::{HookPlan, StageName};
use crate::rollout::Rollout;
use crate::rollout::event::News;
use crate::rollout::outcome::Reason;
use crate::rollout::state::{HookAt, State};

impl Rollout {
    /// Undoes the newest hook that is not undone. Says whether one was begun.
    pub(in crate::rollout) fn undo_next(&mut self) -> bool {
        let Some((at, stage, hook)) = self.newest_to_undo() else {
            return false;
        };
        let id = self.next_id();
        self.say(News::HookBegan {
            stage,
            hook: hook.name.clone(),
            point: None,
        });
        self.run_hook(id, at.stage, &hook, true);
        if let Some(undoing) = self.decided.state.undoing_mut() {
            *undoing = Some(id);
        }
        true
    }

    pub(in crate::rollout) fn newest_to_undo(&self) -> Option<(HookAt, StageName, HookPlan)> {
        let at = self.decided.to_undo.last()?.clone();
        let stage = self.fixed.plan.stages().get(at.stage)?;
        let hook = stage.hooks.get(at.hook)?.clone();
        Some((at, stage.name.clone(), hook))
    }

    /// The undo under way ended, or could not be run.
    pub(in crate::rollout) fn undo_ended(&mut self, passed: bool, summary: &str) {
        let Some((_, stage, hook)) = self.newest_to_undo() else {
            return;
        };
        if let Some(undoing) = self.decided.state.undoing_mut() {
            *undoing = None;
        }
        self.say(News::HookEnded {
            stage,
            hook: hook.name.clone(),
            passed,
            summary: summary.to_owned(),
        });
        if passed {
            self.decided.to_undo.pop();
        } else {
            let message = format!("the undo of hook `{}` failed: {summary}", hook.name);
            self.undo_failed(&hook.name, message);
        }
    }

    /// Only a person's retry runs it again; a successor is not given what could not be undone.
    pub(in crate::rollout) fn undo_failed(&mut self, hook: &str, message: String) {
        self.roll_back(Reason::Hook {
            hook: hook.to_owned(),
            message: message.clone(),
        });
        if let State::RollingBack(rolling) = &mut self.decided.state {
            rolling.undoing = None;
            rolling.undo_failed = Some(message);
        }
    }
}
