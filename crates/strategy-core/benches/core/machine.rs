//! The machine alone: inputs a second through a typical plan, and what one input costs.

use std::collections::BTreeMap;
use std::error::Error;

use strategy_core::Rollout;
use strategy_core::plan::Plan;
use strategy_core::rollout::Input;
use strategy_core::target::Found;

use crate::effort::worked;
use crate::figure::{Goal, number, print, tell};
use crate::heap::Since;
use crate::plans::TYPICAL;
use crate::trace::{Trace, drain};

const RUNS: usize = 9;
/// Whole rollouts in a run.
const ROLLOUTS: usize = 20;

pub(crate) fn measure() -> Result<(), Box<dyn Error>> {
    let trace = Trace::of(TYPICAL, 64)?;
    let inputs = trace.inputs.len();
    tell(
        "machine: inputs of a typical rollout",
        number(inputs),
        "inputs",
        Goal::None,
    );
    tell(
        "machine: effects of a typical rollout",
        number(trace.effects),
        "effects",
        Goal::None,
    );
    tell(
        "machine: records of a typical rollout",
        number(trace.records.len()),
        "records",
        Goal::None,
    );
    allocations(&trace);

    sizes(&trace.begun)?;

    let mut rates = Vec::new();
    for _ in 0..RUNS {
        let told: Vec<_> = (0..ROLLOUTS)
            .map(|_| (trace.begun.clone(), trace.inputs.clone()))
            .collect();
        let (taken, outputs) = worked(|| {
            let outputs = told
                .into_iter()
                .map(|(rollout, inputs)| Trace::repeat(rollout, inputs));
            outputs.sum::<usize>()
        });
        if outputs == 0 {
            return Err("the machine gave nothing out".into());
        }
        rates.push(number(inputs * ROLLOUTS) / taken.as_secs_f64());
    }
    print(
        "machine: inputs a second on one core",
        &rates,
        "inputs/s",
        Goal::AtLeast(1e6),
    );
    Ok(())
}

/// Heap of what a rollout is made of.
fn sizes(rollout: &Rollout) -> Result<(), Box<dyn Error>> {
    let bytes = |name: &str, kept: isize| {
        let name = format!("machine: heap of {name}");
        tell(
            &name,
            number(kept.unsigned_abs()) / 1024.0,
            "KiB",
            Goal::None,
        );
    };
    // Read back, nothing is shared with the one that was written.
    let plan = serde_json::to_string(rollout.plan())?;
    let found = serde_json::to_string(rollout.found())?;
    let whole = serde_json::to_string(rollout)?;
    let since = Since::now();
    let plan: Plan = serde_json::from_str(&plan)?;
    bytes("a plan", since.live());
    let since = Since::now();
    let found: Found = serde_json::from_str(&found)?;
    bytes("a recorded start", since.live());
    let since = Since::now();
    let whole: Rollout = serde_json::from_str(&whole)?;
    bytes("a machine with both", since.live());
    let since = Since::now();
    let status = rollout.status();
    bytes("a status", since.live());
    drop((plan, found, whole, status));
    Ok(())
}

/// Allocations of one input, outputs included, by its kind.
fn allocations(trace: &Trace) {
    let mut by_kind: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let mut rollout = trace.begun.clone();
    drain(&mut rollout);
    let mut all = 0;
    for (input, now) in trace.inputs.clone() {
        let kind = kind(&input);
        let since = Since::now();
        let _ = rollout.handle(input, now);
        drain(&mut rollout);
        let _ = rollout.poll_timeout();
        let made = since.allocations();
        let (count, allocations) = by_kind.entry(kind).or_default();
        *count += 1;
        *allocations += made;
        all += made;
    }
    let each = number(all) / number(trace.inputs.len());
    tell(
        "machine: allocations an input",
        each,
        "allocations",
        Goal::None,
    );
    for (kind, (count, allocations)) in by_kind {
        let name = format!("machine: allocations an input, {kind} ({count} of them)");
        tell(
            &name,
            number(allocations) / number(count),
            "allocations",
            Goal::None,
        );
    }
}

const fn kind(input: &Input) -> &'static str {
    match input {
        Input::EffectSucceeded { .. } => "effect succeeded",
        Input::Observed { .. } => "observed",
        Input::Measured { .. } => "measured",
        Input::TimePassed => "time passed",
        Input::EffectFailed { .. }
        | Input::ObserveFailed { .. }
        | Input::Changed { .. }
        | Input::MeasureFailed { .. }
        | Input::Commanded(_)
        | Input::AlarmRaised(_)
        | Input::Resumed { .. }
        | _ => "other",
    }
}
