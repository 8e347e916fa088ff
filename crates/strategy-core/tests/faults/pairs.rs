//! Two faults in one rollout, at every pair of indices of the short plans.

use super::courses::{self, Course};
use super::kinds::{self, Allows, Kind, Point};
use super::runs::{run, undisturbed};
use super::tally::{Ending, Tally, in_parallel};

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

/// Nothing is taken up where nothing was recorded: it begins anew, and not at all where the platform does
/// not answer then. A person has to begin it again; nothing was claimed or written.
#[test]
fn what_no_journal_holds_never_began() {
    let course = courses::blue_green(true);
    let crashes = kinds::named(&["crash before the append"])[0].at(course.simulation.clone(), 1);
    let (report, ended) = run(&course, &crashes, Allows::TheSame);
    assert_eq!(ended, Ok(Ending::Promoted), "whoever comes next begins it");
    // The first calls are those of the process that crashes; then whoever comes next discovers.
    let refuses = kinds::named(&["refuses for a while"])[0];
    let never = (1..=report.calls).find(|call| {
        let (report, ended) = run(
            &course,
            &refuses.at(crashes.clone(), *call),
            Allows::TheSame,
        );
        report.processes == 2 && ended == Ok(Ending::NeverBegan)
    });
    assert!(
        never.is_some(),
        "the platform was never away at the wrong time"
    );
}

#[test]
#[ignore = "needs an optimised build: cargo xtask test"]
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
