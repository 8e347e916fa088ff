//! A real [Prometheus](https://prometheus.io) as a child process.

use std::fs;
use std::io::ErrorKind;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use crate::child::{ChildError, Process, RunFolder, Watchdog, free_port};
use crate::programs::{Missing, prometheus as program, testbed_dir};

const NAME: &str = "prometheus";

/// Its storage, in its folder.
const STORAGE: &str = "data";

/// How often it is looked whether it listens, and how long.
const LOOK: Duration = Duration::from_millis(50);
const LOOKS: usize = 600;

/// Why Prometheus could not be started or ended.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PrometheusError {
    /// It is not installed.
    #[error(transparent)]
    Missing(#[from] Missing),
    /// It could not be run.
    #[error(transparent)]
    Child(#[from] ChildError),
    /// It was stopped before.
    #[error("Prometheus is stopped: start it again first")]
    Stopped,
    /// It did not listen.
    #[error("Prometheus does not listen on {address}; the end of its log:\n{log}")]
    Deaf {
        /// Where it was told to.
        address: String,
        /// The last lines that it wrote.
        log: String,
    },
}

/// A server on a port of the loopback interface, ended when dropped or when this process ends, whatever ended
/// that.
#[derive(Debug)]
pub struct Prometheus {
    process: Mutex<Option<Process>>,
    watchdog: Arc<Mutex<Watchdog>>,
    program: PathBuf,
    arguments: Vec<String>,
    port: u16,
    // Last: the folder is removed when the server does not write to it any more.
    folder: RunFolder,
}

impl Prometheus {
    /// Starts one with this configuration (`prometheus.yml`), as [`start_again`](Self::start_again) does.
    ///
    /// `files` are written beside it: name and text. `arguments` come after our own.
    ///
    /// # Errors
    /// When it is not installed, cannot be run, or does not listen within 30 s.
    pub fn start(
        config: &str,
        files: &[(&str, &str)],
        arguments: &[&str],
    ) -> Result<Self, PrometheusError> {
        Self::start_on(free_port()?, config, files, arguments)
    }

    /// As [`start`](Self::start), on this port.
    pub(crate) fn start_on(
        port: u16,
        config: &str,
        files: &[(&str, &str)],
        arguments: &[&str],
    ) -> Result<Self, PrometheusError> {
        let program = program()?;
        let folder = RunFolder::create(&testbed_dir().join("run"))?;
        for (name, text) in [&[("prometheus.yml", config)], files].concat() {
            let path = folder.path().join(name);
            fs::write(&path, text).map_err(file("write", &path))?;
        }
        let watchdog = Watchdog::start(folder.path()).map_err(|source| ChildError::Process {
            attempt: "start",
            program: "the watchdog (sh)",
            source,
        })?;
        let ours = [
            "--config.file=prometheus.yml".to_owned(),
            format!("--storage.tsdb.path={STORAGE}"),
            "--log.level=warn".to_owned(),
            format!("--web.listen-address=127.0.0.1:{port}"),
        ];
        let theirs = arguments.iter().map(|argument| (*argument).to_owned());
        let server = Self {
            process: Mutex::new(None),
            watchdog: Arc::new(Mutex::new(watchdog)),
            program,
            arguments: ours.into_iter().chain(theirs).collect(),
            port,
            folder,
        };
        server.start_again()?;
        Ok(server)
    }

    /// Starts it on the storage that is there, and returns when it listens; it may not be ready to be asked then.
    /// One that runs is stopped before.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    #[expect(
        clippy::disallowed_methods,
        reason = "what is waited for is another process"
    )]
    pub fn start_again(&self) -> Result<(), PrometheusError> {
        self.stop()?;
        let (arguments, folder) = (&self.arguments, self.folder.path());
        let mut process = Process::start(NAME, &self.program, arguments, folder, &self.watchdog)?;
        for _ in 0..LOOKS {
            process.check_alive()?;
            if TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
                *self.process() = Some(process);
                return Ok(());
            }
            thread::sleep(LOOK);
        }
        Err(PrometheusError::Deaf {
            address: self.url(),
            log: process.log_tail(),
        })
    }

    /// Kills it; nothing happens if it was stopped before.
    ///
    /// # Errors
    /// When it cannot be killed.
    pub fn stop(&self) -> Result<(), PrometheusError> {
        let process = self.process().take();
        process.map_or(Ok(()), |mut process| Ok(process.stop()?))
    }

    /// Kills it, and removes everything that it has stored.
    ///
    /// # Errors
    /// When it cannot be killed or its storage not be removed.
    pub fn forget(&self) -> Result<(), PrometheusError> {
        self.stop()?;
        let storage = self.folder.path().join(STORAGE);
        match fs::remove_dir_all(&storage) {
            Err(source) if source.kind() != ErrorKind::NotFound => {
                Err(file("remove", &storage)(source).into())
            }
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// Suspends it: it takes connections and does not answer, until [`resume`](Self::resume).
    ///
    /// # Errors
    /// When it does not run.
    pub fn pause(&self) -> Result<(), PrometheusError> {
        let process = self.process();
        let process = process.as_ref().ok_or(PrometheusError::Stopped)?;
        Ok(process.pause()?)
    }

    /// Lets it go on.
    ///
    /// # Errors
    /// When it does not run.
    pub fn resume(&self) -> Result<(), PrometheusError> {
        let process = self.process();
        let process = process.as_ref().ok_or(PrometheusError::Stopped)?;
        Ok(process.resume()?)
    }

    /// Looks whether it still runs.
    ///
    /// # Errors
    /// When it was stopped or has ended by itself.
    pub fn check_alive(&self) -> Result<(), PrometheusError> {
        let mut process = self.process();
        let process = process.as_mut().ok_or(PrometheusError::Stopped)?;
        Ok(process.check_alive()?)
    }

    /// Where it answers: `http://127.0.0.1:PORT`, also after it was started again.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
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

fn file(attempt: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> ChildError {
    ChildError::file(attempt, path)
}
