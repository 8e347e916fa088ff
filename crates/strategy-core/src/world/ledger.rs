//! Requests over time, kept as rates, so that any window can be counted exactly.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::latency::Latency;
use crate::analysis::Window;
use crate::timestamp::Timestamp;

/// Requests that users made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Requests {
    /// Answered well.
    pub served: u64,
    /// Answered with an error, or by nobody.
    pub failed: u64,
}

/// One request: shares of 10⁻⁸, errors in millionths, rates per second over milliseconds.
pub(super) const ONE: u128 = 100_000_000_000_000_000;

/// Requests of one workload: spans of time with constant rates.
///
/// The requests until a moment are the whole part of the integral, so counts over adjoining windows
/// add up: no request is counted twice and none is lost.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Ledger(Vec<Span>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Span {
    from: Timestamp,
    rates: Rates,
    served_before: u128,
    failed_before: u128,
}

/// Parts of [`ONE`] request a millisecond.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Rates {
    pub(super) served: u128,
    pub(super) failed: u128,
    /// How long those take that are served: so many pods answer like this.
    pub(super) latencies: Vec<(u32, Latency)>,
}

impl Rates {
    /// All of them fail.
    pub(super) fn failing(failed: u128) -> Self {
        Self {
            failed,
            ..Self::default()
        }
    }

    /// Those that are served and take longer than this.
    fn slower_than(&self, limit: Duration) -> u128 {
        let pods: u128 = self
            .latencies
            .iter()
            .map(|(pods, _)| u128::from(*pods))
            .sum();
        let slower: u128 = self
            .latencies
            .iter()
            .map(|(pods, latency)| u128::from(*pods) * u128::from(latency.slower_than(limit)))
            .sum();
        self.served / 1_000_000 * slower / pods.max(1)
    }
}

impl Ledger {
    /// From now on it is so.
    pub(super) fn record(&mut self, now: Timestamp, rates: Rates) {
        let (served_before, failed_before) = self.integral(now);
        match self.0.last_mut() {
            Some(last) if last.rates == rates => {}
            Some(last) if last.from == now => last.rates = rates,
            Some(_) | None => self.0.push(Span {
                from: now,
                rates,
                served_before,
                failed_before,
            }),
        }
    }

    fn integral(&self, at: Timestamp) -> (u128, u128) {
        let after = self.0.partition_point(|span| span.from <= at);
        after
            .checked_sub(1)
            .and_then(|index| self.0.get(index))
            .map_or((0, 0), |span| {
                let millis = at.since(span.from).as_millis();
                (
                    span.served_before + span.rates.served * millis,
                    span.failed_before + span.rates.failed * millis,
                )
            })
    }

    /// Requests until then.
    pub(super) fn until(&self, at: Timestamp) -> Requests {
        let (served, failed) = self.integral(at);
        Requests {
            served: whole(served),
            failed: whole(failed),
        }
    }

    /// Requests in a window that were answered well and took longer than `limit`.
    pub(super) fn slower_within(&self, window: Window, limit: Duration) -> u64 {
        let until = |at| self.slower_until(at, limit);
        until(window.to).saturating_sub(until(window.from))
    }

    fn slower_until(&self, at: Timestamp, limit: Duration) -> u64 {
        let ends = self.0.iter().skip(1).map(|span| span.from.min(at));
        let spans = self.0.iter().zip(ends.chain([at]));
        let slower: u128 = spans
            .map(|(span, end)| span.rates.slower_than(limit) * end.since(span.from).as_millis())
            .sum();
        whole(slower)
    }

    /// Requests in a window.
    pub(super) fn within(&self, window: Window) -> Requests {
        let (from, to) = (self.until(window.from), self.until(window.to));
        Requests {
            served: to.served.saturating_sub(from.served),
            failed: to.failed.saturating_sub(from.failed),
        }
    }
}

fn whole(units: u128) -> u64 {
    u64::try_from(units / ONE).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adjoining_windows_add_up() {
        let at = Timestamp::from_millis;
        let mut ledger = Ledger::default();
        let rates = |served: u128, failed: u128| Rates {
            served: served * ONE / 1_000_000,
            failed: failed * ONE / 1_000_000,
            latencies: vec![
                (3, Latency::default()),
                (
                    1,
                    Latency::new(Duration::from_millis(100), Duration::from_secs(1)),
                ),
            ],
        };
        ledger.record(at(0), rates(333, 7));
        ledger.record(at(10_007), rates(0, 1_000));
        ledger.record(at(20_011), rates(777, 0));
        let mut sum = Requests::default();
        let mut slow = 0;
        // Three in four answer half of the requests in 20 ms; the fourth nine tenths in more.
        let limit = Duration::from_millis(20);
        for start in (0..30_000).step_by(13) {
            let window = Window {
                from: at(start),
                to: at((start + 13).min(30_000)),
            };
            let part = ledger.within(window);
            slow += ledger.slower_within(window, limit);
            sum.served += part.served;
            sum.failed += part.failed;
        }
        assert_eq!(sum, ledger.until(at(30_000)));
        assert_eq!((sum.served, sum.failed), (11, 10));
        // 3/4 of a half, and 1/4 of nine tenths: 60% of 11.09.
        assert_eq!(slow, 6);
        let whole = Window {
            from: at(0),
            to: at(30_000),
        };
        assert_eq!(ledger.slower_within(whole, limit), slow);
        assert_eq!(ledger.until(at(0)), Requests::default());
    }
}
