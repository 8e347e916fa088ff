//! Users and the proxies of a mesh: requests go where the routes on the API server say, and what becomes of them is told
//! to whoever scrapes it, as Istio tells it.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, TcpListener};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use serde_json::Value;
use tokio::task::JoinHandle;

use crate::shop::{Shop, pause};

/// So many requests come in each tenth of a second.
const REQUESTS: f64 = 40.0;
/// Of stable, this share fails.
const FAILS: f64 = 0.02;

/// Which share of its requests the candidate fails, and until when its proxies can be scraped.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Candidate {
    pub(crate) fails: f64,
    /// They fall silent when they have had so many requests.
    pub(crate) silent_from: f64,
}

/// What the proxies of one workload have counted.
#[derive(Clone, Copy, Debug, Default)]
struct Counted {
    all: f64,
    failed: f64,
}

/// Users who come until it is dropped, and the proxies of both workloads.
#[derive(Debug)]
pub(crate) struct Mesh {
    /// Where the proxies of stable and of the candidate are scraped.
    pub(crate) ports: [u16; 2],
    users: JoinHandle<()>,
}

impl Mesh {
    pub(crate) fn open(shop: Shop, candidate: Candidate) -> Self {
        let counted: [Arc<Mutex<Counted>>; 2] = Default::default();
        let [of_stable, of_candidate] = counted.clone();
        let namespace = shop.namespace.clone();
        let ports = [
            serve(namespace.clone(), "api", of_stable, f64::INFINITY),
            serve(namespace, "api-canary", of_candidate, candidate.silent_from),
        ];
        let users = tokio::spawn(async move {
            loop {
                pause(Duration::from_millis(100)).await;
                let share = share(&shop.get("VirtualService", "api").await);
                let requests = [(1.0 - share, FAILS), (share, candidate.fails)];
                for (counted, (share, fails)) in counted.iter().zip(requests) {
                    let mut counted = counted.lock().unwrap();
                    counted.all += REQUESTS * share;
                    counted.failed += REQUESTS * share * fails;
                }
            }
        });
        Self { ports, users }
    }
}

impl Drop for Mesh {
    fn drop(&mut self) {
        self.users.abort();
    }
}

/// The canary's share of what no other route takes.
fn share(virtual_service: &Value) -> f64 {
    let routes = virtual_service["spec"]["http"].as_array().unwrap();
    let everything = routes
        .iter()
        .find(|route| route["name"] == "everything")
        .unwrap();
    let destinations = everything["route"].as_array().unwrap().iter();
    let mut of_canary = destinations.filter(|one| one["destination"]["subset"] == "canary");
    of_canary
        .next()
        .map_or(0.0, |one| one["weight"].as_f64().unwrap_or(0.0) / 100.0)
}

/// Listens from now to the end of the process, and says where.
fn serve(
    namespace: String,
    workload: &'static str,
    counted: Arc<Mutex<Counted>>,
    silent_from: f64,
) -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let counted = *counted.lock().unwrap();
            if counted.all >= silent_from {
                continue;
            }
            let mut lines = BufReader::new(&stream).lines();
            while lines
                .next()
                .is_some_and(|line| line.is_ok_and(|line| !line.is_empty()))
            {}
            let body = page(&namespace, workload, counted);
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: text/plain; version=0.0.4\r\ncontent-length: {}\r\nconnection: \
                 close\r\n\r\n",
                body.len()
            );
            // A server that is stopped in the middle of a scrape reads no answer.
            let _ = stream.write_all(format!("{head}{body}").as_bytes());
        }
    });
    port
}

/// <https://istio.io/latest/docs/reference/config/metrics/>; nothing is told before the first request.
fn page(namespace: &str, workload: &str, counted: Counted) -> String {
    let failed = counted.failed.floor();
    let mut text = String::new();
    for (code, count) in [("200", counted.all.floor() - failed), ("503", failed)] {
        if count > 0.0 {
            text += &format!(
                "istio_requests_total{{reporter=\"destination\",destination_workload=\"{workload}\",\
                 destination_workload_namespace=\"{namespace}\",response_code=\"{code}\"}} {count}\n"
            );
        }
    }
    text
}
