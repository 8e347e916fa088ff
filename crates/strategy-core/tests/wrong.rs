//! Wrong on purpose: targets, scripts, analyses, inboxes and journals that are wrong in one way each, and
//! what catches them. A test that nothing can fail proves nothing.
#![expect(
    clippy::unwrap_used,
    reason = "functions that tests share are tests as well"
)]

mod broken;
#[path = "docs/page.rs"]
mod docs;
#[path = "wrong/journals.rs"]
mod journals;
#[path = "wrong/late.rs"]
mod late;
#[path = "wrong/measuring.rs"]
mod measuring;
#[path = "wrong/page.rs"]
mod page;
#[path = "wrong/people.rs"]
mod people;
#[path = "wrong/piece.rs"]
mod piece;
mod plain_journal;
#[path = "wrong/reading.rs"]
mod reading;
#[path = "wrong/script.rs"]
mod script;
#[path = "wrong/shares.rs"]
mod shares;
#[path = "wrong/slots.rs"]
mod slots;
#[path = "wrong/table.rs"]
mod table;
#[path = "wrong/targets.rs"]
mod targets;
#[path = "wrong/worlds.rs"]
mod worlds;

use std::collections::BTreeSet;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use strategy_core::conformance::{PROMISES, journal};
use strategy_core::driver::MemoryJournal;
use strategy_core::journal::Journal;
use strategy_core::simulation::Carrier;
use strategy_core::world::World;

use crate::broken::Break;
use crate::broken::table::{TABLE, check};
use crate::journals::RefusesNobody;
use crate::piece::{Caught, Ends, Piece, harms, is_true};
use crate::table::{SEAMS, TRAPS};

fn pieces() -> impl Iterator<Item = &'static Piece> {
    let ways = TRAPS.iter().chain(SEAMS);
    ways.flat_map(|way| way.pieces)
}

#[test]
fn every_way_to_go_wrong_has_a_piece_of_its_own() {
    assert_eq!((TRAPS.len(), SEAMS.len()), (15, 8));
    assert!(TRAPS.iter().chain(SEAMS).all(|way| !way.pieces.is_empty()));
    let names: BTreeSet<_> = pieces().map(|piece| piece.name).collect();
    assert_eq!(names.len(), pieces().count());
}

#[test]
fn the_conformance_suite_finds_what_it_is_to_find() {
    for piece in pieces() {
        if let Caught::Conformance(how, name) = piece.caught {
            let promise = PROMISES.iter().find(|promise| promise.name == name);
            let promise = promise.unwrap();
            let found = check(promise, how);
            assert!(found.is_err(), "{}: {found:?}", piece.name);
            assert!(check(promise, Break::Nothing).is_ok(), "{name}");
        }
    }
}

#[test]
fn the_suite_of_journals_finds_one_that_refuses_nobody() {
    let kept = |journal: Arc<dyn Journal>| {
        std::panic::catch_unwind(AssertUnwindSafe(|| {
            let world = World::seeded(1).build().unwrap();
            let promise = journal::another_sequence_is_refused(&*journal);
            world.block_on(promise).unwrap();
        }))
    };
    assert!(kept(Arc::new(MemoryJournal::new())).is_ok());
    assert!(kept(Arc::new(RefusesNobody(Arc::new(MemoryJournal::new())))).is_err());
}

/// Both at once, since each simulation takes a while.
#[test]
fn the_judge_and_users_find_each_wrong_piece_and_nothing_amiss_with_the_right_one() {
    let mut amiss = Vec::new();
    for piece in pieces() {
        let Caught::Simulation {
            trial,
            harms: expected,
            promises,
        } = &piece.caught
        else {
            continue;
        };
        let trial = trial();
        let run = |carrier: &dyn Carrier| trial.simulation.run_by(&*trial.strategy, carrier);
        let right = run(&*trial.right.carrier);
        let wrong = run(&*trial.carrier);
        let expected: BTreeSet<_> = expected.iter().copied().collect();
        let found = harms(&wrong, &right);
        if found != expected {
            amiss.push(format!("{}: {found:?}, with {:?}", piece.name, wrong.end));
        }
        let broken: BTreeSet<_> = wrong
            .broken_promises()
            .iter()
            .map(|it| it.promise)
            .collect();
        if !promises.iter().all(|promise| broken.contains(promise)) {
            amiss.push(format!("{}: the judge finds {broken:?}", piece.name));
        }
        let clean = right.broken_promises().is_empty() && is_true(&right);
        if !clean || Ends::of(&right) != trial.right.ends {
            let broken = right.broken_promises();
            amiss.push(format!(
                "{}, done rightly: {broken:#?} {:?}",
                piece.name, right.end
            ));
        }
    }
    assert!(amiss.is_empty(), "{amiss:#?}");
}

#[test]
fn the_targets_of_this_table_are_those_of_the_suite() {
    for piece in pieces() {
        if let Caught::Conformance(how, promise) = piece.caught {
            assert!(TABLE.contains(&(promise, how)), "{}", piece.name);
        }
    }
}
