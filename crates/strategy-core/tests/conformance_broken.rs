//! Each promise of the conformance suite is shown to fail by one broken target.

mod broken;

use broken::Break;
use broken::table::{TABLE, check};
use strategy_core::conformance::{PROMISES, Standing};

#[test]
fn the_table_has_every_promise() {
    let promises: Vec<_> = PROMISES.iter().map(|promise| promise.name).collect();
    let table: Vec<_> = TABLE.iter().map(|(name, _)| *name).collect();
    assert_eq!(table, promises);
}

#[test]
fn the_wrapper_itself_breaks_nothing() {
    for promise in PROMISES {
        let standing = check(promise, Break::Nothing);
        assert_eq!(standing, Ok(Standing::Kept), "{}", promise.name);
    }
}

#[test]
fn each_promise_is_found_broken_by_its_own_target() {
    let missed: Vec<_> = PROMISES
        .iter()
        .zip(TABLE)
        .filter(|(promise, (_, how))| check(promise, *how).is_ok())
        .map(|(_, row)| row)
        .collect();
    assert!(missed.is_empty(), "not found: {missed:#?}");
}

/// A suite that breaks as a whole would tell nothing: most promises do not depend on the others.
#[test]
fn a_broken_target_keeps_most_other_promises() {
    for (name, how) in TABLE {
        let others = PROMISES.iter().filter(|promise| promise.name != *name);
        let broken: Vec<_> = others
            .filter(|promise| check(promise, *how).is_err())
            .map(|promise| promise.name)
            .collect();
        assert!(
            broken.len() < PROMISES.len() / 2,
            "{how:?} breaks also {broken:#?}"
        );
    }
}
