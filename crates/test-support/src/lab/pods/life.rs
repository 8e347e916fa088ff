//! What the process of a pod has come to at which age: pure, so that it can be tried without waiting.

use std::time::Duration;

use super::behaviour::{Behaviour, Life};

/// A crash loop of the lab is one restart a second, as that of the stand-in kubelet: the back-off of a
/// real one, 10 s and more, would only make tests slow.
const BACK_OFF: Duration = Duration::from_secs(1);

/// What the process does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// It runs and does not listen yet.
    Starting,
    /// It listens, and is ready.
    Up,
    /// It has ended, and waits to be started again.
    Down,
}

/// One stretch of a life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stretch {
    pub(crate) phase: Phase,
    pub(crate) restarts: u32,
    /// The age at which the next begins; `None`: never.
    pub(crate) until: Option<Duration>,
}

/// The stretch in which a pod of this age is.
pub(crate) fn stretch(behaviour: &Behaviour, age: Duration) -> Stretch {
    let start = behaviour.start;
    match behaviour.life {
        Life::Steady if age < start => of(Phase::Starting, 0, Some(start)),
        Life::Steady => of(Phase::Up, 0, None),
        // What crashes at once never comes as far as listening.
        Life::Crash { after } if after.is_zero() => looping(Duration::ZERO, age),
        Life::Crash { .. } if age < start => of(Phase::Starting, 0, Some(start)),
        Life::Crash { after } if age < start + after => of(Phase::Up, 0, Some(start + after)),
        Life::Crash { after } => looping(start + after, age),
        Life::Flap { up, down } => {
            let whole = start + up + down;
            let rounds = rounds(age, whole);
            let began = whole.saturating_mul(rounds);
            if age < began + start {
                of(Phase::Starting, rounds, Some(began + start))
            } else if age < began + start + up {
                of(Phase::Up, rounds, Some(began + start + up))
            } else {
                of(Phase::Down, rounds, Some(began + whole))
            }
        }
    }
}

/// A crash loop since this age.
fn looping(since: Duration, age: Duration) -> Stretch {
    let rounds = rounds(age - since, BACK_OFF).saturating_add(1);
    of(
        Phase::Down,
        rounds,
        Some(since + BACK_OFF.saturating_mul(rounds)),
    )
}

/// How often `whole`, which is never nothing, has passed.
fn rounds(age: Duration, whole: Duration) -> u32 {
    u32::try_from(age.as_nanos() / whole.as_nanos().max(1)).unwrap_or(u32::MAX)
}

const fn of(phase: Phase, restarts: u32, until: Option<Duration>) -> Stretch {
    Stretch {
        phase,
        restarts,
        until,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The stretches of the first `seconds`, as `phase restarts @ milliseconds`.
    fn story(tag: &str, seconds: u64) -> Vec<String> {
        let behaviour = Behaviour::parse(&format!("web:{tag}"), None).unwrap();
        let mut age = Duration::ZERO;
        let mut story = Vec::new();
        while age < Duration::from_secs(seconds) {
            let now = stretch(&behaviour, age);
            story.push(format!(
                "{:?} {} @ {}",
                now.phase,
                now.restarts,
                age.as_millis()
            ));
            let Some(until) = now.until else { break };
            assert!(until > age, "it does not go on: {now:?} at {age:?}");
            let before = stretch(&behaviour, until - Duration::from_nanos(1));
            assert_eq!(before, now, "it changes within a stretch");
            age = until;
        }
        story
    }

    #[test]
    fn a_steady_process_is_up_for_ever() {
        assert_eq!(story("v1", 9), ["Up 0 @ 0"]);
        assert_eq!(story("v1_start-3s", 9), ["Starting 0 @ 0", "Up 0 @ 3000"]);
    }

    #[test]
    fn a_crash_loop_has_a_restart_every_second() {
        let looping = ["Down 1 @ 0", "Down 2 @ 1000", "Down 3 @ 2000"];
        assert_eq!(story("v1_crash", 3), looping);
        assert_eq!(story("v1_start-3s_crash", 3), looping);
    }

    #[test]
    fn a_process_that_crashes_late_was_ready_until_then() {
        assert_eq!(
            story("v1_start-1s_crash-2s", 5),
            [
                "Starting 0 @ 0",
                "Up 0 @ 1000",
                "Down 1 @ 3000",
                "Down 2 @ 4000"
            ]
        );
    }

    #[test]
    fn a_flapping_process_is_up_and_down_in_turn_with_restarts() {
        assert_eq!(
            story("v1_flap-5s-10s", 31),
            [
                "Up 0 @ 0",
                "Down 0 @ 5000",
                "Up 1 @ 15000",
                "Down 1 @ 20000",
                "Up 2 @ 30000"
            ]
        );
        assert_eq!(
            story("v1_start-1s_flap-5s-4s", 12)[2..],
            ["Down 0 @ 6000", "Starting 1 @ 10000", "Up 1 @ 11000"]
        );
    }
}
