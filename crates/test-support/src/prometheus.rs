//! A real [Prometheus](https://prometheus.io) as a child process.

use std::fs;
use std::io::ErrorKind;
use std::ops::Deref;

use crate::child::{ChildError, Program, Server, free_port};
use crate::programs::{Missing, prometheus as program, testbed_dir};

const CONFIGURATION: &str = "prometheus.yml";

/// Its storage, in its folder.
const STORAGE: &str = "data";

/// Why Prometheus could not be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PrometheusError {
    /// It is not installed.
    #[error(transparent)]
    Missing(#[from] Missing),
    /// It could not be run.
    #[error(transparent)]
    Child(#[from] ChildError),
}

/// A [`Server`] on a port of the loopback interface, with everything that one can be asked. When it listens, it may
/// not be ready to be asked.
#[derive(Debug)]
pub struct Prometheus {
    server: Server,
}

impl Prometheus {
    /// Starts one with this configuration (`prometheus.yml`).
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
        let ours = [
            format!("--config.file={CONFIGURATION}"),
            format!("--storage.tsdb.path={STORAGE}"),
            "--log.level=warn".to_owned(),
            format!("--web.listen-address=127.0.0.1:{port}"),
        ];
        let theirs = arguments.iter().map(|argument| (*argument).to_owned());
        let program = Program {
            name: "prometheus",
            path: program()?,
            arguments: ours.into_iter().chain(theirs).collect(),
            ports: vec![port],
        };
        let files = [&[(CONFIGURATION, config)], files].concat();
        let server = Server::start(program, &testbed_dir().join("run"), &files)?;
        Ok(Self { server })
    }

    /// Kills it, and removes everything that it has stored.
    ///
    /// # Errors
    /// When it cannot be killed or its storage not be removed.
    pub fn forget(&self) -> Result<(), ChildError> {
        self.stop()?;
        let storage = self.folder().join(STORAGE);
        match fs::remove_dir_all(&storage) {
            Err(source) if source.kind() != ErrorKind::NotFound => {
                Err(ChildError::file("remove", storage)(source))
            }
            Ok(()) | Err(_) => Ok(()),
        }
    }
}

impl Deref for Prometheus {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.server
    }
}
