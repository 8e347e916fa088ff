//! The table as a page of the reference.

use std::fmt::Write as _;

use crate::docs::assert_page;
use crate::piece::{Caught, Piece};
use crate::table::{SEAMS, TRAPS, Way};

const BEGIN: &str = "\
# Wrong on purpose

<!-- Written by `crates/strategy-core/tests/wrong.rs`; `UPDATE_DOCS=1` writes it anew. -->

Tests that nothing can fail prove nothing.
So here is what is wrong on purpose, one mistake each: targets, scripts, analyses, hooks, inboxes and journals, and what catches them.

- **Conformance**: the suite for targets, or that for journals, finds the promise broken that is named.
- **Judge**: the simulation is run with the wrong piece in it, and its judge finds these [promises](../ARCHITECTURE.md#promises) broken.
- **Users**: what is worse for them, or for whoever reads the outcome, than with the real driver in the same simulation.

Each simulation is run with the real driver too: then no promise is broken, and what the outcome says is what serves users.
";

#[test]
fn the_page_is_the_table() {
    let mut page = BEGIN.to_owned();
    let chapters = [
        ("What scripts that are in use get wrong", TRAPS),
        ("What the right parts can still get wrong together", SEAMS),
    ];
    for (title, ways) in chapters {
        writeln!(page, "\n## {title}\n").unwrap();
        writeln!(
            page,
            "| way to go wrong | piece | what it does | caught by |"
        )
        .unwrap();
        writeln!(page, "|---|---|---|---|").unwrap();
        for Way { name, pieces } in ways {
            for piece in *pieces {
                let Piece { name: it, does, .. } = piece;
                writeln!(page, "| {name} | {it} | {does} | {} |", caught(piece)).unwrap();
            }
        }
    }
    assert_page("docs/reference/wrong-on-purpose.md", &page);
}

fn caught(piece: &Piece) -> String {
    match &piece.caught {
        Caught::Conformance(_, promise) => format!("conformance: `{promise}`"),
        Caught::JournalConformance(promise) => format!("conformance of journals: `{promise}`"),
        Caught::Simulation {
            promises, harms, ..
        } => {
            let promises = promises.iter().map(ToString::to_string);
            let promises = promises.collect::<Vec<_>>().join(", ");
            let judge = (!promises.is_empty()).then(|| format!("judge: {promises}"));
            let harms = harms.iter().map(ToString::to_string);
            let harms = harms.collect::<Vec<_>>().join(", ");
            let users = (!harms.is_empty()).then(|| format!("users: {harms}"));
            judge
                .into_iter()
                .chain(users)
                .collect::<Vec<_>>()
                .join("; ")
        }
    }
}
