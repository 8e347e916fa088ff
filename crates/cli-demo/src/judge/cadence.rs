//! How far apart what was recorded is, and where the windows lie that it is judged in.
//!
//! Who counts each 30 seconds does so some milliseconds early or late, for each track at another moment, and now and
//! then twice. None of that may decide where windows lie: a row that falls on the wrong side of a bound leaves one
//! window empty and another with two.

use std::time::Duration;

use strategy_core::Timestamp;
use strategy_core::analysis::Window;

/// How far apart moments are, of which at most half are closer together; `None`: there are no two.
pub(super) fn usual(mut apart: Vec<Duration>) -> Option<Duration> {
    apart.sort_unstable();
    apart.get(apart.len().checked_sub(1)? / 2).copied()
}

/// How far apart each moment is from the one before.
pub(super) fn apart(moments: impl Iterator<Item = Timestamp>) -> Vec<Duration> {
    let moments: Vec<_> = moments.collect();
    let pairs = moments.windows(2).filter_map(|pair| match pair {
        [one, next] => Some(next.since(*one)),
        _ => None,
    });
    pairs.collect()
}

/// Where windows of counts lie, each of the time before its moment: the first begins so that it holds what the first
/// moment counted, and a moment at the end of a window belongs to it.
///
/// The moments are in order; `None`: there are none.
pub(super) fn of_counts(
    moments: &[Timestamp],
    apart: Duration,
    interval: Duration,
) -> Option<Window> {
    let (first, last) = (*moments.first()?, *moments.last()?);
    let Some(quiet) = Quiet::of(moments, apart, interval) else {
        return Some(Window {
            from: first.before(apart),
            to: last,
        });
    };
    // Behind the last that comes late, and at it where none does.
    let from = quiet.before(first, quiet.begin, 1);
    let windows = last
        .since(from)
        .as_millis()
        .div_ceil(u128::from(quiet.interval));
    Some(quiet.windows(from, windows))
}

/// Where windows of numbers lie, each of its own moment: a moment at the begin of a window belongs to it.
///
/// The moments are in order; `None`: there are none.
pub(super) fn of_numbers(
    moments: &[Timestamp],
    apart: Duration,
    interval: Duration,
) -> Option<Window> {
    let (first, last) = (*moments.first()?, *moments.last()?);
    let Some(quiet) = Quiet::of(moments, apart, interval) else {
        return Some(Window {
            from: first,
            to: last + apart,
        });
    };
    // Before the first that comes early.
    let from = quiet.before(first, quiet.end, 0);
    let windows = last.since(from).as_millis() / u128::from(quiet.interval) + 1;
    Some(quiet.windows(from, windows))
}

/// The longest part of an interval in which no moment lies, whichever interval it is in: a bound of windows there has
/// each moment on its own side, early or late. In milliseconds since the begin of intervals that are counted from 1970.
#[derive(Clone, Copy, Debug)]
struct Quiet {
    /// The moment before it.
    begin: u64,
    /// The one after it.
    end: u64,
    interval: u64,
}

impl Quiet {
    /// `None`: moments are closer together than windows, and some lie everywhere; or they keep to no rhythm.
    fn of(moments: &[Timestamp], apart: Duration, interval: Duration) -> Option<Self> {
        if apart * 2 <= interval {
            return None;
        }
        let interval = u64::try_from(interval.as_millis()).ok()?.max(1);
        let mut phases: Vec<_> = moments.iter().map(|at| at.as_millis() % interval).collect();
        phases.sort_unstable();
        phases.dedup();
        let first = *phases.first()?;
        let nexts = phases.iter().skip(1).copied().chain([first + interval]);
        let gaps = phases.iter().zip(nexts);
        let (begin, end) = gaps.max_by_key(|(begin, end)| end - *begin)?;
        ((end - begin) * 4 > interval).then_some(Self {
            begin: *begin,
            end: end % interval,
            interval,
        })
    }

    /// The last moment of this phase that is so many milliseconds before another one at least.
    fn before(self, moment: Timestamp, phase: u64, least: u64) -> Timestamp {
        let moment = moment.as_millis().saturating_sub(least);
        let since = (moment % self.interval + self.interval - phase) % self.interval;
        Timestamp::from_millis(moment.saturating_sub(since))
    }

    fn windows(self, from: Timestamp, windows: u128) -> Window {
        let length = u64::try_from(windows)
            .unwrap_or(u64::MAX)
            .saturating_mul(self.interval);
        let to = Timestamp::from_millis(from.as_millis().saturating_add(length));
        Window { from, to }
    }
}

/// Where windows of samples of counters lie, which tell what was counted since the sample before.
///
/// The moments are in order; `None`: there are none.
pub(super) fn of_samples(moments: &[Timestamp]) -> Option<Window> {
    let (first, last) = (*moments.first()?, *moments.last()?);
    Some(Window {
        from: first,
        to: last,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const INTERVAL: Duration = Duration::from_secs(30);

    fn at(millis: u64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    /// Of each window, how many of the moments are in it.
    fn held(window: Window, moments: &[Timestamp], ends_inclusive: bool) -> Vec<usize> {
        let windows = window.to.since(window.from).as_millis() / INTERVAL.as_millis();
        let mut from = window.from;
        let mut held = Vec::new();
        for _ in 0..windows {
            let to = from + INTERVAL;
            let is_in = |at: &&Timestamp| {
                if ends_inclusive {
                    from < **at && **at <= to
                } else {
                    from <= **at && **at < to
                }
            };
            held.push(moments.iter().filter(is_in).count());
            from = to;
        }
        held
    }

    /// Of two tracks, the moments of each of which are these; each window has so many of each.
    #[track_caller]
    fn check(tracks: [&[u64]; 2], expected: &[usize]) {
        let tracks = tracks.map(|track| track.iter().copied().map(at).collect::<Vec<_>>());
        let mut all = tracks.concat();
        all.sort_unstable();
        let between = tracks.iter().flat_map(|track| apart(track.iter().copied()));
        let usual = usual(between.collect()).unwrap();
        for (ends_inclusive, window) in [
            (true, of_counts(&all, usual, INTERVAL).unwrap()),
            (false, of_numbers(&all, usual, INTERVAL).unwrap()),
        ] {
            for track in &tracks {
                let found = held(window, track, ends_inclusive);
                assert_eq!(found, expected, "{window:?} {ends_inclusive} {track:?}");
            }
        }
    }

    #[test]
    fn rows_at_even_distances_are_one_in_each_window() {
        check([&[30_000, 60_000, 90_000]; 2], &[1, 1, 1]);
        check([&[37_000, 67_000, 97_000]; 2], &[1, 1, 1]);
    }

    #[test]
    fn tracks_that_are_counted_at_other_moments_share_their_windows() {
        check(
            [&[30_000, 60_000, 90_000], &[30_200, 60_200, 90_200]],
            &[1, 1, 1],
        );
        check(
            [&[30_900, 60_900, 90_900], &[30_000, 60_000, 90_000]],
            &[1, 1, 1],
        );
    }

    #[test]
    fn rows_that_come_early_or_late_stay_in_their_windows() {
        check(
            [&[30_010, 59_980, 90_020], &[29_990, 60_030, 89_950]],
            &[1, 1, 1],
        );
        check(
            [
                &[29_980, 60_100, 90_000, 119_700],
                &[30_150, 60_000, 89_800, 120_000],
            ],
            &[1, 1, 1, 1],
        );
    }

    /// Rows at half an interval, of which one is the odd one out: a bound lies where there is none.
    #[test]
    fn an_odd_row_leaves_the_others_where_they_are() {
        let moments = [29_900, 45_000, 60_100, 89_950, 120_020].map(at);
        let window = of_counts(&moments, seconds(30), INTERVAL).unwrap();
        let others = [29_900, 60_100, 89_950, 120_020].map(at);
        assert_eq!(held(window, &others, true), [1, 1, 1, 1], "{window:?}");
        assert_eq!(held(window, &moments, true).iter().sum::<usize>(), 5);
    }

    #[test]
    fn one_row_more_moves_no_window() {
        let more = [30_000, 60_000, 60_001, 90_000, 120_000];
        let moments = more.map(at);
        let usual = usual(apart(moments.into_iter())).unwrap();
        // 29 999 and 30 000: neither is a millisecond.
        assert!(usual >= seconds(29), "{usual:?}");
        let window = of_counts(&moments, usual, INTERVAL).unwrap();
        assert_eq!(held(window, &moments, true).iter().sum::<usize>(), 5);
        assert_eq!(held(window, &moments, true).len(), 4);
    }

    #[test]
    fn rows_closer_together_than_windows_begin_with_the_first() {
        let moments: Vec<_> = (1..=60).map(|second| at(second * 1_000)).collect();
        let window = of_counts(&moments, seconds(1), INTERVAL).unwrap();
        assert_eq!((window.from, window.to), (at(0), at(60_000)));
        let window = of_numbers(&moments, seconds(1), INTERVAL).unwrap();
        assert_eq!((window.from, window.to), (at(1_000), at(61_000)));
    }

    #[test]
    fn what_is_usual_is_no_exception() {
        let usual = |seconds: &[u64]| usual(seconds.iter().copied().map(self::seconds).collect());
        assert_eq!(usual(&[]), None);
        assert_eq!(usual(&[30]), Some(seconds(30)));
        assert_eq!(usual(&[30, 60]), Some(seconds(30)));
        assert_eq!(usual(&[60, 60, 1]), Some(seconds(60)));
        assert_eq!(usual(&[30, 30, 600]), Some(seconds(30)));
    }
}
