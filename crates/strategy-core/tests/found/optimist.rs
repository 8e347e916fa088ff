//! Wrong on purpose: a target that calls every pod ready as soon as it is there.

use strategy_core::simulation::Carrier;

use crate::targets::{Wrong, on_target};

/// The real driver, and a target that is too hopeful.
pub(crate) fn optimist() -> Box<dyn Carrier> {
    on_target(Wrong::Sees(|seen, _| {
        for track in [&mut seen.stable, &mut seen.candidate] {
            for pods in &mut track.pods {
                pods.ready = pods.total;
                pods.available = pods.total;
            }
        }
    }))
}
