//! What a judge takes for granted, and says before a rollout begins.

use strategy_core::target::Finding;

use super::Prospect;

/// That one event does not make the next one likelier; `risk` is what comes of it where it does, `mend` what to do.
pub(super) fn independent_events(prospect: &Prospect, risk: &str, mend: &str) -> Finding {
    Finding::warns(
        "assumes-independent-errors",
        prospect.resource.clone(),
        risk,
        mend,
    )
}

/// The same of how long events take.
pub(super) fn independent_latencies(prospect: &Prospect) -> Finding {
    independent_events(
        prospect,
        "slow requests that come in bursts can fail a good release",
        "let limits be wider than bursts, or judge latency by unit with `exchangeable-units`",
    )
}
