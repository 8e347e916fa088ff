//! How many states searches have: with one more or one less, machines are told apart, or taken for one,
//! that were not before.
//!
//! A canonical form that keeps too much makes searches larger, and one that drops too much makes them
//! smaller: neither need break a promise, so both are seen here. Where a change of the machine or of the
//! world is meant to change them, the numbers below are to be what the failed test says that they are.

use super::explore;

/// States that no misfortune leads to, and those that one does.
const SIZES: [(&str, [usize; 2]); 13] = [
    ("blue-green", [11, 605]),
    ("canary-update", [26, 2072]),
    ("canary-replica-share", [28, 1364]),
    ("native", [13, 451]),
    ("native-gated", [40, 2048]),
    ("canary-gate", [19, 718]),
    ("canary-external-gate", [11, 591]),
    ("canary-hook", [11, 664]),
    ("canary-careful-hook", [11, 591]),
    ("canary-check", [13, 641]),
    ("canary-check-hold", [13, 645]),
    ("no-return", [20, 1199]),
    ("merged", [12, 662]),
];

#[test]
fn a_search_has_a_state_for_each_machine_and_world_that_go_on_differently_and_no_other() {
    let now = SIZES.map(|(name, _)| {
        let explored = explore(name).mischief(1).run().unwrap();
        (name, <[usize; 2]>::try_from(explored.by_mischief).unwrap())
    });
    assert_eq!(now, SIZES, "this many are found, and that many were");
}
