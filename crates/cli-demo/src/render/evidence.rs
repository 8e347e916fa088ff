//! The evidence against a release over time, drawn with characters against the line at which it fails.

use std::time::Duration;

use strategy_metrics::judge::odds;

use super::chart::BLOCKS;
use super::paint::{Paint, Tone};
use super::text::clock;

/// Rows of the chart, each an eighth-block high.
const HEIGHT: usize = 8;
/// Columns of the words beside it.
const MARGIN: usize = 14;

/// How the evidence went: its natural logarithm at the end of each window, and the line at which the release fails.
#[derive(Clone, Debug, PartialEq)]
pub struct Evidence {
    /// Moments and logarithms, in order of time.
    pub points: Vec<(Duration, f64)>,
    /// The logarithm at which the release fails; `None`: the judge has no such line.
    pub line: Option<f64>,
    /// The end of the time that is shown.
    pub end: Duration,
}

impl Evidence {
    /// The highest that has to be shown.
    pub fn top(&self) -> f64 {
        let points = self.points.iter().map(|(_, evidence)| *evidence);
        let top = points.chain(self.line).fold(0.0, f64::max);
        // Nothing stood against the release: the axis shows that as well.
        if top > 0.0 { top } else { 1.0 }
    }

    /// The lines of the chart, `width` columns of time wide. Empty where there is nothing to draw.
    pub fn lines(&self, width: usize, paint: Paint) -> Vec<String> {
        let width = width.max(16);
        let columns = u32::try_from(width).unwrap_or(u32::MAX);
        let slice = self.end / columns;
        if self.points.is_empty() || slice.is_zero() {
            return Vec::new();
        }
        let top = self.top();
        let levels: Vec<_> = (0..columns)
            .map(|column| {
                let highest = self.within(slice * column, slice * (column + 1));
                level(highest, top)
            })
            .collect();
        let line = self
            .line
            .map(|line| level(line, top).div_ceil(8).max(1) - 1);
        let mut lines = Vec::new();
        for row in (0..HEIGHT).rev() {
            let is_line = line == Some(row);
            let label = match row {
                _ if is_line => self.line.map(odds).unwrap_or_default(),
                _ if row == HEIGHT - 1 => odds(top),
                0 => "1 : 1".to_owned(),
                _ => String::new(),
            };
            let drawn: String = levels
                .iter()
                .map(|level| match level.saturating_sub(row * 8).min(8) {
                    0 if is_line => '┄',
                    eighths => BLOCKS.get(eighths).copied().unwrap_or(' '),
                })
                .collect();
            let drawn = drawn.trim_end();
            let drawn = if is_line {
                paint.tone(Tone::Bad, drawn)
            } else {
                drawn.to_owned()
            };
            let note = if is_line { " fails" } else { "" };
            lines.push(format!("{label:>MARGIN$} │{drawn}{note}"));
        }
        lines.push(format!("{:MARGIN$} └{}", "", "─".repeat(width)));
        let end = clock(self.end);
        lines.push(format!(
            "{:MARGIN$}  0:00{end:>rest$}",
            "",
            rest = width - 4
        ));
        lines
    }

    /// The highest of the points whose windows end within a span; where none does, that of the one before.
    fn within(&self, from: Duration, to: Duration) -> f64 {
        let after = self.points.partition_point(|(at, _)| *at <= from);
        let upto = self.points.partition_point(|(at, _)| *at <= to);
        let begins = if after < upto {
            after
        } else {
            after.saturating_sub(1)
        };
        let points = self
            .points
            .get(begins..upto.max(begins))
            .unwrap_or_default();
        let points = points.iter().map(|(_, evidence)| *evidence);
        points.fold(f64::NEG_INFINITY, f64::max)
    }
}

/// In eighths of a row; evidence below 1 : 1 does not show.
fn level(logarithm: f64, top: f64) -> usize {
    let eighths = HEIGHT * 8;
    if logarithm.is_nan() || logarithm <= 0.0 {
        return 0;
    }
    let share = (logarithm / top).min(1.0);
    // So few that counting up is as good as any conversion.
    (1..=eighths)
        .find(|count| share * 64.0 <= f64::from(u32::try_from(*count).unwrap_or(u32::MAX)))
        .unwrap_or(eighths)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evidence(points: &[(u64, f64)], line: Option<f64>) -> Evidence {
        let points = points.iter();
        let points: Vec<_> = points
            .map(|(second, odds)| (Duration::from_secs(*second), odds.ln()))
            .collect();
        Evidence {
            end: points.last().map_or(Duration::ZERO, |(at, _)| *at),
            points,
            line: line.map(f64::ln),
        }
    }

    #[test]
    fn what_rises_crosses_the_line() {
        let rises = evidence(
            &[(10, 0.5), (20, 3.0), (30, 20.0), (40, 400.0)],
            Some(100.0),
        );
        assert_eq!(
            rises.lines(16, Paint::OFF).join("\n"),
            [
                "       1 : 400 │               █",
                "       1 : 100 │┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄█ fails",
                "               │               █",
                "               │               █",
                "               │           █████",
                "               │           █████",
                "               │       ▄▄▄▄█████",
                "         1 : 1 │       █████████",
                "               └────────────────",
                "                0:00        0:40",
            ]
            .join("\n")
        );
    }

    #[test]
    fn a_good_release_stays_at_the_bottom_below_the_line() {
        let good = evidence(&[(30, 0.9), (60, 1.2)], Some(100.0));
        let lines = good.lines(16, Paint::OFF);
        assert!(lines[0].ends_with("│┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄ fails"), "{lines:#?}");
        assert!(lines[7].contains("▃"), "{lines:#?}");
        let never = evidence(&[(30, 0.2), (60, 0.1)], None).lines(16, Paint::OFF);
        assert!(!never.join("").contains(['█', '┄', '▁']), "{never:#?}");
    }

    #[test]
    fn without_points_or_time_there_is_no_chart() {
        assert!(evidence(&[], Some(100.0)).lines(16, Paint::OFF).is_empty());
    }
}
