//! One program as a child process with a log.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};

use super::ChildError;
use super::watchdog::Watchdog;

/// How many lines of a log an error shows.
const LOG_TAIL: usize = 25;

/// A child process that does not outlive this value.
#[derive(Debug)]
pub struct Process {
    program: &'static str,
    child: Option<Child>,
    log: PathBuf,
    watchdog: Arc<Mutex<Watchdog>>,
}

impl Process {
    /// Starts `path` with `arguments`; what it prints is appended to `PROGRAM.log` in `folder`.
    ///
    /// # Errors
    /// [`ChildError`] when it cannot be started, or its log not be opened.
    pub fn start(
        program: &'static str,
        path: &Path,
        arguments: &[String],
        folder: &Path,
        watchdog: &Arc<Mutex<Watchdog>>,
    ) -> Result<Self, ChildError> {
        let log = folder.join(format!("{program}.log"));
        let failed = |source| ChildError::Process {
            attempt: "start",
            program,
            source,
        };
        let output = open_log(&log).map_err(ChildError::file("open the log", &log))?;
        let errors = output.try_clone().map_err(failed)?;
        let child = Command::new(path)
            .args(arguments)
            // A kubeconfig or a proxy of the person at the keyboard must not be picked up.
            .env_remove("KUBECONFIG")
            .env_remove("HTTP_PROXY")
            .env_remove("HTTPS_PROXY")
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(errors)
            .process_group(0)
            .spawn()
            .map_err(failed)?;
        let pid = child.id();
        let process = Self {
            program,
            child: Some(child),
            log,
            watchdog: Arc::clone(watchdog),
        };
        process.watchdog().guard(pid).map_err(failed)?;
        Ok(process)
    }

    /// Looks whether it still runs.
    ///
    /// # Errors
    /// [`ChildError::Ended`] if the program has ended by itself.
    pub fn check_alive(&mut self) -> Result<(), ChildError> {
        let program = self.program;
        let Some(child) = &mut self.child else {
            return Ok(());
        };
        let failed = |source| ChildError::Process {
            attempt: "look after",
            program,
            source,
        };
        match child.try_wait().map_err(failed)? {
            None => Ok(()),
            Some(status) => Err(ChildError::Ended {
                program,
                status,
                log: self.log_tail(),
            }),
        }
    }

    /// Kills the program and waits for its end; nothing happens if it was stopped before.
    ///
    /// # Errors
    /// [`ChildError::Process`] when it cannot be killed.
    pub fn stop(&mut self) -> Result<(), ChildError> {
        let Some(mut child) = self.child.take() else {
            return Ok(());
        };
        let program = self.program;
        let failed = |source| ChildError::Process {
            attempt: "stop",
            program,
            source,
        };
        child.kill().map_err(failed)?;
        child.wait().map_err(failed)?;
        self.watchdog().forget(child.id()).map_err(failed)
    }

    /// Returns when every thread of the program stands still: the signal alone leaves those that
    /// run on another core time for an answer or two.
    ///
    /// # Errors
    /// [`ChildError::Process`] when it is gone.
    pub fn pause(&self) -> Result<(), ChildError> {
        self.signal("pause", Signal::STOP, |pid| {
            waitid(WaitId::Pid(pid), WaitIdOptions::STOPPED).map(|_| ())
        })
    }

    /// Lets a paused program go on.
    ///
    /// # Errors
    /// [`ChildError::Process`] when it is gone.
    pub fn resume(&self) -> Result<(), ChildError> {
        self.signal("resume", Signal::CONT, |_| Ok(()))
    }

    fn signal(
        &self,
        attempt: &'static str,
        signal: Signal,
        taken: impl FnOnce(Pid) -> Result<(), Errno>,
    ) -> Result<(), ChildError> {
        let pid = self.child.as_ref().map(Pid::from_child).ok_or(Errno::SRCH);
        let done = pid.and_then(|pid| {
            kill_process(pid, signal)?;
            taken(pid)
        });
        done.map_err(|errno| ChildError::Process {
            attempt,
            program: self.program,
            source: errno.into(),
        })
    }

    /// Its name.
    #[must_use]
    pub fn program(&self) -> &'static str {
        self.program
    }

    /// The last lines that the program wrote.
    #[must_use]
    pub fn log_tail(&self) -> String {
        let text = fs::read(&self.log).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(LOG_TAIL)..].join("\n")
    }

    fn watchdog(&self) -> std::sync::MutexGuard<'_, Watchdog> {
        self.watchdog.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // If this fails the watchdog still has the process.
        let _ = self.stop();
    }
}

fn open_log(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).append(true).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(script: &str, folder: &Path) -> Process {
        let watchdog = Arc::new(Mutex::new(
            Watchdog::start(&folder.join("watched")).unwrap(),
        ));
        let arguments = ["-c".to_owned(), script.to_owned()];
        Process::start("sh", Path::new("sh"), &arguments, folder, &watchdog).unwrap()
    }

    #[test]
    fn a_program_that_ends_is_reported_with_the_end_of_its_log() {
        let folder = tempfile::tempdir().unwrap();
        let mut process = start("seq 1 40; echo no such flag >&2; exit 3", folder.path());
        let error = loop {
            if let Err(error) = process.check_alive() {
                break error.to_string();
            }
        };
        assert!(error.contains("no such flag"), "{error}");
        assert!(error.contains("exit status: 3"), "{error}");
        assert!(!error.contains("\n5\n"), "the whole log: {error}");
    }

    #[test]
    fn a_stopped_program_is_gone_and_can_be_stopped_again() {
        let folder = tempfile::tempdir().unwrap();
        let mut process = start("exec sleep 600", folder.path());
        let pid = Pid::from_child(process.child.as_ref().unwrap());
        process.check_alive().unwrap();
        process.stop().unwrap();
        assert_eq!(rustix::process::test_kill_process(pid), Err(Errno::SRCH));
        process.stop().unwrap();
        assert!(process.pause().is_err(), "nothing is left to pause");
    }
}
