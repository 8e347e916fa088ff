//! The machine's own clock: never backwards, never stopped, and no jump counts for more than one
//! resync interval.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::timestamp::Timestamp;

/// A clock that is kept right goes back by less than this now and then, and nobody need hear of it.
const NOTICED: Duration = Duration::from_secs(1);

/// Wall time and machine time of the last input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct MachineClock {
    pub(super) wall: Timestamp,
    pub(super) machine: Timestamp,
}

impl MachineClock {
    /// Both begin together.
    pub(super) const fn begin(now: Timestamp) -> Self {
        Self {
            wall: now,
            machine: now,
        }
    }

    /// Moves to `now` by the wall clock; says by how much it jumped, if it did.
    ///
    /// Inputs come at least every resync interval, so a silence that is much longer means that the
    /// process or the machine stood still, or that somebody set the clock.
    pub(super) fn tick(&mut self, now: Timestamp, resync: Duration) -> Option<i64> {
        let passed = now.since(self.wall);
        let back = self.wall.since(now);
        let jumped = back >= NOTICED || passed > resync.saturating_mul(2);
        let counts = passed.min(resync);
        let by = i64::try_from(passed.as_millis()).unwrap_or(i64::MAX)
            - i64::try_from(back.as_millis()).unwrap_or(0);
        self.wall = now;
        self.machine = self.machine + counts;
        jumped.then_some(by)
    }

    /// A process takes the rollout up again at `now`: nobody watched since, so nothing counts.
    pub(super) const fn take_up(&mut self, now: Timestamp) {
        self.wall = now;
    }

    /// The wall time at which the machine's clock will show `at`, if nothing jumps.
    pub(super) fn wall_at(&self, at: Timestamp) -> Timestamp {
        if at >= self.machine {
            self.wall + at.since(self.machine)
        } else {
            self.wall.before(self.machine.since(at))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RESYNC: Duration = Duration::from_secs(30);

    #[test]
    fn time_never_runs_backwards_and_jumps_count_one_resync() {
        let at = |seconds: u64| Timestamp::from_millis(seconds * 1000);
        let mut clock = MachineClock::begin(at(1000));
        assert_eq!(clock.tick(at(1030), RESYNC), None);
        assert_eq!(clock.machine, at(1030));
        assert_eq!(clock.tick(at(1089), RESYNC), None, "late, and no news");
        assert_eq!(clock.machine, at(1060));
        assert_eq!(clock.tick(at(500), RESYNC), Some(-589_000));
        assert_eq!(clock.machine, at(1060));
        assert_eq!(clock.tick(at(510), RESYNC), None);
        assert_eq!(clock.machine, at(1070));
        assert_eq!(clock.tick(at(9_000), RESYNC), Some(8_490_000));
        assert_eq!(clock.machine, at(1100));
        clock.take_up(at(9_020));
        assert_eq!(clock.machine, at(1100));
        assert_eq!(clock.wall_at(at(1110)), at(9_030));
        assert_eq!(clock.wall_at(at(1090)), at(9_010));
    }
}
