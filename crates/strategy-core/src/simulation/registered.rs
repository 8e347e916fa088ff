//! The code that a simulated plan can name: what counts, hooks and gates.

use std::sync::Arc;

use super::Simulation;
use super::hooks::{Acted, SimulatedGate, SimulatedHook};
use super::runs::Tally;
use crate::analysis::{Counter, FailureShare, SlowShare};
use crate::registry::Registry;
use crate::world::{Process, World};

/// Everything that a plan can name, for one process.
pub(super) fn registry(
    simulation: &Simulation,
    world: &World,
    process: Process,
    tally: &Tally,
    counter: &Arc<dyn Counter>,
) -> Registry {
    let registry = Registry::new()
        .analysis(FailureShare::KIND, FailureShare::new(Arc::clone(counter)))
        .analysis(SlowShare::KIND, SlowShare::new(Arc::clone(counter)))
        .hook(
            SimulatedHook::KIND,
            acted::<SimulatedHook>(None, world, process, tally),
        )
        .gate(
            SimulatedGate::KIND,
            acted::<SimulatedGate>(None, world, process, tally),
        );
    let hooks = simulation.hooks.iter();
    let registry = hooks.fold(registry, |registry, (kind, hook)| {
        registry.hook(kind, acted(Some(hook), world, process, tally))
    });
    let gates = simulation.gates.iter();
    gates.fold(registry, |registry, (kind, gate)| {
        registry.gate(kind, acted(Some(gate), world, process, tally))
    })
}

fn acted<T: Clone>(
    behavior: Option<&T>,
    world: &World,
    process: Process,
    tally: &Tally,
) -> Acted<T> {
    Acted {
        behavior: behavior.cloned(),
        world: world.clone(),
        process,
        tally: tally.clone(),
    }
}
