//! The policy tests in a simulation of the guide, run, and its scenario file, read.

use strategy_core::analysis::FailureShare;
use strategy_core::plan::{Check, Extension};
use strategy_core::simulation::{Simulation, errors};
use strategy_core::strategy::Canary;

#[test]
fn one_failure_in_twenty_takes_it_back() {
    let limit = Check::new(Extension::new(FailureShare::KIND).with("limit", "1%"));
    let policy = Canary::new().stages([5, 25, 100]).check("errors", limit);
    let quiet = Simulation::seed(7)
        .stable("v1", 10)
        .requests_per_second(100);
    assert!(quiet.run(&policy).is_promoted());
    let report = quiet.candidate(errors(0.05)).run(&policy);
    assert!(report.is_rolled_back() && report.failed() < 100, "{report}");
}

#[test]
fn the_guide_shows_this_very_test() {
    let guide = "docs/guides/test-a-policy.md";
    super::assert_shown(include_str!("policy_simulation.rs"), 19, &[guide]);
    // The scenario of the guide is one, is as short as it can be, and goes as the guide says.
    let page = super::read(guide);
    let json = page.split_once("```json\n").unwrap().1;
    let json = json.split_once("```").unwrap().0;
    let simulation: Simulation = serde_json::from_str(json).unwrap();
    let data: serde_json::Value = serde_json::from_str(json).unwrap();
    assert_eq!(serde_json::to_value(&simulation).unwrap(), data);
    let limit = Check::new(Extension::new(FailureShare::KIND).with("limit", "1%"));
    let report = simulation.run(&Canary::new().stages([5, 25, 100]).check("errors", limit));
    assert!(report.is_promoted(), "{report}");
    assert_eq!(report.processes, 2);
    let text = page.split_once("```text\n").unwrap().1;
    let text = text.split_once("\n```").unwrap().0;
    assert_eq!(report.to_string(), text);
}
