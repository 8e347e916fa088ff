//! What `cargo xtask bench` is told: the figures that have a goal.

use serde_json::json;

use crate::case::CASES;
use crate::run::Run;

/// One JSON object a line.
pub(crate) fn print(runs: &[Run]) {
    let failed = |run: &Run| Some(run.failed as f64);
    let took = |run: &Run| Some(run.restored? - run.exposed?);
    tell(
        "failed requests, errors-5",
        "requests",
        "<= 16",
        &of(runs, "errors-5", failed),
    );
    tell(
        "seconds to weight 0, errors-5",
        "s",
        "<= 60",
        &of(runs, "errors-5", took),
    );
    for case in ["crash-late", "flap"] {
        let name = format!("seconds from status to weight 0, {case}");
        tell(
            &name,
            "s",
            "<= 1",
            &of(runs, case, |run| run.status_to_weight),
        );
    }
    let wrong = |run: &Run| {
        let case = CASES.iter().find(|case| case.name == run.case)?;
        let wanted = if case.is_healthy() { 0 } else { 2 };
        Some(f64::from(u8::from(run.status != Some(wanted))))
    };
    for case in CASES.iter().map(|case| case.name) {
        let wrong = of(runs, case, wrong);
        if !wrong.is_empty() {
            let name = format!("releases with the wrong end, {case}");
            tell(&name, "", "<= 0", &[wrong.iter().sum()]);
        }
    }
}

/// The figure of each run of a case that has it.
pub(crate) fn of(runs: &[Run], case: &str, figure: impl Fn(&Run) -> Option<f64>) -> Vec<f64> {
    let runs = runs.iter().filter(|run| run.case == case);
    let mut values: Vec<f64> = runs.filter_map(figure).collect();
    values.sort_by(f64::total_cmp);
    values
}

/// Of values in order.
pub(crate) fn median(values: &[f64]) -> Option<f64> {
    let last = values.len().checked_sub(1)?;
    Some(f64::midpoint(values[last / 2], values[values.len() / 2]))
}

fn tell(name: &str, unit: &str, goal: &str, values: &[f64]) {
    if let Some(value) = median(values) {
        let told = json!({
            "name": name, "value": value, "unit": unit, "goal": goal,
            "min": values.first(), "max": values.last(),
        });
        println!("{told}");
    }
}
