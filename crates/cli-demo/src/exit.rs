//! Exit statuses: what a script learns from how the program ended.

use strategy_core::rollout::Outcome;

/// How the program ended. The numbers are part of its interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Promoted; for other commands: done, clear, accepted.
    Success = 0,
    /// Anything that has no number of its own: blocked, refused, no such journal, no connection.
    Failure = 1,
    /// Rolled back to the recorded start.
    RolledBack = 2,
    /// Stuck: it cannot go on by itself, and keeps its claim.
    Stuck = 3,
    /// Left in progress: detached, to be resumed.
    InProgress = 4,
    /// Passed to a successor. No command asks for that; a program that uses the library can, through
    /// the inbox.
    Superseded = 5,
    /// Left as it was, by order of a person.
    Abandoned = 6,
    /// Wrong options or a wrong rollout file; nothing was done.
    Usage = 64,
}

impl Exit {
    /// The number that the shell sees.
    pub const fn code(self) -> u8 {
        self as u8
    }
}

impl From<&Outcome> for Exit {
    fn from(outcome: &Outcome) -> Self {
        // The enum grows by minor versions; an outcome without a number of its own is status 1.
        match outcome {
            Outcome::Promoted => Self::Success,
            Outcome::RolledBack { .. } => Self::RolledBack,
            Outcome::Superseded { .. } => Self::Superseded,
            Outcome::Abandoned { .. } => Self::Abandoned,
            _ => Self::Failure,
        }
    }
}

#[cfg(test)]
mod tests {
    use strategy_core::rollout::Reason;

    use super::*;

    #[test]
    fn each_outcome_has_its_number() {
        let rolled_back = Outcome::RolledBack {
            reason: Reason::ResumedToRollBack,
        };
        let superseded = Outcome::Superseded {
            by: "next".parse().unwrap(),
        };
        let abandoned = Outcome::Abandoned { left: Vec::new() };
        let codes = [&Outcome::Promoted, &rolled_back, &superseded, &abandoned]
            .map(|outcome| Exit::from(outcome).code());
        assert_eq!(codes, [0, 2, 5, 6]);
        assert_eq!(
            [Exit::Failure, Exit::Stuck, Exit::InProgress, Exit::Usage].map(Exit::code),
            [1, 3, 4, 64]
        );
    }
}
