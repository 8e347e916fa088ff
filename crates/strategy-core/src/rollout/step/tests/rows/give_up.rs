//! Rows 8 to 10: what is not needed any more goes last.

use super::super::notation::{Case, DRAINED, world};
use super::IDLE;
use crate::track::Tracks;

#[test]
fn row_8_what_is_exposed_and_what_runs_a_release_is_ready_before_anything_goes() {
    let switch = "S v0x0; C v1x2; w100";
    world("S v0x2 2/2; C v1x2 1/2; w100")
        .to(switch)
        .is_decided_by("8", "wait ready C");
    // Rollback keeps the only healthy side until stable covers.
    world("S v0x2 1/2; C v1x2 2/2; w0")
        .back()
        .is_decided_by("8", "wait ready S");
    // A release that nobody reaches is asked too, a recorded revision is not.
    world("S v0x2 2/2; C v1x2 1/2; w0")
        .to("S v0x2; C v1x2; w0")
        .is_decided_by("8", "wait ready C");
    world("S v0x2 2/2; C v2x2 0/2; w0")
        .from(IDLE)
        .back()
        .says("reached");
}

#[test]
fn row_8_a_dead_side_that_nobody_reaches_goes_at_once() {
    world("S v0x2 1/2; C v1x2 0/2; w0")
        .back()
        .says("down: S v0x2; C -; w0");
    world("S v0x2 1/2; C v1x2 0/2; w0 drainC")
        .back()
        .says("wait ready S until 9000");
}

#[test]
fn row_8_an_owned_track_is_measured_by_what_its_autoscaler_wants_now() {
    let owned = |text: &str| world(text).from("S v0~2; C -; w0").baseline(3).back();
    owned("S v0~2:2 2/2; C -; w0").says("reached");
    owned("S v0~2:3 2/3; C -; w0").says("wait ready S");
}

#[test]
fn row_9_candidate_first_then_stable_after_drain() {
    let retire = "S v0x0; C v1x2; w100";
    world("S v0x2 2/2; C v1x3 3/3; w100")
        .to(retire)
        .is_decided_by("9", "down: S v0x2; C v1x2; w100");
    world("S v0x2 2/2; C v1x2 2/2; w100")
        .to(retire)
        .is_decided_by("9", "down: S v0x0; C v1x2; w100");
    world("S v0x2 2/2; C v1x2 2/2; w100 drainS")
        .to(retire)
        .is_decided_by("9", "wait drain S until 9000");
}

#[test]
fn row_9_writes_the_emptied_slot_back_to_what_was_found_there() {
    world("S v0x2 2/2; C v1x2 0/2; w0")
        .from("S v0x2; C v2x0; w0")
        .back()
        .is_decided_by("9", "down: S v0x2; C v2x0; w0");
    world("S v0x2 2/2; C v1x0; w0")
        .from("S v0x2; C v2x0; w0")
        .back()
        .says("down: S v0x2; C v2x0; w0");
}

#[test]
fn row_9_an_exposed_track_keeps_what_traffic_needs_of_it() {
    let half = |text: &str| world(text).baseline(4).to("S v0x1; C v1x2; w50");
    half("S v0x4 4/4; C v1x2 2/2; w50").says("down: S v0x2; C v1x2; w50");
    half("S v0x4 4/4; C v1x2 2/2; w50")
        .with(|case| {
            case.lost_share_drains = Tracks {
                stable: Some(DRAINED),
                candidate: None,
            };
        })
        .says("wait drain S until 9000");
    half("S v0x2 2/2; C v1x2 2/2; w50").says("reached");
}

#[test]
fn row_9_a_raised_floor_is_restored() {
    let owned = |text: &str| world(text).from("S v0~2; C -; w0").baseline(3).back();
    owned("S v0~3:3 3/3; C -; w0").says("down: S v0~2; C -; w0");
}

/// A floor of 0 switches a workload off, which is no floor to whoever is sent there.
#[test]
fn row_9_an_exposed_track_is_not_switched_off() {
    let owned = |text: &str| world(text).baseline(3).to("S v0~2; C v1~0; w100");
    owned("S v0~2:3 3/3; C v1~3:3 3/3; w100").says("down: S v0~2; C v1~1; w100");
    owned("S v0~2:3 3/3; C v1~1:3 3/3; w100").says("reached");
    let home = |text: &str| world(text).baseline(3).to("S v0~2; C v1~0; w0");
    home("S v0~2:3 3/3; C v1~3:3 3/3; w0").says("down: S v0~2; C v1~0; w0");
}

#[test]
fn row_10_reached_asks_for_nothing() {
    for (text, goal) in [
        ("S v0x2 2/2; C v1x2 2/2; w50", "S v0x2; C v1x2; w50"),
        ("S v0x2 0/2; C v1x2 2/2; w100", "S v0x2; C v1x2; w100"),
        ("S v1x2 2/2; C -; w0", "S v1x2; C -; w0"),
    ] {
        world(text).to(goal).says("reached");
    }
    let start: Case = world("S v0x2 2/2; C -; w0").back();
    start.says("reached");
}
