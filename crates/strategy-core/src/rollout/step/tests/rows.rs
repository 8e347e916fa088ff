//! One test per row of the routed table; each also shows that without its row the answer is another.

use super::notation::{Case, DRAINED, world};
use crate::track::Tracks;
use crate::weight::Weight;

/// Blue-green: an idle slot with last week's release, warm.
const IDLE: &str = "S v0x2; C v2x2; w0";

#[test]
fn row_0_a_candidate_that_ends_without_traffic_is_written_back_last() {
    // Were it wrong, row 1' would write the clear candidate back before stable is home.
    world("S v0x1 1/1; C v1x2 2/2; w0")
        .from(IDLE)
        .back()
        .says("up: S v0x2; C v1x2; w0");
}

#[test]
fn row_1_ready_pods_at_the_recorded_revision_stay_until_the_other_side_covers() {
    let promote = "S v1x2; C v1x2; w100";
    world("S v0x2 2/2; C v1x2 1/2; w100")
        .to(promote)
        .is_decided_by("1", "wait cover S");
    world("S v0x2 2/2; C v1x2 2/2; w100")
        .to(promote)
        .says("prepare: S v1x2; C v1x2; w100");
    // Nothing ready is nothing to keep.
    world("S v0x2 0/2; C v1x2 1/2; w100")
        .to(promote)
        .says("prepare: S v1x2; C v1x2; w100");
}

#[test]
fn row_1_prime_a_track_that_nobody_reaches_changes_revision_and_count_in_one_write() {
    world("S v0x2 2/2; C v2x1 1/1; w0")
        .from(IDLE)
        .to("S v0x2; C v1x2; w50")
        .is_decided_by("1'", "prepare: S v0x2; C v1x2; w0");
}

#[test]
fn row_1_prime_waits_for_written_effective_and_drained() {
    let to = "S v0x2; C v1x2; w0";
    for (shared, waits) in [
        ("w0 e50", "wait effective"),
        ("w0 e?", "wait effective"),
        ("w0 drainC", "wait drain C until 9000"),
    ] {
        world(&format!("S v0x2 2/2; C v2x2 2/2; {shared}"))
            .from(IDLE)
            .to(to)
            .says(waits);
    }
    world("S v0x2 2/2; C v2x2 2/2; w0 drainC")
        .from(IDLE)
        .to(to)
        .with(|case| case.now = DRAINED)
        .says("prepare: S v0x2; C v1x2; w0");
}

#[test]
fn row_2a_a_dead_track_under_traffic_is_written_home_in_place() {
    world("S v1x2 0/2; C v1x2 0/2; w50")
        .back()
        .is_decided_by("2a", "prepare: S v0x2; C v1x2; w50");
    // Caught half way: told v1, every ready pod still v0. The count stays.
    world("S v1x3 0/1 v0 2/2; C v1x2 2/2; w0 drainC")
        .back()
        .is_decided_by("2a", "prepare: S v0x3; C v1x2; w0");
}

#[test]
fn row_2a_takes_no_ready_pod_from_anybody() {
    world("S v1x2 1/1 v0 1/1; C v1x2 2/2; w50")
        .back()
        .says("traffic: S v1x2; C v1x2; w100");
}

#[test]
fn row_2b_candidate_carries_traffic_home_at_what_stable_ran() {
    world("S v1x2 2/2; C -; w0")
        .back()
        .is_decided_by("2b", "prepare: S v1x2; C v0x2; w0");
    world("S v1x2 2/2; C v1x1 1/1; w0")
        .back()
        .is_decided_by("2b", "prepare: S v1x2; C v0x2; w0");
    // Nothing ready there: nothing is lost, though stable does not cover.
    world("S v1x2 1/2; C v1x2 0/2; w0")
        .back()
        .is_decided_by("2b", "prepare: S v1x2; C v0x2; w0");
}

#[test]
fn row_2b_leads_home_by_one_move_there_and_one_back() {
    let home = |text: &str, says: &str| world(text).back().says(says);
    home(
        "S v1x2 2/2; C v0x2 2/2; w0",
        "traffic: S v1x2; C v0x2; w100",
    );
    home("S v1x2 2/2; C v0x2 2/2; w100 e0", "wait effective");
    home(
        "S v1x2 2/2; C v0x2 2/2; w100 drainS",
        "wait drain S until 9000",
    );
    home(
        "S v1x2 2/2; C v0x2 2/2; w100",
        "prepare: S v0x2; C v0x2; w100",
    );
    home(
        "S v0x2 2/2; C v0x2 2/2; w100",
        "traffic: S v0x2; C v0x2; w0",
    );
    home("S v0x2 2/2; C v0x2 2/2; w0", "down: S v0x2; C -; w0");
}

#[test]
fn row_2c_candidate_drains_before_it_is_given_what_stable_ran() {
    world("S v1x2 2/2; C v1x2 2/2; w0 drainC")
        .back()
        .is_decided_by("2c", "wait drain C until 9000");
}

#[test]
fn row_2d_never_without_another_side() {
    world("S v0x2 2/2; C -; w0").to("S v1x2; C -; w0").is_decided_by(
        "2d",
        "never: stable carries traffic and must change what it runs, and there is no candidate to \
         take over",
    );
}

#[test]
fn row_2e_a_track_under_traffic_is_emptied_first() {
    world("S v1x2 2/2; C v1x2 2/2; w50")
        .back()
        .is_decided_by("2e", "traffic: S v1x2; C v1x2; w100");
    // Away from the goal on the way forward too, and before the stage is ready.
    world("S v0x2 2/2; C v2x2 2/2; w50")
        .from(IDLE)
        .to("S v0x2; C v1x2; w50")
        .until_ready()
        .is_decided_by("2e", "traffic: S v0x2; C v2x2; w0");
}

#[test]
fn row_2e_never_against_a_persons_hand() {
    let forbidden = |text: &str| world(text).back().with(|case| case.may_detour = false);
    forbidden("S v1x2 1/1 v0 1/1; C v1x2 2/2; w50").is_decided_by(
        "2e",
        "never: traffic by hand on stable, which runs api=shop/api:v1 and must run as recorded; \
         moving it to candidate would overrule that hand",
    );
    // Rows 2a and 2b stay, and what 2b prepared is used.
    forbidden("S v1x2 0/2; C v1x2 2/2; w50").says("prepare: S v0x2; C v1x2; w50");
    forbidden("S v1x2 2/2; C v1x2 2/2; w0").says("prepare: S v1x2; C v0x2; w0");
    forbidden("S v1x2 2/2; C v0x2 2/2; w0").says("traffic: S v1x2; C v0x2; w100");
}

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
fn row_6b_a_dead_side_is_left_by_everything() {
    let dead = world("S v0x2 1/2; C v1x2 0/2; w100").with(|case| case.granularity = Weight::FULL);
    dead.clone()
        .back()
        .is_decided_by("6b", "traffic: S v0x2; C v1x2; w0");
    dead.to("S v0x2; C v1x2; w0").says("wait ready S");
}

#[test]
fn row_6c_back_moves_as_far_as_covered_in_whole_steps() {
    let back = |text: &str, step: u16| {
        world(text)
            .from("S v0x3; C -; w0")
            .baseline(3)
            .back()
            .with(|case| case.granularity = Weight::from_percent(step).unwrap())
    };
    back("S v0x3 1/3; C v1x3 3/3; w100", 1).is_decided_by("6c", "traffic: S v0x3; C v1x3; w67");
    back("S v0x3 2/3; C v1x3 3/3; w67", 1).says("traffic: S v0x3; C v1x3; w34");
    back("S v0x3 1/3; C v1x3 3/3; w67", 1).says("wait ready S");
    back("S v0x3 2/3; C v1x3 3/3; w100", 100).says("wait ready S");
    back("S v0x3 2/3; C v1x3 3/3; w100", 50).says("traffic: S v0x3; C v1x3; w50");
    // A pod of the old attempt is among them.
    back("S v0x3 2/2 v1 1/1; C v1x3 3/3; w100", 1).says("wait ready S");
}

#[test]
fn row_6c_no_more_is_asked_than_was_ready_at_the_start() {
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
fn row_6d_otherwise_the_gaining_side_is_waited_for() {
    world("S v0x2 1/2; C v1x2 2/2; w50")
        .back()
        .is_decided_by("6d", "wait ready S");
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
