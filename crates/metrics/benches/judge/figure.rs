//! Figures in the form that `cargo xtask bench` reads: one JSON object a line on stdout.

use serde_json::json;

/// What a figure ought to be, in its own unit.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Goal {
    None,
    AtMost(f64),
}

pub(crate) fn tell(name: &str, value: f64, unit: &str, goal: Goal) {
    let goal = match goal {
        Goal::None => None,
        Goal::AtMost(limit) => Some(format!("<= {limit}")),
    };
    println!(
        "{}",
        json!({"name": name.replace('`', ""), "value": value, "unit": unit, "goal": goal})
    );
}
