//! The table in the docs.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use crate::case::CASES;
use crate::goals;
use crate::picture;
use crate::run::Run;

const BEGIN: &str = "<!-- measured: cargo xtask bench traffic -->\n";
const END: &str = "<!-- end -->";

/// Writes table and picture of all runs.
pub(crate) fn write(runs: &[Run]) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference");
    let page = folder.join("performance.md");
    let text = fs::read_to_string(&page).unwrap();
    let (before, rest) = text.split_once(BEGIN).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    let text = format!("{before}{BEGIN}\n{}\n{END}{after}", table(runs));
    fs::write(page, text).unwrap();
    // The one in the middle of those of one kind.
    let mut shown: Vec<&Run> = runs.iter().filter(|run| run.case == "errors-5").collect();
    shown.sort_by_key(|run| run.failed);
    if let Some(run) = shown.get(shown.len() / 2) {
        let picture = picture::drawn("A release of which 5 % of requests fail, 0.5 % before", run);
        fs::write(folder.join("traffic-errors.svg"), picture).unwrap();
    }
}

fn table(runs: &[Run]) -> String {
    let mut text = "| release | runs | as it should | failed requests: min, median, max | seconds from users' first \
                    to weight 0 effective: min, median, max | from the status to weight 0, worst |\n|---|---|---|---|---|---|\n"
        .to_owned();
    for case in &CASES {
        let of: Vec<&Run> = runs.iter().filter(|run| run.case == case.name).collect();
        if of.is_empty() {
            continue;
        }
        let wanted = if case.is_healthy() { 0 } else { 2 };
        let right = of.iter().filter(|run| run.status == Some(wanted)).count();
        let figures = |figure: &dyn Fn(&Run) -> Option<f64>| goals::of(runs, case.name, figure);
        let failed = figures(&|run| Some(run.failed as f64));
        let took = figures(&|run| Some(run.restored? - run.exposed?));
        // What crashes at once is never sent to, and has no weight to be taken.
        let told = figures(&|run| run.exposed.and(run.status_to_weight));
        let worst = told.last();
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "| `{}` | {} | {right} | {} | {} | {} |",
            case.name,
            of.len(),
            three(&failed, 0),
            three(&took, 1),
            worst.map_or_else(|| "-".to_owned(), |worst| format!("{worst:.2} s")),
        );
    }
    text
}

/// Minimum, median and maximum.
fn three(values: &[f64], digits: usize) -> String {
    let (first, last) = (values.first(), values.last());
    match (first, goals::median(values), last) {
        (Some(first), Some(median), Some(last)) => {
            format!("{first:.digits$}, {median:.1}, {last:.digits$}")
        }
        _ => "-".to_owned(),
    }
}
