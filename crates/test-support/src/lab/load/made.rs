//! Reports that no client counted, for tests of what is concluded from them.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::report::Ended;
use super::{Outcome, Report};

impl Report {
    /// Of a load that began then and went on for so long, and sent nothing yet: to be added to by
    /// [`with_request`](Self::with_request) and [`with_missed`](Self::with_missed).
    #[must_use]
    pub const fn made(began: SystemTime, length: Duration) -> Self {
        let mut report = Self::new(began);
        report.set_length(length);
        report
    }

    /// With a request more: sent when it was due, and ended so by this version, or by none. Its answer has no status.
    #[must_use]
    pub fn with_request(
        mut self,
        due: Duration,
        ended: Duration,
        version: Option<&str>,
        outcome: Outcome,
    ) -> Self {
        self.count_sent(Duration::ZERO);
        self.count_ended(Ended {
            due,
            ended,
            version: version.map(Arc::from),
            outcome,
            status: None,
        });
        self
    }

    /// With an arrival more that could not be sent in time.
    #[must_use]
    pub fn with_missed(mut self, due: Duration) -> Self {
        self.count_missed(due);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_that_is_made_counts_as_one_that_was_counted() {
        let seconds = Duration::from_secs;
        let report = Report::made(SystemTime::UNIX_EPOCH, seconds(9))
            .with_request(seconds(1), seconds(2), Some("v1"), Outcome::Success)
            .with_request(seconds(3), seconds(8), None, Outcome::TimedOut)
            .with_missed(seconds(4));
        assert_eq!((report.sent(), report.open()), (2, 0));
        assert_eq!(report.length(), seconds(9));
        assert_eq!(report.missed(), [seconds(4)]);
        assert_eq!(report.within(2..3).of("v1"), 1);
        assert_eq!(report.failing(), Some(seconds(8)..seconds(8)));
        assert_eq!(report.failures()[0].due, seconds(3));
    }
}
