//! Numbers that are given out once each, and how far a journal may say that they have come.

use super::Rollout;
use super::effect::Effect;
use super::record::RecoverError;

/// A thousand a second since the first star do not come to half of this.
const LAST: u64 = u64::MAX / 2;

impl Rollout {
    /// That enough of every number is left: ids, epochs and tickets tell before from after, which they
    /// would not if they began anew.
    ///
    /// # Errors
    /// [`RecoverError::Exhausted`].
    pub(super) fn can_count_on(&self) -> Result<(), RecoverError> {
        let (decided, latest) = (&self.decided, &self.latest);
        let ids = decided.open.keys().map(|id| id.0).chain([decided.next_id]);
        let claims = decided
            .parts
            .values()
            .flat_map(|state| [&state.claim, &state.sought]);
        let of_effects = decided.open.values().flat_map(|effect| match effect {
            Effect::Claim { from, to, .. } => [from.as_ref(), to.as_ref()],
            Effect::Apply { request, .. } => [Some(&request.claim), None],
            Effect::Observe { .. }
            | Effect::Measure { .. }
            | Effect::RunHook { .. }
            | Effect::AskGate { .. }
            | Effect::Cancel { .. } => [None, None],
        });
        let claims = claims.flatten().chain(of_effects.flatten());
        let epochs = claims
            .chain(self.fixed.claims_before.values())
            .map(|claim| claim.epoch);
        let tickets = latest.parts.values().map(|part| part.next_ticket);
        let looks = latest
            .checks
            .values()
            .flat_map(|check| [check.number, check.looks]);
        let numbers = ids
            .map(|id| ("the id of effects", id))
            .chain(epochs.map(|epoch| ("the epoch of a claim", epoch)))
            .chain(tickets.map(|ticket| ("the ticket of looks at a part", ticket)))
            .chain(looks.map(|look| ("the number of looks at a check", look)))
            .chain([("the count of stages that stood", decided.standings)]);
        match numbers.into_iter().find(|(_, number)| *number > LAST) {
            Some((counter, number)) => Err(RecoverError::Exhausted {
                counter: counter.to_owned(),
                number,
            }),
            None => Ok(()),
        }
    }
}
