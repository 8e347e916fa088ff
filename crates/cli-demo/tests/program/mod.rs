//! The program as a process, in a folder of its own.
#![allow(
    dead_code,
    unreachable_pub,
    reason = "each test that has it uses what it needs"
)]

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use strategy_core::Timestamp;
use strategy_core::driver::{Clock, FileJournal, SystemClock};
use strategy_core::rollout::{Phase, Rollout};
use tempfile::TempDir;
use tokio::process::{Child, Command};

/// Under this name the rollout file lies in the program's folder.
pub(crate) const FILE: &str = "rollout.yaml";
/// And there the journal of the rollout `shop-api`.
pub(crate) const JOURNAL: &str = ".rollway/shop-api.journal";

/// Real time: other processes are waited for.
pub(crate) async fn pause(time: Duration) {
    SystemClock.sleep_until(SystemClock.now() + time).await;
}

/// How often a journal is looked at.
const LOOK: Duration = Duration::from_millis(20);
/// Nothing in these tests takes so long, however busy the machine is.
const LIMIT: Duration = Duration::from_secs(300);

/// Where the program is called: a folder with a rollout file, a kubeconfig, a namespace.
pub(crate) struct Rollway {
    folder: TempDir,
    kubeconfig: PathBuf,
    namespace: String,
}

/// How a call ended, and what it said.
#[derive(Debug)]
pub(crate) struct Ended {
    /// `None`: a signal ended it.
    pub(crate) status: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
    pub(crate) took: Duration,
}

/// A call under way.
pub(crate) struct Running {
    child: Child,
    began: Timestamp,
    out: PathBuf,
    err: PathBuf,
}

impl Rollway {
    pub(crate) fn there(kubeconfig: PathBuf, namespace: &str, rollout: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(FILE), rollout).unwrap();
        Self {
            folder,
            kubeconfig,
            namespace: namespace.to_owned(),
        }
    }

    /// From now on as whom this kubeconfig names.
    pub(crate) fn set_kubeconfig(&mut self, kubeconfig: PathBuf) {
        self.kubeconfig = kubeconfig;
    }

    pub(crate) fn write(&self, rollout: &str) {
        std::fs::write(self.folder.path().join(FILE), rollout).unwrap();
    }

    /// A file in the folder where the program is called.
    pub(crate) fn put(&self, file: &str, text: &str) {
        std::fs::write(self.folder.path().join(file), text).unwrap();
    }

    /// From now on the kubeconfig leads nowhere, unless this context of it is named.
    pub(crate) fn elsewhere_by_default(&mut self) -> String {
        let text = std::fs::read_to_string(&self.kubeconfig).unwrap();
        let mut config: Value = serde_saphyr::from_str(&text).unwrap();
        let good = config["current-context"].as_str().unwrap().to_owned();
        let add = |list: &mut Value, item: Value| list.as_array_mut().unwrap().push(item);
        let nowhere = json!({"name": "nowhere", "cluster": {"server": "https://127.0.0.1:1"}});
        add(&mut config["clusters"], nowhere);
        let user = config["users"][0]["name"].clone();
        let context = json!({"cluster": "nowhere", "user": user});
        add(
            &mut config["contexts"],
            json!({"name": "nowhere", "context": context}),
        );
        config["current-context"] = json!("nowhere");
        self.put("two.kubeconfig", &config.to_string());
        self.kubeconfig = self.folder.path().join("two.kubeconfig");
        good
    }

    /// A program in the folder, to be called by the file.
    pub(crate) fn write_program(&self, name: &str, text: &str) {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(path, Permissions::from_mode(0o755)).unwrap();
    }

    pub(crate) fn set_mode(&self, file: &str, mode: u32) {
        let path = self.folder.path().join(file);
        std::fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }

    pub(crate) fn read(&self, file: &str) -> String {
        std::fs::read_to_string(self.folder.path().join(file)).unwrap()
    }

    pub(crate) fn has(&self, file: &str) -> bool {
        self.folder.path().join(file).exists()
    }

    /// `rollway` with these words and nothing else: neither cluster nor namespace.
    pub(crate) fn start(&self, words: &[&str]) -> Running {
        self.start_reading(words, Stdio::null())
    }

    fn start_reading(&self, words: &[&str], stdin: Stdio) -> Running {
        let streams = tempfile::tempdir_in(self.folder.path()).unwrap().keep();
        let [out, err] = ["out", "err"].map(|name| streams.join(name));
        let stream = |path: &PathBuf| Stdio::from(std::fs::File::create(path).unwrap());
        let mut command = Command::new(env!("CARGO_BIN_EXE_rollway"));
        command.args(words).current_dir(self.folder.path());
        command.stdin(stdin).kill_on_drop(true);
        command.stdout(stream(&out)).stderr(stream(&err));
        command
            .env("USER", "tester")
            .env("HOME", self.folder.path());
        for proxy in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "KUBECONFIG"] {
            command.env_remove(proxy).env_remove(proxy.to_lowercase());
        }
        Running {
            began: SystemClock.now(),
            child: command.spawn().unwrap(),
            out,
            err,
        }
    }

    pub(crate) async fn call(&self, words: &[&str]) -> Ended {
        self.start(words).ended().await
    }

    /// A command that talks to the cluster.
    pub(crate) fn start_there(&self, words: &[&str]) -> Running {
        self.start_there_reading(words, Stdio::null())
    }

    fn start_there_reading(&self, words: &[&str], stdin: Stdio) -> Running {
        let kubeconfig = self.kubeconfig.display().to_string();
        let there = ["--kubeconfig", &kubeconfig, "-n", &self.namespace];
        self.start_reading(&[words, &there].concat(), stdin)
    }

    /// `rollway run` with this as its standard input.
    pub(crate) fn run_reading(&self, stdin: Stdio) -> Running {
        self.start_there_reading(&["run", FILE], stdin)
    }

    pub(crate) async fn call_there(&self, words: &[&str]) -> Ended {
        self.start_there(words).ended().await
    }

    /// `rollway run`, with more options.
    pub(crate) fn run(&self, options: &[&str]) -> Running {
        self.start_there(&[&["run", FILE], options].concat())
    }

    /// `rollway status -o json`.
    pub(crate) async fn status(&self) -> Value {
        let ended = self.call(&["status", "-o", "json"]).await;
        assert_eq!(ended.status, Some(0), "{ended:?}");
        serde_json::from_str(&ended.out).unwrap()
    }

    /// Waits until the status is so.
    pub(crate) async fn until(&self, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        let began = SystemClock.now();
        let mut last = Value::Null;
        while SystemClock.now().since(began) < LIMIT {
            // The first record may not have been written yet.
            let ended = self.call(&["status", "-o", "json"]).await;
            if let Ok(status) = serde_json::from_str(&ended.out) {
                if is_so(&status) {
                    return status;
                }
                last = status;
            }
            pause(Duration::from_millis(50)).await;
        }
        panic!("never {what}: {last:#}");
    }
}

/// What a rollout was doing, and in which stage, as its journal tells; `None`: nothing was written yet.
type Seen = Option<(Phase, usize)>;

/// What a run was seen doing, one after the other, and since when; ends with its being settled.
#[derive(Debug)]
pub(crate) struct Progress(Vec<(Duration, Seen)>);

impl Progress {
    /// From the start of the process to the end of the rollout.
    pub(crate) fn length(&self) -> Duration {
        let settled = self.0.iter().find(|(_, seen)| is_settled(*seen));
        settled.unwrap().0
    }

    fn place(&self, seen: Seen) -> Option<usize> {
        self.0.iter().position(|(_, passed)| *passed == seen)
    }
}

const fn is_settled(seen: Seen) -> bool {
    matches!(seen, Some((Phase::Settled, _)))
}

impl Rollway {
    fn seen(&self) -> Seen {
        let recorded = FileJournal::peek(self.folder.path().join(JOURNAL)).ok()?;
        let rollout = Rollout::replay(&recorded.records, true).ok()?;
        let status = rollout.status();
        Some((status.phase, status.stage))
    }

    /// Runs to the end and notes what it was doing when.
    pub(crate) async fn watched(&self) -> (Ended, Progress) {
        let mut run = self.run(&[]);
        let mut progress = vec![(Duration::ZERO, None)];
        loop {
            let is_over = run.child.try_wait().unwrap().is_some();
            let seen = self.seen();
            if progress.last().is_some_and(|(_, last)| *last != seen) {
                progress.push((SystemClock.now().since(run.began), seen));
            }
            if is_over {
                return (run.ended().await, Progress(progress));
            }
            pause(LOOK).await;
        }
    }

    /// Lets it run to where the watched run was at `moment`, and kills it there.
    ///
    /// What it does is told by its journal, and by time only how long it has been doing that: ten runs
    /// at once take longer than one. If it does something later already, it is killed at once.
    pub(crate) async fn killed_at(&self, moment: Duration, watched: &Progress) -> Option<Duration> {
        let mut run = self.run(&[]);
        let place = watched.0.iter().rposition(|(at, _)| *at <= moment).unwrap();
        let (at, _) = watched.0[place];
        let mut arrived = None;
        while run.child.try_wait().unwrap().is_none() {
            let now = SystemClock.now();
            match watched.place(self.seen()) {
                Some(here) if here > place => break,
                Some(here) if here == place => {
                    let arrived = *arrived.get_or_insert(now);
                    if now.since(arrived) >= moment - at {
                        break;
                    }
                }
                Some(_) | None => {}
            }
            pause(LOOK).await;
        }
        run.kill().await
    }
}

impl Running {
    /// `kill -9`; how long it had lived, or `None` if it was over.
    pub(crate) async fn kill(mut self) -> Option<Duration> {
        let is_over = self.child.try_wait().unwrap().is_some();
        let lived = SystemClock.now().since(self.began);
        self.child.kill().await.unwrap();
        (!is_over).then_some(lived)
    }

    pub(crate) fn is_over(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// SIGTERM.
    pub(crate) fn terminate(&self) {
        self.signal(Signal::TERM);
    }

    /// SIGINT, as of Ctrl-C.
    pub(crate) fn interrupt(&self) {
        self.signal(Signal::INT);
    }

    fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id().unwrap()).unwrap();
        kill_process(Pid::from_raw(pid).unwrap(), signal).unwrap();
    }

    /// SIGSTOP: from now on it does nothing.
    pub(crate) fn stop(&self) {
        self.signal(Signal::STOP);
    }

    /// SIGCONT: from now on it does again.
    pub(crate) fn go_on(&self) {
        self.signal(Signal::CONT);
    }

    /// What it has said so far.
    pub(crate) fn so_far(&self) -> Ended {
        self.said(None)
    }

    pub(crate) async fn ended(mut self) -> Ended {
        let Ok(status) = tokio::time::timeout(LIMIT, self.child.wait()).await else {
            panic!("not over after {LIMIT:?}: {:?}", self.said(None));
        };
        let took = SystemClock.now().since(self.began);
        let mut ended = self.said(status.unwrap().code());
        ended.took = took;
        ended
    }

    fn said(&self, status: Option<i32>) -> Ended {
        Ended {
            status,
            out: std::fs::read_to_string(&self.out).unwrap(),
            err: std::fs::read_to_string(&self.err).unwrap(),
            took: Duration::ZERO,
        }
    }
}

impl Ended {
    #[track_caller]
    pub(crate) fn check(&self, status: i32, out: &str, err: &str) {
        let said = format!("status {:?}\n{}\n{}", self.status, self.out, self.err);
        assert_eq!(self.status, Some(status), "{said}");
        assert!(self.out.contains(out), "{out:?} is not on stdout: {said}");
        assert!(self.err.contains(err), "{err:?} is not on stderr: {said}");
    }
}
