//! What was decided about each part and seen of it, reduced.

use std::sync::Arc;
use std::time::Duration;

use super::place::longest;
use super::{MANY, NOW, Reduction};
use crate::release::Part;
use crate::rollout::Fixed;
use crate::rollout::Rollout;
use crate::rollout::effect::Ticket;
use crate::rollout::latest::LatestPart;
use crate::rollout::part_state::{Expected, Footprint, PartState, TrackHealth, Waits};
use crate::rollout::state::State;
use crate::rollout::step::Exposure;
use crate::target::{
    Effective, Effectiveness, Observation, PlatformDeployment, PlatformState, Pods, Routing,
    Version,
};
use crate::track::{Revision, Track, Tracks};

/// The least by which one time can be beyond another.
const HAIR: Duration = Duration::from_millis(1);

/// How far back anything about a part is asked for.
struct Ages {
    stale_after: Duration,
    resync: Duration,
    patience: Duration,
    unreachable: Duration,
    settle: Duration,
    grace: Duration,
}

impl Reduction<'_> {
    pub(super) fn parts(&self, rollout: &mut Rollout) {
        let policies = rollout.fixed.plan.policies();
        let ages = Ages {
            stale_after: policies.stale_after,
            resync: policies.resync,
            patience: policies.write_timeout * 2,
            unreachable: policies.unreachable.limit,
            settle: longest(rollout, |stage| stage.ready.settle),
            grace: longest(rollout, |stage| stage.ready.grace),
        };
        let state = &rollout.decided.state;
        let begins = matches!(state, State::Claiming | State::Confirming);
        // Behind the way forward nobody asks for health, nor for how long a platform was away.
        let forward = state.is_forward();
        let closing = matches!(state, State::Baking(baking) if baking.closing)
            || matches!(state.underneath(), State::Baking(baking) if baking.closing);
        let fixed = Arc::clone(&rollout.fixed);
        let ended = match state {
            State::Settled { .. } => true,
            State::Settling(settling) => !settling.restore,
            State::Claiming
            | State::Confirming
            | State::Gating(_)
            | State::Hooking(_)
            | State::Stepping(_)
            | State::Baking(_)
            | State::Holding(_)
            | State::RollingBack(_)
            | State::Superseding(_) => false,
        };
        for (part, state) in &mut rollout.decided.parts {
            // Where traffic follows readiness, who was ready is who was exposed.
            let follows = fixed
                .found
                .part(part)
                .is_some_and(|found| found.capabilities.routing == Routing::FollowsReadiness);
            let assumed =
                fixed
                    .found
                    .part(part)
                    .and_then(|found| match found.capabilities.effectiveness {
                        Effectiveness::Assumed { after } => Some(after),
                        Effectiveness::Verified => None,
                    });
            state.traffic_since =
                assumed.map_or(NOW, |after| self.since(state.traffic_since, after));
            self.part(state, &ages, forward || begins, forward);
            if let Some(latest) = rollout.latest.parts.get_mut(part) {
                if !closing {
                    state.last_look = Ticket(0);
                }
                if ended {
                    nothing_more(state, latest);
                }
                tickets(state, latest);
                self.latest_part(latest, &ages);
                if !(ended || begins || follows) {
                    not_read(&fixed, part, forward, state, latest);
                }
            }
        }
    }

    fn part(&self, state: &mut PartState, ages: &Ages, borne: bool, forward: bool) {
        state.claiming = state.claiming.map(|id| self.id(id));
        state.flight = state.flight.map(|id| self.id(id));
        for track in Track::ALL {
            let exposure = state.exposure.of_mut(track);
            *exposure = match *exposure {
                Exposure::Draining { until } if until <= self.now => Exposure::Clean,
                Exposure::Draining { until } => Exposure::Draining {
                    until: self.time(until),
                },
                Exposure::Exposed => Exposure::Exposed,
                Exposure::Clean => Exposure::Clean,
            };
            let drains = state.lost_share_drains.of_mut(track);
            *drains = self.due(*drains);
            self.health(state.health.of_mut(track), ages.grace);
        }
        if !forward {
            state.health = Tracks::default();
            state.deployment_failed = None;
        }
        state.retry_at = self.due(state.retry_at);
        // The clock of a search may show nothing between two tries, however many failed.
        let most = if self.tick >= Some(Rollout::backoff(5)) {
            3
        } else {
            5
        };
        state.failures = state.failures.min(most);
        state.refused = None;
        state.ready_since = state
            .ready_since
            .map(|since| self.since(since, ages.settle));
        if !borne {
            state.unreadable = None;
            state.unwritable = None;
        }
        for unreached in state.unreadable.iter_mut().chain(&mut state.unwritable) {
            unreached.since = self.since(unreached.since, ages.unreachable);
            unreached.message.clear();
        }
        state.waiting = match std::mem::take(&mut state.waiting) {
            Waits::No => Waits::No,
            Waits::For { until, .. } => Waits::For {
                what: String::new(),
                until: self.due(until),
            },
            Waits::Never { .. } => Waits::Never { why: String::new() },
        };
    }

    /// Only the sum of the time unready is compared with the grace.
    fn health(&self, health: &mut TrackHealth, grace: Duration) {
        let running = health.unready_since.map(|since| self.now.since(since));
        health.unready = (health.unready + running.unwrap_or_default()).min(grace + HAIR);
        health.unready_since = health.unready_since.map(|_| NOW);
        health.restarts = health.restarts.min(MANY);
    }

    fn latest_part(&self, latest: &mut LatestPart, ages: &Ages) {
        // One that is too old is not acted on, whatever its age.
        latest.at = latest
            .at
            .filter(|at| self.now.since(*at) <= ages.stale_after)
            .map(|at| self.time(at));
        latest.heard = latest
            .heard
            .filter(|heard| self.now.since(*heard) < ages.resync)
            .map(|heard| self.time(heard));
        let oldest = ages.patience.max(ages.stale_after + HAIR);
        latest.asked = latest
            .asked
            .map(|(ticket, since)| (ticket, self.since(since, oldest)));
        let most = if self.tick >= Some(Rollout::backoff(3)) {
            1
        } else {
            3
        };
        latest.failures = latest.failures.min(most);
        latest.not_before = self.due(latest.not_before);
        let reduced = |seen: &Observation| {
            let fatal = |track| {
                !seen
                    .track(track)
                    .pods
                    .iter()
                    .all(|pods| pods.fatal.is_empty())
            };
            seen.version == Version::default()
                && seen.age.is_zero()
                && seen.platform == at_work(seen)
                && !fatal(Track::Stable)
                && !fatal(Track::Candidate)
        };
        if let Some(seen) = &mut latest.observation
            && !reduced(seen)
        {
            *seen = Arc::new(told_once(seen));
        }
    }
}

/// That a platform is at work is asked before each of its steps; whatever else it says, and by which name,
/// is not.
fn at_work(seen: &Observation) -> Option<PlatformDeployment> {
    let platform = seen.platform.as_ref()?;
    let at_work = platform.state == PlatformState::InProgress;
    at_work.then(|| PlatformDeployment::new("", PlatformState::InProgress))
}

/// Without what is acted on once, when it comes: its age, what else the platform says, and fatal pods.
fn told_once(seen: &Observation) -> Observation {
    let mut seen = seen.clone();
    seen.version = Version::default();
    seen.age = Duration::ZERO;
    seen.platform = at_work(&seen);
    let tracks = [&mut seen.stable, &mut seen.candidate];
    for pods in tracks.into_iter().flat_map(|track| &mut track.pods) {
        pods.fatal.clear();
    }
    seen
}

/// What was seen may be acted on, be it by now or a little later.
fn is_fresh(state: &PartState, latest: &LatestPart) -> bool {
    latest.at.is_some() && latest.ticket >= state.min_ticket
}

/// What was seen, without what no walk reads any more: it is too old, or a write is under way that makes
/// it so when it ends, however it ends.
///
/// What was written is still asked. Of pods, on the way forward, only how many of the release are ready,
/// with which health counts anew when a stage begins again. What traffic does was added to the exposure
/// when it was seen, and nothing but a newer look takes it away while a write may have changed it.
fn not_read(fixed: &Fixed, part: &Part, forward: bool, state: &PartState, latest: &mut LatestPart) {
    // Going back with several parts, what one of them carries is asked whenever another is told of.
    let alone = forward || fixed.found.iter().nth(1).is_none();
    let flies = state.flight.is_some() && !state.reissue && alone;
    let fresh = is_fresh(state, latest);
    let guessed = state.flight.is_some() || latest.ticket < state.min_ticket;
    if fresh && !flies {
        return;
    }
    let Some(seen) = &mut latest.observation else {
        return;
    };
    let mut old = (**seen).clone();
    old.platform = None;
    let keeps = [Effective::Unverified, Effective::Partial];
    if guessed && !keeps.contains(&old.traffic.effective) {
        old.traffic.effective = Effective::Converging;
    }
    for track in Track::ALL {
        let pods = match track {
            Track::Stable => &mut old.stable.pods,
            Track::Candidate => &mut old.candidate.pods,
        };
        let goals = fixed
            .plan
            .stages()
            .iter()
            .filter_map(|stage| stage.goals.get(part));
        let releases: Vec<&Revision> = goals
            .map(|goal| &goal.track(track).revision)
            .filter(|revision| revision.is_release())
            .collect();
        let counts = |pods: &Pods| {
            forward && pods.ready > 0 && releases.iter().any(|release| release.is(&pods.revision))
        };
        pods.retain(counts);
        for pods in pods {
            pods.total = pods.ready;
            pods.available = pods.ready;
        }
    }
    if old != **seen {
        *seen = Arc::new(old);
    }
}

/// The outcome is decided, and only claims are given back: nothing is walked to, judged or put back.
fn nothing_more(state: &mut PartState, latest: &mut LatestPart) {
    latest.observation = None;
    latest.at = None;
    state.expected = Expected::Seen(Footprint {
        tracks: Tracks::default(),
        traffic: crate::Traffic::default(),
        writer: crate::target::Writer::Unknown,
    });
    state.exposure = Tracks::default();
    state.share = Tracks::default();
    state.lost_share_drains = Tracks::default();
    state.validated.clear();
    state.reasserted = 0;
    state.person_moved_traffic = false;
    state.left_by_hand = None;
    state.deployment_failed = None;
    state.health = Tracks::default();
    state.ready_since = None;
    state.waiting = Waits::No;
    state.traffic_since = NOW;
}

/// Tickets matter by their order, and a bound that all present and future ones meet does not matter.
fn tickets(state: &mut PartState, latest: &mut LatestPart) {
    let asked = latest.asked.map(|(ticket, _)| ticket);
    // Where nothing was seen, there is nothing that could be too old.
    let unseen = latest.observation.is_none();
    let unmet = |bound: Ticket| {
        let met = (unseen || latest.ticket >= bound) && asked.is_none_or(|asked| asked >= bound);
        (!met).then_some(bound)
    };
    let (min, last) = (unmet(state.min_ticket), unmet(state.last_look));
    // What meets every bound is as new as anything.
    let seen = min.or(last).filter(|_| !unseen).map(|_| latest.ticket);
    let next = Ticket(latest.next_ticket);
    let mut order = [seen, min, last, asked, Some(next)];
    order.sort_unstable();
    let rank = |ticket: Option<Ticket>| {
        let Some(ticket) = ticket else {
            return Ticket(0);
        };
        let mut distinct: Vec<Ticket> = order.into_iter().flatten().collect();
        distinct.dedup();
        let rank = distinct.iter().position(|other| *other == ticket);
        Ticket(rank.map_or(0, |rank| rank as u64 + 1))
    };
    state.min_ticket = rank(min);
    state.last_look = rank(last);
    latest.ticket = rank(seen);
    latest.next_ticket = rank(Some(next)).0;
    latest.asked = latest
        .asked
        .map(|(ticket, since)| (rank(Some(ticket)), since));
}
