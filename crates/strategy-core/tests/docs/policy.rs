//! The policy test of the README and the guide, run.

use std::error::Error;
use strategy_core::analysis::FailureShare;
use strategy_core::plan::{Check, Extension};
use strategy_core::rollout::Outcome;
use strategy_core::{Release, strategy::Canary, world::World};

#[test]
fn one_failure_in_twenty_takes_it_back() -> Result<(), Box<dyn Error>> {
    let errors = Check::new(Extension::new(FailureShare::KIND).with("limit", "1%"));
    let policy = Canary::new().stages([5, 25, 100]).check("errors", errors);
    let world = World::seeded(7)
        .stable("app:v1", 4)
        .requests_per_second(100)
        .fails("app:v2", 0.05)
        .build()?;
    let finished = world.run(&policy, Release::of([("app", "app:v2")])?)?;
    assert!(matches!(finished.outcome, Outcome::RolledBack { .. }));
    assert!(finished.report.failed() < 100); // of 100 requests a second
    Ok(())
}

#[test]
fn readme_and_guide_show_this_very_test() {
    let source = include_str!("policy.rs");
    let end = source.find("\n#[test]\nfn readme_and_guide").unwrap();
    let shown = source[..end].split_once("\n\n").unwrap().1;
    let body = shown.split_once("#[test]\n").unwrap().1;
    assert!(body.lines().count() <= 15, "{}", body.lines().count());
    for page in ["README.md", "docs/guides/test-a-policy.md"] {
        let page_text = super::read(page);
        let fenced = format!("```rust\n{shown}\n```");
        let fenced = fenced.replace("\n\n```", "\n```");
        assert!(
            page_text.contains(&fenced),
            "{page} shows another test:\n{fenced}"
        );
    }
}
