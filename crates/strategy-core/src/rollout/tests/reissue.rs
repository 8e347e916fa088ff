//! A write that a crash left under way: ordered again where it still fits, and never where it does not.

use super::acting::seconds;
use super::fence::{self, at_write, lost, taken_up_again};
use super::kind_world::{KindWorld, Run};
use super::{begin, canary, plan};
use crate::plan::{ForeignPolicy, Policies};
use crate::rollout::{Command, Effect, Input, Outcome, Wish};
use crate::target::EffectId;
use crate::track::Replicas;

fn started() -> Run {
    let mut policies = Policies::default();
    policies.foreign.capacity = ForeignPolicy::Reassert {
        times: 9,
        writers: [].into(),
    };
    begin(plan(canary(), policies), KindWorld::new(("v0", 4), None))
}

/// The ids of the writes that were performed since.
fn writes(run: &Run) -> Vec<EffectId> {
    let writes = run.done.iter().filter_map(|effect| match effect {
        Effect::Apply { request, .. } => Some(request.id),
        _ => None,
    });
    writes.collect()
}

#[test]
fn a_write_that_still_fits_is_ordered_again_under_its_id() {
    for number in 1..=4 {
        let mut run = started();
        let write = at_write(&mut run, number);
        run.done.clear();
        taken_up_again(&mut run);
        run.run(seconds(3600));
        assert_eq!(writes(&run).first().copied(), write.id(), "write {number}");
        run.assert_outcome(|outcome| *outcome == Outcome::Promoted);
    }
}

#[test]
fn a_write_that_was_held_against_something_else_is_not_ordered_again() {
    for number in 2..=3 {
        let mut run = started();
        let write = at_write(&mut run, number);
        run.done.clear();
        let candidate = run.world.sides.candidate.written.as_mut().unwrap();
        candidate.replicas = Replicas::Count(candidate.replicas.number() + 1);
        run.world.converge();
        taken_up_again(&mut run);
        run.run(seconds(3600));
        let id = write.id().unwrap();
        assert!(!writes(&run).contains(&id), "write {number}");
        run.assert_outcome(|outcome| *outcome == Outcome::Promoted);
    }
}

/// Who comes next gets a claim under which nothing of ours can land any more.
#[test]
fn a_successor_is_handed_nothing_before_a_lost_write_is_fenced_off() {
    for number in 1..=3 {
        let mut run = started();
        let write = at_write(&mut run, number);
        let Effect::Apply { request, .. } = &write else {
            unreachable!()
        };
        run.tell(lost(&write));
        let by = "next".parse().unwrap();
        let supersede = Command::new("x", "ada", Wish::Supersede { by });
        run.tell(Input::Commanded(supersede));
        run.run(seconds(3600));
        run.assert_outcome(|outcome| matches!(outcome, Outcome::Superseded { .. }));
        let before = run.world.clone();
        let _ = run.world.apply(request);
        assert_eq!(
            run.world, before,
            "write {number} landed after the handover"
        );
    }
}

/// A search found it: a write that was ordered before a crash was ordered again, held against what had
/// been seen before somebody else wrote.
#[test]
fn a_write_that_a_crash_left_is_not_ordered_again_over_what_somebody_wrote_since() {
    let mut run = fence::started();
    let _ = at_write(&mut run, 2);
    taken_up_again(&mut run);
    run.world.somebody_moves_traffic(100);
    run.asked.clear();
    run.run(seconds(7200));
    let conflicts = |(_, desired): &&(crate::Timestamp, crate::target::Desired)| {
        desired.traffic.weight == crate::Weight::HALF
    };
    assert_eq!(
        run.asked.iter().filter(conflicts).count(),
        0,
        "{}",
        run.story()
    );
}

#[test]
fn a_write_taken_up_after_a_crash_rests_on_a_fresh_look() {
    let mut run = fence::started();
    // 1 creates the candidate, 2 moves traffic.
    let effect = at_write(&mut run, 2);
    run.world.unready.insert("app:v1".to_owned());
    run.world.converge();
    run.crash(seconds(30));
    run.wait(seconds(5));
    assert_eq!(
        run.weight(),
        0,
        "no traffic to what died meanwhile\n{}",
        run.story()
    );
    run.world.unready.clear();
    run.world.converge();
    run.look_again();
    run.run(seconds(3600));
    run.assert_outcome(|outcome| *outcome == Outcome::Promoted);
    let _ = effect;
}

/// Random worlds found it: the traffic was again where it had been, and nobody asked who had written it.
#[test]
fn a_write_that_somebody_took_back_is_not_taken_up_after_a_crash() {
    let mut run = fence::started();
    let _ = at_write(&mut run, 2);
    // It landed, its process crashed, and before another takes it up a person takes all of it back.
    run.world.somebody_moves_traffic(0);
    run.crash(seconds(1));
    run.run(seconds(3600));
    run.assert_outcome(|outcome| matches!(outcome, Outcome::RolledBack { .. }));
    assert!(
        run.story().contains("traffic is at 0% again"),
        "{}",
        run.story()
    );
    assert_eq!(run.weight(), 0);
}

#[test]
fn a_write_taken_up_after_a_crash_keeps_its_id_and_has_a_new_epoch() {
    let mut run = fence::started();
    let Effect::Apply { request, .. } = at_write(&mut run, 2) else {
        unreachable!()
    };
    run.done.clear();
    run.crash(seconds(5));
    let again = run.done.iter().find_map(|effect| match effect {
        Effect::Apply { request, .. } => Some(request.clone()),
        _ => None,
    });
    let again = again.unwrap();
    assert_eq!((again.id, &again.desired), (request.id, &request.desired));
    assert!(again.claim.epoch > request.claim.epoch);
}
