//! Work at a point of a stage, as far as a simulation has any: it takes time, and passes or not.

use std::time::Duration;

use async_trait::async_trait;

use crate::hook::{Hook, HookError, HookReport, HookRequest};
use crate::world::VirtualClock;

/// The one hook that simulated rollouts have: it does nothing but take time in the world.
///
/// Parameters of a hook in a plan:
/// - `seconds`: how long it takes. Default: none.
/// - `passes`: whether it finds all as it should be. Default: yes.
///
/// ```
/// use strategy_core::plan::{Extension, HookPlan, HookPoint};
/// use strategy_core::simulation::{Simulation, SimulatedHook};
/// use strategy_core::strategy::BlueGreen;
///
/// let run = Extension::new(SimulatedHook::KIND).with("seconds", 20).with("passes", false);
/// let smoke = HookPlan::new("smoke", HookPoint::Ready, run);
/// let report = Simulation::seed(7).stable("v1", 4).run(&BlueGreen::new().hook(smoke));
/// assert!(report.is_rolled_back());
/// ```
#[derive(Clone, Debug)]
pub struct SimulatedHook {
    clock: VirtualClock,
}

impl SimulatedHook {
    /// The kind by which a plan names it.
    pub const KIND: &'static str = "simulated";

    pub(super) const fn new(clock: VirtualClock) -> Self {
        Self { clock }
    }
}

#[async_trait]
impl Hook for SimulatedHook {
    async fn run(&self, request: &HookRequest) -> Result<HookReport, HookError> {
        let params = &request.run.params;
        let wrong = |name: &str, what: &str| {
            HookError::new(&request.hook, format!("its `{name}` is not {what}"))
        };
        let seconds = match params.get("seconds") {
            None => 0,
            Some(seconds) => seconds
                .as_u64()
                .ok_or_else(|| wrong("seconds", "a whole number"))?,
        };
        let passes = match params.get("passes") {
            None => true,
            Some(passes) => passes
                .as_bool()
                .ok_or_else(|| wrong("passes", "true or false"))?,
        };
        let ends = self.clock.now() + Duration::from_secs(seconds);
        self.clock.sleep_until(ends).await;
        Ok(if passes {
            HookReport::passed(format!("took {seconds} s"))
        } else {
            HookReport::failed(format!("found fault after {seconds} s"))
        })
    }
}
