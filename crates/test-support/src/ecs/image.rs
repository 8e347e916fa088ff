//! How the tasks of an image behave.

use std::time::Duration;

/// How a task behaves, told by the image of its first container.
///
/// An image that nobody told anything of is good: it runs half a minute after its task is created,
/// and answers health checks from then on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// From the creation of a task to `RUNNING`.
    pub(crate) starts_in: Duration,
    /// From `RUNNING` until it answers health checks; `None` if it never does.
    pub(crate) healthy_after: Option<Duration>,
    /// From `RUNNING` until it answers no health check any more; `None` if it goes on for ever.
    pub(crate) unhealthy_after: Option<Duration>,
    /// From `RUNNING` until its container exits; `None` if it never does.
    pub(crate) crashes_after: Option<(Duration, i32)>,
    /// Its container exits with this code before the task is `RUNNING`.
    pub(crate) exits_at_start: Option<i32>,
    /// The image cannot be pulled: its tasks never become `RUNNING`.
    pub(crate) is_missing: bool,
    /// The digest that a pull finds; `None`: one made from the name.
    pub(crate) digest: Option<String>,
}

impl Default for Image {
    fn default() -> Self {
        Self::good()
    }
}

impl Image {
    /// Starts in half a minute, answers health checks from then on, and runs for ever.
    pub const fn good() -> Self {
        Self {
            starts_in: Duration::from_secs(30),
            healthy_after: Some(Duration::ZERO),
            unhealthy_after: None,
            crashes_after: None,
            exits_at_start: None,
            is_missing: false,
            digest: None,
        }
    }

    /// Its container exits with code 1 so long after it was `RUNNING`.
    pub fn crashes_after(after: Duration) -> Self {
        Self {
            crashes_after: Some((after, 1)),
            ..Self::good()
        }
    }

    /// Its container exits with this code before the task is `RUNNING`.
    pub fn exits_at_start(code: i32) -> Self {
        Self {
            exits_at_start: Some(code),
            ..Self::good()
        }
    }

    /// Runs, and never answers a health check.
    pub fn never_healthy() -> Self {
        Self {
            healthy_after: None,
            ..Self::good()
        }
    }

    /// Cannot be pulled.
    pub fn missing() -> Self {
        Self {
            is_missing: true,
            ..Self::good()
        }
    }

    /// Stops answering health checks so long after it was `RUNNING`.
    pub fn unhealthy_after(after: Duration) -> Self {
        Self {
            unhealthy_after: Some(after),
            ..Self::good()
        }
    }

    /// From the creation of a task to `RUNNING`, instead of half a minute.
    #[must_use]
    pub const fn starting_in(mut self, starts_in: Duration) -> Self {
        self.starts_in = starts_in;
        self
    }

    /// From `RUNNING` until it answers health checks.
    #[must_use]
    pub const fn healthy_in(mut self, after: Duration) -> Self {
        self.healthy_after = Some(after);
        self
    }

    /// The digest that a pull finds from now on: a tag can be pointed to something else.
    #[must_use]
    pub fn with_digest(mut self, digest: impl Into<String>) -> Self {
        self.digest = Some(digest.into());
        self
    }
}
