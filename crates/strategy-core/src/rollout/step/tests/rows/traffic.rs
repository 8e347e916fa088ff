//! Rows 2f, 6 and 7: traffic goes where it is covered.

use super::super::notation::world;
use crate::target::Effective;
use crate::weight::Weight;

#[test]
fn row_6a_forward_traffic_moves_when_all_of_it_is_covered() {
    let to = "S v0x2; C v1x2; w50";
    world("S v0x2 2/2; C v1x2 2/2; w0")
        .to(to)
        .is_decided_by("6a", "traffic: S v0x2; C v1x2; w50");
    world("S v0x2 2/2; C v1x2 1/1 v2 1/1; w0")
        .to(to)
        .says("wait ready C");
    // The counts of a canary of ten: 6 ready of 10 carry no 100%.
    world("S v0x10 10/10; C v1x10 6/10; w50")
        .baseline(10)
        .to("S v0x10; C v1x10; w100")
        .says("wait ready C");
}

/// Several rules move as one: the rules that did not take the write tell the traffic.
#[test]
fn row_6a_what_only_some_places_took_is_written_again_whatever_is_aimed_at() {
    let partial = |text: &str| {
        world(text).with(|case| case.observation.traffic.effective = Effective::Partial)
    };
    let to = "S v0x2; C v1x2; w50";
    let begun = partial("S v0x2 2/2; C v1x2 2/2; w0");
    begun
        .clone()
        .to(to)
        .is_decided_by("6a", "traffic: S v0x2; C v1x2; w50");
    begun
        .back()
        .is_decided_by("6a", "traffic: S v0x2; C v1x2; w0");
    partial("S v0x2 2/2; C v1x2 0/2; w0")
        .to(to)
        .says("wait ready C");
    partial("S v0x2 2/2; C v1x2 2/2; w50")
        .to(to)
        .is_decided_by("6a", "traffic: S v0x2; C v1x2; w50");
}

#[test]
fn row_6a_routes_and_mirror_come_and_go_with_the_traffic() {
    world("S v0x2 2/2; C v1x1 1/1; w0")
        .to("S v0x2; C v1x1; w0 h")
        .says("traffic: S v0x2; C v1x1; w0 h");
    world("S v0x2 2/2; C v1x2 0/2; w0")
        .to("S v0x2; C v1x2; w0 h")
        .says("wait ready C");
    world("S v0x2 2/2; C v1x1 1/1; w0")
        .to("S v0x2; C v1x1; w0 m100")
        .says("up: S v0x2; C v1x2; w0");
    world("S v0x2 1/2; C v1x2 2/2; w0 m100 h")
        .back()
        .says("traffic: S v0x2; C v1x2; w0");
    world("S v0x2 0/2; C v1x2 2/2; w0 h")
        .back()
        .says("wait ready S");
}

#[test]
fn row_2f_a_dead_side_is_left_by_everything() {
    let dead = world("S v0x2 1/2; C v1x2 0/2; w100").with(|case| case.granularity = Weight::FULL);
    dead.clone()
        .back()
        .is_decided_by("2f", "traffic: S v0x2; C v1x2; w0");
    dead.to("S v0x2; C v1x2; w0").says("wait ready S");
}

#[test]
fn row_2f_a_dead_side_is_left_before_anything_is_raised() {
    let back = |text: &str| world(text).from("S v0x3; C -; w0").baseline(3).back();
    back("S v0x2 2/2; C -; w66").is_decided_by("2f", "traffic: S v0x2; C -; w0");
    back("S v0x2 2/2; C v1x2 0/2; w66").is_decided_by("2f", "traffic: S v0x2; C v1x2; w0");
    // What still answers is not left before what takes over is there.
    back("S v0x2 2/2; C v1x2 1/2; w66").says("up: S v0x3; C v1x2; w66");
    back("S v0x2 0/2; C -; w66").says("up: S v0x3; C -; w66");
    // A route is given up, and everything goes to a candidate that is not there: nothing is left by that.
    world("S v0x3 3/3; C -; w0 h")
        .from("S v0x3; C -; w100")
        .baseline(3)
        .back()
        .says("wait ready C");
    // Where nothing is left, what is missing comes.
    back("S v0x2 2/2; C -; w0").says("up: S v0x3; C -; w0");
}

#[test]
fn row_6b_back_moves_as_far_as_covered_in_whole_steps() {
    let back = |text: &str, step: u16| {
        world(text)
            .from("S v0x3; C -; w0")
            .baseline(3)
            .back()
            .with(|case| case.granularity = Weight::from_percent(step).unwrap())
    };
    back("S v0x3 1/3; C v1x3 3/3; w100", 1).is_decided_by("6b", "traffic: S v0x3; C v1x3; w67");
    back("S v0x3 2/3; C v1x3 3/3; w67", 1).says("traffic: S v0x3; C v1x3; w34");
    back("S v0x3 1/3; C v1x3 3/3; w67", 1).says("wait ready S");
    back("S v0x3 2/3; C v1x3 3/3; w100", 100).says("wait ready S");
    back("S v0x3 2/3; C v1x3 3/3; w100", 50).says("traffic: S v0x3; C v1x3; w50");
    // A pod of the old attempt is among them.
    back("S v0x3 2/2 v1 1/1; C v1x3 3/3; w100", 1).says("wait ready S");
}

#[test]
fn row_6b_no_more_is_asked_than_was_ready_at_the_start() {
    let back = |suffices| {
        world("S v0x3 2/3; C v1x3 3/3; w34")
            .from("S v0x3; C -; w0")
            .baseline(3)
            .back()
            .with(|case| case.start_ready_suffices = suffices)
    };
    back(None).says("wait ready S");
    back(Some(2)).says("traffic: S v0x3; C v1x3; w0");
    world("S v0x3 2/3; C -; w0")
        .from("S v0x3; C -; w0")
        .baseline(3)
        .back()
        .with(|case| case.start_ready_suffices = Some(2))
        .says("reached");
}

#[test]
fn row_6c_otherwise_the_gaining_side_is_waited_for() {
    world("S v0x2 1/2; C v1x2 2/2; w50")
        .back()
        .is_decided_by("6c", "wait ready S");
}

#[test]
fn row_7_written_is_not_effective() {
    let to = "S v0x2; C v1x2; w50";
    world("S v0x2 2/2; C v1x2 2/2; w50 e0")
        .to(to)
        .is_decided_by("7", "wait effective");
    world("S v0x2 2/2; C v1x2 2/2; w50 e?")
        .to(to)
        .is_decided_by("7", "wait effective");
}
