//! Why a control plane could not be started or used.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use crate::child::ChildError;
use crate::programs::Missing;

/// Why a control plane could not be started or used.
///
/// `Debug` prints what `Display` prints, sources included: this is what a failing test shows.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum ControlPlaneError {
    /// A program has not been built.
    #[error(transparent)]
    Missing(#[from] Missing),
    /// A program could not be run.
    #[error(transparent)]
    Child(#[from] ChildError),
    /// Something was waited for too long.
    #[error("{what} within {limit:?}: {last}; the end of the log of {program}:\n{log}")]
    TooSlow {
        /// What did not come to be.
        what: &'static str,
        /// How long it was waited for.
        limit: Duration,
        /// What the last attempt said.
        last: String,
        /// The program in charge of it.
        program: &'static str,
        /// The last lines that it wrote.
        log: String,
    },
    /// A name that is not among the users of the control plane.
    #[error("no user {user:?}: choose among `TEST_USERS`")]
    NoSuchUser {
        /// The name asked for.
        user: String,
    },
    /// A key or certificate could not be made or read.
    #[error("cannot {attempt}: {reason}")]
    Credentials {
        /// What was attempted.
        attempt: &'static str,
        /// Why it failed.
        reason: String,
    },
    /// The API server refused a request or could not be reached.
    #[error("cannot {attempt} through the API server")]
    Api {
        /// What was attempted.
        attempt: &'static str,
        /// Why it failed.
        #[source]
        source: Box<kube::Error>,
    },
    /// Text that should have been JSON or YAML.
    #[error("cannot understand {what}: {reason}")]
    Syntax {
        /// Which text.
        what: &'static str,
        /// Why not.
        reason: String,
    },
}

impl fmt::Debug for ControlPlaneError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{self}")?;
        let mut source = std::error::Error::source(self);
        while let Some(error) = source {
            write!(formatter, ": {error}")?;
            source = error.source();
        }
        Ok(())
    }
}

impl ControlPlaneError {
    /// For `map_err` on a request to the API server.
    pub(crate) fn api(attempt: &'static str) -> impl Fn(kube::Error) -> Self {
        move |source| Self::Api {
            attempt,
            source: Box::new(source),
        }
    }

    /// For `map_err` on an operation on the file `path`.
    pub(crate) fn file(
        attempt: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(io::Error) -> Self {
        let failed = ChildError::file(attempt, path);
        move |source| failed(source).into()
    }
}
