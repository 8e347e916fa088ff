//! Approvals: asked on the terminal if a person is there, else told how to be given.

use std::io::{self, BufRead, Write};
use std::path::Path;

use strategy_core::plan::{PlanDigest, StageName};
use strategy_core::rollout::{Command, Wish};
use tokio::sync::mpsc;

use crate::render::plain::plain;

/// What a person typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Typed {
    /// Yes.
    Approve,
    /// No, roll back.
    Reject,
    /// Neither: asked again.
    Unclear,
}

impl Typed {
    /// Reads one line. Only a whole word counts, so that no stray key approves anything.
    pub fn read(line: &str) -> Self {
        match line.trim().to_ascii_lowercase().as_str() {
            "y" | "yes" | "approve" => Self::Approve,
            "n" | "no" | "reject" => Self::Reject,
            _ => Self::Unclear,
        }
    }

    /// The wish to send; `None`: nothing was said.
    pub fn wish(self, stage: &StageName, plan: &PlanDigest) -> Option<Wish> {
        match self {
            Self::Approve => Some(Wish::Approve {
                stage: stage.clone(),
                plan: plan.clone(),
            }),
            Self::Reject => Some(Wish::Reject),
            Self::Unclear => None,
        }
    }
}

/// What was typed, and to which question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// The stage that was asked about.
    pub stage: StageName,
    /// What was typed.
    pub typed: Typed,
}

/// Which stage waits for approval, as far as this process has heard.
#[derive(Clone, Debug, Default)]
pub struct Waiting {
    stage: Option<StageName>,
}

/// What follows from an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Follows {
    /// This is sent.
    Send(Wish),
    /// The same is asked once more.
    AskAgain,
    /// Nothing: the question is no longer open. Another stage may wait, and its question stands.
    Late {
        /// The stage that waits now.
        waits: Option<StageName>,
    },
}

impl Waiting {
    /// A stage waits; whether that is news.
    pub fn begin(&mut self, stage: &StageName) -> bool {
        self.stage.replace(stage.clone()).as_ref() != Some(stage)
    }

    /// No stage waits any more: its gate has opened, or the rollout goes elsewhere.
    pub fn end(&mut self) {
        self.stage = None;
    }

    /// What follows from an answer: an answer counts for the stage that was asked about and for no
    /// other, since nobody has seen the other one's question when the answer was begun.
    pub fn hear(&self, answered: &Answered, plan: &PlanDigest) -> Follows {
        if self.stage.as_ref() != Some(&answered.stage) {
            return Follows::Late {
                waits: self.stage.clone(),
            };
        }
        let wish = answered.typed.wish(&answered.stage, plan);
        wish.map_or(Follows::AskAgain, Follows::Send)
    }
}

/// What is asked about a stage.
pub fn question(stage: &StageName) -> String {
    format!("Approve stage `{stage}`?")
}

/// Prints a question that waits for an answer already.
pub fn show(question: &str) {
    let mut error = io::stderr().lock();
    // A terminal that has gone answers nothing either.
    let _ = write!(error, "{} [yes/no] ", plain(question));
    let _ = error.flush();
}

/// Prints a question about a stage and sends the next line that is typed.
///
/// A thread of its own, because reading a terminal cannot be cancelled; it ends with the process.
/// Where one still waits, this one reads the line after.
pub fn ask(question: &str, stage: &StageName, answers: mpsc::UnboundedSender<Answered>) {
    show(question);
    let stage = stage.clone();
    std::thread::spawn(move || {
        let mut line = String::new();
        if matches!(io::stdin().lock().read_line(&mut line), Ok(bytes) if bytes > 0) {
            let typed = Typed::read(&line);
            let _ = answers.send(Answered { stage, typed });
        }
    });
}

/// How an approval is given from another terminal.
pub fn how_to(journal: &Path, stage: &str) -> String {
    let journal = journal.display();
    format!(
        "stage `{stage}` waits for approval: `rollway approve --journal {journal}`, or \
         `rollway reject --journal {journal}`"
    )
}

/// A command of this process: its id is unique among those of all processes on this machine.
pub fn command(actor: &str, now: strategy_core::Timestamp, wish: Wish) -> Command {
    let id = format!("{}-{}-{}", wish.name(), now.as_millis(), std::process::id());
    Command::new(id, actor, wish)
}

/// Who sits here: the option's, else `$USER`.
pub fn actor(given: Option<&str>) -> String {
    let user = || {
        ["USER", "LOGNAME", "USERNAME"]
            .into_iter()
            .find_map(|name| std::env::var(name).ok().filter(|user| !user.is_empty()))
    };
    given
        .map(str::to_owned)
        .or_else(user)
        .unwrap_or_else(|| "somebody".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_words_are_answers() {
        for (line, typed) in [
            ("yes\n", Typed::Approve),
            ("Y\n", Typed::Approve),
            (" no \n", Typed::Reject),
            ("\n", Typed::Unclear),
            ("yess\n", Typed::Unclear),
        ] {
            assert_eq!(Typed::read(line), typed, "{line:?}");
        }
    }
    #[test]
    fn an_answer_counts_for_the_stage_that_was_asked_about() {
        let [first, second]: [StageName; 2] = ["5%", "100%"].map(StageName::from);
        let plan: PlanDigest = "0".repeat(64).parse().unwrap();
        let answered = |stage: &StageName, typed| Answered {
            stage: stage.clone(),
            typed,
        };
        let mut waiting = Waiting::default();
        assert!(waiting.begin(&first));
        assert!(!waiting.begin(&first), "asked twice");
        // Approved elsewhere, before anything was typed here.
        waiting.end();
        let late = |waits| Follows::Late { waits };
        for typed in [Typed::Approve, Typed::Reject, Typed::Unclear] {
            assert_eq!(waiting.hear(&answered(&first, typed), &plan), late(None));
        }
        assert!(waiting.begin(&second));
        for typed in [Typed::Approve, Typed::Reject, Typed::Unclear] {
            let follows = waiting.hear(&answered(&first, typed), &plan);
            assert_eq!(follows, late(Some(second.clone())), "{typed:?} for another");
        }
        assert_eq!(
            waiting.hear(&answered(&second, Typed::Unclear), &plan),
            Follows::AskAgain
        );
        assert_eq!(
            waiting.hear(&answered(&second, Typed::Reject), &plan),
            Follows::Send(Wish::Reject)
        );
        assert_eq!(
            waiting.hear(&answered(&second, Typed::Approve), &plan),
            Follows::Send(Wish::Approve {
                stage: second.clone(),
                plan
            })
        );
    }

    #[test]
    fn a_stage_that_waits_in_another_one_s_place_is_asked_about() {
        let mut waiting = Waiting::default();
        assert!(waiting.begin(&"5%".into()));
        assert!(waiting.begin(&"100%".into()));
    }
}
