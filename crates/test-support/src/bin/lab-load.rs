//! Sends requests through the gateway of the lab, in whose network it has to be, and prints each second what came of
//! them; `cargo xtask lab load` starts it.
//!
//! `lab-load HOST RATE`: so many requests a second to this host, until it is ended.

use std::env;
use std::error::Error;
use std::io::{Write, stdout};
use std::thread;
use std::time::Duration;

use test_support::lab::load::Load;
use test_support::lab::{LabError, namespace, requests};

#[expect(
    clippy::disallowed_methods,
    reason = "what is watched are other processes"
)]
fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [host, rate] = arguments.as_slice() else {
        return Err("give the host and how many requests a second".into());
    };
    if !namespace::is_inside() {
        return Err(Box::new(LabError::Outside));
    }
    let load = Load::start(&requests(host, rate.parse()?))?;
    let mut told = 0;
    loop {
        thread::sleep(Duration::from_millis(200));
        let report = load.report();
        // Of the second before the one under way, requests may be open still. Those that are for longer are told in
        // the last number alone, when they have failed.
        let ended = report.seconds().len().saturating_sub(2);
        while told < ended {
            let counts = report.within(told..told + 1);
            let failed = report.counts().failed();
            writeln!(stdout(), "{told:>5} s  {counts}; failed so far: {failed}")?;
            told += 1;
        }
    }
}
