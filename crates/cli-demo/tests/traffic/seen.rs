//! What Rollway told while it worked, laid beside what a client counted.
#![allow(dead_code, reason = "tests and the bench need some of it each")]

use std::ops::Range;
use std::time::{Duration, UNIX_EPOCH};

use serde_json::Value;
use test_support::lab::load::{Failure, Report};

use crate::program::Ended;

/// A rollout, as its process and its users saw it.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) ended: Ended,
    /// Of all processes that worked on it.
    pub(crate) events: Vec<Value>,
    pub(crate) report: Report,
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

    /// How it ended, and that no request failed.
    #[track_caller]
    pub(crate) fn check_unnoticed(&self, status: i32) {
        assert_eq!(self.ended.status, Some(status), "{self}");
        assert_eq!(self.report.counts().failed(), 0, "{self}");
        self.check_sent();
    }

    /// That the client could send what was due: else its counts say less than they seem to.
    #[track_caller]
    pub(crate) fn check_sent(&self) {
        let missed = self.report.missed().len() as u64;
        // A machine that is busy makes any thread wait; what is missed then is no share of all.
        assert!(missed * 20 <= self.report.sent(), "{self}");
    }

    /// That each effective weight was the share of the requests that the release answered, within five
    /// standard deviations of a draw for each request; each of `weights` was seen.
    #[track_caller]
    pub(crate) fn check_shares(&self, weights: &[&str]) {
        for weight in weights {
            let counts = self.report.within(self.span(weight));
            let share = weight.trim_end_matches('%').parse::<f64>().unwrap() / 100.0;
            let (total, release) = (counts.total() as f64, counts.of("v2") as f64);
            let deviation = (total * share * (1.0 - share)).sqrt();
            eprintln!(
                "  at {weight}: {release} of {total} by the release, {:.1} deviations off",
                if deviation > 0.0 {
                    (release - total * share) / deviation
                } else {
                    0.0
                }
            );
            assert!(total >= 200.0, "{weight} was hardly seen: {self}");
            assert!(
                (release - total * share).abs() <= 5.0 * deviation,
                "at {weight}: {counts}; {self}"
            );
        }
    }

    /// That the release answered everybody from the end of the rollout on.
    #[track_caller]
    pub(crate) fn check_arrived(&self) {
        let after = self.report.within(whole(self.at("ended"))..usize::MAX);
        assert!(
            after.total() > 0 && after.of("v2") == after.total(),
            "{after}; {self}"
        );
    }

    /// That the release answered nobody from when the recorded traffic counted as effective.
    #[track_caller]
    pub(crate) fn check_left(&self) {
        let restored = self.at("traffic-restored");
        let after = self.report.within(whole(restored)..usize::MAX);
        assert!(after.total() > 0, "nobody asked after {restored:?}: {self}");
        assert_eq!(after.of("v2"), 0, "after {restored:?}: {after}; {self}");
        // What has no version came from no pod.
        let is_late =
            |failure: &&Failure| failure.due > restored && failure.version.as_deref() != Some("v1");
        let late = self.report.failures().iter().find(is_late);
        assert!(late.is_none(), "after {restored:?}: {late:?}; {self}");
    }

    /// Whole seconds of the load in which this weight was effective: from when its bake began up to the decision
    /// to write another one. While no process works on the rollout, it stays as it is.
    fn span(&self, weight: &str) -> Range<usize> {
        let moment = |event: Option<&Value>| event.map(|event| self.moment(event));
        let began = |event: &&Value| event["type"] == "bake-began" && event["stage"] == weight;
        let mut events = self.events.iter();
        let began = moment(events.find(began));
        let ends = |event: &&Value| {
            event["type"] == "applying" && event["desired"]["traffic"]["weight"] != weight
        };
        let ended = moment(events.find(ends)).unwrap_or_else(|| self.report.length());
        began.map_or(0..0, |began| whole(began)..ended.as_secs() as usize)
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

/// The first second that begins at this moment or later.
fn whole(moment: Duration) -> usize {
    moment.as_secs_f64().ceil() as usize
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
