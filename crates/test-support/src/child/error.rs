//! Why a program could not be run beside a test.

use std::io;
use std::path::PathBuf;
use std::process::ExitStatus;

/// Why a program could not be run beside a test.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChildError {
    /// A file or folder of the run could not be read or written.
    #[error("cannot {attempt} {path}")]
    File {
        /// What was attempted.
        attempt: &'static str,
        /// On which file.
        path: PathBuf,
        /// Why it failed.
        #[source]
        source: io::Error,
    },
    /// A process could not be started or signalled.
    #[error("cannot {attempt} {program}")]
    Process {
        /// What was attempted.
        attempt: &'static str,
        /// On which program.
        program: &'static str,
        /// Why it failed.
        #[source]
        source: io::Error,
    },
    /// A program ended while it was waited for.
    #[error("{program} ended with {status}; the end of its log:\n{log}")]
    Ended {
        /// Which program.
        program: &'static str,
        /// How it ended.
        status: ExitStatus,
        /// The last lines that it wrote.
        log: String,
    },
    /// A server was stopped before.
    #[error("{program} is stopped: start it again first")]
    Stopped {
        /// Which program.
        program: &'static str,
    },
    /// A server did not listen.
    #[error("{program} does not listen on {address}; the end of its log:\n{log}")]
    Deaf {
        /// Which program.
        program: &'static str,
        /// Where it was told to.
        address: String,
        /// The last lines that it wrote.
        log: String,
    },
    /// No port of the loopback interface is free.
    #[error("no free port on 127.0.0.1 between {from} and {to}")]
    NoPort {
        /// First port tried.
        from: u16,
        /// One past the last port tried.
        to: u16,
    },
}

impl ChildError {
    /// For `map_err` on an operation on the file `path`.
    pub(crate) fn file(
        attempt: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::File {
            attempt,
            path: path.into(),
            source,
        }
    }
}
