//! The parameters of a check that is asked of a source and judged.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Value, json};
use strategy_core::Part;
use strategy_core::analysis::{Look, MeasureError};
use strategy_core::plan::{CheckName, Extension, Plan, StageName};
use strategy_core::target::Discovery;
use strategy_core::{Track, Weight};

use crate::judge::{InvalidJudge, Judge, JudgeError, Kinds};
use crate::source::Question;
use crate::state::{StateError, digest};

pub(super) const METRIC: &str = "metric";
pub(super) const JUDGE: &str = "judge";
pub(super) const PART: &str = "part";

/// What a check says.
#[derive(Debug)]
pub(super) struct Params {
    pub(super) metric: Value,
    pub(super) judge: Box<dyn Judge>,
    part: Option<Part>,
}

impl Params {
    /// Reads them.
    pub(super) fn read(
        check: &CheckName,
        analysis: &Extension,
        kinds: &Kinds,
    ) -> Result<Self, MeasureError> {
        let params = &analysis.params;
        let known = [METRIC, JUDGE, PART];
        if let Some(name) = params.keys().find(|name| !known.contains(&name.as_str())) {
            return Err(invalid(
                check,
                format_args!("`{name}` is no parameter of `{}`", analysis.kind),
                &format!("use {}", known.join(", ")),
            ));
        }
        let metric = params
            .get(METRIC)
            .cloned()
            .ok_or_else(|| invalid(check, "`metric` is missing", "say what is to be measured"))?;
        let judge = judge(analysis, kinds).map_err(|problem| {
            invalid(
                check,
                format_args!("judge: {problem}"),
                "see the judges' reference",
            )
        })?;
        let part = params.get(PART).map(|part| {
            part.as_str()
                .and_then(|name| name.parse().ok())
                .ok_or_else(|| {
                    invalid(
                        check,
                        "`part` is no name of a part",
                        "write one of the rollout's parts",
                    )
                })
        });
        Ok(Self {
            metric,
            judge,
            part: part.transpose()?,
        })
    }

    /// The part it is about, of those that the rollout has.
    pub(super) fn part_of<'a>(
        &self,
        check: &CheckName,
        parts: &[&'a Part],
    ) -> Result<&'a Part, MeasureError> {
        let names = || {
            let names: Vec<_> = parts.iter().map(ToString::to_string).collect();
            names.join(", ")
        };
        match (&self.part, parts) {
            (Some(named), _) => {
                let found = parts.iter().find(|part| **part == named);
                found.copied().ok_or_else(|| {
                    let problem = format_args!("there is no part `{named}`").to_string();
                    invalid(check, problem, &format!("write one of {}", names()))
                })
            }
            (None, [only]) => Ok(only),
            (None, _) => Err(invalid(
                check,
                "it does not say of which part it is",
                &format!("set `part` to one of {}, in a check for each", names()),
            )),
        }
    }

    /// The part it is about, if a look is about it as well.
    pub(super) fn part_in<'a>(&self, look: &'a Look) -> Option<&'a Part> {
        let mut parts = look.identities.keys();
        match &self.part {
            Some(named) => parts.find(|part| *part == named),
            None => parts.next(),
        }
    }

    /// What is asked of a track as it was found before the rollout.
    pub(super) fn question_before(
        &self,
        discovery: Option<&Discovery>,
        part: &Part,
        track: Track,
    ) -> Question {
        let seen = discovery.map(|discovery| discovery.observation.track(track));
        let labels = seen.map(|seen| &seen.labels);
        let preview = seen.and_then(|seen| seen.preview.as_ref());
        self.question(part, track, labels, preview)
    }

    /// What is asked of a track as it was in a look.
    pub(super) fn question_of(&self, look: &Look, part: &Part, track: Track) -> Question {
        let labels = look.identities.get(part).map(|labels| labels.of(track));
        self.question(part, track, labels, look.previews.get(part))
    }

    /// What is asked of a track with these labels, and this address apart from user traffic, which is the
    /// candidate's alone: what is admitted must be what is asked in every look.
    fn question(
        &self,
        part: &Part,
        track: Track,
        labels: Option<&BTreeMap<String, String>>,
        preview: Option<&String>,
    ) -> Question {
        let shape = self.judge.shape();
        let mut question = Question::new(self.metric.clone(), shape, part.clone(), track);
        question.labels = labels.cloned().unwrap_or_default();
        question.preview = preview.filter(|_| track == Track::Candidate).cloned();
        question
    }
}

/// The judge of a check. Default: `sequential-ratio` with its defaults.
///
/// # Errors
/// What is wrong with it.
pub(super) fn judge(analysis: &Extension, kinds: &Kinds) -> Result<Box<dyn Judge>, InvalidJudge> {
    match analysis.params.get(JUDGE) {
        Some(params) => kinds.make(params),
        None => kinds.make(&json!({ "kind": "sequential-ratio" })),
    }
}

/// The first stage that asks a check before all traffic of a part is the candidate's; `None`: there is none.
pub(super) fn before_all_traffic<'a>(
    check: &CheckName,
    part: &Part,
    plan: &'a Plan,
) -> Option<&'a StageName> {
    let mut is_all = false;
    for stage in plan.stages() {
        if let Some(goal) = stage.goals.get(part) {
            is_all = goal.traffic.weight == Weight::FULL;
        }
        if !is_all && stage.checks.contains(check) {
            return Some(&stage.name);
        }
    }
    None
}

/// Tells apart under which labels a window was watched; 64 bits of a digest, as text.
pub(super) fn labels(look: &Look, part: &Part) -> String {
    let labels = json!(look.identities.get(part)).to_string();
    format!("{:016x}", digest(labels.as_bytes()))
}

/// What a judge could not judge: what it was handed to remember, which is the caller's to mend, or a bug.
pub(super) fn not_judged(check: &CheckName, error: JudgeError) -> MeasureError {
    match error {
        JudgeError::State(StateError::Unmarked) | JudgeError::Shape { .. } => MeasureError::Bug {
            check: check.clone(),
            problem: error.to_string(),
        },
        JudgeError::State(
            StateError::Version { .. }
            | StateError::Judge { .. }
            | StateError::Parameters
            | StateError::TooShort
            | StateError::TooLong(_),
        ) => invalid(
            check,
            error,
            "resume with the version and the plan that it began with, or abort and begin anew",
        ),
    }
}

/// The caller's mistake.
pub(super) fn invalid(check: &CheckName, problem: impl fmt::Display, mend: &str) -> MeasureError {
    MeasureError::Invalid {
        check: check.clone(),
        problem: problem.to_string(),
        mend: mend.to_owned(),
    }
}
