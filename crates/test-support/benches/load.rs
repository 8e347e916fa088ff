//! Whether the load client sends what it should while all cores are busy, the server of its pods included.

use std::error::Error;
use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use k8s_openapi::api::core::v1::Pod;
use serde_json::json;
use test_support::bench::{Goal, Series};
use test_support::lab::load::{Connections, Load, Options};
use test_support::lab::pods::{self, PodServer, SERVES};

const RUNS: u32 = 5;
const RATE: f64 = 200.0;
const TIME: Duration = Duration::from_secs(5);
const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 1, 0, 1));

fn main() -> Result<(), Box<dyn Error>> {
    let server = PodServer::start(&pods::Options::default())?;
    server.put(&pod()?);
    let end = Arc::new(AtomicBool::new(false));
    let cores = thread::available_parallelism()?.get();
    let busy: Vec<_> = (0..cores)
        .map(|_| {
            let end = Arc::clone(&end);
            thread::spawn(move || {
                let mut number = 0_u64;
                while !end.load(Ordering::Relaxed) {
                    number = black_box(number.wrapping_mul(3).wrapping_add(1));
                }
            })
        })
        .collect();
    for (name, connections) in [
        ("kept connections", Connections::KeptAlive),
        ("a connection each", Connections::OnePerRequest),
    ] {
        let series = |what: &str, unit, goal| {
            Series::new(
                format!("load: {RATE} a second on busy cores, {name}: {what}"),
                unit,
                goal,
            )
        };
        let mut missed = series("missed", "arrivals", Some(Goal::AtMost(0.0)));
        let mut failed = series("failed", "requests", Some(Goal::AtMost(0.0)));
        let mut latest = series("latest arrival", "ms", None);
        for _ in 0..RUNS {
            let mut options = Options::new(SocketAddr::new(ADDRESS, server.port()), RATE);
            options.connections = connections;
            let load = Load::start(&options)?;
            wait(TIME);
            let report = load.stop();
            missed.push(report.missed().len() as f64);
            failed.push(report.counts().failed() as f64);
            latest.push(report.latest().as_secs_f64() * 1_000.0);
        }
        missed.print();
        failed.print();
        latest.print();
    }
    end.store(true, Ordering::Relaxed);
    for thread in busy {
        if thread.join().is_err() {
            return Err("a busy thread panicked".into());
        }
    }
    server.check()?;
    Ok(())
}

fn pod() -> serde_json::Result<Pod> {
    serde_json::from_value(json!({
        "metadata": {"name": "web", "namespace": "shop", "uid": "web", "annotations": {SERVES: ""}},
        "spec": {"containers": [{"name": "app", "image": "shop/web:v1_latency-20ms-60ms"}]},
        "status": {"phase": "Running", "podIP": ADDRESS.to_string()},
    }))
}

#[expect(clippy::disallowed_methods, reason = "real time is what is measured")]
fn wait(time: Duration) {
    thread::sleep(time);
}
