//! How cost grows: three sizes each of stages, checks and parts, one thing larger at a time.

use std::error::Error;
use std::time::Duration;

use crate::effort::worked;
use crate::figure::{Goal, number, print, tell};
use crate::heap::Since;
use crate::plans::Size;
use crate::trace::Trace;

const RUNS: usize = 5;

const SMALL: Size = Size {
    stages: 4,
    checks: 4,
    parts: 4,
    bake: Duration::from_secs(120),
};

pub(crate) fn measure() -> Result<(), Box<dyn Error>> {
    for stages in [4, 16, 64] {
        one("stages", stages, Size { stages, ..SMALL })?;
    }
    // A plan may have fifty.
    for checks in [3, 12, 48] {
        one("checks", checks, Size { checks, ..SMALL })?;
    }
    for parts in [4, 16, 64] {
        one("parts", parts, Size { parts, ..SMALL })?;
    }
    Ok(())
}

/// The cost of a whole rollout, and of an input.
fn one(what: &str, count: u16, size: Size) -> Result<(), Box<dyn Error>> {
    let name = |figure: &str| format!("growth: {count} {what}: {figure}");
    let trace = Trace::of(size, 64)?;
    let inputs = number(trace.inputs.len());
    tell(&name("inputs"), inputs, "inputs", Goal::None);
    tell(
        &name("records"),
        number(trace.records.len()),
        "records",
        Goal::None,
    );
    let bytes = trace.records.iter().map(crate::kept::size).sum::<usize>();
    tell(&name("bytes written"), number(bytes), "bytes", Goal::None);
    let told = (trace.begun.clone(), trace.inputs.clone());
    let since = Since::now();
    Trace::repeat(told.0, told.1);
    let allocations = number(since.allocations());
    tell(&name("allocations"), allocations, "allocations", Goal::None);
    tell(
        &name("allocations an input"),
        allocations / inputs,
        "allocations",
        Goal::None,
    );
    let mut times = Vec::new();
    for _ in 0..RUNS {
        let told = (trace.begun.clone(), trace.inputs.clone());
        let (taken, _) = worked(|| Trace::repeat(told.0, told.1));
        times.push(taken.as_secs_f64() * 1e6 / inputs);
    }
    print(&name("time an input"), &times, "us", Goal::None);
    Ok(())
}
