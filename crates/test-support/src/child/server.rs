//! A program that answers on ports of the loopback interface, and can be stopped, suspended and started again.

use std::fs;
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use super::{ChildError, Process, RunFolder, Watchdog};

/// How often it is looked whether it listens, and how long.
const LOOK: Duration = Duration::from_millis(50);
const LOOKS: usize = 600;

/// What is started, and where it answers.
#[derive(Debug)]
pub struct Program {
    /// As errors and its log call it.
    pub name: &'static str,
    /// The file.
    pub path: PathBuf,
    /// What it is told.
    pub arguments: Vec<String>,
    /// The ports of 127.0.0.1 on which it listens when it is up; the first is the one that errors name.
    pub ports: Vec<u16>,
}

/// A server in a folder of its own, ended when dropped or when this process ends, whatever ended that.
#[derive(Debug)]
pub struct Server {
    process: Mutex<Option<Process>>,
    watchdog: Arc<Mutex<Watchdog>>,
    program: Program,
    // Last: the folder is removed when the server does not write to it any more.
    folder: RunFolder,
}

impl Server {
    /// Starts one in a new folder in `place`, as [`start_again`](Self::start_again) does.
    ///
    /// `files` are written there before: name and text.
    ///
    /// # Errors
    /// When it cannot be run, or does not listen within 30 s.
    pub fn start(
        program: Program,
        place: &Path,
        files: &[(&str, &str)],
    ) -> Result<Self, ChildError> {
        let folder = RunFolder::create(place)?;
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::write(&path, text).map_err(ChildError::file("write", &path))?;
        }
        let server = Self {
            process: Mutex::new(None),
            watchdog: Watchdog::shared(folder.path())?,
            program,
            folder,
        };
        server.start_again()?;
        Ok(server)
    }

    /// Starts it on what is in its folder, and returns when it listens on all of its ports. One that runs is stopped
    /// before.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    #[expect(
        clippy::disallowed_methods,
        reason = "what is waited for is another process"
    )]
    pub fn start_again(&self) -> Result<(), ChildError> {
        self.stop()?;
        let Program {
            name,
            path,
            arguments,
            ports,
        } = &self.program;
        let mut process = Process::start(name, path, arguments, self.folder(), &self.watchdog)?;
        let listens = |port: &u16| TcpStream::connect((Ipv4Addr::LOCALHOST, *port)).is_ok();
        for _ in 0..LOOKS {
            process.check_alive()?;
            if ports.iter().all(listens) {
                *self.process() = Some(process);
                return Ok(());
            }
            thread::sleep(LOOK);
        }
        Err(ChildError::Deaf {
            program: name,
            address: self.url(),
            log: process.log_tail(),
        })
    }

    /// Kills it: connections break, and new ones are refused. Nothing happens if it was stopped before.
    ///
    /// # Errors
    /// When it cannot be killed.
    pub fn stop(&self) -> Result<(), ChildError> {
        let process = self.process().take();
        process.map_or(Ok(()), |mut process| process.stop())
    }

    /// Suspends it: it takes connections and does not answer, until [`resume`](Self::resume).
    ///
    /// # Errors
    /// When it does not run.
    pub fn pause(&self) -> Result<(), ChildError> {
        self.running(|process| process.pause())
    }

    /// Lets it go on.
    ///
    /// # Errors
    /// When it does not run.
    pub fn resume(&self) -> Result<(), ChildError> {
        self.running(|process| process.resume())
    }

    /// Looks whether it still runs.
    ///
    /// # Errors
    /// When it was stopped or has ended by itself.
    pub fn check_alive(&self) -> Result<(), ChildError> {
        self.running(Process::check_alive)
    }

    /// Where it answers: `http://127.0.0.1:PORT`, also after it was started again.
    #[must_use]
    pub fn url(&self) -> String {
        let port = self.program.ports.first().copied().unwrap_or_default();
        format!("http://127.0.0.1:{port}")
    }

    /// The last lines that it wrote; empty while it is stopped.
    #[must_use]
    pub fn log_tail(&self) -> String {
        let process = self.process();
        process.as_ref().map(Process::log_tail).unwrap_or_default()
    }

    /// What it writes to.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    fn running(
        &self,
        what: impl FnOnce(&mut Process) -> Result<(), ChildError>,
    ) -> Result<(), ChildError> {
        let program = self.program.name;
        what(
            self.process()
                .as_mut()
                .ok_or(ChildError::Stopped { program })?,
        )
    }

    fn process(&self) -> MutexGuard<'_, Option<Process>> {
        // A panic elsewhere leaves the process as it was.
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;
    use crate::child::free_port;

    fn program(script: &str, ports: Vec<u16>) -> Program {
        Program {
            name: "sh",
            path: "sh".into(),
            arguments: vec!["-c".to_owned(), script.to_owned()],
            ports,
        }
    }

    #[test]
    fn one_that_is_stopped_can_be_stopped_and_started_again_and_nothing_else() {
        let place = tempfile::tempdir().unwrap();
        // Where it would listen if it were a server.
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let script = "cat told; exec sleep 600";
        let files = [("told", "hello\n")];
        let server = Server::start(program(script, vec![port]), place.path(), &files).unwrap();
        assert_eq!(server.url(), format!("http://127.0.0.1:{port}"));
        server.check_alive().unwrap();
        server.pause().unwrap();
        server.resume().unwrap();
        server.stop().unwrap();
        server.stop().unwrap();
        for refused in [server.check_alive(), server.pause(), server.resume()] {
            let refused = refused.unwrap_err();
            assert!(matches!(&refused, ChildError::Stopped { .. }), "{refused}");
            assert!(refused.to_string().contains("start it again"), "{refused}");
        }
        assert_eq!(server.log_tail(), "");
        server.start_again().unwrap();
        server.check_alive().unwrap();
        let folder = server.folder().to_owned();
        drop(server);
        assert!(!folder.exists());
    }

    #[test]
    fn one_that_ends_instead_of_listening_is_reported_with_its_log() {
        let place = tempfile::tempdir().unwrap();
        let ports = vec![free_port().unwrap()];
        let ended = Server::start(program("echo no; exit 3", ports), place.path(), &[]);
        let ended = ended.unwrap_err().to_string();
        assert!(ended.contains("exit status: 3"), "{ended}");
        assert!(ended.ends_with("no"), "{ended}");
    }
}
