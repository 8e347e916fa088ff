//! Which broken target breaks which promise of the conformance suite.

use strategy_core::conformance::{Broken, Promise, Standing};
use strategy_core::world::{Scenario, World};

use super::{Break, BrokenSubject, STABLE};

/// By promise, in the order of the suite: a target that breaks it.
pub(crate) const TABLE: &[(&str, Break)] = &[
    ("discovering_writes_nothing", Break::DiscoverWrites),
    ("observing_writes_nothing", Break::ObserveWrites),
    ("admitting_writes_nothing", Break::AdmitWrites),
    (
        "discovery_stays_the_same_while_nothing_changes",
        Break::NamesDrift,
    ),
    (
        "the_first_observation_agrees_with_discovery",
        Break::ObservesOtherwiseThanItDiscovers,
    ),
    (
        "an_observation_after_a_write_shows_it",
        Break::ServesItsCacheAfterAWrite,
    ),
    (
        "an_abandoned_observation_does_no_harm",
        Break::WritesWhenAbandoned,
    ),
    (
        "a_binding_survives_a_journal",
        Break::RemembersInsteadOfBinding,
    ),
    (
        "a_binding_of_another_target_is_an_error",
        Break::TakesAnyBinding,
    ),
    ("what_is_missing_is_an_error", Break::ReportsWhatIsGone),
    (
        "what_cannot_be_reached_is_an_error",
        Break::ReportsWhatItCannotReach,
    ),
    ("applying_twice_is_applying_once", Break::WritesAgain),
    (
        "a_write_repeated_after_a_lost_answer_succeeds",
        Break::RefusesARepeatedWrite,
    ),
    (
        "applying_what_is_there_writes_nothing",
        Break::WritesWhatIsThere,
    ),
    (
        "a_foreign_change_of_traffic_is_a_conflict",
        Break::OverwritesTraffic,
    ),
    (
        "a_foreign_change_of_capacity_is_a_conflict",
        Break::OverwritesCapacity,
    ),
    (
        "a_foreign_change_of_revision_is_a_conflict",
        Break::OverwritesRevision,
    ),
    (
        "a_field_that_is_already_as_desired_is_no_conflict",
        Break::RefusesAHalfLandedWrite,
    ),
    (
        "the_recorded_start_is_restored_exactly",
        Break::NeverScalesStableIn,
    ),
    ("what_was_created_is_removed", Break::KeepsWhatItCreated),
    (
        "what_was_found_is_never_removed",
        Break::RemovesWhatWasFound,
    ),
    ("an_unknown_revision_is_an_error", Break::GuessesARevision),
    (
        "an_unknown_container_is_an_error",
        Break::IgnoresUnknownContainers,
    ),
    ("counts_are_read_back", Break::CapsCounts),
    (
        "a_claim_is_shown_until_it_is_given_up",
        Break::HidesTheClaim,
    ),
    ("a_claim_is_compared_before_it_is_set", Break::ClaimsByForce),
    ("claiming_again_succeeds", Break::RefusesTheClaimThatIsThere),
    (
        "a_claim_that_is_over_does_not_come_back",
        Break::LetsALateClaimIn,
    ),
    (
        "a_claim_changes_nothing_that_is_owned",
        Break::ScalesWhenClaimed,
    ),
    (
        "a_write_without_a_claim_is_a_conflict",
        Break::ClaimsOnTheWay,
    ),
    (
        "a_write_under_another_claim_is_a_conflict",
        Break::WritesForAnyHolder,
    ),
    (
        "taking_over_fences_a_prepared_write",
        Break::WritesForAnyEpoch,
    ),
    (
        "news_that_is_known_is_told_at_once",
        Break::TellsKnownNewsLate,
    ),
    ("news_is_told_when_it_comes", Break::KeepsNewsToItself),
    ("no_news_is_waited_for", Break::TellsNewsThatIsNone),
    ("an_abandoned_wait_misses_nothing", Break::TellsNewsOnlyOnce),
    ("weights_are_read_back_exactly", Break::RoundsWeights),
    ("a_weight_becomes_effective", Break::NeverArrives),
    ("header_routes_are_read_back", Break::DropsHeaderRoutes),
    ("cookie_routes_are_read_back", Break::DropsCookieRoutes),
    ("a_mirror_is_read_back", Break::DropsTheMirror),
    ("roles_stay_after_a_switch", Break::InfersRolesAgain),
    (
        "a_switch_is_found_by_the_next_discovery",
        Break::RemembersTheFirstDiscovery,
    ),
    ("our_own_writes_are_ours", Break::BlamesOthers),
    (
        "a_foreign_move_of_traffic_is_named",
        Break::HidesWhoMovedTraffic,
    ),
    ("a_foreign_change_is_named", Break::HidesForeignChanges),
    (
        "an_absent_candidate_is_reported_absent",
        Break::InventsACandidate,
    ),
    ("revisions_are_told_apart", Break::MixesRevisions),
    (
        "images_that_really_run_are_reported",
        Break::ReportsNoImages,
    ),
    ("pods_follow_the_count", Break::MiscountsReadyPods),
    (
        "identities_tell_the_tracks_apart",
        Break::LabelsBothTracksAlike,
    ),
    (
        "a_question_is_answered_once_though_its_answer_was_lost",
        Break::GoesOnWhenRepeated,
    ),
    (
        "an_answer_to_another_question_is_a_conflict",
        Break::AnswersWhateverIsAsked,
    ),
    (
        "a_step_before_it_is_asked_for_is_a_conflict",
        Break::SaysYesBeforeItIsAsked,
    ),
    ("what_becomes_of_a_deployment_is_told", Break::WinsEarly),
];

/// Of platforms that have deployments of their own.
const OF_DEPLOYMENTS: [&str; 4] = [
    "a_question_is_answered_once_though_its_answer_was_lost",
    "an_answer_to_another_question_is_a_conflict",
    "a_step_before_it_is_asked_for_is_a_conflict",
    "what_becomes_of_a_deployment_is_told",
];

fn scenario(promise: &Promise) -> Scenario {
    let world = World::seeded(1);
    if promise.name.contains("switch") {
        world.slots("app:v1", STABLE, "app:v0", 0)
    } else if OF_DEPLOYMENTS.contains(&promise.name) {
        world.stable("app:v1", STABLE).asks_before_each_step()
    } else {
        world.stable("app:v1", STABLE)
    }
}

/// Whether a target that is broken so keeps a promise.
pub(crate) fn check(promise: &Promise, how: Break) -> Result<Standing, Broken> {
    let world = scenario(promise)
        .build()
        .map_err(|invalid| Broken(invalid.to_string()))?;
    let subject = BrokenSubject::new(&world, how);
    world
        .block_on(promise.check(&subject))
        .map_err(|deadlock| Broken(deadlock.to_string()))?
}
