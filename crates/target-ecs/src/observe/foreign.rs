//! Other people's hands: what was changed since we wrote it, or since the start if we did not.
//!
//! The platform tells nobody's name, so it is "somebody", or Amazon ECS where it rolled back by itself.

use strategy_core::Track;
use strategy_core::target::{ForeignChange, ForeignField};

use aws_sdk_ecs::types::{DeploymentRolloutState, Service};

use crate::binding::Bound;
use crate::config::resource;
use crate::mark::{self, WRITTEN};
use crate::note::Note;
use crate::owned::{self, Fields};
use crate::previews::Slot;
use crate::routes::Routed;
use crate::view::State;

const SOMEBODY: &str = "somebody";

/// What somebody else changed.
pub(super) fn foreign(
    bound: &Bound,
    state: &State,
    fields: &Fields,
    unwired: &Fields,
    routed: &Routed,
) -> Vec<ForeignChange> {
    let noted = state.noted(bound);
    let mut changes = Vec::new();
    // Whoever works without a claim of ours on it goes by the start.
    let (note, complete) = match noted.text.read() {
        Some(note) => (note, noted.is_complete),
        None => {
            changes.push(ForeignChange::new(
                SOMEBODY,
                ForeignField::Revision,
                format!(
                    "the tag `{WRITTEN}` of {} was changed",
                    bound.service(Track::Stable)
                ),
            ));
            (Note::default(), false)
        }
    };
    let mut names = fields.names(&bound.start);
    // A preview rule that is gone is in neither.
    names.extend(note.slots());
    for name in names {
        let now = fields.of(name);
        let start = bound.start.of(name);
        let is_explained = |now: &str| note.explains(name, now, start, complete);
        // A target group at weight 0 changes no traffic, and a write of ours begins with it.
        let as_if = unwired.0.get(name);
        if is_explained(now) || as_if.is_some_and(|now| is_explained(now)) {
            continue;
        }
        let resource = match owned::whose(name) {
            Some(track) => bound.service(track),
            None => rule(bound, name),
        };
        let field = owned::field(name);
        let by = owned::whose(name)
            .and_then(|track| state.services.of(track).as_ref())
            .filter(|service| field == ForeignField::Revision && rolled_back(service));
        let by = by.map_or(SOMEBODY, |_| "Amazon ECS (its circuit breaker or alarms)");
        let mut what = format!("{} ({resource}) was changed", owned::words(name));
        if field == ForeignField::Capacity {
            what.push_str(&format!(" ({now} now)"));
        }
        changes.push(ForeignChange::new(by, field, what));
    }
    for (rule, group) in &routed.strangers {
        changes.push(ForeignChange::new(
            SOMEBODY,
            ForeignField::Traffic,
            format!(
                "{rule} sends to {}, which belongs to neither track",
                resource(group)
            ),
        ));
    }
    changes.extend(lost(bound, state));
    changes.sort();
    changes.dedup();
    changes
}

fn rule(bound: &Bound, name: &str) -> String {
    let index = match Slot::of_field(name) {
        Some(slot) => Some(slot.rule),
        None => name.trim_start_matches('r').parse().ok(),
    };
    let rule = index.and_then(|index| bound.rules.get(index));
    rule.map_or_else(|| name.to_owned(), |rule| rule.rule.resource())
}

fn rolled_back(service: &Service) -> bool {
    let mut deployments = service.deployments().iter();
    deployments.any(|of| of.rollout_state() == Some(&DeploymentRolloutState::Failed))
}

/// A service that the claim is not on any more, while it is on the other.
fn lost(bound: &Bound, state: &State) -> Vec<ForeignChange> {
    let is_free = |track| state.active(track).map(mark::is_free);
    let pair = Track::ALL.map(|track| (track, is_free(track)));
    if !pair.iter().any(|(_, free)| *free == Some(false)) {
        return Vec::new();
    }
    let lost = pair.iter().filter(|(_, free)| *free == Some(true));
    lost.map(|(track, _)| {
        let what = format!("the claim on {} was taken away", bound.service(*track));
        ForeignChange::new(SOMEBODY, ForeignField::Revision, what)
    })
    .collect()
}
