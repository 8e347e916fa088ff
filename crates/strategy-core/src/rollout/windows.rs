//! The windows of checks: when one opens and closes, and when it is looked through.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::Rollout;
use super::checks::{applying, measure};
use super::latest::{LatestCheck, OpenWindow};
use super::state::{Hold, State};
use crate::analysis::{Look, Memory, Window};
use crate::plan::{Check, CheckName};
use crate::release::Part;
use crate::target::Observation;
use crate::timestamp::Timestamp;
use crate::track::Tracks;

/// A window shorter than this says nothing and is dropped when it is closed early.
const SHORTEST: Duration = Duration::from_secs(1);

/// The most windows that wait for their looks: a source that is slower than that has a fault of its own.
pub(super) const QUEUED: usize = 8;

impl Rollout {
    /// Traffic is effective as the standing stage asks, and observed to be: time counts for checks.
    fn is_standing(&self) -> bool {
        let watching = match &self.decided.state {
            State::Baking(_) | State::Gating(_) | State::Hooking(_) | State::Stepping(_) => true,
            // Traffic stands as the stage asks, and users are on the release while a person is asked.
            State::Holding(holding) => match &holding.why {
                Hold::Undecided(_) | Hold::HookUnfinished { .. } => true,
                Hold::Failed(_) | Hold::NoWayBack(_) | Hold::Foreign(_) => false,
            },
            State::Claiming
            | State::Confirming
            | State::RollingBack(_)
            | State::Superseding(_)
            | State::Settling(_)
            | State::Settled { .. } => false,
        };
        let effective = |part: &Part| {
            self.fresh(part).is_some_and(|seen| {
                self.effective(part, &seen).as_ref() == Some(&seen.traffic.written)
            })
        };
        let mut parts = self.decided.parts.iter();
        watching
            && self.decided.standing.is_some()
            && parts.all(|(part, state)| state.flight.is_none() && effective(part))
    }

    /// Opens, closes and looks through windows, as time and effectiveness say.
    pub(super) fn schedule_looks(&mut self) {
        let standing = self.is_standing();
        if !standing {
            self.close_windows();
        }
        // The last look ends a bake: no other look begins beside it.
        let closing = matches!(&self.decided.state, State::Baking(baking) if baking.closing);
        let fixed = Arc::clone(&self.fixed);
        for name in applying(&fixed.plan, &self.decided) {
            let Some(check) = fixed.plan.checks().get(name) else {
                continue;
            };
            if self.latest.checks.get(name).is_none() {
                self.latest.checks.or_default(name);
            }
            if standing {
                self.keep_open(name, check);
            }
            if let Some((window, facts, was_closed)) = self.due(name, check, closing) {
                self.look(name, check, window, &facts, was_closed);
            }
        }
    }

    /// The window that is open goes on while what must not change is as it was; else it ends, and
    /// another begins.
    fn keep_open(&mut self, name: &CheckName, check: &Check) {
        let latest = self.latest.checks.get(name);
        let open = latest.and_then(|latest| latest.open.as_ref());
        if open.is_some_and(|open| self.is_as_when_opened(open, check)) {
            return;
        }
        let (now, facts) = (self.latest.clock.for_windows(), self.window_facts(check));
        let latest = self.latest.checks.or_default(name);
        close(latest, now);
        latest.open = Some(OpenWindow {
            from: latest.watched_to().max(now),
            ..facts
        });
    }

    /// The window that is to be looked through now, and whether it was closed before its time.
    fn due(
        &self,
        name: &CheckName,
        check: &Check,
        closing: bool,
    ) -> Option<(Window, OpenWindow, bool)> {
        let clock = self.latest.clock;
        let latest = self.latest.checks.get(name)?;
        if latest.pending.is_some() {
            return None;
        }
        match (latest.closed.front(), &latest.open) {
            (Some((window, facts)), _) => Some((*window, facts.clone(), true)),
            (None, Some(open)) if !closing && clock.for_windows() >= open.from + check.interval => {
                let window = Window {
                    from: open.from,
                    to: open.from + check.interval,
                };
                Some((window, open.clone(), false))
            }
            (None, Some(_) | None) => None,
        }
    }

    /// The windows that are open end now; what they saw is still looked at.
    pub(super) fn close_windows(&mut self) {
        let now = self.latest.clock.for_windows();
        if self
            .latest
            .checks
            .values()
            .any(|check| check.open.is_some())
        {
            let checks = self.latest.checks.values_mut();
            checks.for_each(|check| close(check, now));
        }
    }

    /// The windows that are open are given up, and those that wait for their look: time that nobody
    /// watched belongs to no window.
    pub(super) fn drop_windows(&mut self) {
        for check in self.latest.checks.values_mut() {
            check.open = None;
            check.closed.clear();
        }
    }

    /// A window that would begin now.
    fn window_facts(&self, check: &Check) -> OpenWindow {
        let (mut weights, mut identities) = (BTreeMap::new(), BTreeMap::new());
        for (part, seen) in self.told_of(check) {
            weights.insert(part.clone(), seen.traffic.written.weight);
            let labels = Tracks {
                stable: seen.stable.labels.clone(),
                candidate: seen.candidate.labels.clone(),
            };
            identities.insert(part.clone(), labels);
        }
        OpenWindow {
            from: self.latest.clock.for_windows(),
            standing: self.decided.standings,
            weights: Arc::new(weights),
            identities: Arc::new(identities),
        }
    }

    /// A window that would begin now would have the same weights and identities.
    fn is_as_when_opened(&self, open: &OpenWindow, check: &Check) -> bool {
        let now = self.told_of(check).map(|(part, seen)| {
            let labels = (&seen.stable.labels, &seen.candidate.labels);
            (part, seen.traffic.written.weight, labels)
        });
        let identities = open.identities.values();
        let then = open.weights.iter().zip(identities);
        now.eq(then.map(|((part, weight), identity)| {
            (part, *weight, (&identity.stable, &identity.candidate))
        }))
    }

    /// The parts that a check can say something of, as they were last seen.
    ///
    /// Those are the parts whose candidate is reached: one whose turn has not come, or is over, has no
    /// requests to judge. Where none is reached, as in a preview, what runs there is all there is to see.
    fn told_of(&self, check: &Check) -> impl Iterator<Item = (&Part, &Observation)> {
        let compares = check.compares_with_stable;
        let reached = move |seen: &Observation| {
            let (traffic, stable) = (&seen.traffic.written, seen.stable.written.as_ref());
            let comparable =
                traffic.reaches_stable() && stable.is_some_and(|written| written.revision.recorded);
            traffic.reaches_candidate() && (comparable || !compares)
        };
        let all = || {
            let seen = self.latest.parts.iter();
            seen.filter_map(|(part, latest)| Some((part, latest.observation.as_deref()?)))
        };
        let none = !all().any(|(_, seen)| reached(seen));
        all().filter(move |(_, seen)| none || reached(seen))
    }

    fn look(
        &mut self,
        name: &CheckName,
        check: &Check,
        window: Window,
        facts: &OpenWindow,
        was_closed: bool,
    ) {
        let previews = self.previews();
        let alpha = self.fixed.alpha.get(name).copied().unwrap_or(0);
        let Some(latest) = self.latest.checks.get_mut(name) else {
            return;
        };
        latest.number += 1;
        latest.again_at = None;
        latest.pending_standing = facts.standing;
        if was_closed {
            latest.closed.pop_front();
        } else if let Some(open) = &mut latest.open {
            open.from = window.to;
        }
        latest.seen_to = latest.seen_to.max(window.to);
        latest.pending = Some(Arc::new(Look {
            check: name.clone(),
            number: latest.number,
            analysis: check.analysis.clone(),
            window,
            weights: (*facts.weights).clone(),
            identities: (*facts.identities).clone(),
            previews,
            alpha_millionths: alpha,
            // Kept once, beside it: what the last look handed out does not change while this one is taken.
            memory: Memory::default(),
        }));
        self.outbox.effects.extend(measure(latest, check.timeout));
    }

    pub(super) fn previews(&self) -> BTreeMap<Part, String> {
        let parts = self.latest.parts.iter();
        let preview = |(part, latest): (&Part, &super::latest::LatestPart)| {
            Some((
                part.clone(),
                latest.observation.as_ref()?.candidate.preview.clone()?,
            ))
        };
        parts.filter_map(preview).collect()
    }
}

/// What was watched is looked at, also where looks are slower than changes: up to a number of windows.
fn close(check: &mut LatestCheck, now: Timestamp) {
    if let Some(open) = check.open.take()
        && check.closed.len() < QUEUED
        && now.since(open.from) >= SHORTEST
    {
        let window = Window {
            from: open.from,
            to: now,
        };
        check.closed.push_back((window, open));
    }
}
