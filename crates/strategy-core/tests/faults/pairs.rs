//! Two faults in one rollout, at every pair of indices of the short plans.

use super::courses::{self, Course};
use super::kinds::{self, Kind, Point};
use super::runs::{run, undisturbed};
use super::tally::{Tally, in_parallel};

/// The second is planted at every index that the rollout still comes to after the first.
fn disturb(courses: &[Course], kinds: &[&Kind]) -> Tally {
    let mut firsts = Vec::new();
    for course in courses {
        let whole = undisturbed(course);
        for kind in kinds {
            let indices = count(kind, whole.calls, whole.appends);
            firsts.extend((1..=indices).map(|index| (course, *kind, index)));
        }
    }
    in_parallel(&firsts, |tally, (course, first, index)| {
        let once = first.at(course.simulation.clone(), *index);
        let (report, _) = run(course, &once, first.allows);
        for second in kinds {
            let from = if first.point == second.point {
                *index
            } else {
                0
            };
            for then in from + 1..=count(second, report.calls, report.appends) {
                let twice = second.at(once.clone(), then);
                let allows = first.allows.or(second.allows);
                let (_, ended) = run(course, &twice, allows);
                let what = format!("{} at {index}, {} at {then}", first.name, second.name);
                let ended = ended.map_err(|wrong| format!("{course}, {what}: {wrong}"));
                tally.add(&course.to_string(), first.name, ended);
            }
        }
    })
}

const fn count(kind: &Kind, calls: u64, appends: u64) -> u64 {
    match kind.point {
        Point::Call => calls,
        Point::Append => appends,
    }
}

#[test]
#[ignore = "needs open findings to be mended: docs/reference/evidence.md"]
fn two_faults_at_every_pair_of_indices_of_the_short_plans() {
    let courses = [
        courses::blue_green(true),
        courses::blue_green(false),
        courses::blue_green_into_a_used_slot(false),
        courses::canary_on_update(false),
    ];
    let tally = disturb(&courses, &kinds::paired());
    println!("{}", tally.table());
    tally.assert_right();
}
