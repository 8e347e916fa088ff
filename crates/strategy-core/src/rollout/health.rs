//! The built-in health checks: fatal pods, restarts, lost readiness, other images than validated.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use super::Rollout;
use super::goal;
use super::outcome::Reason;
use super::part_state::TrackHealth;
use super::state::State;
use crate::plan::{Health, HookPoint};
use crate::release::Part;
use crate::target::{FatalReason, Observation, ObservedTrack};
use crate::track::{Revision, Track};
use crate::weight::Weight;

impl Rollout {
    /// The stage whose goal is in effect, or on its way to be: while gates and the hooks before a stage
    /// are waited for, the one before still stands.
    pub(super) fn watched_stage(&self) -> Option<usize> {
        let state = self.decided.state.underneath();
        match state {
            State::Gating(_) => self.decided.standing,
            State::Hooking(hooking) if hooking.point == HookPoint::Before => self.decided.standing,
            State::Hooking(_)
            | State::Stepping(_)
            | State::Baking(_)
            | State::Holding(_)
            | State::Claiming
            | State::Confirming
            | State::RollingBack(_)
            | State::Superseding(_)
            | State::Settling(_)
            | State::Settled { .. } => state.stage(),
        }
    }

    /// Tracks of a part whose goal is a release, with what they should run.
    fn released(&self, part: &Part) -> Vec<(Track, Revision)> {
        let Some(stage) = self.watched_stage() else {
            return Vec::new();
        };
        let Some(goal) = goal::goal(&self.fixed.plan, stage, part) else {
            return Vec::new();
        };
        let tracks = Track::ALL
            .into_iter()
            .map(|track| (track, goal.track(track).revision.clone()));
        tracks
            .filter(|(_, revision)| revision.is_release())
            .collect()
    }

    fn stage_health(&self) -> Option<(Health, Duration, Weight)> {
        let stage = self.fixed.plan.stages().get(self.watched_stage()?)?;
        Some((stage.health, stage.ready.grace, stage.ready.share))
    }

    /// A new observation: counts, and what fails at once.
    pub(super) fn update_health(&mut self, part: &Part, observation: &Observation) {
        let now = self.now();
        if !self.decided.state.is_forward() {
            return;
        }
        let Some((health, _, share)) = self.stage_health() else {
            return;
        };
        let released = self.released(part);
        let mut failed = None;
        for (track, revision) in &released {
            let seen = observation.track(*track);
            let ready = seen.ready_at(revision);
            let enough = share.ceil_of(seen.wanted());
            let counter: u64 = seen.at(revision).map(|pods| pods.restarts).sum();
            if let Some(state) = self.decided.parts.get_mut(part) {
                let track_health = state.health.of_mut(*track);
                let more = counter.saturating_sub(track_health.counter);
                track_health.restarts = track_health.restarts.saturating_add(more);
                track_health.counter = counter;
                // What is not wanted any more was given up, not lost.
                track_health.peak = track_health.peak.max(ready).min(enough);
                let lost = ready < track_health.peak;
                match (lost, track_health.unready_since) {
                    (true, None) => track_health.unready_since = Some(now),
                    (false, Some(since)) => {
                        track_health.unready += now.since(since);
                        track_health.unready_since = None;
                    }
                    (true, Some(_)) | (false, None) => {}
                }
                let restarts = track_health.restarts;
                if let Some(limit) = health.restarts
                    && restarts > u64::from(limit)
                {
                    failed.get_or_insert_with(|| Reason::Restarts {
                        part: part.clone(),
                        restarts,
                        limit,
                    });
                }
            }
            if health.fatal
                && let Some(reason) = fatal(part, seen, revision)
            {
                failed = Some(reason);
            }
            if let Some(message) = self.other_images(part, seen, revision) {
                failed = Some(Reason::ImageChanged {
                    part: part.clone(),
                    message,
                });
            }
        }
        if let Some(reason) = failed {
            self.fail(reason);
        }
    }

    /// Time has passed: a grace may be spent.
    pub(super) fn watch_readiness(&mut self) {
        let now = self.now();
        let Some((health, grace, _)) = self.stage_health() else {
            return;
        };
        if !health.readiness || !self.decided.state.is_forward() {
            return;
        }
        let fixed = Arc::clone(&self.fixed);
        for (part, _) in fixed.found.iter() {
            let is_spent = |track: &TrackHealth| spent(track, now) > grace;
            let health = self.decided.parts.get(part).map(|state| &state.health);
            if !health.is_some_and(|health| health.iter().any(|(_, track)| is_spent(track))) {
                continue;
            }
            let Some(observation) = self
                .latest
                .parts
                .get(part)
                .and_then(|latest| latest.observation.clone())
            else {
                continue;
            };
            for (track, revision) in self.released(part) {
                let Some(state) = self.decided.parts.get(part) else {
                    continue;
                };
                if is_spent(state.health.of(track)) {
                    let seen = observation.track(track);
                    let (ready, wanted) = (seen.ready_at(&revision), seen.wanted());
                    self.fail(Reason::Unready {
                        part: part.clone(),
                        ready,
                        wanted,
                    });
                    return;
                }
            }
        }
    }

    /// When the grace of a track will be spent, if nothing changes.
    pub(super) fn grace_ends(&self) -> Option<crate::Timestamp> {
        let (health, grace, _) = self.stage_health()?;
        if !health.readiness {
            return None;
        }
        let tracks = self
            .decided
            .parts
            .values()
            .flat_map(|part| [&part.health.stable, &part.health.candidate]);
        let ends = tracks.filter_map(|track| {
            let left = grace.saturating_sub(track.unready);
            Some(track.unready_since? + left + Duration::from_millis(1))
        });
        ends.min()
    }

    /// A stage begins: its own counts.
    pub(super) fn reset_health(&mut self) {
        let now = self.now();
        for part in self.part_names() {
            let released = self.released(&part);
            let observation = self
                .latest
                .parts
                .get(&part)
                .and_then(|latest| latest.observation.clone());
            let Some(state) = self.decided.parts.get_mut(&part) else {
                continue;
            };
            let before = std::mem::take(&mut state.health);
            state.ready_since = None;
            for (track, revision) in released {
                if let Some(observation) = &observation {
                    let seen = observation.track(track);
                    let health = state.health.of_mut(track);
                    // What its pods had before is not this stage's; that they were ready is, also where
                    // it was lost when the stage began.
                    health.counter = seen.at(&revision).map(|pods| pods.restarts).sum();
                    let before = before.of(track);
                    let lost = before.unready_since.is_some();
                    health.peak = if lost {
                        before.peak
                    } else {
                        seen.ready_at(&revision)
                    };
                    health.unready_since = lost.then_some(now);
                }
            }
        }
    }

    /// The image ids that run under a release once it is whole, against those that were validated.
    fn other_images(
        &self,
        part: &Part,
        seen: &ObservedTrack,
        revision: &Revision,
    ) -> Option<String> {
        let validated = &self.decided.parts.get(part)?.validated;
        for pods in seen.at(revision) {
            // All that the workload names, shipped or not; a sidecar that somebody injects is neither.
            let named = &pods.revision.images;
            let ours =
                |(container, _): &(&String, &BTreeSet<String>)| named.get(container).is_some();
            for (container, ids) in pods.image_ids.iter().filter(ours) {
                let known = validated.get(container);
                let strange: Vec<&str> = match known {
                    Some(known) => ids.difference(known).map(String::as_str).collect(),
                    None if ids.len() > 1 => ids.iter().map(String::as_str).collect(),
                    None => Vec::new(),
                };
                if !strange.is_empty() {
                    let known = known.map_or_else(String::new, |known| {
                        format!(
                            ", and {} was validated",
                            known.iter().cloned().collect::<Vec<_>>().join(" and ")
                        )
                    });
                    return Some(format!(
                        "container `{container}` runs {}{known}",
                        strange.join(" and ")
                    ));
                }
            }
        }
        None
    }

    /// The stage's traffic is effective: what runs under the release now is what will be judged.
    pub(super) fn remember_images(&mut self) {
        for part in self.part_names() {
            let Some(observation) = self
                .latest
                .parts
                .get(&part)
                .and_then(|latest| latest.observation.clone())
            else {
                continue;
            };
            for (track, revision) in self.released(&part) {
                let Some(state) = self.decided.parts.get_mut(&part) else {
                    continue;
                };
                for pods in observation
                    .track(track)
                    .at(&revision)
                    .filter(|pods| pods.ready > 0)
                {
                    if state.validated.is_empty() {
                        state.validated = pods.image_ids.clone();
                    }
                    for (container, ids) in pods.image_ids.iter() {
                        let known = state.validated.get(container);
                        if known.is_none_or(BTreeSet::is_empty) {
                            state.validated.insert(container.clone(), ids.clone());
                        }
                    }
                }
            }
        }
    }
}

fn spent(health: &TrackHealth, now: crate::Timestamp) -> Duration {
    health.unready
        + health
            .unready_since
            .map_or(Duration::ZERO, |since| now.since(since))
}

/// What will not mend itself, on pods of the release. A pod that no machine takes may yet find one:
/// that is left to the stage's deadline.
fn fatal(part: &Part, seen: &ObservedTrack, revision: &Revision) -> Option<Reason> {
    let fatals = seen.at(revision).flat_map(|pods| &pods.fatal);
    let fatal = fatals
        .filter(|fatal| fatal.reason != FatalReason::Unschedulable)
        .find(|fatal| fatal.pods > 0)?;
    Some(Reason::Fatal {
        part: part.clone(),
        reason: fatal.reason,
        message: fatal.message.clone(),
    })
}
