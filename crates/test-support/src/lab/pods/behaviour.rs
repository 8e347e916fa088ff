//! How a pod behaves, as data.

use std::time::Duration;

use super::parse::{self, BehaviourError};

/// How the process of a pod behaves: from the annotation [`SERVES`](super::SERVES) and the tag of its
/// first container's image. The module [`pods`](super) has the grammar.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Behaviour {
    /// What the answers call themselves: the tag up to its first `_`, `latest` without a tag.
    pub version: String,
    /// How long an answer takes; `None`: as short as it gets.
    pub latency: Option<Latency>,
    /// How long the process takes from its start until it listens; nothing: at once.
    pub start: Duration,
    /// Whether the process lives.
    pub life: Life,
    /// What goes wrong with requests. The first that strikes decides.
    pub faults: Vec<Fault>,
}

/// How long answers take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Latency {
    /// Half of all answers take at most this long.
    pub median: Duration,
    /// 95 % of all answers take at most this long, of a log-normal distribution; equal to the median:
    /// every answer takes just as long.
    pub p95: Duration,
}

/// Whether the process of a pod lives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Life {
    /// For ever.
    #[default]
    Steady,
    /// It ends so long after it was ready, and at once each time it is started again: a crash loop,
    /// with a restart more every second.
    Crash {
        /// Nothing: it is never ready.
        after: Duration,
    },
    /// It is ready so long, then down so long, again and again, with a restart each time it comes back.
    Flap {
        /// Ready.
        up: Duration,
        /// Down.
        down: Duration,
    },
}

/// Something that goes wrong with requests.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Fault {
    /// What.
    pub kind: FaultKind,
    /// When and where.
    pub scope: Scope,
}

/// What goes wrong with requests. Shares are from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum FaultKind {
    /// This share is answered with status 500; each request by itself, with a `burst` of one.
    Errors {
        /// Of all requests, in the long run.
        share: f64,
        /// So many errors follow each other, request by request of a pod.
        burst: u32,
    },
    /// This share is never answered.
    Hang {
        /// Of all requests.
        share: f64,
    },
    /// This share is never answered: its connection is reset when the answer would have come.
    Reset {
        /// Of all requests.
        share: f64,
    },
    /// No connection is taken, though the pod is ready.
    Refuse,
}

/// When and where a fault strikes; everything of it has to hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Scope {
    /// From this age of the pod on.
    pub after: Duration,
    /// Only on this path and what is below it; `None`: on every path.
    pub path: Option<String>,
    /// Only from the first up to and without the second age of the pod *server*, which all pods share: an
    /// incident that strikes every version alike. `None`: at any time.
    pub between: Option<(Duration, Duration)>,
}

impl Behaviour {
    /// What an image and the annotation, if there is one, say together.
    ///
    /// The tag wins of latency, start and life; the faults of both are there, each in its own scope.
    ///
    /// # Errors
    /// [`BehaviourError`], which names the clause and says what is understood.
    pub fn parse(image: &str, annotation: Option<&str>) -> Result<Self, BehaviourError> {
        parse::behaviour(image, annotation)
    }
}

impl Scope {
    /// Whether it strikes whatever the path.
    pub(crate) fn strikes_at(&self, age: Duration, moment: Duration) -> bool {
        let in_window = self
            .between
            .is_none_or(|(from, to)| from <= moment && moment < to);
        age >= self.after && in_window
    }

    pub(crate) fn has_path(&self, path: &str) -> bool {
        self.path.as_deref().is_none_or(|wanted| {
            path.strip_prefix(wanted)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    }
}
