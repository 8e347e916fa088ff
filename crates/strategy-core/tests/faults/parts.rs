//! Two parts, and the API of one of them fails at every index: the other is taken back all the same.

use std::time::Duration;

use strategy_core::Part;
use strategy_core::simulation::{Simulation, Trouble, When};
use strategy_core::world::{ApiFault, Calls, Happening};

use super::courses::{self, Course, LASTS, part};
use super::ends::ends;
use super::kinds::Allows;
use super::runs::{run, undisturbed};
use super::tally::{Ending, Tally, in_parallel};

fn gone(simulation: Simulation, part: &Part, call: u64, lasts: Duration) -> Simulation {
    let happening = Happening::ApiFails {
        part: Some(part.clone()),
        fault: ApiFault::Unreachable,
        calls: Calls::All,
        lasts,
        times: None,
    };
    simulation.mishap(When::BeforeCall(call), Trouble::World(happening))
}

/// Every part whose API is there is as it was found; only the other is named.
fn judge(course: &Course, call: u64, dead: &Part) -> Result<Ending, String> {
    let simulation = gone(course.simulation.clone(), dead, call, LASTS);
    let (report, ended) = run(course, &simulation, Allows::Stuck);
    let ending = ended?;
    if ending != Ending::Stuck {
        return Ok(ending);
    }
    let left = report.status.iter().flat_map(|status| &status.left);
    let others: Vec<_> = left.filter(|left| left.part != *dead).collect();
    if !others.is_empty() {
        return Err(format!(
            "only {dead} cannot go, and these are left: {others:?}"
        ));
    }
    for (part, ends) in ends(&report.log) {
        let off = ends.off_start();
        if part != *dead && !off.is_empty() {
            return Err(format!(
                "only {dead} cannot go, and of {part} {}",
                off.join(", ")
            ));
        }
    }
    Ok(ending)
}

fn of_two(every: usize) -> Tally {
    let courses = [
        courses::parts_together(true),
        courses::parts_together(false),
        courses::parts_in_order(true),
        courses::parts_in_order(false),
    ];
    let mut plants = Vec::new();
    for course in &courses {
        let whole = undisturbed(course);
        for dead in whole.world.parts.keys() {
            let calls = (1..=whole.calls).step_by(every);
            plants.extend(calls.map(|call| (course, dead.clone(), call)));
        }
    }
    in_parallel(&plants, |tally, (course, dead, call)| {
        let name = course.to_string();
        let is_wrong = |wrong| format!("{course}, {dead} gone at {call}: {wrong}");
        let ended = judge(course, *call, dead).map_err(is_wrong);
        tally.add(&name, "one part is gone for good", ended);
        let hour = Duration::from_secs(3600);
        let simulation = gone(course.simulation.clone(), dead, *call, hour);
        let (_, ended) = run(course, &simulation, Allows::StartOrGoal);
        let is_wrong = |wrong| format!("{course}, {dead} gone for an hour at {call}: {wrong}");
        tally.add(
            &name,
            "one part is gone for an hour",
            ended.map_err(is_wrong),
        );
    })
}

#[test]
fn the_second_part_is_live_in_the_other_slot_and_smaller() {
    let report = undisturbed(&courses::parts_in_order(true));
    let ends = ends(&report.log);
    let live = |name: &str| ends[&part(name)].first.traffic.weight;
    assert!(live("eu").is_zero());
    assert_eq!(live("us"), strategy_core::Weight::FULL);
    let ready = |name: &str| report.world.parts[&part(name)].ready_at_start;
    assert_ne!(ready("eu"), ready("us"));
}

#[test]
fn a_part_that_is_gone_is_named_and_the_other_is_back_at_some_indices() {
    let tally = of_two(45);
    tally.assert_right();
    assert!(tally.ended(Ending::Stuck) > 2, "{}", tally.table());
}

#[test]
#[ignore = "needs an optimised build: cargo xtask test"]
fn a_part_that_is_gone_is_named_and_the_other_is_back_at_every_index() {
    let tally = of_two(1);
    println!("{}", tally.table());
    tally.assert_right();
}
