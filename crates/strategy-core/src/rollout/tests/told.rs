//! Whole stories as people and programs are told them, word for word: what is done, said and shown, and
//! when it wakes up next.
//!
//! `UPDATE_GOLDEN=1` writes the pages of `tests/golden/told`; what changed in them is for people to read.

mod page;
mod trouble;

use self::page::Page;
use super::acting::seconds;
use super::checks::{every_15, limits, plan_with};
use super::kind_world::{KindWorld, Run};
use super::{canary, plan};
use crate::analysis::Verdict;
use crate::hook::GateAnswer;
use crate::plan::{
    Extension, Gate, HookPlan, HookPoint, OnFailure, Policies, Rerun, Then, Undecided,
};
use crate::rollout::{Alarm, Input, Wish};
use crate::target::{Effective, FatalReason, Routing};

fn hook(name: &str, point: HookPoint) -> HookPlan {
    HookPlan::new(name, point, Extension::new(name))
}

fn hold(at_most: u64, then: Then) -> OnFailure {
    let at_most = seconds(at_most);
    OnFailure::Hold { at_most, then }
}

fn dies(run: &mut Run) {
    run.world
        .broken
        .insert("app:v1".to_owned(), FatalReason::CrashLoop);
    run.world.converge();
    run.look_again();
}

fn recovers(run: &mut Run) {
    run.world.broken.clear();
    run.world.unready.clear();
    run.world.converge();
    run.look_again();
}

fn unready(run: &mut Run, image: &str) {
    run.world.unready.insert(image.to_owned());
    run.world.converge();
    run.look_again();
}

fn judged(run: &mut Run, verdict: &Verdict) {
    for look in run.looks() {
        run.judge(&look, verdict.clone());
    }
}

#[test]
fn gates_hooks_and_checks_on_the_way_to_promotion() {
    let mut stages = canary();
    let roles = ["lead".to_owned(), "owner".to_owned()];
    stages[1].gates = vec![
        Gate::approval("go", roles, 1),
        Gate::external("calm", Extension::new("calendar")),
    ];
    stages[1].hooks = vec![
        hook("migrate", HookPoint::Before),
        hook("smoke", HookPoint::Effective).warns(),
    ];
    let plan = plan_with(stages, &[("errors", every_15(limits(1)))]);
    let mut page = Page::of("promoted", plan, KindWorld::new(("v0", 4), None));
    page.waits(16)
        .then("a look fails", |run| judged(run, &Verdict::Fail))
        .waits(15)
        .then("a look passes", |run| judged(run, &Verdict::Pass))
        .waits(15)
        .then("a look is undecided", |run| {
            judged(run, &Verdict::Undecided);
        })
        .waits(15)
        .then("a look finds nothing", |run| {
            judged(run, &Verdict::Inconclusive("no data".to_owned()));
        })
        .waits(15)
        .then("a look cannot be taken", |run| {
            let looks = run.looks();
            looks.iter().for_each(|look| run.look_fails(look));
        })
        .waits(10)
        .then("it is taken again", |run| judged(run, &Verdict::Pass))
        .then("somebody else approves", |run| {
            run.approve("eve", &["guest"], "all");
        })
        .then("a lead approves", |run| {
            run.approve("ada", &["lead"], "all");
        });
    page.then("the calendar says no", |run| {
        let gate = run.gate();
        run.answer_gate(&gate, GateAnswer::Closed("lunch".to_owned()));
    })
    .waits(30)
    .then("the calendar says yes", |run| {
        let gate = run.gate();
        run.answer_gate(&gate, GateAnswer::Open);
    })
    .then("the migration is done", |run| {
        let hook = run.hook();
        run.end_hook(&hook, true);
    })
    .then("the smoke test fails", |run| {
        let hook = run.hook();
        run.end_hook(&hook, false);
    });
    page.then("its checks pass", |run| {
        while run.rollout.status().bake.is_some() {
            run.pass_time();
            run.settle_now();
            judged(run, &Verdict::Pass);
        }
    })
    .ends();
}

#[test]
fn a_bake_that_stays_undecided_is_held_and_advanced() {
    let mut stages = canary();
    stages[0].bake.at_most = seconds(100);
    stages[0].bake.undecided = Undecided::Hold {
        at_most: seconds(500),
        then: Then::RollBack,
    };
    let plan = plan_with(stages, &[("errors", every_15(limits(0)))]);
    let mut page = Page::of("undecided", plan, KindWorld::new(("v0", 4), None));
    page.waits(101)
        .then("a person advances", |run| {
            run.advance("half");
        })
        .then("what is effective cannot be seen", |run| {
            run.world.effective = Some(Effective::Converging);
            run.look_again();
        })
        .waits(100)
        .then("it can", |run| {
            run.world.effective = None;
            run.look_again();
        })
        .ends();
}

#[test]
fn a_failure_is_held_for_a_person_who_tries_again() {
    Page::canary("held", |stages| {
        stages[0].on_failure = hold(600, Then::RollBack);
        stages[0].hooks = vec![hook("seed", HookPoint::Effective).rerun(Rerun::Safe)];
    })
    .waits(5)
    .then("the pods die", dies)
    .then("they recover", recovers)
    .then("a person tries again", |run| {
        run.order(Wish::Retry);
    })
    .waits(5)
    .then("they die again", dies)
    .waits(599)
    .waits(2)
    .ends();
}

#[test]
fn a_process_that_crashes_in_a_hook_asks_a_person() {
    Page::canary("unfinished", |stages| {
        stages[0].hooks = vec![hook("migrate", HookPoint::Before)];
    })
    .then("the process crashes", |run| run.crash(seconds(9)))
    .waits(60)
    .then("a person says that it is done", |run| {
        run.advance("half");
    })
    .ends();
}

#[test]
fn other_hands_are_answered() {
    Page::canary("hands", |_| {})
        .waits(20)
        .then("somebody scales the candidate", |run| {
            let written = run.world.sides.candidate.written.as_mut();
            written.unwrap().replicas = crate::track::Replicas::Count(3);
            run.world.converge();
            run.look_again();
        })
        .waits(5)
        .then("somebody adds a mirror", |run| {
            run.world.somebody_moves_traffic(60);
            run.look_again();
        })
        .waits(60)
        .then("a person goes on", |run| {
            run.order(Wish::Retry);
        })
        .waits(5)
        .then("somebody takes traffic home", |run| {
            run.world.somebody_moves_traffic(0);
            run.look_again();
        })
        .ends();
}

#[test]
fn commands_and_alarms() {
    Page::canary("commands", |_| {})
        .waits(10)
        .then("a pause", |run| {
            run.order(Wish::Pause);
        })
        .waits(100)
        .then("on behalf of somebody", |run| {
            run.order_as("eve", &["lead"], Wish::Unpause);
        })
        .then("nothing to try again", |run| {
            run.order(Wish::Retry);
        })
        .then("advance what is not there", |run| {
            run.advance("all");
        })
        .then("the clock jumps", |run| {
            run.now = run.now + seconds(7200);
            run.rollout.handle_timeout(run.now);
        })
        .then("an alarm", |run| {
            run.tell(Input::AlarmRaised(Alarm::new("a", "pager", "it burns")));
        })
        .ends();
}

#[test]
fn a_successor_is_made_room_for() {
    Page::canary("superseded", |_| {})
        .waits(20)
        .then("a newer release comes", |run| {
            let by = "next".parse().unwrap();
            run.order(Wish::Supersede { by });
        })
        .waits(5)
        .ends();
}

#[test]
fn past_a_point_of_no_return_a_person_is_asked() {
    let mut page = Page::canary("no-return", |stages| {
        for stage in &mut *stages {
            stage.on_failure = hold(600, Then::Abandon);
            stage.bake.undecided = Undecided::Then(Then::Abandon);
        }
        stages[0].point_of_no_return = true;
    });
    page.waits(20)
        .then("the pods die", dies)
        .then("a person aborts", |run| {
            run.order(Wish::Abort { force: false });
        })
        .then("and means it", |run| {
            run.order(Wish::Abort { force: true });
        })
        .ends();
}

#[test]
fn counts_are_the_share_where_traffic_follows_them() {
    let mut world = KindWorld::new(("v0", 4), None);
    world.routing = Routing::FollowsReadiness;
    let plan = plan(
        super::readiness::shares(&[(3, 1, 25), (0, 4, 100)]),
        Policies::default(),
    );
    Page::of("shares", plan, world)
        .waits(10)
        .then("readiness is lost", |run| unready(run, "app:v1"))
        .ends();
}

#[test]
fn an_autoscaler_keeps_its_count() {
    let world = KindWorld::owned_by_an_autoscaler("v0", 2, 4);
    let plan = plan(canary(), Policies::default());
    let mut page = Page::of("autoscaler", plan, world);
    page.waits(10)
        .then("more is wanted", |run| {
            run.world.load = Some(6);
            run.world.converge();
            run.look_again();
        })
        .ends();
}

#[test]
fn what_runs_already_is_promoted_if_it_is_ready() {
    for (name, ready) in [("already", true), ("already-unready", false)] {
        let mut world = KindWorld::new(("v1", 4), None);
        if !ready {
            world.unready.insert("app:v1".to_owned());
            world.converge();
        }
        let plan = plan(canary(), Policies::default());
        Page::of(name, plan, world).waits(700).ends();
    }
}
