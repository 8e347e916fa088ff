//! What the load client has counted.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::{AddAssign, Range};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::Outcome;

/// How many requests ended how, by version.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    counts: BTreeMap<(Option<Arc<str>>, Outcome), u64>,
}

impl Counts {
    /// Requests that have ended.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.counts.values().sum()
    }

    /// Those that [failed](Outcome::is_failure).
    #[must_use]
    pub fn failed(&self) -> u64 {
        self.sum(|_, outcome| outcome.is_failure())
    }

    /// Those that ended so, whatever answered.
    #[must_use]
    pub fn with(&self, wanted: Outcome) -> u64 {
        self.sum(|_, outcome| outcome == wanted)
    }

    /// Those that this version answered, well or badly.
    #[must_use]
    pub fn of(&self, wanted: &str) -> u64 {
        self.sum(|version, _| version == Some(wanted))
    }

    /// Those that no version answered: a gateway did, or nobody.
    #[must_use]
    pub fn of_nobody(&self) -> u64 {
        self.sum(|version, _| version.is_none())
    }

    /// Everything, in the order of the versions, what no version answered first.
    pub fn iter(&self) -> impl Iterator<Item = (Option<&str>, Outcome, u64)> {
        self.counts
            .iter()
            .map(|((version, outcome), count)| (version.as_deref(), *outcome, *count))
    }

    fn sum(&self, wanted: impl Fn(Option<&str>, Outcome) -> bool) -> u64 {
        self.iter()
            .filter(|(version, outcome, _)| wanted(*version, *outcome))
            .map(|(_, _, count)| count)
            .sum()
    }

    fn count(&mut self, version: Option<&Arc<str>>, outcome: Outcome) {
        *self.counts.entry((version.cloned(), outcome)).or_insert(0) += 1;
    }
}

impl AddAssign<&Self> for Counts {
    fn add_assign(&mut self, other: &Self) {
        for (key, count) in &other.counts {
            *self.counts.entry(key.clone()).or_insert(0) += count;
        }
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.counts.is_empty() {
            return formatter.write_str("nothing");
        }
        for (number, (version, outcome, count)) in self.iter().enumerate() {
            let separator = if number > 0 { ", " } else { "" };
            let version = version.unwrap_or("no version");
            write!(formatter, "{separator}{version} {outcome}: {count}")?;
        }
        Ok(())
    }
}

/// A request that failed. Moments are since the load began.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Failure {
    /// When it was due, which is when it was sent, but for what it was [late](Report::latest).
    pub due: Duration,
    /// When its sender knew.
    pub ended: Duration,
    /// What answered; `None`: a gateway, or nobody.
    pub version: Option<Arc<str>>,
    /// How it failed.
    pub outcome: Outcome,
    /// The status of the answer, if there was one.
    pub status: Option<u16>,
}

/// Everything that a load has counted. Moments are since the load began.
#[derive(Clone, Debug)]
pub struct Report {
    began: SystemTime,
    length: Duration,
    sent: u64,
    latest: Duration,
    missed: Vec<Duration>,
    counts: Counts,
    seconds: Vec<Counts>,
    failures: Vec<Failure>,
}

/// How a request ended.
#[derive(Clone, Debug)]
pub(crate) struct Ended {
    pub(crate) due: Duration,
    pub(crate) ended: Duration,
    pub(crate) version: Option<Arc<str>>,
    pub(crate) outcome: Outcome,
    pub(crate) status: Option<u16>,
}

impl Report {
    pub(crate) const fn new(began: SystemTime) -> Self {
        Self {
            began,
            length: Duration::ZERO,
            sent: 0,
            latest: Duration::ZERO,
            missed: Vec::new(),
            counts: Counts {
                counts: BTreeMap::new(),
            },
            seconds: Vec::new(),
            failures: Vec::new(),
        }
    }

    pub(crate) const fn set_length(&mut self, length: Duration) {
        self.length = length;
    }

    pub(crate) fn count_sent(&mut self, late: Duration) {
        self.sent += 1;
        self.latest = self.latest.max(late);
    }

    pub(crate) fn count_missed(&mut self, due: Duration) {
        self.missed.push(due);
    }

    pub(crate) fn count_ended(&mut self, ended: Ended) {
        self.counts.count(ended.version.as_ref(), ended.outcome);
        let second = usize::try_from(ended.ended.as_secs()).unwrap_or(usize::MAX);
        if self.seconds.len() <= second {
            self.seconds.resize_with(second + 1, Counts::default);
        }
        self.seconds[second].count(ended.version.as_ref(), ended.outcome);
        if ended.outcome.is_failure() {
            self.failures.push(Failure {
                due: ended.due,
                ended: ended.ended,
                version: ended.version,
                outcome: ended.outcome,
                status: ended.status,
            });
        }
    }

    /// When the load began, to lay it beside what other programs log.
    #[must_use]
    pub const fn began(&self) -> SystemTime {
        self.began
    }

    /// From the begin to when this was told, or to when nothing more was sent.
    #[must_use]
    pub const fn length(&self) -> Duration {
        self.length
    }

    /// Requests that were sent.
    #[must_use]
    pub const fn sent(&self) -> u64 {
        self.sent
    }

    /// Requests that were sent and have not ended. None after [`stop`](super::Load::stop).
    #[must_use]
    pub fn open(&self) -> u64 {
        self.sent - self.counts.total()
    }

    /// How late the latest of the requests was that were sent.
    #[must_use]
    pub const fn latest(&self) -> Duration {
        self.latest
    }

    /// When the arrivals were due that could not be sent in time, and were not sent at all.
    #[must_use]
    pub fn missed(&self) -> &[Duration] {
        &self.missed
    }

    /// All requests that have ended.
    #[must_use]
    pub const fn counts(&self) -> &Counts {
        &self.counts
    }

    /// The same by the second in which they ended: the first is from 0 s up to and without 1 s. Seconds
    /// after the last end are not there.
    #[must_use]
    pub fn seconds(&self) -> &[Counts] {
        &self.seconds
    }

    /// Those that ended in these seconds.
    #[must_use]
    pub fn within(&self, seconds: Range<usize>) -> Counts {
        let mut sum = Counts::default();
        let length = seconds.end.saturating_sub(seconds.start);
        for counts in self.seconds.iter().skip(seconds.start).take(length) {
            sum += counts;
        }
        sum
    }

    /// Every failure, in the order in which they became known.
    #[must_use]
    pub fn failures(&self) -> &[Failure] {
        &self.failures
    }

    /// From the first failure to the last, by when they became known; `None` without one.
    #[must_use]
    pub fn failing(&self) -> Option<Range<Duration>> {
        Some(self.failures.first()?.ended..self.failures.last()?.ended)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{} sent in {:.1} s (the latest {:.0} ms late), {} missed, {} open: {}",
            self.sent,
            self.length.as_secs_f64(),
            self.latest.as_secs_f64() * 1_000.0,
            self.missed.len(),
            self.open(),
            self.counts,
        )?;
        if let Some(failing) = self.failing() {
            write!(
                formatter,
                "; {} failed, from {:.1} s to {:.1} s",
                self.counts.failed(),
                failing.start.as_secs_f64(),
                failing.end.as_secs_f64(),
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(ends: &[(u64, Option<&str>, Outcome, Option<u16>)]) -> Report {
        let mut report = Report::new(SystemTime::UNIX_EPOCH);
        for (milliseconds, version, outcome, status) in ends {
            report.count_sent(Duration::from_millis(*milliseconds / 1_000));
            report.count_ended(Ended {
                due: Duration::from_millis(milliseconds.saturating_sub(10)),
                ended: Duration::from_millis(*milliseconds),
                version: version.map(Arc::from),
                outcome: *outcome,
                status: *status,
            });
        }
        report
    }

    fn some() -> Report {
        use Outcome::{Reset, ServerError, Success, TimedOut};
        of(&[
            (100, Some("v1"), Success, Some(200)),
            (999, Some("v2"), ServerError, Some(500)),
            (1_000, Some("v2"), Success, Some(200)),
            (3_500, None, ServerError, Some(502)),
            (3_600, None, Reset, None),
            (3_900, Some("v1"), TimedOut, Some(200)),
        ])
    }

    #[test]
    fn answers_are_counted_by_version_and_outcome() {
        let counts = some().counts().clone();
        assert_eq!((counts.total(), counts.failed()), (6, 4));
        assert_eq!(
            (counts.of("v1"), counts.of("v2"), counts.of_nobody()),
            (2, 2, 2)
        );
        assert_eq!(counts.with(Outcome::ServerError), 2);
        assert_eq!(
            counts.to_string(),
            "no version 5xx: 1, no version reset: 1, v1 2xx: 1, v1 timed out: 1, v2 2xx: 1, v2 5xx: 1"
        );
    }

    #[test]
    fn seconds_say_what_ended_in_them() {
        let report = some();
        let totals: Vec<u64> = report.seconds().iter().map(Counts::total).collect();
        assert_eq!(totals, [2, 1, 0, 3]);
        assert_eq!(report.within(0..1).failed(), 1);
        assert_eq!(report.within(1..4).failed(), 3);
        assert_eq!(report.within(0..99), *report.counts());
        assert_eq!(report.within(9..10).total(), 0);
    }

    #[test]
    fn failures_have_their_moments() {
        let report = some();
        let milliseconds = Duration::from_millis;
        assert_eq!(
            report.failing(),
            Some(milliseconds(999)..milliseconds(3_900))
        );
        let statuses: Vec<_> = report
            .failures()
            .iter()
            .map(|failure| failure.status)
            .collect();
        assert_eq!(statuses, [Some(500), Some(502), None, Some(200)]);
        assert_eq!(report.failures()[0].due, milliseconds(989));
        let good = of(&[(1, Some("v1"), Outcome::Success, Some(200))]);
        assert_eq!(good.failing(), None);
    }

    #[test]
    fn what_is_told_has_everything_that_a_failing_test_needs() {
        let mut report = some();
        report.set_length(Duration::from_secs(4));
        report.count_sent(Duration::from_millis(70));
        report.count_missed(Duration::from_secs(2));
        assert_eq!(
            report.to_string(),
            format!(
                "7 sent in 4.0 s (the latest 70 ms late), 1 missed, 1 open: {}; 4 failed, from 1.0 s to 3.9 s",
                report.counts()
            )
        );
        assert_eq!(report.missed(), [Duration::from_secs(2)]);
    }
}
