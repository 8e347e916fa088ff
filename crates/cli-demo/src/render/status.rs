//! How a rollout stands, as a table for people.

use strategy_core::rollout::{StageState, Status};

use super::table::{Align, Table};

/// The lines of a status.
pub fn lines(status: &Status) -> Vec<String> {
    let mut lines = vec![format!(
        "rollout {}: {}, {} of {}, plan {}",
        status.id,
        kebab(&status.phase),
        status.strategy,
        status.release,
        status.plan.get(..12).unwrap_or(&status.plan),
    )];
    let mut stages = Table::new([
        ("stage", Align::Left),
        ("weight", Align::Right),
        ("state", Align::Left),
    ]);
    for stage in &status.stages {
        let state = match stage.state {
            StageState::Pending => "",
            StageState::Active => "active",
            StageState::Passed => "passed",
            StageState::Failed => "failed",
            _ => "?",
        };
        stages.row([stage.name.as_str(), &stage.weight.to_string(), state]);
    }
    lines.extend(stages.lines());
    let mut parts = Table::new([
        ("part", Align::Left),
        ("track", Align::Left),
        ("workload", Align::Left),
        ("ready", Align::Right),
        ("runs", Align::Left),
    ]);
    for (name, part) in &status.parts {
        for (track, of) in [("stable", &part.stable), ("candidate", &part.candidate)] {
            let ready = format!("{}/{}", of.ready, of.wanted);
            parts.row([name.as_str(), track, &of.name, &ready, &of.runs]);
        }
    }
    lines.extend(parts.lines());
    for (name, part) in &status.parts {
        let effective = part.effective.map_or_else(
            || "effect unknown".to_owned(),
            |effective| format!("{effective} effective"),
        );
        let reach = if part.reachable {
            ""
        } else {
            "; it cannot be reached"
        };
        lines.push(format!(
            "{name}: {} of the traffic to the candidate as written, {effective}{reach}",
            part.written
        ));
    }
    for (name, check) in &status.checks {
        let verdict = check.verdict.as_ref().map_or_else(
            || "no look yet".to_owned(),
            |verdict| format!("{}, {}", verdict.name(), verdict.explained(&check.evidence)),
        );
        lines.push(format!(
            "check {name}: {verdict} ({} looks, {} failures)",
            check.looks, check.failures
        ));
    }
    if let Some(bake) = &status.bake {
        lines.push(format!(
            "watched for {} of {}",
            super::text::clock(bake.elapsed),
            super::text::clock(bake.at_least)
        ));
    }
    if let Some(approval) = &status.approval {
        lines.push(format!(
            "stage `{}` waits for {} more approval(s) until {}",
            approval.stage, approval.missing, approval.until
        ));
    }
    if let Some(until) = status.paused_until {
        lines.push(format!("paused until {until}"));
    }
    if let Some(until) = status.held_until {
        lines.push(format!("held for a person until {until}"));
    }
    lines.extend(status.waiting.iter().map(|left| format!("waits: {left}")));
    lines.extend(status.left.iter().map(|left| format!("left to do: {left}")));
    match (&status.outcome, &status.reason) {
        (Some(outcome), _) => lines.push(format!("outcome: {outcome}")),
        (None, Some(reason)) => lines.push(format!("because: {reason}")),
        (None, None) => {}
    }
    lines
}

/// A value as the JSON output writes it.
fn kebab(value: &impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(text)) => text,
        Ok(other) => other.to_string(),
        Err(_) => String::new(),
    }
}
