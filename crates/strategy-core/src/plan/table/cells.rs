//! The cells of a plan's table.

use crate::analysis::PreparedCheck;
use crate::plan::fits::{achieved, recorded};
use crate::plan::{
    Bake, Check, CheckName, Gate, GateKind, Goal, GoalTrack, HookPlan, HookPoint, OnFailure,
    OnHookFailure, Policies, Rerun, Stage, Then, Undecided, Undo,
};
use crate::release::Part;
use crate::share::count;
use crate::target::{Discovery, Found, Routing};
use crate::timestamp::duration::format as time;
use crate::track::{Capacity, Revision, Track};
use crate::traffic::Stickiness;

pub(super) fn stage(stage: &Stage, found: Option<&Found>) -> [Vec<String>; 10] {
    let column = |cell: &dyn Fn(&Goal, Option<&Discovery>) -> String| {
        per_part(
            stage
                .goals
                .iter()
                .map(|(part, goal)| (part, cell(goal, found.and_then(|found| found.part(part))))),
        )
    };
    [
        vec![stage.name.to_string()],
        column(&traffic),
        column(&|goal, found| track(goal, found, Track::Stable)),
        column(&|goal, found| track(goal, found, Track::Candidate)),
        stage.gates.iter().map(gate).collect(),
        stage.hooks.iter().map(hook).collect(),
        stage.checks.iter().map(ToString::to_string).collect(),
        bake(&stage.bake),
        vec![time(stage.deadline)],
        vec![on_failure(stage)],
    ]
}

/// One line for each different text, with the parts in front where they differ.
fn per_part<'a>(cells: impl Iterator<Item = (&'a Part, String)>) -> Vec<String> {
    let mut groups: Vec<(String, Vec<&str>)> = Vec::new();
    for (part, text) in cells {
        match groups.iter_mut().find(|(have, _)| *have == text) {
            Some((_, parts)) => parts.push(part.as_str()),
            None => groups.push((text, vec![part.as_str()])),
        }
    }
    if let [(text, _)] = &groups[..] {
        return vec![text.clone()];
    }
    groups
        .into_iter()
        .map(|(text, parts)| format!("{}: {text}", parts.join(", ")))
        .collect()
}

fn traffic(goal: &Goal, found: Option<&Discovery>) -> String {
    let mut text = goal.traffic.to_string();
    if goal.traffic.stickiness == Stickiness::Suspended {
        text.push_str(", not sticky");
    }
    if let Some(found) = found
        && found.capabilities.routing == Routing::FollowsReadiness
    {
        let split = achieved(goal, found);
        if !split.deviation.is_zero() {
            text = format!("{text}, really {split}");
        }
    }
    text
}

fn track(goal: &Goal, found: Option<&Discovery>, track: Track) -> String {
    let GoalTrack { revision, capacity } = goal.track(track);
    let what = match revision {
        Revision::Release(_) => "release",
        Revision::Recorded => "as found",
        Revision::Named(name) => &format!("revision {name}"),
        Revision::Absent => return "absent".to_owned(),
    };
    if let Some(found) = found
        && found.observation.track(track).is_absent()
        && *revision == Revision::Recorded
    {
        return "absent".to_owned();
    }
    let many = match (capacity, found) {
        (Capacity::Count(count), _) => count.to_string(),
        (Capacity::Recorded, None) => "as many".to_owned(),
        (Capacity::Share(share), None) => format!("{share} of baseline"),
        (Capacity::Recorded, Some(found)) => recorded(found, track).to_string(),
        (Capacity::Share(_), Some(found)) => {
            count(*capacity, found.baseline(), recorded(found, track)).to_string()
        }
    };
    let owned = found.is_some_and(|found| found.observation.track(track).autoscaler.is_some());
    let floor = if owned { "at least " } else { "" };
    format!("{what}, {floor}{many}")
}

fn then(then: Then) -> &'static str {
    match then {
        Then::RollBack => "roll back",
        Then::GoOn => "go on",
        Then::Abandon => "abandon",
    }
}

fn gate(gate: &Gate) -> String {
    let who = match &gate.kind {
        GateKind::Approval { roles, quorum } if roles.is_empty() => format!("{quorum} of anyone"),
        GateKind::Approval { roles, quorum } => {
            let roles: Vec<_> = roles.iter().map(String::as_str).collect();
            format!("{quorum} of {}", roles.join("/"))
        }
        GateKind::External { ask, every } => format!("{} every {}", ask.kind, time(*every)),
    };
    format!(
        "{}: {who}, {} then {}",
        gate.name,
        time(gate.limit),
        then(gate.then)
    )
}

fn hook(hook: &HookPlan) -> String {
    let point = match hook.point {
        HookPoint::Before => "before",
        HookPoint::Ready => "ready",
        HookPoint::Effective => "effective",
        HookPoint::Baked => "baked",
    };
    let mut text = format!("{point}: {}", hook.name);
    if let Some(part) = &hook.part {
        text.push_str(&format!(" of {part}"));
    }
    match hook.on_failure {
        OnHookFailure::Block => {}
        OnHookFailure::Warn => text.push_str(", only warns"),
    }
    match hook.rerun {
        Rerun::Safe => text.push_str(", may run again"),
        Rerun::OnlyWithKey => text.push_str(", may run again by key"),
        Rerun::Never => {}
    }
    match &hook.undo {
        Undo::NotNeeded => {}
        Undo::By(undo) => text.push_str(&format!(", undone by {}", undo.kind)),
        Undo::Impossible => text.push_str(", no way back"),
    }
    text
}

fn bake(bake: &Bake) -> Vec<String> {
    let mut lines = vec![format!("{} to {}", time(bake.at_least), time(bake.at_most))];
    if bake.looks != 1 {
        lines.push(format!("{} looks", bake.looks));
    }
    match bake.undecided {
        Undecided::Then(Then::RollBack) => {}
        Undecided::Then(other) => lines.push(format!("undecided: {}", then(other))),
        Undecided::Hold {
            at_most,
            then: other,
        } => lines.push(format!(
            "undecided: hold {} then {}",
            time(at_most),
            then(other)
        )),
    }
    lines
}

fn on_failure(stage: &Stage) -> String {
    let text = match stage.on_failure {
        OnFailure::RollBack => "roll back".to_owned(),
        OnFailure::Hold {
            at_most,
            then: after,
        } => {
            format!("hold {} then {}", time(at_most), then(after))
        }
        OnFailure::StayOnCandidate {
            at_most,
            then: after,
        } => format!("stay on candidate {} then {}", time(at_most), then(after)),
    };
    if stage.point_of_no_return {
        format!("no way back: {text}")
    } else {
        text
    }
}

pub(super) fn check(
    name: &CheckName,
    check: &Check,
    policies: &Policies,
    prepared: Option<&[PreparedCheck]>,
) -> [Vec<String>; 6] {
    let limits = check.limits;
    let mut fails = vec![format!("{} failed", u64::from(limits.failures) + 1)];
    if let Some(consecutive) = limits.consecutive_failures {
        fails.push(format!("{} failed in a row", u64::from(consecutive) + 1));
    }
    fails.push(format!(
        "{} errors in a row",
        u64::from(limits.consecutive_errors) + 1
    ));
    fails.push(format!(
        "{} inconclusive in a row",
        u64::from(limits.consecutive_inconclusive) + 1
    ));
    let bound = prepared.map(|prepared| {
        let bound = prepared.iter().find(|prepared| prepared.check == *name);
        match bound {
            Some(found) if found.bounded => {
                let bounded = prepared.iter().filter(|other| other.bounded).count();
                let share = policies.false_alarm_share(bounded);
                format!("shares the budget: {}", percent(share))
            }
            Some(_) => "no bound".to_owned(),
            None => "not prepared".to_owned(),
        }
    });
    let compares = check.compares_with_stable.then(|| "with stable".to_owned());
    let mut analysis = vec![check.analysis.kind.clone()];
    analysis.extend(
        check
            .analysis
            .params
            .iter()
            .map(|(name, value)| format!("{name} = {value}")),
    );
    [
        vec![name.to_string()],
        analysis,
        vec![time(check.interval)],
        fails,
        compares.into_iter().collect(),
        bound.into_iter().collect(),
    ]
}

/// Millionths as a percentage, to the last digit: `0.3333%`.
fn percent(millionths: u32) -> String {
    let (whole, rest) = (millionths / 10_000, millionths % 10_000);
    if rest == 0 {
        return format!("{whole}%");
    }
    let digits = format!("{rest:04}");
    format!("{whole}.{}%", digits.trim_end_matches('0'))
}
