//! Rows 3 to 5: capacity comes before traffic.

use super::super::notation::world;
use crate::weight::Weight;

#[test]
fn row_3_capacity_rises_on_all_tracks_in_one_write() {
    world("S v0x1 1/1; C -; w0")
        .to("S v0x2; C v1x1; w50")
        .is_decided_by("3", "up: S v0x2; C v1x1; w0");
}

#[test]
fn row_3_a_side_that_gains_rises_to_its_need() {
    world("S v0x2 2/2; C v1x1 1/1; w0")
        .baseline(4)
        .to("S v0x2; C v1x1; w50")
        .is_decided_by("3", "up: S v0x2; C v1x2; w0");
    // Not once it has gained: row 9 would lower it and this row raise it, for ever.
    world("S v0x2 2/2; C v1x1 1/1; w50")
        .baseline(4)
        .to("S v0x2; C v1x1; w50")
        .says("reached");
}

#[test]
fn row_3_an_owned_count_is_never_written_and_its_floor_rises() {
    world("S v0~1:1 1/1; C v1x3 3/3; w100")
        .from("S v0~1; C -; w0")
        .baseline(3)
        .back()
        .is_decided_by("3", "up: S v0~3; C v1x3; w100");
}

/// A count is no reason to write over what an autoscaler has taken over meanwhile.
#[test]
fn row_3_a_floor_that_is_as_high_as_the_count_asked_for_stays_a_floor() {
    world("S v0~2:2 2/2; C v1x1 1/1; w50")
        .to("S v0x2; C v1x1; w50")
        .says("reached");
}

#[test]
fn row_4_a_wait_for_cover_hides_no_up() {
    let promote = "S v1x2; C v1x3; w100";
    let case = |text: &str| world(text).baseline(3).to(promote);
    case("S v0x3 3/3; C v1x2 2/2; w100").says("up: S v0x3; C v1x3; w100");
    case("S v0x3 3/3; C v1x3 2/3; w100").is_decided_by("4", "wait cover S");
}

#[test]
fn row_5_ready_asks_what_gains_and_what_runs_a_release() {
    let ready = |text: &str, goal: &str| world(text).to(goal).until_ready();
    ready("S v0x2 2/2; C v1x2 2/2; w0", "S v0x2; C v1x2; w50").is_decided_by("5", "reached");
    ready("S v0x2 2/2; C v1x2 1/2; w0", "S v0x2; C v1x2; w50").is_decided_by("5", "wait ready C");
    // Nothing gains, the recorded side is unwell, and is not asked.
    ready("S v0x2 0/2; C v1x2 2/2; w50", "S v0x2; C v1x2; w50").says("reached");
    // Its old pods are not out yet.
    ready("S v0x2 2/2; C v1x2 2/2 v2 1/1; w0", "S v0x2; C v1x2; w50").says("wait ready C");
    // What runs a release is asked though it gains nothing, and what gains though it runs no release.
    ready("S v0x2 2/2; C v1x2 1/2; w50", "S v0x2; C v1x2; w50").says("wait ready C");
    ready("S v0x2 1/2; C v1x2 2/2; w50", "S v0x2; C v1x2; w0").says("wait ready S");
    // Capacity that will go when traffic has left is still there.
    ready("S v0x2 2/2; C v1x2 2/2; w0", "S v0x0; C v1x2; w100").says("reached");
}

#[test]
fn row_5_a_part_that_is_ready_may_do_but_never_less_than_traffic_needs() {
    let half = |text: &str, goal: &str| {
        world(text)
            .baseline(4)
            .to(goal)
            .until_ready()
            .with(|case| case.ready_share = Weight::HALF)
    };
    half("S v0x4 4/4; C v1x4 2/4; w0", "S v0x4; C v1x4; w50").says("reached");
    half("S v0x4 4/4; C v1x4 1/4; w0", "S v0x4; C v1x4; w25").says("wait ready C");
    half("S v0x4 4/4; C v1x4 2/4; w0", "S v0x4; C v1x4; w75").says("wait ready C");
}
