//! Bakes that hold too little for a judge to find anything: what of it is known before a rollout begins.

use std::time::Duration;

use strategy_core::duration::format;
use strategy_core::plan::{CheckName, Plan, Stage};
use strategy_core::target::Finding;
use strategy_core::{Part, Weight};

use crate::judge::weighing::ln_threshold;
use crate::judge::{Judge, Prospect, Span, odds};

/// The longest bakes that are looked at for ones that would do.
const LONGEST: Duration = Duration::from_secs(24 * 3600);

/// Warns where no evidence against the candidate can be enough in the time that the stages take at least, whatever
/// it does, with the bake that would do.
///
/// Nothing is said where a stage takes longer than its bake for reasons of its own, gates and hooks, and where the judge
/// knows no bound. `bounded`: how many checks share the budget of false alarms at least.
pub(super) fn finding(
    check: &CheckName,
    (judge, prospect): (&dyn Judge, &Prospect),
    part: &Part,
    plan: &Plan,
    bounded: usize,
) -> Option<Finding> {
    let interval = prospect.interval;
    let waits = |stage: &Stage| !stage.gates.is_empty() || !stage.hooks.is_empty();
    if plan.stages().iter().any(waits) {
        return None;
    }
    let of_budget = f64::from(plan.policies().false_alarm_share(bounded)) / 1e6;
    let needed = ln_threshold(of_budget);
    let most =
        |bake: Duration| judge.most_evidence(prospect, &spans(check, part, plan, interval, bake));
    let most_as_planned = most(Duration::ZERO)?;
    if most_as_planned >= needed {
        return None;
    }
    let multiples = std::iter::successors(Some(interval), |bake| Some(*bake + interval));
    let bakes: Vec<_> = multiples
        .take_while(|bake| !bake.is_zero() && *bake <= LONGEST)
        .take(1_000)
        .collect();
    // A longer bake holds no less.
    let enough = bakes.partition_point(|bake| most(*bake).is_some_and(|most| most < needed));
    let mend = match bakes.get(enough) {
        Some(bake) => format!(
            "let the bakes of the stages that ask it be {} or longer",
            format(*bake)
        ),
        None => "let stages ask it in which the candidate has a smaller share of the requests"
            .to_owned(),
    };
    Some(Finding::warns(
        "bake-without-evidence",
        format!("check {check}"),
        format!(
            "in the time that the stages which ask it take at least, evidence against the candidate comes to {} at most, \
             whatever fails, and it fails at {}: a release in which everything fails may pass this check",
            odds(most_as_planned),
            odds(needed)
        ),
        mend,
    ))
}

/// How long the check looks at least in each stage, if each bake is at least so long.
fn spans(
    check: &CheckName,
    part: &Part,
    plan: &Plan,
    interval: Duration,
    bake: Duration,
) -> Vec<Span> {
    let mut share = Weight::ZERO;
    let mut spans = Vec::new();
    for stage in plan.stages() {
        if let Some(goal) = stage.goals.get(part) {
            share = goal.traffic.weight;
        }
        if stage.checks.contains(check) {
            let looks = interval.saturating_mul(stage.bake.looks);
            spans.push(Span::new(stage.bake.at_least.max(looks).max(bake), share));
        }
    }
    spans
}
