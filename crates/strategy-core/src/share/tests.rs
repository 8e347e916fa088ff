//! The peers' oracle tables and the tables of five real systems, as data; `source` says whose.
//!
//! A row says what ours is. Where it ends in `Differs`, the peer gives another number, and the text
//! says why ours is ours.

mod batch;
mod bounds;
mod need;
mod next;
mod split;

use super::*;

/// Agrees with the source, or differs from it on purpose.
#[derive(Clone, Copy, Debug)]
enum Peer<T> {
    Agrees,
    Differs { theirs: T, why: &'static str },
}
use Peer::{Agrees, Differs};

impl<T: PartialEq + fmt::Debug + Copy> Peer<T> {
    /// Ours is what the row says, and is the peer's too unless the row says otherwise.
    #[track_caller]
    fn check(self, row: &str, ours: T, expected: T) {
        assert_eq!(ours, expected, "{row}");
        if let Differs { theirs, why } = self {
            assert_ne!(ours, theirs, "{row}: no longer differs ({why})");
        }
    }
}

fn percent(percent: u16) -> Weight {
    Weight::from_percent(percent).unwrap()
}
