//! One fault at every index.

use super::courses::{self, Course};
use super::kinds::{self, Kind, Point};
use super::runs::{run, undisturbed};
use super::tally::{Tally, in_parallel};

/// Each of these kinds at each index of each rollout.
fn disturb(courses: &[Course], kinds: &[&Kind]) -> Tally {
    let wholes: Vec<_> = courses.iter().map(undisturbed).collect();
    let mut plants = Vec::new();
    for (course, whole) in courses.iter().zip(&wholes) {
        for kind in kinds {
            let indices = match kind.point {
                Point::Call => whole.calls,
                Point::Append => whole.appends,
            };
            plants.extend((1..=indices).map(|index| (course, *kind, index)));
        }
    }
    in_parallel(&plants, |tally, (course, kind, index)| {
        let simulation = kind.at(course.simulation.clone(), *index);
        let (_, ended) = run(course, &simulation, kind.allows);
        let ended = ended.map_err(|wrong| format!("{course}, {} at {index}: {wrong}", kind.name));
        tally.add(&course.to_string(), kind.name, ended);
    })
}

#[test]
fn a_fault_at_every_index_of_short_plans() {
    let courses = [courses::blue_green(true), courses::canary_on_update(false)];
    let tally = disturb(&courses, &kinds::brief());
    println!("{}", tally.table());
    tally.assert_right();
}

#[test]
#[ignore = "needs an optimised build: cargo xtask test"]
fn every_fault_at_every_index_of_every_plan() {
    let kinds: Vec<_> = kinds::ALL.iter().collect();
    let mut tally = Tally::default();
    for course in courses::all() {
        tally.merge(disturb(&[course], &kinds));
    }
    println!("{}", tally.table());
    tally.assert_right();
}
