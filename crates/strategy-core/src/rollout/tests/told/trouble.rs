//! Stories of pods and platforms that give trouble.

use super::page::Page;
use super::{dies, hold, hook, judged, recovers, unready};
use crate::analysis::Verdict;
use crate::plan::{Extension, GoalTrack, HookPoint, Policies, StageKind, Then, Undecided, Undo};
use crate::rollout::tests::acting::seconds;
use crate::rollout::tests::checks::{every_15, limits, plan_with};
use crate::rollout::tests::kind_world::KindWorld;
use crate::rollout::tests::{at, canary, plan, stage};
use crate::rollout::{Command, Input, Wish};
use crate::target::TargetErrorKind;

#[test]
fn pods_that_die_take_it_back() {
    Page::canary("dead", |stages| {
        let undo = Undo::By(Extension::new("unmigrate"));
        stages[0].hooks = vec![hook("migrate", HookPoint::Before).undo(undo)];
    })
    .then("the migration is done", |run| {
        let hook = run.hook();
        run.end_hook(&hook, true);
    })
    .waits(20)
    .then("the pods die", dies)
    .waits(2)
    .then("the migration is undone", |run| {
        let hook = run.hook();
        run.end_hook(&hook, true);
    })
    .ends();
}

#[test]
fn what_never_gets_ready_runs_into_its_deadline() {
    let mut world = KindWorld::new(("v0", 4), None);
    world.unready.insert("app:v1".to_owned());
    let plan = plan(canary(), Policies::default());
    Page::of("deadline", plan, world).waits(599).waits(2).ends();
}

#[test]
fn lost_readiness_spends_its_grace() {
    Page::canary("readiness", |_| {})
        .waits(20)
        .then("readiness is lost", |run| unready(run, "app:v1"))
        .waits(9)
        .then("and found again", recovers)
        .waits(5)
        .then("and lost again", |run| unready(run, "app:v1"))
        .waits(2)
        .ends();
}

#[test]
fn containers_that_restart_too_often() {
    Page::canary("restarts", |_| {})
        .waits(20)
        .then("two restarts", |run| {
            run.world.restarts.insert("app:v1".to_owned(), 2);
            run.look_again();
        })
        .then("a third", |run| {
            run.world.restarts.insert("app:v1".to_owned(), 3);
            run.look_again();
        })
        .ends();
}

#[test]
fn a_platform_that_refuses_leaves_it_stuck_and_abandoned() {
    Page::canary("abandoned", |_| {})
        .waits(20)
        .then("the platform takes no write", |run| {
            run.world.refuses = Some(TargetErrorKind::RateLimited);
        })
        .then("a person aborts", |run| {
            run.order(Wish::Abort { force: false });
        })
        .waits(30)
        .waits(580)
        .then("somebody creates what was not there", |run| {
            let stable = run.world.sides.stable.written.as_mut();
            stable.unwrap().replicas = crate::track::Replicas::Count(9);
            run.look_again();
        })
        .then("a person tries again", |run| {
            run.order(Wish::Retry);
        })
        .waits(700)
        .then("a person abandons", |run| {
            run.order(Wish::Abandon);
        })
        .ends();
}

#[test]
fn a_platform_that_is_down_for_too_long() {
    Page::canary("unreachable", |_| {})
        .waits(20)
        .then("it is down", |run| {
            run.world.down = true;
            run.look_again();
        })
        .waits(200)
        .waits(120)
        .then("it is back", |run| run.world.down = false)
        .ends();
}

#[test]
fn a_crash_between_looks() {
    let plan = plan_with(canary(), &[("errors", every_15(limits(1)))]);
    Page::of("crash", plan, KindWorld::new(("v0", 4), None))
        .waits(16)
        .then("a look passes", |run| judged(run, &Verdict::Pass))
        .waits(16)
        .then("the process crashes in a look", |run| run.crash(seconds(9)))
        .then("a look fails", |run| judged(run, &Verdict::Fail))
        .waits(16)
        .then("the next fails too", |run| judged(run, &Verdict::Fail))
        .ends();
}

#[test]
fn what_no_step_leads_to() {
    let in_place = stage(
        "in-place",
        StageKind::Promote,
        at("v1", 100),
        GoalTrack::absent(),
        0,
        30,
    );
    let plan = plan(vec![in_place], Policies::default());
    Page::of("never", plan, KindWorld::new(("v0", 4), None)).ends();
}

#[test]
fn a_platform_that_is_down_while_a_person_is_waited_for() {
    for (name, no_return) in [("held-down", false), ("no-return-down", true)] {
        let mut page = Page::canary(name, |stages| {
            for stage in &mut *stages {
                stage.on_failure = hold(1000, Then::Abandon);
                stage.bake.undecided = Undecided::Then(Then::Abandon);
            }
            stages[0].point_of_no_return = no_return;
        });
        page.waits(20)
            .then("the pods die", dies)
            .then("the platform is down", |run| {
                run.world.down = true;
                run.look_again();
            })
            .waits(400)
            .then("it is back", |run| {
                run.world.down = false;
                recovers(run);
            })
            .waits(60)
            .then("a person abandons with a reason", |run| {
                let command =
                    Command::new("last", "ada", Wish::Abandon).because("it is lunch time");
                run.tell(Input::Commanded(command));
            })
            .ends();
    }
}
