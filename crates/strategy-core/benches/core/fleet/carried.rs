//! Many rollouts on one virtual clock and one thread.

use std::error::Error;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures::future::{BoxFuture, Either, FutureExt as _, select};
use futures::stream::{FuturesUnordered, StreamExt as _};
use strategy_core::driver::{Clock, Driver};
use strategy_core::rollout::Outcome;
use strategy_core::world::{VirtualClock, block_on};

use super::SPREAD;
use super::tally::Tally;
use crate::effort::spent;
use crate::heap::Since;
use crate::plans::{BEGIN, KIND, Size, discovery};
use crate::still::{Content, Still};

type Ended = Result<Outcome, String>;

pub(crate) struct Fleet {
    clock: VirtualClock,
    journal: Tally,
    /// What the platform remembers is not ours: it is held until ours is measured.
    targets: Vec<Still>,
    rollouts: FuturesUnordered<BoxFuture<'static, Ended>>,
}

/// What a fleet did in a span of time.
pub(crate) struct Span {
    pub(crate) spent: Duration,
    pub(crate) allocations: usize,
    pub(crate) appends: usize,
    pub(crate) written: usize,
    /// The most writes in one second.
    pub(crate) busiest: usize,
}

impl Fleet {
    /// So many, each on a target of its own.
    pub(crate) fn begin(count: usize, size: Size) -> Result<Self, Box<dyn Error>> {
        let clock = VirtualClock::starting_at(BEGIN);
        let journal = Tally::on(Arc::new(clock.clone()));
        let found = Arc::new(discovery()?);
        let targets: Vec<_> = (0..count).map(|_| Still::new(Arc::clone(&found))).collect();
        let rollouts = FuturesUnordered::new();
        let step = SPREAD / u32::try_from(count)?;
        for (number, target) in (0..).zip(&targets) {
            let driver =
                driver(target, &journal, Arc::new(clock.clone())).id(format!("r{number}").parse()?);
            let (clock, release) = (clock.clone(), size.release()?);
            let rollout = async move {
                clock.sleep_until(BEGIN + step * number).await;
                let canary = size.canary();
                // The beginning is over before the run begins, and takes no room beside it, as where a
                // run is spawned. The handle is kept, as whoever started it would.
                let started = async move { driver.start(&canary, release).await }.boxed();
                let (_handle, run) = started.await.map_err(|error| error.to_string())?;
                run.await.map_err(|error| error.to_string())
            };
            rollouts.push(rollout.boxed());
        }
        Ok(Self {
            clock,
            journal,
            targets,
            rollouts,
        })
    }

    /// Time passes; none of the rollouts may end in it.
    pub(crate) fn pass(&mut self, span: Duration) -> Result<(), Box<dyn Error>> {
        let until = self.clock.now() + span;
        let clock = self.clock.clone();
        let ended = block_on(&clock, async {
            match select(self.rollouts.next(), pin!(clock.sleep_until(until))).await {
                Either::Left((ended, _)) => Err(format!("a rollout ended: {ended:?}")),
                Either::Right(_) => Ok(()),
            }
        })?;
        Ok(ended?)
    }

    /// Time passes, and what is done in it is counted.
    pub(crate) fn watch(&mut self, span: Duration) -> Result<Span, Box<dyn Error>> {
        let (writes, bytes) = {
            let mut counts = self.journal.counts();
            counts.by_second.clear();
            (counts.writes, counts.bytes)
        };
        let (before, since) = (spent(), Since::now());
        self.pass(span)?;
        let spent = spent().saturating_sub(before);
        let allocations = since.allocations();
        let counts = self.journal.counts();
        Ok(Span {
            spent,
            allocations,
            appends: counts.writes - writes,
            written: counts.bytes - bytes,
            busiest: counts.by_second.values().copied().max().unwrap_or_default(),
        })
    }

    /// Bytes on the heap that are freed with the rollouts, what the targets hold not included.
    pub(crate) fn size_of_all(self) -> usize {
        let Self {
            rollouts, targets, ..
        } = self;
        let since = Since::now();
        drop(rollouts);
        let freed = since.live().unsigned_abs();
        drop(targets);
        freed
    }
}

/// A driver as an embedder has it, but for its journal.
pub(crate) fn driver(target: &Still, journal: &Tally, clock: Arc<dyn Clock>) -> Driver {
    Driver::on(target.clone())
        .clock(clock)
        .journal(journal.clone())
        .analysis(KIND, Content { memory: 0 })
}
