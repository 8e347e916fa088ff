//! The builder: from parts to a plan, a running rollout, or one taken up again.

mod resume;
mod succeed;

use std::collections::BTreeMap;
use std::fmt;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;

use tokio::sync::watch;

use super::arrivals::{Arrived, Source};
use super::audience::Audience;
use super::clock::{Clock, SystemClock};
use super::error::DriverError;
use super::flights::Flights;
use super::handle::{Listens, Progress, RolloutHandle};
use super::ledger::Ledger;
use super::mail::{Mail, letterbox};
use super::memory_journal::MemoryJournal;
use super::perform::Means;
use super::planned::{Admitted, Planned, admit};
use super::retry::seed;
use super::run::{Carrier, Ending, Run, whole_milliseconds};
use crate::analysis::Analysis;
use crate::hook::{ExternalGate, Hook};
use crate::inbox::Inbox;
use crate::journal::{Journal, Recorded, Sequence};
use crate::observer::Observer;
use crate::registry::Registry;
use crate::release::{Part, Release};
use crate::rollout::{Rollout, Start};
use crate::strategy::Strategy;
use crate::target::{RolloutId, Target};
use crate::timestamp::Timestamp;

/// Carries rollouts. Everything but the target has a default.
///
/// ```no_run
/// # use strategy_core::{Release, Strategy, Target, driver::{Driver, DriverError, FileJournal}};
/// # async fn ship(target: impl Target, canary: impl Strategy) -> Result<(), Box<dyn std::error::Error>> {
/// let release = Release::of([("app", "registry.example/shop:1.4.2")])?;
/// let (handle, run) = Driver::on(target)
///     .journal(FileJournal::create("shop.journal")?)
///     .start(&canary, release)
///     .await?;
/// tokio::spawn(run);
/// println!("{}", handle.settled().await?);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Driver {
    parts: BTreeMap<Part, Arc<dyn Target>>,
    /// The first mistake in what was given; told when something is asked of the driver.
    mistake: Option<DriverError>,
    journal: Arc<dyn Journal>,
    inbox: Option<Arc<dyn Inbox>>,
    registry: Registry,
    observers: Vec<Arc<dyn Observer>>,
    clock: Arc<dyn Clock>,
    id: Option<RolloutId>,
    process: Option<String>,
    take_over: bool,
}

/// Names only: what is behind them may hold credentials, and its own `Debug` may show them.
impl fmt::Debug for Driver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Driver")
            .field("parts", &self.parts.keys())
            .field("registry", &self.registry)
            .field("observers", &self.observers.len())
            .field("id", &self.id)
            .field("take_over", &self.take_over)
            .finish_non_exhaustive()
    }
}

impl Driver {
    /// For a single target.
    pub fn on(target: impl Target) -> Self {
        let mut driver = Self::none();
        driver.parts.insert(Part::main(), Arc::new(target));
        driver
    }

    /// For several parts by name. Targets of different types go in as `Arc<dyn Target>`, or one by one
    /// with [`part`](Self::part).
    pub fn parts<N: AsRef<str>, T: Target>(parts: impl IntoIterator<Item = (N, T)>) -> Self {
        parts
            .into_iter()
            .fold(Self::none(), |driver, (name, target)| {
                driver.part(name, target)
            })
    }

    /// With one more part. A name that no part can have is told by the call that begins something.
    #[must_use]
    pub fn part(mut self, name: impl AsRef<str>, target: impl Target) -> Self {
        match name.as_ref().parse::<Part>() {
            Ok(part) => {
                self.parts.insert(part, Arc::new(target));
            }
            Err(error) => {
                self.mistake.get_or_insert_with(|| error.into());
            }
        }
        self
    }

    fn none() -> Self {
        Self {
            parts: BTreeMap::new(),
            mistake: None,
            journal: Arc::new(MemoryJournal::new()),
            inbox: None,
            registry: Registry::new(),
            observers: Vec::new(),
            clock: Arc::new(SystemClock),
            id: None,
            process: None,
            take_over: false,
        }
    }

    /// Where decisions are kept. Default: in memory; a crash then cannot be resumed, and the plan says so.
    #[must_use]
    pub fn journal(mut self, journal: impl Journal + 'static) -> Self {
        self.journal = Arc::new(journal);
        self
    }

    /// Where commands and alarms of other processes come from. Default: nowhere; handles can always ask.
    #[must_use]
    pub fn inbox(mut self, inbox: impl Inbox + 'static) -> Self {
        self.inbox = Some(Arc::new(inbox));
        self
    }

    /// What measures checks of this kind. Default: nothing; a plan with checks is then refused.
    #[must_use]
    pub fn analysis(mut self, kind: impl Into<String>, analysis: impl Analysis + 'static) -> Self {
        self.registry = self.registry.analysis(kind, analysis);
        self
    }

    /// What runs hooks of this kind.
    #[must_use]
    pub fn hook(mut self, kind: impl Into<String>, hook: impl Hook + 'static) -> Self {
        self.registry = self.registry.hook(kind, hook);
        self
    }

    /// What answers gates of this kind.
    #[must_use]
    pub fn gate(mut self, kind: impl Into<String>, gate: impl ExternalGate + 'static) -> Self {
        self.registry = self.registry.gate(kind, gate);
        self
    }

    /// All hooks, gates and analyses at once, in the place of those given before.
    #[must_use]
    pub fn registry(mut self, registry: Registry) -> Self {
        self.registry = registry;
        self
    }

    /// Who hears what happens; any number of them. Nothing an observer does changes a rollout.
    #[must_use]
    pub fn observer(mut self, observer: impl Observer + 'static) -> Self {
        self.observers.push(Arc::new(observer));
        self
    }

    /// The driver's only time. Default: [`SystemClock`], which needs a tokio runtime with its timer.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// The rollout's name. It must be unique among those that may meet on a target, since a claim is
    /// known by it. Default: made of the time and 32 random bits.
    #[must_use]
    pub fn id(mut self, id: RolloutId) -> Self {
        self.id = Some(id);
        self
    }

    /// What tells this process from others that take the same rollout up: a word that no other one has. It
    /// is written into the journal at a resume, so that of two processes which resume in the same
    /// millisecond one is refused. Default: 32 random bits. Say one where the same run has to write the
    /// same journal, and another one for each process.
    #[must_use]
    pub fn process(mut self, word: impl Into<String>) -> Self {
        self.process = Some(word.into());
        self
    }

    /// Takes over the claim of a rollout that nobody carries any more, instead of refusing to start.
    #[must_use]
    pub const fn take_over(mut self) -> Self {
        self.take_over = true;
        self
    }

    /// What a rollout would do here: discovers, plans, asks whether it can run. Writes nothing.
    ///
    /// # Errors
    /// When something cannot be read, or the intent is no plan. What stands in the way of a plan is a
    /// blocking finding in the answer, not an error.
    pub async fn plan(
        &self,
        strategy: &dyn Strategy,
        release: Release,
    ) -> Result<Planned, DriverError> {
        let id = self.new_id()?;
        let admitted = admit(&self.means(&id)?, strategy, &release).await?;
        Ok(admitted.planned(id, self.take_over, &*self.journal, self.clock.now()))
    }

    /// Begins a rollout: discovers, plans, asks whether it can run. Nothing is written before the
    /// returned [`Run`] is awaited or spawned.
    ///
    /// # Errors
    /// [`DriverError`]; nothing was written.
    pub async fn start(
        self,
        strategy: &dyn Strategy,
        release: Release,
    ) -> Result<(RolloutHandle, Run), DriverError> {
        let id = self.new_id()?;
        let recorded = self.journal.read().await?;
        if recorded.sequence > Sequence(0) {
            return Err(DriverError::JournalInUse);
        }
        let means = self.means(&id)?;
        let Admitted {
            plan,
            found,
            prepared,
            ..
        } = admit(&means, strategy, &release).await?.unblocked()?;
        let start = Start {
            id,
            plan,
            found,
            prepared,
            take_over: self.take_over,
        };
        let rollout = Rollout::start(start, self.clock.now())?;
        Ok(self.run(rollout, means, &recorded))
    }

    fn run(self, rollout: Rollout, means: Means, recorded: &Recorded) -> (RolloutHandle, Run) {
        let (letterbox, letters) = letterbox();
        let (status, statuses) = watch::channel(rollout.status());
        let (progress, ends) = watch::channel(Progress::default());
        let (id, seed) = (rollout.id().clone(), means.seed);
        let (trouble, troubles) = watch::channel(None);
        let audience = Audience::new(self.observers, troubles.clone());
        let handle = RolloutHandle::new(
            id.clone(),
            Listens {
                letters: letterbox,
                progress: ends,
                status: statuses,
                trouble: troubles,
                listeners: audience.listeners(),
            },
        );
        let run = Run::new(Carrier {
            rollout,
            ledger: Ledger::new(
                self.journal,
                Arc::clone(&self.clock),
                seed,
                recorded,
                trouble,
            ),
            flights: Flights::new(means),
            mail: Mail::new(letters, self.inbox, Arc::clone(&self.clock), seed),
            audience,
            status,
            ending: Ending { id, progress },
            arrived: Arrived::default(),
            told_at: whole_milliseconds(self.clock.elapsed()),
            ticked: None,
            first: Source::UnderWay,
            in_a_row: 0,
            clock: self.clock,
        });
        (handle, run)
    }

    fn means(&self, id: &RolloutId) -> Result<Means, DriverError> {
        if let Some(mistake) = &self.mistake {
            return Err(mistake.clone());
        }
        Ok(Means {
            parts: Arc::new(self.parts.clone()),
            registry: Arc::new(self.registry.clone()),
            clock: Arc::clone(&self.clock),
            seed: seed(id.as_str()),
        })
    }

    fn new_id(&self) -> Result<RolloutId, DriverError> {
        if let Some(id) = &self.id {
            return Ok(id.clone());
        }
        // Two rollouts with one name would take each other's claim for their own.
        let now = self.clock.now();
        Ok(format!("{:x}-{:08x}", now.as_millis(), random(now)).parse()?)
    }
}

/// 32 random bits. The standard library's only source of them are the keys of its hashers.
fn random(now: Timestamp) -> u64 {
    RandomState::new().hash_one(now.as_millis()) & 0xffff_ffff
}
