//! Discover, plan, admit: what a rollout would do, and what stands in its way.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use super::error::DriverError;
use super::perform::Means;
use crate::analysis::PreparedCheck;
use crate::journal::Journal;
use crate::plan::{CheckName, Plan, linger};
use crate::release::{Part, Release};
use crate::rollout::{Rollout, Start, StartError};
use crate::strategy::Strategy;
use crate::target::{Discovery, Finding, Found, RolloutId, Severity, TargetError};
use crate::timestamp::Timestamp;

/// How long one part may take to answer before anything has begun.
const READ: Duration = Duration::from_secs(30);

/// What a rollout would do, and what stands in its way. Nothing was written for it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Planned {
    /// What it would do.
    pub plan: Plan,
    /// What it would do it on.
    pub found: Found,
    /// What stands in the way or is worth knowing; where there are several parts, the resource begins
    /// with the part's name.
    pub findings: Vec<Finding>,
    /// What the analyses said of the checks: which has a bound on false alarms. Their findings are among the others.
    pub prepared: Vec<PreparedCheck>,
    /// What a person should know of this set-up, one sentence each.
    pub notes: Vec<String>,
}

impl Planned {
    /// Whether anything stands in the way.
    pub fn is_blocked(&self) -> bool {
        self.findings
            .iter()
            .any(|finding| finding.severity == Severity::Blocks)
    }

    /// The plan as a table for people, with its digest, findings and notes.
    pub fn table(&self) -> String {
        let mut text = self.plan.table();
        if !text.ends_with('\n') {
            text.push('\n');
        }
        for finding in &self.findings {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{finding}");
        }
        for note in &self.notes {
            let _ = writeln!(text, "note: {note}");
        }
        text
    }
}

/// What a rollout is started with, as far as parts and analyses say.
#[derive(Debug)]
pub(super) struct Admitted {
    pub(super) plan: Plan,
    pub(super) found: Found,
    pub(super) prepared: Vec<PreparedCheck>,
    pub(super) findings: Vec<Finding>,
}

/// Reads every part, plans, and asks parts and analyses whether that can run.
pub(super) async fn admit(
    means: &Means,
    strategy: &dyn Strategy,
    release: &Release,
) -> Result<Admitted, DriverError> {
    let mut discoveries: Vec<(Part, Discovery)> = Vec::new();
    for (part, target) in means.parts.iter() {
        let call = || target.discover();
        let found = means.repeat(0, READ, call, TargetError::is_transient).await;
        discoveries.push((part.clone(), readable(part, found)?));
    }
    admit_on(means, discoveries, strategy, release).await
}

/// As [`admit`], of parts that were discovered before.
pub(super) async fn admit_on(
    means: &Means,
    mut discoveries: Vec<(Part, Discovery)>,
    strategy: &dyn Strategy,
    release: &Release,
) -> Result<Admitted, DriverError> {
    let found: Found = discoveries.iter().cloned().collect();
    let plan = strategy.plan(release, &found)?;
    let several = means.parts.len() > 1;
    let mut findings = Vec::new();
    for (part, discovery) in &mut discoveries {
        let Some(target) = means.parts.get(part) else {
            continue;
        };
        let found = discovery.clone();
        let call = || target.admit(part, &found, &plan);
        let admitted = means.repeat(0, READ, call, TargetError::is_transient).await;
        let admission = readable(part, admitted)?;
        discovery.binding = admission.binding;
        findings.extend(admission.findings.into_iter().map(|finding| Finding {
            resource: if several {
                format!("{part}: {}", finding.resource)
            } else {
                finding.resource
            },
            ..finding
        }));
    }
    let found: Found = discoveries.into_iter().collect();
    findings.extend(means.registry.unknown(&plan).into_iter().map(|unknown| {
        Finding::blocks(
            "unknown-kind",
            unknown,
            "the plan names it, and nothing that knows it is registered",
            "register it on the builder, at the start and at resume",
        )
    }));
    findings.extend(linger::findings(&plan, &found));
    let prepared = prepare(means, &plan, &found).await?;
    for check in &prepared {
        findings.extend(check.findings.iter().cloned());
    }
    Ok(Admitted {
        plan,
        found,
        prepared,
        findings,
    })
}

/// Each analysis prepares the checks of its kind.
async fn prepare(
    means: &Means,
    plan: &Plan,
    found: &Found,
) -> Result<Vec<PreparedCheck>, DriverError> {
    let mut prepared = Vec::new();
    for (kind, analysis) in means.registry.analyses() {
        let is_ours = |name: &CheckName| {
            plan.checks()
                .get(name)
                .is_some_and(|check| check.analysis.kind == kind)
        };
        if !plan.checks().keys().any(is_ours) {
            continue;
        }
        let admitted = analysis.admit(plan, found).await;
        let admitted = admitted.map_err(|source| DriverError::Analysis {
            kind: kind.to_owned(),
            source: Arc::new(source),
        })?;
        prepared.extend(admitted.into_iter().filter(|check| is_ours(&check.check)));
    }
    Ok(prepared)
}

fn readable<T>(part: &Part, read: Result<T, crate::rollout::Failure>) -> Result<T, DriverError> {
    read.map_err(|failure| DriverError::Unreadable {
        part: part.clone(),
        failure,
    })
}

impl Admitted {
    /// Without findings that only tell; an error if any stands in the way.
    pub(super) fn unblocked(mut self) -> Result<Self, DriverError> {
        self.findings
            .retain(|finding| finding.severity == Severity::Blocks);
        if self.findings.is_empty() {
            return Ok(self);
        }
        Err(DriverError::Blocked {
            findings: self.findings,
        })
    }

    /// For people: with what would keep it from starting among the findings.
    pub(super) fn planned(
        self,
        id: RolloutId,
        take_over: bool,
        journal: &dyn Journal,
        now: Timestamp,
    ) -> Planned {
        let Self {
            plan,
            found,
            prepared,
            mut findings,
        } = self;
        let mut notes = Vec::new();
        if !journal.is_durable() {
            let note =
                "the journal is in memory: if this process ends, the rollout cannot be resumed";
            notes.push(note.to_owned());
        }
        for (part, discovery) in found.iter() {
            if !discovery.capabilities.fenced {
                notes.push(format!(
                    "nothing fences {part}: a second writer is noticed, not kept out"
                ));
            }
        }
        for check in prepared.iter().filter(|check| !check.bounded) {
            notes.push(format!(
                "check `{}` has no bound on false alarms and takes no share of the budget",
                check.check
            ));
        }
        let start = Start {
            id,
            plan: plan.clone(),
            found: found.clone(),
            prepared: prepared.clone(),
            take_over,
        };
        if let Err(error) = Rollout::start(start, now) {
            findings.push(in_the_way(error));
        }
        Planned {
            plan,
            found,
            findings,
            prepared,
            notes,
        }
    }
}

/// What keeps a rollout from starting, as a finding.
fn in_the_way(error: StartError) -> Finding {
    match error {
        StartError::Plan(error) => Finding::blocks(
            "unchecked-plan",
            "the plan",
            error.to_string(),
            "make the plan with `Plan::new`, which checks it",
        ),
        StartError::Parts { part, problem } => Finding::blocks(
            "parts-do-not-match",
            part.to_string(),
            problem,
            "give one target for each part of the release",
        ),
        StartError::Claimed { part, holder } => Finding::blocks(
            "claimed",
            part.to_string(),
            format!("it is claimed by rollout `{holder}`"),
            "resume or abandon that one, or take over if nothing works on it any more",
        ),
        StartError::NoStable { part, name } => Finding::blocks(
            "no-stable",
            part.to_string(),
            format!("{name} has no stable version with at least one replica"),
            "make the first release by hand, then use a rollout for the next one",
        ),
        // Its kind is unknown, which is a finding, or its analysis did not prepare it.
        StartError::Unprepared { check } => Finding::blocks(
            "unprepared-check",
            check.to_string(),
            "no analysis prepared it",
            "register an analysis of its kind that knows it",
        ),
        StartError::Unreachable {
            part,
            problem,
            mend,
        } => Finding::blocks("unreachable-share", part.to_string(), problem, mend),
    }
}
