//! What the checks notice of rollouts that are made up.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, UNIX_EPOCH};

use serde_json::{Value, json};
use test_support::lab::load::{Outcome, Report};

use crate::program::Ended;
use crate::seen::Seen;

const RATE: u64 = 40;
const LENGTH: u64 = 40;

const fn at(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

fn event(milliseconds: u64, kind: &str, more: &Value) -> Value {
    let mut event = json!({"at": milliseconds, "type": kind});
    let fields = more.as_object().cloned().unwrap_or_default();
    event.as_object_mut().unwrap().extend(fields);
    event
}

fn applying(milliseconds: u64, weight: &str) -> Value {
    let desired = json!({"traffic": {"weight": weight}});
    event(milliseconds, "applying", &json!({"desired": desired}))
}

/// Requests at [`RATE`] for [`LENGTH`] seconds, each ended as this says of when it was due, ten milliseconds later;
/// `None`: not sent, and nobody tells.
fn load(ends: impl Fn(u64) -> Option<(Option<&'static str>, Outcome)>) -> Report {
    let mut report = Report::made(UNIX_EPOCH, Duration::from_secs(LENGTH));
    for number in 0..RATE * LENGTH {
        let due = number * 1000 / RATE;
        if let Some((version, outcome)) = ends(due) {
            report = report.with_request(at(due), at(due + 10), version, outcome);
        }
    }
    report
}

fn good(version: &'static str) -> Option<(Option<&'static str>, Outcome)> {
    Some((Some(version), Outcome::Success))
}

fn seen(status: i32, events: Vec<Value>, report: Report) -> Seen {
    Seen {
        ended: Ended {
            status: Some(status),
            out: String::new(),
            err: String::new(),
            took: Duration::ZERO,
        },
        events,
        report,
        rate: RATE as f64,
    }
}

/// Half of the requests from 5 s on, the decision at 15 s, and home 200 ms later.
fn back() -> Vec<Value> {
    vec![
        event(1_000, "started", &Value::Null),
        applying(1_000, "0%"),
        applying(5_000, "50%"),
        event(8_000, "bake-began", &json!({"stage": "50%"})),
        event(15_000, "failed", &Value::Null),
        applying(15_000, "0%"),
        event(18_200, "traffic-restored", &Value::Null),
        applying(23_200, "0%"),
        event(24_000, "ended", &Value::Null),
    ]
}

/// The release answers every other request in these milliseconds.
fn half(due: u64, from: u64, to: u64) -> Option<(Option<&'static str>, Outcome)> {
    let is_of_release = (from..to).contains(&due) && (due * RATE / 1000).is_multiple_of(2);
    good(if is_of_release { "v2" } else { "v1" })
}

fn gone_back() -> Seen {
    seen(2, back(), load(|due| half(due, 5_100, 15_200)))
}

/// A release that was promoted: half, and then all of the requests.
fn promoted(ends: impl Fn(u64) -> Option<(Option<&'static str>, Outcome)>) -> Seen {
    let events = vec![
        event(1_000, "started", &Value::Null),
        applying(5_000, "50%"),
        event(8_000, "bake-began", &json!({"stage": "50%"})),
        applying(19_000, "100%"),
        event(22_000, "bake-began", &json!({"stage": "100%"})),
        event(34_500, "ended", &Value::Null),
    ];
    seen(0, events, load(ends))
}

fn arrived(due: u64) -> Option<(Option<&'static str>, Outcome)> {
    if due < 19_100 {
        half(due, 5_100, 19_100)
    } else {
        good("v2")
    }
}

/// That a check panics, and says this.
#[track_caller]
fn noticed(says: &str, check: impl FnOnce()) {
    let Err(panic) = catch_unwind(AssertUnwindSafe(check)) else {
        panic!("nothing was noticed, in place of {says:?}");
    };
    let said = panic.downcast::<String>().unwrap();
    assert!(said.contains(says), "{says:?} is not in: {said}");
}

#[test]
fn nothing_is_noticed_of_rollouts_that_went_as_they_should() {
    let promoted = promoted(arrived);
    promoted.check_unnoticed(0);
    promoted.check_shares(&["50%", "100%"]);
    promoted.check_arrived();
    let back = gone_back();
    back.check_unnoticed(2);
    back.check_failed_within(Duration::from_secs(14));
    back.check_left();
    back.check_back_at_once();
}

#[test]
fn an_end_and_a_failed_request_are_noticed() {
    noticed("it ended otherwise", || {
        promoted(arrived).check_unnoticed(2);
    });
    let one = |due| match due {
        12_000 => Some((None, Outcome::Reset)),
        _ => arrived(due),
    };
    noticed("somebody noticed", || promoted(one).check_unnoticed(0));
}

#[test]
fn requests_that_were_not_sent_are_noticed() {
    let quarter = |due| arrived(due).filter(|_| due % 200 == 0);
    noticed("nobody knows of so many", || {
        promoted(quarter).check_sent();
    });
    let until_its_thread_ended = |due| arrived(due).filter(|_| due < 37_000);
    noticed("nobody knows of so many", || {
        promoted(until_its_thread_ended).check_sent();
    });
    let mut some = promoted(arrived);
    for number in 0..RATE * LENGTH / 20 + 1 {
        some.report = some.report.with_missed(at(number * 10));
    }
    noticed("too much was missed", || some.check_sent());
}

#[test]
fn seconds_without_requests_around_a_write_are_noticed() {
    let silent = |due| arrived(due).filter(|_| !(19_900..22_000).contains(&due));
    let mut seen = promoted(silent);
    // Less than a twentieth, and known as missed.
    seen.report = (0..30).fold(seen.report, |report, number| {
        report.with_missed(at(20_000 + 50 * number))
    });
    noticed("a write at 19s, and 0 answers from 20 s on", || {
        seen.check_sent();
    });
    // One alone is one of a busy machine, and no matter far from a write.
    let one = |due| arrived(due).filter(|_| !(20_000..21_000).contains(&due));
    promoted(one).check_sent();
    let far = |due| arrived(due).filter(|_| !(28_000..29_900).contains(&due));
    promoted(far).check_sent();
}

#[test]
fn other_shares_than_the_weights_are_noticed() {
    let a_tenth = |due| match due {
        5_100..19_100 if due % 500 == 0 => good("v2"),
        5_100..19_100 => good("v1"),
        _ => arrived(due),
    };
    noticed("at 50%", || promoted(a_tenth).check_shares(&["50%"]));
    let one = |due| match due {
        30_000 => good("v1"),
        _ => arrived(due),
    };
    noticed("at 100%", || promoted(one).check_shares(&["100%"]));
    noticed("25% was hardly seen", || {
        promoted(arrived).check_shares(&["25%"]);
    });
    // Nothing of a weight counts from when another one is being written.
    let early = |due| match due {
        19_000..19_100 => good("v1"),
        _ => arrived(due),
    };
    promoted(early).check_shares(&["50%", "100%"]);
}

#[test]
fn a_gateway_that_carries_a_weight_out_late_is_noticed_if_no_busy_machine_is_as_late() {
    let until = |end| {
        move |due| match due {
            19_000.. if due < end => half(due, 0, 40_000),
            _ => arrived(due),
        }
    };
    promoted(until(23_900)).check_shares(&["50%", "100%"]);
    noticed("at 100%", || {
        promoted(until(24_500)).check_shares(&["100%"]);
    });
}

#[test]
fn a_weight_counts_from_its_bake_to_the_next_write_alone() {
    let events = vec![
        applying(5_000, "100%"),
        event(8_500, "bake-began", &json!({"stage": "100%"})),
        applying(20_500, "0%"),
    ];
    let while_written = |due| match due {
        8_300..20_600 => good("v2"),
        _ => good("v1"),
    };
    seen(2, events, load(while_written)).check_shares(&["100%"]);
}

#[test]
fn answers_of_stable_after_the_end_are_noticed() {
    let one = |due| match due {
        36_000 => good("v1"),
        _ => arrived(due),
    };
    noticed("not everybody", || promoted(one).check_arrived());
    let nobody = |due| arrived(due).filter(|_| due < 34_500);
    noticed("not everybody", || promoted(nobody).check_arrived());
}

#[test]
fn answers_of_the_release_after_it_went_back_are_noticed() {
    let one = |end| {
        move |due| match due {
            30_000 => end,
            _ => half(due, 5_100, 15_200),
        }
    };
    for end in [
        good("v2"),
        Some((Some("v2"), Outcome::ServerError)),
        Some((None, Outcome::ServerError)),
    ] {
        let seen = seen(2, back(), load(one(end)));
        noticed("after 18.2s", || seen.check_left());
        noticed("and asked at 30s", || seen.check_back_at_once());
    }
    // Nobody's failure but stable's own.
    let stable = Some((Some("v1"), Outcome::ServerError));
    let seen = seen(2, back(), load(one(stable)));
    seen.check_left();
    seen.check_back_at_once();
}

#[test]
fn a_late_way_home_is_noticed() {
    let with = |number: usize, event: Value| {
        let mut events = back();
        events[number] = event;
        events
    };
    let restored = with(6, event(24_100, "traffic-restored", &Value::Null));
    let late = seen(2, restored, load(|due| half(due, 5_100, 15_200)));
    noticed("restored late, 9.1s after it failed", || {
        late.check_back_at_once();
    });
    // Its word is that all is well, and requests tell otherwise.
    let late = seen(2, back(), load(|due| half(due, 5_100, 21_500)));
    noticed("written home at 15s, and asked at 21s", || {
        late.check_back_at_once();
    });
    let mut nothing = back();
    nothing.retain(|event| event["desired"]["traffic"]["weight"] != "0%");
    let never = seen(2, nothing, load(|due| half(due, 5_100, 15_200)));
    noticed("never written home", || never.check_back_at_once());
    noticed("failed late, after 14s", || {
        gone_back().check_failed_within(at(13_900));
    });
}
