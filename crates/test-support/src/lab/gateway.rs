//! The gateway of the lab: [Traefik](https://traefik.io/traefik) as a child process.

use std::fs;
use std::net::TcpStream;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use super::{GATEWAY_PORT, LabError};
use crate::child::{ChildError, Process, RunFolder, Watchdog, free_port};
use crate::control_plane::ControlPlane;
use crate::programs::{testbed_dir, traefik};

const NAME: &str = "traefik";

/// Its configuration and the certificates to trust, in its folder.
const CONFIGURATION: &str = "traefik.yml";
const AUTHORITY: &str = "authority.crt";

/// The entry point at which it tells its counts.
const METRICS: &str = "metrics";

/// How often it is looked whether it listens, and how long.
const LOOK: Duration = Duration::from_millis(50);
const LOOKS: usize = 600;

/// A Traefik that carries out Gateway API and Ingresses of a control plane, ended when dropped or when this process
/// ends, whatever ended that.
///
/// It is as its users run it: a change is carried out at once, and the next one up to two seconds after it
/// (`providers.providersThrottleDuration`), whichever routes, Services or pods they are of. What it says of a route comes
/// before that, within milliseconds of the write. It sends requests to the addresses of pods, of those EndpointSlices say that
/// they serve.
#[derive(Debug)]
pub struct Gateway {
    process: Mutex<Option<Process>>,
    watchdog: Arc<Mutex<Watchdog>>,
    program: PathBuf,
    metrics_port: u16,
    // Last: the folder is removed when nothing writes to it any more.
    folder: RunFolder,
}

impl Gateway {
    /// Starts one, as [`start_again`](Self::start_again) does.
    ///
    /// # Errors
    /// When it has not been built, cannot be run, or does not listen within 30 s.
    pub fn start(plane: &ControlPlane) -> Result<Self, LabError> {
        let program = traefik()?;
        let folder = RunFolder::create(&testbed_dir().join("run"))?;
        let metrics_port = free_port()?;
        let configuration = configuration(plane, metrics_port).to_string();
        for (name, text) in [(AUTHORITY, plane.ca()?), (CONFIGURATION, configuration)] {
            let path = folder.path().join(name);
            fs::write(&path, text).map_err(ChildError::file("write", &path))?;
        }
        let watchdog = Watchdog::start(folder.path()).map_err(|source| ChildError::Process {
            attempt: "start",
            program: "the watchdog (sh)",
            source,
        })?;
        let gateway = Self {
            process: Mutex::new(None),
            watchdog: Arc::new(Mutex::new(watchdog)),
            program,
            metrics_port,
            folder,
        };
        gateway.start_again()?;
        Ok(gateway)
    }

    /// Starts it, and returns when it listens; it may know no route then, and answer 404. One that runs is stopped
    /// before.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    #[expect(
        clippy::disallowed_methods,
        reason = "what is waited for is another process"
    )]
    pub fn start_again(&self) -> Result<(), LabError> {
        self.stop()?;
        // Named, so that none of the person's or the machine's is found.
        let arguments = [format!("--configfile={CONFIGURATION}")];
        let folder = self.folder.path();
        let mut process = Process::start(NAME, &self.program, &arguments, folder, &self.watchdog)?;
        for _ in 0..LOOKS {
            process.check_alive()?;
            let listens = |port| TcpStream::connect(("127.0.0.1", port)).is_ok();
            if listens(GATEWAY_PORT) && listens(self.metrics_port) {
                *self.process() = Some(process);
                return Ok(());
            }
            thread::sleep(LOOK);
        }
        Err(LabError::TooSlow {
            what: "the gateway did not listen",
            limit: LOOK * u32::try_from(LOOKS).unwrap_or(u32::MAX),
            last: format!("nobody takes connections on {}", self.url()),
            log: process.log_tail(),
        })
    }

    /// Kills it: connections break, and new ones are refused. Nothing happens if it was stopped before.
    ///
    /// # Errors
    /// When it cannot be killed.
    pub fn stop(&self) -> Result<(), LabError> {
        let process = self.process().take();
        process.map_or(Ok(()), |mut process| Ok(process.stop()?))
    }

    /// Suspends it: it takes connections and does not answer, until [`resume`](Self::resume).
    ///
    /// # Errors
    /// When it does not run.
    pub fn pause(&self) -> Result<(), LabError> {
        let process = self.process();
        Ok(process.as_ref().ok_or(LabError::Stopped)?.pause()?)
    }

    /// Lets it go on.
    ///
    /// # Errors
    /// When it does not run.
    pub fn resume(&self) -> Result<(), LabError> {
        let process = self.process();
        Ok(process.as_ref().ok_or(LabError::Stopped)?.resume()?)
    }

    /// Looks whether it still runs.
    ///
    /// # Errors
    /// When it was stopped or has ended by itself.
    pub fn check_alive(&self) -> Result<(), LabError> {
        let mut process = self.process();
        Ok(process.as_mut().ok_or(LabError::Stopped)?.check_alive()?)
    }

    /// Where it takes requests: `http://127.0.0.1:8000`. Which route a request takes is told by its header `Host`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{GATEWAY_PORT}")
    }

    /// Where it tells its counts, as `HOST:PORT`.
    #[must_use]
    pub fn metrics_address(&self) -> String {
        format!("127.0.0.1:{}", self.metrics_port)
    }

    /// What it counts, in the text format of Prometheus. Of a Service of an HTTPRoute that are
    /// `traefik_service_requests_total{code="200",service="NAMESPACE-SERVICE-http-PORT@kubernetesgateway",..}` and the
    /// histogram `traefik_service_request_duration_seconds`.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn metrics(&self) -> Result<String, LabError> {
        let failed = |source| LabError::Gateway {
            what: "its metrics",
            source: Box::new(source),
        };
        let client = reqwest::Client::builder().no_proxy().build();
        let address = format!("http://{}/metrics", self.metrics_address());
        let answer = client.map_err(failed)?.get(address).send().await;
        let answer = answer.and_then(reqwest::Response::error_for_status);
        answer.map_err(failed)?.text().await.map_err(failed)
    }

    /// The last lines that it wrote; empty while it is stopped.
    #[must_use]
    pub fn log_tail(&self) -> String {
        let process = self.process();
        process.as_ref().map(Process::log_tail).unwrap_or_default()
    }

    fn process(&self) -> MutexGuard<'_, Option<Process>> {
        // A panic elsewhere leaves the process as it was.
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The static configuration, as JSON, which is YAML.
fn configuration(plane: &ControlPlane, metrics_port: u16) -> Value {
    let provider = json!({
        "endpoint": plane.url(),
        "token": plane.admin_token(),
        "certAuthFilePath": AUTHORITY,
    });
    json!({
        "global": {"checkNewVersion": false, "sendAnonymousUsage": false},
        "entryPoints": {
            "web": {"address": format!("127.0.0.1:{GATEWAY_PORT}")},
            METRICS: {"address": format!("127.0.0.1:{metrics_port}")},
        },
        "providers": {"kubernetesGateway": provider, "kubernetesIngress": provider},
        "metrics": {"prometheus": {"entryPoint": METRICS, "addServicesLabels": true}},
    })
}
