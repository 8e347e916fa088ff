//! Every way to go wrong, the pieces that go that way, and what catches each.

use crate::broken::Break;
use crate::piece::{Caught, Piece};
use crate::{journals, late, measuring, people, reading, shares, slots};

/// A way to go wrong.
pub(crate) struct Way {
    pub(crate) name: &'static str,
    pub(crate) pieces: &'static [Piece],
}

const fn way(name: &'static str, pieces: &'static [Piece]) -> Way {
    Way { name, pieces }
}

/// A broken target of the conformance suite.
const fn suite(how: Break, promise: &'static str, name: &'static str, does: &'static str) -> Piece {
    let caught = Caught::Conformance(how, promise);
    Piece { name, does, caught }
}

/// What others do wrong, as it is found in scripts that are in use.
pub(crate) const TRAPS: &[Way] = &[
    way(
        "Percent is not share",
        &[
            shares::TAKES_PODS_FOR_PERCENT,
            suite(
                Break::RoundsWeights,
                "weights_are_read_back_exactly",
                "rounds weights",
                "A weight is rounded to what the router has, and said to be as asked.",
            ),
        ],
    ),
    way("A toggle instead of the recorded start", &[slots::TOGGLES]),
    way(
        "Rollback to what is not there",
        &[slots::GOES_BACK_TO_AN_EMPTY_SLOT],
    ),
    way(
        "A default for what is unknown",
        &[
            slots::DEFAULTS_TO_BLUE,
            suite(
                Break::ReportsWhatItCannotReach,
                "what_cannot_be_reached_is_an_error",
                "reports what it cannot reach",
                "When the platform does not answer, the last answer is given again.",
            ),
            suite(
                Break::ReportsWhatIsGone,
                "what_is_missing_is_an_error",
                "reports what is gone",
                "What was there at first is reported when it is gone.",
            ),
        ],
    ),
    way(
        "Success by nothing",
        &[
            shares::RELIES_ON_A_VACUOUS_STATUS,
            reading::COUNTS_WANTED_AS_READY,
            suite(
                Break::MiscountsReadyPods,
                "pods_follow_the_count",
                "miscounts ready pods",
                "One more is ready than there is: one of none.",
            ),
        ],
    ),
    way("No data counted as healthy", &[measuring::NO_DATA_PASSES]),
    way(
        "Metrics of the whole service",
        &[
            measuring::COUNTS_THE_WHOLE_SERVICE,
            suite(
                Break::LabelsBothTracksAlike,
                "identities_tell_the_tracks_apart",
                "labels both tracks alike",
                "Nothing tells the series of one track from those of the other.",
            ),
        ],
    ),
    way("Checks at the wrong time", &[shares::LOOKS_ONCE]),
    way(
        "Scale and traffic in the wrong order",
        &[
            shares::SCALES_DOWN_FIRST,
            slots::RETIRES_BEFORE_DRAIN,
            shares::WEIGHS_ON_ONE_POD,
        ],
    ),
    way(
        "A merge that leaves a key behind",
        &[
            reading::LEAVES_A_KEY_BEHIND,
            suite(
                Break::DropsHeaderRoutes,
                "header_routes_are_read_back",
                "drops header routes",
                "A list is replaced as a whole, and what it does not know is lost.",
            ),
        ],
    ),
    way(
        "Written and never effective",
        &[
            reading::EFFECTIVE_WHEN_WRITTEN,
            reading::NEVER_EFFECTIVE,
            reading::IGNORES_STICKINESS,
            suite(
                Break::NeverArrives,
                "a_weight_becomes_effective",
                "never says that it is effective",
                "A weight is written and stays on its way.",
            ),
        ],
    ),
    way(
        "An identity that changes",
        &[
            reading::PROMOTES_THE_TAG,
            suite(
                Break::ReportsNoImages,
                "images_that_really_run_are_reported",
                "reports no image ids",
                "What really runs is not told.",
            ),
        ],
    ),
    way(
        "Two writers, no lock, no memory",
        &[
            shares::TWO_WITHOUT_A_LOCK,
            journals::REMEMBERS_NOTHING,
            reading::OVERWRITES_PEOPLE,
            suite(
                Break::OverwritesTraffic,
                "a_foreign_change_of_traffic_is_a_conflict",
                "overwrites traffic",
                "A write goes over what somebody else wrote since.",
            ),
            suite(
                Break::ClaimsByForce,
                "a_claim_is_compared_before_it_is_set",
                "claims by force",
                "A claim is set whoever holds it.",
            ),
        ],
    ),
    way(
        "Approval as theatre",
        &[
            people::ONE_FOR_ALL,
            people::TIMEOUT_IS_YES,
            people::ANY_ROLE,
        ],
    ),
    way(
        "The wrong thing tested, and failure hidden",
        &[
            people::TESTS_THE_LIVE_SLOT,
            slots::SWITCHES_SOME_PARTS,
            slots::CALLS_IT_A_SUCCESS,
        ],
    ),
];

/// What a machine with the right parts can still get wrong.
pub(crate) const SEAMS: &[Way] = &[
    way(
        "A zombie's write is accepted",
        &[
            late::LANDS_LATE,
            suite(
                Break::WritesForAnyEpoch,
                "taking_over_fences_a_prepared_write",
                "writes for any epoch",
                "A write that was prepared before a take-over lands after it.",
            ),
            suite(
                Break::WritesForAnyHolder,
                "a_write_under_another_claim_is_a_conflict",
                "writes for any holder",
                "Whoever holds the claim, everybody writes.",
            ),
            suite(
                Break::LetsALateClaimIn,
                "a_claim_that_is_over_does_not_come_back",
                "lets a late claim in",
                "A process that stood still claims what others have finished.",
            ),
        ],
    ),
    way(
        "A stale observation is acted on",
        &[
            reading::TAKES_STALE_FOR_FRESH,
            suite(
                Break::ServesItsCacheAfterAWrite,
                "an_observation_after_a_write_shows_it",
                "serves its cache after a write",
                "What is read after a write is what was there before it.",
            ),
        ],
    ),
    way(
        "A second journal is accepted",
        &[journals::ACCEPTS_A_SECOND_JOURNAL, journals::REFUSES_NOBODY],
    ),
    way(
        "The approval of another plan is accepted",
        &[people::ANOTHER_PLAN],
    ),
    way(
        "A window is counted twice",
        &[measuring::COUNTS_A_WINDOW_TWICE],
    ),
    way(
        "The revision changes under traffic",
        &[shares::UPDATES_UNDER_TRAFFIC],
    ),
    way(
        "A recorded count under an autoscaler",
        &[reading::RESTORES_THE_RECORDED_COUNT],
    ),
    way(
        "Readiness over mixed revisions",
        &[
            reading::COUNTS_EVERY_REVISION,
            suite(
                Break::MixesRevisions,
                "revisions_are_told_apart",
                "mixes revisions",
                "Pods of the old and the new revision are told under one name.",
            ),
        ],
    ),
];
