//! Ends our child processes when this process ends without having done so.

use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex};

use super::ChildError;

/// Reads `+PID` and `-PID` lines and, when its input ends, kills those that are left and removes
/// the folder `$1` that they wrote to.
///
/// The input is a pipe whose only other end is ours, so it ends when we do, whatever ended us. A
/// parent-death signal would be Linux only, and is sent when the *thread* that started a child
/// ends, which for a test is too early.
const SCRIPT: &str = r#"
trap '' INT TERM HUP
pids=' '
while read -r line; do
  case "$line" in
    +*) pids="$pids${line#+} " ;;
    -*) pids="${pids%% ${line#-} *} ${pids#* ${line#-} }" ;;
  esac
done
for pid in $pids; do kill -KILL "$pid" 2>/dev/null; done
# The killed may still be busy with their last write.
rm -rf -- "$1" || { sleep 1; rm -rf -- "$1"; }
"#;

/// A shell that outlives us just long enough to end the processes entrusted to it.
#[derive(Debug)]
pub struct Watchdog {
    shell: Child,
    orders: Option<ChildStdin>,
}

impl Watchdog {
    /// One that removes `folder` at last.
    ///
    /// # Errors
    /// When `sh` cannot be started.
    pub fn start(folder: &Path) -> io::Result<Self> {
        let mut shell = Command::new("sh")
            .args(["-c", SCRIPT, "watchdog"])
            .arg(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // A signal for our whole group, as from a terminal or a test runner, must not take it
            // along.
            .process_group(0)
            .spawn()?;
        let orders = shell.stdin.take();
        Ok(Self { shell, orders })
    }

    /// One for several processes, that removes `folder` at last.
    ///
    /// # Errors
    /// When `sh` cannot be started.
    pub(crate) fn shared(folder: &Path) -> Result<Arc<Mutex<Self>>, ChildError> {
        let watchdog = Self::start(folder).map_err(|source| ChildError::Process {
            attempt: "start",
            program: "the watchdog (sh)",
            source,
        })?;
        Ok(Arc::new(Mutex::new(watchdog)))
    }

    /// From now on the process `pid` does not outlive us.
    ///
    /// # Errors
    /// When the shell is gone.
    pub fn guard(&mut self, pid: u32) -> io::Result<()> {
        self.order(&format!("+{pid}\n"))
    }

    /// The process `pid` has ended; its number may be somebody else's soon.
    ///
    /// # Errors
    /// When the shell is gone.
    pub fn forget(&mut self, pid: u32) -> io::Result<()> {
        self.order(&format!("-{pid}\n"))
    }

    fn order(&mut self, line: &str) -> io::Result<()> {
        match &mut self.orders {
            Some(orders) => orders.write_all(line.as_bytes()),
            None => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        drop(self.orders.take());
        let _ = self.shell.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sleeper() -> Child {
        Command::new("sleep").arg("600").spawn().unwrap()
    }

    #[test]
    fn what_is_guarded_dies_and_what_is_forgotten_lives() {
        let mut children = [sleeper(), sleeper(), sleeper()];
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data of a run");
        std::fs::create_dir(&data).unwrap();
        let mut watchdog = Watchdog::start(&data).unwrap();
        for child in &children {
            watchdog.guard(child.id()).unwrap();
        }
        watchdog.forget(children[1].id()).unwrap();
        assert!(data.exists());
        drop(watchdog);
        assert!(!data.exists());
        let [first, spared, last] = &mut children;
        assert!(!first.wait().unwrap().success());
        assert!(!last.wait().unwrap().success());
        assert_eq!(spared.try_wait().unwrap(), None);
        spared.kill().unwrap();
        spared.wait().unwrap();
    }
}
