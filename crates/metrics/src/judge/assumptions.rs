//! What a judge takes for granted, and says before a rollout begins.

use strategy_core::duration::format;
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

/// So many samples of a source that a window should hold, so that the tracks are seen over about the same time.
const SAMPLES: u32 = 4;

/// That both tracks are seen over the same time: a source that samples each of them at a moment of its own may show an
/// incident that they share in one window of the one and in the next of the other.
pub(super) fn same_time(prospect: &Prospect) -> Option<Finding> {
    let source = &prospect.source;
    let every = source
        .stable
        .samples_every
        .max(source.candidate.samples_every)?;
    let least = every.saturating_mul(SAMPLES);
    (prospect.interval < least).then(|| {
        Finding::warns(
            "windows-hold-few-samples",
            prospect.resource.clone(),
            format!(
                "the source sees each target every {} at a moment of its own, and the check looks each {}: an \
                 incident that both tracks share can be seen of one alone, and fail a good release",
                format(every),
                format(prospect.interval)
            ),
            format!(
                "look each {} or more seldom, let the source sample more often, or judge by unit",
                format(least)
            ),
        )
    })
}

/// The same of how long events take.
pub(super) fn independent_latencies(prospect: &Prospect) -> Finding {
    independent_events(
        prospect,
        "slow requests that come in bursts can fail a good release",
        "let limits be wider than bursts, or judge latency by unit with `exchangeable-units`",
    )
}
