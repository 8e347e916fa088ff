//! How much is kept of words that come from outside: a journal must not grow with them.

use super::command::{Alarm, Command};
use super::input::{Completion, Failure, Input};
use crate::analysis::{Measurement, Verdict};
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
                    verdict: verdict(measurement.verdict),
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

fn verdict(said: Verdict) -> Verdict {
    match said {
        Verdict::Inconclusive(why) => Verdict::Inconclusive(short(&why)),
        Verdict::Pass | Verdict::Warn | Verdict::Fail | Verdict::Undecided => said,
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::Memory;
    use crate::rollout::{LookId, Wish};
    use crate::target::{Certainty, EffectId, TargetErrorKind};

    /// Every input that brings words, with these in place of those that are long and brief.
    fn saying(long: &str, brief: &str) -> Vec<Input> {
        let id = EffectId(7);
        let look = LookId {
            check: "errors".into(),
            number: 3,
        };
        let failure = Failure {
            kind: TargetErrorKind::Conflict,
            certainty: Certainty::MayBeTaken,
            message: long.to_owned(),
        };
        let ended = |outcome| Input::EffectSucceeded { id, outcome };
        let mut command = Command::new("one", brief, Wish::Retry).in_role("lead");
        command.reason = long.to_owned();
        vec![
            ended(Completion::HookRan(HookReport {
                passed: true,
                summary: long.to_owned(),
            })),
            ended(Completion::GateAnswered(GateAnswer::Closed(
                long.to_owned(),
            ))),
            ended(Completion::GateAnswered(GateAnswer::Refused(
                long.to_owned(),
            ))),
            ended(Completion::GateAnswered(GateAnswer::Open)),
            ended(Completion::Claimed),
            Input::EffectFailed {
                id,
                failure: failure.clone(),
            },
            Input::ObserveFailed {
                part: crate::Part::main(),
                ticket: crate::rollout::Ticket(2),
                failure: failure.clone(),
            },
            Input::MeasureFailed {
                look: look.clone(),
                failure,
            },
            Input::Measured {
                look: look.clone(),
                measurement: Measurement {
                    verdict: Verdict::Inconclusive(long.to_owned()),
                    evidence: long.to_owned(),
                    memory: Memory::new("kept whole".to_owned()).unwrap(),
                },
            },
            Input::Measured {
                look,
                measurement: Measurement {
                    verdict: Verdict::Fail,
                    evidence: long.to_owned(),
                    memory: Memory::new("kept whole".to_owned()).unwrap(),
                },
            },
            Input::Commanded(command),
            Input::AlarmRaised(Alarm::new("two", brief, long)),
            Input::TimePassed,
        ]
    }

    #[test]
    fn words_are_cut_and_nothing_else_is_changed() {
        let words = |count| "ö".repeat(count);
        let bounded = |inputs: Vec<Input>| inputs.into_iter().map(Input::bounded);
        let long: Vec<Input> = bounded(saying(&words(501), &words(101))).collect();
        assert_eq!(long, saying(&words(500), &words(100)));
        let kept: Vec<Input> = bounded(saying("two words", "one")).collect();
        assert_eq!(kept, saying("two words", "one"));
    }
}
