//! Pods on addresses of the loopback interface, which are all this machine's, as the load client sees them:
//! real sockets, no network namespace, no API server.
//!
//! Any thread may have to wait at any time here. So what is asserted is waited for, and moments are bounded on the
//! side alone on which nothing can be early.
#![cfg(target_os = "linux")]
#![allow(clippy::panic, clippy::unwrap_used, reason = "test")]

mod behaviours;
mod client;
mod ends;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use k8s_openapi::api::core::v1::Pod;
use serde_json::json;
use test_support::lab::load::{Connections, Load, Options, Report};
use test_support::lab::pods::{self, PodServer, SERVES, Served, Tally, Written};

/// From what becomes of a process to its status, in these tests.
const NOTICE: Duration = Duration::from_millis(100);

const fn milliseconds(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

fn server() -> PodServer {
    server_that_notices_after(NOTICE)
}

fn server_that_notices_after(notice: Duration) -> PodServer {
    let mut options = pods::Options::default();
    options.seed = Some(7);
    options.notice = notice;
    PodServer::start(&options).unwrap()
}

/// The address of the pod of this number.
fn address(number: u8) -> IpAddr {
    Ipv4Addr::new(127, 1, 0, number).into()
}

/// The pod `shop/web-NUMBER`, at the address of its number, as the stand-in kubelet leaves it.
fn pod(number: u8, tag: &str) -> Pod {
    let name = format!("web-{number}");
    serde_json::from_value(json!({
        "metadata": {
            "name": name,
            "namespace": "shop",
            "uid": format!("uid-{number}"),
            "annotations": {SERVES: ""},
        },
        "spec": {"containers": [{"name": "app", "image": format!("shop/web:{tag}")}]},
        "status": {
            "phase": "Running",
            "podIP": address(number).to_string(),
            "containerStatuses": [{
                "name": "app",
                "image": format!("shop/web:{tag}"),
                "imageID": "",
                "ready": false,
                "restartCount": 0,
                "state": {"running": {}},
            }],
        },
    }))
    .unwrap()
}

/// Requests to the pod of this number. What a busy machine delays is sent all the same.
fn to(server: &PodServer, number: u8, rate: f64) -> Options {
    let mut options = Options::new(SocketAddr::new(address(number), server.port()), rate);
    options.tolerance = Duration::from_secs(10);
    options
}

/// What `options` bring in this time, or in as much more as a busy machine takes to send anything.
fn load(options: &Options, time: Duration) -> Report {
    let load = Load::start(options).unwrap();
    wait(time);
    until(&load, |report| report.sent() > 0);
    load.stop()
}

/// Waits until the report is so, however busy the machine is.
fn until(load: &Load, wanted: impl Fn(&Report) -> bool) -> Report {
    for _round in 0..1_000 {
        let report = load.report();
        if wanted(&report) {
            return report;
        }
        wait(milliseconds(20));
    }
    panic!("it did not come: {}", load.report());
}

/// The first statuses that are written, once there are so many, however busy the machine is.
fn written(server: &PodServer, count: usize) -> Vec<Written> {
    for _round in 0..1_000 {
        if server.written().len() >= count {
            break;
        }
        wait(milliseconds(20));
    }
    let mut written = server.written();
    assert!(written.len() >= count, "{written:?}");
    written.truncate(count);
    written
}

/// The tally, once all of these requests are in it: clients may know a little earlier.
fn tally(server: &PodServer, ended: u64) -> Tally {
    let mut rounds = 0;
    loop {
        let tally = server.tally();
        let all: u64 = tally.iter().map(|(_, _, _, count)| count).sum();
        if all >= ended || rounds == 1_000 {
            return tally;
        }
        rounds += 1;
        wait(milliseconds(20));
    }
}

#[expect(clippy::disallowed_methods, reason = "sockets take real time")]
fn wait(time: Duration) {
    std::thread::sleep(time);
}

/// A pod without any fault, and a client that keeps connections or not.
#[test]
fn a_healthy_pod_answers_everything_and_both_sides_count_the_same() {
    let server = server();
    server.put(&pod(1, "v1"));
    for connections in [Connections::KeptAlive, Connections::OnePerRequest] {
        let before = server.tally().of("v1");
        let mut options = to(&server, 1, 200.0);
        options.connections = connections;
        let load = Load::start(&options).unwrap();
        until(&load, |report| report.counts().total() >= 50);
        let report = load.stop();
        assert_eq!(report.counts().of("v1"), report.sent(), "{report}");
        assert_eq!(
            (report.counts().failed(), report.open()),
            (0, 0),
            "{report}"
        );
        let served = server.tally().of("v1") - before;
        assert_eq!(served, report.sent(), "{}", server.tally());
    }
    let tally = server.tally();
    assert_eq!(tally.of("v1"), tally.with(Served::Answered(200)));
    assert_eq!(tally.seed(), 7);
    server.check().unwrap();
}
