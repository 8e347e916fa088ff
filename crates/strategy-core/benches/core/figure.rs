//! Figures in the form that `cargo xtask bench` reads: one JSON object a line on stdout.

use std::time::Duration;

use serde_json::json;

/// What a figure ought to be, in its own unit.
#[derive(Clone, Copy)]
pub(crate) enum Goal {
    None,
    AtMost(f64),
    AtLeast(f64),
}

/// Prints what was counted, or measured once.
pub(crate) fn tell(name: &str, value: f64, unit: &str, goal: Goal) {
    print(name, &[value], unit, goal);
}

/// Prints the median of several runs, and their range.
#[expect(clippy::print_stdout, reason = "a bench tells on stdout")]
pub(crate) fn print(name: &str, values: &[f64], unit: &str, goal: Goal) {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let (Some(least), Some(most)) = (sorted.first(), sorted.last()) else {
        return;
    };
    let goal = match goal {
        Goal::None => None,
        Goal::AtMost(limit) => Some(format!("<= {limit}")),
        Goal::AtLeast(limit) => Some(format!(">= {limit}")),
    };
    let median = sorted[sorted.len() / 2];
    let mut line = json!({"name": name, "value": median, "unit": unit, "goal": goal});
    if sorted.len() > 1 {
        line["min"] = (*least).into();
        line["max"] = (*most).into();
    }
    println!("{line}");
}

/// A count as a figure.
#[expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "no count here comes near the 53 bits of a float"
)]
pub(crate) const fn number(count: usize) -> f64 {
    count as f64
}

pub(crate) fn millis(span: Duration) -> f64 {
    span.as_secs_f64() * 1e3
}
