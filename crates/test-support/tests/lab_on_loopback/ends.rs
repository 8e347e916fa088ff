//! Pods that go, and addresses without one.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use k8s_openapi::jiff::Timestamp;
use test_support::lab::load::{Connections, Load, Outcome};
use test_support::lab::pods::{PodsError, Problem, Served};

use super::{address, load, milliseconds, pod, server, tally, to, until, wait};

#[test]
fn deleting_a_serving_pod_without_drain_fails_requests() {
    let server = server();
    for connections in [Connections::KeptAlive, Connections::OnePerRequest] {
        server.put(&pod(1, "v1_latency-50ms"));
        let mut options = to(&server, 1, 200.0);
        options.connections = connections;
        let load = Load::start(&options).unwrap();
        let report = until(&load, |report| report.counts().total() >= 20);
        assert_eq!(report.counts().failed(), 0, "{report}");
        let deleted = load.age();
        server.remove("uid-1");
        until(&load, |report| report.counts().failed() > 0);
        let report = load.stop();
        assert_eq!(
            report.counts().with(Outcome::Reset),
            report.counts().failed()
        );
        assert!(report.failing().unwrap().start >= deleted, "{report}");
    }
}

#[test]
fn what_is_open_when_a_pod_ends_fails_with_it() {
    let server = server();
    server.put(&pod(1, "v1_latency-5m"));
    let mut options = to(&server, 1, 100.0);
    options.time_limit = Duration::from_secs(300);
    let load = Load::start(&options).unwrap();
    until(&load, |report| report.sent() >= 20);
    server.remove("uid-1");
    // And not when they would have been answered.
    let report = until(&load, |report| report.counts().failed() >= 20);
    drop(load);
    assert_eq!(
        report.counts().with(Outcome::Reset),
        report.counts().failed()
    );
    let tally = tally(&server, report.counts().failed());
    assert!(tally.with(Served::Reset) > 0, "{tally}");
}

#[test]
fn a_deleted_pod_answers_until_its_grace_has_passed() {
    let server = server();
    let mut pod = pod(1, "v1_latency-20ms");
    server.put(&pod);
    let load = Load::start(&to(&server, 1, 100.0)).unwrap();
    wait(milliseconds(200));
    let deleted = load.age();
    pod.metadata.deletion_grace_period_seconds = Some(1);
    pod.metadata.deletion_timestamp = Some(Time(Timestamp::UNIX_EPOCH));
    server.put(&pod);
    // What else changes meanwhile does not begin the grace anew.
    server.put(&pod);
    until(&load, |report| report.counts().failed() > 0);
    let report = load.stop();
    let lived = report.failing().unwrap().start - deleted;
    assert!(lived >= milliseconds(1_000), "{lived:?}, {report}");
    // Nor does it come back before its object is gone.
    server.put(&pod);
    let report = super::load(&to(&server, 1, 50.0), milliseconds(100));
    assert_eq!(report.counts().failed(), report.sent(), "{report}");
}

#[test]
fn an_address_without_a_started_pod_is_refused() {
    let server = server();
    let mut waiting = pod(1, "v1");
    waiting.status = None;
    server.put(&waiting);
    for number in [1, 2] {
        let report = load(&to(&server, number, 50.0), milliseconds(100));
        assert_eq!(
            report.counts().with(Outcome::Reset),
            report.sent(),
            "{report}"
        );
        assert_eq!(report.counts().of_nobody(), report.sent());
    }
    // It has an address now.
    server.put(&pod(1, "v1"));
    let report = load(&to(&server, 1, 50.0), milliseconds(100));
    assert_eq!(report.counts().failed(), 0, "{report}");
    let mut ended = pod(1, "v1");
    ended.status.as_mut().unwrap().phase = Some("Failed".to_owned());
    server.put(&ended);
    let report = load(&to(&server, 1, 50.0), milliseconds(100));
    assert_eq!(report.counts().failed(), report.sent(), "{report}");
    let refused: Vec<_> = server
        .tally()
        .iter()
        .filter(|(_, _, served, _)| *served == Served::Refused)
        .map(|(name, version, _, _)| (name.to_owned(), version.to_owned()))
        .collect();
    let nobody = |number| (address(number).to_string(), String::new());
    assert_eq!(refused, [nobody(1), nobody(2)]);
}

/// How a connection ends without an answer, as the socket tells it.
fn end_of(mut stream: TcpStream) -> Option<ErrorKind> {
    let mut answer = [0; 8];
    stream.set_read_timeout(Some(milliseconds(3_000))).unwrap();
    match stream.read(&mut answer) {
        Ok(0) => None,
        Ok(_) => panic!("an answer: {answer:?}"),
        Err(error) => Some(error.kind()),
    }
}

#[test]
fn connections_end_as_those_to_a_process_that_was_killed() {
    let server = server();
    let connect = |number| TcpStream::connect((address(number), server.port())).unwrap();
    let nobody = connect(1);
    assert_eq!(end_of(nobody), Some(ErrorKind::ConnectionReset));
    server.put(&pod(2, "v1_hang"));
    let (idle, mut asked) = (connect(2), connect(2));
    asked
        .write_all(b"GET / HTTP/1.1\r\nhost: web\r\n\r\n")
        .unwrap();
    wait(milliseconds(300));
    server.remove("uid-2");
    assert_eq!(end_of(idle), Some(ErrorKind::ConnectionReset));
    assert_eq!(end_of(asked), Some(ErrorKind::ConnectionReset));
    let tally = tally(&server, 2);
    assert_eq!(
        (tally.with(Served::Reset), tally.with(Served::Refused)),
        (1, 1)
    );
}

#[test]
fn two_living_pods_with_one_address_are_an_error_and_neither_is_served() {
    let server = server();
    let mut other = pod(2, "v2");
    other.status = pod(1, "v2").status;
    server.put(&pod(1, "v1"));
    server.put(&other);
    let error = server.check().unwrap_err();
    let problem = Problem::SameAddress {
        address: address(1),
        pods: ["shop/web-1".to_owned(), "shop/web-2".to_owned()],
    };
    let PodsError::Problems(problems) = &error else {
        panic!("{error}")
    };
    assert_eq!(problems, &[problem]);
    assert!(error.to_string().contains("127.1.0.1"), "{error}");
    let report = load(&to(&server, 1, 50.0), milliseconds(100));
    assert_eq!(report.counts().failed(), report.sent(), "{report}");
}

#[test]
fn an_address_may_be_had_again_when_its_pod_is_gone() {
    let server = server();
    server.put(&pod(1, "v1"));
    server.remove("uid-1");
    let mut other = pod(2, "v2");
    other.status = pod(1, "v2").status;
    server.put(&other);
    server.check().unwrap();
    let report = load(&to(&server, 1, 50.0), milliseconds(100));
    assert_eq!(report.counts().of("v2"), report.sent(), "{report}");
}
