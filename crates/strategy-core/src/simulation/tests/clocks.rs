//! Clocks that are set, and journals that take their time: what counts is what really passed.

use super::*;
use crate::rollout::Wish;

const MINUTE: Duration = Duration::from_secs(60);

/// Each of these, at a time or write of its own; how many there were.
fn each(of: &Simulation, strategy: &dyn Strategy, mishaps: impl Iterator<Item = Mishap>) -> usize {
    let mut tried = 0;
    for Mishap { when, trouble } in mishaps {
        let report = of.clone().mishap(when, trouble).run(strategy);
        let broken = report.broken_promises();
        assert!(broken.is_empty(), "{when:?}: {broken:?}");
        assert!(report.is_promoted(), "{when:?}: {:?}", report.end);
        assert_eq!(report.failed(), 0, "{when:?}");
        tried += 1;
    }
    tried
}

#[test]
fn a_clock_that_is_set_forward_ends_no_drain() {
    // Some requests take as long as that: scaled in too early, they fail.
    let mut lingering = quiet().world(|mut world| {
        for part in world.parts.values_mut() {
            part.drain = MINUTE;
        }
        world
    });
    // Something is heard every few seconds, so that the machine sees each moment of its clock.
    for second in (0..300).step_by(3) {
        let retry = Ask::Wish(Wish::Retry);
        lingering = lingering.asks(Duration::from_secs(second), "ann", retry);
    }
    // Stable is emptied, drained, and then given the release.
    let strategy = Canary::new().stages([100]).bake(Duration::from_secs(5));
    let whole = lingering.run(&strategy);
    assert!(whole.is_promoted(), "{:?}", whole.end);
    let lasts = whole.world.to.since(whole.world.from).as_secs();
    let set = |second| {
        let trouble = Trouble::ClockSet {
            milliseconds: 29_000,
        };
        Mishap::new(When::After(Duration::from_secs(second)), trouble)
    };
    let tried = each(
        &lingering,
        &strategy,
        (0..lasts.min(400)).step_by(7).map(set),
    );
    assert!(tried > 10, "{tried}");
}

#[test]
fn a_journal_that_takes_its_time_lets_out_no_write_that_was_decided_long_ago() {
    let strategy = BlueGreen::new().bake(MINUTE);
    let whole = quiet().run(&strategy);
    let fails = |write| {
        let lasts = 2 * MINUTE;
        Mishap::new(When::BeforeAppend(write), Trouble::JournalFails { lasts })
    };
    let tried = each(
        &quiet(),
        &strategy,
        (1..=whole.appends).step_by(2).map(fails),
    );
    assert!(tried > 10, "{tried}");
}

#[test]
fn a_clock_that_is_set_back_gives_no_moment_to_two_windows() {
    let whole = quiet().run(&canary());
    for milliseconds in [-20_000, -3_600_000] {
        let set = |call| {
            let trouble = Trouble::ClockSet { milliseconds };
            Mishap::new(When::AfterCall(call), trouble)
        };
        // Set before it begins, it would be a clock that is wrong from the start, with no data.
        let tried = each(&quiet(), &canary(), (5..=whole.calls).step_by(3).map(set));
        assert!(tried > 10, "{tried}");
    }
}
