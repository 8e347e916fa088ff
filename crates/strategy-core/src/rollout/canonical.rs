//! Machines that differ only in absolute ids, times and saturated counters become one.

mod checks;
mod parts;
mod place;

use std::collections::BTreeMap;
#[cfg(feature = "simulation")]
use std::hash::{Hash, Hasher};
use std::time::Duration;

use super::Rollout;
use super::clock::MachineClock;
use super::effect::Effect;
use super::outbox::Outbox;
use crate::target::{Claim, EffectId};
use crate::timestamp::Timestamp;

/// Where canonical time begins: far from the epoch, so that what is past stays representable.
const NOW: Timestamp = Timestamp::from_millis(1_000_000_000_000);
/// What is longer ago, or further ahead, than any limit of a searched plan is simply far.
pub(crate) const FAR: Duration = Duration::from_secs(7 * 24 * 3600);
/// Counters beyond this differ in nothing that is decided.
pub(crate) const MANY: u64 = 64;
/// Where canonical epochs begin: older ones stay different from newer ones.
const HERE: u64 = 10;

/// A machine in canonical form, and what became of the ids of its open effects.
#[derive(Debug)]
pub(crate) struct Canonical {
    pub(crate) rollout: Rollout,
    /// From the ids as they were to those that they have now.
    #[cfg_attr(
        not(feature = "simulation"),
        expect(dead_code, reason = "only a search has effects of its own to renumber")
    )]
    pub(crate) ids: BTreeMap<EffectId, EffectId>,
}

impl Rollout {
    /// This machine with ids, times and counters reduced to what decides: two machines that will do the
    /// same from here on become equal, so that a search of all reachable states can close.
    ///
    /// It runs like any other: effect ids begin at 1, and its clock shows a fixed time. Outputs that
    /// were not polled, the audit list, and words for people, reasons among them, are dropped.
    #[must_use]
    pub fn canonical(&self) -> Self {
        self.clone().into_canonical(None).rollout
    }

    /// The same, for a clock that only ever shows whole ticks: what is due between two of them is due at
    /// the later one. That is exact, because nothing is compared with a time in between.
    pub(crate) fn into_canonical(mut self, tick: Option<Duration>) -> Canonical {
        let ids: BTreeMap<EffectId, EffectId> = self
            .decided
            .open
            .keys()
            .enumerate()
            .map(|(index, id)| (*id, EffectId(index as u64 + 1)))
            .collect();
        let reduction = Reduction {
            now: self.latest.clock.machine,
            wall: self.latest.clock.for_windows(),
            tick,
            ids: &ids,
        };
        self.outbox = Outbox::default();
        reduction.renumber(&mut self);
        reduction.place(&mut self);
        reduction.parts(&mut self);
        reduction.checks(&mut self);
        let ahead = self.latest.clock.ahead;
        self.latest.clock = MachineClock {
            wall: NOW.before(ahead),
            machine: NOW,
            ahead,
        };
        self.outbox.journaled_at = NOW;
        Canonical { rollout: self, ids }
    }

    /// Everything by which two machines of one plan can differ.
    #[cfg(feature = "simulation")]
    pub(crate) fn hash_state<H: Hasher>(&self, hasher: &mut H) {
        self.decided.hash(hasher);
        self.latest.hash(hasher);
    }

    /// Of these, what was decided.
    #[cfg(feature = "simulation")]
    pub(crate) fn hash_decided<H: Hasher>(&self, hasher: &mut H) {
        self.decided.hash(hasher);
    }

    /// The same in words, each field on a line of its own.
    #[cfg(feature = "simulation")]
    pub(crate) fn describe_state(&self) -> String {
        format!("{:#?}\n{:#?}", self.decided, self.latest)
    }

    /// The wall time of a canonical machine.
    #[cfg(feature = "simulation")]
    pub(crate) const fn canonical_now() -> Timestamp {
        NOW
    }

    /// By how much the epochs of a part move when its machine is made canonical; 0 without a claim.
    pub(crate) fn epoch_base(&self, part: &crate::Part) -> u64 {
        let claim = self.decided.parts.get(part);
        claim.map_or(0, |state| {
            state.claim.as_ref().map_or(0, |claim| claim.epoch)
        })
    }
}

/// Moves an epoch as [`Rollout::epoch_base`] says.
pub(crate) const fn rebased(epoch: u64, base: u64) -> u64 {
    if base == 0 {
        epoch
    } else {
        epoch.saturating_add(HERE).saturating_sub(base)
    }
}

/// What is needed to reduce one machine.
struct Reduction<'a> {
    now: Timestamp,
    wall: Timestamp,
    tick: Option<Duration>,
    ids: &'a BTreeMap<EffectId, EffectId>,
}

impl Reduction<'_> {
    fn id(&self, old: EffectId) -> EffectId {
        self.ids.get(&old).copied().unwrap_or_default()
    }

    /// The same distance from now.
    fn time(&self, at: Timestamp) -> Timestamp {
        if at >= self.now {
            NOW + self.whole(at.since(self.now).min(FAR))
        } else {
            NOW.before(self.now.since(at).min(FAR))
        }
    }

    /// A limit: once it is over it matters no more for how long.
    fn limit(&self, at: Timestamp) -> Timestamp {
        self.time(at.max(self.now))
    }

    /// Something that is due, or was and is gone.
    fn due(&self, at: Option<Timestamp>) -> Option<Timestamp> {
        at.filter(|at| *at > self.now).map(|at| self.time(at))
    }

    /// A beginning: beyond `oldest` it matters no more how long ago.
    fn since(&self, at: Timestamp, oldest: Duration) -> Timestamp {
        self.time(at.max(self.now.before(oldest)))
    }

    /// A time by the wall clock.
    fn wall_time(&self, at: Timestamp) -> Timestamp {
        if at >= self.wall {
            NOW + at.since(self.wall).min(FAR)
        } else {
            NOW.before(self.wall.since(at).min(FAR))
        }
    }

    fn whole(&self, ahead: Duration) -> Duration {
        let Some(tick) = self.tick else {
            return ahead;
        };
        let ticks = ahead.as_millis().div_ceil(tick.as_millis().max(1));
        tick.saturating_mul(u32::try_from(ticks).unwrap_or(u32::MAX))
    }

    /// Effect ids in their order from 1, and epochs by their distance from the claim that stands.
    fn renumber(&self, rollout: &mut Rollout) {
        let open = std::mem::take(&mut rollout.decided.open);
        for (old, mut effect) in open {
            let new = self.id(old);
            match &mut effect {
                Effect::Claim {
                    id, part, from, to, ..
                } => {
                    let base = rollout.epoch_base(part);
                    from.iter_mut()
                        .chain(to)
                        .for_each(|claim| rebase(claim, base));
                    *id = new;
                }
                Effect::Apply { part, request } => {
                    rebase(&mut request.claim, rollout.epoch_base(part));
                    request.id = new;
                }
                Effect::Cancel { id } => *id = new,
                Effect::RunHook { request, .. } => request.id = new,
                Effect::AskGate { request, .. } => request.id = new,
                Effect::Observe { .. } | Effect::Measure { .. } => {}
            }
            rollout.decided.open.insert(new, effect);
        }
        rollout.decided.next_id = self.ids.len() as u64 + 1;
        for state in rollout.decided.parts.values_mut() {
            let base = state.claim.as_ref().map_or(0, |claim| claim.epoch);
            let claims = state.claim.iter_mut().chain(&mut state.sought);
            claims.for_each(|claim| rebase(claim, base));
        }
    }
}

/// Epochs only matter by their order.
const fn rebase(claim: &mut Claim, base: u64) {
    claim.epoch = rebased(claim.epoch, base);
}
