//! Promises 11 and 12: the journal comes first, and there is one writer.

use super::findings::Findings;
use super::record::Record;
use crate::world::{Author, Fact, Process};

/// **11.** Every write of ours that took effect was in the journal before it was asked of the platform.
///
/// That a replay gives the state that was left cannot be seen in a world; tests of the journal and the
/// search compare them.
pub(super) fn journal_comes_before_effect(record: &Record<'_>, findings: &mut Findings) {
    for part in &record.parts {
        for (write, ours) in part.our_writes() {
            let asked = ours.asked.map_or(write.index, |(asked, ..)| asked);
            let is_first = ours.recorded.is_some_and(|recorded| recorded < asked);
            findings.judge(11, write.at, is_first, || {
                format!(
                    "write {} of {} was asked for before the journal held it",
                    ours.id, part.part
                )
            });
        }
    }
}

/// **12.** A write of ours takes effect only under the claim that is there, and no process's once a later
/// process has claimed. A claim passes from what is
/// there; within one rollout its epoch only grows, and no rollout takes it from another that has not
/// given it up.
///
/// Where a platform knows no claims, two writers cannot be told apart, as the plan says.
pub(super) fn one_writer(record: &Record<'_>, findings: &mut Findings) {
    for part in record.parts.iter().filter(|part| part.is_fenced) {
        for (write, ours) in part.our_writes() {
            let here = write.before.scene().claim.as_ref();
            findings.judge(12, write.at, here == Some(ours.claim), || {
                let here = here.map_or_else(|| "nobody's".to_owned(), ToString::to_string);
                format!(
                    "write {} of {} under {} took effect while the claim is {here}",
                    ours.id, part.part, ours.claim
                )
            });
        }
        let mut here = None;
        let mut highest = None;
        let mut holder = Process::default();
        for entry in record.log() {
            if let Fact::Wrote {
                part: of,
                author: Author::Process { process, .. },
                ..
            } = &entry.fact
                && of == part.part
            {
                findings.judge(12, entry.at, *process >= holder, || {
                    format!(
                        "process {} wrote to {of} after process {} had claimed it",
                        process.0, holder.0
                    )
                });
            }
            let Fact::Claimed {
                part: of,
                from,
                to,
                by,
            } = &entry.fact
            else {
                continue;
            };
            if of != part.part {
                continue;
            }
            holder = *by;
            findings.judge(12, entry.at, from.as_ref() == here, || {
                format!(
                    "process {} passed on a claim of {of} that was not there",
                    by.0
                )
            });
            if let Some(to) = to {
                let passes = match (from, highest) {
                    (Some(from), _) => from.holder == to.holder && from.epoch < to.epoch,
                    (None, Some((holder, epoch))) => holder != &to.holder || epoch < to.epoch,
                    (None, None) => true,
                };
                findings.judge(12, entry.at, passes, || {
                    format!(
                        "process {} claimed {of} as {to}, which is no later claim",
                        by.0
                    )
                });
                highest = Some((&to.holder, to.epoch));
            }
            here = to.as_ref();
        }
    }
}

/// **12, of the journal.** Once another process has written the journal, the one before it never does again.
/// Of two that begin at once either may be the one before.
pub(super) fn one_writer_of_the_journal(record: &Record<'_>, findings: &mut Findings) {
    let mut writers: Vec<Process> = Vec::new();
    for entry in record.log() {
        if let Fact::Recorded { by, .. } = &entry.fact {
            let last = writers.last().copied();
            let is_later = last == Some(*by) || !writers.contains(by);
            findings.judge(12, entry.at, is_later, || {
                format!(
                    "process {} wrote the journal after process {} had taken it up",
                    by.0,
                    last.map_or(0, |last| last.0)
                )
            });
            if is_later && last != Some(*by) {
                writers.push(*by);
            }
        }
    }
}
