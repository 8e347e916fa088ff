//! A control plane of one's own: etcd, API server, controller manager, scheduler and a stand-in for
//! kubelets, as child processes on free ports of the loopback interface.
//!
//! ```no_run
//! use test_support::ControlPlane;
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let plane = ControlPlane::shared()?;
//! let namespace = plane.namespace()?;
//! let client = plane.client("my-test")?;
//! let pods: kube::Api<k8s_openapi::api::core::v1::Pod> = kube::Api::namespaced(client,
//! &namespace); assert!(pods.list(&Default::default()).await?.items.is_empty());
//! # Ok(())
//! # }
//! ```

mod access;
mod audit;
mod credentials;
mod error;
mod gate;
mod launch;
mod setup;
mod tags;
pub(crate) mod wait;

use std::path::PathBuf;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

pub use access::TEST_USERS;
pub use audit::AuditEvent;
pub use error::ControlPlaneError;
pub use gate::Gate;

use crate::child::RunFolder;
use crate::programs::{Programs, programs, testbed_dir};
use launch::Launched;
use wait::blocking;

/// Definitions of Gateway API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GatewayApi {
    /// None.
    Absent,
    /// v0.5, which has no GRPCRoute and serves HTTPRoute as `v1beta1` at best.
    Oldest,
    /// Those that were the newest when the test bed was made.
    Newest,
}

/// How to start a control plane.
#[derive(Clone, Debug)]
pub struct Options {
    /// Whether Istio's CustomResourceDefinitions are installed. Default: yes.
    pub istio: bool,
    /// Which CustomResourceDefinitions of Gateway API are installed. Default: the newest.
    pub gateway: GatewayApi,
    /// The longest that starting may take, after which the error shows the end of the log of the
    /// program that was waited for. Default: 60 s.
    pub start_limit: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            istio: true,
            gateway: GatewayApi::Newest,
            start_limit: Duration::from_secs(60),
        }
    }
}

/// A running control plane, stopped and removed when dropped.
///
/// Every method blocks its thread until it is done, and may be called from within an async runtime
/// and outside. Most take milliseconds; starting takes seconds, which stand still for everything
/// else on a current-thread runtime: call it there through `tokio::task::spawn_blocking`.
///
/// # Guarantees
/// Exactly the processes that this handle started are killed: on drop, also while unwinding from a
/// panic, and by a watchdog when this process ends in any other way, `kill -9` included.
#[derive(Debug)]
pub struct ControlPlane {
    launched: Mutex<Launched>,
    options: Options,
    programs: Programs,
    // Last: the folder is removed when no process writes to it any more.
    folder: RunFolder,
}

impl ControlPlane {
    /// Starts a control plane and waits until it answers and has two Ready nodes; takes 3 to 5 s.
    ///
    /// # Errors
    /// When a program is missing, ends, or does not answer within [`Options::start_limit`].
    pub fn start(options: Options) -> Result<Self, ControlPlaneError> {
        let programs = programs()?;
        let folder = RunFolder::create(&testbed_dir().join("run"))?;
        let launched = Launched::start(&programs, folder.path())?;
        let plane = Self {
            launched: Mutex::new(launched),
            options,
            programs,
            folder,
        };
        plane.wait_until_answering()?;
        plane
            .launched()
            .start_controllers(&plane.programs, plane.folder.path())?;
        plane.set_up()?;
        Ok(plane)
    }

    /// The control plane that all tests of this process share, started by the first that asks.
    ///
    /// It lives until the process ends. Tests keep apart by a [`namespace`](Self::namespace) each;
    /// one that stops or pauses the API server starts a control plane of its own.
    ///
    /// # Errors
    /// As [`start`](Self::start); every later call returns the same error.
    pub fn shared() -> Result<&'static Self, &'static ControlPlaneError> {
        static SHARED: OnceLock<Result<ControlPlane, ControlPlaneError>> = OnceLock::new();
        SHARED
            .get_or_init(|| Self::start(Options::default()))
            .as_ref()
    }

    /// Ends the API server at once (as `kill -9` does): connections break, and new ones are refused
    /// until [`start_api_server`](Self::start_api_server).
    ///
    /// # Errors
    /// When the process cannot be ended.
    pub fn stop_api_server(&self) -> Result<(), ControlPlaneError> {
        Ok(self.launched().api_server.stop()?)
    }

    /// Starts the API server again on the same port and the same data, and waits until it answers.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn start_api_server(&self) -> Result<(), ControlPlaneError> {
        self.launched()
            .start_api_server(&self.programs, self.folder.path())?;
        self.wait_until_answering()
    }

    /// Suspends the API server: connections stay open and nothing is answered, until
    /// [`resume_api_server`](Self::resume_api_server).
    ///
    /// # Errors
    /// When the process cannot be suspended.
    pub fn pause_api_server(&self) -> Result<(), ControlPlaneError> {
        Ok(self.launched().api_server.pause()?)
    }

    /// Lets a suspended API server go on.
    ///
    /// # Errors
    /// When the process cannot be resumed.
    pub fn resume_api_server(&self) -> Result<(), ControlPlaneError> {
        Ok(self.launched().api_server.resume()?)
    }

    /// Suspends the controller manager: objects can be written and nobody acts on it, until
    /// [`resume_controllers`](Self::resume_controllers).
    ///
    /// # Errors
    /// When the process cannot be suspended.
    pub fn pause_controllers(&self) -> Result<(), ControlPlaneError> {
        Ok(self.launched().controller_manager()?.pause()?)
    }

    /// Lets a suspended controller manager go on.
    ///
    /// # Errors
    /// When the process cannot be resumed.
    pub fn resume_controllers(&self) -> Result<(), ControlPlaneError> {
        Ok(self.launched().controller_manager()?.resume()?)
    }

    /// What the API server has answered since the start, oldest first; watches appear when they
    /// begin (`ResponseStarted`) and when they end (`ResponseComplete`).
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn audit_log(&self) -> Result<Vec<AuditEvent>, ControlPlaneError> {
        audit::read(&self.folder.path().join(launch::AUDIT_LOG))
    }

    /// The folder with everything that this control plane writes: logs of the programs as
    /// `NAME.log`.
    #[must_use]
    pub fn folder(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    fn launched(&self) -> std::sync::MutexGuard<'_, Launched> {
        // A panic elsewhere leaves the list of processes as it was, and they are to be killed all
        // the same.
        self.launched.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait_until_answering(&self) -> Result<(), ControlPlaneError> {
        let limit = self.options.start_limit;
        blocking(async || setup::answering(self, limit).await)
    }

    fn set_up(&self) -> Result<(), ControlPlaneError> {
        blocking(async || setup::populate(self, &self.options, &self.programs).await)
    }
}
