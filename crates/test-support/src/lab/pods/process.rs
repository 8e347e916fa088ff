//! The process of one pod: alive or not, its answers, and its end.

use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use k8s_openapi::api::core::v1::Pod;
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::Instant;

use super::answers::{Answer, Answers, Ask};
use super::behaviour::{Behaviour, FaultKind};
use crate::lab::dice::Dice;

/// A process, shared by its connections and by what moves it on.
#[derive(Debug)]
pub(crate) struct Process {
    /// `NAMESPACE/NAME`.
    pub(crate) pod: String,
    pub(crate) address: IpAddr,
    pub(crate) behaviour: Behaviour,
    pub(crate) began: Instant,
    /// The object as it was last seen, for what is written to it.
    object: Mutex<Pod>,
    answers: Mutex<Answers>,
    run: watch::Sender<Run>,
    tasks: Mutex<Vec<AbortHandle>>,
}

/// Whether it listens, and in which of its runs: a connection lives only as long as the run in which it was
/// taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    number: u64,
    listens: bool,
    /// No run comes after it.
    is_over: bool,
}

impl Process {
    /// Not listening yet.
    pub(crate) fn new(
        identity: (String, IpAddr),
        behaviour: Behaviour,
        object: Pod,
        dice: Dice,
        now: Instant,
    ) -> Self {
        let (pod, address) = identity;
        Self {
            pod,
            address,
            began: now,
            object: Mutex::new(object),
            answers: Mutex::new(Answers::new(dice, &behaviour)),
            behaviour,
            run: watch::Sender::new(Run {
                number: 0,
                listens: false,
                is_over: false,
            }),
            tasks: Mutex::default(),
        }
    }

    /// The pod's object as it is now.
    pub(crate) fn see(&self, pod: &Pod) {
        let mut object = self.object.lock().unwrap_or_else(PoisonError::into_inner);
        object.clone_from(pod);
    }

    pub(crate) fn object(&self) -> Pod {
        let object = self.object.lock().unwrap_or_else(PoisonError::into_inner);
        object.clone()
    }

    /// The run that a connection belongs to that is taken now; `None`: none is taken.
    pub(crate) fn take(&self, now: Instant, moment: Duration) -> Option<Taken> {
        let watch = self.run.subscribe();
        let run = *watch.borrow();
        let age = now.saturating_duration_since(self.began);
        let is_refused =
            self.behaviour.faults.iter().any(|fault| {
                fault.kind == FaultKind::Refuse && fault.scope.strikes_at(age, moment)
            });
        (run.listens && !is_refused).then_some(Taken { run, watch })
    }

    /// Begins to listen, or ends with all of its connections.
    pub(crate) fn set_listens(&self, listens: bool) {
        self.run.send_if_modified(|run| {
            let has_changed = run.listens != listens && !run.is_over;
            if has_changed {
                run.listens = listens;
                run.number += 1;
            }
            has_changed
        });
    }

    pub(crate) fn run(&self) -> Run {
        *self.run.borrow()
    }

    pub(crate) fn answer(&self, path: &str, now: Instant, moment: Duration) -> Answer {
        let age = now.saturating_duration_since(self.began);
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers.next(&self.behaviour, Ask { path, age, moment })
    }

    /// What is ended with it.
    pub(crate) fn hold(&self, task: AbortHandle) {
        self.tasks().push(task);
    }

    /// It is gone for good. A task of its own that calls this must have nothing left to do.
    pub(crate) fn end(&self) {
        for task in self.tasks().drain(..) {
            task.abort();
        }
        self.run.send_modify(|run| {
            *run = Run {
                number: run.number + 1,
                listens: false,
                is_over: true,
            };
        });
    }

    pub(crate) fn is_over(&self) -> bool {
        self.run.borrow().is_over
    }

    fn tasks(&self) -> MutexGuard<'_, Vec<AbortHandle>> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The run that a connection was taken in.
#[derive(Debug)]
pub(crate) struct Taken {
    pub(crate) run: Run,
    watch: watch::Receiver<Run>,
}

impl Taken {
    /// Resolves when the run ends.
    pub(crate) async fn ended(&mut self) {
        let taken = self.run;
        // Without a sender, the process is no more.
        let _ended: Result<_, watch::error::RecvError> =
            self.watch.wait_for(|run| *run != taken).await.map(|_| ());
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    fn process() -> Process {
        let behaviour = Behaviour::parse("shop/web:v1", None).unwrap();
        let identity = ("shop/web".to_owned(), Ipv4Addr::LOCALHOST.into());
        let now = Instant::now();
        Process::new(identity, behaviour, Pod::default(), Dice::new(1), now)
    }

    fn take(process: &Process) -> Option<Taken> {
        process.take(Instant::now(), Duration::ZERO)
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_lives_as_long_as_its_run_though_another_follows_at_once() {
        let process = process();
        assert!(take(&process).is_none());
        process.set_listens(true);
        let mut taken = take(&process).unwrap();
        process.set_listens(true);
        let wait = Duration::from_secs(60);
        let lives = tokio::time::timeout(wait, taken.ended()).await;
        assert!(lives.is_err());
        process.set_listens(false);
        process.set_listens(true);
        let ends = tokio::time::timeout(wait, taken.ended()).await;
        assert!(ends.is_ok());
    }

    #[test]
    fn what_is_over_does_not_come_back() {
        let process = process();
        process.set_listens(true);
        process.end();
        process.set_listens(true);
        assert!(take(&process).is_none());
        assert!(process.is_over());
    }
}
