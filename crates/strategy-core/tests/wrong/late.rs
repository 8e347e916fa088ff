//! A write that lands after somebody else has taken over.

use std::error::Error;
use std::fmt;
use std::future::pending;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use strategy_core::driver::Clock;
use strategy_core::plan::Plan;
use strategy_core::rollout::Outcome;
use strategy_core::simulation::{Carrier, Equipment, RealDriver, Trouble, When};
use strategy_core::target::{
    Admission, Applied, Apply, Binding, Claim, Discovery, Observation, TargetError, Version,
};
use strategy_core::world::Process;
use strategy_core::{Part, Strategy, Target, Timestamp, Weight};

use crate::piece::{Caught, Ends, Harm, Piece, Trial, real};
use crate::worlds::{canary, seconds, tracks};

pub(crate) const LANDS_LATE: Piece = Piece {
    name: "accepts a zombie's write",
    does: "A queue before the platform delivers the write of a dead process late, under whatever claim is there.",
    caught: Caught::Simulation {
        trial: || Trial {
            simulation: tracks().mishap(
                When::After(seconds(30)),
                Trouble::Crash {
                    resumed_after: seconds(30),
                },
            ),
            strategy: Box::new(canary()),
            carrier: Box::new(Queueing::default()),
            right: real(Ends::Promoted),
        },
        promises: &[12],
        harms: &[Harm::WrongEnd],
    },
};

/// The real driver behind a queue that all its processes share.
#[derive(Debug, Default)]
struct Queueing(Queue);

type Queue = Arc<Mutex<Option<Queued>>>;

/// A write on its way, and when it arrives.
#[derive(Debug)]
struct Queued {
    by: Arc<dyn Target>,
    request: Apply,
    due: Timestamp,
}

#[async_trait(?Send)]
impl Carrier for Queueing {
    async fn carry(
        &self,
        mut equipment: Equipment,
        strategy: &dyn Strategy,
    ) -> Result<Outcome, Box<dyn Error>> {
        for target in equipment.targets.values_mut() {
            *target = Arc::new(Late {
                inner: Arc::clone(target),
                process: equipment.process,
                clock: Arc::clone(&equipment.clock),
                queue: Arc::clone(&self.0),
            });
        }
        RealDriver.carry(equipment, strategy).await
    }
}

struct Late {
    inner: Arc<dyn Target>,
    process: Process,
    clock: Arc<dyn Clock>,
    queue: Queue,
}

impl fmt::Debug for Late {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Late")
    }
}

impl Late {
    /// What is due arrives, and whatever is there is taken for what its writer saw.
    async fn deliver(&self) -> Result<(), TargetError> {
        let now = self.clock.now();
        let due = self.queue.lock().unwrap().take_if(|late| late.due <= now);
        let Some(Queued {
            by, mut request, ..
        }) = due
        else {
            return Ok(());
        };
        if let Some(claim) = self.inner.discover().await?.claim {
            request.claim = claim;
        }
        request.seen = self.inner.observe(&request.binding).await?.owned;
        by.apply(&request).await.map(drop)
    }
}

#[async_trait]
impl Target for Late {
    async fn discover(&self) -> Result<Discovery, TargetError> {
        self.inner.discover().await
    }

    async fn observe(&self, binding: &Binding) -> Result<Observation, TargetError> {
        self.deliver().await?;
        self.inner.observe(binding).await
    }

    async fn apply(&self, request: &Apply) -> Result<Applied, TargetError> {
        let shifts = request.desired.traffic.weight > Weight::ZERO;
        if self.process == Process(1) && shifts {
            *self.queue.lock().unwrap() = Some(Queued {
                by: Arc::clone(&self.inner),
                request: request.clone(),
                due: self.clock.now() + seconds(500),
            });
            pending().await
        } else {
            self.inner.apply(request).await
        }
    }

    async fn admit(
        &self,
        part: &Part,
        found: &Discovery,
        plan: &Plan,
    ) -> Result<Admission, TargetError> {
        self.inner.admit(part, found, plan).await
    }

    async fn claim(
        &self,
        binding: &Binding,
        from: Option<&Claim>,
        to: Option<&Claim>,
    ) -> Result<(), TargetError> {
        self.inner.claim(binding, from, to).await
    }

    async fn changed(&self, binding: &Binding, after: &Version) {
        self.inner.changed(binding, after).await;
    }
}
