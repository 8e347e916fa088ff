//! Promises 1 and 2, each kept and broken.

use super::*;
use crate::rollout::{Answer, Wish};
use crate::track::Replicas;

fn found() -> Scene {
    scene(side("v1", 4, 4), none(), 0)
}

/// A candidate of two is there, and so many of them are ready.
fn prepared(ready: u32) -> Tale {
    Tale::begins(found())
        .writes_and_sees(1, scene(side("v1", 4, 4), side("v2", 2, 0), 0))
        .seen(scene(side("v1", 4, 4), side("v2", 2, ready), 0))
}

/// Half of the traffic goes to a ready candidate.
fn halfway() -> Tale {
    prepared(2).writes_and_sees(2, scene(side("v1", 4, 4), side("v2", 2, 2), 50))
}

#[test]
fn traffic_goes_to_what_covers_it() {
    halfway().keeps(1);
    let one_short = prepared(1).writes(2, scene(side("v1", 4, 4), side("v2", 2, 1), 50));
    one_short.breaks([1]);
    // One of two covers 5%.
    let enough = prepared(1).writes(2, scene(side("v1", 4, 4), side("v2", 2, 1), 5));
    enough.keeps(1);
}

#[test]
fn readiness_counts_as_it_was_seen_and_at_the_template_alone() {
    // Ready in truth by then, but nobody had seen it.
    prepared(0)
        .becomes(scene(side("v1", 4, 4), side("v2", 2, 2), 0))
        .writes(2, scene(side("v1", 4, 4), side("v2", 2, 2), 50))
        .breaks([1]);
    // Seen ready, dead by then.
    prepared(2)
        .becomes(scene(side("v1", 4, 4), side("v2", 2, 0), 0))
        .writes(2, scene(side("v1", 4, 4), side("v2", 2, 0), 50))
        .keeps(1);
    let old_pods = || side("v2", 2, 0).map(|side| side.and_pods("v0", 2, 2));
    prepared(0)
        .seen(scene(side("v1", 4, 4), old_pods(), 0))
        .writes(2, scene(side("v1", 4, 4), old_pods(), 50))
        .breaks([1, 3]);
}

#[test]
fn a_dead_side_is_left_by_everything_on_the_way_home_alone() {
    halfway()
        .seen(scene(side("v1", 4, 1), side("v2", 2, 0), 50))
        .writes(3, scene(side("v1", 4, 1), side("v2", 2, 0), 0))
        .keeps(1);
    halfway()
        .seen(scene(side("v1", 4, 1), side("v2", 2, 1), 50))
        .writes(3, scene(side("v1", 4, 1), side("v2", 2, 1), 0))
        .breaks([1]);
    halfway()
        .seen(scene(side("v1", 4, 0), side("v2", 2, 2), 50))
        .writes(3, scene(side("v1", 4, 0), side("v2", 2, 2), 100))
        .breaks([1]);
}

#[test]
fn mirrored_requests_need_pods_as_others_do() {
    let mut mirrored = scene(side("v1", 4, 4), side("v2", 2, 1), 5);
    mirrored.traffic.mirror = Weight::HALF;
    prepared(1).writes(2, mirrored.clone()).breaks([1]);
    prepared(2).writes(2, mirrored).keeps(1);
}

#[test]
fn covered_traffic_goes_home_at_once_after_an_abort() {
    let aborted = |candidate: u32| {
        halfway()
            .commanded("a", Wish::Abort { force: false })
            .heard("a", Answer::Recorded)
            .seen(scene(side("v1", 4, 4), side("v2", 2, candidate), 50))
    };
    aborted(2)
        .writes(3, scene(side("v1", 4, 4), side("v2", 2, 2), 0))
        .keeps(1);
    // As far as is covered, although all is.
    aborted(2)
        .writes(3, scene(side("v1", 4, 4), side("v2", 3, 2), 50))
        .breaks([1]);
}

#[test]
fn nothing_that_traffic_needs_is_given_up() {
    halfway()
        .writes(3, scene(side("v1", 2, 2), side("v2", 2, 2), 50))
        .keeps(2);
    halfway()
        .writes(3, scene(side("v1", 1, 1), side("v2", 2, 2), 50))
        .breaks([2]);
    halfway()
        .writes(3, scene(side("v1", 4, 4), none(), 50))
        .breaks([2]);
}

#[test]
fn nothing_is_given_up_before_the_drain() {
    let emptied = |percent| {
        halfway()
            .writes_and_sees(
                3,
                scene(side("v1", 4, 4), side("v2", 2, 2), 0).still_reaches(50),
            )
            .seen(scene(side("v1", 4, 4), side("v2", 2, 2), 0).still_reaches(percent))
    };
    emptied(0)
        .writes(4, scene(side("v1", 4, 4), none(), 0))
        .keeps(2);
    emptied(1)
        .writes(4, scene(side("v1", 4, 4), none(), 0).still_reaches(1))
        .breaks([2]);
}

#[test]
fn what_nobody_reaches_stays_while_the_other_side_does_not_cover() {
    let home = |stable| {
        halfway()
            .writes_and_sees(3, scene(side("v1", 4, 4), side("v2", 2, 2), 0))
            .seen(scene(side("v1", 4, stable), side("v2", 2, 2), 0))
            .writes(4, scene(side("v1", 4, stable), none(), 0))
    };
    home(4).keeps(2);
    home(3).breaks([2]);
}

#[test]
fn a_recorded_start_that_was_not_all_ready_asks_no_more_on_the_way_home() {
    Tale::begins(scene(side("v1", 4, 3), none(), 0))
        .writes_and_sees(1, scene(side("v1", 4, 3), side("v2", 4, 4), 0))
        .writes_and_sees(2, scene(side("v1", 4, 3), side("v2", 4, 4), 100))
        .writes_and_sees(3, scene(side("v1", 4, 3), side("v2", 4, 4), 0))
        .writes_and_sees(4, scene(side("v1", 4, 3), none(), 0))
        .keeps(2);
}

#[test]
fn a_stable_that_somebody_changed_is_the_way_home_too() {
    let start = || scene(side("v1", 4, 3), none(), 0);
    let halfway = || {
        Tale::begins(start())
            .writes_and_sees(1, scene(side("v1", 4, 3), side("v2", 4, 4), 0))
            .writes_and_sees(2, scene(side("v1", 4, 3), side("v2", 4, 4), 50))
    };
    // Three were ready at the start, and three are now.
    let hotfix = |percent| scene(side("hotfix", 4, 3), side("v2", 4, 4), percent);
    halfway()
        .person("eve", hotfix(50))
        .shown()
        .writes(3, hotfix(0))
        .keeps(1);
    let two = |percent| scene(side("hotfix", 4, 2), side("v2", 4, 4), percent);
    halfway()
        .person("eve", two(50))
        .shown()
        .writes(3, two(0))
        .breaks([1]);
    // A stable that we gave another revision is not: that is the way forward.
    let promoted = |percent| scene(side("v2", 4, 3), side("v2", 4, 4), percent);
    Tale::begins(start())
        .writes_and_sees(1, scene(side("v1", 4, 3), side("v2", 4, 4), 0))
        .writes_and_sees(2, scene(side("v1", 4, 3), side("v2", 4, 4), 100))
        .writes_and_sees(3, promoted(100))
        .writes(4, promoted(0))
        .breaks([1]);
}

#[test]
fn what_was_seen_while_the_journal_took_nothing_came_after_the_decision() {
    let tale = |is_refused: bool| {
        let decided = halfway().writes_and_sees(3, scene(side("v1", 4, 4), side("v2", 2, 2), 0));
        let decided = if is_refused {
            decided.refused()
        } else {
            decided
        };
        decided
            .seen(scene(side("v1", 4, 3), side("v2", 2, 2), 0))
            .writes(4, scene(side("v1", 4, 3), none(), 0))
    };
    tale(true).keeps(2);
    tale(false).breaks([2]);
}

#[test]
fn the_baseline_follows_what_an_autoscaler_wanted_and_never_falls() {
    let owned = |wanted, ready| {
        let side = side("v1", wanted, ready);
        side.map(|mut side| {
            side.replicas = Replicas::Floor(2);
            side
        })
    };
    let tale = |seen_before| {
        Tale::begins(scene(owned(2, 2), none(), 0))
            .writes_and_sees(1, scene(owned(2, 2), side("v2", 2, 2), 0))
            .seen(scene(owned(seen_before, seen_before), side("v2", 2, 2), 0))
            .seen(scene(owned(2, 2), side("v2", 2, 2), 0))
            .writes(2, scene(owned(2, 2), side("v2", 2, 2), 100))
    };
    tale(2).keeps(1);
    tale(3).breaks([1]);
}

#[test]
fn where_traffic_follows_readiness_as_many_are_ready_as_at_the_start() {
    let shares = |stable: u32, candidate: u32, percent| {
        let (old, new) = (side("v1", stable, stable), side("v2", candidate, candidate));
        scene(old, new, percent)
    };
    let one_more = || {
        let found = scene(side("v1", 4, 4), none(), 0);
        Tale::rolling(found).writes_and_sees(1, shares(4, 1, 20))
    };
    one_more().writes(2, shares(3, 1, 25)).keeps(2);
    one_more().writes(2, shares(2, 1, 33)).breaks([2]);
    one_more().writes(2, shares(4, 0, 0)).keeps(2);
}
