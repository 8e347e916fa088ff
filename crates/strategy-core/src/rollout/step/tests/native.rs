//! Tests of platforms that shift traffic themselves.

use super::notation::{Case, world};

fn native(text: &str) -> Case {
    world(text).native()
}

#[test]
fn the_whole_goal_is_written_once_and_waited_for() {
    let to = "S v0x2; C v1x2; w50";
    native("S v0x2 2/2; C -; w0")
        .to(to)
        .says("native: S v0x2; C v1x2; w50");
    native("S v0x2 2/2; C v1x2 0/2; w50 e0")
        .to(to)
        .says("wait effective");
    native("S v0x2 2/2; C v1x2 1/2; w50")
        .to(to)
        .says("wait ready C");
    native("S v0x2 2/2; C v1x2 2/2; w50").to(to).says("reached");
}

#[test]
fn each_difference_is_written() {
    let to = "S v0x2; C v1x2; w50";
    for text in [
        "S v0x1 1/1; C v1x2 2/2; w50",
        "S v1x2 2/2; C v1x2 2/2; w50",
        "S v0x2 2/2; C v2x2 2/2; w50",
        "S v0x2 2/2; C v1x2 2/2; w0",
    ] {
        native(text).to(to).says("native: S v0x2; C v1x2; w50");
    }
}

#[test]
fn the_way_back_is_the_recorded_start_in_one_write() {
    native("S v0x2 2/2; C v1x2 2/2; w50")
        .back()
        .says("native: S v0x2; C -; w0");
    native("S v0x2 2/2; C -; w0 e50")
        .back()
        .says("wait effective");
    native("S v0x2 2/2; C -; w0").back().says("reached");
}
