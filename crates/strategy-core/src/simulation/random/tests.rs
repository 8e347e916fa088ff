//! What random worlds promise, and the first two hundred.

mod asking;

use std::collections::BTreeSet;
use std::thread::available_parallelism;
use std::time::Duration;

use serde_json::Value;

use super::{Drawn, Trials, rollout, rollouts, shrink, shrunk, worlds};
use crate::Release;
use crate::rollout::Wish;
use crate::simulation::{Ask, Mishap, Simulation, Trouble, When};
use crate::timestamp::duration;
use crate::track::Track;
use crate::world::{ApiFault, Happening, PartSetup, Shape, Timed, WorkloadSetup};

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
fn a_drawn_world_lasts_longer_than_anything_in_its_plan() {
    let mut days = 0;
    for drawn in rollouts(6).take(150) {
        let plan = serde_json::to_value(drawn.run().plan).unwrap();
        let longest = times(&plan).into_iter().max().unwrap_or_default();
        let lasts = drawn.simulation.world.lasts;
        assert!(lasts > longest, "{}: {longest:?} of {lasts:?}", drawn.seed);
        days += u32::from(longest == Duration::from_secs(24 * 3600));
    }
    assert!((5..100).contains(&days), "{days}");
}

/// Every time that is written in it.
fn times(value: &Value) -> Vec<Duration> {
    match value {
        Value::Array(items) => items.iter().flat_map(times).collect(),
        Value::Object(map) => map.values().flat_map(times).collect(),
        Value::String(text) => duration::parse(text).into_iter().collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => Vec::new(),
    }
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
fn a_simulation_of_ones_own_shrinks_to_what_shows_it() {
    let seconds = Duration::from_secs;
    let flaps = crate::simulation::flaps(seconds(8), seconds(8));
    let evicted = Happening::pods_evicted(Track::Stable, 6);
    let mine = Simulation::seed(9)
        .stable("v1", 8)
        .requests_per_second(100)
        .candidate(flaps)
        .clock_offsets([0, -1_500])
        .at(seconds(10), Happening::next_write(ApiFault::Conflict))
        .at(seconds(40), evicted)
        .crash(seconds(20), seconds(9))
        .mishap(When::AfterAppend(9), Trouble::JournalAnswerLost)
        .asks(seconds(30), "ann", Ask::Wish(Wish::Retry));
    let mut tried = 0;
    let mut shows = |simulation: &Simulation| {
        tried += 1;
        let is_large = |part: &PartSetup| match &part.shape {
            Shape::Tracks { stable, .. } => stable.count > 3,
            Shape::Slots { .. } => false,
        };
        let takes_three = |timed: &Timed| {
            matches!(timed.happening, Happening::PodsEvicted { pods: 3.., .. })
                && timed.after >= seconds(5)
        };
        simulation.world.parts.values().all(is_large)
            && simulation.world.happenings.iter().any(takes_three)
    };
    let smallest = shrink(&mine, &mut shows);
    let evicted = Happening::pods_evicted(Track::Stable, 3);
    let expected = Simulation::seed(9).stable("v1", 4);
    assert_eq!(smallest, expected.at(seconds(5), evicted));
    // Always the same one; what does not show it stays as it is.
    assert_eq!(shrink(&mine, &mut shows), smallest);
    assert_eq!(shrink(&mine, |_| false), mine);
    assert!(tried < 400, "{tried}");
}

#[test]
fn an_end_has_the_name_that_it_has_in_data_and_a_panic_is_no_promise() {
    let tally = Trials::new(5).rollouts(40).threads(cores()).run();
    let ends: Vec<_> = tally.ends.keys().map(String::as_str).collect();
    assert!(ends.contains(&"promoted"), "{ends:?}");
    assert!(ends.contains(&"rolled-back: check"), "{ends:?}");
    let of = |kind: &str| {
        tally
            .drawn
            .keys()
            .filter(|drawn| drawn.starts_with(kind))
            .count()
    };
    assert!(
        of("misfortune: ") > 10 && of("policy: ") == 3,
        "{:?}",
        tally.drawn
    );
    for name in tally.ends.keys().chain(tally.drawn.keys()) {
        let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || " :-".contains(c);
        assert!(name.chars().all(is_plain), "{name}");
    }
    let before = Happening::weight_moved(crate::Weight::FULL, "yesterday");
    assert!(super::drawing::was_before(&before));
    let mut tally = super::Tally::default();
    tally.add(&rollout(1), Err("it broke"));
    assert_eq!(tally.broken[0].promise, None);
    assert_eq!(tally.ends["panicked"].0, 1);
    assert!(
        tally.to_string().contains("panicked: seed 1: it broke"),
        "{tally}"
    );
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
fn misfortunes_befall_what_is_there_whatever_it_is_called() {
    let live = WorkloadSetup::of("shop.example/api:7", 3).container("proxy", "envoy:1");
    let live = renamed(live);
    let release = Release::of([("api", "shop.example/api:8")]).unwrap();
    let mine = Simulation::seed(0)
        .world(|world| world.workloads(live, None))
        .release(release);
    let takes = Duration::from_secs(100);
    let mut named: BTreeSet<String> = BTreeSet::new();
    for world in worlds(&mine, takes, 3).take(400) {
        let timed = world.world.happenings.iter().map(|timed| &timed.happening);
        let mishaps = world.mishaps.iter();
        let at_calls = mishaps.filter_map(|mishap| match &mishap.trouble {
            Trouble::World(happening) => Some(happening),
            Trouble::Crash { .. }
            | Trouble::Freeze { .. }
            | Trouble::ClockSet { .. }
            | Trouble::JournalFails { .. }
            | Trouble::JournalAnswerLost => None,
        });
        for happening in timed.chain(at_calls) {
            if let Happening::ImageChanged {
                container, image, ..
            } = happening
            {
                assert_eq!(container, "api");
                named.insert(image.to_string());
            }
            if let Happening::ImageBehaves { image, .. } | Happening::TagMoved { image, .. } =
                happening
            {
                named.insert(image.clone());
            }
        }
    }
    let here = ["7", "8", "hotfix", "v0"].map(|tag| format!("shop.example/api:{tag}"));
    assert_eq!(named, here.into());
}

/// The container `app` is called `api`.
fn renamed(mut workload: WorkloadSetup) -> WorkloadSetup {
    if let Some(image) = workload.images.remove("app") {
        workload.images.insert("api".to_owned(), image);
    }
    workload
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
