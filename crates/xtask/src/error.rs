//! Why a task could not be done.

use std::io;
use std::path::PathBuf;
use std::process::ExitStatus;

/// Why a task could not be done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TaskError {
    #[error("cannot {attempt} {path}")]
    File {
        attempt: &'static str,
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("cannot start `{program}`: {mend}")]
    NotInstalled {
        program: String,
        mend: &'static str,
        #[source]
        source: io::Error,
    },
    #[error("`{command}` ended with {status}")]
    Failed { command: String, status: ExitStatus },
    #[error("cannot understand what `{command}` printed")]
    Unreadable {
        command: String,
        #[source]
        source: serde_json::Error,
    },
    #[error("{what} is up already, see {state}: end it with `{down}`")]
    AlreadyUp {
        what: &'static str,
        down: &'static str,
        state: PathBuf,
    },
    #[error("{what} was not left running: {state} is not there")]
    NotUp { what: &'static str, state: PathBuf },
    #[error("{what} has ended by itself; see {log}, and start it anew with `{up}`")]
    Ended {
        what: &'static str,
        up: &'static str,
        log: PathBuf,
    },
    #[error("{what} did not come up: {reason}; see {log}")]
    DidNotComeUp {
        what: &'static str,
        reason: String,
        log: PathBuf,
    },
    #[error("cannot build Traefik, the gateway of the lab")]
    NoGateway {
        #[source]
        source: Box<Self>,
    },
    #[error("there can be no lab here: {reason}")]
    NoLab { reason: String },
    #[error(
        "cannot install moto, which needs Python 3.11 or later with venv and pip, and packages from PyPI"
    )]
    NoMoto {
        #[source]
        source: Box<Self>,
    },
    #[error(
        "cannot install Prometheus, which needs apt-get and dpkg, and the mirror of a Debian or Ubuntu"
    )]
    NoPrometheus {
        #[source]
        source: Box<Self>,
    },
    #[error("{program} is there and does not start")]
    DoesNotStart { program: PathBuf },
    #[error("no benchmark is called {name}: there are {known}")]
    NoSuchBench { name: String, known: String },
    #[error("no fuzz target is called {name}: there are {known}")]
    NoSuchFuzzTarget { name: String, known: String },
    #[error("the benchmark {bench} printed a line that is no measurement: {line}")]
    NoMeasurement {
        bench: String,
        line: String,
        #[source]
        source: serde_json::Error,
    },
    #[error("no area is called {name}: there are {known}")]
    NoSuchArea { name: String, known: String },
    #[error("cannot understand {path}")]
    NoRust {
        path: PathBuf,
        #[source]
        source: syn::Error,
    },
    #[error("the sources do not compile with switches in them: {error}")]
    NoSwitches { error: String },
    #[error("cargo built no program of tests that is called {program}")]
    NoTests { program: &'static str },
    #[error("the tests with features `{features}` fail without a mutant: mend them first")]
    TestsFail { features: &'static str },
}

impl TaskError {
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

/// An error and what caused it, on one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = format!("error: {error}");
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(&format!(": {cause}"));
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_follow_what_they_caused() {
        let error = TaskError::file("read", "a/file")(io::Error::other("the disk is gone"));
        assert_eq!(chain(&error), "error: cannot read a/file: the disk is gone");
    }
}
