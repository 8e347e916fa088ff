//! Sources that tell of a window late: what a check and the bakes of its stages have of that.

use std::time::Duration;

use strategy_core::duration::format;
use strategy_core::plan::{CheckName, Stage};
use strategy_core::target::Finding;

use crate::source::Rhythm;

/// What a check has to wait for.
pub(super) struct Late {
    pub(super) rhythm: Rhythm,
    /// How far apart the source has samples; `None`: it has none, or that is not known.
    pub(super) samples_every: Option<Duration>,
    /// How often the check looks.
    pub(super) interval: Duration,
}

/// Warns of looks that have nothing to judge, and of bakes that are over before anything of them is told.
pub(super) fn findings(
    check: &CheckName,
    source: &str,
    late: &Late,
    stages: &[Stage],
) -> Vec<Finding> {
    let resource = format!("check {check}");
    let Late {
        rhythm,
        samples_every,
        interval,
    } = *late;
    let (period, settle) = (format(rhythm.period), format(rhythm.settle));
    let mut findings = Vec::new();
    if rhythm.period > interval || rhythm.settle > interval {
        let whole = if rhythm.period.is_zero() {
            String::new()
        } else {
            format!("of whole periods of {period} only, and ")
        };
        findings.push(Finding::warns(
            "looks-without-windows",
            resource.clone(),
            format!(
                "{source} tells {whole}of a window only {settle} after it is over, and the check looks each {}: \
                 some looks have nothing to judge, and the last {settle} of the last bake are judged by none",
                format(interval)
            ),
            "make the interval of the check as long as a period of the source, and the last bake longer by its \
             `settle`"
                .to_owned(),
        ));
    } else if let Some(apart) = samples_every.filter(|apart| *apart > interval) {
        findings.push(Finding::warns(
            "looks-without-windows",
            resource.clone(),
            format!(
                "{source} has samples {} apart, and the check looks each {}: some looks have nothing to judge",
                format(apart),
                format(interval)
            ),
            "make the interval of the check as long as the samples are apart".to_owned(),
        ));
    }
    // A window that begins with the bake may lie across the first period, and what is counted needs two samples.
    let two_samples = samples_every.map_or(Duration::ZERO, |apart| apart.saturating_mul(2));
    let late = rhythm.settle.saturating_add(rhythm.period.max(two_samples));
    let judged = stages.iter().filter(|stage| stage.checks.contains(check));
    for stage in judged.filter(|_| !late.is_zero()) {
        let bake = stage.bake;
        let comes = if bake.at_most <= late {
            "is over before anything of it is told"
        } else if !bake.at_least.is_zero() && bake.at_least <= late {
            "goes on until it is"
        } else {
            continue;
        };
        findings.push(Finding::warns(
            "bake-without-windows",
            resource.clone(),
            format!(
                "{source} may tell of the first window of a bake only {} after it began, and that of stage `{}`, \
                 {} long and at most {}, {comes}",
                format(late),
                stage.name,
                format(bake.at_least),
                format(bake.at_most)
            ),
            "make the bake longer than that".to_owned(),
        ));
    }
    findings
}
