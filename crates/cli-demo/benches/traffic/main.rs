//! What faulty releases cost their users, with real requests: `cargo xtask bench traffic`.
//!
//! `-- CASE...` runs these cases alone, `-- --runs N` each so often. Each run is appended to
//! `target/traffic-runs.jsonl` as it ends; the table and the picture of `docs/reference/performance.md` are made of
//! all that stand there, so that a bench may be done in parts; `-- --runs 0` only makes them again.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a measurement ends with its first surprise"
)]
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the figures are what it is for"
)]
// There are namespaces of networks on Linux alone.
#![cfg(target_os = "linux")]

mod case;
mod goals;
mod page;
mod picture;
#[path = "../../tests/program/mod.rs"]
mod program;
#[path = "../../tests/traffic/rollout.rs"]
mod rollout;
mod run;
#[path = "../../tests/traffic/scene.rs"]
mod scene;
#[path = "../../tests/traffic/seen.rs"]
mod seen;
#[path = "../../tests/traffic/shop.rs"]
mod shop;

use std::collections::VecDeque;
use std::sync::Mutex;

use case::{CASES, Case};
use test_support::Lab;

/// So many rollouts at once, each in a namespace and on a host of its own.
const AT_ONCE: usize = 4;

fn main() {
    // First: elsewhere than in the network of a lab the program begins anew there.
    Lab::shared().unwrap();
    let words: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| word != "--bench")
        .collect();
    let runs = words.iter().position(|word| word == "--runs");
    let runs: Option<usize> = runs.map(|at| words[at + 1].parse().unwrap());
    let is_meant = |case: &&Case| {
        let named = words.iter().any(|word| word == case.name);
        named
            || !CASES
                .iter()
                .any(|case| words.iter().any(|word| word == case.name))
    };
    let mut due = VecDeque::new();
    for case in CASES.iter().filter(is_meant) {
        due.extend((0..runs.unwrap_or(case.runs)).map(|_| case));
    }
    let due = Mutex::new(due);
    let next = || due.lock().unwrap().pop_front();
    let worker = async || {
        while let Some(case) = next() {
            run::run(case).await;
        }
    };
    let runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = { runtime }.enable_all().build().unwrap();
    runtime.block_on(async {
        const { assert!(AT_ONCE == 4, "one worker for each") };
        tokio::join!(worker(), worker(), worker(), worker());
    });
    let runs = run::all();
    page::write(&runs);
    goals::print(&runs);
}
