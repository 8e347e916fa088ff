//! Promises 6 and 16: people are heard, whether the platform answers or not.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::findings::Findings;
use super::record::Record;
use crate::plan::validate::no_return::NoReturn;
use crate::plan::{GateKind, Then};
use crate::rollout::{Answer, CommandId, Outcome, Wish};
use crate::timestamp::Timestamp;
use crate::world::{Fact, Life, Process};

/// As long as a process may take to answer while it works: a write of the journal that is tried again.
const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Debug)]
struct Asked<'a> {
    at: Timestamp,
    actor: &'a str,
    roles: &'a BTreeSet<String>,
    wish: &'a Wish,
    answers: Vec<&'a Answer>,
    /// Who decided something long after it had been asked, and had begun before, without an answer.
    ignored_by: Option<(Process, Timestamp)>,
}

/// **6.** A command is answered by whoever works: no process keeps decisions in its journal for a minute
/// after it was asked without having answered, whatever the platform does meanwhile. An answer comes after
/// the journal has the command, so while the journal refuses there is none, and nothing is decided either.
///
/// Of failed verdicts and alarms the log does not tell when they were decided; the search does.
pub(super) fn decisions_need_no_platform(record: &Record<'_>, findings: &mut Findings) {
    for (id, asked) in asked(record) {
        let holds = asked.ignored_by.is_none();
        findings.judge(6, asked.at, holds, || {
            let by = asked.ignored_by.map_or(0, |(process, _)| process.0);
            format!(
                "`{}` ({id}) was not answered while process {by} went on deciding",
                asked.wish.name()
            )
        });
    }
}

/// **16.** Every command that was given before the end has an answer, and always the same; one that was
/// given in the last second may find the rollout over. If there is no end, promise 6 asks whoever still
/// works for an answer.
pub(super) fn every_command_is_heard(record: &Record<'_>, findings: &mut Findings) {
    let ended = record.ended.and_then(|(index, _)| record.log().get(index));
    for (id, asked) in asked(record) {
        let is_answered = match ended {
            Some(end) => !asked.answers.is_empty() || asked.at + Duration::from_secs(1) >= end.at,
            None => true,
        };
        findings.judge(16, asked.at, is_answered, || {
            format!("`{}` ({id}) was never answered", asked.wish.name())
        });
        let first = asked.answers.first();
        let is_one = asked.answers.iter().all(|answer| Some(answer) == first);
        findings.judge(16, asked.at, is_one, || {
            format!(
                "`{}` ({id}) was answered in different ways: {:?}",
                asked.wish.name(),
                asked.answers
            )
        });
    }
}

/// **16, of aborts.** Where the plan has no point of no return, nobody who asks for an abort is refused on
/// the way forward. A rollout that is over refuses it, and may settle for as long as a rollback.
pub(super) fn aborts_are_obeyed(record: &Record<'_>, findings: &mut Findings) {
    let (Some(plan), Some(Outcome::Promoted)) = (&record.report.plan, record.report.outcome())
    else {
        return;
    };
    if NoReturn::of(plan.stages()).is_some() {
        return;
    }
    let (settles, ended) = (plan.policies().rollback_deadline, record.ended());
    for (id, asked) in asked(record) {
        if !matches!(asked.wish, Wish::Abort { .. } | Wish::Reject) {
            continue;
        }
        let is_over = ended.is_none_or(|(_, at)| asked.at + settles >= at);
        let is_refused = matches!(asked.answers.first(), Some(Answer::Refused(_)));
        findings.judge(16, asked.at, is_over || !is_refused, || {
            format!(
                "`{}` ({id}) was refused, and the release promoted",
                asked.wish.name()
            )
        });
    }
}

/// **16, of approvals.** What is said to another plan is never recorded for this one.
pub(super) fn yes_is_said_to_this_plan(record: &Record<'_>, findings: &mut Findings) {
    let Some(plan) = &record.report.plan else {
        return;
    };
    let this = plan.digest();
    for (id, asked) in asked(record) {
        let (Wish::Approve { plan, .. } | Wish::Advance { plan, .. } | Wish::Promote { plan }) =
            asked.wish
        else {
            continue;
        };
        let counts = asked.answers.contains(&&Answer::Recorded);
        findings.judge(16, asked.at, *plan == this || !counts, || {
            format!(
                "`{}` ({id}) was said to plan {plan}, and counted for {this}",
                asked.wish.name()
            )
        });
    }
}

/// **16, of quorums.** What is promoted passed every approval of its plan: as many people as its gate asks
/// for, each in one of its roles, said yes to that stage and were heard. Where time opens a gate nobody need.
pub(super) fn enough_people_said_yes(record: &Record<'_>, findings: &mut Findings) {
    let (Some(plan), Some(Outcome::Promoted)) = (&record.report.plan, record.report.outcome())
    else {
        return;
    };
    let at = record.report.world.to;
    let asked = asked(record);
    for stage in plan.stages() {
        let said_yes = |asked: &&Asked<'_>| {
            matches!(asked.wish, Wish::Approve { stage: of, .. } if *of == stage.name)
                && asked.answers.contains(&&Answer::Recorded)
        };
        let heard: Vec<_> = asked.values().filter(said_yes).collect();
        for gate in stage.gates.iter().filter(|gate| gate.then != Then::GoOn) {
            let GateKind::Approval { roles, quorum } = &gate.kind else {
                continue;
            };
            let may = |asked: &&&Asked<'_>| roles.is_empty() || !roles.is_disjoint(asked.roles);
            let people: BTreeSet<_> = heard.iter().filter(may).map(|yes| yes.actor).collect();
            let is_enough = u32::try_from(people.len()).is_ok_and(|people| people >= *quorum);
            findings.judge(16, at, is_enough, || {
                format!(
                    "promoted, and of {quorum} people who were to approve `{}` by gate `{}` {} did: {people:?}",
                    stage.name,
                    gate.name,
                    people.len()
                )
            });
        }
    }
}

fn asked<'a>(record: &Record<'a>) -> BTreeMap<&'a CommandId, Asked<'a>> {
    let mut asked: BTreeMap<&CommandId, Asked<'_>> = BTreeMap::new();
    let mut begun: BTreeMap<Process, Timestamp> = BTreeMap::new();
    for entry in record.log() {
        let at = entry.at;
        if let Fact::Commanded {
            id,
            actor,
            roles,
            wish,
        } = &entry.fact
        {
            asked.entry(id).or_insert(Asked {
                at,
                actor,
                roles,
                wish,
                answers: Vec::new(),
                ignored_by: None,
            });
        } else if let Fact::Heard { id, answer } = &entry.fact {
            if let Some(asked) = asked.get_mut(id) {
                asked.answers.push(answer);
            }
        } else if let Fact::NotRecorded { by } = &entry.fact {
            begun.insert(*by, at);
        } else if let Fact::Lives { process, life } = &entry.fact
            && *life == Life::Woke
        {
            begun.insert(*process, at);
        } else if let Fact::Recorded { by, .. } = &entry.fact {
            let begun = *begun.entry(*by).or_insert(at);
            for asked in asked.values_mut() {
                let has_waited = at > asked.at.max(begun) + PATIENCE;
                if has_waited && asked.answers.is_empty() && asked.ignored_by.is_none() {
                    asked.ignored_by = Some((*by, at));
                }
            }
        }
    }
    asked
}
