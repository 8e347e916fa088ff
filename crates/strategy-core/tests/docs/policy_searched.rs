//! The search of a plan of one's own, run.

use std::error::Error;
use strategy_core::explore::{Exploration, plans};
use strategy_core::strategy::{BlueGreen, Strategy};
use strategy_core::target::Found;
use strategy_core::world::{discovery_of, observed_track};
use strategy_core::{Images, Release};

#[test]
fn whatever_goes_wrong_once_breaks_no_promise() -> Result<(), Box<dyn Error>> {
    let stable = observed_track(&Images::parse([("app", "app:v1")])?, 1);
    let found = Found::main(discovery_of(stable, Default::default()));
    let release = Release::of([("app", "app:v2")])?;
    let plan = plans::brief(&BlueGreen::new().plan(&release, &found)?)?;
    let explored = Exploration::of(plan, found).mischief(1).run()?;
    assert!(explored.closed, "{} states", explored.states);
    assert!(explored.broken.is_empty(), "{}", explored.broken[0]);
    Ok(())
}

#[test]
fn the_page_shows_this_very_test() {
    super::assert_shown(
        include_str!("policy_searched.rs"),
        19,
        &["docs/concepts/search.md"],
    );
}
