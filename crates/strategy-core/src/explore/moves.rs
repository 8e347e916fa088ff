//! What an adversary may do in a state, and which of it a kind world does.

use std::fmt;

use super::ground::Ground;
use super::node::{Node, Pending};
use super::world::{Change, Flow, Running};
use crate::plan::GateKind;
use crate::rollout::Effect;
use crate::rollout::searched::Place;
use crate::track::Track;
use crate::weight::Weight;

/// One thing that happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Move {
    /// The n-th effect under way is answered.
    Answer(u8, Answer),
    /// The look at the n-th part is answered.
    Look(u8, Reading),
    /// One class of the n-th part changes.
    Change(u8, Change),
    /// The watch of the n-th part tells that there is news.
    Notice(u8),
    /// The look of the n-th check is answered.
    Measured(u8, Judgement),
    /// The write of the n-th part that was given up lands.
    LateLands(u8),
    /// Somebody writes on the n-th part.
    Hand(u8, Hand),
    /// Another rollout takes the claim of the n-th part.
    TakenOver(u8),
    Commanded(Asked),
    Alarm,
    /// The process ends, and another one goes on from the journal.
    Crash(Crash),
    /// A tick passes.
    Tick,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Done,
    /// Refused for a while, certainly not taken.
    NotNow,
    /// Refused for good.
    Never,
    /// Done, and the answer is lost.
    Lost,
    /// No answer, and it lands later.
    Late,
    /// A hook or gate that ran says no.
    No,
    /// An external gate is closed for now.
    Closed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    Fresh,
    Stale,
    Error,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Judgement {
    Pass,
    Fail,
    Undecided,
    NoData,
    Error,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hand {
    /// All traffic to stable.
    TrafficHome,
    /// All traffic to the candidate.
    TrafficAway,
    /// A track is given a revision that is neither ours nor recorded.
    Revision(Track),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    Abort,
    Reject,
    Force,
    Pause,
    Unpause,
    Advance,
    Promote,
    Retry,
    Abandon,
    Supersede,
    Approve,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Crash {
    /// Nothing that was under way is ever taken.
    Empty,
    /// All of it was taken, and nobody heard.
    Landed,
    /// The write under way lands later.
    Late,
    /// As the first, and a person resumes it straight back.
    RollBack,
}

impl Move {
    /// What a kind world does: all is answered, classes get better, people say yes, time passes.
    pub(super) fn is_kind(self, ground: &Ground, node: &Node) -> bool {
        match self {
            Self::Answer(_, answer) => answer == Answer::Done,
            Self::Look(part, reading) => {
                // One class after the other mends, as many as may between two looks.
                let mended = |world: &super::world::PartWorld| {
                    world.is_well() || world.unread >= ground.unread
                };
                let world = node.world.parts.get(usize::from(part));
                reading == Reading::Fresh && world.is_some_and(mended)
            }
            Self::Change(part, change) => {
                let part = usize::from(part);
                let world = node.world.parts.get(part).zip(ground.parts.get(part));
                world.is_some_and(|(world, ground)| change.is_kind(world, ground))
            }
            Self::Measured(_, judgement) => judgement == Judgement::Pass,
            Self::LateLands(_) | Self::Tick | Self::Commanded(Asked::Approve) => true,
            // A person tries again where one is waited for, and leaves what another rollout has taken.
            Self::Commanded(asked @ (Asked::Retry | Asked::Abandon)) => {
                let taken = node.world.parts.iter().any(|world| {
                    let holder = world.claim.as_ref().map(|claim| &claim.holder);
                    holder != Some(node.rollout.id())
                });
                let asks = node.rollout.is_stuck() && node.is_quiet(ground);
                asks && taken == (asked == Asked::Abandon)
            }
            Self::Notice(_)
            | Self::Hand(..)
            | Self::TakenOver(_)
            | Self::Commanded(_)
            | Self::Alarm
            | Self::Crash(_) => false,
        }
    }

    /// What happens by itself, without a person: of this no circle may be made.
    pub(super) const fn is_by_itself(self) -> bool {
        !matches!(self, Self::Commanded(_))
    }

    /// What happens where no call is ever answered.
    pub(super) const fn is_dead(self) -> bool {
        matches!(
            self,
            Self::Answer(_, Answer::NotNow)
                | Self::Look(_, Reading::Error)
                | Self::Measured(_, Judgement::Error)
                | Self::Tick
        )
    }
}

/// Everything that can happen in a state.
pub(super) fn moves(ground: &Ground, node: &Node) -> Vec<Move> {
    let mut moves = Vec::new();
    if node.rollout.is_settled() {
        return moves;
    }
    answers(ground, node, &mut moves);
    for (index, _) in (0u8..).zip(&ground.parts) {
        if node.looks(usize::from(index)) {
            let readings = [Reading::Fresh, Reading::Stale, Reading::Error];
            moves.extend(readings.map(|reading| Move::Look(index, reading)));
        } else {
            moves.push(Move::Notice(index));
        }
        if ground.eager {
            moves.extend(hidden(ground, node, index));
        }
    }
    for (index, check) in (0u8..).zip(ground.plan.checks().keys()) {
        if node.rollout.measure_under_way(check).is_some() {
            let judgements = [
                Judgement::Pass,
                Judgement::Fail,
                Judgement::Undecided,
                Judgement::NoData,
                Judgement::Error,
            ];
            moves.extend(judgements.map(|judgement| Move::Measured(index, judgement)));
        }
    }
    people(ground, node, &mut moves);
    moves.push(Move::Crash(Crash::Empty));
    moves.push(Move::Crash(Crash::RollBack));
    if node.rollout.open_effects().next().is_some() {
        moves.push(Move::Crash(Crash::Landed));
        let writes = |(_, effect): (_, &Effect)| matches!(effect, Effect::Apply { .. });
        if node.rollout.open_effects().any(writes) {
            moves.push(Move::Crash(Crash::Late));
        }
    }
    if node.is_quiet(ground) {
        moves.push(Move::Tick);
    }
    moves
}

/// Everything that can happen on a part and is not seen at once. What is written is met by the next look,
/// write or claim, and by nothing before: it happens while one of them is under way.
pub(super) fn hidden(ground: &Ground, node: &Node, index: u8) -> Vec<Move> {
    let mut moves = Vec::new();
    let at = usize::from(index);
    let (Some(part), Some(world)) = (ground.parts.get(at), node.world.parts.get(at)) else {
        return moves;
    };
    let looks = node.looks(at);
    if looks && (world.missed || world.unread < ground.unread) {
        let changes = world.changes(part).into_iter();
        moves.extend(changes.map(|change| Move::Change(index, change)));
    }
    let writes = node.writes_or_claims(&part.name);
    if world.late.is_some() && (looks || writes) {
        moves.push(Move::LateLands(index));
    }
    if part.is_whole {
        if looks || writes {
            let deployments = world.deployments(part).into_iter();
            moves.extend(deployments.map(|change| Move::Change(index, change)));
            hands(node, index, &mut moves);
        }
        let ours = world.claim.as_ref();
        if writes && ours.is_some_and(|claim| claim.holder == *node.rollout.id()) {
            moves.push(Move::TakenOver(index));
        }
    }
    moves
}

fn answers(ground: &Ground, node: &Node, moves: &mut Vec<Move>) {
    for (index, pending) in (0u8..).zip(node.pending(ground)) {
        let Pending::Effect(id) = pending else {
            continue;
        };
        let answers: &[Answer] = match node.rollout.open_effect(id) {
            Some(Effect::Claim { .. }) => {
                &[Answer::Done, Answer::NotNow, Answer::Never, Answer::Lost]
            }
            Some(Effect::Apply { part, .. }) => {
                let late = ground
                    .index(part)
                    .and_then(|part| node.world.parts.get(part));
                if late.is_some_and(|world| world.late.is_none()) {
                    &[
                        Answer::Done,
                        Answer::NotNow,
                        Answer::Never,
                        Answer::Lost,
                        Answer::Late,
                    ]
                } else {
                    &[Answer::Done, Answer::NotNow, Answer::Never, Answer::Lost]
                }
            }
            Some(Effect::RunHook { .. }) => &[Answer::Done, Answer::No, Answer::NotNow],
            Some(Effect::AskGate { .. }) => {
                &[Answer::Done, Answer::No, Answer::Closed, Answer::NotNow]
            }
            Some(Effect::Observe { .. } | Effect::Measure { .. } | Effect::Cancel { .. })
            | None => &[],
        };
        moves.extend(answers.iter().map(|answer| Move::Answer(index, *answer)));
    }
}

fn hands(node: &Node, index: u8, moves: &mut Vec<Move>) {
    let Some(world) = node.world.parts.get(usize::from(index)) else {
        return;
    };
    let routed = node.rollout.found().iter().nth(usize::from(index));
    let routed = routed.is_some_and(|(_, found)| {
        found.capabilities.routing != crate::target::Routing::FollowsReadiness
    });
    let weight = world.content.traffic.weight;
    if routed && !weight.is_zero() {
        moves.push(Move::Hand(index, Hand::TrafficHome));
    }
    if routed && weight < Weight::FULL && world.content.tracks.candidate.is_some() {
        moves.push(Move::Hand(index, Hand::TrafficAway));
    }
    for track in Track::ALL {
        if let Some((runs, _)) = world.content.tracks.of(track)
            && *runs != super::ground::Runs::Foreign
        {
            moves.push(Move::Hand(index, Hand::Revision(track)));
        }
    }
}

fn people(ground: &Ground, node: &Node, moves: &mut Vec<Move>) {
    let place = node.rollout.place();
    if place == Place::Settling {
        return;
    }
    let asked = [
        Asked::Abort,
        Asked::Reject,
        Asked::Advance,
        Asked::Promote,
        Asked::Retry,
        Asked::Abandon,
        Asked::Supersede,
    ];
    moves.extend(asked.map(Move::Commanded));
    moves.push(Move::Alarm);
    moves.push(Move::Commanded(if node.rollout.is_paused() {
        Asked::Unpause
    } else {
        Asked::Pause
    }));
    let stages = ground.plan.stages();
    let approvals = |gate: &crate::plan::Gate| matches!(gate.kind, GateKind::Approval { .. });
    if place == Place::Gating && stages.iter().any(|stage| stage.gates.iter().any(approvals)) {
        moves.push(Move::Commanded(Asked::Approve));
    }
    if stages.iter().any(|stage| stage.point_of_no_return) {
        moves.push(Move::Commanded(Asked::Force));
    }
}

impl fmt::Display for Move {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answer(index, answer) => {
                write!(f, "effect {} is answered: {answer:?}", index + 1)
            }
            Self::Look(part, reading) => write!(f, "part {part} is read: {reading:?}"),
            Self::Change(part, change) => match change {
                Change::Readiness(track, to) => {
                    write!(f, "part {part}: {track} has {to:?} ready")
                }
                Change::Running(track, Running::Written) => {
                    write!(f, "part {part}: all pods of {track} run what is written")
                }
                Change::Running(track, to) => write!(f, "part {part}: pods of {track}: {to:?}"),
                Change::Fatal(track, true) => {
                    write!(f, "part {part}: pods of {track} will not mend themselves")
                }
                Change::Fatal(track, false) => write!(f, "part {part}: pods of {track} mend"),
                Change::Flow(Flow::AsAsked) => write!(f, "part {part}: traffic is as asked"),
                Change::Flow(Flow::Not(weight)) => write!(f, "part {part}: traffic is at {weight}"),
                Change::Flow(Flow::Unknown(_)) => write!(f, "part {part}: traffic is not known"),
                Change::Between(true) => write!(f, "part {part}: the autoscaler wants one more"),
                Change::Between(false) => write!(f, "part {part}: the autoscaler wants as before"),
                Change::Deploys(to) => write!(f, "part {part}: the platform's deployment: {to:?}"),
            },
            Self::Notice(part) => write!(f, "part {part}: the watch has news"),
            Self::Measured(check, judgement) => write!(f, "check {check} says {judgement:?}"),
            Self::LateLands(part) => write!(f, "part {part}: the write that was given up arrives"),
            Self::Hand(part, hand) => write!(f, "part {part}: somebody writes: {hand:?}"),
            Self::TakenOver(part) => write!(f, "part {part}: another rollout takes the claim"),
            Self::Commanded(asked) => write!(f, "somebody commands: {asked:?}"),
            Self::Alarm => f.write_str("an alarm is raised"),
            Self::Crash(crash) => write!(f, "crash and resume ({crash:?})"),
            Self::Tick => f.write_str("a tick passes"),
        }
    }
}
