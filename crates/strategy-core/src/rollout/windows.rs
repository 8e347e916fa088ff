//! The windows of checks: when one opens and closes, and when it is looked through.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Rollout;
use super::checks::measure;
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

/// A clock set back by no more than this is waited for, so that no window is counted twice.
const SET_BACK: Duration = Duration::from_secs(300);

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
        let effective = |(part, state): (&Part, &super::part_state::PartState)| {
            let fresh = self.fresh(part);
            state.flight.is_none()
                && fresh.is_some_and(|seen| {
                    self.effective(part, &seen).as_ref() == Some(&seen.traffic.written)
                })
        };
        watching && self.decided.standing.is_some() && self.decided.parts.iter().all(effective)
    }

    /// Opens, closes and looks through windows, as time and effectiveness say.
    pub(super) fn schedule_looks(&mut self) {
        let wall = self.latest.clock.wall;
        let standing = self.is_standing();
        if !standing {
            self.close_windows();
        }
        // The last look ends a bake: no other look begins beside it.
        let closing = matches!(&self.decided.state, State::Baking(baking) if baking.closing);
        for name in self.applying() {
            let Some(check) = self.fixed.plan.checks().get(&name).cloned() else {
                continue;
            };
            let facts = self.window_facts(&check);
            let latest = self.latest.checks.entry(name.clone()).or_default();
            if standing {
                let moved = latest.open.as_ref().is_some_and(|open| {
                    (&open.weights, &open.identities) != (&facts.weights, &facts.identities)
                });
                if moved {
                    close(latest, wall);
                }
                latest.open.get_or_insert_with(|| OpenWindow {
                    from: after_what_was_seen(latest.seen_to, wall),
                    ..facts.clone()
                });
            }
            if latest.pending.is_some() {
                continue;
            }
            let due = match (latest.closed.front(), &latest.open) {
                (Some((window, facts)), _) => Some((*window, facts.clone(), true)),
                (None, Some(open)) if !closing && wall >= open.from + check.interval => Some((
                    Window {
                        from: open.from,
                        to: open.from + check.interval,
                    },
                    open.clone(),
                    false,
                )),
                (None, Some(_) | None) => None,
            };
            if let Some((window, facts, was_closed)) = due {
                self.look(&name, &check, window, &facts, was_closed);
            }
        }
    }

    /// The windows that are open end now; what they saw is still looked at.
    pub(super) fn close_windows(&mut self) {
        let wall = self.latest.clock.wall;
        self.latest
            .checks
            .values_mut()
            .for_each(|check| close(check, wall));
    }

    /// The windows that are open are given up, and those that wait for their look: time that nobody
    /// watched belongs to no window.
    pub(super) fn drop_windows(&mut self) {
        for check in self.latest.checks.values_mut() {
            check.open = None;
            check.closed.clear();
        }
    }

    /// A window that would begin now, over the parts that a check can say something of.
    ///
    /// Those are the parts whose candidate is reached: one whose turn has not come, or is over, has no
    /// requests to judge. Where none is reached, as in a preview, what runs there is all there is to see.
    fn window_facts(&self, check: &Check) -> OpenWindow {
        let seen = self.latest.parts.iter();
        let seen: Vec<_> = seen
            .filter_map(|(part, latest)| Some((part, latest.observation.as_deref()?)))
            .collect();
        let reached = |(_, seen): &(&Part, &Observation)| {
            let (traffic, stable) = (&seen.traffic.written, seen.stable.written.as_ref());
            let comparable =
                traffic.reaches_stable() && stable.is_some_and(|written| written.revision.recorded);
            traffic.reaches_candidate() && (comparable || !check.compares_with_stable)
        };
        let none = !seen.iter().any(reached);
        let mut facts = OpenWindow {
            from: self.latest.clock.wall,
            standing: self.decided.standings,
            weights: BTreeMap::new(),
            identities: BTreeMap::new(),
        };
        for (part, seen) in seen.into_iter().filter(|part| none || reached(part)) {
            facts
                .weights
                .insert(part.clone(), seen.traffic.written.weight);
            let labels = Tracks {
                stable: seen.stable.labels.clone(),
                candidate: seen.candidate.labels.clone(),
            };
            facts.identities.insert(part.clone(), labels);
        }
        facts
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
        latest.pending = Some(Box::new(Look {
            check: name.clone(),
            number: latest.number,
            analysis: check.analysis.clone(),
            window,
            weights: facts.weights.clone(),
            identities: facts.identities.clone(),
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

/// Where a window begins: now, or where the last one ended if a clock that was set back says that this
/// is still to come. If that is far ahead, the clock was wrong then, and what it called that time has
/// not been.
fn after_what_was_seen(seen_to: Timestamp, wall: Timestamp) -> Timestamp {
    if seen_to.since(wall) <= SET_BACK {
        seen_to.max(wall)
    } else {
        wall
    }
}

/// What was watched is looked at, also where looks are slower than changes: up to a number of windows.
fn close(check: &mut LatestCheck, wall: Timestamp) {
    if let Some(open) = check.open.take()
        && check.closed.len() < QUEUED
        && wall.since(open.from) >= SHORTEST
    {
        let window = Window {
            from: open.from,
            to: wall,
        };
        check.closed.push_back((window, open));
    }
}
