//! Promise 5: written is not effective.

use std::collections::BTreeSet;
use std::time::Duration;

use super::findings::Findings;
use super::record::{Obeyed, PartRecord, Record};
use super::view::{ALL, View};
use crate::plan::{OnFailure, Plan, Stage, StageName, Then, Undecided};
use crate::rollout::{Outcome, Wish};
use crate::target::Routing;
use crate::timestamp::Timestamp;
use crate::track::Track;
use crate::traffic::Traffic;
use crate::weight::Weight;
use crate::world::{Fact, Life};

/// **5.** On the way to a promotion each part was served at each weight of its plan, effectively and by the
/// world's clock, for at least as long as the bakes of the stages with that weight sum up to.
///
/// Stages that a person ended early are left out, as are those that a policy may pass without a full bake.
/// A jump of a clock, and a change of the process that looks on, counts for one resync interval at most; so
/// much less may be seen for each. Where traffic follows readiness only the whole of it is looked for:
/// what achieves a smaller weight is the nearest that counts allow.
pub(super) fn each_weight_is_effective_for_its_bake(record: &Record<'_>, findings: &mut Findings) {
    let (Some(plan), Some(Outcome::Promoted)) = (&record.report.plan, record.report.outcome())
    else {
        return;
    };
    let Some((ended, at)) = record.ended() else {
        return;
    };
    let Some(skipped) = skipped(record) else {
        return;
    };
    let borne = plan.policies().resync * jumps(record);
    for part in &record.parts {
        let follows = part.routing == Routing::FollowsReadiness;
        for (traffic, bakes) in bakes(part, plan, &skipped) {
            if bakes.is_zero() || (follows && traffic.weight != Weight::FULL) {
                continue;
            }
            let served = served(part, &traffic, (ended, at));
            findings.judge(5, at, served + borne >= bakes, || {
                format!(
                    "{} was effectively served at {traffic} for {served:?}, and the bakes of its stages \
                     take {bakes:?}",
                    part.part
                )
            });
        }
    }
}

/// The stages that need no full bake; nothing if that is so of all.
fn skipped(record: &Record<'_>) -> Option<BTreeSet<StageName>> {
    let mut skipped = BTreeSet::new();
    for Obeyed { wish, .. } in record.obeyed() {
        if let Wish::Promote { .. } = wish {
            return None;
        } else if let Wish::Advance { stage, .. } = wish {
            skipped.insert(stage.clone());
        }
    }
    Some(skipped)
}

fn may_pass(stage: &Stage) -> bool {
    let failure = match stage.on_failure {
        OnFailure::RollBack => false,
        OnFailure::Hold { then, .. } | OnFailure::StayOnCandidate { then, .. } => {
            then == Then::GoOn
        }
    };
    let undecided = match stage.bake.undecided {
        Undecided::Then(then) | Undecided::Hold { then, .. } => then == Then::GoOn,
    };
    failure || undecided
}

/// How often somebody's time can have jumped.
fn jumps(record: &Record<'_>) -> u32 {
    let lives = record.log().iter().filter(|entry| {
        if let Fact::Lives { life, .. } = &entry.fact {
            matches!(life, Life::Resumed | Life::Woke | Life::ClockSet(_))
        } else {
            false
        }
    });
    u32::try_from(lives.count()).unwrap_or(u32::MAX)
}

/// What the stages bake at each traffic of a part, one after the other.
fn bakes(
    part: &PartRecord<'_>,
    plan: &Plan,
    skipped: &BTreeSet<StageName>,
) -> Vec<(Traffic, Duration)> {
    let mut bakes: Vec<(Traffic, Duration)> = Vec::new();
    let mut goal: Option<&Traffic> = None;
    for stage in plan.stages() {
        goal = stage
            .goals
            .get(part.part)
            .map_or(goal, |goal| Some(&goal.traffic));
        let Some(traffic) = goal else {
            continue;
        };
        if skipped.contains(&stage.name) || may_pass(stage) {
            continue;
        }
        let known = bakes.iter_mut().find(|(known, _)| known == traffic);
        match known {
            Some((_, sum)) => *sum += stage.bake.at_least,
            None => bakes.push((traffic.clone(), stage.bake.at_least)),
        }
    }
    bakes
}

/// How long requests really went where `traffic` says.
fn served(part: &PartRecord<'_>, traffic: &Traffic, ended: (usize, Timestamp)) -> Duration {
    let is_so = |view: View<'_>| match part.routing {
        Routing::FollowsReadiness => view.reach(Track::Candidate) == ALL,
        Routing::Routed | Routing::Native => {
            view.is_effective()
                && view.weight() == traffic.weight.basis_points()
                && view.scene().traffic.mirror == traffic.mirror
                && view.scene().traffic.routes == traffic.routes
        }
    };
    let scenes = part.scenes.iter().filter(|(index, ..)| *index < ended.0);
    let scenes: Vec<_> = scenes.collect();
    let mut served = Duration::ZERO;
    for (number, (_, from, view)) in scenes.iter().enumerate() {
        let to = scenes.get(number + 1).map_or(ended.1, |(_, at, _)| *at);
        if is_so(*view) {
            served += to.since(*from);
        }
    }
    served
}
