//! The load client alone: its arrivals, its connections, and that it sends nothing twice.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use http::HeaderValue;
use test_support::lab::load::{Connections, Load, LoadError, Method, Options, Outcome};

use super::{load, milliseconds, pod, server, to, until, wait};

#[test]
fn a_slow_server_does_not_slow_the_arrivals() {
    let server = server();
    server.put(&pod(1, "v1_latency-5m"));
    let mut options = to(&server, 1, 100.0);
    options.time_limit = Duration::from_secs(300);
    let load = Load::start(&options).unwrap();
    let report = until(&load, |report| report.sent() >= 50);
    assert_eq!((report.counts().total(), report.open()), (0, report.sent()));
}

#[test]
fn a_load_that_ends_waits_for_what_is_open() {
    let server = server();
    server.put(&pod(1, "v1_latency-700ms"));
    let load = Load::start(&to(&server, 1, 100.0)).unwrap();
    until(&load, |report| report.sent() >= 10);
    let report = load.stop();
    assert_eq!(report.counts().of("v1"), report.sent(), "{report}");
    assert_eq!(report.open(), 0, "{report}");
}

#[test]
fn what_finds_too_much_open_is_missed_and_reported() {
    let server = server();
    server.put(&pod(1, "v1_hang"));
    let mut options = to(&server, 1, 100.0);
    (options.most_open, options.time_limit) = (5, Duration::from_secs(60));
    let load = Load::start(&options).unwrap();
    let report = until(&load, |report| !report.missed().is_empty());
    assert_eq!(report.sent(), 5, "{report}");
    assert_eq!(report.missed()[0], milliseconds(50));
}

/// A server that hands its connections to `serve`, each on a thread of its own.
fn raw(serve: impl Fn(TcpStream) + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let serve = Arc::new(serve);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let serve = Arc::clone(&serve);
            thread::spawn(move || serve(stream.unwrap()));
        }
    });
    address
}

/// A request, of which the body, if there is one, ends as that of an order does; `None`: there is no other.
fn read(stream: &mut TcpStream) -> Option<String> {
    let mut text = Vec::new();
    let is_whole = |text: &[u8]| {
        let is_order = text.starts_with(b"POST ");
        text.ends_with(if is_order {
            b"\r\n\r\nitem=1"
        } else {
            b"\r\n\r\n"
        })
    };
    while !is_whole(&text) {
        let mut byte = [0];
        if stream.read(&mut byte).unwrap_or(0) == 0 {
            return None;
        }
        text.push(byte[0]);
    }
    Some(String::from_utf8(text).unwrap())
}

fn answer(stream: &mut TcpStream) {
    let text = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
    // A client that has gone gets nothing.
    let _written = stream.write_all(text);
}

#[test]
fn a_request_over_a_kept_connection_that_breaks_is_one_reset_and_is_not_sent_again() {
    let counters = || (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (requests, broken) = counters();
    let (seen, breaks) = (Arc::clone(&requests), Arc::clone(&broken));
    let target = raw(move |mut stream| {
        for number in 0.. {
            if read(&mut stream).is_none() {
                return;
            }
            seen.fetch_add(1, Ordering::SeqCst);
            if number == 1 {
                // The second is read, and never answered.
                breaks.fetch_add(1, Ordering::SeqCst);
                return;
            }
            answer(&mut stream);
        }
    });
    let load = Load::start(&Options::new(target, 20.0)).unwrap();
    until(&load, |report| report.counts().failed() > 1);
    let report = load.stop();
    let counts = report.counts();
    let (requests, broken) = (
        requests.load(Ordering::SeqCst),
        broken.load(Ordering::SeqCst),
    );
    assert_eq!(requests as u64, report.sent(), "{report}");
    assert!(broken > 0, "no connection was kept: {report}");
    assert_eq!(counts.with(Outcome::Reset), broken as u64, "{report}");
    assert_eq!(counts.with(Outcome::Success), report.sent() - broken as u64);
    // No version was told.
    assert_eq!(counts.of_nobody(), report.sent());
}

#[test]
fn a_connection_that_was_closed_while_nobody_used_it_is_not_used_again() {
    let target = raw(|mut stream| {
        read(&mut stream);
        answer(&mut stream);
        // It is kept by then.
        wait(milliseconds(20));
    });
    let load = Load::start(&Options::new(target, 10.0)).unwrap();
    until(&load, |report| report.counts().total() >= 10);
    let report = load.stop();
    // It may be closed at the very moment at which it is taken; used blindly, every second request fails.
    assert!(report.counts().failed() <= 3, "{report}");
}

#[test]
fn connections_are_kept_or_not_as_told() {
    for (connections, kept) in [
        (Connections::KeptAlive, true),
        (Connections::OnePerRequest, false),
    ] {
        let opened = Arc::new(AtomicUsize::new(0));
        let seen = Arc::clone(&opened);
        let target = raw(move |mut stream| {
            seen.fetch_add(1, Ordering::SeqCst);
            while let Some(request) = read(&mut stream) {
                assert_eq!(request.contains("connection: close"), !kept, "{request}");
                answer(&mut stream);
            }
        });
        let mut options = Options::new(target, 20.0);
        options.connections = connections;
        let load = Load::start(&options).unwrap();
        until(&load, |report| report.counts().total() >= 15);
        let report = load.stop();
        assert_eq!(report.counts().failed(), 0, "{report}");
        let opened = opened.load(Ordering::SeqCst) as u64;
        if kept {
            // Requests that are sent at the same time have one each.
            assert!(opened < report.sent(), "{opened} connections, {report}");
        } else {
            assert_eq!(opened, report.sent(), "{report}");
        }
    }
}

#[test]
fn method_path_host_headers_and_body_arrive() {
    // Orders are the default, which no proxy may send twice.
    let default = Options::new(SocketAddr::from((Ipv4Addr::LOCALHOST, 1)), 1.0).method;
    assert_eq!(default, Method::Post);
    for (method, first, body) in [
        (Method::Post, "POST /cart?item=1 HTTP/1.1", Some("item=1")),
        (Method::Get, "GET /cart?item=1 HTTP/1.1", None),
    ] {
        let target = raw(move |mut stream| {
            while let Some(request) = read(&mut stream) {
                let (head, sent) = request.split_once("\r\n\r\n").unwrap();
                let head: Vec<&str> = head.lines().collect();
                let has = |line: &str| head.contains(&line);
                let length = body.map(|body| format!("content-length: {}", body.len()));
                if head[0] == first
                    && has("host: shop.example")
                    && has("x-preview: v2")
                    && length.is_none_or(|length| has(&length))
                    && sent == body.unwrap_or_default()
                {
                    answer(&mut stream);
                }
            }
        });
        let mut options = Options::new(target, 50.0);
        options.method = method;
        options.path = "/cart?item=1".to_owned();
        options.host = "shop.example".to_owned();
        let preview = HeaderValue::from_static("v2");
        options.headers.insert("x-preview", preview);
        let report = load(&options, milliseconds(100));
        assert_eq!(report.counts().failed(), 0, "{report}");
    }
}

#[test]
fn refused_and_half_answered_are_told_apart() {
    let closed = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let nobody = closed.local_addr().unwrap();
    drop(closed);
    let half = raw(|mut stream| {
        read(&mut stream);
        stream
            .write_all(b"HTTP/1.1 200 OK\r\nx-version: v1\r\ncontent-length: 9\r\n\r\nhalf")
            .unwrap();
    });
    let nonsense = raw(|mut stream| {
        read(&mut stream);
        stream.write_all(b"SSH-2.0\r\n\r\n").unwrap();
    });
    for (target, outcome) in [
        (nobody, Outcome::Refused),
        (half, Outcome::Reset),
        (nonsense, Outcome::Broken),
    ] {
        let report = load(&Options::new(target, 50.0), milliseconds(100));
        assert_eq!(report.counts().with(outcome), report.sent(), "{report}");
        assert_eq!(report.failing().is_some(), report.sent() > 0);
    }
    let report = load(&Options::new(half, 50.0), milliseconds(50));
    assert_eq!(report.counts().of("v1"), report.sent(), "{report}");
}

#[test]
fn an_option_that_makes_no_sense_is_refused() {
    let mut options = Options::new(SocketAddr::from((Ipv4Addr::LOCALHOST, 1)), 1.0);
    options.path = "cart".to_owned();
    let error = Load::start(&options).unwrap_err();
    assert!(matches!(&error, LoadError::Option { option: "path", .. }));
    assert!(error.to_string().contains("\"cart\""), "{error}");
    options.path = "/".to_owned();
    options.host = "shop\n".to_owned();
    let error = Load::start(&options).unwrap_err();
    assert!(error.to_string().contains("host"), "{error}");
}
