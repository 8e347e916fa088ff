//! When requests are due, and that they are sent then.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::LoadError;

/// The moments, since the begin, at which requests are due: all gaps are alike. It never ends.
#[derive(Clone, Debug)]
pub(crate) struct Schedule {
    rate: f64,
    number: u64,
}

impl Schedule {
    pub(crate) fn new(rate: f64) -> Result<Self, LoadError> {
        // Less than one in a day, or more than a thread can send, is a slip.
        if !(1e-5..=100_000.0).contains(&rate) {
            return Err(LoadError::Option {
                option: "rate",
                value: rate.to_string(),
                wanted: "a number of requests a second above 0 and up to 100 000",
            });
        }
        Ok(Self { rate, number: 0 })
    }
}

impl Iterator for Schedule {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        // From the number, so that nothing adds up to a drift.
        let due = self.number as f64 / self.rate;
        self.number += 1;
        Some(Duration::from_secs_f64(due))
    }
}

/// What is to be done with an arrival.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arrival {
    /// It is time, or just past.
    Due { due: Duration, late: Duration },
    /// Its time is past by more than is borne.
    Missed { due: Duration },
}

/// Hands on every arrival at its time, until it is dropped. `take` must not wait for anything.
pub(crate) async fn arrive(
    schedule: Schedule,
    began: Instant,
    tolerance: Duration,
    mut take: impl FnMut(Arrival),
) {
    for due in schedule {
        sleep_until(began + due).await;
        let late = began.elapsed().saturating_sub(due);
        take(if late > tolerance {
            Arrival::Missed { due }
        } else {
            Arrival::Due { due, late }
        });
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    fn milliseconds(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    #[test]
    fn arrivals_do_not_drift() {
        let mut schedule = Schedule::new(200.0).unwrap();
        assert_eq!(schedule.next(), Some(Duration::ZERO));
        assert_eq!(schedule.next(), Some(milliseconds(5)));
        // The two before are the first and the second.
        assert_eq!(schedule.nth(199_997), Some(milliseconds(999_995)));
    }

    #[test]
    fn a_rate_that_makes_no_sense_is_refused() {
        for rate in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e9] {
            let error = Schedule::new(rate).unwrap_err();
            assert!(error.to_string().contains("rate"), "{error}");
        }
    }

    /// What becomes of the arrivals of `length` when the process stands still as told.
    async fn taken(length: Duration, stall: Option<(Duration, Duration)>) -> Vec<Arrival> {
        let taken = RefCell::new(Vec::new());
        let schedule = Schedule::new(10.0).unwrap();
        let began = Instant::now();
        let work = arrive(schedule, began, milliseconds(250), |arrival| {
            taken.borrow_mut().push(arrival);
        });
        let mut work = std::pin::pin!(work);
        let mut run_until = async |until: Duration| {
            let ended = tokio::time::timeout_at(began + until, work.as_mut()).await;
            assert!(ended.is_err(), "arrivals never end");
        };
        if let Some((at, time)) = stall {
            run_until(at).await;
            tokio::time::advance(time).await;
        }
        run_until(length).await;
        taken.take()
    }

    #[tokio::test(start_paused = true)]
    async fn arrivals_come_at_their_time() {
        let all = taken(milliseconds(1_050), None).await;
        assert_eq!(all.len(), 11);
        for (number, arrival) in (0_u64..).zip(all) {
            let Arrival::Due { due, late } = arrival else {
                panic!("{arrival:?}")
            };
            assert_eq!(due, milliseconds(100 * number));
            assert!(late <= milliseconds(1), "{late:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_too_late_is_missed_and_the_rest_comes_at_its_time() {
        let stall = (milliseconds(150), milliseconds(700));
        let all = taken(milliseconds(1_050), Some(stall)).await;
        let missed: Vec<Duration> = all
            .iter()
            .filter_map(|arrival| match arrival {
                Arrival::Missed { due } => Some(*due),
                Arrival::Due { .. } => None,
            })
            .collect();
        // At 850 ms, that of 600 ms is 250 ms late, which is borne.
        assert_eq!(missed, [200, 300, 400, 500].map(milliseconds));
        assert_eq!(all.len(), 11);
    }
}
