//! How a release can be bad, in a word.

use std::time::Duration;

use crate::world::{Ailment, Behavior};

/// This share of the requests that reach it fails: 0.05 is one in twenty.
pub fn errors(share: f64) -> Behavior {
    Behavior {
        errors: Behavior::share(share),
        ..Behavior::default()
    }
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
