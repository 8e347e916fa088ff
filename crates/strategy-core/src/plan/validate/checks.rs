//! Checks: known, named by a stage, and comparing only while there is something to compare with.

use std::collections::BTreeMap;

use super::{limits, text};
use crate::plan::{Goal, Plan, PlanError};
use crate::release::Part;
use crate::track::Revision;
use crate::weight::Weight;

pub(super) fn check(plan: &Plan) -> Result<(), PlanError> {
    for (name, check) in &plan.checks {
        let wrong = |(problem, mend): (String, String)| PlanError::check(name, problem, mend);
        if let Some(problem) = text::name(name.as_str()) {
            return Err(wrong((
                format!("its name {problem}"),
                text::NAME.to_owned(),
            )));
        }
        let found = text::extension(&check.analysis)
            .or_else(|| limits::limit("the interval", check.interval))
            .or_else(|| limits::limit("the timeout", check.timeout));
        if let Some(found) = found {
            return Err(wrong(found));
        }
        if !plan.stages.iter().any(|stage| stage.checks.contains(name)) {
            return Err(wrong((
                "no stage runs it".to_owned(),
                "name it in a stage, or leave it out; a check that compares needs a stage in which stable has traffic"
                    .to_owned(),
            )));
        }
    }
    let mut now: BTreeMap<&Part, &Goal> = BTreeMap::new();
    for stage in &plan.stages {
        now.extend(stage.goals.iter().map(|(part, goal)| (part, &**goal)));
        for name in &stage.checks {
            let Some(check) = plan.checks.get(name) else {
                return Err(PlanError::stage(
                    &stage.name,
                    format!("it runs check `{name}`, which the plan does not define"),
                    "define it, or leave it out",
                ));
            };
            if !check.compares_with_stable {
                continue;
            }
            // Parts whose turn is over are left out of a look, as long as there is one to compare.
            let problems: Option<Vec<_>> = now
                .iter()
                .map(|(part, goal)| incomparable(goal).map(|problem| (*part, problem)))
                .collect();
            if let Some((part, problem)) = problems.iter().flatten().next() {
                return Err(PlanError::stage(
                    &stage.name,
                    format!("check `{name}` compares with stable, and {problem} for part `{part}`"),
                    "end it before stable changes or loses its traffic",
                ));
            }
        }
    }
    Ok(())
}

/// Why a candidate cannot be compared with stable any more.
pub(in crate::plan) fn incomparable(goal: &Goal) -> Option<&'static str> {
    match goal.stable.revision {
        Revision::Recorded if goal.traffic.weight == Weight::FULL => {
            Some("no request reaches stable in this stage")
        }
        Revision::Recorded => None,
        Revision::Release(_) | Revision::Named(_) | Revision::Absent => {
            Some("stable no longer runs what it ran")
        }
    }
}
