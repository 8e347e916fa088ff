//! Ten thousand rollouts in one process: how large each is, what they cost while they rest and while
//! they are checked, and how often all of them together write.

mod carried;
mod resting;
mod tally;

use std::error::Error;
use std::time::Duration;

use carried::Fleet;

use crate::figure::{Goal, number, tell};
use crate::plans::Size;

const MANY: usize = 10_000;
/// Rollouts begin one after the other over as long as what is not decided may stay unwritten, so that
/// they do not all write in the same second.
const SPREAD: Duration = Duration::from_secs(120);
/// Until all of them are watching the first stage.
const SETTLE: Duration = Duration::from_secs(600);
/// How long they are looked at then.
const SPAN: Duration = Duration::from_secs(600);

pub(crate) fn measure() -> Result<(), Box<dyn Error>> {
    for count in [100, 1_000, MANY] {
        watched(count, 0, "at rest")?;
        watched(count, 3, "three checks every 15 s")?;
    }
    Ok(())
}

/// The same on the system's clock, for as long as it takes: more than a minute.
pub(crate) fn at_rest() -> Result<(), Box<dyn Error>> {
    resting::measure(MANY)
}

/// So many rollouts that bake, on a virtual clock and one core.
fn watched(count: usize, checks: u16, how: &str) -> Result<(), Box<dyn Error>> {
    let name = |figure: &str| format!("fleet: {count} {how}: {figure}");
    let size = Size {
        stages: 4,
        checks,
        parts: 1,
        bake: Duration::from_secs(7200),
    };
    let mut fleet = Fleet::begin(count, size)?;
    fleet.pass(SETTLE)?;
    let span = fleet.watch(SPAN)?;
    let seconds = SPAN.as_secs_f64();
    let is_goal = count == MANY;
    let goal = |goal: Goal| if is_goal { goal } else { Goal::None };

    let allocations = number(span.allocations) / number(count) / seconds;
    tell(
        &name("allocations a rollout and second"),
        allocations,
        "allocations",
        Goal::None,
    );
    let appends = number(span.appends) / seconds;
    tell(
        &name("durable writes a second"),
        appends,
        "writes/s",
        goal(Goal::AtMost(100.0)),
    );
    tell(
        &name("most durable writes in a second"),
        number(span.busiest),
        "writes/s",
        Goal::None,
    );
    let written = number(span.written) / seconds / 1024.0;
    tell(&name("written a second"), written, "KiB/s", Goal::None);
    let share = 100.0 * span.spent.as_secs_f64() / seconds;
    let at_rest = if checks == 0 {
        goal(Goal::AtMost(1.0))
    } else {
        Goal::None
    };
    tell(&name("CPU of one core"), share, "%", at_rest);
    let bytes = number(fleet.size_of_all()) / number(count) / 1024.0;
    tell(
        &name("heap of a rollout"),
        bytes,
        "KiB",
        goal(Goal::AtMost(20.0)),
    );
    Ok(())
}
