//! A fake of Amazon ECS, Application Load Balancers, Application Auto Scaling and alarms behind the HTTP client of the AWS SDK:
//! real serialisers and real retries, and neither sockets nor threads nor real time.
//!
//! The fake has a clock and moves its world to "now" at every call, through everything that would have happened until
//! then: tasks start and crash, targets are checked and drain, deployments go on, weights reach the load balancer's
//! nodes. Equal seeds, settings and calls give equal histories.
//!
//! ```
//! use std::sync::Arc;
//! use strategy_core::Timestamp;
//! use strategy_core::world::{VirtualClock, block_on};
//! use test_support::ecs::{Fake, Settings};
//!
//! let clock = VirtualClock::starting_at(Timestamp::from_millis(0));
//! let fake = Fake::new(Arc::new(clock.clone()), Settings::default());
//! let ecs = fake.ecs_client();
//! let cluster = block_on(&clock, async { ecs.create_cluster().cluster_name("shop").send().await })??;
//! assert_eq!(cluster.cluster().and_then(|cluster| cluster.status()), Some("ACTIVE"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`RULES`] says what it keeps to and where each rule is known from; `rules.md` beside this crate's manifest names the
//! test that notices each. What nobody outside can see of a real load balancer can be asked here: see
//! [`Fake::shares`] and [`Fake::shortages`].

mod api;
mod buckets;
mod clients;
mod clock;
mod connector;
mod edited;
mod faults;
mod hands;
mod hooks;
mod image;
mod insight;
mod lag;
mod log;
mod rules;
mod settings;
mod shop;

mod wire;
mod world;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use strategy_core::driver::Clock;

pub use self::api::conditions::Request;
pub use self::clock::SdkTime;
pub use self::edited::Edited;
pub use self::faults::Fault;
pub use self::hooks::Verdict;
pub use self::image::Image;
pub use self::insight::Share;
pub use self::log::{CallRecord, Outcome, Service};
pub use self::rules::{RULES, Rule, RuleEntry};
pub use self::settings::{AllZeroWeights, BesideAHealthyTask, DescribedHooks, Settings};

use self::buckets::Buckets;
use self::faults::Faults;
use self::lag::Old;
pub use self::shop::Shop;
use self::world::World;
pub use self::world::alarm::AlarmState;
pub use self::world::data_plane::{Serving, Shortage};

/// The fake. Cheap to clone; all clones are the same cloud.
#[derive(Clone)]
pub struct Fake {
    clock: Arc<dyn Clock>,
    state: Arc<Mutex<State>>,
}

struct State {
    world: World,
    old: Old,
    faults: Faults,
    buckets: Buckets,
    log: Vec<CallRecord>,
}

impl fmt::Debug for Fake {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Fake").finish_non_exhaustive()
    }
}

impl Fake {
    /// An empty account, at the time that `clock` has.
    pub fn new(clock: Arc<dyn Clock>, settings: Settings) -> Self {
        let world = World::new(clock.now(), settings);
        let state = State {
            world,
            old: Old::default(),
            faults: Faults::default(),
            buckets: Buckets::default(),
            log: Vec::new(),
        };
        Self {
            clock,
            state: Arc::new(Mutex::new(state)),
        }
    }

    fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn settings(&self) -> Settings {
        self.state().world.settings.clone()
    }

    /// The world as it is now.
    fn now(&self) -> MutexGuard<'_, State> {
        let now = self.clock.now();
        let mut state = self.state();
        lag::advance(&mut state, now);
        state
    }
}
