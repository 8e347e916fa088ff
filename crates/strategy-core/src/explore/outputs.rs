//! What the machine orders, records, answers and says after a move, judged.

use super::act::Actor;
use super::flaw::Flaw;
use super::ground::Ground;
use super::judge::Order;
use super::memory::{Bake, PartMemory};
use super::moves::{Asked, Judgement, Move};
use super::node::Node;
use super::world::{Flow, PartWorld, Running};
use crate::explore::ground::{GroundPart, Runs};
use crate::plan::{Goal, Stage};
use crate::release::Part;
use crate::rollout::searched::Place;
use crate::rollout::{Answer, CommandId, Effect, News, Outcome, Record, Rollout};
use crate::target::{Apply, EffectId, Routing};
use crate::track::Track;

/// Everything that was polled after an input, in the order in which a driver polls it.
#[derive(Debug)]
pub(super) struct Outputs {
    records: Vec<Record>,
    answers: Vec<(CommandId, Answer)>,
    effects: Vec<Effect>,
    news: Vec<News>,
}

impl Outputs {
    pub(super) fn of(rollout: &mut Rollout) -> Self {
        Self {
            records: std::iter::from_fn(|| rollout.poll_record()).collect(),
            answers: std::iter::from_fn(|| rollout.poll_answer()).collect(),
            effects: std::iter::from_fn(|| rollout.poll_effect()).collect(),
            news: std::iter::from_fn(|| rollout.poll_event())
                .map(|event| event.news)
                .collect(),
        }
    }
}

impl Actor<'_> {
    pub(super) fn outputs(
        &mut self,
        next: &mut Node,
        mut outputs: Outputs,
        step: Option<(Move, EffectId)>,
    ) {
        if self.flaw == Some(Flaw::AnswersAreRepeated) {
            outputs.answers.extend(outputs.answers.clone());
        }
        if self.flaw == Some(Flaw::DecisionsAreNotKept) {
            outputs.records.clear();
        }
        // At the start the whole machine is recorded.
        if let Some((_, known)) = step {
            self.records(&outputs, known);
        }
        self.news(next, &outputs.news);
        if let Some((step, _)) = step {
            self.decided(next, step, &outputs.answers);
        }
        for effect in &outputs.effects {
            self.order(next, effect);
        }
        if self.flaw == Some(Flaw::WritesAreRepeated) && matches!(step, Some((Move::Crash(_), _))) {
            self.repeat(next);
        }
    }

    /// What is ordered anew and waits for the journal has its decision in the same batch.
    fn records(&mut self, outputs: &Outputs, known: EffectId) {
        let anew = |effect: &&Effect| {
            let again = effect.id().is_some_and(|id| id <= known);
            let cancels = matches!(effect, Effect::Cancel { .. });
            effect.kind().waits_for_journal() && (cancels || !again)
        };
        if let Some(ordered) = outputs.effects.iter().find(anew) {
            let decides = |record: &Record| match record {
                Record::Decision(_) | Record::Snapshot(_) => true,
                Record::State(_) => false,
            };
            self.tally
                .judge(11, outputs.records.iter().any(decides), || {
                    format!(
                        "{:?} is ordered, and no decision is recorded",
                        ordered.kind()
                    )
                });
        }
    }

    fn order(&mut self, next: &mut Node, effect: &Effect) {
        if let Some(id) = effect.id()
            && next.rollout.open_effect(id).is_some()
        {
            next.ordered.push(id);
        }
        match effect {
            Effect::Apply { part, request } => self.judge_write(next, part, request),
            Effect::Observe { part, .. } => {
                let index = self.ground.index(part);
                if let Some(memory) = index.and_then(|index| next.memory.parts.get_mut(index)) {
                    memory.look_is_old = false;
                }
            }
            Effect::Claim { .. }
            | Effect::Measure { .. }
            | Effect::RunHook { .. }
            | Effect::AskGate { .. }
            | Effect::Cancel { .. } => {}
        }
    }

    fn judge_write(&mut self, next: &Node, part: &Part, request: &Apply) {
        let Some(index) = self.ground.index(part) else {
            return;
        };
        let (Some(ground), Some(world), Some(memory)) = (
            self.ground.parts.get(index),
            next.world.parts.get(index),
            next.memory.parts.get(index),
        ) else {
            return;
        };
        let place = next.rollout.place();
        let back = matches!(
            place,
            Place::RollingBack | Place::Stuck | Place::Superseding
        );
        let over = place == Place::Settled;
        self.tally
            .judge(15, !over, || "a write after it settled".to_owned());
        Order {
            ground,
            world,
            memory,
            request,
            back,
        }
        .judge(self.tally);
    }

    /// A driver that sends the last write again, whatever the machine says.
    fn repeat(&mut self, next: &Node) {
        let writes = next
            .rollout
            .open_effects()
            .filter_map(|(_, effect)| match effect {
                Effect::Apply { part, request } => Some((part.clone(), request.clone())),
                Effect::Claim { .. }
                | Effect::Observe { .. }
                | Effect::Measure { .. }
                | Effect::RunHook { .. }
                | Effect::AskGate { .. }
                | Effect::Cancel { .. } => None,
            });
        for (part, request) in writes.collect::<Vec<_>>() {
            self.judge_write(next, &part, &request);
        }
    }

    /// What a command, an alarm or a verdict must have decided at once, whatever the platform does.
    fn decided(&mut self, next: &mut Node, step: Move, answers: &[(CommandId, Answer)]) {
        let place = next.rollout.place();
        let back = matches!(
            place,
            Place::RollingBack | Place::Stuck | Place::Settling | Place::Settled
        );
        let asked = match step {
            Move::Commanded(asked) => Some(asked),
            Move::Alarm => None,
            Move::Measured(_, Judgement::Fail) => {
                if next.memory.check_failed {
                    let stopped = back || place == Place::Holding || place == Place::Superseding;
                    self.tally.judge(6, stopped, || {
                        format!("a check failed for good, and it is {place:?}")
                    });
                }
                return;
            }
            Move::Answer(..)
            | Move::Look(..)
            | Move::Change(..)
            | Move::Notice(_)
            | Move::Measured(..)
            | Move::LateLands(_)
            | Move::Hand(..)
            | Move::TakenOver(_)
            | Move::Crash(_)
            | Move::Tick => return,
        };
        self.tally.judge(16, answers.len() == 1, || {
            format!("{} answers to one command", answers.len())
        });
        let recorded = answers.first().map(|(_, answer)| answer) == Some(&Answer::Recorded);
        match asked {
            None | Some(Asked::Abort | Asked::Reject | Asked::Force) => {
                let past = self
                    .ground
                    .plan
                    .stages()
                    .iter()
                    .any(|stage| stage.point_of_no_return);
                let heard = back || (past && place == Place::Holding);
                self.tally.judge(6, !recorded || heard, || {
                    format!("it was told to go back, and is {place:?}")
                });
                // Refused only where it goes back already, or no way leads back.
                self.tally.judge(6, recorded || back || past, || {
                    "an abort was refused, and it does not go back".to_owned()
                });
            }
            Some(Asked::Advance) if recorded => next.memory.advanced = true,
            Some(Asked::Promote) if recorded => next.memory.promote_all = true,
            Some(Asked::Retry) if recorded => next.memory.check_failed = false,
            Some(Asked::Abandon | Asked::Supersede) if recorded => {
                let over = matches!(place, Place::Superseding | Place::Settling | Place::Settled);
                self.tally.judge(6, over, || {
                    format!("it was told to give up, and is {place:?}")
                });
            }
            Some(
                Asked::Pause
                | Asked::Unpause
                | Asked::Advance
                | Asked::Promote
                | Asked::Retry
                | Asked::Abandon
                | Asked::Supersede
                | Asked::Approve,
            ) => {}
        }
    }

    fn news(&mut self, next: &mut Node, news: &[News]) {
        for news in news {
            self.one_news(next, news);
        }
        let place = next.rollout.place();
        next.memory.doomed = !matches!(
            place,
            Place::Starting | Place::Gating | Place::Forward | Place::Holding
        );
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "news is for an audience: only what claims progress or an end is held against the world"
    )]
    fn one_news(&mut self, next: &mut Node, news: &News) {
        match news {
            News::StageEntered { number, .. } => {
                let (stage, passed) = (next.memory.stage, next.memory.passed);
                self.tally.judge(10, *number == stage + 1 && passed, || {
                    format!("stage {number} is entered from stage {stage}, passed: {passed}")
                });
                next.memory.stage = *number;
                next.memory.passed = false;
                next.memory.advanced = next.memory.promote_all;
            }
            News::BakeBegan { .. } => next.memory.bake = Some(Bake::default()),
            News::StagePassed { .. } => self.passed(next),
            News::Ended { outcome } => self.ended(next, outcome),
            News::TrafficRestored => {
                let restored = (self.ground.parts.iter().zip(&next.memory.parts))
                    .all(|(ground, part)| is_restored(ground, part));
                self.tally.judge(7, restored, || {
                    "traffic is called restored, and stable does not carry it".to_owned()
                });
            }
            _ => {}
        }
    }

    /// A stage that is passed was effective, ready and baked, as the machine was told.
    fn passed(&mut self, next: &mut Node) {
        next.memory.passed = true;
        let bake = next.memory.bake.take().unwrap_or_default();
        let Some(stage) = next.memory.stage.checked_sub(1) else {
            return;
        };
        let stages = self.ground.plan.stages();
        let Some(asked) = stages.get(stage) else {
            return;
        };
        for (ground, part) in self.ground.parts.iter().zip(&next.memory.parts) {
            let fresh = part.fresh();
            self.tally.judge(8, fresh.is_some(), || {
                format!("stage {} passes on no fresh look", asked.name)
            });
            let (Some(told), Some(goal)) = (fresh, goal(stages, stage, &ground.name)) else {
                continue;
            };
            let weight = goal.traffic.weight;
            let effective = ground.routing == Routing::FollowsReadiness
                || (told.content.traffic.weight == weight && told.flow == Flow::AsAsked);
            self.tally.judge(5, effective, || {
                format!(
                    "stage {} passes, and traffic is not effective at {weight}",
                    asked.name
                )
            });
            for track in Track::ALL {
                let ours = goal.track(track).revision.is_release();
                if ours {
                    let ready = told.ready(ground, track);
                    let wanted = told.wanted(ground, track);
                    let whole = told.tracks.of(track).running == Running::Written;
                    let enough = asked.ready.share.ceil_of(wanted);
                    self.tally.judge(1, whole && ready >= enough, || {
                        format!(
                            "stage {} passes with {ready} of {wanted} ready on {track}",
                            asked.name
                        )
                    });
                }
            }
        }
        let skipped = next.memory.advanced || next.memory.promote_all;
        if !skipped && !asked.bake.at_least.is_zero() {
            let baked = self.ground.tick * u32::from(bake.well);
            self.tally.judge(5, baked >= asked.bake.at_least, || {
                format!(
                    "stage {} passes after {baked:?} of effective traffic",
                    asked.name
                )
            });
        }
        if !asked.checks.is_empty() {
            let looks = u32::from(bake.passes);
            self.tally
                .judge(9, skipped || looks >= asked.bake.looks, || {
                    format!("stage {} passes with {looks} looks that passed", asked.name)
                });
            self.tally.judge(10, !next.memory.check_failed, || {
                format!("stage {} passes after a check failed", asked.name)
            });
        }
    }

    fn ended(&mut self, next: &Node, outcome: &Outcome) {
        let landing = next.world.parts.iter().any(|part| part.late.is_some());
        match outcome {
            Outcome::Abandoned { .. } => return,
            Outcome::Promoted | Outcome::RolledBack { .. } | Outcome::Superseded { .. } => {}
        }
        self.tally.judge(8, !landing, || {
            format!("{outcome}, and a write of ours may still land")
        });
        let parts = self.ground.parts.iter().zip(&next.memory.parts);
        for (ground, part) in parts {
            match outcome {
                Outcome::Promoted => self.promoted(next, ground, part),
                Outcome::RolledBack { .. } => self.tally.judge(7, is_home(ground, part), || {
                    format!(
                        "called rolled back, and {} is not at the recorded start",
                        ground.name
                    )
                }),
                Outcome::Superseded { .. } => self.tally.judge(7, is_bare(ground, part), || {
                    format!("called superseded, and {} is still exposed", ground.name)
                }),
                Outcome::Abandoned { .. } => {}
            }
        }
    }

    fn promoted(&mut self, next: &Node, ground: &GroundPart, part: &PartMemory) {
        self.tally.judge(10, !next.memory.check_failed, || {
            "promoted after a check failed".to_owned()
        });
        let last = next.memory.stage == self.ground.plan.stages().len() && next.memory.passed;
        self.tally.judge(10, last, || {
            "promoted before the last stage passed".to_owned()
        });
        let ours = part
            .fresh()
            .is_some_and(|told| runs_release(self.ground, ground, told));
        self.tally.judge(4, ours, || {
            format!(
                "called promoted, and users of {} are not on the release",
                ground.name
            )
        });
    }
}

/// What a stage asks of a part: its own goal, or the newest before it.
fn goal<'a>(stages: &'a [Stage], stage: usize, part: &Part) -> Option<&'a Goal> {
    let until = stages.get(..=stage)?.iter().rev();
    until.filter_map(|stage| stage.goals.get(part)).next()
}

/// Everything that users reach runs the release.
fn runs_release(ground: &Ground, part: &GroundPart, told: &PartWorld) -> bool {
    let last = ground.plan.stages().len().saturating_sub(1);
    let Some(goal) = goal(ground.plan.stages(), last, &part.name) else {
        return false;
    };
    let weight = goal.traffic.weight;
    let flows = part.routing == Routing::FollowsReadiness
        || (told.content.traffic.weight == weight && told.flow == Flow::AsAsked);
    let ours = Track::ALL.into_iter().all(|track| {
        let reached = super::memory::reached(part, told, track);
        let runs = told.content.tracks.of(track);
        let whole = told.tracks.of(track).running == Running::Written;
        let release = matches!(runs, Some((Runs::Release, _)));
        let found = goal.track(track).revision == crate::Revision::Recorded;
        !reached || (whole && (release || found))
    });
    flows && ours
}

/// The recorded start is written, effective, and ready as far as it was then; or nothing was written.
fn is_home(ground: &GroundPart, part: &PartMemory) -> bool {
    if !part.wrote {
        return true;
    }
    let Some(told) = part.fresh() else {
        return false;
    };
    let routed = ground.routing != Routing::FollowsReadiness;
    let tracks = told.content.tracks == ground.start.tracks;
    let traffic =
        !routed || (told.content.traffic == ground.start.traffic && told.flow == Flow::AsAsked);
    tracks && traffic && stable_carries(ground, told)
}

fn is_restored(ground: &GroundPart, part: &PartMemory) -> bool {
    let Some(told) = part.fresh() else {
        return false;
    };
    let routed = ground.routing != Routing::FollowsReadiness;
    let traffic =
        !routed || (told.content.traffic == ground.start.traffic && told.flow == Flow::AsAsked);
    traffic && stable_carries(ground, told)
}

fn stable_carries(ground: &GroundPart, told: &PartWorld) -> bool {
    let id = &ground.seen(Track::Stable, Runs::Recorded).id;
    let pods = told.pods(ground, Track::Stable);
    let pods = pods.iter().filter(|pods| pods.revision.id == *id);
    let ready: u32 = pods.map(|pods| pods.ready).sum();
    ready >= ground.found.observation.stable.ready().min(1)
        && ready
            >= ground
                .found
                .observation
                .stable
                .ready()
                .min(told.wanted(ground, Track::Stable))
}

/// Nobody is on the candidate.
fn is_bare(ground: &GroundPart, part: &PartMemory) -> bool {
    let told = part.fresh();
    let routed = ground.routing != Routing::FollowsReadiness;
    told.is_some_and(|told| {
        !routed || (told.content.traffic == ground.start.traffic && told.flow == Flow::AsAsked)
    })
}
