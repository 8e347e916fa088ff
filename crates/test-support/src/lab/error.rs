//! Why there is no lab.

use std::fmt;
use std::time::Duration;

use super::namespace::NoNamespace;
use super::pods::PodsError;
use crate::child::ChildError;
use crate::control_plane::ControlPlaneError;
use crate::programs::Missing;
use crate::prometheus::PrometheusError;

/// Why the lab could not be started or used.
///
/// `Debug` prints what `Display` prints, sources included: this is what a failing test shows.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum LabError {
    /// A network of its own cannot be made here.
    #[error(transparent)]
    Namespace(#[from] NoNamespace),
    /// This process is in the machine's network. Use [`enter`](super::namespace::enter).
    #[error(
        "this process is not in the network of a lab: start it by `cargo xtask lab run -- COMMAND`, or let it go there \
         first (`namespace::enter`)"
    )]
    Outside,
    /// A program has not been built or installed.
    #[error(transparent)]
    Missing(#[from] Missing),
    /// A program could not be run.
    #[error(transparent)]
    Child(#[from] ChildError),
    /// The control plane could not be started or used.
    #[error(transparent)]
    ControlPlane(#[from] ControlPlaneError),
    /// Prometheus could not be started or used.
    #[error(transparent)]
    Prometheus(#[from] PrometheusError),
    /// The pods could not be served.
    #[error(transparent)]
    Pods(#[from] PodsError),
    /// The gateway was waited for too long.
    #[error("{what} within {limit:?}: {last}; the end of the log of the gateway:\n{log}")]
    TooSlow {
        /// What did not come to be.
        what: &'static str,
        /// How long it was waited for.
        limit: Duration,
        /// What the last attempt said.
        last: String,
        /// The last lines that it wrote.
        log: String,
    },
    /// The gateway could not be asked.
    #[error("cannot ask the gateway for {what}")]
    Gateway {
        /// What it was asked for.
        what: &'static str,
        /// Why not.
        #[source]
        source: Box<reqwest::Error>,
    },
}

impl fmt::Debug for LabError {
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
