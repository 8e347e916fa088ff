//! Aborts and alarms where nothing answers, where one came before, and where it goes back already.

use super::acting::seconds;
use super::kind_world::{KindWorld, Run};
use super::{begin, canary, plan};
use crate::plan::Policies;
use crate::rollout::{Alarm, Answer, CommandId, Input, News, Outcome, Phase, Reason, Wish};
use crate::target::TargetErrorKind;

fn baking() -> Run {
    let mut run = begin(
        plan(canary(), Policies::default()),
        KindWorld::new(("v0", 4), None),
    );
    run.until("is effective and is watched");
    run
}

fn alarm(run: &mut Run, id: &str) -> Answer {
    while run.rollout.poll_answer().is_some() {}
    run.tell(Input::AlarmRaised(Alarm {
        id: CommandId(id.to_owned()),
        source: "pager".to_owned(),
        message: "errors".to_owned(),
    }));
    let (asked, answer) = run.rollout.poll_answer().unwrap();
    assert_eq!(asked, CommandId(id.to_owned()));
    run.settle_now();
    answer
}

#[test]
fn an_abort_or_alarm_is_decided_while_a_part_cannot_be_read_or_written() {
    type Asks = fn(&mut Run) -> Answer;
    let asks: [Asks; 3] = [
        |run| run.order(Wish::Abort { force: false }),
        |run| run.order(Wish::Reject),
        |run| alarm(run, "a"),
    ];
    for ask in asks {
        for reads in [false, true] {
            let mut run = baking();
            if reads {
                // It shows what is there, and takes no write.
                run.world.refuses = Some(TargetErrorKind::Unavailable);
                run.until("`all` begins");
            } else {
                run.world.down = true;
                run.look_again();
            }
            run.wait(seconds(20));
            let mut parts = run.rollout.decided.parts.values();
            assert!(parts.all(|state| state.is_unreachable()));
            assert_eq!(ask(&mut run), Answer::Recorded, "{}", run.story());
            assert_eq!(run.rollout.status().phase, Phase::RollingBack);
            run.wait(seconds(100));
            assert_eq!(run.weight(), 50, "nothing answers");
            run.world.down = false;
            run.world.refuses = None;
            run.assert_rolled_back();
        }
    }
}

#[test]
fn an_alarm_that_comes_again_is_one_alarm() {
    let mut run = baking();
    assert_eq!(alarm(&mut run, "a"), Answer::Recorded);
    let records = run.records.len();
    assert_eq!(alarm(&mut run, "a"), Answer::Recorded);
    assert_eq!(run.records.len(), records, "nothing more is decided");
    run.crash(seconds(5));
    assert_eq!(alarm(&mut run, "a"), Answer::Recorded);
    run.assert_rolled_back();
    let raised = run.said(|news| matches!(news, News::AlarmRaised { .. }));
    assert_eq!(raised, 1, "{}", run.story());
}

#[test]
fn an_alarm_on_the_way_home_or_stuck_is_recorded_and_changes_no_reason() {
    let mut run = baking();
    run.world.refuses = Some(TargetErrorKind::RateLimited);
    run.order(Wish::Abort { force: false });
    assert_eq!(alarm(&mut run, "on the way"), Answer::Recorded);
    run.wait(seconds(700));
    assert!(run.rollout.is_stuck(), "{}", run.story());
    assert_eq!(alarm(&mut run, "stuck"), Answer::Recorded);
    run.crash(seconds(5));
    assert_eq!(alarm(&mut run, "on the way"), Answer::Recorded);
    run.world.refuses = None;
    run.assert_rolled_back();
    run.assert_outcome(|outcome| {
        matches!(
            outcome,
            Outcome::RolledBack {
                reason: Reason::Aborted { .. }
            }
        )
    });
    assert_eq!(run.said(|news| matches!(news, News::AlarmRaised { .. })), 2);
}

#[test]
fn what_comes_after_the_end_is_answered_as_what_came_before() {
    let mut run = baking();
    assert_eq!(alarm(&mut run, "a"), Answer::Recorded);
    run.assert_rolled_back();
    // The answer of then, though the rollout is over now; and a new one is told that it is.
    assert_eq!(alarm(&mut run, "a"), Answer::Recorded);
    assert!(matches!(alarm(&mut run, "b"), Answer::Refused(_)));
}
