//! One test per row of the table for platforms where traffic follows readiness.

use super::notation::{Case, world};

fn follows(text: &str) -> Case {
    world(text).follows_readiness()
}

#[test]
fn row_1_a_track_without_pods_changes_revision_and_count_in_one_write() {
    follows("S v0x0; C v1x2 2/2; w0")
        .to("S v1x2; C -; w0")
        .is_decided_by("1", "prepare: S v1x2; C v1x2; w0");
}

#[test]
fn row_2_a_track_that_must_change_is_emptied_first() {
    let to = "S v1x2; C v1x1; w0";
    follows("S v0x2 2/2; C v1x1 1/1; w0")
        .to(to)
        .is_decided_by("2", "up: S v0x2; C v1x2; w0");
    follows("S v0x2 2/2; C v1x2 2/2; w0")
        .to(to)
        .is_decided_by("2", "down: S v0x0; C v1x2; w0");
    follows("S v0x0 1/1; C v1x2 2/2; w0")
        .to(to)
        .is_decided_by("2", "wait drain S");
    follows("S v0x2 2/2; C -; w0")
        .to("S v1x2; C -; w0")
        .is_decided_by(
            "2",
            "never: stable must change what it runs, and there is no candidate to take over",
        );
}

#[test]
fn row_2_candidate_carries_home_what_stable_ran() {
    follows("S v1x2 2/2; C -; w0")
        .back()
        .is_decided_by("2", "up: S v1x2; C v0x2; w0");
    follows("S v1x2 2/2; C v2x0; w0")
        .from("S v0x2; C v2x0; w0")
        .back()
        .is_decided_by("2", "prepare: S v1x2; C v0x2; w0");
    follows("S v0x2 1/2; C v0x2 2/2; w0")
        .back()
        .says("wait cover C");
}

#[test]
fn row_2_a_candidate_that_cannot_take_over_is_emptied_first() {
    follows("S v1x2 2/2; C v1x2 1/2; w0")
        .back()
        .is_decided_by("2", "down: S v1x2; C v1x0; w0");
    follows("S v1x2 2/2; C v1x0; w0")
        .back()
        .is_decided_by("2", "prepare: S v1x2; C v0x2; w0");
    follows("S v1x2 2/2; C v1x2 2/2; w0")
        .back()
        .is_decided_by("2", "down: S v1x0; C v1x2; w0");
}

#[test]
fn a_track_that_must_change_is_never_called_reached() {
    // Nothing is known of what stable ran, so the candidate cannot be given it.
    let unknown = |text: &str| follows(text).back().with(|case| case.start = None);
    unknown("S v1x2 2/2; C v1x0; w0").says("up: S v1x2; C v1x2; w0");
    unknown("S v1x2 2/2; C v1x2 1/2; w0").says("wait cover S");
    unknown("S v1x2 2/2; C -; w0")
        .says("never: stable must change what it runs, and there is no candidate to take over");
}

#[test]
fn row_3_everything_below_rises_in_one_write() {
    follows("S v0x1 1/1; C -; w0")
        .to("S v0x2; C v1x1; w50")
        .is_decided_by("3", "up: S v0x2; C v1x1; w50");
    // A count is no reason to write over what an autoscaler has taken over meanwhile.
    follows("S v0~2:2 2/2; C v1x1 1/1; w0")
        .to("S v0x2; C v1x1; w50")
        .says("reached");
}

#[test]
fn row_3_what_is_missing_is_created_though_it_is_to_have_no_pod() {
    follows("S v0x2 2/2; C -; w0")
        .to("S v0x2; C v1x0; w0")
        .is_decided_by("3", "up: S v0x2; C v1x0; w0");
}

#[test]
fn row_4_pods_go_when_those_that_stay_are_the_baseline() {
    let to = "S v0x1; C v1x1; w50";
    follows("S v0x2 2/2; C v1x1 1/1; w0")
        .to(to)
        .is_decided_by("4", "down: S v0x1; C v1x1; w50");
    follows("S v0x2 2/2; C v1x1 0/1; w0")
        .to(to)
        .is_decided_by("4", "wait cover S");
    // Nothing ready is lost: the unready one goes.
    follows("S v0x2 1/2; C v1x1 0/1; w0")
        .to(to)
        .is_decided_by("4", "down: S v0x1; C v1x1; w50");
    // Three pods of stable are ready, and two of them are on their way out.
    follows("S v0x1 3/3; C v1x2 2/2; w0")
        .back()
        .with(|case| case.start_ready_suffices = None)
        .says("up: S v0x2; C v1x2; w0");
    follows("S v0x0 2/2; C v1x3 2/3; w0")
        .to("S v0x0; C v1x1; w100")
        .says("wait cover C");
}

#[test]
fn row_5_every_pod_is_ready_and_whole() {
    let to = "S v0x1; C v1x1; w50";
    follows("S v0x1 1/1; C v1x1 0/1; w0")
        .to(to)
        .is_decided_by("5", "wait ready C");
    follows("S v0x1 1/1; C v1x1 1/1; w0").to(to).says("reached");
    follows("S v0x1 1/1; C v1x1 1/1; w0")
        .to(to)
        .until_ready()
        .says("reached");
}
