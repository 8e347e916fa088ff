//! Approvals: asked on the terminal if a person is there, else told how to be given.

use std::io::{self, BufRead, Write};
use std::path::Path;

use strategy_core::plan::{PlanDigest, StageName};
use strategy_core::rollout::{Command, Wish};
use tokio::sync::mpsc;

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

/// Prints a question and sends the next line that is typed.
///
/// A thread of its own, because reading a terminal cannot be cancelled; it ends with the process.
pub fn ask(question: &str, typed: mpsc::UnboundedSender<Typed>) {
    let mut error = io::stderr().lock();
    // A terminal that has gone answers nothing either.
    let _ = write!(error, "{question} [yes/no] ");
    let _ = error.flush();
    drop(error);
    std::thread::spawn(move || {
        let mut line = String::new();
        if matches!(io::stdin().lock().read_line(&mut line), Ok(bytes) if bytes > 0) {
            let _ = typed.send(Typed::read(&line));
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
}
