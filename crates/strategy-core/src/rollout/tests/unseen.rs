//! Who may have reached a track though no look showed it: they drain all the same.

use super::acting::seconds;
use super::fence::{self, at_write, lost, taken_up_again};
use super::kind_world::{KindWorld, Run};
use super::{begin, canary, percent, plan};
use crate::plan::Policies;
use crate::release::Part;
use crate::rollout::{Command, Effect, Input, Outcome, Wish};
use crate::target::{ForeignChange, ForeignField};
use crate::timestamp::Timestamp;
use crate::track::{Capacity, Replicas, Revision};

/// When the candidate was removed at last.
fn removed(run: &Run) -> Timestamp {
    let gone = |(_, desired): &&(Timestamp, crate::target::Desired)| {
        desired.candidate.revision == Revision::Absent
    };
    run.asked.iter().rfind(gone).unwrap().0
}

/// Nobody looked between the landing of a write that was cancelled and the hand that took it back.
#[test]
fn what_a_cancelled_write_exposed_drains_also_where_somebody_took_it_back_before_a_look() {
    let mut run = fence::started();
    let Effect::Apply { request, .. } = at_write(&mut run, 2) else {
        unreachable!()
    };
    assert!(request.desired.traffic.reaches_candidate());
    let abort = Wish::Abort { force: false };
    run.tell(Input::Commanded(Command::new("x", "ada", abort)));
    run.world.apply(&request).unwrap();
    run.world.converge();
    run.world.somebody_moves_traffic(0);
    let taken_back = run.now;
    run.assert_rolled_back();
    let took = removed(&run).since(taken_back);
    assert!(took >= seconds(5), "{took:?}\n{}", run.story());
}

/// The candidate is ready, and waits for a while before it gets traffic.
fn ready_and_unexposed() -> Run {
    let mut stages = canary();
    stages[0].ready.settle = seconds(100);
    let mut run = begin(
        plan(stages, Policies::default()),
        KindWorld::new(("v0", 4), None),
    );
    run.wait(seconds(10));
    assert!(
        run.asked
            .iter()
            .all(|(_, desired)| desired.traffic.weight.is_zero())
    );
    run
}

/// Nothing that is written on the part shows it, so how many users there are is anybody's guess.
#[test]
fn what_is_told_of_a_hand_on_traffic_drains() {
    let mut run = ready_and_unexposed();
    run.world.foreign = vec![ForeignChange {
        by: "kubectl".to_owned(),
        field: ForeignField::Traffic,
        message: "a route of its own leads to the candidate".to_owned(),
    }];
    run.look_again();
    let told = run.now;
    run.order(Wish::Abort { force: false });
    run.assert_rolled_back();
    let took = removed(&run).since(told);
    assert!(took >= seconds(5), "{took:?}\n{}", run.story());
}

/// Somebody moved traffic to the candidate and back while nobody looked.
#[test]
fn what_may_have_been_exposed_while_no_process_ran_drains() {
    let mut run = ready_and_unexposed();
    run.world.somebody_moves_traffic(50);
    run.world.somebody_moves_traffic(0);
    let taken_back = run.now;
    taken_up_again(&mut run);
    run.order(Wish::Abort { force: false });
    run.assert_rolled_back();
    let took = removed(&run).since(taken_back);
    assert!(took >= seconds(5), "{took:?}\n{}", run.story());
}

/// The same of stable, which nobody reached any more and which was about to be given the release.
#[test]
fn stable_is_not_changed_under_who_may_have_reached_it_while_no_process_ran() {
    let mut run = fence::started();
    let gives_release = |effect: &Effect| match effect {
        Effect::Apply { request, .. } => request.desired.stable.revision.is_release(),
        _ => false,
    };
    loop {
        let write = at_write(&mut run, 1);
        if gives_release(&write) {
            break;
        }
        let answer = run.world.perform(write).unwrap();
        run.world.converge();
        run.tell(answer);
    }
    run.world.somebody_moves_traffic(0);
    run.world.somebody_moves_traffic(100);
    let left = run.now;
    taken_up_again(&mut run);
    run.run(seconds(3600));
    let given =
        |(_, desired): &&(Timestamp, crate::target::Desired)| desired.stable.revision.is_release();
    let (given, _) = run.asked.iter().find(given).unwrap();
    let took = given.since(left);
    assert!(took >= seconds(5), "{took:?}\n{}", run.story());
    run.assert_outcome(|outcome| *outcome == Outcome::Promoted);
}

/// Half of stable's users left it and came back, unseen, before a write that was lost landed at last: those
/// of them whose requests are under way keep the pods that they are on.
#[test]
fn a_share_that_may_have_come_back_until_the_fence_stood_drains_from_then() {
    let mut stages = canary();
    let goal = stages[0].goals.get_mut(&Part::main()).unwrap();
    goal.stable.capacity = Capacity::Share(percent(50));
    let mut run = begin(
        plan(stages, Policies::default()),
        KindWorld::new(("v0", 4), None),
    );
    let effect = at_write(&mut run, 2);
    let Effect::Apply { request, .. } = &effect else {
        unreachable!()
    };
    run.tell(lost(&effect));
    run.world.somebody_moves_traffic(50);
    // The fence takes its time: longer than a drain.
    let mut fence = None;
    let end = run.now + seconds(20);
    while run.now < end {
        match run.rollout.poll_effect() {
            Some(claim @ Effect::Claim { .. }) => fence = Some(claim),
            Some(effect) => {
                if let Some(input) = run.world.perform(effect) {
                    run.tell(input);
                }
            }
            None => {
                run.now = run.now + seconds(1);
                run.rollout.handle_timeout(run.now);
            }
        }
    }
    run.world.somebody_moves_traffic(0);
    run.world.apply(request).unwrap();
    let landed = run.now;
    let stands = run.world.perform(fence.unwrap()).unwrap();
    run.tell(stands);
    run.run(seconds(7200));
    run.assert_outcome(|outcome| *outcome == Outcome::Promoted);
    let fewer = |(_, desired): &&(Timestamp, crate::target::Desired)| {
        desired.stable.replicas == Replicas::Count(2)
    };
    let (fewer, _) = run.asked.iter().find(fewer).unwrap();
    let took = fewer.since(landed);
    assert!(took >= seconds(5), "{took:?}\n{}", run.story());
}
