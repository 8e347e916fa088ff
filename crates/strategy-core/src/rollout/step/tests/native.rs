//! Tests of platforms that shift traffic themselves.

use super::notation::{Case, world};
use crate::target::{PlatformDeployment, PlatformState};

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

fn says(state: PlatformState) -> impl FnOnce(&mut Case) {
    |case| case.observation.platform = Some(PlatformDeployment::new("d-1", state))
}

/// All that a platform may say besides that it is at work.
fn not_at_work() -> [PlatformState; 5] {
    let why = || "why".to_owned();
    [
        PlatformState::Waiting,
        PlatformState::Won,
        PlatformState::RolledBack(why()),
        PlatformState::Superseded(why()),
        PlatformState::Stalled(why()),
    ]
}

/// It shifts by itself, and an answer before it asks is an answer to nothing.
#[test]
fn a_step_is_not_told_to_a_platform_that_is_at_work() {
    let steps = [
        // The release is up, and nothing of it is exposed yet.
        ("S v0x2 2/2; C v1x2 2/2; w0", "S v0x2; C v1x2; w50"),
        ("S v0x2 2/2; C v1x2 2/2; w50", "S v0x2; C v1x2; w100"),
        // What was may go.
        ("S v0x2 2/2; C v1x2 2/2; w100", "S v0x0; C v1x2; w100"),
    ];
    for (text, to) in steps {
        let step = native(text).to(to);
        step.clone()
            .with(says(PlatformState::InProgress))
            .says("wait platform");
        for state in not_at_work() {
            step.clone()
                .with(says(state))
                .says(&format!("native: {to}"));
        }
        step.says(&format!("native: {to}"));
    }
}

/// Another revision, or another count of it, is no step of what the platform is at.
#[test]
fn a_release_is_started_though_a_platform_is_at_work() {
    for text in [
        "S v0x2 2/2; C -; w0",
        "S v0x2 2/2; C v2x2 2/2; w0",
        "S v0x2 2/2; C v1x1 1/1; w0",
        "S v1x2 2/2; C v1x2 2/2; w0",
    ] {
        native(text)
            .to("S v0x2; C v1x2; w50")
            .with(says(PlatformState::InProgress))
            .says("native: S v0x2; C v1x2; w50");
    }
}

#[test]
fn the_way_back_waits_for_no_platform() {
    for text in ["S v0x2 2/2; C v1x2 2/2; w50", "S v0x2 2/2; C -; w50"] {
        native(text)
            .back()
            .with(says(PlatformState::InProgress))
            .says("native: S v0x2; C -; w0");
    }
    // It went back by itself, so nothing is left to be written.
    let went_back = || says(PlatformState::RolledBack("its alarm".to_owned()));
    native("S v0x2 2/2; C -; w0 e50")
        .back()
        .with(went_back())
        .says("wait effective");
    native("S v0x2 2/2; C -; w0")
        .back()
        .with(went_back())
        .says("reached");
}

/// Between the question and the answer its pods may have died.
#[test]
fn a_step_waits_for_ready_pods_of_the_release() {
    for (text, to) in [
        ("S v0x2 2/2; C v1x2 1/2; w0", "S v0x2; C v1x2; w50"),
        ("S v0x2 2/2; C v1x2 1/2; w100", "S v0x0; C v1x2; w100"),
    ] {
        let case = native(text).to(to);
        case.clone().says("wait ready C");
        case.with(says(PlatformState::Waiting)).says("wait ready C");
    }
    // A step towards stable is none that needs them.
    native("S v0x2 2/2; C v1x2 0/2; w50")
        .to("S v0x2; C v1x2; w20")
        .says("native: S v0x2; C v1x2; w20");
}

#[test]
fn a_platform_that_asks_for_the_next_step_stands_at_this_one() {
    native("S v0x2 2/2; C v1x2 2/2; w50")
        .to("S v0x2; C v1x2; w50")
        .with(says(PlatformState::Waiting))
        .says("reached");
    // It is still on its way there, whatever a look at the router says by now.
    for text in [
        "S v0x2 2/2; C v1x2 2/2; w50 e?",
        "S v0x2 2/2; C v1x2 2/2; w50",
    ] {
        native(text)
            .to("S v0x2; C v1x2; w50")
            .with(says(PlatformState::InProgress))
            .says("wait effective");
    }
    native("S v0x2 2/2; C -; w0")
        .back()
        .with(says(PlatformState::InProgress))
        .says("wait effective");
}

/// Hooks run between "ready" and the first request: the platform is started, and not answered before.
#[test]
fn until_ready_a_release_is_started_and_no_step_is_taken() {
    let to = "S v0x2; C v1x2; w50";
    native("S v0x2 2/2; C -; w0")
        .to(to)
        .until_ready()
        .says("native: S v0x2; C v1x2; w50");
    let up = native("S v0x2 2/2; C v1x2 1/2; w0").to(to).until_ready();
    up.with(says(PlatformState::InProgress))
        .says("wait ready C");
    for state in [PlatformState::InProgress, PlatformState::Waiting] {
        native("S v0x2 2/2; C v1x2 2/2; w0")
            .to(to)
            .until_ready()
            .with(says(state))
            .says("reached");
    }
    native("S v0x2 2/2; C v1x2 2/2; w100")
        .to("S v0x0; C v1x2; w100")
        .until_ready()
        .says("reached");
}
