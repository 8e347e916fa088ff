//! Limits of time: above zero, and short enough that somebody will see them end.

use std::time::Duration;

use crate::plan::Then;
use crate::timestamp::duration;

/// The longest limit: a year. What may take longer has no limit in any sense that helps.
const LONGEST: Duration = Duration::from_secs(366 * 24 * 3600);

/// What is wrong with a limit that must be above zero.
pub(super) fn limit(what: &str, limit: Duration) -> Option<(String, String)> {
    if limit.is_zero() {
        return Some((
            format!("{what} is zero"),
            "give it time, such as `10m`".to_owned(),
        ));
    }
    finite(what, limit)
}

/// What is wrong with a time that may be zero.
pub(super) fn finite(what: &str, limit: Duration) -> Option<(String, String)> {
    (limit > LONGEST).then(|| {
        (
            format!("{what} is {}, which never ends", duration::format(limit)),
            "give it a year at most".to_owned(),
        )
    })
}

/// What is wrong with going on where it would pass what was not judged good.
pub(super) fn goes_on(what: &str, then: Then) -> Option<(String, String)> {
    match then {
        Then::GoOn => Some((
            format!("{what} ends in going on, which would pass what was not judged good"),
            "let it roll back or abandon".to_owned(),
        )),
        Then::RollBack | Then::Abandon => None,
    }
}
