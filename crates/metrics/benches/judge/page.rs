//! What is measured, and where it stands in the documentation.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use crate::contestants::Chosen;
use crate::peeking::LOOKS;
use crate::table::Table;
use crate::{bound, calibrate, failures, mixture, peeking, picture, slow, speed};

/// What a subject found.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) tables: Vec<Table>,
    /// By the names of their files.
    pub(crate) pictures: Vec<(&'static str, String)>,
}

/// Something that can be measured by itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Subject {
    pub(crate) name: &'static str,
    /// How many courses, if nothing else is told.
    pub(crate) paths: u64,
    /// Which courses; each world of a subject has the next one.
    pub(crate) seed: u64,
    pub(crate) measure: fn(u64) -> Found,
}

pub(crate) const SUBJECTS: [Subject; 6] = [
    Subject {
        name: "failures",
        paths: 2_000,
        seed: failures::SEED,
        measure: of_failures,
    },
    Subject {
        name: "latency",
        paths: 1_000,
        seed: slow::SEED,
        measure: |count| tables(slow::measure(count)),
    },
    Subject {
        name: "releases",
        paths: 10_000,
        seed: mixture::SEED,
        measure: |count| tables(vec![mixture::measure(count, *CHOSEN)]),
    },
    Subject {
        name: "bound",
        paths: 20_000,
        seed: bound::SEED,
        measure: |count| tables(vec![bound::measure(count)]),
    },
    Subject {
        name: "looks",
        paths: 2_000,
        seed: peeking::SEED,
        measure: of_looks,
    },
    Subject {
        name: "cost",
        paths: 1,
        seed: 0,
        measure: |_| tables(vec![speed::measure()]),
    },
];

/// The numbers of the calibrated rules, reckoned once.
static CHOSEN: LazyLock<Chosen> = LazyLock::new(calibrate::chosen);

/// The table of their numbers, without them.
pub(crate) fn calibrated() -> Table {
    let mut table = Table::new("calibrated rules", &["rule", "number"]);
    table.rows = [
        crate::contestants::FLAGGER_AT,
        crate::contestants::ARGO_AT,
        crate::contestants::TUNED_60,
        crate::contestants::TUNED_10,
    ]
    .map(|name| vec![name.to_owned()])
    .to_vec();
    table
}

fn of_failures(count: u64) -> Found {
    let chosen = *CHOSEN;
    let mut rules = calibrated();
    let tuned = |(limit, tolerated): (f64, u32)| {
        format!("at least {:.1}%, {} times", limit * 100.0, tolerated + 1)
    };
    let said = [
        format!("threshold {}", chosen.flagger),
        format!("failureLimit {}", chosen.argo),
        tuned(chosen.minute),
        tuned(chosen.often),
    ];
    for (row, said) in rules.rows.iter_mut().zip(said) {
        row.push(said);
    }
    let mut tables = failures::measure(count, chosen);
    let picture = picture::costs(&tables[0]);
    tables.push(rules);
    Found {
        tables,
        pictures: vec![("judges-costs.svg", picture)],
    }
}

fn of_looks(count: u64) -> Found {
    let (table, failed, count) = peeking::measure(count);
    let picture = picture::peeking(&failed, count, LOOKS[LOOKS.len() - 1]);
    Found {
        tables: vec![table],
        pictures: vec![("judges-peeking.svg", picture)],
    }
}

fn tables(tables: Vec<Table>) -> Found {
    Found {
        tables,
        pictures: Vec::new(),
    }
}

fn reference() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference")
}

/// Puts what was found into the documentation.
///
/// # Errors
/// When a file cannot be read or written, or the page has no place for a table.
pub(crate) fn write(found: &Found) -> Result<(), String> {
    let at = reference().join("evidence-of-judges.md");
    let problem = |error| format!("{}: {error}", at.display());
    let mut page = fs::read_to_string(&at).map_err(problem)?;
    for table in &found.tables {
        page = table.put(&page)?;
    }
    fs::write(&at, page).map_err(problem)?;
    for (name, picture) in &found.pictures {
        let at = reference().join(name);
        fs::write(&at, picture).map_err(|error| format!("{}: {error}", at.display()))?;
    }
    Ok(())
}
