//! Rows 0 to 2: a track must run something else.

use super::super::notation::{Case, DRAINED, images, world};
use super::IDLE;
use crate::release::Images;
use crate::track::Tracks;

#[test]
fn row_0_a_candidate_that_ends_without_traffic_is_written_back_last() {
    // Were it wrong, row 1' would write the clear candidate back before stable is home.
    world("S v0x1 1/1; C v1x2 2/2; w0")
        .from(IDLE)
        .back()
        .says("up: S v0x2; C v1x2; w0");
}

#[test]
fn row_0_a_candidate_that_carries_home_is_written_back_after_stable() {
    for start in ["w50", "w5", "w0 m50", "w0 h"] {
        let start = format!("S v0x2; C v2x2; {start}");
        let back = |text: &str| world(text).from(&start).back();
        back("S v1x2 2/2; C v2x2 2/2; w0").is_decided_by("2b", "prepare: S v1x2; C v0x2; w0");
        // Were it wrong, row 1' would write the recorded revision again.
        back("S v1x2 2/2; C v0x2 0/2 v2 2/2; w0").says("wait ready C");
        back("S v1x2 2/2; C v0x2 2/2; w0").says("traffic: S v1x2; C v0x2; w100");
        back("S v0x2 2/2; C v0x2 2/2; w100").says("traffic: S v0x2; C v0x2; w0");
        back("S v0x2 2/2; C v0x2 2/2; w0").is_decided_by("1'", "prepare: S v0x2; C v2x2; w0");
    }
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

/// A search found it: somebody gave stable another revision, and its pods were not replaced yet.
#[test]
fn row_1_ready_pods_at_the_recorded_revision_stay_whatever_somebody_wrote_over_them() {
    let promote = "S v1x2; C v1x2; w100";
    world("S v2x2 0/1 v0 2/2; C v1x2 1/2; w100")
        .to(promote)
        .is_decided_by("1", "wait cover S");
    world("S v2x2 0/1 v0 2/2; C v1x2 2/2; w100")
        .to(promote)
        .says("prepare: S v1x2; C v1x2; w100");
    // What runs at no revision that the way back wants is free.
    world("S v2x2 2/2; C v1x2 1/2; w100")
        .to(promote)
        .says("prepare: S v1x2; C v1x2; w100");
    // To give it back what it ran takes nothing from it.
    world("S v2x2 0/1 v0 2/2; C v1x2 1/2; w100")
        .to("S v0x2; C v1x2; w100")
        .says("prepare: S v0x2; C v1x2; w100");
}

/// A search found it: somebody gave the candidate another revision when stable had taken over.
#[test]
fn row_1_ready_pods_of_the_candidate_stay_until_stable_covers_whatever_they_run() {
    let retire = "S v1x2; C v1x2; w0";
    world("S v1x2 1/2; C v2x2 2/2; w0")
        .to(retire)
        .is_decided_by("1", "wait cover C");
    world("S v1x2 2/2; C v2x2 2/2; w0")
        .to(retire)
        .says("prepare: S v1x2; C v1x2; w0");
}

#[test]
fn row_1_prime_a_track_that_nobody_reaches_changes_revision_and_count_in_one_write() {
    world("S v0x2 2/2; C v2x1 1/1; w0")
        .from(IDLE)
        .to("S v0x2; C v1x2; w50")
        .is_decided_by("1'", "prepare: S v0x2; C v1x2; w0");
}

#[test]
fn row_1_prime_scales_in_no_ready_pod_that_runs_what_it_should() {
    world("S v1x3 0/1 v0 2/2; C v1x2 1/2; w100")
        .from("S v0x1; C -; w0")
        .back()
        .says("prepare: S v0x2; C v1x2; w100");
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
fn row_2b_asks_no_more_of_stable_than_was_ready_at_the_start() {
    let case = world("S v1x3 2/3; C v1x3 1/3; w0")
        .from("S v0x3; C -; w0")
        .baseline(3)
        .back();
    case.says("traffic: S v1x3; C v1x3; w33");
    // The number is the whole need: the start was unwell, not small.
    case.with(|case| case.start_ready_suffices = Some(2))
        .says("prepare: S v1x3; C v0x3; w0");
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
fn row_2c_prime_stable_takes_all_where_the_candidate_cannot() {
    world("S v1x2 2/2; C v1x2 1/2; w50")
        .back()
        .is_decided_by("2c'", "traffic: S v1x2; C v1x2; w0");
    // A candidate that can is the shorter way; a stable that cannot is no way.
    world("S v1x2 2/2; C v1x2 2/2; w50")
        .back()
        .says("traffic: S v1x2; C v1x2; w100");
    world("S v1x2 1/2; C v1x2 1/2; w50")
        .back()
        .says("wait ready C");
    // Where a person moved traffic towards stable, it is their way.
    world("S v1x2 2/2; C v1x2 2/2; w50")
        .back()
        .with(|case| case.may_detour = false)
        .is_decided_by("2c'", "traffic: S v1x2; C v1x2; w0");
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
    // Sessions that are not pinned do not get pinned on the way.
    world("S v0x2 2/2; C v2x2 2/2; w50 u")
        .from(IDLE)
        .to("S v0x2; C v1x2; w50 u")
        .says("traffic: S v0x2; C v2x2; w0 u");
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
fn what_is_written_reaches_a_track_whatever_else_is_known() {
    world("S v0x2 2/2; C v2x2 2/2; w50 e0")
        .from(IDLE)
        .to("S v0x2; C v1x2; w50")
        .with(|case| case.exposure = Tracks::default())
        .says("traffic: S v0x2; C v2x2; w0");
}

#[test]
fn what_is_known_by_a_name_only_is_written_back_by_its_name() {
    let named = |case: &mut Case| {
        let written = case.observation.stable.written.as_mut().unwrap();
        written.revision.recorded = false;
        written.revision.images = Images::default();
        written.revision.name = Some("seven".to_owned());
    };
    let step = "traffic: S sevenx2; C v1x2; w100";
    world("S v0x2 2/2; C v1x2 2/2; w50")
        .to("S v0x2; C v1x2; w50")
        .with(named)
        .says(step);
}

/// A name may be short for what a platform keeps for a while only; images are what is run.
#[test]
fn what_is_known_by_its_images_is_written_back_by_them_though_it_has_a_name() {
    let both = |case: &mut Case| {
        let written = case.observation.stable.written.as_mut().unwrap();
        written.revision.recorded = false;
        written.revision.images = images("v9");
        written.revision.name = Some("seven".to_owned());
    };
    world("S v0x2 2/2; C v1x2 2/2; w50")
        .to("S v0x2; C v1x2; w50")
        .with(both)
        .says("traffic: S v9x2; C v1x2; w100");
}
