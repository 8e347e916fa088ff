//! Worlds of latency: requests that are slower, counted in buckets.

use std::sync::LazyLock;

use strategy_core::Tracks;

use crate::dice::Dice;
use crate::worlds::Tick;

/// Latency is log-normal with this median in milliseconds; its p95 is 215 ms and its p99 324 ms.
const MEDIAN: f64 = 80.0;
const DEVIATION: f64 = 0.601;

/// How the candidate is slower.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Slower {
    /// Every request takes so many times as long.
    Times(f64),
    /// So large a share of them takes 300 ms more.
    Some(f64),
}

/// The default buckets of Prometheus' clients, and those of a native histogram of schema 3, in milliseconds.
static BOUNDS: LazyLock<[Vec<f64>; 2]> = LazyLock::new(|| {
    let classic = [
        5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1000.0, 2500.0, 5000.0, 10_000.0,
    ];
    let native = (-64..=32).map(|at| 1000.0 * (f64::from(at) / 8.0).exp2());
    [classic.to_vec(), native.collect()]
});

pub(crate) const CLASSIC: usize = 0;
pub(crate) const NATIVE: usize = 1;

pub(crate) fn bounds(buckets: usize) -> &'static [f64] {
    &BOUNDS[buckets]
}

/// Half an hour of 50 requests a second, a tenth of them the candidate's, in ticks of 5 seconds.
#[derive(Debug)]
pub(crate) struct Path {
    dice: Dice,
    slower: Slower,
    second: u64,
}

impl Path {
    pub(crate) const fn new(slower: Slower, dice: Dice) -> Self {
        Self {
            dice,
            slower,
            second: 0,
        }
    }

    fn latency(&mut self, slower: Slower) -> f64 {
        let latency = MEDIAN * (DEVIATION * self.dice.normal()).exp();
        match slower {
            Slower::Times(times) => latency * times,
            Slower::Some(share) => {
                let more = if self.dice.happens(share) { 300.0 } else { 0.0 };
                latency + more
            }
        }
    }
}

impl Iterator for Path {
    type Item = Tick;

    fn next(&mut self) -> Option<Tick> {
        if self.second >= 1800 {
            return None;
        }
        self.second += 5;
        let requests = 250;
        let candidate = self.dice.binomial(requests, 0.1);
        let mut histograms = BOUNDS.each_ref().map(|bounds| {
            let empty = vec![0; bounds.len() + 1];
            Tracks {
                stable: empty.clone(),
                candidate: empty,
            }
        });
        for request in 0..requests {
            let slower = if request < candidate {
                self.slower
            } else {
                Slower::Times(1.0)
            };
            let latency = self.latency(slower);
            for (bounds, counts) in BOUNDS.iter().zip(&mut histograms) {
                let counts = if request < candidate {
                    &mut counts.candidate
                } else {
                    &mut counts.stable
                };
                counts[bounds.partition_point(|bound| *bound < latency)] += 1;
            }
        }
        Some(Tick {
            second: self.second,
            histograms: histograms.to_vec(),
            ..Tick::default()
        })
    }
}
