//! The users of the demo on Amazon ECS: the fake knows where requests go, and here is what they get.

use std::convert::Infallible;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use strategy_core::analysis::{Count, Counter, Look, MeasureError};
use strategy_core::world::VirtualClock;
use strategy_core::{Part, Timestamp, Track, Tracks, Weight};
use test_support::ecs::{Serving, Share, Shop};

use crate::render::chart::Shares;

/// How often it is looked where the requests go.
const TICK: Duration = Duration::from_secs(1);
/// Longer than any demo: one that goes on until then is stuck.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// What a track had since the beginning. Parts of requests count: at 5% of 10 a second it is one in two.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    total: f64,
    failed: f64,
}

#[derive(Debug, Default)]
struct Seen {
    now: Tracks<Tally>,
    /// What every track had until then, by time.
    history: Vec<(Timestamp, Tracks<Tally>)>,
    /// The candidate's share of the requests.
    shares: Shares,
}

/// Everybody who asks the shop.
#[derive(Debug)]
pub(super) struct Users {
    clock: VirtualClock,
    from: Timestamp,
    shop: Shop,
    requests_per_second: f64,
    /// The share that fails of what runs at the start, and of what is released.
    errors: (f64, f64),
    seen: Mutex<Seen>,
}

impl Users {
    pub(super) fn of(clock: VirtualClock, shop: Shop, rate: f64, errors: (f64, f64)) -> Self {
        Self {
            from: clock.now(),
            clock,
            shop,
            requests_per_second: rate,
            errors,
            seen: Mutex::default(),
        }
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks for as long as it is polled, and never ends. When that has been long, it falls asleep for good, so
    /// that a demo which is stuck ends as one.
    pub(super) async fn ask(&self) -> Infallible {
        loop {
            self.tick();
            let next = self.clock.now() + TICK;
            if next.since(self.from) > LONGEST {
                return std::future::pending().await;
            }
            self.clock.sleep_until(next).await;
        }
    }

    /// The requests of the next second go where they go now.
    fn tick(&self) {
        let now = self.clock.now();
        let mut seen = self.seen();
        let before = seen.now;
        seen.history.push((now, before));
        let mut of_candidate = 0.0;
        for share in self.shop.fake.shares(&self.shop.rule) {
            let track = if share.target_group == self.shop.canary_group {
                of_candidate += share.share;
                Track::Candidate
            } else {
                Track::Stable
            };
            let requests = self.requests_per_second * share.share;
            let tally = seen.now.of_mut(track);
            tally.total += requests;
            tally.failed += requests * self.failing(&share);
        }
        let since = now.since(self.from);
        seen.shares.set(since, weight(of_candidate));
        seen.shares.end(since);
    }

    /// The share of failures, by what the tasks that answer run.
    fn failing(&self, share: &Share) -> f64 {
        match share.serving {
            Serving::FailOpen | Serving::Nobody => 1.0,
            Serving::Healthy => {
                let (mut tasks, mut failing) = (0.0, 0.0);
                for (definition, count) in &share.task_definitions {
                    let (old, new) = self.errors;
                    let is_old = *definition == self.shop.task_definition;
                    let count = u32::try_from(*count).map_or(f64::MAX, f64::from);
                    tasks += count;
                    failing += count * if is_old { old } else { new };
                }
                if tasks > 0.0 { failing / tasks } else { 1.0 }
            }
        }
    }

    /// The candidate's share over time.
    pub(super) fn shares(&self) -> Shares {
        self.seen().shares.clone()
    }

    /// Requests and failures of a track, from the beginning until now.
    pub(super) fn served(&self, track: Track) -> Count {
        count(Tally::default(), *self.seen().now.of(track))
    }
}

/// Whole requests between two tallies.
fn count(from: Tally, to: Tally) -> Count {
    let whole = |from: f64, to: f64| (to - from).max(0.0).round() as u64;
    let total = whole(from.total, to.total);
    Count {
        total,
        failed: whole(from.failed, to.failed).min(total),
    }
}

fn weight(share: f64) -> Weight {
    let points = (share.clamp(0.0, 1.0) * 10_000.0).round() as u16;
    Weight::from_basis_points(points).unwrap_or(Weight::FULL)
}

/// Counts what users got: the measurements of this world.
#[async_trait]
impl Counter for Users {
    async fn count(&self, look: &Look, _: &Part, track: Track) -> Result<Count, MeasureError> {
        let seen = self.seen();
        let until = |at: Timestamp| {
            let after = seen.history.partition_point(|(time, _)| *time < at);
            let at = seen.history.get(after).or_else(|| seen.history.last());
            at.map_or_else(Tally::default, |(_, tallies)| *tallies.of(track))
        };
        Ok(count(until(look.window.from), until(look.window.to)))
    }
}
