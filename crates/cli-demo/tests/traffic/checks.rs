//! What is asked of a rollout that was seen: its users and its events have to tell the same.

use std::ops::Range;
use std::time::Duration;

use serde_json::Value;
use test_support::lab::load::{Counts, Failure};

use crate::rollout::SETTLE;
use crate::seen::Seen;

/// How long Traefik waits at most between two changes (`providersThrottleDuration`), and a second for a busy machine.
pub(crate) const PROPAGATION: Duration = Duration::from_secs(3);

/// What a busy machine may add to one step, a write or a look: as a rule that takes a tenth of a second.
pub(crate) const BUSY: Duration = Duration::from_secs(2);

impl Seen {
    /// How it ended, and that no request failed.
    #[track_caller]
    pub(crate) fn check_unnoticed(&self, status: i32) {
        assert_eq!(
            self.ended.status,
            Some(status),
            "it ended otherwise: {self}"
        );
        assert_eq!(self.report.counts().failed(), 0, "somebody noticed: {self}");
        self.check_sent();
    }

    /// That the client sent what was due, and was answered around each write: else its counts say less than they
    /// seem to.
    #[track_caller]
    pub(crate) fn check_sent(&self) {
        let (sent, missed) = (self.report.sent(), self.report.missed().len() as u64);
        // A machine that is busy makes any thread wait; what is missed then is no share of all.
        assert!(missed * 20 <= sent, "too much was missed: {self}");
        let due = self.rate * self.report.length().as_secs_f64();
        assert!(
            (sent + missed) as f64 >= 0.95 * due,
            "{due:.0} were due, and nobody knows of so many: {self}"
        );
        let writes = self
            .events
            .iter()
            .filter(|event| event["type"] == "applying");
        for write in writes {
            self.check_asked_around(self.moment(write));
        }
    }

    /// That from a second before this moment to four after it no two seconds on end were as good as without an answer.
    /// A client whose thread had to wait for less is one on a busy machine.
    #[track_caller]
    fn check_asked_around(&self, moment: Duration) {
        let in_two_seconds = 2.0 * self.rate;
        if in_two_seconds < 20.0 {
            return;
        }
        let end = (moment + Duration::from_secs(4)).min(self.report.length());
        let seconds = moment.as_secs().saturating_sub(1) as usize..end.as_secs() as usize;
        for second in seconds.start..seconds.end.saturating_sub(1) {
            let answered = self.report.within(second..second + 2).total();
            assert!(
                answered as f64 >= 0.1 * in_two_seconds,
                "a write at {moment:?}, and {answered} answers from {second} s on: {self}"
            );
        }
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
            "not everybody was answered by it: {after}; {self}"
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

    /// That it failed so soon after its start.
    #[track_caller]
    pub(crate) fn check_failed_within(&self, limit: Duration) {
        let took = self.at("failed").saturating_sub(self.at("started"));
        assert!(took <= limit, "failed late, after {took:?}: {self}");
    }

    /// That it went back as soon as it had failed: the traffic was home after `settle` and the few steps that it
    /// takes, and the release answered nobody any more as soon as the gateway can have heard of it.
    #[track_caller]
    pub(crate) fn check_back_at_once(&self) {
        let (failed, restored) = (self.at("failed"), self.at("traffic-restored"));
        // A write, a look whether it is there, and one whether it is effective.
        let took = restored.saturating_sub(failed);
        assert!(
            took <= SETTLE + 3 * BUSY,
            "restored late, {took:?} after it failed: {self}"
        );
        let mut after = self
            .events
            .iter()
            .skip_while(|event| event["type"] != "failed");
        let home = after.find(|event| {
            event["type"] == "applying" && event["desired"]["traffic"]["weight"] == "0%"
        });
        let home = home.map(|event| self.moment(event));
        let home = home.unwrap_or_else(|| panic!("never written home: {self}"));
        let (last, limit) = (self.last_of_release(), home + BUSY + PROPAGATION);
        assert!(
            last <= limit,
            "written home at {home:?}, and asked at {last:?}: {self}"
        );
    }

    /// When the release was asked for the last time: not before this; never: at the begin. Of a request that did not fail it is known in
    /// which second it was answered.
    fn last_of_release(&self) -> Duration {
        let is_asked = |counts: &Counts| counts.of("v2") > 0;
        let second = self.report.seconds().iter().rposition(is_asked);
        // What has no version came from no pod.
        let failures = self.report.failures().iter();
        let failures = failures.filter(|failure| failure.version.as_deref() != Some("v1"));
        let failed = failures.map(|failure| failure.due).max();
        let second = second.map(|second| Duration::from_secs(second as u64));
        second.max(failed).unwrap_or_default()
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
}

/// The first second that begins at this moment or later.
fn whole(moment: Duration) -> usize {
    moment.as_secs_f64().ceil() as usize
}

#[cfg(test)]
mod tests;
