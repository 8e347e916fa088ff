//! A probe at a moment that a test says, and questions for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value, json};
use strategy_core::analysis::Window;
use strategy_core::driver::Clock;
use strategy_core::{Part, Timestamp, Track};
use strategy_metrics::source::{Answer, HttpProbe, MetricSource, Question, SourceError};
use strategy_metrics::{Reading, Shape};

use crate::loopback::{Server, builder};

/// It is always noon, and between two looks at it a hundredth of a second passes.
#[derive(Clone, Debug)]
pub(crate) struct StillClock {
    looks: Arc<AtomicU32>,
    tick: Duration,
}

impl StillClock {
    /// With so much between two looks at it.
    pub(crate) fn ticking(tick: Duration) -> Self {
        Self {
            looks: Arc::default(),
            tick,
        }
    }
}

impl Default for StillClock {
    fn default() -> Self {
        Self::ticking(Duration::from_millis(10))
    }
}

/// Noon, in seconds since 1970.
pub(crate) const NOON: u64 = 43_200;

#[async_trait]
impl Clock for StillClock {
    fn now(&self) -> Timestamp {
        at(NOON)
    }
    fn elapsed(&self) -> Duration {
        self.tick * self.looks.fetch_add(1, Ordering::Relaxed)
    }
    async fn sleep_until(&self, _: Timestamp) {}
}

pub(crate) fn at(seconds: u64) -> Timestamp {
    Timestamp::from_millis(seconds * 1000)
}

/// The half minute before noon.
pub(crate) fn window() -> Window {
    Window {
        from: at(NOON - 30),
        to: at(NOON),
    }
}

pub(crate) fn probe() -> HttpProbe {
    HttpProbe::new(builder())
        .unwrap()
        .clock(StillClock::default())
}

/// Two requests, one after the other, to each track of a server.
pub(crate) fn metric(server: &Server, more: Value) -> Value {
    let mut metric = json!({
        "candidate": server.address, "stable": server.address,
        "requests": 2, "at-once": 1, "timeout": "500ms",
    });
    let fields = more.as_object().unwrap().clone();
    metric.as_object_mut().unwrap().extend(fields);
    metric
}

pub(crate) fn question_about(metric: Value, shape: Shape) -> Question {
    Question::new(metric, shape, Part::main(), Track::Candidate)
}

/// What is told of a server, with more said of the metric.
pub(crate) async fn read(
    server: &Server,
    more: Value,
    shape: Shape,
) -> Result<Answer, SourceError> {
    let question = question_about(metric(server, more), shape);
    probe().read(&question, window()).await
}

/// How many requests there were, and how many failed.
#[track_caller]
pub(crate) fn counted(answer: &Answer) -> (u64, u64) {
    let Reading::Told(strategy_metrics::Data::Events(events)) = &answer.reading else {
        panic!("{answer:?}");
    };
    assert!(events.by_unit.is_empty(), "{events:?}");
    (events.all.total, events.all.failed)
}
