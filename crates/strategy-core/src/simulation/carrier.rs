//! Who carries a rollout in a simulation: the driver of this crate, or anything else with the same
//! equipment.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;

use crate::analysis::Counter;
use crate::driver::{Clock, Driver, DriverError, RolloutHandle};
use crate::inbox::Inbox;
use crate::journal::Journal;
use crate::observer::Observer;
use crate::registry::Registry;
use crate::release::{Part, Release};
use crate::rollout::{Outcome, RecoverError};
use crate::strategy::Strategy;
use crate::target::Target;
use crate::world::{Fact, Life, Process, World};

/// Carries a rollout for one process of a simulation.
///
/// One carrier serves all processes of a simulation, one after the other or at the same time: what it
/// keeps in itself, a crash does not take away.
///
/// It is for drivers and wrappers of your own: what stands between driver and platform is put into the
/// [`Equipment`], and the rest left to the [`RealDriver`].
///
/// ```
/// use std::error::Error;
/// use std::sync::Arc;
///
/// use async_trait::async_trait;
/// use strategy_core::Strategy;
/// use strategy_core::rollout::Outcome;
/// use strategy_core::simulation::{Carrier, Equipment, RealDriver, Simulation};
/// use strategy_core::strategy::BlueGreen;
/// use strategy_core::target::Recorded;
///
/// #[derive(Debug)]
/// struct WithCallsRecorded;
///
/// #[async_trait(?Send)]
/// impl Carrier for WithCallsRecorded {
///     async fn carry(
///         &self,
///         mut equipment: Equipment,
///         strategy: &dyn Strategy,
///     ) -> Result<Outcome, Box<dyn Error>> {
///         for target in equipment.targets.values_mut() {
///             *target = Arc::new(Recorded::new(Arc::clone(target)));
///         }
///         RealDriver.carry(equipment, strategy).await
///     }
/// }
///
/// let report = Simulation::seed(7)
///     .stable("v1", 10)
///     .run_by(&BlueGreen::new(), &WithCallsRecorded);
/// assert!(report.is_promoted());
/// ```
#[async_trait(?Send)]
pub trait Carrier: fmt::Debug {
    /// Takes up what the journal holds, or begins, and carries it to its end.
    ///
    /// When the process crashes the future is dropped; when it stands still, it is not polled. Whatever
    /// it waits for must come from the equipment: nothing else wakes it.
    ///
    /// # Errors
    /// When it gives up; the text is told in the log and in [`End`](super::End).
    async fn carry(
        &self,
        equipment: Equipment,
        strategy: &dyn Strategy,
    ) -> Result<Outcome, Box<dyn Error>>;
}

/// What one process of a simulation has to carry a rollout with. Each piece can be wrapped or replaced.
#[derive(Debug)]
#[non_exhaustive]
pub struct Equipment {
    /// Which process this is, counted from 1.
    pub process: Process,
    /// What is released.
    pub release: Release,
    /// The platform, by part. The log of the world tells calls of this process from those of others.
    pub targets: BTreeMap<Part, Arc<dyn Target>>,
    /// The journal that all processes share, with what the mishaps do to it.
    pub journal: Arc<dyn Journal>,
    /// The clock of this process, which may differ from the world's.
    pub clock: Arc<dyn Clock>,
    /// What people say.
    pub inbox: Arc<dyn Inbox>,
    /// Hooks and gates of the simulation, and the analyses that count with `counter`,
    /// [`FailureShare`](crate::analysis::FailureShare) and [`SlowShare`](crate::analysis::SlowShare), under
    /// their kinds.
    pub registry: Registry,
    /// What users got, for analyses of one's own. Each window that is counted is in the log.
    pub counter: Arc<dyn Counter>,
    /// Who writes down [`events`](super::SimulationReport::events).
    pub observer: Arc<dyn Observer>,
    pub(super) world: World,
    pub(super) handle: Handle,
}

/// The handle on the rollout of one process, once there is one.
pub(super) type Handle = Arc<Mutex<Option<RolloutHandle>>>;

impl Equipment {
    /// The driver of this crate with this equipment, under a name made of the number of the process.
    pub fn driver(&self) -> Driver {
        let targets = self.targets.iter();
        let targets = targets.map(|(part, target)| (part.as_str(), Arc::clone(target)));
        let driver = Driver::parts(targets)
            .clock(Arc::clone(&self.clock))
            .registry(self.registry.clone())
            .inbox(Arc::clone(&self.inbox))
            .observer(Arc::clone(&self.observer))
            .journal(Arc::clone(&self.journal))
            .process(self.process.0.to_string());
        match format!("simulated-{}", self.process.0).parse() {
            Ok(id) => driver.id(id),
            Err(_) => driver,
        }
    }

    /// Writes into the log that this process began the rollout. What becomes of it later is written by the
    /// simulation.
    pub fn began(&self) {
        self.lives(Life::Began);
    }

    /// Writes into the log that this process took up the journal of another one.
    pub fn resumed(&self) {
        self.lives(Life::Resumed);
    }

    fn lives(&self, life: Life) {
        let process = self.process;
        self.world.note(Fact::Lives { process, life });
    }

    /// From now on this handle tells how the rollout stands: what people ask is put into the words of
    /// its plan and stage, and the report has its status. Without one nobody can ask what depends on
    /// them, such as [`Ask::Approve`](super::Ask::Approve).
    pub fn follow(&self, handle: RolloutHandle) {
        let mut followed = self.handle.lock().unwrap_or_else(PoisonError::into_inner);
        *followed = Some(handle);
    }
}

/// The driver of this crate, as it is. What [`Simulation::run`](super::Simulation::run) uses.
#[derive(Clone, Copy, Debug, Default)]
pub struct RealDriver;

#[async_trait(?Send)]
impl Carrier for RealDriver {
    async fn carry(
        &self,
        equipment: Equipment,
        strategy: &dyn Strategy,
    ) -> Result<Outcome, Box<dyn Error>> {
        let is_empty = equipment.journal.read().await?.records.is_empty();
        let driver = equipment.driver();
        let begun = if is_empty {
            let begun = driver.start(strategy, equipment.release.clone()).await;
            equipment.began();
            begun
        } else {
            let begun = driver.resume().await;
            equipment.resumed();
            begun
        };
        let (handle, run) = match begun {
            Err(DriverError::Recover(RecoverError::Over { outcome })) => return Ok(outcome),
            begun => begun?,
        };
        equipment.follow(handle);
        Ok(run.await?)
    }
}
