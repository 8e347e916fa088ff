//! A write that a crash left under way: ordered again where it still fits, and never where it does not.

use super::acting::seconds;
use super::fence::{at_write, lost, taken_up_again};
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
