//! Outcomes and what is left, word for word as people read them.

use super::acting::seconds;
use super::kind_world::{KindWorld, Run};
use super::{begin, canary, plan};
use crate::plan::{Bake, Policies};
use crate::rollout::{Left, Outcome, Reason, Wish};

fn promoting() -> Run {
    let mut stages = canary();
    stages[2].bake = Bake::of(seconds(600));
    let mut run = begin(
        plan(stages, Policies::default()),
        KindWorld::new(("v0", 4), None),
    );
    run.until("`promote` is effective and is watched");
    run
}

#[test]
fn an_abort_is_told_with_its_reason_where_there_is_one() {
    let aborted = |why: &str| Outcome::RolledBack {
        reason: Reason::Aborted {
            actor: "ada".to_owned(),
            why: why.to_owned(),
        },
    };
    assert_eq!(aborted("").to_string(), "rolled back: aborted by ada");
    assert_eq!(
        aborted("too slow").to_string(),
        "rolled back: aborted by ada: too slow"
    );
}

#[test]
fn what_is_left_is_told_or_that_nothing_is() {
    let abandoned = |left: &[&str]| Outcome::Abandoned {
        left: left
            .iter()
            .map(|what| Left {
                part: crate::Part::main(),
                what: (*what).to_owned(),
            })
            .collect(),
    };
    assert_eq!(
        abandoned(&[]).to_string(),
        "abandoned; nothing is left to do"
    );
    let two = abandoned(&["one thing", "another"]).to_string();
    assert!(two.starts_with("abandoned; left to do: "), "{two}");
    assert!(
        two.contains("one thing; ") && two.ends_with("another;"),
        "{two}"
    );
}

#[test]
fn an_abandoned_rollout_says_what_stable_runs_where_that_is_not_what_was_there() {
    let mut run = promoting();
    run.order(Wish::Abandon);
    run.run(seconds(3600));
    run.assert_outcome(|outcome| {
        matches!(outcome, Outcome::Abandoned { left }
            if left.iter().any(|left| left.what == "stable stable runs app=app:v1")
                && left.iter().any(|left| left.what == "candidate candidate was created and is still there"))
    });
}

#[test]
fn commands_and_looks_are_named_as_they_can_be_found_again() {
    let command = crate::rollout::CommandId("abort-7".to_owned());
    assert_eq!(command.to_string(), "abort-7");
    let look = crate::rollout::LookId {
        check: "errors".into(),
        number: 7,
    };
    assert_eq!(look.to_string(), "errors #7");
}
