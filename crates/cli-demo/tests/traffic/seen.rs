//! What Rollway told while it worked, laid beside what a client counted.
#![allow(dead_code, reason = "tests and the bench need some of it each")]

use std::time::{Duration, UNIX_EPOCH};

use serde_json::Value;
use test_support::lab::load::Report;

use crate::program::Ended;

/// A rollout, as its process and its users saw it.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) ended: Ended,
    /// Of all processes that worked on it.
    pub(crate) events: Vec<Value>,
    pub(crate) report: Report,
    /// The requests a second that its client was told to send.
    pub(crate) rate: f64,
}

/// The events in what `rollway run -o json` has printed.
pub(crate) fn events(out: &str) -> Vec<Value> {
    // The last line may not be whole yet.
    let lines = out
        .lines()
        .map_while(|line| serde_json::from_str(line).ok());
    lines.collect()
}

impl Seen {
    /// The first event of this type.
    pub(crate) fn first(&self, kind: &str) -> Option<&Value> {
        self.events.iter().find(|event| event["type"] == kind)
    }

    /// When the first event of this type was, by the clock of the load.
    #[track_caller]
    pub(crate) fn at(&self, kind: &str) -> Duration {
        let event = self.first(kind);
        self.moment(event.unwrap_or_else(|| panic!("no {kind}: {self}")))
    }

    /// The names of the stages that were begun.
    pub(crate) fn stages(&self) -> Vec<&str> {
        let entered = self
            .events
            .iter()
            .filter(|event| event["type"] == "stage-entered");
        entered
            .map(|event| event["stage"].as_str().unwrap())
            .collect()
    }

    /// When an event was, by the clock of the load.
    pub(crate) fn moment(&self, event: &Value) -> Duration {
        let began = self.report.began().duration_since(UNIX_EPOCH).unwrap();
        Duration::from_millis(event["at"].as_u64().unwrap()).saturating_sub(began)
    }

    /// The figures of a run in one line.
    pub(crate) fn figures(&self) -> String {
        let seconds = |time: Option<Duration>| {
            let seconds = time.map(|time| format!("{:.1} s", time.as_secs_f64()));
            seconds.unwrap_or_else(|| "-".to_owned())
        };
        let at = |kind| self.first(kind).map(|event| self.moment(event));
        let failing = self.report.failing();
        let since = |moment: Option<Duration>| {
            let first = failing.as_ref().map(|failing| failing.start);
            seconds(
                moment
                    .zip(first)
                    .map(|(moment, first)| moment.saturating_sub(first)),
            )
        };
        format!(
            "status {:?} in {:.1?}; {} sent, {} missed, {} failed in {}, by the release {}; from the first failure to \
             the decision {}, to traffic restored {}",
            self.ended.status,
            self.ended.took,
            self.report.sent(),
            self.report.missed().len(),
            self.report.counts().failed(),
            seconds(failing.as_ref().map(|failing| failing.end - failing.start)),
            self.report.counts().of("v2"),
            since(at("failed")),
            since(at("traffic-restored")),
        )
    }
}

impl std::fmt::Display for Seen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{}\n{}", self.figures(), self.report)?;
        for event in &self.events {
            let mut event = event.clone();
            let at = self.moment(&event).as_secs_f64();
            let event = event.as_object_mut().unwrap();
            event.retain(|key, _| key != "rollout" && key != "at");
            writeln!(f, "{at:7.1} {}", Value::from(event.clone()))?;
        }
        for failure in self.report.failures().iter().take(20) {
            writeln!(f, "{failure:?}")?;
        }
        write!(f, "{}", self.ended.err)
    }
}
