//! One thing happens: what it does to the world, what the machine is told, and what it orders then.

use std::time::Duration;

use super::decided::accepted;
use super::flaw::Flaw;
use super::ground::Ground;
use super::moves::{Answer, Asked, Judgement, Move, Reading};
use super::node::{Node, Pending};
use super::outputs::{Happened, Outputs};
use super::promise::Tally;
use super::world::{refused, unanswered};
use crate::analysis::{Measurement, Verdict};
use crate::hook::{GateAnswer, HookReport};
use crate::release::Part;
use crate::rollout::searched::Place;
use crate::rollout::{Alarm, Command, Completion, Effect, Failure, Input, LookId, Wish};
use crate::target::{Applied, Apply, Claim, EffectId, TargetErrorKind};
use crate::timestamp::Timestamp;

/// What a search acts with.
#[derive(Debug)]
pub(super) struct Actor<'a> {
    pub(super) ground: &'a Ground,
    pub(super) flaw: Option<Flaw>,
    pub(super) tally: &'a mut Tally,
    /// States are left as they are: to see that the canonical ones do the same.
    pub(super) raw: bool,
}

/// What a move comes to: the machine is told something, or only the world changed.
enum Told {
    Input(Box<Input>),
    Nothing,
}

impl Actor<'_> {
    /// The state after a move; `None` where it cannot be made.
    pub(super) fn after(&mut self, node: &Node, step: Move) -> Option<Node> {
        let mut next = node.clone();
        let mut now = next.rollout.wall();
        let told = self.happens(&mut next, step, &mut now)?;
        let under_way = next.writes_under_way();
        match told {
            Told::Input(input) => {
                let misuse = next.rollout.handle(*input, now).err();
                self.tally.judge(11, misuse.is_none(), || {
                    format!("an answer to an effect of its own was called misuse: {misuse:?}")
                });
            }
            Told::Nothing => {}
        }
        accepted(node, step, &mut next);
        self.given_up(&mut next, &under_way);
        Some(self.finish(next, Some(Happened { step, before: node })))
    }

    /// The state after something that the machine is not told of.
    pub(super) fn hides(&mut self, node: &Node, step: Move) -> Option<Node> {
        let mut next = node.clone();
        let mut now = next.rollout.wall();
        match self.happens(&mut next, step, &mut now)? {
            Told::Nothing => Some(next),
            Told::Input(_) => None,
        }
    }

    /// Takes the outputs of the machine, judges them, and makes the state canonical.
    ///
    /// `happened`: `None` at the start.
    pub(super) fn finish(&mut self, mut next: Node, happened: Option<Happened<'_>>) -> Node {
        let outputs = Outputs::of(&mut next.rollout);
        self.outputs(&mut next, outputs, happened);
        next.memory.reduce(self.ground);
        next.reduce(self.ground);
        if self.raw { next } else { self.canonical(next) }
    }

    /// A write that the machine does not wait for any longer may still land.
    fn given_up(&self, next: &mut Node, under_way: &[(EffectId, Part, Box<Apply>)]) {
        for (id, part, request) in under_way {
            if next.rollout.open_effect(*id).is_some() {
                continue;
            }
            let Some(index) = self.ground.index(part) else {
                continue;
            };
            let looks = next.rollout.look_under_way(part).is_some();
            if let Some(world) = next.world.parts.get_mut(index)
                && world.claim.as_ref() == Some(&request.claim)
            {
                world.late.get_or_insert_with(|| request.clone());
            }
            if let Some(memory) = next.memory.parts.get_mut(index) {
                memory.may_have_landed(looks);
            }
        }
        let rollout = &next.rollout;
        next.ordered.retain(|id| rollout.open_effect(*id).is_some());
    }

    pub(super) fn canonical(&self, next: Node) -> Node {
        let Node {
            rollout,
            mut world,
            mut memory,
            mut ordered,
        } = next;
        for ((ground, world), memory) in
            (self.ground.parts.iter().zip(&mut world.parts)).zip(&mut memory.parts)
        {
            let base = rollout.epoch_base(&ground.name);
            let rebase = |claim: &mut Claim| {
                if claim.holder == *rollout.id() {
                    claim.epoch = crate::rollout::rebased(claim.epoch, base);
                }
            };
            world.claim.iter_mut().for_each(rebase);
            if let Some(late) = &mut world.late {
                rebase(&mut late.claim);
                late.id = EffectId::default();
            }
            memory.held = memory
                .held
                .map(|epoch| crate::rollout::rebased(epoch, base));
        }
        let canonical = rollout.into_canonical(Some(self.ground.tick));
        for id in &mut ordered {
            *id = canonical.ids.get(id).copied().unwrap_or_default();
        }
        ordered.sort_unstable();
        Node {
            rollout: canonical.rollout,
            world,
            memory,
            ordered,
        }
    }

    fn happens(&mut self, next: &mut Node, step: Move, now: &mut Timestamp) -> Option<Told> {
        let input = match step {
            Move::Answer(index, answer) => self.answer(next, index, answer)?,
            Move::Look(part, reading) => self.look(next, usize::from(part), reading)?,
            Move::Change(part, change) => {
                let index = usize::from(part);
                let ground = self.ground.parts.get(index)?;
                next.world.parts.get_mut(index)?.change(ground, change);
                return Some(Told::Nothing);
            }
            Move::Notice(part) => Input::Changed {
                part: self.ground.parts.get(usize::from(part))?.name.clone(),
            },
            Move::Measured(check, judgement) => self.measured(next, check, judgement)?,
            Move::LateLands(part) => {
                let index = usize::from(part);
                let late = next.world.parts.get_mut(index)?.late.take()?;
                let part = self.ground.parts.get(index)?.name.clone();
                let _ = self.land(next, &part, &late);
                return Some(Told::Nothing);
            }
            Move::Hand(part, hand) => {
                self.hand(next, usize::from(part), hand)?;
                return Some(Told::Nothing);
            }
            Move::TakenOver(part) => {
                let world = next.world.parts.get_mut(usize::from(part))?;
                let other = "another".parse().ok()?;
                let claim = Claim {
                    holder: other,
                    epoch: 1,
                };
                let from = world.claim.clone();
                let _ = world.set_claim(from.as_ref(), Some(&claim));
                return Some(Told::Nothing);
            }
            Move::Commanded(asked) => {
                let wish = self.wish(next, asked)?;
                let swallowed = self.flaw == Some(Flaw::CommandsAreLost)
                    || (self.flaw == Some(Flaw::AbortsAreRefused) && asked == Asked::Abort)
                    || (self.flaw == Some(Flaw::AbortsWait)
                        && asked == Asked::Abort
                        && !next.ordered.is_empty());
                if swallowed {
                    return Some(Told::Nothing);
                }
                let id = format!("command-{}", next.rollout.heard());
                Input::Commanded(Command::new(id, "ada", wish))
            }
            Move::Alarm => {
                let id = format!("alarm-{}", next.rollout.heard());
                Input::AlarmRaised(Alarm::new(id, "pager", "smoke"))
            }
            Move::Crash(crash) => {
                self.crash(next, crash, *now)?;
                return Some(Told::Nothing);
            }
            Move::Tick => {
                if self.flaw != Some(Flaw::TimeStands) {
                    *now = *now + self.ground.tick;
                    next.memory.tick(self.ground);
                }
                Input::TimePassed
            }
        };
        Some(Told::Input(Box::new(input)))
    }

    fn wish(&self, next: &Node, asked: Asked) -> Option<Wish> {
        let plan = self.ground.digest.clone();
        let first = || self.ground.plan.stages().first().map(|stage| &stage.name);
        let stage = next.rollout.stage_name().or_else(first)?.clone();
        Some(match asked {
            Asked::Abort => Wish::Abort { force: false },
            Asked::Force => Wish::Abort { force: true },
            Asked::Reject => Wish::Reject,
            Asked::Pause => Wish::Pause,
            Asked::Unpause => Wish::Unpause,
            Asked::Advance
                if self.flaw == Some(Flaw::AdvanceIsRetry)
                    && next.rollout.place() == Place::Holding =>
            {
                Wish::Retry
            }
            Asked::Advance => Wish::Advance { stage, plan },
            Asked::Promote => Wish::Promote { plan },
            Asked::Retry => Wish::Retry,
            Asked::Abandon => Wish::Abandon,
            Asked::Supersede => Wish::Supersede {
                by: "successor".parse().ok()?,
            },
            Asked::Approve => Wish::Approve { stage, plan },
        })
    }

    fn answer(&mut self, next: &mut Node, index: u8, answer: Answer) -> Option<Input> {
        let pending = next.pending(self.ground);
        let Pending::Effect(id) = *pending.get(usize::from(index))? else {
            return None;
        };
        let effect = next.rollout.open_effect(id)?.clone();
        let done: Result<Completion, Failure> = match (&effect, answer) {
            (_, Answer::NotNow) => Err(refused(TargetErrorKind::Unavailable)),
            (_, Answer::Never) => Err(refused(TargetErrorKind::PermissionDenied)),
            (Effect::Claim { part, from, to, .. }, Answer::Done | Answer::Lost) => {
                let dropped = self.flaw == Some(Flaw::FenceIsDropped) && from.is_some();
                let (world, _) = next.world.part(self.ground, part)?;
                let set = if dropped {
                    Ok(())
                } else {
                    world.set_claim(from.as_ref(), to.as_ref())
                };
                if set.is_ok() && answer == Answer::Done {
                    self.acknowledge(next, part, to.as_ref());
                }
                set.map(|()| Completion::Claimed)
            }
            (Effect::Apply { part, request }, Answer::Done | Answer::Lost) => self
                .land(next, part, request)
                .map(|()| Completion::Applied(Applied::default())),
            (Effect::Apply { part, request }, Answer::Late) => {
                next.world.part(self.ground, part)?.0.late = Some(request.clone());
                Err(unanswered())
            }
            (Effect::RunHook { .. }, Answer::Done) => {
                Ok(Completion::HookRan(HookReport::passed("done")))
            }
            (Effect::RunHook { .. }, _) => Ok(Completion::HookRan(HookReport::failed("no"))),
            (Effect::AskGate { .. }, Answer::Done) => {
                Ok(Completion::GateAnswered(GateAnswer::Open))
            }
            (Effect::AskGate { .. }, Answer::Closed) => Ok(Completion::GateAnswered(
                GateAnswer::Closed("later".to_owned()),
            )),
            (Effect::AskGate { .. }, _) => Ok(Completion::GateAnswered(GateAnswer::Refused(
                "no".to_owned(),
            ))),
            (_, _) => return None,
        };
        let done = match (answer, done) {
            (Answer::Lost, Ok(_)) => Err(unanswered()),
            (_, done) => done,
        };
        if let Effect::Claim { part, .. } | Effect::Apply { part, .. } = &effect {
            let took = done.is_ok() || matches!(answer, Answer::Lost | Answer::Late);
            let looks = next.rollout.look_under_way(part).is_some();
            if took && let Some(memory) = next.memory.parts.get_mut(self.ground.index(part)?) {
                memory.may_have_landed(looks);
            }
        }
        if let Effect::Apply { part, request } = &effect
            && done.is_ok()
            && let Some(memory) = next.memory.parts.get_mut(self.ground.index(part)?)
        {
            // Acknowledged as ours, also where a person wrote the same.
            memory.weight = request.desired.traffic.weight;
        }
        next.ordered.retain(|ordered| *ordered != id);
        Some(match done {
            Ok(outcome) => Input::EffectSucceeded { id, outcome },
            Err(failure) => Input::EffectFailed { id, failure },
        })
    }

    fn acknowledge(&self, next: &mut Node, part: &Part, to: Option<&Claim>) {
        let ours = to.filter(|claim| claim.holder == *next.rollout.id());
        let held = ours.map(|claim| claim.epoch);
        let memory = self.ground.index(part);
        if let Some(memory) = memory.and_then(|part| next.memory.parts.get_mut(part)) {
            memory.held = held;
        }
    }

    fn look(&mut self, next: &mut Node, index: usize, reading: Reading) -> Option<Input> {
        let ground = self.ground.parts.get(index)?;
        let part = ground.name.clone();
        let ticket = next.rollout.look_under_way(&part)?;
        let world = next.world.parts.get_mut(index)?;
        world.unread = 0;
        if reading == Reading::Error {
            world.missed = !self.ground.eager;
            let failure = refused(TargetErrorKind::Unavailable);
            return Some(Input::ObserveFailed {
                part,
                ticket,
                failure,
            });
        }
        let mut shown = world.clone();
        if let Some(flaw) = self.flaw {
            flaw.shows(&mut shown);
        }
        let mut seen = shown.observe(ground);
        seen.owned = world.owned();
        if let Some(flaw) = self.flaw {
            flaw.tells(&mut seen);
        }
        if reading == Reading::Stale && self.flaw != Some(Flaw::OldIsFresh) {
            seen.age = self.ground.plan.policies().stale_after + Duration::from_millis(1);
        }
        let memory = next.memory.parts.get_mut(index)?;
        if !memory.look_is_old {
            let before = memory.weight;
            memory.tell(world, ground, reading == Reading::Stale, self.ground.tick);
            memory.note_hand(world.author, before);
            world.missed = false;
        } else {
            world.missed = !self.ground.eager;
        }
        memory.look_is_old = false;
        Some(Input::Observed {
            part,
            ticket,
            observation: Box::new(seen),
        })
    }

    fn measured(&mut self, next: &mut Node, check: u8, judgement: Judgement) -> Option<Input> {
        let (name, planned) = self.ground.plan.checks().iter().nth(usize::from(check))?;
        let look = next.rollout.measure_under_way(name)?;
        let (id, from) = (LookId::from(look), look.window.from);
        let verdict = match judgement {
            Judgement::Pass => Verdict::Pass,
            Judgement::Fail => Verdict::Fail,
            Judgement::Undecided => Verdict::Undecided,
            Judgement::NoData if self.flaw == Some(Flaw::NoDataIsPass) => Verdict::Pass,
            Judgement::NoData => Verdict::Inconclusive("no data".to_owned()),
            Judgement::Error => {
                return Some(Input::MeasureFailed {
                    look: id,
                    failure: refused(TargetErrorKind::Unavailable),
                });
            }
        };
        if let Some(bake) = &mut next.memory.bake {
            let began = next
                .rollout
                .wall()
                .before(self.ground.tick * u32::from(bake.ticks));
            if judgement == Judgement::Pass && from >= began {
                let passes = bake.passes.entry(name.clone()).or_default();
                *passes = passes.saturating_add(1);
            }
        }
        if judgement == Judgement::Fail && planned.limits.failures == 0 {
            next.memory.check_failed = true;
        }
        Some(Input::Measured {
            look: id,
            measurement: Measurement::new(verdict, "as the search says"),
        })
    }
}
