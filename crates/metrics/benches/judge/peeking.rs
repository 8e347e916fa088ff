//! How false alarms grow with the number of looks: of a p-value that is looked at again and again, and of evidence.

use serde_json::json;

use crate::contestants::{Contestant, PEEKING, Rule, UNGATED, ratio};
use crate::dice::{Dice, number, paths};
use crate::figure::{Goal, tell};
use crate::run::outcomes;
use crate::table::{Table, percent};
use crate::worlds::{Path, World};

pub(crate) const SEED: u64 = 500_001;

pub(crate) const NAME: &str = "false alarms by looks";

/// Looks each 5 s: the last ones are 1, 2, 4 and 8 hours.
pub(crate) const LOOKS: [u64; 11] = [12, 24, 60, 120, 240, 360, 720, 1440, 2880, 4320, 5760];

fn contestants() -> [Contestant; 2] {
    let peeking = Contestant {
        name: PEEKING,
        rule: Rule::Peeking,
    };
    [peeking, ratio(UNGATED, 5, &json!({ "gate": "never" }))]
}

/// The table without figures.
pub(crate) fn layout() -> Table {
    let looks = LOOKS.map(|looks| looks.to_string());
    let mut columns = vec!["after so many looks"];
    columns.extend(looks.iter().map(String::as_str));
    let mut table = Table::new(NAME, &columns);
    table.rows = contestants()
        .iter()
        .map(|one| vec![one.name.to_owned()])
        .collect();
    table
}

/// Fills the table; also the looks, sorted, after which each of the two failed a good release, and of how many.
pub(crate) fn measure(count: u64) -> (Table, [Vec<u64>; 2], u64) {
    let contestants = contestants();
    let world = World {
        seconds: LOOKS[LOOKS.len() - 1] * 5,
        units: (1, 1),
        ..World::NULL
    };
    let courses = paths(count, |path| {
        outcomes(&contestants, Path::new(&world, Dice::of_path(SEED, path)))
    });
    let mut table = layout();
    let failed = [0, 1].map(|one: usize| {
        let acted = courses.iter().filter_map(|course| course[one].acted);
        let mut looks: Vec<_> = acted.map(|second| second / 5).collect();
        looks.sort_unstable();
        looks
    });
    for (row, looks) in table.rows.iter_mut().zip(&failed) {
        for until in LOOKS {
            let alarms = looks.partition_point(|look| *look <= until);
            let share = number(u64::try_from(alarms).unwrap_or(u64::MAX)) / number(count);
            row.push(percent(share));
        }
    }
    let alarms = number(u64::try_from(failed[1].len()).unwrap_or(u64::MAX));
    let name = format!("8 hours, looked at each 5 s: {UNGATED}: false alarms");
    tell(
        &name,
        alarms / number(count) * 100.0,
        "%",
        Goal::AtMost(1.0),
    );
    (table, failed, count)
}
