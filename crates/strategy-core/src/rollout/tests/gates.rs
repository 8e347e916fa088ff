//! Gates: who may open them, what the world outside says, and what a limit means.

use super::acting::seconds;
use super::kind_world::{KindWorld, Run};
use super::{begin, canary, plan};
use crate::hook::GateAnswer;
use crate::plan::{Extension, Gate, OnFailure, Policies, Stage, Then};
use crate::rollout::{Answer, Outcome, Phase, Wish};

fn with_gate(gate: Gate) -> Run {
    let mut stages = canary();
    stages[1].gates.push(gate);
    let mut run = begin(
        plan(stages, Policies::default()),
        KindWorld::new(("v0", 4), None),
    );
    run.until("stage 2 `all` begins");
    run
}

fn approval(quorum: u32) -> Gate {
    Gate::approval("release-managers", ["lead".to_owned()], quorum)
}

fn external() -> Gate {
    Gate::external("window", Extension::new("calendar"))
}

#[test]
fn a_quorum_is_different_actors_in_the_asked_role() {
    let mut run = with_gate(approval(2));
    assert!(matches!(
        run.approve("bob", &["developer"], "all"),
        Answer::Refused(_)
    ));
    assert_eq!(run.approve("ada", &["lead"], "all"), Answer::Recorded);
    assert!(matches!(
        run.approve("ada", &["lead"], "all"),
        Answer::Refused(_)
    ));
    assert_eq!(run.rollout.status().approval.unwrap().missing, 1);
    assert_eq!(run.rollout.status().phase, Phase::Gating);
    run.crash(seconds(5));
    assert_eq!(
        run.rollout.status().approval.unwrap().given_by,
        ["ada"],
        "an approval outlives a crash"
    );
    assert_eq!(
        run.approve("eve", &["developer", "lead"], "all"),
        Answer::Recorded
    );
    assert_ne!(run.rollout.status().phase, Phase::Gating);
    run.run(seconds(3600));
    run.assert_outcome(|outcome| *outcome == Outcome::Promoted);
}

#[test]
fn an_approval_is_for_one_stage_of_one_plan() {
    let mut run = with_gate(approval(1));
    assert!(matches!(
        run.approve("ada", &["lead"], "half"),
        Answer::Refused(_)
    ));
    let stages: Vec<Stage> = canary();
    let other = plan(stages, Policies::default()).digest();
    let wish = Wish::Approve {
        stage: "all".into(),
        plan: other,
    };
    assert!(matches!(
        run.order_as("ada", &["lead"], wish),
        Answer::Refused(_)
    ));
    let plan = run.rollout.plan().digest();
    assert_eq!(run.order(Wish::Promote { plan }), Answer::Recorded);
    assert!(
        run.advance("all") != Answer::Recorded,
        "a gate is not skipped"
    );
    assert_eq!(run.rollout.status().phase, Phase::Gating);
}

#[test]
fn a_limit_of_a_gate_rolls_back_goes_on_or_abandons() {
    for (then, asked) in [(Then::RollBack, 0), (Then::GoOn, 1), (Then::Abandon, 2)] {
        let mut run = with_gate(approval(1).within(seconds(100), then));
        run.wait(seconds(99));
        assert_eq!(run.rollout.status().phase, Phase::Gating, "{then:?}");
        run.run(seconds(3600));
        run.assert_outcome(|outcome| match outcome {
            Outcome::RolledBack { .. } => asked == 0,
            Outcome::Promoted => asked == 1,
            Outcome::Abandoned { left } => asked == 2 && !left.is_empty(),
            Outcome::Superseded { .. } => false,
        });
    }
}

#[test]
fn an_external_gate_is_asked_again_until_it_opens() {
    let mut run = with_gate(external());
    let gate = run.gate();
    run.answer_gate(&gate, GateAnswer::Closed("lunch".to_owned()));
    run.wait(seconds(29));
    assert!(run.others.is_empty(), "not before its time");
    run.wait(seconds(2));
    let again = run.gate();
    assert_ne!(gate.id, again.id);
    run.answer_gate(&gate, GateAnswer::Open);
    assert_eq!(run.rollout.status().phase, Phase::Gating, "a late answer");
    run.answer_gate(&again, GateAnswer::Open);
    run.run(seconds(3600));
    run.assert_outcome(|outcome| *outcome == Outcome::Promoted);
}

#[test]
fn an_external_gate_that_refuses_fails_the_stage() {
    let mut run = with_gate(external());
    let gate = run.gate();
    run.answer_gate(&gate, GateAnswer::Refused("incident".to_owned()));
    run.assert_rolled_back();
    assert!(run.story().contains("incident"));
}

#[test]
fn nothing_goes_on_through_a_gate_in_a_pause() {
    let mut run = with_gate(external());
    let gate = run.gate();
    assert_eq!(run.order(Wish::Pause), Answer::Recorded);
    run.answer_gate(&gate, GateAnswer::Open);
    run.wait(seconds(120));
    assert_eq!(run.rollout.status().phase, Phase::Gating);
    assert_eq!(run.order(Wish::Unpause), Answer::Recorded);
    let gate = run.gate();
    run.answer_gate(&gate, GateAnswer::Open);
    assert_ne!(run.rollout.status().phase, Phase::Gating);

    let mut run = with_gate(approval(1).within(seconds(100), Then::GoOn));
    assert_eq!(run.order(Wish::Pause), Answer::Recorded);
    run.wait(seconds(200));
    assert_eq!(run.rollout.status().phase, Phase::Gating);
    assert_eq!(run.order(Wish::Unpause), Answer::Recorded);
    assert_ne!(run.rollout.status().phase, Phase::Gating);
}

#[test]
fn while_a_gate_is_asked_the_way_back_is_open() {
    let mut stages = canary();
    let last = stages.len() - 1;
    stages[last].gates.push(approval(1));
    stages[last].point_of_no_return = true;
    let hold = OnFailure::Hold {
        at_most: seconds(600),
        then: Then::Abandon,
    };
    stages[last].on_failure = hold;
    stages[last].bake.undecided = crate::plan::Undecided::Then(Then::Abandon);
    let world = KindWorld::new(("v0", 4), None);
    let mut run = begin(plan(stages, Policies::default()), world);
    run.until("`retire` begins");
    assert_eq!(run.order(Wish::Abort { force: false }), Answer::Recorded);
    run.assert_rolled_back();
}

#[test]
fn a_gate_asked_before_a_crash_is_asked_again_with_the_same_id() {
    let mut run = with_gate(external());
    let gate = run.gate();
    run.crash(seconds(3));
    let again = run.gate();
    assert_eq!(gate, again);
    run.answer_gate(&again, GateAnswer::Open);
    assert_ne!(run.rollout.status().phase, Phase::Gating);
}

#[test]
fn a_release_that_dies_while_a_gate_waits_goes_back() {
    let mut run = with_gate(approval(1));
    run.world
        .broken
        .insert("app:v1".to_owned(), crate::target::FatalReason::CrashLoop);
    run.world.converge();
    run.look_again();
    run.assert_rolled_back();
}

#[test]
fn what_befalls_the_release_while_a_gate_waits_is_answered_by_the_stage_that_users_are_on() {
    let hold = OnFailure::Hold {
        at_most: seconds(3600),
        then: Then::RollBack,
    };
    for (standing, entering) in [
        (OnFailure::RollBack, hold),
        (hold, OnFailure::RollBack),
    ] {
        let mut stages = canary();
        stages[0].on_failure = standing;
        stages[1].on_failure = entering;
        stages[1].gates.push(approval(1));
        let world = KindWorld::new(("v0", 4), None);
        let mut run = begin(plan(stages, Policies::default()), world);
        run.until("stage 2 `all` begins");
        let all = crate::target::FatalReason::CrashLoop;
        run.world.broken.insert("app:v1".to_owned(), all);
        run.world.converge();
        run.look_again();
        assert!(
            run.story().contains("stage `half` failed"),
            "{}",
            run.story()
        );
        let holds = run.rollout.status().phase == Phase::Holding;
        assert_eq!(holds, standing != OnFailure::RollBack, "{standing:?}");
    }
}
