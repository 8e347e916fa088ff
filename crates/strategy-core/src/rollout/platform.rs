//! What a platform says of a deployment that it runs itself.

use super::Rollout;
use super::outcome::Reason;
use super::part_state::footprint;
use super::state::Hold;
use crate::release::Part;
use crate::target::{Observation, PlatformState, Routing};

impl Rollout {
    /// A deployment that ended otherwise than it should is as good as an alarm. That one waits for an answer
    /// is none: it is asked for in every stage, for the step after it. One deployment is one alarm.
    pub(super) fn platform_says(&mut self, part: &Part, observation: &Observation) {
        if !self.decided.state.is_forward() {
            return;
        }
        let Some(platform) = &observation.platform else {
            return;
        };
        let message = match &platform.state {
            PlatformState::InProgress | PlatformState::Waiting | PlatformState::Won => return,
            PlatformState::RolledBack(why) => format!("it rolled back: {why}"),
            PlatformState::Superseded(by) => format!("another took its place: {by}"),
            PlatformState::Stalled(why) => format!("it makes no progress: {why}"),
        };
        // A person is asked about something that failed already, and has to hear of this after it.
        let held = self.decided.state.held().map(|held| &held.why);
        if matches!(held, Some(Hold::Failed(_) | Hold::NoWayBack(_))) {
            return;
        }
        let Some(state) = self.decided.parts.get_mut(part) else {
            return;
        };
        if state.deployment_failed.as_ref() == Some(&platform.id) {
            return;
        }
        state.deployment_failed = Some(platform.id.clone());
        self.fail(Reason::Platform {
            part: part.clone(),
            message,
        });
    }

    /// The platform took everything to where it was at the start, so that this is nobody's hand.
    pub(super) fn went_back_by_itself(&self, part: &Part, observation: &Observation) -> bool {
        let Some(found) = self.fixed.found.part(part) else {
            return false;
        };
        let went = observation
            .platform
            .as_ref()
            .is_some_and(|platform| matches!(platform.state, PlatformState::RolledBack(_)));
        let (start, now) = (footprint(&found.observation), footprint(observation));
        found.capabilities.routing == Routing::Native
            && went
            && (start.tracks, start.traffic) == (now.tracks, now.traffic)
    }
}
