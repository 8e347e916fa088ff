//! The users of the demo on Amazon ECS: the fake knows where requests go, and here is what they get.

use std::convert::Infallible;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use strategy_core::analysis::{Count, Counter, Look, MeasureError};
use strategy_core::world::VirtualClock;
use strategy_core::{Part, Timestamp, Track, Tracks, Weight};
use test_support::ecs::{Serving, Share, Shop};

/// What tells whether a request went to stable or to the candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ToldApart {
    /// Each track has its target group.
    ByTargetGroup,
    /// One service has both: what runs at the start is stable, everything else the candidate.
    ByTaskDefinition,
}

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
    told_apart: ToldApart,
    seen: Mutex<Seen>,
}

/// Requests of one second that went to a track, and the share of them that failed.
struct Answered {
    track: Track,
    share: f64,
    failing: f64,
}

impl Users {
    pub(super) fn of(
        clock: VirtualClock,
        shop: Shop,
        told_apart: ToldApart,
        requests_per_second: f64,
        errors: (f64, f64),
    ) -> Self {
        Self {
            from: clock.now(),
            clock,
            shop,
            requests_per_second,
            errors,
            told_apart,
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
        let shares = self.shop.fake.shares(&self.shop.rule);
        for answered in shares.iter().flat_map(|share| self.answered(share)) {
            if answered.track == Track::Candidate {
                of_candidate += answered.share;
            }
            let requests = self.requests_per_second * answered.share;
            let tally = seen.now.of_mut(answered.track);
            tally.total += requests;
            tally.failed += requests * answered.failing;
        }
        let since = now.since(self.from);
        seen.shares.set(since, weight(of_candidate));
        seen.shares.end(since);
    }

    /// Who answers the requests of a target group: its healthy tasks evenly, or nobody as it should be.
    fn answered(&self, share: &Share) -> Vec<Answered> {
        let tasks: f64 = share
            .task_definitions
            .values()
            .map(|count| tasks(*count))
            .sum();
        if share.serving != Serving::Healthy || tasks <= 0.0 {
            return vec![Answered {
                track: self.track_of_group(share),
                share: share.share,
                failing: 1.0,
            }];
        }
        let by_definition = share.task_definitions.iter();
        by_definition
            .map(|(definition, count)| {
                let (old, new) = self.errors;
                let is_old = *definition == self.shop.task_definition;
                Answered {
                    track: match self.told_apart {
                        ToldApart::ByTargetGroup => self.track_of_group(share),
                        ToldApart::ByTaskDefinition if is_old => Track::Stable,
                        ToldApart::ByTaskDefinition => Track::Candidate,
                    },
                    share: share.share * self::tasks(*count) / tasks,
                    failing: if is_old { old } else { new },
                }
            })
            .collect()
    }

    fn track_of_group(&self, share: &Share) -> Track {
        if share.target_group == self.shop.canary_group {
            Track::Candidate
        } else {
            Track::Stable
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

fn tasks(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::MAX, f64::from)
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
