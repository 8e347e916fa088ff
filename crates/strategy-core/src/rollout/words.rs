//! How much is kept of words that come from outside: a journal must not grow with them.

use super::command::{Alarm, Command};
use super::input::{Completion, Failure, Input};
use crate::analysis::Measurement;
use crate::hook::{GateAnswer, HookReport};

/// Characters that are kept of a reason, a summary, a message or a piece of evidence.
const WORDS: usize = 500;

/// Characters that are kept of a name, and in the audit of what was wanted and why.
const BRIEF: usize = 100;

fn short(text: &str) -> String {
    text.chars().take(WORDS).collect()
}

pub(super) fn brief(text: &str) -> String {
    text.chars().take(BRIEF).collect()
}

impl Input {
    /// The same, with words cut to what a record may hold.
    pub(super) fn bounded(self) -> Self {
        match self {
            Self::EffectSucceeded { id, outcome } => Self::EffectSucceeded {
                id,
                outcome: completion(outcome),
            },
            Self::EffectFailed { id, failure } => Self::EffectFailed {
                id,
                failure: cut(failure),
            },
            Self::ObserveFailed {
                part,
                ticket,
                failure,
            } => Self::ObserveFailed {
                part,
                ticket,
                failure: cut(failure),
            },
            Self::MeasureFailed { look, failure } => Self::MeasureFailed {
                look,
                failure: cut(failure),
            },
            Self::Measured { look, measurement } => Self::Measured {
                look,
                measurement: Measurement {
                    evidence: short(&measurement.evidence),
                    ..measurement
                },
            },
            Self::Commanded(command) => Self::Commanded(Command {
                actor: brief(&command.actor),
                reason: short(&command.reason),
                ..command
            }),
            Self::AlarmRaised(alarm) => Self::AlarmRaised(Alarm {
                source: brief(&alarm.source),
                message: short(&alarm.message),
                ..alarm
            }),
            Self::Observed { .. }
            | Self::Changed { .. }
            | Self::TimePassed
            | Self::Resumed { .. } => self,
        }
    }
}

fn cut(failure: Failure) -> Failure {
    Failure::new(failure.kind, failure.certainty, failure.message)
}

fn completion(outcome: Completion) -> Completion {
    match outcome {
        Completion::HookRan(report) => Completion::HookRan(HookReport {
            summary: short(&report.summary),
            ..report
        }),
        Completion::GateAnswered(GateAnswer::Closed(why)) => {
            Completion::GateAnswered(GateAnswer::Closed(short(&why)))
        }
        Completion::GateAnswered(GateAnswer::Refused(why)) => {
            Completion::GateAnswered(GateAnswer::Refused(short(&why)))
        }
        Completion::GateAnswered(GateAnswer::Open)
        | Completion::Claimed
        | Completion::Applied(_) => outcome,
    }
}
