//! What random worlds promise, and the first two hundred.

use std::thread::available_parallelism;

use super::{Drawn, Trials, rollout, rollouts};

fn cores() -> usize {
    available_parallelism().map_or(1, usize::from)
}

#[test]
fn a_seed_draws_the_same_and_it_is_data() {
    for seed in 0..200 {
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
