//! Machines that differ only in absolute ids, times and saturated counters become one.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::Rollout;
use super::clock::MachineClock;
use super::effect::{Effect, Ticket};
use super::outbox::Outbox;
use super::part_state::{PartState, Waits};
use super::state::{Decided, State};
use super::step::Exposure;
use crate::target::{Claim, EffectId, Observation, Version};
use crate::timestamp::Timestamp;
use crate::track::Track;

/// Where canonical time begins: far from the epoch, so that what is past stays representable.
const NOW: Timestamp = Timestamp::from_millis(1_000_000_000_000);
/// What is longer ago, or further ahead, than any limit of a searched plan is simply far.
const FAR: Duration = Duration::from_secs(7 * 24 * 3600);
/// Counters beyond this differ in nothing that is decided.
const MANY: u64 = 64;

impl Rollout {
    /// This machine with ids, times and counters reduced to what decides: two machines that will do the
    /// same from here on become equal, so that a search of all reachable states can close.
    ///
    /// It runs like any other: effect ids begin at 1, and its clock shows a fixed time. Outputs that
    /// were not polled, the audit list, and words for people are dropped.
    #[must_use]
    pub fn canonical(&self) -> Self {
        let now = self.now();
        let time = move |at: Timestamp| {
            if at >= now {
                NOW + at.since(now).min(FAR)
            } else {
                NOW.before(now.since(at).min(FAR))
            }
        };
        let ids: BTreeMap<EffectId, EffectId> = self
            .decided
            .open
            .keys()
            .enumerate()
            .map(|(index, id)| (*id, EffectId(index as u64 + 1)))
            .collect();
        let id = |old: EffectId| ids.get(&old).copied().unwrap_or_default();
        let mut rollout = Self {
            outbox: Outbox::default(),
            ..self.clone()
        };
        rollout.latest.clock = MachineClock::begin(NOW);
        let tickets: BTreeMap<_, u64> = self
            .latest
            .parts
            .iter()
            .map(|(part, latest)| {
                (
                    part.clone(),
                    latest.ticket.0.min(
                        self.decided
                            .parts
                            .get(part)
                            .map_or(0, |state| state.min_ticket.0),
                    ),
                )
            })
            .collect();
        for (part, latest) in &mut rollout.latest.parts {
            let base = tickets.get(part).copied().unwrap_or(0);
            let ticket = |old: Ticket| Ticket(old.0.saturating_sub(base).min(MANY));
            latest.ticket = ticket(latest.ticket);
            latest.next_ticket = ticket(Ticket(latest.next_ticket)).0;
            latest.asked = latest.asked.map(|(asked, at)| (ticket(asked), time(at)));
            latest.at = latest.at.map(time);
            latest.heard = latest.heard.map(time);
            latest.failures = latest.failures.min(3);
            latest.not_before = latest.not_before.filter(|at| *at > now).map(time);
            latest.observation = latest.observation.take().map(|seen| {
                Arc::new(Observation {
                    version: Version::default(),
                    age: Duration::ZERO,
                    ..(*seen).clone()
                })
            });
        }
        for check in rollout.latest.checks.values_mut() {
            check.looks = check.looks.min(MANY);
            check.evidence = Arc::default();
        }
        let decided = &mut rollout.decided;
        decided.next_id = ids.len() as u64 + 1;
        decided.audit.clear();
        decided.since = NOW;
        decided.went_on_by_time = decided.went_on_by_time.min(3);
        decided.pause = decided.pause.map(time);
        decided.open = decided
            .open
            .iter()
            .map(|(old, effect)| (id(*old), renumbered(effect, id(*old))))
            .collect();
        for (part, state) in &mut decided.parts {
            let base = tickets.get(part).copied().unwrap_or(0);
            let epoch = state.claim.as_ref().map_or(0, |claim| claim.epoch);
            part_canonical(state, now, &time, &id, base);
            rebase_claims(state, &mut decided.open, part, epoch);
        }
        state_canonical(decided, &time, &id);
        rollout
    }
}

fn part_canonical(
    state: &mut PartState,
    now: Timestamp,
    time: &impl Fn(Timestamp) -> Timestamp,
    id: &impl Fn(EffectId) -> EffectId,
    base: u64,
) {
    state.claiming = state.claiming.map(id);
    state.flight = state.flight.map(id);
    state.min_ticket = Ticket(state.min_ticket.0.saturating_sub(base).min(MANY));
    state.last_look = Ticket(state.last_look.0.saturating_sub(base).min(MANY));
    for track in Track::ALL {
        let exposure = state.exposure.of_mut(track);
        *exposure = match *exposure {
            Exposure::Draining { until } if until <= now => Exposure::Clean,
            Exposure::Draining { until } => Exposure::Draining { until: time(until) },
            Exposure::Exposed => Exposure::Exposed,
            Exposure::Clean => Exposure::Clean,
        };
        let drains = state.lost_share_drains.of_mut(track);
        *drains = drains.filter(|until| *until > now).map(time);
        let health = state.health.of_mut(track);
        health.unready_since = health.unready_since.map(time);
        health.restarts = health.restarts.min(MANY);
    }
    state.traffic_since = time(state.traffic_since);
    state.retry_at = state.retry_at.filter(|at| *at > now).map(time);
    state.failures = state.failures.min(6);
    state.refused = None;
    state.ready_since = state.ready_since.map(time);
    for unreached in state.unreadable.iter_mut().chain(&mut state.unwritable) {
        unreached.since = time(unreached.since);
        unreached.message.clear();
    }
    state.waiting = match std::mem::take(&mut state.waiting) {
        Waits::No => Waits::No,
        Waits::For { until, .. } => Waits::For {
            what: String::new(),
            until: until.filter(|at| *at > now).map(time),
        },
        Waits::Never { .. } => Waits::Never { why: String::new() },
    };
}

/// Where canonical epochs begin: older ones stay different from newer ones.
const HERE: u64 = 10;

/// Epochs only matter by their order.
fn rebase_claims(
    state: &mut PartState,
    open: &mut BTreeMap<EffectId, Effect>,
    part: &crate::Part,
    epoch: u64,
) {
    if epoch == 0 {
        return;
    }
    let rebase =
        |claim: &mut Claim| claim.epoch = claim.epoch.saturating_add(HERE).saturating_sub(epoch);
    state
        .claim
        .iter_mut()
        .chain(&mut state.sought)
        .for_each(rebase);
    for effect in open.values_mut() {
        match effect {
            Effect::Claim {
                part: of, from, to, ..
            } if of == part => {
                from.iter_mut().chain(to).for_each(rebase);
            }
            Effect::Apply { part: of, request } if of == part => rebase(&mut request.claim),
            Effect::Claim { .. }
            | Effect::Apply { .. }
            | Effect::Observe { .. }
            | Effect::Measure { .. }
            | Effect::RunHook { .. }
            | Effect::AskGate { .. }
            | Effect::Cancel { .. } => {}
        }
    }
}

fn renumbered(effect: &Effect, new: EffectId) -> Effect {
    let mut effect = effect.clone();
    match &mut effect {
        Effect::Claim { id, .. } | Effect::Cancel { id } => *id = new,
        Effect::Apply { request, .. } => request.id = new,
        Effect::RunHook { request, .. } => request.id = new,
        Effect::AskGate { request, .. } => request.id = new,
        Effect::Observe { .. } | Effect::Measure { .. } => {}
    }
    effect
}

fn state_canonical(
    decided: &mut Decided,
    time: &impl Fn(Timestamp) -> Timestamp,
    id: &impl Fn(EffectId) -> EffectId,
) {
    fn reduce(
        state: &mut State,
        time: &impl Fn(Timestamp) -> Timestamp,
        id: &impl Fn(EffectId) -> EffectId,
    ) {
        match state {
            State::Claiming | State::Confirming => {}
            State::Settled { left, .. } => left.clear(),
            State::Gating(gating) => {
                gating.until = time(gating.until);
                gating.ask_at = time(gating.ask_at);
                gating.asking = gating.asking.map(id);
            }
            State::Hooking(hooking) => hooking.running = hooking.running.map(id),
            State::Stepping(stepping) => stepping.deadline = time(stepping.deadline),
            State::Baking(baking) => {
                baking.at_most = time(baking.at_most);
                baking.clock.running_since = baking.clock.running_since.map(time);
            }
            State::Holding(holding) => {
                holding.until = time(holding.until);
                reduce(&mut holding.back_to, time, id);
            }
            State::RollingBack(rolling) => {
                rolling.deadline = time(rolling.deadline);
                rolling.patient_until = time(rolling.patient_until);
                rolling.undoing = rolling.undoing.map(id);
                rolling.left.clear();
            }
            State::Superseding(superseding) => {
                superseding.deadline = time(superseding.deadline);
                superseding.undoing = superseding.undoing.map(id);
            }
            State::Settling(settling) => {
                settling.deadline = time(settling.deadline);
                settling.left.clear();
            }
        }
    }
    reduce(&mut decided.state, time, id);
}
