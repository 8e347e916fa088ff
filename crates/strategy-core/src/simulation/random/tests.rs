//! What random worlds promise, and the first two hundred.

use std::thread::available_parallelism;
use std::time::Duration;

use super::{Drawn, Trials, rollout, rollouts, shrunk, worlds};
use crate::simulation::{Mishap, Simulation, Trouble};

fn cores() -> usize {
    available_parallelism().map_or(1, usize::from)
}

#[test]
fn a_seed_draws_the_same_and_it_is_data() {
    for seed in 0..40 {
        let drawn = rollout(seed);
        assert_eq!(drawn, rollout(seed));
        let text = serde_json::to_string(&drawn).unwrap();
        assert_eq!(serde_json::from_str::<Drawn>(&text).unwrap(), drawn);
    }
    let seeds = |first| rollouts(first).take(50).map(|drawn| drawn.seed);
    assert!(seeds(1).all(|one| seeds(2).all(|other| one != other)));
}

#[test]
fn threads_decide_nothing() {
    let trials = Trials::new(5).rollouts(12);
    assert_eq!(trials.run(), trials.threads(3).run());
}

#[test]
fn what_shows_something_shrinks_to_the_smallest_that_does() {
    let crashes = |drawn: &Drawn| {
        let mishaps = &drawn.simulation.mishaps;
        let crash = |mishap: &Mishap| matches!(mishap.trouble, Trouble::Crash { .. });
        mishaps.iter().any(crash)
    };
    let drawn = rollouts(3).find(crashes).unwrap();
    let smallest = shrunk(drawn.seed, crashes);
    assert!(crashes(&smallest));
    let simulation = &smallest.simulation;
    assert_eq!(simulation.mishaps.len(), 1);
    assert!(simulation.world.happenings.is_empty() && simulation.sayings.is_empty());
    assert!(smallest.policy.checks.is_empty() && smallest.policy.hooks.is_empty());
    // What does not show it stays as it is drawn.
    assert_eq!(shrunk(drawn.seed, |_| false), drawn);
}

#[test]
fn worlds_are_like_the_one_that_is_given() {
    let mine = Simulation::seed(0).slots("v1", 4, "v0", 2);
    let takes = Duration::from_secs(100);
    let worlds: Vec<_> = worlds(&mine, takes, 1).take(60).collect();
    let befalls = |world: &&Simulation| {
        !world.world.happenings.is_empty() || !world.mishaps.is_empty() || !world.sayings.is_empty()
    };
    let befallen = worlds.iter().filter(befalls).count();
    assert!((25..=55).contains(&befallen), "{befallen} of 60");
    assert!(
        worlds
            .iter()
            .all(|world| world.world.parts == mine.world.parts)
    );
}

#[test]
fn two_hundred_random_rollouts_keep_every_promise() {
    let tally = Trials::new(1).rollouts(200).threads(cores()).run();
    assert!(tally.broken.is_empty(), "{tally}");
}

#[test]
#[ignore = "needs an optimised build: cargo xtask test"]
fn ten_thousand_random_rollouts_keep_every_promise() {
    let tally = Trials::new(2).rollouts(10_000).threads(cores()).run();
    println!("{tally}");
    assert!(tally.broken.is_empty(), "{tally}");
}
