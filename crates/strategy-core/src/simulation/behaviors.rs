//! How a release can be bad, in a word. What is bad in more than one way is a
//! [`Behavior`] with more than one field set.

use std::time::Duration;

use crate::world::{Ailment, Behavior, Latency};

/// This share of the requests that reach it fails: 0.05 is one in twenty. More than 1 is refused when the
/// simulation is run.
pub fn errors(share: f64) -> Behavior {
    Behavior {
        errors: Behavior::share(share),
        ..Behavior::default()
    }
}

/// Requests that it answers well take so long: half at most `median`, 99% at most `p99`, all at most twice
/// that.
pub fn slow(median: Duration, p99: Duration) -> Behavior {
    Behavior {
        latency: Latency::new(median, p99),
        ..Behavior::default()
    }
}

/// Each of its pods can serve so many requests a second; those beyond fail.
pub fn serves(requests_per_second: u32) -> Behavior {
    Behavior {
        serves: Some(requests_per_second),
        ..Behavior::default()
    }
}

/// Each pod is ready and unready in turn, without a restart.
pub fn flaps(up: Duration, down: Duration) -> Behavior {
    ailing(Ailment::Flaps {
        up,
        down,
        restarts: false,
    })
}

/// Each pod ends after having been ready for so long, again and again.
pub fn crashes_after(time: Duration) -> Behavior {
    ailing(Ailment::CrashesAfter(time))
}

/// Each pod ends as soon as it has started, again and again.
pub fn crashes_at_start() -> Behavior {
    ailing(Ailment::CrashesAtStart)
}

/// It starts and never becomes ready.
pub fn hangs() -> Behavior {
    ailing(Ailment::Hangs)
}

/// Each pod hangs after having been ready for so long: unready from then on, and never restarted.
pub fn hangs_after(time: Duration) -> Behavior {
    ailing(Ailment::HangsAfter(time))
}

/// Each pod is killed for its memory after having been ready for so long, again and again.
pub fn out_of_memory_after(time: Duration) -> Behavior {
    ailing(Ailment::OutOfMemoryAfter(time))
}

/// The registry does not have it.
pub fn cannot_be_pulled() -> Behavior {
    ailing(Ailment::CannotBePulled)
}

/// It takes so long to become ready, and is well then.
pub fn starts_in(time: Duration) -> Behavior {
    Behavior {
        starts_in: time,
        ..Behavior::default()
    }
}

fn ailing(ailment: Ailment) -> Behavior {
    Behavior {
        ailment: Some(ailment),
        ..Behavior::default()
    }
}
