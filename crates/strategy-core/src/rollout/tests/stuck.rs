//! Stuck is no outcome: it keeps looking, goes on by itself or waits to be told, and says what is left.

use super::acting::seconds;
use super::kind_world::{KindWorld, Run};
use super::{begin, canary, plan};
use crate::plan::{Policies, Then, Unreachable};
use crate::rollout::{Answer, Outcome, Phase, Reason, Wish};

/// Half of the traffic is on the candidate when it has to go back, and the platform takes no write.
fn stuck(policies: Policies) -> Run {
    let mut run = begin(plan(canary(), policies), KindWorld::new(("v0", 4), None));
    run.until("is effective and is watched");
    run.world.refuses = Some(crate::target::TargetErrorKind::RateLimited);
    run.order(Wish::Abort { force: false });
    run.wait(seconds(590));
    assert!(!run.rollout.is_stuck(), "before its deadline");
    run.wait(seconds(20));
    assert!(run.rollout.is_stuck() && run.rollout.outcome().is_none());
    assert!(run.world.claim.is_some(), "it keeps its claim");
    assert!(!run.rollout.status().left.is_empty());
    assert!(!run.story().contains("rolled back"), "{}", run.story());
    run
}

#[test]
fn it_goes_on_by_itself_when_what_was_missing_is_there() {
    let mut run = stuck(Policies::default());
    run.wait(seconds(7200));
    assert!(run.rollout.is_stuck());
    run.world.refuses = None;
    run.assert_rolled_back();
    assert!(run.story().contains("it goes on"));
}

#[test]
fn it_waits_to_be_told_where_the_plan_says_so() {
    let policies = Policies {
        stuck_goes_on: false,
        ..Policies::default()
    };
    let mut run = stuck(policies);
    run.world.refuses = None;
    let writes = run.world.writes;
    run.wait(seconds(7200));
    assert!(run.rollout.is_stuck());
    assert_eq!(run.world.writes, writes);
    assert_eq!(run.order(Wish::Retry), Answer::Recorded);
    run.assert_rolled_back();
}

#[test]
fn abandon_says_what_is_left_and_gives_the_claim_back() {
    let mut run = stuck(Policies::default());
    assert_eq!(run.order(Wish::Abandon), Answer::Recorded);
    run.run(seconds(3600));
    run.assert_outcome(|outcome| {
        matches!(outcome, Outcome::Abandoned { left } if left.iter().any(|left| left.what.contains("traffic is at 50%")))
    });
    assert_eq!(run.world.claim, None);
    assert_eq!(run.weight(), 50, "all as it is");
}

#[test]
fn an_abandoned_rollout_whose_claim_cannot_be_given_back_ends_all_the_same() {
    let mut run = stuck(Policies::default());
    run.world.down = true;
    run.order(Wish::Abandon);
    run.run(seconds(7200));
    assert!(run.rollout.is_settled());
}

#[test]
fn a_way_back_onto_nothing_ready_is_stuck_with_the_candidate_alive() {
    let mut run = begin(
        plan(canary(), Policies::default()),
        KindWorld::new(("v0", 4), None),
    );
    run.until("stage `all` is effective");
    run.world.unready.insert("app:v0".to_owned());
    run.world.converge();
    run.look_again();
    run.order(Wish::Abort { force: false });
    run.wait(seconds(3600));
    assert!(run.rollout.is_stuck());
    assert_eq!(run.weight(), 100, "users stay where somebody answers");
    assert!(run.world.sides.candidate.written.is_some());
    run.crash(seconds(60));
    assert!(run.rollout.is_stuck());
    run.world.unready.clear();
    run.world.converge();
    run.assert_rolled_back();
}

#[test]
fn a_platform_that_cannot_be_reached_for_long_follows_its_policy() {
    for then in [Then::RollBack, Then::Abandon] {
        let policies = Policies {
            unreachable: Unreachable {
                limit: seconds(300),
                then,
            },
            ..Policies::default()
        };
        let mut run = begin(plan(canary(), policies), KindWorld::new(("v0", 4), None));
        run.until("is effective and is watched");
        run.world.down = true;
        run.wait(seconds(290));
        assert_eq!(
            run.rollout.status().phase,
            Phase::Baking,
            "{then:?}\n{}",
            run.story()
        );
        run.wait(seconds(60));
        run.world.down = false;
        run.run(seconds(3600));
        run.assert_outcome(|outcome| match outcome {
            Outcome::RolledBack {
                reason: Reason::Unreachable { .. },
            } => then == Then::RollBack,
            Outcome::Abandoned { .. } => then == Then::Abandon,
            Outcome::Promoted | Outcome::RolledBack { .. } | Outcome::Superseded { .. } => false,
        });
    }
}

#[test]
fn whose_claim_is_in_the_way_is_said() {
    let mut run = begin(
        plan(canary(), Policies::default()),
        KindWorld::new(("v0", 4), None),
    );
    run.until("is effective and is watched");
    run.world.refuses = Some(crate::target::TargetErrorKind::Conflict);
    run.order(Wish::Abort { force: false });
    run.wait(seconds(20));
    let waiting = run.rollout.status().waiting;
    let said = waiting
        .iter()
        .any(|left| left.what.contains("the kind world is unkind"));
    assert!(said, "{waiting:?}");
    run.wait(seconds(600));
    assert!(run.rollout.is_stuck());
    let left = run.rollout.status().left;
    assert!(
        left.iter()
            .any(|left| left.what.contains("the kind world is unkind")),
        "{left:?}"
    );
}

#[test]
fn a_part_that_cannot_be_read_is_looked_at_less_and_less_often() {
    let mut run = begin(
        plan(canary(), Policies::default()),
        KindWorld::new(("v0", 4), None),
    );
    run.until("is effective and is watched");
    run.world.down = true;
    let looks = |run: &Run| run.looks_at_the_part;
    let before = looks(&run);
    run.look_again();
    run.wait(seconds(60));
    let taken = looks(&run) - before;
    assert!((10..=16).contains(&taken), "{taken}");
    run.world.down = false;
    run.wait(seconds(5));
    assert!(run.story().contains("can be reached again"));
    run.world.down = true;
    run.look_again();
    let before = looks(&run);
    run.wait(seconds(3));
    assert_eq!(
        looks(&run) - before,
        2,
        "after 1 and after 2 more seconds: counted anew"
    );
}

#[test]
fn a_claim_that_is_somebody_elses_is_stuck_at_once_and_says_so() {
    let mut run = begin(
        plan(canary(), Policies::default()),
        KindWorld::new(("v0", 4), None),
    );
    run.until("is effective and is watched");
    run.world.claim = Some(crate::target::Claim {
        holder: "other".parse().unwrap(),
        epoch: 9,
    });
    let writes = run.world.writes;
    run.crash(seconds(30));
    run.wait(seconds(60));
    assert!(
        run.story()
            .contains("the claim on main is not ours any more"),
        "{}",
        run.story()
    );
    assert!(run.rollout.is_stuck());
    assert_eq!(run.world.writes, writes, "nothing of ours is written");
    assert_eq!(run.order(Wish::Abandon), Answer::Recorded);
    run.run(seconds(3600));
    assert!(run.rollout.is_settled());
    assert_eq!(run.world.claim.as_ref().unwrap().holder.as_str(), "other");
}

#[test]
fn a_write_that_failed_before_a_pause_is_no_trouble_in_it() {
    for held in [false, true] {
        let mut stages = canary();
        stages[1].on_failure = crate::plan::OnFailure::Hold {
            at_most: seconds(7200),
            then: Then::RollBack,
        };
        let mut run = begin(
            plan(stages, Policies::default()),
            KindWorld::new(("v0", 4), None),
        );
        run.until("is effective and is watched");
        run.world.refuses = Some(crate::target::TargetErrorKind::RateLimited);
        run.until("main cannot be reached");
        if held {
            let all = crate::target::FatalReason::CrashLoop;
            run.world.broken.insert("app:v1".to_owned(), all);
            run.world.converge();
            run.look_again();
            assert_eq!(
                run.rollout.status().phase,
                Phase::Holding,
                "{}",
                run.story()
            );
            run.world.broken.clear();
            run.world.converge();
        } else {
            assert_eq!(run.order(Wish::Pause), Answer::Recorded);
        }
        run.world.refuses = None;
        run.wait(seconds(3600));
        assert!(!run.rollout.is_rolling_back(), "{held}\n{}", run.story());
        assert!(run.rollout.outcome().is_none(), "{held}\n{}", run.story());
        let go_on = if held { Wish::Retry } else { Wish::Unpause };
        assert_eq!(run.order(go_on), Answer::Recorded);
        run.run(seconds(3600));
        run.assert_outcome(|outcome| *outcome == Outcome::Promoted);
    }
}

#[test]
fn a_claim_that_is_ours_again_is_not_lost_any_more() {
    let policies = Policies {
        stuck_goes_on: false,
        ..Policies::default()
    };
    let mut run = begin(plan(canary(), policies), KindWorld::new(("v0", 4), None));
    run.until("is effective and is watched");
    let ours = run.world.claim.clone();
    run.world.claim = None;
    run.crash(seconds(5));
    run.wait(seconds(30));
    assert!(run.rollout.is_stuck(), "{}", run.story());
    run.world.claim = ours;
    assert_eq!(run.order(Wish::Retry), Answer::Recorded);
    run.assert_rolled_back();
}
