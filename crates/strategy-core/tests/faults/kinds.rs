//! The kinds of fault, each planted at one call of the platform or one write of the journal.

use std::time::Duration;

use strategy_core::rollout::Wish;
use strategy_core::simulation::{Ask, Simulation, Trouble, When};
use strategy_core::world::{ApiFault, Calls, Happening};

use super::courses::LASTS;

/// What is counted in the index of a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Point {
    /// Calls of the platform.
    Call,
    /// Writes of the journal.
    Append,
}

/// How a rollout with the fault may end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Allows {
    /// As without it.
    TheSame,
    /// As without it; and at the start, if nothing but a claim was ever written: where somebody may have
    /// been faster, a rollout does not begin.
    RefusedAtStart,
    /// At the start or at the goal.
    StartOrGoal,
    /// Also stuck, if it says with what.
    Stuck,
}

impl Allows {
    /// What two faults allow together.
    pub(crate) const fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Stuck, _) | (_, Self::Stuck) => Self::Stuck,
            (Self::StartOrGoal, _) | (_, Self::StartOrGoal) => Self::StartOrGoal,
            (Self::RefusedAtStart, _) | (_, Self::RefusedAtStart) => Self::RefusedAtStart,
            (Self::TheSame, Self::TheSame) => Self::TheSame,
        }
    }
}

/// A kind of fault.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    pub(crate) point: Point,
    pub(crate) allows: Allows,
    plant: fn(Simulation, u64) -> Simulation,
}

impl Kind {
    /// The simulation with this fault at the call or write of this number, counted from 1.
    pub(crate) fn at(&self, simulation: Simulation, index: u64) -> Simulation {
        (self.plant)(simulation, index)
    }
}

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);
/// In seconds: longer than any wait of the machine for a write or read.
const A_WHILE: Duration = Duration::from_secs(45);
const UNTIL_TAKEN_UP: Duration = Duration::from_secs(20);

const fn of(
    name: &'static str,
    point: Point,
    allows: Allows,
    plant: fn(Simulation, u64) -> Simulation,
) -> Kind {
    Kind {
        name,
        point,
        allows,
        plant,
    }
}

/// Every kind.
pub(crate) const ALL: &[Kind] = &[
    // The platform refuses for ever.
    of("refuses for good", Point::Call, Allows::Stuck, |s, n| {
        api(s, n, ApiFault::Unreachable, LASTS, None)
    }),
    of(
        "refuses for good, people abort",
        Point::Call,
        Allows::Stuck,
        |s, n| people(api(s, n, ApiFault::Unreachable, LASTS, None)),
    ),
    of("conflicts for good", Point::Call, Allows::Stuck, |s, n| {
        api(s, n, ApiFault::Conflict, LASTS, None)
    }),
    // It does for long, and then no more.
    of(
        "refuses for an hour",
        Point::Call,
        Allows::StartOrGoal,
        |s, n| api(s, n, ApiFault::Unreachable, HOUR, None),
    ),
    of(
        "refuses for an hour, people abort",
        Point::Call,
        Allows::StartOrGoal,
        |s, n| people(api(s, n, ApiFault::Unreachable, HOUR, None)),
    ),
    of(
        "silent for an hour",
        Point::Call,
        Allows::StartOrGoal,
        |s, n| api(s, n, ApiFault::Silent, HOUR, None),
    ),
    // For a while, or once.
    of(
        "refuses for a while",
        Point::Call,
        Allows::TheSame,
        |s, n| api(s, n, ApiFault::Unreachable, A_WHILE, None),
    ),
    of("refuses once", Point::Call, Allows::TheSame, |s, n| {
        api(s, n, ApiFault::Unreachable, LASTS, Some(1))
    }),
    of(
        "throttles for a while",
        Point::Call,
        Allows::TheSame,
        |s, n| api(s, n, ApiFault::Throttled, A_WHILE, None),
    ),
    of("throttles once", Point::Call, Allows::TheSame, |s, n| {
        api(s, n, ApiFault::Throttled, LASTS, Some(1))
    }),
    of(
        "conflicts once",
        Point::Call,
        Allows::RefusedAtStart,
        |s, n| api(s, n, ApiFault::Conflict, LASTS, Some(1)),
    ),
    of(
        "applies and is silent",
        Point::Call,
        Allows::TheSame,
        |s, n| api(s, n, ApiFault::Silent, LASTS, Some(1)),
    ),
    of("lands late", Point::Call, Allows::TheSame, |s, n| {
        api(s, n, ApiFault::LandsLate(40 * SECOND), LASTS, Some(1))
    }),
    of("loses the answer", Point::Call, Allows::TheSame, |s, n| {
        api(s, n, ApiFault::AnswerLost, LASTS, Some(1))
    }),
    of("slow", Point::Call, Allows::TheSame, |s, n| {
        api(s, n, ApiFault::Slow(20 * SECOND), LASTS, Some(1))
    }),
    of("stale for a while", Point::Call, Allows::TheSame, |s, n| {
        api(s, n, ApiFault::Stale, A_WHILE, None)
    }),
    // The process.
    of(
        "crash before the call",
        Point::Call,
        Allows::TheSame,
        |s, n| s.mishap(When::BeforeCall(n), crash()),
    ),
    of(
        "crash after the call",
        Point::Call,
        Allows::TheSame,
        |s, n| s.mishap(When::AfterCall(n), crash()),
    ),
    of(
        "crash before the append",
        Point::Append,
        Allows::TheSame,
        |s, n| s.mishap(When::BeforeAppend(n), crash()),
    ),
    of(
        "crash after the append",
        Point::Append,
        Allows::TheSame,
        |s, n| s.mishap(When::AfterAppend(n), crash()),
    ),
    of(
        "zombie before a call, wakes early",
        Point::Call,
        Allows::TheSame,
        |s, n| s.mishap(When::BeforeCall(n), zombie(60 * SECOND)),
    ),
    of(
        "zombie after a call, wakes early",
        Point::Call,
        Allows::TheSame,
        |s, n| s.mishap(When::AfterCall(n), zombie(60 * SECOND)),
    ),
    of(
        "zombie before a call, wakes late",
        Point::Call,
        Allows::TheSame,
        |s, n| s.mishap(When::BeforeCall(n), zombie(HOUR)),
    ),
    of(
        "zombie after a call, wakes late",
        Point::Call,
        Allows::TheSame,
        |s, n| s.mishap(When::AfterCall(n), zombie(HOUR)),
    ),
    of(
        "zombie before an append, wakes early",
        Point::Append,
        Allows::TheSame,
        |s, n| s.mishap(When::BeforeAppend(n), zombie(60 * SECOND)),
    ),
    of(
        "zombie after an append, wakes early",
        Point::Append,
        Allows::TheSame,
        |s, n| s.mishap(When::AfterAppend(n), zombie(60 * SECOND)),
    ),
    of(
        "zombie before an append, wakes late",
        Point::Append,
        Allows::TheSame,
        |s, n| s.mishap(When::BeforeAppend(n), zombie(HOUR)),
    ),
    of(
        "zombie after an append, wakes late",
        Point::Append,
        Allows::TheSame,
        |s, n| s.mishap(When::AfterAppend(n), zombie(HOUR)),
    ),
    // Its journal.
    of(
        "the journal loses its answer",
        Point::Append,
        Allows::TheSame,
        |s, n| s.mishap(When::BeforeAppend(n), Trouble::JournalAnswerLost),
    ),
    of(
        "the journal fails for a while",
        Point::Append,
        Allows::TheSame,
        |s, n| {
            s.mishap(
                When::BeforeAppend(n),
                Trouble::JournalFails { lasts: A_WHILE },
            )
        },
    ),
    // For longer than what was seen may be old: what was decided on it is decided anew.
    of(
        "the journal fails for two minutes",
        Point::Append,
        Allows::TheSame,
        |s, n| {
            let lasts = 120 * SECOND;
            s.mishap(When::BeforeAppend(n), Trouble::JournalFails { lasts })
        },
    ),
    // Its clock.
    of(
        "the clock is set forward a little",
        Point::Call,
        Allows::TheSame,
        |s, n| s.mishap(When::AfterCall(n), clock_set(20_000)),
    ),
    of(
        "the clock is set back a little",
        Point::Call,
        Allows::TheSame,
        |s, n| s.mishap(When::AfterCall(n), clock_set(-20_000)),
    ),
    of(
        "the clock is set forward an hour",
        Point::Call,
        Allows::StartOrGoal,
        |s, n| s.mishap(When::AfterCall(n), clock_set(HOUR_IN_MILLISECONDS)),
    ),
    of(
        "the clock is set back an hour",
        Point::Call,
        Allows::StartOrGoal,
        |s, n| s.mishap(When::AfterCall(n), clock_set(-HOUR_IN_MILLISECONDS)),
    ),
];

/// Those for the inner loop: no hours of a platform that refuses, and of what differs little one.
pub(crate) fn brief() -> Vec<&'static Kind> {
    named(&[
        "refuses for a while",
        "applies and is silent",
        "lands late",
        "loses the answer",
        "conflicts once",
        "crash before the call",
        "crash after the call",
        "crash before the append",
        "crash after the append",
        "zombie before a call, wakes early",
        "zombie after an append, wakes early",
        "the journal loses its answer",
        "the journal fails for a while",
        "the journal fails for two minutes",
        "the clock is set forward a little",
        "the clock is set back a little",
        "the clock is set back an hour",
    ])
}

/// Those that are tried two at a time: one of each sort.
pub(crate) fn paired() -> Vec<&'static Kind> {
    named(&[
        "refuses for a while",
        "applies and is silent",
        "lands late",
        "loses the answer",
        "crash after the call",
        "crash before the append",
        "zombie before a call, wakes early",
    ])
}

pub(crate) fn named(names: &[&str]) -> Vec<&'static Kind> {
    let kinds: Vec<_> = ALL
        .iter()
        .filter(|kind| names.contains(&kind.name))
        .collect();
    assert_eq!(kinds.len(), names.len(), "each is a kind");
    kinds
}

const HOUR_IN_MILLISECONDS: i64 = 3_600_000;

fn api(
    simulation: Simulation,
    call: u64,
    fault: ApiFault,
    lasts: Duration,
    times: Option<u32>,
) -> Simulation {
    let happening = Happening::ApiFails {
        part: None,
        fault,
        calls: Calls::All,
        lasts,
        times,
    };
    simulation.mishap(When::BeforeCall(call), Trouble::World(happening))
}

/// Somebody aborts after half an hour, and asks for another attempt twice.
fn people(simulation: Simulation) -> Simulation {
    let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
    simulation
        .asks(minutes(30), "ann", Ask::Wish(Wish::Abort { force: false }))
        .asks(minutes(50), "ann", Ask::Wish(Wish::Retry))
        .asks(minutes(90), "bob", Ask::Wish(Wish::Retry))
}

const fn crash() -> Trouble {
    Trouble::Crash {
        resumed_after: UNTIL_TAKEN_UP,
    }
}

const fn zombie(lasts: Duration) -> Trouble {
    Trouble::Freeze {
        lasts,
        taken_over_after: UNTIL_TAKEN_UP,
    }
}

const fn clock_set(milliseconds: i64) -> Trouble {
    Trouble::ClockSet { milliseconds }
}
