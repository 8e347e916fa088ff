//! Findings about what a plan asks of a service.

use std::collections::BTreeSet;

use strategy_core::target::Finding;
use strategy_core::{Part, Plan, Revision, Weight};

use super::Facts;
use crate::platform::Bound;
use crate::task_definition::{NoContainer, release_anew, short};

pub(super) fn findings(bound: &Bound, facts: &Facts, part: &Part, plan: &Plan) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut seen = BTreeSet::new();
    let stages = plan.stages().iter();
    for goal in stages.filter_map(|stage| stage.goals.get(part)) {
        let (about, message, mend) = match &goal.candidate.revision {
            Revision::Release(images) => match release_anew(&facts.base, &facts.base, images) {
                Err(NoContainer { missing, there }) => (
                    format!("task-definition/{}", facts.base.short()),
                    format!("it has no container `{missing}`"),
                    format!("name one of {}", there.join(", ")),
                ),
                Ok(_) if goal.traffic.weight != Weight::FULL => (
                    bound.resource(),
                    format!(
                        "a stage leaves the release {} of the traffic, and a rolling deployment cannot be held half way",
                        goal.traffic.weight
                    ),
                    "use a rolling strategy, or a mode that shares the traffic".to_owned(),
                ),
                Ok(_) => continue,
            },
            // Names are looked up when they are written.
            Revision::Absent | Revision::Recorded | Revision::Named(_) => continue,
            other => (
                bound.resource(),
                format!("{other} means nothing here"),
                "change the plan".to_owned(),
            ),
        };
        if seen.insert(message.clone()) {
            let code = if about == bound.resource() {
                "traffic-unsupported"
            } else {
                "revision-impossible"
            };
            findings.push(Finding::blocks(code, about, message, mend));
        }
    }
    findings
}

/// A release by the name of what was found: a service that is told what it runs begins no deployment.
pub(super) fn same(bound: &Bound, part: &Part, plan: &Plan) -> Option<Finding> {
    let mut goals = plan
        .stages()
        .iter()
        .filter_map(|stage| stage.goals.get(part));
    let found = short(&bound.start.task_definition);
    let is_it = goals
        .any(|goal| matches!(&goal.candidate.revision, Revision::Named(name) if name == found));
    is_it.then(|| {
        Finding::blocks(
            "revision-impossible",
            bound.resource(),
            "the release is the task definition that it runs already, so there is nothing to deploy",
            "name another",
        )
    })
}

/// A container that is not there.
pub(super) fn containers(facts: &Facts, part: &Part, plan: &Plan) -> Option<Finding> {
    let goals = plan
        .stages()
        .iter()
        .filter_map(|stage| stage.goals.get(part));
    let mut missing = goals.filter_map(|goal| {
        let Revision::Release(images) = &goal.candidate.revision else {
            return None;
        };
        release_anew(&facts.base, &facts.base, images).err()
    });
    missing.next().map(|NoContainer { missing, there }| {
        Finding::blocks(
            "revision-impossible",
            format!("task-definition/{}", facts.base.short()),
            format!("it has no container `{missing}`"),
            format!("name one of {}", there.join(", ")),
        )
    })
}
