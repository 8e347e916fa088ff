//! The machine's own clock: never backwards, never stopped, and no jump counts for more than one
//! resync interval.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::timestamp::{Timestamp, duration};

/// A clock that is kept right goes back by less than this now and then, and nobody need hear of it.
const NOTICED: Duration = Duration::from_secs(1);

/// A clock set back by no more than this is waited for by the windows of checks.
const WAITED_FOR: Duration = Duration::from_secs(300);

/// Wall time and machine time of the last input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct MachineClock {
    pub(super) wall: Timestamp,
    pub(super) machine: Timestamp,
    /// How far the windows of checks are ahead of the wall clock, since it was set back.
    #[serde(default, with = "duration", skip_serializing_if = "Duration::is_zero")]
    pub(super) ahead: Duration,
}

/// What a clock showed at an input that it should not have shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Irregular {
    /// By how many milliseconds it jumped, forward positive.
    pub(super) jumped: Option<i64>,
    /// Time that passed and does not count.
    pub(super) uncounted: Duration,
}

impl MachineClock {
    /// Both begin together.
    pub(super) const fn begin(now: Timestamp) -> Self {
        Self {
            wall: now,
            machine: now,
            ahead: Duration::ZERO,
        }
    }

    /// Moves to `now` by the wall clock, `passed` after the last input by a clock that nobody sets;
    /// `None`: there is none, and what the wall clock went forward must be believed.
    ///
    /// Inputs come at least every resync interval, so a silence that is much longer means that the
    /// process or the machine stood still, or that somebody set the clock.
    pub(super) fn tick(
        &mut self,
        now: Timestamp,
        passed: Option<Duration>,
        resync: Duration,
    ) -> Irregular {
        let forward = now.since(self.wall);
        let passed_at_most = passed.unwrap_or(forward);
        let counts = passed_at_most.min(resync);
        // Set forward, set back, or both none: what the wall clock moved and time did not.
        let expected = self.wall + passed_at_most;
        let (set_forward, set_back) = (now.since(expected), expected.since(now));
        let stood_still = passed_at_most > resync.saturating_mul(2);
        if set_back > WAITED_FOR {
            self.ahead += set_back;
        } else if set_forward >= NOTICED {
            self.ahead = self.ahead.saturating_sub(set_forward);
        } else if passed.is_none() && stood_still {
            self.ahead = self.ahead.saturating_sub(forward.saturating_sub(resync));
        }
        let by = if set_forward >= NOTICED || set_back >= NOTICED {
            Some(milliseconds(set_forward) - milliseconds(set_back))
        } else {
            stood_still.then(|| milliseconds(forward))
        };
        self.wall = now;
        self.machine = self.machine + counts;
        Irregular {
            jumped: by,
            uncounted: passed_at_most - counts,
        }
    }

    /// A process takes the rollout up again at `now`: nobody watched since, so nothing counts.
    ///
    /// How long that was, and whether this wall clock agrees with the one before, nobody knows: windows
    /// wait until it has passed the end of the last one.
    pub(super) const fn take_up(&mut self, now: Timestamp) {
        self.wall = now;
        self.ahead = Duration::ZERO;
    }

    /// What o'clock it is for the windows of checks: the wall clock, but where it was set back by far the
    /// time goes on from where it was, so that no moment has two names.
    pub(super) fn for_windows(&self) -> Timestamp {
        self.wall + self.ahead
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

fn milliseconds(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RESYNC: Duration = Duration::from_secs(30);

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    const fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn time_never_runs_backwards_and_jumps_count_one_resync() {
        let mut clock = MachineClock::begin(at(1000));
        let jump = |clock: &mut MachineClock, to| clock.tick(at(to), None, RESYNC).jumped;
        assert_eq!(jump(&mut clock, 1030), None);
        assert_eq!(clock.machine, at(1030));
        assert_eq!(jump(&mut clock, 1089), None, "late, and no news");
        assert_eq!(clock.machine, at(1060));
        assert_eq!(jump(&mut clock, 500), Some(-589_000));
        assert_eq!(clock.machine, at(1060));
        assert_eq!(jump(&mut clock, 510), None);
        assert_eq!(clock.machine, at(1070));
        assert_eq!(jump(&mut clock, 9_000), Some(8_490_000));
        assert_eq!(clock.machine, at(1100));
        clock.take_up(at(9_020));
        assert_eq!(clock.machine, at(1100));
        assert_eq!(clock.wall_at(at(1110)), at(9_030));
        assert_eq!(clock.wall_at(at(1090)), at(9_010));
    }

    #[test]
    fn time_that_was_measured_counts_whatever_the_wall_clock_says() {
        let mut clock = MachineClock::begin(at(1000));
        let tick = |clock: &mut MachineClock, to, passed| {
            clock.tick(at(to), Some(seconds(passed)), RESYNC)
        };
        assert_eq!(tick(&mut clock, 1021, 1).jumped, Some(20_000));
        assert_eq!(clock.machine, at(1001), "set forward, it is no later");
        assert_eq!(tick(&mut clock, 1002, 1).jumped, Some(-20_000));
        assert_eq!(clock.machine, at(1002), "set back, it is later");
        assert_eq!(tick(&mut clock, 1012, 10), Irregular::default());
        let late = tick(&mut clock, 1057, 45);
        assert_eq!((late.jumped, late.uncounted), (None, seconds(15)));
        assert_eq!(tick(&mut clock, 1118, 61).jumped, Some(61_000));
        assert_eq!(clock.machine, at(1072));
    }

    #[test]
    fn windows_go_on_where_the_wall_clock_is_set_back_by_far() {
        let mut clock = MachineClock::begin(at(10_000));
        clock.tick(at(9_990), Some(seconds(10)), RESYNC);
        assert_eq!(clock.for_windows(), at(9_990), "a little is waited for");
        clock.tick(at(6_400), Some(seconds(10)), RESYNC);
        assert_eq!(clock.for_windows(), at(10_000));
        clock.tick(at(6_410), Some(seconds(10)), RESYNC);
        assert_eq!(clock.for_windows(), at(10_010));
        clock.tick(at(10_020), Some(seconds(10)), RESYNC);
        assert_eq!(clock.for_windows(), at(10_020), "it was put right again");
        clock.take_up(at(500));
        assert_eq!(clock.for_windows(), at(500));
    }
}
