//! Promises 14 and 15: it ends, and it rests.

use std::collections::BTreeMap;
use std::time::Duration;

use super::findings::Findings;
use super::record::{Landed, PartRecord, Record};
use crate::plan::{ForeignPolicy, OnFailure, Plan, Stage, Undecided};
use crate::rollout::{Event, News};
use crate::simulation::End;
use crate::track::{Replicas, Track};
use crate::world::Fact;

/// **14.** An outcome comes before all limits of its plan together have passed, with those that a person,
/// another hand or a process that takes over may begin anew; later only where the rollout was stuck on the
/// way and said what was left to do, for that has no limit. Where the simulation ended without an outcome,
/// it says what is left to do; or it still waits for something within the longest limit of its plan, and all
/// of it has not taken longer than all limits together. A rollout that never began has nothing to end, and
/// one whose processes all gave up cannot go on by itself: which errors make a process give up is for the
/// tests of the driver.
pub(super) fn it_ends(record: &Record<'_>, findings: &mut Findings) {
    let report = record.report;
    match &report.end {
        End::Outcome(outcome) => {
            let at = record.ended().map_or(report.world.to, |(_, at)| at);
            let lasts = at.since(report.world.from);
            let all = all_limits(record);
            let was_stuck = report.events.iter().any(says_what_is_left);
            findings.judge(14, at, was_stuck || lasts <= all, || {
                format!("`{outcome}` came after {lasts:?}, and all limits together are {all:?}")
            });
        }
        End::NeverBegan { .. } | End::GivenUp { .. } => {}
        End::Waiting { what } => {
            let names_what_is_left = report
                .status
                .as_ref()
                .is_some_and(|status| !status.left.is_empty());
            let decided = record
                .log()
                .iter()
                .rev()
                .find(|entry| matches!(entry.fact, Fact::Recorded { decides: true, .. }));
            let rests_since = decided.map_or(report.world.from, |entry| entry.at);
            let rests = report.world.to.since(rests_since);
            let lasts = report.world.to.since(report.world.from);
            let plan = report.plan.as_ref();
            let limit = plan.map_or(Duration::ZERO, longest);
            let all = all_limits(record);
            let holds = names_what_is_left || (rests <= limit && lasts <= all);
            findings.judge(14, report.world.to, holds, || {
                format!(
                    "after {lasts:?} it still waits ({what}), for {rests:?} now; the longest limit is \
                     {limit:?}, and all together are {all:?}"
                )
            });
        }
    }
}

/// The longest limit in a plan.
fn longest(plan: &Plan) -> Duration {
    let stages = plan.stages().iter().flat_map(limits_of_stage);
    stages.chain(limits_of_plan(plan)).max().unwrap_or_default()
}

const fn says_what_is_left(event: &Event) -> bool {
    matches!(&event.news, News::GotStuck { left } if !left.is_empty())
}

/// All limits in a plan one after the other; those that may begin anew, so often.
fn all_limits(record: &Record<'_>) -> Duration {
    let Some(plan) = &record.report.plan else {
        return Duration::ZERO;
    };
    let interventions = interventions(record);
    let stages: Duration = plan.stages().iter().flat_map(limits_of_stage).sum();
    let anew: Duration = limits_of_plan(plan).into_iter().sum();
    (stages + anew).saturating_mul(interventions.saturating_add(1))
}

/// How often a person, another hand or another process can have begun something anew.
fn interventions(record: &Record<'_>) -> u32 {
    let people = record
        .log()
        .iter()
        .filter(|entry| matches!(entry.fact, Fact::Commanded { .. } | Fact::Lives { .. }));
    let hands = record.parts.iter().flat_map(PartRecord::hands);
    u32::try_from(people.count() + hands.count()).unwrap_or(u32::MAX)
}

fn limits_of_plan(plan: &Plan) -> Vec<Duration> {
    let policies = plan.policies();
    let foreign = &policies.foreign;
    let hands = [&foreign.traffic, &foreign.capacity, &foreign.revision];
    let hands = hands.into_iter().map(|policy| match policy {
        ForeignPolicy::Hold { at_most, .. } => *at_most,
        ForeignPolicy::Reassert { .. } | ForeignPolicy::RollBack | ForeignPolicy::Yield => {
            Duration::ZERO
        }
    });
    let own = [
        policies.pause_limit,
        policies.rollback_deadline,
        policies.unreachable.limit,
    ];
    hands.chain(own).collect()
}

fn limits_of_stage(stage: &Stage) -> Vec<Duration> {
    let failure = match stage.on_failure {
        OnFailure::RollBack => Duration::ZERO,
        OnFailure::Hold { at_most, .. } | OnFailure::StayOnCandidate { at_most, .. } => at_most,
    };
    let undecided = match stage.bake.undecided {
        Undecided::Then(_) => Duration::ZERO,
        Undecided::Hold { at_most, .. } => at_most,
    };
    let gates = stage.gates.iter().map(|gate| gate.limit);
    let hooks = stage.hooks.iter().map(|hook| hook.timeout);
    let own = [stage.bake.at_most, stage.deadline, failure, undecided];
    gates.chain(hooks).chain(own).collect()
}

/// How often the same may be written anew on one part before it is no longer the world that asks for it.
const TURNS: usize = 6;

/// **15.** After the outcome nothing of ours takes effect, but where it was said that something may. Until then the writes of a part are bounded: the
/// same content is written again only as often as something else came in between: another hand, another
/// wish of an autoscaler, a command, a process that took over.
pub(super) fn it_rests(record: &Record<'_>, findings: &mut Findings) {
    for part in &record.parts {
        if let Some((ended, _)) = record.ended {
            let late = part.our_writes().find(|(write, _)| write.index > ended);
            let at = late.map_or(record.report.world.to, |(write, _)| write.at);
            let is_told = !part.is_fenced || record.says_a_write_may_land(part.part);
            findings.judge(15, at, late.is_none() || is_told, || {
                format!("{} was written after the outcome", part.part)
            });
        }
        let mut turns: BTreeMap<String, usize> = BTreeMap::new();
        for (write, _) in part.our_writes() {
            *turns.entry(content(write)).or_default() += 1;
        }
        let (most, times) = turns
            .into_iter()
            .max_by_key(|(_, times)| *times)
            .unwrap_or_default();
        if times > 0 {
            let allowed = TURNS + excuses(record, part);
            findings.judge(15, record.report.world.to, times <= allowed, || {
                format!("{} was written {times} times as {most}", part.part)
            });
        }
    }
}

fn content(write: &Landed<'_>) -> String {
    let track = |track| {
        let template = write.after.template(track).unwrap_or("-");
        let count = write.after.replicas(track).map_or(0, Replicas::number);
        format!("{template} x {count}")
    };
    format!(
        "{}, {}, {}",
        track(Track::Stable),
        track(Track::Candidate),
        write.after.weight()
    )
}

/// What may be a reason to write something once more.
fn excuses(record: &Record<'_>, part: &PartRecord<'_>) -> usize {
    let hands = part.hands().count();
    let wants = part.scenes.windows(2).filter(|pair| {
        let wanted = |(_, _, view): &(_, _, super::view::View<'_>)| {
            view.track(Track::Stable).map(|stable| stable.wanted)
        };
        pair.first().map(wanted) != pair.last().map(wanted)
    });
    let others = record
        .log()
        .iter()
        .filter(|entry| matches!(entry.fact, Fact::Commanded { .. } | Fact::Lives { .. }));
    hands + wants.count() + others.count()
}
