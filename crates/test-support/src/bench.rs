//! Measurements in the form that `cargo xtask bench` reads: one JSON object a line on stdout.

use std::fmt;

use serde_json::json;

/// What a measured value ought to be, in the unit of the measurement.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Goal {
    /// This much or less.
    AtMost(f64),
    /// This much or more.
    AtLeast(f64),
}

impl fmt::Display for Goal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtMost(limit) => write!(formatter, "<= {limit}"),
            Self::AtLeast(limit) => write!(formatter, ">= {limit}"),
        }
    }
}

/// The same thing measured several times.
#[derive(Clone, Debug)]
pub struct Series {
    name: String,
    unit: &'static str,
    goal: Option<Goal>,
    values: Vec<f64>,
}

impl Series {
    /// A series without a value yet; `unit` as in `s`, `calls`, `rollouts/s`.
    #[must_use]
    pub fn new(name: impl Into<String>, unit: &'static str, goal: Option<Goal>) -> Self {
        Self {
            name: name.into(),
            unit,
            goal,
            values: Vec::new(),
        }
    }

    /// Adds what one run measured.
    pub fn push(&mut self, value: f64) {
        self.values.push(value);
    }

    /// The middle value; between the two middle ones of an even number. `None` without a value.
    #[must_use]
    pub fn median(&self) -> Option<f64> {
        let mut sorted = self.values.clone();
        sorted.sort_by(f64::total_cmp);
        let upper = *sorted.get(sorted.len() / 2)?;
        if sorted.len() % 2 == 1 {
            return Some(upper);
        }
        Some(f64::midpoint(sorted[sorted.len() / 2 - 1], upper))
    }

    /// One line of JSON: `name`, `value` (the median), `unit`, `goal`, and after several runs `min`
    /// and `max`. `None` without a value.
    #[must_use]
    pub fn line(&self) -> Option<String> {
        let mut line = json!({
            "name": self.name,
            "value": self.median()?,
            "unit": self.unit,
            "goal": self.goal.map(|goal| goal.to_string()),
        });
        if self.values.len() > 1 {
            line["min"] = self
                .values
                .iter()
                .copied()
                .fold(f64::INFINITY, f64::min)
                .into();
            line["max"] = self
                .values
                .iter()
                .copied()
                .fold(f64::NEG_INFINITY, f64::max)
                .into();
        }
        Some(line.to_string())
    }

    /// Prints [`line`](Self::line) to stdout; nothing without a value.
    #[expect(clippy::print_stdout, reason = "a bench tells on stdout")]
    pub fn print(&self) {
        if let Some(line) = self.line() {
            println!("{line}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn series(values: &[f64]) -> Series {
        let mut series = Series::new("start", "s", Some(Goal::AtMost(10.0)));
        values.iter().for_each(|value| series.push(*value));
        series
    }

    fn check(values: &[f64], median: Option<f64>) {
        assert_eq!(series(values).median(), median, "{values:?}");
    }

    #[test]
    fn the_median_is_in_the_middle() {
        check(&[], None);
        check(&[3.0], Some(3.0));
        check(&[3.0, 1.0], Some(2.0));
        check(&[9.0, 1.0, 2.0], Some(2.0));
        check(&[4.0, 1.0, 3.0, 100.0], Some(3.5));
    }

    #[test]
    fn the_line_has_the_median_and_the_range_of_several_runs() {
        let line = |values: &[f64]| -> Value {
            serde_json::from_str(&series(values).line().unwrap()).unwrap()
        };
        let one = json!({"name": "start", "value": 3.0, "unit": "s", "goal": "<= 10"});
        assert_eq!(line(&[3.0]), one);
        let range = json!({
            "name": "start", "value": 2.0, "unit": "s", "goal": "<= 10", "min": 1.0, "max": 9.0,
        });
        assert_eq!(line(&[9.0, 1.0, 2.0]), range);
        assert_eq!(series(&[]).line(), None);
    }
}
