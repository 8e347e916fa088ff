//! What must hold before a call that writes: the claim of the request, and the law of `apply`. Pure.

use strategy_core::target::{Apply, TargetError, TargetErrorKind};

use super::situation::{
    BALANCING, CONFIGURATION, COUNT, DEFINITION, LEFT, STRANGE, Situation, WEIGHTS,
};
use super::{Bound, Seen};
use crate::error::found;
use crate::mark::{self, Held};
use crate::owned::{Fields, NONE};

/// Whether the service is under the claim of the request.
///
/// # Errors
/// `Conflict` when it is not.
pub(crate) fn claimed(seen: &Seen, about: &str, request: &Apply) -> Result<(), TargetError> {
    let whose = match seen.active().map(mark::held) {
        Some(Held::By(claim)) if claim == request.claim => return Ok(()),
        Some(Held::By(claim)) => format!("it is claimed by {claim}"),
        Some(Held::Unreadable { tag, text }) => {
            format!("its tag `{tag}` is `{text}`, which cannot be read")
        }
        Some(Held::Free { .. }) => "it is claimed by nobody".to_owned(),
        None => "it is gone".to_owned(),
    };
    let message = format!("{whose}, not by {}", request.claim);
    let kind = TargetErrorKind::Conflict;
    Err(found(kind, "ecs:UpdateService", about, message))
}

/// The law: every field is as it was seen or as it is wanted. A deployment that nobody noted must have been
/// seen.
pub(super) fn check(
    situation: &Situation<'_>,
    now: &Fields,
    seen: &Fields,
    wanted: &Fields,
) -> Result<(), TargetError> {
    let bound = situation.bound;
    check_told(bound, now, seen, wanted)?;
    if now.of(LEFT) != seen.of(LEFT) && now.of(LEFT) != wanted.of(LEFT) {
        return Err(differs(bound, COUNT_DIFFERS));
    }
    let strange = now.of(STRANGE);
    if strange != seen.of(STRANGE) && situation.was_taken_back() {
        let message = format!("what was begun has been taken back to {strange} since it was seen");
        return Err(differs(bound, message));
    }
    if now.of(WEIGHTS) != seen.of(WEIGHTS) && now.of(WEIGHTS) != NONE {
        let message = "the weights of its rule are neither as they were seen nor as they are to be";
        return Err(differs(bound, message));
    }
    check_primary(bound, strange, seen.of(STRANGE))
}

/// A deployment is the one that was seen, whatever it deploys.
pub(crate) fn check_primary(bound: &Bound, now: &str, seen: &str) -> Result<(), TargetError> {
    if now == seen {
        return Ok(());
    }
    let message =
        format!("deployment {now} was begun since it was seen, by somebody or by Amazon ECS");
    Err(differs(bound, message))
}

const COUNT_DIFFERS: &str = "its count is neither as it was seen nor as it is to be";

/// The same of what the service itself is told.
pub(crate) fn check_told(
    bound: &Bound,
    now: &Fields,
    seen: &Fields,
    wanted: &Fields,
) -> Result<(), TargetError> {
    for (name, message) in [
        (
            DEFINITION,
            "its task definition is neither as it was seen nor as it is to be",
        ),
        (COUNT, COUNT_DIFFERS),
        (
            CONFIGURATION,
            "its deployment configuration is neither as it was seen nor as it is to be",
        ),
        (
            BALANCING,
            "its load balancers or its grace period are neither as they were seen nor as they are to be",
        ),
    ] {
        let of = now.of(name);
        if of != seen.of(name) && of != wanted.of(name) {
            return Err(differs(bound, message));
        }
    }
    Ok(())
}

fn differs(bound: &Bound, message: impl Into<String>) -> TargetError {
    let (kind, resource) = (TargetErrorKind::Conflict, bound.resource());
    found(kind, "compare", &resource, message)
}
