//! Waiting, in real time: what is waited for here are other processes.

use std::panic::resume_unwind;
use std::thread;
use std::time::{Duration, Instant};

use tokio::runtime::Builder;

use super::ControlPlaneError;
use crate::child::ChildError;

/// The pause before the second attempt; it doubles up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_millis(200);

/// Runs `work` to its end on a runtime and a thread of its own, so that the caller may or may not
/// be async.
pub(crate) fn blocking<T: Send>(
    work: impl AsyncFnOnce() -> Result<T, ControlPlaneError> + Send,
) -> Result<T, ControlPlaneError> {
    let run = || {
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|source| ChildError::Process {
            attempt: "start a runtime for",
            program: "the client",
            source,
        })?;
        runtime.block_on(work())
    };
    thread::scope(|scope| {
        scope
            .spawn(run)
            .join()
            .unwrap_or_else(|panic| resume_unwind(panic))
    })
}

/// What [`poll`] learned from one attempt.
pub(crate) enum Attempt<T> {
    /// What was waited for.
    Done(T),
    /// Not yet, and why.
    NotYet(String),
}

/// Why [`poll`] gave up: the limit passed, and the last reason for "not yet".
pub(crate) struct GaveUp {
    pub(crate) last: String,
}

/// Repeats `attempt` with growing pauses until it is done, fails, or `limit` has passed.
#[expect(clippy::disallowed_methods, reason = "other processes take real time")]
pub(crate) async fn poll<T>(
    limit: Duration,
    mut attempt: impl AsyncFnMut() -> Result<Attempt<T>, ControlPlaneError>,
) -> Result<Result<T, GaveUp>, ControlPlaneError> {
    let began = Instant::now();
    let mut pause = FIRST_PAUSE;
    loop {
        match attempt().await? {
            Attempt::Done(value) => return Ok(Ok(value)),
            Attempt::NotYet(last) if began.elapsed() >= limit => return Ok(Err(GaveUp { last })),
            Attempt::NotYet(_) => tokio::time::sleep(pause).await,
        }
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}
