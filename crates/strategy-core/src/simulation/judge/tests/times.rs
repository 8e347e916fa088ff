//! Promises 5, 9, 10, 14 and 15, each kept and broken.

use std::time::Duration;

use super::*;
use crate::analysis::{FailureShare, Window};
use crate::plan::{Check, Extension};
use crate::release::Part;
use crate::rollout::{Event, Left, News, Outcome, Wish};
use crate::simulation::End;
use crate::strategy::Canary;
use crate::world::{Fact, Life, Process};

fn whole(percent: u16) -> Scene {
    scene(side("v1", 4, 4), side("v2", 4, 4), percent)
}

fn canary() -> Canary {
    Canary::new()
        .stages([50, 100])
        .bake(Duration::from_secs(60))
        .promote_directly()
}

/// A canary that is served half of the traffic for so long.
fn served(strategy: &Canary, seconds: u64) -> Tale {
    Tale::of(strategy, scene(side("v1", 4, 4), none(), 0))
        .writes_and_sees(1, whole(0))
        .writes(2, whole(50).converging())
        .wait(300)
        .seen(whole(50))
        .wait(seconds)
}

fn ends(tale: Tale) -> Tale {
    tale.shown()
        .writes_and_sees(3, whole(100))
        .wait(4_000)
        .shown()
        .writes_and_sees(4, scene(side("v2", 4, 4), side("v2", 4, 4), 100))
        .wait(4_000)
        .shown()
        .writes_and_sees(5, scene(side("v2", 4, 4), side("v2", 4, 4), 0))
        .wait(4_000)
        .shown()
        .ended(Outcome::Promoted)
}

#[test]
fn a_bake_is_time_in_which_traffic_is_effective() {
    ends(served(&canary(), 60)).keeps(5);
    ends(served(&canary(), 59)).breaks([5]);
}

#[test]
fn a_person_may_end_a_bake() {
    use crate::rollout::Answer;
    let hurried = |answer| {
        let mut tale = served(&canary(), 10);
        let plan = tale.report().plan.as_ref().unwrap().digest();
        let wish = Wish::Promote { plan };
        ends(tale.commanded("p", wish).heard("p", answer))
    };
    hurried(Answer::Recorded).breaks([]);
    hurried(Answer::Refused("no".to_owned())).breaks([5]);
}

#[test]
fn an_abort_is_obeyed_on_the_way_forward() {
    use crate::rollout::Answer;
    let aborted = |answer, at: u64| {
        let tale = served(&canary(), 60 - at).commanded("a", Wish::Abort { force: false });
        ends(tale.heard("a", answer).wait(at))
    };
    let refused = || Answer::Refused("no".to_owned());
    aborted(refused(), 10).breaks([16]);
    ends(served(&canary(), 60))
        .commanded("a", Wish::Abort { force: false })
        .heard("a", refused())
        .breaks([]);
}

fn checked() -> Canary {
    let check = Check::new(Extension::new(FailureShare::KIND).with("limit", "1%"));
    canary().check("errors", check)
}

fn counted(tale: &mut Tale, number: u64, from: u64, to: u64) {
    let at = |seconds| Timestamp::from_millis(seconds * 1_000);
    tale.add(Fact::Counted {
        by: Process(1),
        check: "errors".into(),
        number,
        window: Window {
            from: at(from),
            to: at(to),
        },
    });
}

#[test]
fn a_promotion_rests_on_looks() {
    let tale = |looks: u64| {
        let mut tale = served(&checked(), 60);
        for look in 0..looks {
            counted(&mut tale, look, look * 30, (look + 1) * 30);
        }
        ends(tale)
    };
    tale(2).keeps(9);
    tale(0).breaks([9]);
    let mut silent = tale(2);
    for part in silent.report().world.parts.values_mut() {
        part.requests.candidate.served = 0;
    }
    silent.breaks([9]);
}

#[test]
fn no_window_counts_twice() {
    let tale = |looks: &[(u64, u64, u64)]| {
        let mut tale = served(&checked(), 60);
        for (number, from, to) in looks {
            counted(&mut tale, *number, *from, *to);
        }
        tale.rolled_back_nowhere()
    };
    tale(&[(0, 0, 30), (1, 30, 60), (1, 30, 60)]).keeps(10);
    tale(&[(0, 0, 30), (1, 29, 60)]).breaks([10]);
    // A process that never wrote its journal again told nobody.
    let mut given_up = served(&checked(), 60);
    counted(&mut given_up, 0, 0, 30);
    let other = Process(2);
    given_up.add(Fact::Counted {
        by: other,
        check: "errors".into(),
        number: 1,
        window: Window {
            from: Timestamp::from_millis(29_000),
            to: Timestamp::from_millis(60_000),
        },
    });
    given_up.add(Fact::Lives {
        process: other,
        life: Life::GaveUp("the journal cannot be used".to_owned()),
    });
    given_up.recorded([]).rolled_back_nowhere().keeps(10);
    tale(&[(0, 0, 30), (0, 30, 60)]).breaks([10]);
}

impl Tale {
    /// Somebody is still at it.
    fn rolled_back_nowhere(mut self) -> Self {
        self.report().end = End::Waiting {
            what: "more".to_owned(),
        };
        self
    }
}

#[test]
fn a_wait_has_a_limit() {
    served(&canary(), 3_000).rolled_back_nowhere().keeps(14);
    let mut tale = served(&canary(), 10 * 24 * 3_600).shown();
    tale.report().world.to = tale.report().log.last().unwrap().at;
    tale.rolled_back_nowhere().breaks([14]);
    // To keep what was seen is not to go on.
    let mut idle = served(&canary(), 10);
    for _ in 0..10 {
        idle = idle.wait(24 * 3_600).shown().flushed();
    }
    idle.rolled_back_nowhere().breaks([14]);
    // Nor does a rollout go on for ever that decides again and again.
    let mut restless = served(&canary(), 10);
    for _ in 0..100 {
        restless = restless.wait(24 * 3_600).shown().recorded([]);
    }
    restless.rolled_back_nowhere().breaks([14]);
}

/// What decides again and again and comes to an end at last came to it too late all the same.
#[test]
fn an_outcome_comes_within_all_limits_together() {
    let home = |tale: Tale| {
        let home = scene(side("v1", 4, 4), none(), 0);
        let tale = tale.shown().writes_and_sees(3, whole(0)).wait(5).shown();
        tale.writes_and_sees(4, home).rolled_back()
    };
    home(served(&canary(), 3_000)).keeps(14);
    let restless = || {
        let mut tale = served(&canary(), 10);
        for _ in 0..100 {
            tale = tale.wait(24 * 3_600).shown().recorded([]);
        }
        tale
    };
    let late = || home(restless());
    late().breaks([14]);
    // For who is stuck and says what is left there is no limit.
    let stuck = |left: Vec<Left>| {
        let mut tale = late();
        let report = tale.report();
        let (id, at) = ("tale".parse().unwrap(), report.world.from);
        let event = Event::new(id, at, News::GotStuck { left });
        report.events.push(event);
        tale
    };
    let left = Left {
        part: Part::main(),
        what: "stable has 3 ready, and 4 are needed".to_owned(),
    };
    stuck(vec![left]).keeps(14);
    stuck(Vec::new()).breaks([14]);
    // How long it takes to settle is told apart.
    home(served(&canary(), 3_000))
        .wait(100 * 24 * 3_600)
        .flushed()
        .keeps(14);
}

#[test]
fn a_livelock_is_no_rest() {
    let turns = |turns: u64| {
        let mut tale = served(&canary(), 60).shown();
        for turn in 0..turns {
            let count = 4 + (turn % 2) as u32;
            let up = scene(side("v1", 4, 4), side("v2", count, 4), 50);
            tale = tale.writes_and_sees(10 + turn, up);
        }
        tale.rolled_back_nowhere()
    };
    turns(8).keeps(15);
    turns(40).breaks([15]);
}

#[test]
fn nothing_is_written_after_the_end() {
    ends(served(&canary(), 60)).keeps(15);
    ends(served(&canary(), 60))
        .writes(6, scene(side("v2", 5, 4), side("v2", 4, 4), 0))
        .breaks([8, 15]);
}
