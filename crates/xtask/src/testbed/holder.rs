//! A process of ours that holds something until a person ends it.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::cargo::{RUST_IS_MISSING, cargo, run};
use crate::error::TaskError;
use crate::workspace;

/// What is held, and by which program of `test-support`.
///
/// The program is given a file. Once what it holds answers, it writes there, as JSON, its process id as `pid` and what
/// else there is to tell.
#[derive(Debug)]
pub(crate) struct Holder {
    /// As it is called in what we tell.
    pub(crate) what: &'static str,
    pub(crate) program: &'static str,
    /// In the folder of the test bed; the log lies beside it.
    pub(crate) state: &'static str,
    /// The commands that start and end it.
    pub(crate) up: &'static str,
    pub(crate) down: &'static str,
}

#[derive(Debug, Deserialize)]
struct Process {
    pid: u32,
}

impl Holder {
    /// Builds the program.
    pub(crate) fn build(&self) -> Result<PathBuf, TaskError> {
        build_program(self.program)
    }

    /// Starts it, and returns what it tells.
    ///
    /// # Errors
    /// When it runs already, or ends before it has told anything.
    pub(crate) fn start<Told: DeserializeOwned>(&self) -> Result<Told, TaskError> {
        let program = self.build()?;
        remove(&self.state())?;
        let log = self.log();
        let output = File::create(&log).map_err(TaskError::file("create the log", &log))?;
        let errors = output.try_clone();
        let errors = errors.map_err(TaskError::file("open the log", &log))?;
        let child = Command::new(&program)
            .arg(self.state())
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(errors)
            // Ctrl-C in the terminal that we were started from must not end it.
            .process_group(0)
            .spawn()
            .map_err(TaskError::file("start", &program))?;
        self.wait(child)
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "what is waited for is another process"
    )]
    fn wait<Told: DeserializeOwned>(&self, mut child: Child) -> Result<Told, TaskError> {
        loop {
            if let Some(told) = self.read()? {
                return Ok(told);
            }
            let ended = child.try_wait();
            let ended = ended.map_err(TaskError::file("wait for", self.program))?;
            if let Some(status) = ended {
                return Err(TaskError::DidNotComeUp {
                    what: self.what,
                    reason: format!("{} ended with {status}", self.program),
                    log: self.log(),
                });
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// # Errors
    /// When it runs.
    pub(crate) fn is_free(&self) -> Result<(), TaskError> {
        match self.read::<Process>()? {
            Some(process) if self.is_running(&process) => Err(TaskError::AlreadyUp {
                what: self.what,
                down: self.down,
                state: self.state(),
            }),
            Some(_) | None => Ok(()),
        }
    }

    /// What the one that runs has told.
    ///
    /// # Errors
    /// When none runs.
    pub(crate) fn told<Told: DeserializeOwned>(&self) -> Result<Told, TaskError> {
        let (Some(process), Some(told)) = (self.read::<Process>()?, self.read()?) else {
            return Err(self.is_not_up());
        };
        if self.is_running(&process) {
            return Ok(told);
        }
        Err(TaskError::Ended {
            what: self.what,
            up: self.up,
            log: self.log(),
        })
    }

    /// Ends it, and returns when it has ended.
    ///
    /// # Errors
    /// When none was started.
    #[expect(
        clippy::disallowed_methods,
        reason = "what is waited for is another process"
    )]
    pub(crate) fn end(&self) -> Result<(), TaskError> {
        let process: Process = self.read()?.ok_or_else(|| self.is_not_up())?;
        if self.is_running(&process) {
            run(
                Command::new("kill").arg(process.pid.to_string()),
                "install the `kill` program",
            )?;
            while self.is_running(&process) {
                std::thread::sleep(Duration::from_millis(20));
            }
        }
        remove(&self.state())
    }

    fn is_not_up(&self) -> TaskError {
        TaskError::NotUp {
            what: self.what,
            state: self.state(),
        }
    }

    fn read<Told: DeserializeOwned>(&self) -> Result<Option<Told>, TaskError> {
        let state = self.state();
        match fs::read_to_string(&state) {
            Ok(text) => {
                serde_json::from_str(&text)
                    .map(Some)
                    .map_err(|source| TaskError::Unreadable {
                        command: format!("cat {}", state.display()),
                        source,
                    })
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(source) => Err(TaskError::file("read", state)(source)),
        }
    }

    /// Whether the process is there and is the holder: its number may have become somebody else's.
    fn is_running(&self, process: &Process) -> bool {
        let mut command = Command::new("ps");
        command.args(["-ww", "-o", "args=", "-p", &process.pid.to_string()]);
        command
            .output()
            .is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains(self.program))
    }

    fn state(&self) -> PathBuf {
        workspace::testbed().join(self.state)
    }

    fn log(&self) -> PathBuf {
        self.state().with_extension("log")
    }
}

/// Builds a program of the workspace, and says where it is.
pub(crate) fn build_program(name: &str) -> Result<PathBuf, TaskError> {
    Ok(build_programs(&[name], &[])?.join(name))
}

/// Builds programs of the workspace, with more options of cargo's, and says in which folder they are.
pub(crate) fn build_programs(names: &[&str], options: &[&str]) -> Result<PathBuf, TaskError> {
    // With the features of the workspace's tests, so that nothing is built twice for them.
    let mut build = cargo();
    build.args(["build", "--workspace", "--all-features"]);
    build.args(options);
    for name in names {
        build.args(["--bin", name]);
    }
    run(&mut build, RUST_IS_MISSING)?;
    Ok(workspace::target().join("debug"))
}

fn remove(path: &Path) -> Result<(), TaskError> {
    match fs::remove_file(path) {
        Err(source) if source.kind() != ErrorKind::NotFound => {
            Err(TaskError::file("remove", path)(source))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}
