//! The candidate's share of traffic over time, drawn with characters.

use std::time::Duration;

use strategy_core::Weight;

use super::text::clock;

/// Rows of the chart, each an eighth-block high.
const HEIGHT: usize = 5;
/// From nothing to a whole row, by eighths.
pub(super) const BLOCKS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// How a share went over time: each point holds until the next one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shares {
    points: Vec<(Duration, Weight)>,
    end: Duration,
}

impl Shares {
    /// From this time on the share is this. Times do not fall.
    pub fn set(&mut self, at: Duration, share: Weight) {
        self.end = self.end.max(at);
        match self.points.last_mut() {
            Some((_, last)) if *last == share => {}
            Some((time, last)) if *time == at => *last = share,
            Some(_) | None => self.points.push((at, share)),
        }
    }

    /// Nothing changed until then.
    pub fn end(&mut self, at: Duration) {
        self.end = self.end.max(at);
    }

    fn at(&self, time: Duration) -> Weight {
        let after = self.points.partition_point(|(start, _)| *start <= time);
        after
            .checked_sub(1)
            .and_then(|index| self.points.get(index))
            .map_or(Weight::ZERO, |(_, share)| *share)
    }

    /// The largest share within a span: a short visit of users is not left out of the picture.
    fn within(&self, from: Duration, to: Duration) -> Weight {
        self.points
            .iter()
            .filter(|(start, _)| from < *start && *start < to)
            .map(|(_, share)| *share)
            .fold(self.at(from), Weight::max)
    }

    /// The lines of the chart, `width` columns of time wide. Empty when no time has passed.
    pub fn lines(&self, width: usize) -> Vec<String> {
        let width = width.max(16);
        let columns = u32::try_from(width).unwrap_or(u32::MAX);
        let slice = self.end / columns;
        if slice.is_zero() {
            return Vec::new();
        }
        let levels: Vec<_> = (0..columns)
            .map(|column| level(self.within(slice * column, slice * (column + 1))))
            .collect();
        let mut lines = Vec::new();
        for row in (0..HEIGHT).rev() {
            let label = match row {
                _ if row == HEIGHT - 1 => "100%",
                0 => "0%",
                _ => "",
            };
            let bars: String = levels.iter().map(|level| block(*level, row)).collect();
            lines.push(format!("{label:>5} │{}", bars.trim_end()));
        }
        lines.push(format!("      └{}", "─".repeat(width)));
        let end = clock(self.end);
        lines.push(format!("       0:00{end:>rest$}", rest = width - 4));
        lines
    }
}

/// In eighths of a row, so that anything above zero shows.
fn level(share: Weight) -> usize {
    let eighths = u32::try_from(HEIGHT * 8).unwrap_or(u32::MAX);
    usize::try_from(share.ceil_of(eighths)).unwrap_or(usize::MAX)
}

fn block(level: usize, row: usize) -> char {
    let eighths = level.saturating_sub(row * 8).min(8);
    BLOCKS.get(eighths).copied().unwrap_or(' ')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn percent(percent: u16) -> Weight {
        Weight::from_percent(percent).unwrap()
    }

    #[test]
    fn a_canary_is_a_staircase() {
        let mut shares = Shares::default();
        for (seconds, share) in [(0, 0), (20, 5), (40, 25), (60, 50), (80, 100)] {
            shares.set(Duration::from_secs(seconds), percent(share));
        }
        shares.end(Duration::from_secs(100));
        assert_eq!(
            shares.lines(20).join("\n"),
            [
                " 100% │                ████",
                "      │                ████",
                "      │            ▄▄▄▄████",
                "      │        ▂▂▂▂████████",
                "   0% │    ▂▂▂▂████████████",
                "      └────────────────────",
                "       0:00            1:40",
            ]
            .join("\n")
        );
    }

    #[test]
    fn a_short_visit_shows() {
        let mut shares = Shares::default();
        shares.set(Duration::from_secs(10), percent(1));
        shares.set(Duration::from_secs(11), percent(0));
        shares.end(Duration::from_secs(1600));
        assert!(shares.lines(16).iter().any(|line| line.contains('▁')));
    }

    #[test]
    fn no_time_no_chart() {
        assert!(Shares::default().lines(60).is_empty());
    }
}
