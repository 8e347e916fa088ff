//! Each behaviour, as the load client sees it.

use std::time::Duration;

use test_support::lab::load::{Connections, Load, Method, Outcome, Report};
use test_support::lab::pods::{SERVES, Served, Written};

use super::{
    NOTICE, load, milliseconds, pod, server, server_that_notices_after, tally, to, until, written,
};

/// Ready, restarts and reason of everything that was written, without its times.
fn words(written: &[Written]) -> Vec<(bool, u32, Option<&'static str>)> {
    written
        .iter()
        .map(|written| (written.is_ready, written.restarts, written.waits_for))
        .collect()
}

const CRASHED: Option<&str> = Some("CrashLoopBackOff");

#[test]
fn errors_come_in_their_share_and_under_their_version() {
    let server = server();
    server.put(&pod(1, "v2_errors-30"));
    let load = Load::start(&to(&server, 1, 400.0)).unwrap();
    // So many at least: a standard deviation is 3.2 %.
    until(&load, |report| report.sent() >= 200);
    let report = load.stop();
    let share = report.counts().with(Outcome::ServerError) as f64 / report.sent() as f64;
    assert!((0.14..0.46).contains(&share), "{report}");
    assert_eq!(report.counts().of("v2"), report.sent(), "{report}");
    let errors = report.counts().with(Outcome::ServerError);
    assert_eq!(server.tally().with(Served::Answered(500)), errors);
    assert!(
        report
            .failures()
            .iter()
            .all(|failure| failure.status == Some(500))
    );
}

#[test]
fn a_fault_of_one_path_strikes_there_alone() {
    let server = server();
    server.put(&pod(1, "v2_errors-100_on-cart"));
    for (path, fails) in [("/", false), ("/cart?item=1", true), ("/cart/pay", true)] {
        let mut options = to(&server, 1, 50.0);
        options.path = path.to_owned();
        let report = load(&options, milliseconds(100));
        let failed = if fails { report.sent() } else { 0 };
        assert_eq!(report.counts().failed(), failed, "{path}: {report}");
    }
}

#[test]
fn a_fault_that_comes_late_spares_who_came_before() {
    let server = server();
    let put = server.age();
    server.put(&pod(1, "v2_errors-100_after-500ms"));
    let load = Load::start(&to(&server, 1, 100.0)).unwrap();
    let ahead = server.age() - load.age();
    until(&load, |report| report.counts().failed() > 0);
    let report = load.stop();
    let failing = report.failing().unwrap();
    assert!(failing.start + ahead >= put + milliseconds(500), "{report}");
    // But for a machine that sent nothing in half a second.
    assert!(report.counts().failed() < report.sent() || report.latest() > milliseconds(400));
}

#[test]
fn an_incident_strikes_all_versions_at_the_same_time() {
    let server = server();
    let mut pods = [pod(1, "v1"), pod(2, "v2")];
    let from = server.age().as_millis() + 300;
    for pod in &mut pods {
        let annotations = pod.metadata.annotations.as_mut().unwrap();
        let incident = format!("errors-100_between-{from}ms-{}ms", from + 1_000);
        annotations.insert(SERVES.to_owned(), incident);
        server.put(pod);
    }
    let loads = [1, 2].map(|number| Load::start(&to(&server, number, 50.0)).unwrap());
    let ahead = server.age() - loads[0].age();
    for load in loads {
        let failed = until(&load, |report| report.counts().failed() > 0);
        let first = failed.failing().unwrap().start + ahead;
        assert!(first.as_millis() >= from, "{failed}");
        let good = |report: &Report| report.counts().with(Outcome::Success);
        let before = good(&failed);
        // Everything is well again.
        until(&load, |report| good(report) > before + 5);
    }
}

#[test]
fn a_pod_that_hangs_is_a_time_out() {
    let server = server();
    server.put(&pod(1, "v2_hang"));
    let mut options = to(&server, 1, 50.0);
    options.time_limit = milliseconds(200);
    let report = load(&options, milliseconds(200));
    assert_eq!(
        report.counts().with(Outcome::TimedOut),
        report.sent(),
        "{report}"
    );
    // Nobody said which version it was.
    assert_eq!(report.counts().of_nobody(), report.sent());
    let first = &report.failures()[0];
    assert!(first.ended - first.due >= milliseconds(200), "{first:?}");
    // Some may not have been taken before that.
    let tally = tally(&server, 1);
    assert!(tally.with(Served::Abandoned) > 0, "{tally}");
    assert_eq!(tally.with(Served::Answered(200)), 0, "{tally}");
}

#[test]
fn a_pod_that_resets_breaks_the_connection_of_some_requests_and_serves_the_others() {
    let server = server();
    server.put(&pod(1, "v2_reset-30"));
    for method in [Method::Post, Method::Get] {
        let before = server.tally();
        let mut options = to(&server, 1, 200.0);
        options.method = method;
        let load = Load::start(&options).unwrap();
        until(&load, |report| report.counts().total() >= 50);
        let report = load.stop();
        let counts = report.counts();
        let reset = server.tally().with(Served::Reset) - before.with(Served::Reset);
        assert!(reset > 0, "{report}");
        assert_eq!(counts.with(Outcome::Reset), reset, "{report}");
        assert_eq!(counts.with(Outcome::Success), report.sent() - reset);
    }
    server.check().unwrap();
}

#[test]
fn a_pod_that_refuses_takes_no_connection_though_it_is_ready() {
    let server = server();
    server.put(&pod(1, "v2_refuse"));
    for connections in [Connections::KeptAlive, Connections::OnePerRequest] {
        let mut options = to(&server, 1, 50.0);
        options.connections = connections;
        let report = load(&options, milliseconds(150));
        assert_eq!(
            report.counts().with(Outcome::Reset),
            report.sent(),
            "{report}"
        );
    }
    assert_eq!(server.tally().of("v2"), 0);
    assert_eq!(words(&written(&server, 1)), [(true, 0, None)]);
}

#[test]
fn a_slow_start_refuses_until_it_listens_and_is_ready_then() {
    let server = server();
    let put = server.age();
    server.put(&pod(1, "v2_start-400ms"));
    let load = Load::start(&to(&server, 1, 100.0)).unwrap();
    let ahead = server.age() - load.age();
    until(&load, |report| report.counts().of("v2") > 0);
    let report = load.stop();
    let counts = report.counts();
    assert_eq!(counts.with(Outcome::Reset), counts.failed(), "{report}");
    let answered = report
        .seconds()
        .iter()
        .position(|counts| counts.of("v2") > 0);
    let ends = Duration::from_secs(answered.unwrap() as u64 + 1);
    assert!(ends + ahead >= put + milliseconds(400), "{report}");
    assert!(
        counts.failed() > 0 || report.latest() > milliseconds(300),
        "{report}"
    );
    let written = written(&server, 2);
    assert_eq!(words(&written), [(false, 0, None), (true, 0, None)]);
    let ready = put + milliseconds(400) + NOTICE;
    assert!(written[1].at >= ready, "{written:?}");
}

#[test]
fn a_crash_loop_takes_no_request_and_its_restarts_climb() {
    let server = server();
    server.put(&pod(1, "v2_crash"));
    let report = load(&to(&server, 1, 50.0), milliseconds(300));
    assert_eq!(report.counts().failed(), report.sent(), "{report}");
    let written = written(&server, 2);
    assert_eq!(words(&written), [(false, 1, CRASHED), (false, 2, CRASHED)]);
    assert!(written[1].at >= milliseconds(1_000) + NOTICE, "{written:?}");
}

#[test]
fn a_crash_is_felt_before_the_status_tells_of_it() {
    let server = server_that_notices_after(milliseconds(2_000));
    let put = server.age();
    server.put(&pod(1, "v2_crash-500ms"));
    let load = Load::start(&to(&server, 1, 100.0)).unwrap();
    let ahead = server.age() - load.age();
    let report = until(&load, |report| report.counts().failed() > 0);
    drop(load);
    let felt = report.failing().unwrap().start + ahead;
    assert!(felt >= put + milliseconds(500), "{report}");
    assert!(report.counts().of("v2") > 0, "{report}");
    let written = written(&server, 2);
    assert_eq!(words(&written), [(true, 0, None), (false, 1, CRASHED)]);
    assert!(felt < written[1].at, "{felt:?}, {written:?}");
    assert!(written[1].at >= put + milliseconds(2_500), "{written:?}");
}

#[test]
fn a_pod_that_flaps_is_up_and_down_in_turn() {
    let server = server();
    server.put(&pod(1, "v2_flap-400ms-300ms"));
    let load = Load::start(&to(&server, 1, 100.0)).unwrap();
    let counts = |report: &Report| (report.counts().of("v2"), report.counts().failed());
    let up = counts(&until(&load, |report| counts(report).0 > 0));
    let down = counts(&until(&load, |report| counts(report).1 > up.1));
    let again = counts(&until(&load, |report| counts(report).0 > down.0 + 3));
    until(&load, |report| counts(report).1 > again.1 + 3);
    drop(load);
    let story = [(true, 0, None), (false, 0, CRASHED), (true, 1, None)];
    assert_eq!(words(&written(&server, 3)), story);
}

#[test]
fn latency_is_what_was_said() {
    let server = server();
    server.put(&pod(1, "v1_latency-400ms"));
    let mut options = to(&server, 1, 50.0);
    // Nobody waits as long as an answer takes: every request must take longer.
    options.time_limit = milliseconds(100);
    let report = load(&options, milliseconds(200));
    assert_eq!(
        report.counts().with(Outcome::TimedOut),
        report.sent(),
        "{report}"
    );
    options.time_limit = Duration::from_secs(5);
    let report = load(&options, milliseconds(200));
    assert_eq!(report.counts().failed(), 0, "{report}");
}

#[test]
fn what_a_pod_says_and_nobody_understands_is_a_problem_and_its_status() {
    let server = server();
    server.put(&pod(1, "v2_eror-5"));
    let error = server.check().unwrap_err().to_string();
    for word in ["shop/web-1", "\"eror-5\"", "errors-PERCENT"] {
        assert!(error.contains(word), "{error}");
    }
    let reason = Some("CreateContainerConfigError");
    assert_eq!(words(&written(&server, 1)), [(false, 0, reason)]);
    let report = load(&to(&server, 1, 50.0), milliseconds(100));
    assert_eq!(
        report.counts().with(Outcome::Reset),
        report.sent(),
        "{report}"
    );
}

#[test]
fn a_pod_of_the_stand_in_kubelet_answers_while_its_status_says_that_it_runs() {
    let server = server();
    let mut pod = pod(1, "v1-flap");
    pod.metadata.annotations = None;
    let mut seen = Vec::new();
    for waits_for in [None, Some("CrashLoopBackOff"), None] {
        let status = pod.status.as_mut().unwrap();
        let state = match waits_for {
            None => serde_json::json!({"running": {}}),
            Some(reason) => serde_json::json!({"waiting": {"reason": reason}}),
        };
        let containers = status.container_statuses.as_mut().unwrap();
        containers[0].state = serde_json::from_value(state).unwrap();
        server.put(&pod);
        let report = load(&to(&server, 1, 50.0), milliseconds(100));
        let counts = report.counts();
        assert_eq!(
            counts.of("v1-flap") + counts.failed(),
            report.sent(),
            "{report}"
        );
        seen.push(counts.failed() == report.sent());
    }
    assert_eq!(seen, [false, true, false]);
    assert_eq!(server.written(), []);
}
