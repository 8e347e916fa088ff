//! What reaches the world apart from looks: writes, other hands, and a process that ends.

use super::act::Actor;
use super::flaw::Flaw;
use super::ground::Runs;
use super::moves::{Crash, Hand};
use super::node::Node;
use super::world::Author;
use crate::release::Part;
use crate::rollout::searched::Place;
use crate::rollout::{Effect, Failure, Record, RecoverError, Rollout};
use crate::target::{Apply, EffectId};
use crate::timestamp::Timestamp;
use crate::weight::Weight;

impl Actor<'_> {
    /// A write of ours arrives at the platform.
    pub(super) fn land(
        &mut self,
        next: &mut Node,
        part: &Part,
        request: &Apply,
    ) -> Result<(), Failure> {
        let Some((world, ground)) = next.world.part(self.ground, part) else {
            return Ok(());
        };
        let claimed = world.claim.as_ref() == Some(&request.claim);
        let asked = ground.content(&request.desired);
        let unchanged = world.owned() == request.seen || world.content == asked;
        let before = world.content.clone();
        let flawed = match self.flaw {
            Some(Flaw::ClaimIsNotChecked) => unchanged,
            Some(Flaw::ContentIsNotChecked) => claimed,
            Some(Flaw::RecordedIsMistaken) => {
                let mut mistaken = asked.clone();
                let stable = &mut mistaken.tracks.stable;
                let restores = before
                    .tracks
                    .stable
                    .is_some_and(|(runs, _)| runs != Runs::Recorded);
                if let Some((runs @ Runs::Recorded, _)) = stable
                    && restores
                {
                    *runs = Runs::Start;
                }
                if claimed && unchanged {
                    let _ = world.take(ground, mistaken);
                }
                false
            }
            Some(_) | None => false,
        };
        let landed = if flawed {
            world.take(ground, asked)
        } else if self.flaw == Some(Flaw::RecordedIsMistaken) && claimed && unchanged {
            Ok(())
        } else {
            world.apply(ground, request)
        };
        if landed.is_ok() {
            self.tally.judge(12, claimed, || {
                "a write landed under a claim that is not there any more".to_owned()
            });
            self.tally.judge(13, unchanged, || {
                "a write landed on what somebody else wrote since it was decided".to_owned()
            });
            if let Some(index) = self.ground.index(part)
                && let Some(world) = next.world.parts.get(index)
            {
                next.memory.landed(self.ground, index, world);
            }
        }
        landed
    }

    pub(super) fn hand(&mut self, next: &mut Node, index: usize, hand: Hand) -> Option<()> {
        let ground = self.ground.parts.get(index)?;
        let world = next.world.parts.get_mut(index)?;
        let mut content = world.content.clone();
        let author = match hand {
            Hand::TrafficHome => {
                content.traffic.weight = Weight::ZERO;
                Author::Person(Weight::ZERO)
            }
            Hand::TrafficAway => {
                content.traffic.weight = Weight::FULL;
                Author::Person(Weight::FULL)
            }
            Hand::Revision(track) => {
                if let Some((runs, _)) = content.tracks.of_mut(track) {
                    *runs = Runs::Foreign;
                }
                world.author
            }
        };
        world.write(ground, content, author);
        Some(())
    }

    pub(super) fn crash(&mut self, next: &mut Node, crash: Crash, now: Timestamp) -> Option<()> {
        let open: Vec<Effect> = next
            .rollout
            .open_effects()
            .filter(|(id, _)| next.ordered.contains(id))
            .map(|(_, effect)| effect.clone())
            .collect();
        for effect in &open {
            match (effect, crash) {
                (Effect::Apply { part, request }, Crash::Landed) => {
                    let _ = self.land(next, part, request);
                }
                (Effect::Claim { part, from, to, .. }, Crash::Landed) => {
                    let (world, _) = next.world.part(self.ground, part)?;
                    let _ = world.set_claim(from.as_ref(), to.as_ref());
                }
                (Effect::Apply { part, request }, Crash::Late) => {
                    let (world, _) = next.world.part(self.ground, part)?;
                    world.late.get_or_insert_with(|| request.clone());
                }
                (_, _) => {}
            }
        }
        for memory in &mut next.memory.parts {
            memory.may_have_landed(false);
        }
        next.ordered.clear();
        let ids: Vec<EffectId> = next.rollout.open_effects().map(|(id, _)| id).collect();
        let records = [next.rollout.snapshot()];
        let resumed = match crash {
            Crash::RollBack => self.resumed_back(next, &records, now),
            Crash::Empty | Crash::Landed | Crash::Late => Rollout::resume(&records, false, now),
        };
        let Ok(rollout) = resumed else {
            self.tally.judge(11, false, || {
                format!("its own snapshot cannot be taken up: {resumed:?}")
            });
            return None;
        };
        let newest = ids.iter().max().map_or(0, |id| id.0);
        let again = rollout
            .open_effects()
            .all(|(id, _)| ids.contains(&id) || id.0 > newest);
        self.tally.judge(11, again, || {
            "an effect that was not finished was ordered again under another id".to_owned()
        });
        next.rollout = rollout;
        Some(())
    }

    /// A person takes it up to go back, and insists where that is refused: where the way back is closed and
    /// it does not go it already.
    fn resumed_back(
        &mut self,
        next: &Node,
        records: &[Record],
        now: Timestamp,
    ) -> Result<Rollout, RecoverError> {
        let place = next.rollout.place();
        let goes_back = matches!(
            place,
            Place::RollingBack | Place::Stuck | Place::Asking | Place::Settling | Place::Settled
        );
        let closed = next.memory.past && !goes_back;
        let resumed = Rollout::resume(records, true, now);
        let refused = matches!(resumed, Err(RecoverError::NoWayBack));
        self.tally.judge(6, refused == closed, || {
            format!("it is {place:?}, and taken up to go back without force: {resumed:?}")
        });
        if refused {
            Rollout::resume_by_force(String::new(), records, now)
        } else {
            resumed
        }
    }
}
