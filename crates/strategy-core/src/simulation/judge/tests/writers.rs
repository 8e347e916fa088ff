//! Promises 6, 8, 11, 12, 13 and 16, each kept and broken.

use std::time::Duration;

use super::*;
use crate::plan::Gate;
use crate::release::Part;
use crate::rollout::{Answer, Left, Outcome, Wish};
use crate::strategy::Canary;
use crate::world::{Process, Told};

fn whole(percent: u16) -> Scene {
    scene(side("v1", 4, 4), side("v2", 4, 4), percent)
}

fn prepared() -> Tale {
    Tale::begins(scene(side("v1", 4, 4), none(), 0)).writes_and_sees(1, whole(0))
}

#[test]
fn a_view_has_a_limit_of_age() {
    prepared().wait(75).writes(2, whole(5)).keeps(8);
    prepared().wait(76).writes(2, whole(5)).breaks([8]);
    let mut tale = prepared().wait(1_000);
    let long_ago = tale.report().world.from;
    tale.shown_as_of(long_ago).writes(2, whole(5)).breaks([8]);
}

#[test]
fn an_unknown_write_is_fenced_off_before_another() {
    let unknown = || {
        prepared()
            .recorded([2])
            .asks(2)
            .answered(2, Told::Unknown)
            .shown()
    };
    unknown()
        .claimed(Some(2))
        .shown()
        .writes(3, whole(5))
        .keeps(8);
    unknown().writes(3, whole(5)).breaks([8]);
    // Nobody waits for an answer any more.
    prepared()
        .recorded([2])
        .asks(2)
        .shown()
        .writes(3, whole(5))
        .breaks([8]);
    prepared()
        .recorded([2])
        .asks(2)
        .answered(2, Told::NotTaken)
        .writes(3, whole(5))
        .keeps(8);
}

#[test]
fn traffic_goes_home_before_the_fence_and_an_outcome_does_not() {
    let unknown = || {
        prepared()
            .writes_and_sees(2, whole(5))
            .recorded([3])
            .asks(3)
            .lands(3, whole(50))
            .answered(3, Told::Unknown)
            .shown()
            .writes_and_sees(4, whole(0))
    };
    unknown().keeps(8);
    let home = scene(side("v1", 4, 4), none(), 0);
    unknown()
        .claimed(Some(2))
        .writes_and_sees(5, home.clone())
        .claimed(None)
        .rolled_back()
        .keeps(8);
    unknown().writes_and_sees(5, home).rolled_back().breaks([8]);
}

#[test]
fn what_a_zombie_asks_for_is_fenced_off_from_the_beginning() {
    let asked = |epoch| {
        let mut tale = prepared().claimed(Some(2));
        let newest = tale.claim.clone();
        tale.claim.epoch = epoch;
        tale = tale.recorded([2]).asks(2).answered(2, Told::Unknown);
        tale.claim = newest;
        tale.shown().writes(3, whole(5))
    };
    asked(1).keeps(8);
    asked(2).breaks([8]);
}

#[test]
fn what_is_abandoned_may_say_that_a_write_may_still_land() {
    let ends = |what: &str| {
        let left = Left {
            part: Part::main(),
            what: what.to_owned(),
        };
        prepared()
            .recorded([2])
            .asks(2)
            .answered(2, Told::Unknown)
            .ended(Outcome::Abandoned { left: vec![left] })
    };
    ends("its last write may still be taken").keeps(8);
    ends("its last write may still be taken")
        .lands(2, whole(5))
        .keeps(8);
    ends("the candidate runs v2").breaks([8]);
}

#[test]
fn the_journal_holds_a_write_before_it_is_asked_for() {
    prepared().keeps(11);
    prepared()
        .asks(2)
        .recorded([2])
        .lands(2, whole(5))
        .answered(2, Told::Done)
        .breaks([11]);
    prepared()
        .asks(2)
        .lands(2, whole(5))
        .answered(2, Told::Done)
        .breaks([11]);
}

#[test]
fn only_the_holder_of_the_claim_writes() {
    prepared().keeps(12);
    let mut zombie = prepared();
    let old = zombie.claim.clone();
    zombie = zombie.claimed(Some(2));
    zombie.claim = old;
    zombie.writes(2, whole(5)).breaks([12]);
    prepared().claimed(Some(1)).breaks([12]);
    let mut stolen = prepared();
    stolen.claim.holder = "thief".parse().unwrap();
    stolen.claimed(Some(2)).breaks([12]);
}

#[test]
fn who_was_there_before_the_last_claim_writes_no_more_whatever_claim_it_shows() {
    let second = Process(2);
    let taken_over = || {
        let tale = prepared();
        let here = Some(tale.claim.clone());
        tale.claimed_by(second, here, Some(2))
    };
    taken_over().keeps(12);
    taken_over().writes(2, whole(5)).breaks([12]);
}

#[test]
fn a_claim_is_passed_on_from_what_is_there() {
    prepared().claimed(Some(2)).keeps(12);
    let tale = prepared();
    let mut not_there = tale.claim.clone();
    not_there.epoch = 5;
    tale.claimed_by(FIRST, Some(not_there), Some(6))
        .breaks([12]);
    prepared().claimed_by(FIRST, None, Some(2)).breaks([12]);
}

#[test]
fn who_lost_the_journal_writes_it_no_more() {
    let taken_up = || prepared().recorded_by(Process(2));
    taken_up().recorded_by(Process(2)).keeps(12);
    taken_up().recorded_by(Process(3)).keeps(12);
    taken_up().recorded([]).breaks([12]);
}

#[test]
fn what_is_said_to_another_plan_does_not_count_for_this_one() {
    let found = scene(side("v1", 4, 4), none(), 0);
    let mut other = Tale::of(&Canary::new().stages([100]), found);
    let plan = other.report().plan.as_ref().unwrap().digest();
    let stage = || "100%".into();
    let wishes = [
        Wish::Approve {
            stage: stage(),
            plan: plan.clone(),
        },
        Wish::Advance {
            stage: stage(),
            plan: plan.clone(),
        },
        Wish::Promote { plan },
    ];
    for wish in wishes {
        let said = |answer| {
            prepared()
                .commanded("yes", wish.clone())
                .heard("yes", answer)
        };
        said(Answer::Refused("another plan".to_owned())).keeps(16);
        said(Answer::Recorded).breaks([16]);
    }
}

#[test]
fn traffic_is_not_moved_against_a_person() {
    let moved = || {
        prepared()
            .writes_and_sees(2, whole(50))
            .person("eve", whole(5))
            .shown()
    };
    moved().writes(3, whole(50)).breaks([13]);
    moved().writes(3, whole(0)).breaks([]);
    // Whoever has it go on hears so after what that led to.
    moved()
        .commanded("r", Wish::Retry)
        .writes(3, whole(50))
        .heard("r", Answer::Recorded)
        .keeps(13);
    moved()
        .person("eve", whole(100))
        .shown()
        .writes(3, whole(50))
        .breaks([]);
    // It carries home what stable ran.
    moved()
        .person("eve", scene(side("v1", 4, 4), side("v1", 4, 4), 0))
        .shown()
        .writes(3, scene(side("v1", 4, 4), side("v1", 4, 4), 100))
        .keeps(13);
}

#[test]
fn a_command_is_answered_while_decisions_are_made() {
    let pause = || prepared().commanded("p", Wish::Pause);
    pause()
        .heard("p", Answer::Recorded)
        .wait(61)
        .recorded([])
        .keeps(6);
    pause().wait(61).recorded([]).breaks([6]);
    pause().wait(59).recorded([]).keeps(6);
    // While the journal takes nothing, nothing can be answered; once it does, patience counts anew.
    let refused = || pause().wait(50).refused().wait(50);
    refused().recorded([]).keeps(6);
    refused().wait(11).recorded([]).breaks([6]);
}

#[test]
fn a_command_is_answered_before_the_end_and_in_one_way() {
    let home = || scene(side("v1", 4, 4), none(), 0);
    let ends = |tale: Tale| tale.writes_and_sees(2, home()).wait(5).rolled_back();
    let pause = || prepared().commanded("p", Wish::Pause);
    ends(
        pause()
            .heard("p", Answer::Recorded)
            .heard("p", Answer::Recorded),
    )
    .keeps(16);
    ends(pause()).breaks([16]);
    let refused = Answer::Refused("no".to_owned());
    ends(pause().heard("p", Answer::Recorded).heard("p", refused)).breaks([16]);
}

#[test]
fn what_is_promoted_was_approved_by_as_many_people_as_its_gate_asks_for() {
    let gate = Gate::approval("both", ["ops".to_owned()], 2);
    let gated = Canary::new()
        .stages([100])
        .bake(Duration::ZERO)
        .bake_after_return(Duration::ZERO)
        .promote_directly()
        .retire_after(Duration::ZERO)
        .gate_before("100%", gate);
    let promoted = |yes: &[(&str, &str)]| {
        let mut tale = Tale::of(&gated, scene(side("v1", 4, 4), none(), 0));
        let plan = tale.report().plan.as_ref().unwrap().digest();
        for (number, (actor, role)) in yes.iter().enumerate() {
            let (id, stage) = (number.to_string(), "100%".into());
            let wish = Wish::Approve {
                stage,
                plan: plan.clone(),
            };
            tale = tale
                .commanded_by(actor, role, &id, wish)
                .heard(&id, Answer::Recorded);
        }
        tale.writes_and_sees(1, whole(0))
            .writes_and_sees(2, whole(100))
            .writes_and_sees(3, scene(side("v2", 4, 4), side("v2", 4, 4), 100))
            .writes_and_sees(4, scene(side("v2", 4, 4), side("v2", 4, 4), 0))
            .ended(Outcome::Promoted)
    };
    promoted(&[("ann", "ops"), ("ben", "ops")]).keeps(16);
    promoted(&[("ann", "ops")]).breaks([16]);
    promoted(&[("ann", "ops"), ("ann", "ops")]).breaks([16]);
    promoted(&[("ann", "ops"), ("eve", "guest")]).breaks([16]);
    promoted(&[]).breaks([16]);
}
