//! Measurements for people.

use super::measurement::Measurement;

const HEADINGS: [&str; 6] = ["name", "value", "unit", "min to max", "goal", ""];

/// A table with a line for each measurement; names and units to the left, figures to the right.
pub(crate) fn render(measured: &[Measurement]) -> String {
    let mut rows = vec![HEADINGS.map(str::to_owned)];
    rows.extend(measured.iter().map(row));
    let width = |column: usize| {
        rows.iter()
            .map(|row| row[column].chars().count())
            .max()
            .unwrap_or_default()
    };
    let widths: [usize; 6] = std::array::from_fn(width);
    let line = |row: &[String; 6]| {
        let cells =
            row.iter()
                .zip(widths)
                .enumerate()
                .map(|(column, (cell, width))| match column {
                    1 | 3 => format!("{cell:>width$}"),
                    _ => format!("{cell:<width$}"),
                });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn row(measurement: &Measurement) -> [String; 6] {
    let range = match (measurement.min, measurement.max) {
        (Some(min), Some(max)) => format!("{} to {}", figure(min), figure(max)),
        (None, _) | (_, None) => String::new(),
    };
    let verdict = match measurement.is_good() {
        Some(true) => "met",
        Some(false) => "MISSED",
        None => "",
    };
    [
        measurement.name.clone(),
        figure(measurement.value),
        measurement.unit.clone(),
        range,
        measurement.goal.clone().unwrap_or_default(),
        verdict.to_owned(),
    ]
}

/// Whole numbers from a thousand on, else enough digits to tell runs apart.
fn figure(value: f64) -> String {
    let digits = match value.abs() {
        size if size >= 1000.0 => 0,
        size if size >= 10.0 => 1,
        size if size >= 1.0 => 2,
        _ => 4,
    };
    format!("{value:.digits$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_and_a_missed_goal_stands_out() {
        let measurement = |name: &str, value: f64, goal: Option<&str>, range: bool| Measurement {
            name: name.to_owned(),
            value,
            unit: "s".to_owned(),
            goal: goal.map(str::to_owned),
            min: range.then_some(value / 2.0),
            max: range.then_some(value * 2.0),
        };
        let table = render(&[
            measurement("start", 2.5, Some("<= 10"), true),
            measurement("200 pods ready", 12.0, Some("<= 9"), true),
            measurement("answer", 0.0042, None, false),
        ]);
        let expected = "\
name             value  unit    min to max  goal
start             2.50  s     1.25 to 5.00  <= 10  met
200 pods ready    12.0  s     6.00 to 24.0  <= 9   MISSED
answer          0.0042  s";
        assert_eq!(table, expected);
    }
}
