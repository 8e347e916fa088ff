//! What is refused because of what is there by now: another release in a write of traffic, and a minimum where there
//! is no autoscaler any more.

use strategy_core::target::{Apply, TargetError, TargetErrorKind};
use strategy_core::{Replicas, Track};

use super::Situation;
use crate::autoscaling::number;
use crate::config::RuleConfig;
use crate::error::found;
use crate::forward::Forward;
use crate::owned::Count;
use crate::routes;
use crate::task_definition::short;
use crate::view::definition;

impl Situation<'_> {
    /// A write that moves traffic gives no other release to a track that requests come to, before or after it: no
    /// step asks for both, so what was decided on is not what is there.
    pub(super) fn check_reached(
        &self,
        request: &Apply,
        forwards: &[(RuleConfig, Forward)],
    ) -> Result<(), TargetError> {
        let desired = &request.desired;
        let routed = routes::read(self.bound.groups(), forwards).ok();
        let now = routed.map(|routed| routed.traffic(&self.bound.rules, forwards));
        if now.as_ref() == Some(&desired.traffic) {
            return Ok(());
        }
        for track in Track::ALL {
            let name = self.definitions.of(track).name();
            let there = self.state.active(track);
            let stays = there.is_none_or(|of| name.as_deref() == Some(short(definition(of))));
            let is_to_be_reached = match track {
                Track::Stable => desired.traffic.reaches_stable(),
                Track::Candidate => desired.traffic.reaches_candidate(),
            };
            let is_reached = is_to_be_reached || self.state.reaches(self.bound, track);
            if desired.track(track).revision.is_release() && !stays && is_reached {
                let message =
                    "it runs another task definition than the release's, and requests come to it";
                let (kind, resource) = (TargetErrorKind::Conflict, self.bound.service(track));
                return Err(found(kind, "ecs:UpdateService", &resource, message));
            }
        }
        Ok(())
    }

    /// A track whose autoscaler is gone keeps the count that it has, and is given more where more is asked for;
    /// that the minimum is held can only be had with the autoscaler.
    pub(super) fn count_alone(
        &self,
        track: Track,
        replicas: Replicas,
    ) -> Result<Count, TargetError> {
        let there = self.state.active(track);
        let told = there.map_or(0, |there| number(there.desired_count));
        match replicas {
            Replicas::Count(number) if number == told => Ok(Count::Plain(told)),
            Replicas::Floor(floor) if floor > told => Ok(Count::Plain(floor)),
            Replicas::Count(_) | Replicas::Floor(_) => {
                let message = "its scalable target was there when the rollout began and is gone; register it again";
                let action = "application-autoscaling:RegisterScalableTarget";
                let (kind, resource) = (TargetErrorKind::NotFound, self.bound.service(track));
                Err(found(kind, action, &resource, message))
            }
        }
    }
}
