//! The promises, judged from what really happened in a world: a reference model that shares no code
//! with the machine.
//!
//! What it reads is the [log](SimulationReport::log) of the world, the plan as data, and how the
//! simulation ended. No event, no state and no function of the machine is asked: what the machine says of
//! itself is what is to be judged. Two of its words count nevertheless, because to say them is what is
//! promised: what is left to do where it is or was stuck (14), and that a write may still land where it is
//! abandoned (8). Each promise is a function whose documentation says how the promise is
//! read off the log, and what of it cannot be seen there.
//!
//! | promise | judged in |
//! |---|---|
//! | 1 nothing unready is exposed | `exposure` |
//! | 2 capacity leads and follows | `capacity` |
//! | 3, 4 one revision, and the validated one | `revision` |
//! | 5 written is not effective | `bake` |
//! | 6, 16 people are heard | `people` |
//! | 7 back to the recorded start | `way_back` |
//! | 8 unknown, and old | `unknown` |
//! | 9, 10 looks | `looks` |
//! | 11, 12 journal first, one writer | `writers` |
//! | 13 other hands | `hands` |
//! | 14, 15 it ends and rests | `rest` |
//!
//! Promise 17, that the audience cannot change the play, speaks of code that is not in the world: an
//! observer writes nothing, so nothing in the log could tell.

mod bake;
mod capacity;
mod exposure;
mod findings;
mod hands;
mod looks;
mod people;
mod record;
mod rest;
mod revision;
#[cfg(test)]
mod tests;
mod unknown;
mod view;
mod way_back;
mod writers;

use std::collections::BTreeMap;

use serde::Serialize;

use self::findings::Findings;
use self::record::Record;
use super::report::SimulationReport;
use crate::timestamp::Timestamp;

/// A promise that was broken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct BrokenPromise {
    /// Its number in the list of promises.
    pub promise: u8,
    /// When, by the world's clock.
    pub at: Timestamp,
    /// What happened, and what should have.
    pub what: String,
}

/// What a judgement found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Judgement {
    /// Every promise that was broken, in the order of the promises.
    pub broken: Vec<BrokenPromise>,
    /// How often there was something to judge, by promise: one that is missing was not tried at all.
    pub judged: BTreeMap<u8, u64>,
}

/// Every promise that was broken.
pub fn judge(report: &SimulationReport) -> Vec<BrokenPromise> {
    examine(report).broken
}

/// Every promise that was broken, and how often each could have been.
pub fn examine(report: &SimulationReport) -> Judgement {
    let record = Record::of(report);
    let mut findings = Findings::default();
    exposure::nothing_unready_is_exposed(&record, &mut findings);
    exposure::covered_traffic_goes_home_at_once(&record, &mut findings);
    capacity::capacity_follows_traffic_down(&record, &mut findings);
    revision::no_request_changes_revision(&record, &mut findings);
    revision::what_is_promoted_was_validated(&record, &mut findings);
    bake::each_weight_is_effective_for_its_bake(&record, &mut findings);
    people::decisions_need_no_platform(&record, &mut findings);
    way_back::rolled_back_is_the_recorded_start(&record, &mut findings);
    unknown::nothing_rests_on_an_old_view(&record, &mut findings);
    unknown::unknown_writes_are_fenced_off(&record, &mut findings);
    looks::promotion_rests_on_data(&record, &mut findings);
    looks::no_window_counts_twice(&record, &mut findings);
    writers::journal_comes_before_effect(&record, &mut findings);
    writers::one_writer(&record, &mut findings);
    writers::one_writer_of_the_journal(&record, &mut findings);
    hands::traffic_is_never_moved_against_a_person(&record, &mut findings);
    rest::it_ends(&record, &mut findings);
    rest::it_rests(&record, &mut findings);
    people::every_command_is_heard(&record, &mut findings);
    people::aborts_are_obeyed(&record, &mut findings);
    people::yes_is_said_to_this_plan(&record, &mut findings);
    people::enough_people_said_yes(&record, &mut findings);
    findings.judgement()
}
