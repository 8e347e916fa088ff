//! Sends requests through the gateway of the lab, in whose network it has to be, and prints each second what came of
//! them; `cargo xtask lab load` starts it.
//!
//! `lab-load HOST RATE GET|POST [SECONDS]`: so many requests a second to this host, until that time is over or Ctrl-C,
//! and then what came of all of them.

use std::env;
use std::error::Error;
use std::io::{Write, stdout};
use std::time::Duration;

use test_support::lab::load::{Load, Method, Report};
use test_support::lab::{LabError, namespace, requests};
use tokio::runtime::Builder;
use tokio::signal::ctrl_c;
use tokio::time::{sleep, timeout};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [host, rate, method, seconds @ ..] = arguments.as_slice() else {
        return Err("give the host, how many requests a second, and GET or POST".into());
    };
    let method = match method.as_str() {
        "GET" => Method::Get,
        "POST" => Method::Post,
        other => return Err(format!("{other}: give GET or POST").into()),
    };
    if !namespace::is_inside() {
        return Err(Box::new(LabError::Outside));
    }
    let length = match seconds.first() {
        Some(seconds) => Duration::from_secs(seconds.parse()?),
        None => Duration::MAX,
    };
    let runtime = Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut options = requests(host, rate.parse()?);
        options.method = method;
        let load = Load::start(&options)?;
        let mut told = 0;
        let telling = async {
            loop {
                pause().await;
                // Of the second before the one under way, answers may not be counted yet.
                let report = load.report();
                let ended = report.seconds().len().saturating_sub(2);
                if let Err(error) = tell(&report, &mut told, ended) {
                    return error;
                }
            }
        };
        tokio::select! {
            told = timeout(length, telling) => {
                if let Ok(error) = told {
                    return Err(error.into());
                }
            }
            asked = ctrl_c() => asked?,
        }
        let report = load.stop();
        tell(&report, &mut told, report.seconds().len())?;
        writeln!(stdout(), "total    {report}")?;
        Ok(())
    })
}

#[expect(
    clippy::disallowed_methods,
    reason = "what is watched are other processes"
)]
async fn pause() {
    sleep(Duration::from_millis(200)).await;
}

/// Prints the seconds that have not been `told`, up to and without `end`.
fn tell(report: &Report, told: &mut usize, end: usize) -> std::io::Result<()> {
    while *told < end {
        let counts = report.within(*told..*told + 1);
        let failed = report.within(0..*told + 1).failed();
        writeln!(stdout(), "{told:>5} s  {counts}; failed so far: {failed}")?;
        *told += 1;
    }
    Ok(())
}
