//! What is wrong with recorded data, and where.

use std::fmt;

/// What is wrong, where in the file, and how to mend it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Problem {
    /// Line and column, in characters from 1; `None`: the whole.
    place: Option<(usize, usize)>,
    what: String,
}

impl Problem {
    pub(super) fn at(line: usize, column: usize, what: impl Into<String>) -> Self {
        Self {
            place: Some((line, column)),
            what: what.into(),
        }
    }

    pub(super) fn whole(what: impl Into<String>) -> Self {
        Self {
            place: None,
            what: what.into(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place {
            Some((line, column)) => write!(f, "{line}:{column}: {}", self.what),
            None => write!(f, " {}", self.what),
        }
    }
}
