//! Promises 9 and 10: no data is not a pass, and verdicts stand.

use std::collections::{BTreeMap, BTreeSet};

use super::findings::Findings;
use super::record::Record;
use crate::analysis::Window;
use crate::plan::{CheckName, OnFailure, Plan, Stage, Then, Undecided};
use crate::rollout::{Outcome, Wish};
use crate::track::Track;
use crate::world::{Entry, Fact, Life, Process};

/// **9.** A promotion with checks rests on data: of each check that a stage which bakes names, at least as
/// many looks were counted as any such stage asks for, and users sent requests to a candidate at all.
///
/// Plans in which time may run out on a check and go on, and rollouts that a person hurried, are not
/// judged. What counts as enough of one look, a judge decides, and its verdict is not in the world.
pub(super) fn promotion_rests_on_data(record: &Record<'_>, findings: &mut Findings) {
    let (Some(plan), Some(Outcome::Promoted)) = (&record.report.plan, record.report.outcome())
    else {
        return;
    };
    if plan.stages().iter().any(may_go_on) || is_hurried(record) {
        return;
    }
    let at = record.report.world.to;
    let counted = counted(record);
    for (check, looks) in asked(plan) {
        let counted = counted.get(check).map_or(0, BTreeMap::len);
        let enough = u32::try_from(counted).is_ok_and(|counted| counted >= looks);
        findings.judge(9, at, enough, || {
            format!("promoted after {counted} looks of `{check}`; a stage asks for {looks}")
        });
        let reached = record.parts.iter().any(|part| {
            // Requests are counted by the slots of the beginning.
            let candidate = if part.has_swapped {
                Track::Stable
            } else {
                Track::Candidate
            };
            let report = record.report.world.part(part.part);
            report.is_some_and(|report| {
                let requests = report.requests.of(candidate);
                requests.served + requests.failed > 0
            })
        });
        findings.judge(9, at, reached, || {
            format!("promoted by `{check}`, and no request ever reached a candidate")
        });
    }
}

fn may_go_on(stage: &Stage) -> bool {
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

fn is_hurried(record: &Record<'_>) -> bool {
    record.obeyed().any(|obeyed| {
        matches!(
            obeyed.wish,
            Wish::Advance { .. } | Wish::Promote { .. } | Wish::Retry
        )
    })
}

/// How many looks a plan asks for, by check.
fn asked(plan: &Plan) -> BTreeMap<&CheckName, u32> {
    let mut asked: BTreeMap<&CheckName, u32> = BTreeMap::new();
    for stage in plan.stages() {
        for check in &stage.checks {
            let looks = asked.entry(check).or_default();
            *looks = (*looks).max(stage.bake.looks);
        }
    }
    asked
}

/// The windows of each look of each check: one, if all is well. Looks that nobody ever knew of are left out.
type Looks<'a> = BTreeMap<&'a CheckName, BTreeMap<u64, BTreeSet<Window>>>;

fn counted<'a>(record: &Record<'a>) -> Looks<'a> {
    let mut counted = Looks::new();
    for (index, entry) in record.log().iter().enumerate() {
        if let Fact::Counted {
            by,
            check,
            number,
            window,
        } = &entry.fact
            && !is_idle(record, *by, index)
        {
            let looks = counted.entry(check).or_default();
            looks.entry(*number).or_default().insert(*window);
        }
    }
    counted
}

/// Whether what a process looked at came to nothing: it crashed, gave up, or woke as a zombie, and kept no record
/// any more, so that nobody ever knew of its look.
fn is_idle(record: &Record<'_>, process: Process, index: usize) -> bool {
    let log = record.log();
    let lives = |entry: &Entry, as_told: &Life| {
        if let Fact::Lives { process: who, life } = &entry.fact {
            *who == process && life == as_told
        } else {
            false
        }
    };
    let after = log.get(index..).unwrap_or_default();
    // Its look may be of before it stood still.
    let woke = log.iter().any(|entry| lives(entry, &Life::Woke));
    let crashed = after.iter().any(|entry| lives(entry, &Life::Crashed));
    let keeps = |entry: &Entry| matches!(&entry.fact, Fact::Recorded { by, .. } if *by == process);
    let gave_up = after.iter().any(|entry| {
        matches!(&entry.fact, Fact::Lives { process: who, life: Life::GaveUp(_) } if *who == process)
    });
    (woke || crashed || gave_up) && !after.iter().any(keeps)
}

/// **10.** A look has one window, however often it is counted and by whichever process; the windows of
/// different looks of a check have no moment in common, and come in the order of their numbers.
///
/// That a failed check stays failed cannot be read here: the log has no verdicts. The search does.
pub(super) fn no_window_counts_twice(record: &Record<'_>, findings: &mut Findings) {
    let at = record.report.world.to;
    for (check, looks) in counted(record) {
        let mut last: Option<(u64, Window)> = None;
        for (number, windows) in looks {
            findings.judge(10, at, windows.len() == 1, || {
                format!("look {number} of `{check}` had {} windows", windows.len())
            });
            for window in windows {
                if let Some((before, earlier)) = last.filter(|(before, _)| *before != number) {
                    findings.judge(10, at, window.from >= earlier.to, || {
                        format!(
                            "look {number} of `{check}` begins before look {before} ended: a moment \
                             counts twice"
                        )
                    });
                }
                last = Some((number, window));
            }
        }
    }
}
