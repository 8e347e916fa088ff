//! One run of a disturbed rollout, and everything that must hold of it.

use std::collections::BTreeMap;

use strategy_core::rollout::{Outcome, Phase};
use strategy_core::simulation::{End, Simulation, SimulationReport};
use strategy_core::world::{Author, Fact, Life};
use strategy_core::{Images, Part, Track};

use super::accounts;
use super::courses::Course;
use super::ends::{Ends, ends};
use super::kinds::Allows;
use super::tally::Ending;

/// The rollout as it is when nothing disturbs it, which must be as it should.
#[track_caller]
pub(crate) fn undisturbed(course: &Course) -> SimulationReport {
    let report = course.simulation.run(&*course.strategy);
    let expected = if course.is_good {
        Ending::Promoted
    } else {
        Ending::RolledBack
    };
    match judge(course, &report, Allows::TheSame) {
        Ok(ending) => assert_eq!(ending, expected, "{}", course.name),
        Err(wrong) => panic!("{}, undisturbed: {wrong}", course.name),
    }
    report
}

/// Runs it, and says how it ended or what was wrong.
pub(crate) fn run(
    course: &Course,
    simulation: &Simulation,
    allows: Allows,
) -> (SimulationReport, Result<Ending, String>) {
    let report = simulation.run(&*course.strategy);
    let run = judge(course, &report, allows);
    (report, run)
}

fn judge(course: &Course, report: &SimulationReport, allows: Allows) -> Result<Ending, String> {
    let mut wrong = accounts::mistakes(report);
    let ending = end(course, report, &mut wrong);
    let as_undisturbed = match ending {
        Ending::Promoted => course.is_good,
        Ending::RolledBack => !course.is_good,
        Ending::NeverBegan => true,
        Ending::Stuck | Ending::Unsettled => false,
    };
    let is_allowed = match allows {
        Allows::TheSame => as_undisturbed,
        Allows::RefusedAtStart => {
            as_undisturbed || ending == Ending::RolledBack && nothing_was_written(report)
        }
        Allows::StartOrGoal => matches!(
            ending,
            Ending::Promoted | Ending::RolledBack | Ending::NeverBegan
        ),
        Allows::Stuck => true,
    };
    if !is_allowed {
        wrong.push(format!(
            "it ends {ending:?}, which {allows:?} does not allow"
        ));
    }
    if course.is_good && report.failed() > 0 {
        wrong.push(format!("{} requests failed", report.failed()));
    }
    if !course.is_good {
        let failed = failed_on_the_old(course, report);
        if failed > 0 {
            wrong.push(format!("{failed} requests to what ran before failed"));
        }
    }
    let broken = report.broken_promises();
    wrong.extend(broken.iter().map(|broken| format!("{broken:?}")));
    if wrong.is_empty() {
        Ok(ending)
    } else {
        Err(format!("{:?}\n    {}", report.end, wrong.join("\n    ")))
    }
}

/// How it ended, by the world; `wrong` gets what is not as the end that was told.
fn end(course: &Course, report: &SimulationReport, wrong: &mut Vec<String>) -> Ending {
    let ends = ends(&report.log);
    let mut is_back = |what: &str| {
        for (part, ends) in &ends {
            for off in ends.off_start() {
                wrong.push(format!("{what}, and of {part} {off}"));
            }
        }
    };
    let outcome = report
        .status
        .as_ref()
        .and_then(|status| status.outcome.clone());
    match (&report.end, outcome) {
        // Where a process crashes before its journal holds anything, and the platform does not answer
        // whoever comes next, that one gives up at its start: there is nothing to take up.
        (End::NeverBegan { .. } | End::GivenUp { .. }, None) if report.journal.is_empty() => {
            is_back("it never began");
            if !accounts::nothing_was_asked(&report.log) {
                wrong.push("it never began, and something was claimed or asked for".to_owned());
            }
            Ending::NeverBegan
        }
        (End::Outcome(Outcome::RolledBack { .. }), _) => {
            is_back("it is told to be back");
            is_given_back(report, &ends, wrong);
            Ending::RolledBack
        }
        (End::Outcome(Outcome::Promoted), _) => {
            is_there(course, report, &ends, wrong);
            is_given_back(report, &ends, wrong);
            Ending::Promoted
        }
        (End::Waiting { .. }, Some(Outcome::RolledBack { .. })) => {
            is_back("it is told to be back");
            Ending::Unsettled
        }
        (End::Waiting { .. }, Some(Outcome::Promoted)) => {
            is_there(course, report, &ends, wrong);
            Ending::Unsettled
        }
        (End::Waiting { what }, None) => {
            is_said(report, &ends, what, wrong);
            Ending::Stuck
        }
        (end, outcome) => {
            wrong.push(format!("{end:?}, {outcome:?}"));
            Ending::Stuck
        }
    }
}

fn nothing_was_written(report: &SimulationReport) -> bool {
    let is_write = |fact: &Fact| {
        matches!(
            fact,
            Fact::Wrote {
                author: Author::Process { .. },
                ..
            }
        )
    };
    !report.log.iter().any(|entry| is_write(&entry.fact))
}

fn is_there(
    course: &Course,
    report: &SimulationReport,
    ends: &BTreeMap<Part, Ends>,
    wrong: &mut Vec<String>,
) {
    for (part, ends) in ends {
        for off in ends.off_goal(course.goal, &released(report, part)) {
            wrong.push(format!("it is told to be promoted, and of {part} {off}"));
        }
    }
}

/// Claims are given back; where the platform would not take one, that is said.
fn is_given_back(report: &SimulationReport, ends: &BTreeMap<Part, Ends>, wrong: &mut Vec<String>) {
    let left = report.status.iter().flat_map(|status| &status.left);
    let named: Vec<_> = left.map(|left| &left.part).collect();
    for (part, ends) in ends {
        if let Some(claim) = &ends.last.claim
            && !named.contains(&part)
        {
            wrong.push(format!("it is over, and {claim} is still on {part}"));
        }
    }
}

/// It is stuck, and names every part that is not as it was found.
fn is_said(
    report: &SimulationReport,
    ends: &BTreeMap<Part, Ends>,
    what: &str,
    wrong: &mut Vec<String>,
) {
    let Some(status) = &report.status else {
        wrong.push(format!("it waits, and nobody knows for what: {what}"));
        return;
    };
    if status.phase != Phase::Stuck || status.left.is_empty() {
        wrong.push(format!("it waits without being stuck: {what}"));
    }
    for (part, ends) in ends {
        let off = ends.off_start();
        if !off.is_empty() && !status.left.iter().any(|left| left.part == *part) {
            wrong.push(format!(
                "{part} is not named among what is left: {}",
                off.join(", ")
            ));
        }
    }
}

/// The images of a part's release.
fn released(report: &SimulationReport, part: &Part) -> Images {
    let plan = report.plan.as_ref().unwrap();
    plan.release().images(part).unwrap().clone()
}

/// Failed requests of the track that was live before, as long as it runs what it ran.
fn failed_on_the_old(course: &Course, report: &SimulationReport) -> u64 {
    let began = report.log.iter().any(|entry| {
        matches!(
            entry.fact,
            Fact::Lives {
                life: Life::Began,
                ..
            }
        )
    });
    if !began || course.is_good {
        return 0;
    }
    let ends = ends(&report.log);
    let failed = report.world.parts.iter().map(|(part, world)| {
        let turned = ends[part].first.traffic.weight == strategy_core::Weight::FULL;
        let live = if turned {
            Track::Candidate
        } else {
            Track::Stable
        };
        world.requests.of(live).failed
    });
    failed.sum()
}
