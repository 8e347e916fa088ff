//! What stands above and below a plan's table.

use serde::Serialize;
use serde_json::Value;

use super::Facts;
use crate::plan::fits::achieved;
use crate::plan::{Health, Plan, Policies, ReadyRule, Stage};
use crate::target::{Found, Routing};

pub(super) fn headline(plan: &Plan) -> String {
    format!("{} of {}", plan.strategy(), plan.release())
}

/// The lines below, in a fixed order.
pub(super) fn of(plan: &Plan, facts: &Facts<'_>) -> Vec<String> {
    let mut lines = Vec::new();
    let health = |stage: &Stage| differences(&stage.health, &Health::default());
    lines.extend(by_stage(plan, "health", &health));
    let ready = |stage: &Stage| differences(&stage.ready, &ReadyRule::default());
    lines.extend(by_stage(plan, "ready rule", &ready));
    if *plan.policies() != Policies::default() {
        lines.push(format!(
            "policies: {}",
            differences(plan.policies(), &Policies::default())
        ));
    }
    if let Some(found) = facts.found {
        for (part, discovery) in found.iter() {
            if !discovery.capabilities.fenced {
                lines.push(format!(
                    "part {part}: nothing fences it: a second writer is seen, not kept out"
                ));
            }
            if discovery.capabilities.routing == Routing::FollowsReadiness {
                lines.push(format!(
                    "part {part}: traffic follows the ready replicas, {} at the start",
                    discovery.baseline()
                ));
            }
        }
        lines.extend(repeated(plan, found));
    }
    let unbounded: Vec<_> = facts
        .prepared
        .unwrap_or_default()
        .iter()
        .filter(|prepared| !prepared.bounded)
        .map(|prepared| prepared.check.as_str())
        .collect();
    if !unbounded.is_empty() {
        lines.push(format!(
            "no bound on false alarms: {}; the budget of {} does not cover them",
            unbounded.join(", "),
            basis_points(plan.policies().false_alarms),
        ));
    }
    lines.extend(facts.notes.iter().cloned());
    lines.push(format!("digest {}", plan.digest().as_str()));
    lines
}

/// One line for each different text that is not empty, with the stages that it is about.
fn by_stage(plan: &Plan, what: &str, text: &dyn Fn(&Stage) -> String) -> Vec<String> {
    let mut groups: Vec<(String, Vec<&str>)> = Vec::new();
    for stage in plan.stages() {
        let text = text(stage);
        match groups.iter_mut().find(|(have, _)| *have == text) {
            Some((_, stages)) => stages.push(stage.name.as_str()),
            None => groups.push((text, vec![stage.name.as_str()])),
        }
    }
    groups.retain(|(text, _)| !text.is_empty());
    groups
        .into_iter()
        .map(|(text, stages)| match &stages[..] {
            all if all.len() == plan.stages().len() => format!("{what} of all stages: {text}"),
            some => format!("{what} of {}: {text}", some.join(", ")),
        })
        .collect()
}

fn basis_points(points: u16) -> String {
    crate::Weight::from_basis_points(points).map_or_else(
        |_| format!("{points} basis points"),
        |weight| weight.to_string(),
    )
}

/// Stages whose counts are those of the stage before: they change nothing, and it is said.
fn repeated(plan: &Plan, found: &Found) -> Vec<String> {
    let mut lines = Vec::new();
    let mut last: Option<&Stage> = None;
    for stage in plan.stages() {
        for (part, goal) in &stage.goals {
            let (Some(before), Some(discovery)) = (
                last.and_then(|last| Some((last, last.goals.get(part)?))),
                found.part(part),
            ) else {
                continue;
            };
            let (earlier, old) = before;
            let same = discovery.capabilities.routing == Routing::FollowsReadiness
                && old.stable.revision == goal.stable.revision
                && old.candidate.revision == goal.candidate.revision
                && {
                    let (old, new) = (achieved(old, discovery), achieved(goal, discovery));
                    (old.stable, old.candidate) == (new.stable, new.candidate)
                };
            if same {
                lines.push(format!(
                    "stage {}: the counts of part {part} are those of stage {}: it watches longer and changes nothing",
                    stage.name, earlier.name
                ));
            }
        }
        last = Some(stage);
    }
    lines
}

/// The leaves in which two values differ, as `name value (default value)`.
fn differences<T: Serialize>(have: &T, default: &T) -> String {
    let value = |value: &T| serde_json::to_value(value).unwrap_or(Value::Null);
    let mut found = Vec::new();
    differ("", &value(have), &value(default), &mut found);
    found.join(", ")
}

fn differ(path: &str, have: &Value, default: &Value, found: &mut Vec<String>) {
    match (have, default) {
        (Value::Object(have), Value::Object(default))
            if have.keys().any(|key| default.contains_key(key)) =>
        {
            for (key, value) in have {
                let path = if path.is_empty() {
                    key.clone()
                } else {
                    format!("{path}.{key}")
                };
                differ(
                    &path,
                    value,
                    default.get(key).unwrap_or(&Value::Null),
                    found,
                );
            }
        }
        _ if have == default => {}
        _ => found.push(format!(
            "{path} {} (default {})",
            plain(have),
            plain(default)
        )),
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "off".to_owned(),
        Value::Bool(true) => "on".to_owned(),
        Value::Bool(false) => "off".to_owned(),
        Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}
