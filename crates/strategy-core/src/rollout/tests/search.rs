//! A breadth-first search of everything a one-stage plan can meet, until no state is new.
//!
//! The environment may at each step do anything: answer an effect with success, refusal, or an error
//! that leaves the outcome open; let a cancelled write land late; let pods become ready or dead; let
//! time pass; abort; crash and resume. Every state is judged, and from every state an outcome must be
//! reachable once the world is kind again.
//!
//! `explore` searches far more, by a clock of whole ticks: here time goes from each timer to the next, also
//! while calls are under way.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use super::kind_world::{KindWorld, Run};
use super::{begin, plan};
use crate::plan::{Policies, Stage, Unreachable};
use crate::release::Part;
use crate::rollout::{Command, Effect, Failure, Input, Outcome, Rollout, Wish};
use crate::target::{Apply, Certainty, Claim, FatalReason, TargetErrorKind};

/// A machine in canonical form, its world, and what may still land.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Node {
    rollout: Rollout,
    world: KindWorld,
    late: Option<Box<Apply>>,
    /// How much may still go wrong.
    mischief: u8,
}

/// What the world or a person does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Move {
    Succeed(usize),
    Refuse(usize),
    LoseAnswer(usize),
    LoseWrite(usize),
    LateLands,
    Ready,
    Unready,
    Die,
    TimePasses,
    Abort,
    Crash,
}

fn fingerprint(node: &Node) -> u128 {
    let half = |salt: u64| {
        let mut hasher = DefaultHasher::new();
        salt.hash(&mut hasher);
        node.hash(&mut hasher);
        hasher.finish()
    };
    u128::from(half(1)) << 64 | u128::from(half(2))
}

impl Node {
    fn new(
        mut rollout: Rollout,
        mut world: KindWorld,
        late: Option<Box<Apply>>,
        mischief: u8,
    ) -> Self {
        let base = rollout.claim(&Part::main()).map_or(0, |claim| claim.epoch);
        let rebase = |claim: &mut Claim| {
            if base > 0 {
                claim.epoch = (claim.epoch + 10).saturating_sub(base);
            }
        };
        let mut late = late;
        while let Some(effect) = rollout.poll_effect() {
            if let Effect::Cancel { .. } = effect {
                // What was cancelled is put to the late ones by the caller, who knew it.
            }
        }
        world.claim.iter_mut().for_each(rebase);
        if let Some(late) = &mut late {
            rebase(&mut late.claim);
            late.id = crate::target::EffectId::default();
        }
        world.writes = 0;
        Self {
            rollout: rollout.canonical(),
            world,
            late,
            mischief,
        }
    }

    /// What the driver is at: everything ordered and not answered.
    fn pending(&self) -> Vec<Effect> {
        let reissue = self.rollout.decided.parts.values().any(|part| part.reissue);
        let open = self
            .rollout
            .decided
            .open
            .values()
            .filter(|effect| !(reissue && matches!(effect, Effect::Apply { .. })));
        let mut pending: Vec<Effect> = open.cloned().collect();
        for (part, latest) in &self.rollout.latest.parts {
            if let Some((ticket, _)) = latest.asked {
                let binding = self.rollout.binding(part).unwrap().clone();
                let timeout = Duration::from_secs(30);
                pending.push(Effect::Observe {
                    part: part.clone(),
                    binding,
                    ticket,
                    timeout,
                });
            }
        }
        pending
    }

    fn moves(&self) -> Vec<Move> {
        let pending = self.pending();
        let mut moves = Vec::new();
        if pending.is_empty() || self.mischief > 0 {
            moves.push(Move::TimePasses);
        }
        moves.extend((0..pending.len()).map(Move::Succeed));
        if !self.world.broken.is_empty() || !self.world.unready.is_empty() {
            moves.push(Move::Ready);
        }
        if self.mischief > 0 {
            moves.extend([Move::Unready, Move::Die, Move::Abort, Move::Crash]);
            for (index, effect) in pending.iter().enumerate() {
                moves.push(Move::Refuse(index));
                if matches!(effect, Effect::Apply { .. } | Effect::Claim { .. }) {
                    moves.push(Move::LoseAnswer(index));
                }
                if matches!(effect, Effect::Apply { .. }) && self.late.is_none() {
                    moves.push(Move::LoseWrite(index));
                }
            }
        }
        if self.late.is_some() {
            moves.push(Move::LateLands);
        }
        moves
    }

    fn after(&self, step: Move) -> Option<Self> {
        let Self {
            mut rollout,
            mut world,
            mut late,
            mut mischief,
        } = self.clone();
        let harmless = match step {
            Move::Succeed(_) | Move::Ready | Move::LateLands => true,
            Move::TimePasses => self.pending().is_empty(),
            Move::Refuse(_)
            | Move::LoseAnswer(_)
            | Move::LoseWrite(_)
            | Move::Unready
            | Move::Die
            | Move::Abort
            | Move::Crash => false,
        };
        if !harmless {
            mischief -= 1;
        }
        let mut now = rollout.latest.clock.wall;
        let pending = self.pending();
        let unknown = || {
            Failure::new(
                TargetErrorKind::Unavailable,
                Certainty::MayBeTaken,
                "no answer",
            )
        };
        let in_flight: Vec<Box<Apply>> = rollout
            .decided
            .open
            .values()
            .filter_map(|effect| {
                let Effect::Apply { request, .. } = effect else {
                    return None;
                };
                Some(request.clone())
            })
            .collect();
        let input = match step {
            Move::Succeed(index) => world.perform(pending[index].clone())?,
            Move::Refuse(index) => refuse(&pending[index])?,
            Move::LoseAnswer(index) => {
                world.perform(pending[index].clone())?;
                Input::EffectFailed {
                    id: pending[index].id()?,
                    failure: unknown(),
                }
            }
            Move::LoseWrite(index) => {
                let Effect::Apply { request, .. } = &pending[index] else {
                    return None;
                };
                late = Some(request.clone());
                Input::EffectFailed {
                    id: request.id,
                    failure: unknown(),
                }
            }
            Move::LateLands => {
                let request = late.take()?;
                let _ = world.apply(&request);
                Input::TimePassed
            }
            Move::Ready => {
                world.unready.clear();
                world.broken.clear();
                world.converge();
                Input::Changed { part: Part::main() }
            }
            Move::Unready => {
                world.unready.insert("app:v1".to_owned());
                world.converge();
                Input::Changed { part: Part::main() }
            }
            Move::Die => {
                world
                    .broken
                    .insert("app:v1".to_owned(), FatalReason::CrashLoop);
                world.converge();
                Input::Changed { part: Part::main() }
            }
            Move::TimePasses => {
                now = rollout.poll_timeout()?.max(now + Duration::from_millis(1));
                Input::TimePassed
            }
            Move::Abort => {
                Input::Commanded(Command::new("abort", "ada", Wish::Abort { force: false }))
            }
            Move::Crash => {
                rollout = Rollout::resume(&[rollout.snapshot()], false, now).ok()?;
                Input::TimePassed
            }
        };
        rollout.handle(input, now).unwrap();
        // A write that was cancelled may still land.
        let gone = in_flight
            .into_iter()
            .find(|request| !rollout.decided.open.contains_key(&request.id));
        if let (Some(request), true) = (
            gone,
            matches!(
                step,
                Move::Abort | Move::TimePasses | Move::Die | Move::Unready
            ),
        ) {
            late = Some(request);
        }
        Some(Self::new(rollout, world, late, mischief))
    }

    /// What must be true of every state, whatever happened before.
    fn judge(&self, before: &KindWorld) -> Result<(), String> {
        let (rollout, world) = (&self.rollout, &self.world);
        if let Some(Outcome::RolledBack { .. }) = rollout.outcome() {
            let started = |node: &KindWorld| {
                (
                    node.sides.stable.written.clone(),
                    node.sides.candidate.written.clone(),
                    node.traffic.clone(),
                )
            };
            if started(world) != started(before) {
                return Err("promise 7: rolled back, and the start is not what runs".to_owned());
            }
        }
        if let Some(Outcome::Promoted) = rollout.outcome()
            && world.traffic.weight != crate::Weight::FULL
        {
            return Err("promoted, and the release does not carry the traffic".to_owned());
        }
        Ok(())
    }

    /// From here on everything answers, pods follow, and a person tries again where they are asked.
    fn ends_well(&self) -> Result<(), String> {
        let now = self.rollout.latest.clock.wall;
        let mut world = self.world.clone();
        world.unready.clear();
        world.broken.clear();
        world.converge();
        let mut run = Run::new(self.rollout.clone(), world, now);
        for effect in self.pending() {
            if let Some(input) = run.world.perform(effect) {
                run.world.converge();
                run.tell(input);
            }
        }
        run.run(Duration::from_secs(3 * 3600));
        if run.rollout.outcome().is_none() {
            return Err(format!(
                "no outcome in a kind world: {:?}\n{}",
                run.rollout.status().phase,
                run.story()
            ));
        }
        let tried = self
            .rollout
            .decided
            .parts
            .values()
            .any(|part| part.failures >= 3);
        if run.world.claim.is_some() && !tried && !self.rollout.is_settled() {
            return Err(format!(
                "it settled, and its claim is still there\n{}",
                run.story()
            ));
        }
        Ok(())
    }
}

/// The platform says not now, and certainly did nothing.
fn refuse(effect: &Effect) -> Option<Input> {
    let failure = Failure::new(TargetErrorKind::Unavailable, Certainty::NotTaken, "not now");
    if let Effect::Observe { part, ticket, .. } = effect {
        return Some(Input::ObserveFailed {
            part: part.clone(),
            ticket: *ticket,
            failure,
        });
    }
    Some(Input::EffectFailed {
        id: effect.id()?,
        failure,
    })
}

/// Small limits, so that time adds few states.
fn brief() -> Policies {
    Policies {
        rollback_deadline: Duration::from_secs(60),
        unreachable: Unreachable {
            limit: Duration::from_secs(60),
            ..Unreachable::default()
        },
        way_back_wait: Duration::from_secs(30),
        ..Policies::default()
    }
}

fn search(
    stages: Vec<Stage>,
    world: &KindWorld,
    mischief: u8,
    at_most: usize,
) -> (usize, usize, usize, bool) {
    let run = begin(plan(stages, brief()), world.clone());
    let first = Node::new(run.rollout, run.world, None, mischief);
    let mut seen: BTreeSet<u128> = [fingerprint(&first)].into();
    let mut how: BTreeMap<u128, (u128, Move)> = BTreeMap::new();
    let mut queue = VecDeque::from([(first, 0)]);
    let (mut edges, mut depth) = (0, 0);
    while let Some((node, level)) = queue.pop_front() {
        depth = level;
        let here = fingerprint(&node);
        let path = |how: &BTreeMap<u128, (u128, Move)>| {
            let mut path = Vec::new();
            let mut at = here;
            while let Some((from, step)) = how.get(&at) {
                path.push(*step);
                at = *from;
            }
            path.reverse();
            path
        };
        if let Err(broken) = node.judge(world).and_then(|()| node.ends_well()) {
            panic!("{broken}\nafter {:?}", path(&how));
        }
        for step in node.moves() {
            let Some(next) = node.after(step) else {
                continue;
            };
            edges += 1;
            let print = fingerprint(&next);
            if seen.insert(print) {
                how.insert(print, (here, step));
                queue.push_back((next, level + 1));
            }
        }
        if seen.len() > at_most {
            return (seen.len(), edges, depth, false);
        }
    }
    (seen.len(), edges, depth, true)
}

#[test]
fn a_search_of_a_one_stage_plan_closes_and_breaks_no_promise() {
    let mut stages = super::blue_green();
    stages[0].bake = crate::plan::Bake::of(Duration::ZERO);
    stages[0].bake.at_most = Duration::from_secs(60);
    stages[0].deadline = Duration::from_secs(60);
    let world = KindWorld::new(("v0", 1), Some(("old", 0)));
    let (states, edges, depth, closed) = search(stages, &world, 2, 60_000);
    println!("{states} states, {edges} transitions, depth {depth}, closed: {closed}");
    assert!(
        closed,
        "{states} states, {edges} transitions, depth {depth}"
    );
}
