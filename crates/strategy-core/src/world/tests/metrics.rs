//! Counts: how slow answers were, how late that is seen, and a source that fails.

use std::collections::BTreeMap;

use super::*;
use crate::analysis::{Analysis as _, Count, Counter as _, FailureShare, Look, MeasureError};
use crate::analysis::{SlowShare, Verdict, Window};
use crate::plan::Extension;
use crate::track::Tracks;

/// Stable answers 100 requests a second: half of them in 20 ms, 99% in 100 ms.
fn world() -> Scenario {
    World::seeded(1)
        .stable("app:v1", 2)
        .requests_per_second(100)
}

fn look(world: &World, analysis: Extension, from: u64, to: u64) -> Look {
    let begins = world.report().from;
    let window = Window {
        from: begins + seconds(from),
        to: begins + seconds(to),
    };
    let mut look = Look::new("check", analysis, window);
    let labels = |name: &str| BTreeMap::from([("workload".to_owned(), name.to_owned())]);
    let identities = Tracks {
        stable: labels("app"),
        candidate: labels("app-canary"),
    };
    look.weights.insert(Part::main(), Weight::ZERO);
    look.identities.insert(Part::main(), identities);
    look
}

fn errors() -> Extension {
    Extension::new(FailureShare::KIND)
        .with("limit", "1%")
        .with("track", "stable")
}

fn slower_than(limit: &str) -> Extension {
    Extension::new(SlowShare::KIND)
        .with("limit", "1%")
        .with("track", "stable")
        .with("slower_than", limit)
}

fn count(world: &World, look: &Look) -> Result<Count, MeasureError> {
    let part = Part::main();
    let count = world.count(look, &part, Track::Stable);
    world.block_on(count).unwrap()
}

#[track_caller]
fn check(world: &World, look: &Look, total: u64, failed: u64) {
    let count = count(world, look).unwrap();
    assert_eq!((count.total, count.failed), (total, failed));
}

#[test]
fn slow_requests_are_those_that_were_answered_well_and_too_late() {
    let world = world().fails("app:v1", 0.2).build().unwrap();
    world.happen_after(
        seconds(10),
        Happening::ImageBehaves {
            image: "app:v1".into(),
            behavior: Behavior {
                latency: Latency::new(Duration::from_secs(1), Duration::from_secs(5)),
                ..Behavior::default()
            },
        },
    );
    world.advance(seconds(20));
    check(&world, &look(&world, errors(), 0, 10), 1_000, 200);
    // Of 800 that are answered, half take longer than 20 ms, and one in a hundred longer than 100 ms.
    check(&world, &look(&world, slower_than("20ms"), 0, 10), 800, 400);
    check(&world, &look(&world, slower_than("100ms"), 0, 10), 800, 8);
    check(&world, &look(&world, slower_than("1s"), 5, 15), 900, 250);
    check(&world, &look(&world, slower_than("5s"), 10, 20), 1_000, 10);
}

#[test]
fn the_share_of_slow_requests_is_judged_as_failures_are() {
    let world = world().build().unwrap();
    world.advance(seconds(20));
    let measure = |analysis| {
        let look = look(&world, analysis, 0, 10);
        let analysis = world.slow_analysis();
        world.block_on(analysis.measure(&look)).unwrap()
    };
    let in_time = measure(slower_than("100ms")).unwrap();
    assert_eq!(
        (in_time.verdict, in_time.evidence.as_str()),
        (
            Verdict::Pass,
            "10 of 1 000 requests took longer than 100ms (1.00%), limit 1%"
        )
    );
    let late = measure(slower_than("99ms")).unwrap();
    assert_eq!(late.verdict, Verdict::Fail, "{}", late.evidence);
    for (wrong, named) in [
        (errors(), "slower_than is missing"),
        (slower_than("soon"), "slower_than: `soon`"),
        (slower_than("1s").with("quicker_than", "1s"), "quicker_than"),
    ] {
        let error = measure(wrong).unwrap_err().to_string();
        assert!(error.contains(named), "{error}");
    }
    // Where everything fails, nothing is known of how quickly it is answered.
    world.happen(Happening::image_fails("app:v1", 1.0));
    world.advance(seconds(20));
    let look = look(&world, slower_than("1s"), 20, 40);
    let analysis = world.slow_analysis();
    let nothing = world.block_on(analysis.measure(&look)).unwrap().unwrap();
    let is_open = matches!(nothing.verdict, Verdict::Inconclusive(_));
    assert!(is_open, "{nothing:?}");
}

#[test]
fn a_window_shows_only_what_is_visible_yet() {
    let world = world()
        .fails("app:v1", 0.1)
        .metric_delay(seconds(15))
        .build()
        .unwrap();
    world.advance(seconds(20));
    let window = || look(&world, errors(), 0, 20);
    check(&world, &window(), 500, 50);
    check(&world, &look(&world, errors(), 6, 20), 0, 0);
    world.advance(seconds(5));
    check(&world, &window(), 1_000, 100);
    world.advance(seconds(10));
    check(&world, &window(), 2_000, 200);
    // All of it is there: nothing is added later.
    world.advance(seconds(1_000));
    check(&world, &window(), 2_000, 200);
}

#[test]
fn a_source_can_be_away_or_know_of_nothing_for_a_while() {
    let world = world().build().unwrap();
    world.advance(seconds(20));
    let window = look(&world, errors(), 0, 20);
    check(&world, &window, 2_000, 0);
    let elsewhere = Happening::MetricsFail {
        part: Some("elsewhere".parse().unwrap()),
        fault: MetricFault::Empty,
        lasts: seconds(60),
    };
    world.happen(elsewhere);
    check(&world, &window, 2_000, 0);
    world.happen(Happening::metrics_fail(
        MetricFault::Unreachable,
        seconds(10),
    ));
    let error = count(&world, &window).unwrap_err();
    assert!(matches!(error, MeasureError::Unavailable { .. }), "{error}");
    world.advance(seconds(10));
    check(&world, &window, 2_000, 0);
    world.happen(Happening::metrics_fail(MetricFault::Empty, seconds(10)));
    check(&world, &window, 0, 0);
    world.advance(seconds(10));
    check(&world, &window, 2_000, 0);
}
