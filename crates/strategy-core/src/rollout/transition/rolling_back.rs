//! The way home, and being stuck.

use super::Flow;
use crate::release::Part;
use crate::rollout::Rollout;
use crate::rollout::event::News;
use crate::rollout::outcome::{Left, Outcome};
use crate::rollout::part_state::Waits;
use crate::rollout::state::{RollingBack, State};
use crate::rollout::step::need;
use crate::target::{Desired, Observation, Routing, Written};
use crate::timestamp::Timestamp;
use crate::track::{Replicas, Revision, Track};

impl Rollout {
    pub(super) fn rolling_back(&mut self, rolling: &RollingBack) -> Flow {
        let now = self.now();
        if rolling.stuck && !self.fixed.plan.policies().stuck_goes_on {
            return Flow::Rest;
        }
        let suffices = now >= rolling.patient_until;
        let home = self.walk_home(suffices);
        if !self.decided.traffic_restored && self.traffic_is_restored() {
            self.decided.traffic_restored = true;
            self.say(News::TrafficRestored);
            return Flow::Again;
        }
        if self.decided.traffic_restored
            && rolling.undoing.is_none()
            && rolling.undo_failed.is_none()
            && self.undo_next()
        {
            return Flow::Again;
        }
        let undone = self.decided.to_undo.is_empty() && rolling.undoing.is_none();
        if home && undone && self.fenced() && self.start_is_restored() {
            if rolling.stuck {
                self.say(News::GotUnstuck);
            }
            let mut left = self.left_by_hands();
            left.extend(self.left_to_traffic());
            self.settle(
                Outcome::RolledBack {
                    reason: rolling.reason.clone(),
                },
                false,
            );
            if let State::Settling(settling) = &mut self.decided.state {
                settling.left = left;
            }
            return Flow::Again;
        }
        let never = self
            .decided
            .parts
            .values()
            .any(|part| matches!(part.waiting, Waits::Never { .. }));
        let lost = self.decided.parts.values().any(|part| part.claim_lost);
        let hopeless = never || lost || rolling.undo_failed.is_some();
        if !rolling.stuck && (now >= rolling.deadline || hopeless) {
            let left = self.stuck_left(rolling);
            self.say(News::GotStuck { left: left.clone() });
            if let State::RollingBack(rolling) = &mut self.decided.state {
                rolling.stuck = true;
                rolling.left = left;
            }
            return Flow::Again;
        }
        Flow::Rest
    }

    /// All parts at once, unless the plan orders them: then the next one waits for the one before.
    fn walk_home(&mut self, suffices: bool) -> bool {
        if !self.fixed.plan.policies().roll_back_in_order {
            return self.walk_all(|rollout, part| rollout.course_home(part, suffices));
        }
        for part in self.part_names().into_iter().rev() {
            if let Some(course) = self.course_home(&part, suffices) {
                self.walk(&part, &course);
            }
            if self
                .decided
                .parts
                .get(&part)
                .is_some_and(|state| state.waiting != Waits::No)
            {
                return false;
            }
        }
        true
    }

    fn stuck_left(&self, rolling: &RollingBack) -> Vec<Left> {
        let mut left = self.left_to_do();
        if let Some((_, stage, hook)) = self.newest_to_undo() {
            let first = || self.decided.parts.keys().next().cloned();
            let not_yet = || format!("hook `{}` of stage `{stage}` is not undone yet", hook.name);
            left.push(Left {
                what: rolling.undo_failed.clone().unwrap_or_else(not_yet),
                part: hook.part.or_else(first).unwrap_or_else(Part::main),
            });
        }
        for (part, found) in self.fixed.found.iter() {
            let state = self.decided.parts.get(part);
            if let Some(Waits::For { what, .. }) = state.map(|state| &state.waiting) {
                left.push(Left {
                    part: part.clone(),
                    what: format!("it waits for {what}"),
                });
            } else if let Some(seen) = self.fresh(part) {
                let ready = seen.stable.ready_at(&Revision::Recorded);
                let need = self.stable_need(part, &seen);
                if ready < need {
                    let name = found.names.of(Track::Stable);
                    left.push(Left {
                        part: part.clone(),
                        what: format!("stable {name} has {ready} ready, and {need} are needed"),
                    });
                }
            }
        }
        left
    }

    /// Where traffic is not as it was recorded, because somebody moved it towards stable since.
    fn left_by_hands(&self) -> Vec<Left> {
        let parts = self.fixed.found.iter().filter_map(|(part, found)| {
            let left = self.decided.parts.get(part)?.left_by_hand?;
            let recorded = found.observation.traffic.written.weight;
            Some(Left {
                part: part.clone(),
                what: format!(
                    "traffic is at {left}, where somebody moved it, and {recorded} is recorded"
                ),
            })
        });
        parts.collect()
    }

    /// The recorded traffic is effective, and stable covers it.
    fn traffic_is_restored(&self) -> bool {
        self.fixed.found.iter().all(|(part, found)| {
            let Some(seen) = self.fresh(part) else {
                return false;
            };
            let Some(home) = self.home(part) else {
                return false;
            };
            let covers = seen.stable.ready_at(&Revision::Recorded) >= self.stable_need(part, &seen);
            let flows = match found.capabilities.routing {
                Routing::FollowsReadiness => true,
                Routing::Routed | Routing::Native => {
                    seen.traffic.written == home.traffic
                        && self.effective(part, &seen).as_ref() == Some(&home.traffic)
                }
            };
            flows && covers
        })
    }

    /// What stable must have ready at the recorded start: what its traffic needs, and no more than it had, or
    /// than its autoscaler wants now.
    fn stable_need(&self, part: &Part, seen: &Observation) -> u32 {
        let Some(found) = self.fixed.found.part(part) else {
            return 0;
        };
        let baseline = self
            .decided
            .parts
            .get(part)
            .map_or(0, |state| state.baseline);
        let need = found
            .observation
            .traffic
            .written
            .weight
            .rest()
            .ceil_of(baseline)
            .max(1);
        let owned = |written: &Written| matches!(written.replicas, Replicas::Floor(_));
        let wants = match &seen.stable.written {
            Some(written) if owned(written) => seen.stable.wanted(),
            Some(_) | None => u32::MAX,
        };
        need.min(found.observation.stable.ready()).min(wants)
    }

    /// What is observed is the recorded start; judged apart from the stepper.
    fn start_is_restored(&self) -> bool {
        self.fixed.found.iter().all(|(part, found)| {
            let Some(seen) = self.fresh(part) else {
                return false;
            };
            let Some(home) = self.home(part) else {
                return false;
            };
            let written = |seen: &Observation, track: Track| {
                let start = home.track(track);
                match (&seen.track(track).written, &start.revision) {
                    (None, Revision::Absent) => true,
                    (None, Revision::Recorded | Revision::Release(_) | Revision::Named(_))
                    | (Some(_), Revision::Absent) => false,
                    (
                        Some(written),
                        Revision::Recorded | Revision::Release(_) | Revision::Named(_),
                    ) => {
                        written.revision.recorded
                            && self.is_count_of_start(part, &home, track, written)
                    }
                }
            };
            let routed = found.capabilities.routing == Routing::FollowsReadiness
                || seen.traffic.written == home.traffic;
            let ready = seen.stable.ready_at(&Revision::Recorded) >= self.stable_need(part, &seen);
            routed && ready && Track::ALL.into_iter().all(|track| written(&seen, track))
        })
    }

    /// So many as at the start. A track that the recorded traffic reaches keeps more where that needs more by
    /// now: no step takes it away.
    fn is_count_of_start(
        &self,
        part: &Part,
        home: &Desired,
        track: Track,
        written: &Written,
    ) -> bool {
        match (home.track(track).replicas, written.replicas) {
            (Replicas::Count(start), Replicas::Count(now)) => {
                let state = self.decided.parts.get(part);
                let baseline = state.map_or(0, |state| state.baseline);
                (start..=start.max(need(&home.traffic, track, baseline))).contains(&now)
            }
            (Replicas::Floor(start), Replicas::Floor(now)) => start == now,
            (Replicas::Count(_), Replicas::Floor(_)) | (Replicas::Floor(_), Replicas::Count(_)) => {
                false
            }
        }
    }

    /// What was kept of counts above the recorded ones, because traffic needs it.
    fn left_to_traffic(&self) -> Vec<Left> {
        let mut left = Vec::new();
        for (part, found) in self.fixed.found.iter() {
            let (Some(seen), Some(home)) = (self.fresh(part), self.home(part)) else {
                continue;
            };
            for track in Track::ALL {
                let start = home.track(track).replicas;
                if let Some(written) = &seen.track(track).written
                    && written.replicas != start
                {
                    let (name, now) = (found.names.of(track), written.replicas);
                    left.push(Left {
                        part: part.clone(),
                        what: format!(
                            "{track} {name} is at {now}, which its traffic needs, and {start} is recorded"
                        ),
                    });
                }
            }
        }
        left
    }

    pub(in crate::rollout) fn rollback_timers(&self, rolling: &RollingBack) -> Option<Timestamp> {
        let now = self.now();
        let deadline = (!rolling.stuck).then_some(rolling.deadline);
        [deadline, Some(rolling.patient_until)]
            .into_iter()
            .flatten()
            .filter(|at| *at > now)
            .min()
    }
}
