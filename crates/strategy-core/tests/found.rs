//! Rollouts that random worlds found, each in its smallest form: what was broken once is kept.
#![expect(
    clippy::unwrap_used,
    reason = "functions that tests share are tests as well"
)]

#[path = "found/optimist.rs"]
mod optimist;
#[path = "wrong/targets.rs"]
#[expect(dead_code, reason = "shared with tests that are wrong in more ways")]
mod targets;

use std::fs;
use std::path::PathBuf;

use serde::Deserialize;
use strategy_core::simulation::SimulationReport;
use strategy_core::simulation::random::Drawn;

use crate::optimist::optimist;

/// A rollout that broke a promise.
#[derive(Deserialize)]
struct Found {
    /// Which promise.
    broke: u8,
    /// What happened, and what was wrong.
    what: String,
    rollout: Drawn,
}

fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/found"))
}

fn read(path: PathBuf) -> String {
    fs::read_to_string(path).unwrap()
}

#[test]
fn what_was_broken_once_is_kept() {
    let mut found = 0;
    for entry in fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let scenario: Found = serde_json::from_str(&read(path)).unwrap();
        let broken = scenario.rollout.run().broken_promises();
        assert!(
            broken.is_empty(),
            "{name} broke promise {} once ({}), and now: {broken:#?}",
            scenario.broke,
            scenario.what
        );
        assert!((1..=17).contains(&scenario.broke), "{name}");
        found += 1;
    }
    assert!(found >= 3, "{found} scenarios");
}

/// A target that calls every pod ready breaks promise 1 in a drawn world, and in what is left of it when it
/// is shrunk; the driver with the target as it is breaks it in neither.
#[test]
fn a_wrong_target_is_caught_in_a_drawn_world_and_in_the_smallest_that_shows_it() {
    let breaks = |report: &SimulationReport| {
        let broken = report.broken_promises();
        broken.iter().any(|broken| broken.promise == 1)
    };
    let lines = ["drawn", "shrunk"].map(|name| {
        let text = read(folder().join(format!("optimist/{name}.json")));
        let rollout: Drawn = serde_json::from_str(&text).unwrap();
        assert!(breaks(&rollout.run_by(&*optimist())), "{name}");
        assert!(rollout.run().broken_promises().is_empty(), "{name}");
        text.lines().count()
    });
    println!("{} lines as drawn, {} shrunk", lines[0], lines[1]);
    assert!(lines[1] * 3 < lines[0], "{lines:?}");
}
