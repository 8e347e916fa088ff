//! Once an outcome is said nothing is written any more, and once settled nothing is even asked.

use super::acting::seconds;
use super::checks::{every_15, limits, plan_with};
use super::kind_world::{KindWorld, Run};
use super::{begin, blue_green, canary, plan};
use crate::plan::Policies;
use crate::release::Part;
use crate::rollout::{Alarm, CommandId, Effect, Input, News, Outcome, Wish};

type End = (&'static str, fn(&mut Run));

fn ends() -> [End; 5] {
    [
        ("promoted", |_| ()),
        ("rolled back", |run| {
            run.until("is effective and is watched");
            run.order(Wish::Abort { force: false });
        }),
        ("given back", |run| {
            run.tell(Input::Commanded(crate::rollout::Command::new(
                "x",
                "ada",
                Wish::Abort { force: false },
            )));
        }),
        ("abandoned", |run| {
            run.until("is effective and is watched");
            run.order(Wish::Abandon);
        }),
        ("superseded", |run| {
            run.until("is effective and is watched");
            run.order(Wish::Supersede {
                by: "next".parse().unwrap(),
            });
        }),
    ]
}

#[test]
fn nothing_is_written_after_an_outcome_and_nothing_asked_after_the_end() {
    for stages in [canary(), blue_green()] {
        for (name, end) in ends() {
            let world = KindWorld::new(("v0", 4), Some(("old", 0)));
            let mut run = begin(plan(stages.clone(), Policies::default()), world);
            end(&mut run);
            let mut turns = 0;
            loop {
                turns += 1;
                assert!(turns < 3_000, "{name} never ends");
                let news: Vec<_> = std::iter::from_fn(|| run.rollout.poll_event()).collect();
                run.events.extend(news);
                if run.said(|news| matches!(news, News::Ended { .. })) > 0 {
                    break;
                }
                if !run.perform_one() {
                    run.pass_time();
                }
            }
            let (writes, sides) = (run.world.writes, run.world.sides.clone());
            let traffic = run.world.traffic.clone();
            // The world asks, and somebody calls for help, while claims are given back and afterwards.
            run.tell(Input::Changed { part: Part::main() });
            run.run(seconds(3600));
            assert!(run.rollout.is_settled(), "{name}\n{}", run.story());
            let effects = run.done.len() + run.others.len();
            let looks = run.looks_at_the_part;
            for minute in 0..10 {
                run.tell(Input::Changed { part: Part::main() });
                run.tell(Input::AlarmRaised(Alarm {
                    id: CommandId(format!("alarm {minute}")),
                    source: "pager".to_owned(),
                    message: "errors".to_owned(),
                }));
                run.now = run.now + seconds(60);
                run.rollout.handle_timeout(run.now);
                run.settle_now();
            }
            assert_eq!(
                (run.world.writes, &run.world.sides, &run.world.traffic),
                (writes, &sides, &traffic),
                "{name}\n{}",
                run.story()
            );
            assert_eq!(run.done.len() + run.others.len(), effects, "{name}");
            assert_eq!(run.looks_at_the_part, looks, "{name}");
            let last = run.done.last();
            assert!(
                matches!(last, Some(Effect::Claim { .. } | Effect::Apply { .. })),
                "{name}"
            );
            if name == "promoted" {
                run.assert_outcome(|outcome| *outcome == Outcome::Promoted);
            }
        }
    }
}

/// The answer that ends it is that of a claim, after which a part would be looked at.
#[test]
fn what_settles_it_asks_for_no_look() {
    for (name, end) in ends() {
        let world = KindWorld::new(("v0", 4), None);
        let mut run = begin(plan(canary(), Policies::default()), world);
        end(&mut run);
        while !run.rollout.is_settled() {
            if !run.perform_one() {
                run.pass_time();
            }
        }
        let asked: Vec<_> = std::iter::from_fn(|| run.rollout.poll_effect()).collect();
        assert_eq!(asked, [], "{name}");
        let latest = &run.rollout.latest.parts[&Part::main()];
        assert_eq!(latest.asked, None, "{name}");
    }
}

#[test]
fn what_was_decided_of_a_part_is_kept_once_while_nothing_more_is() {
    let plan = plan(canary(), Policies::default());
    let mut run = begin(plan, KindWorld::new(("v0", 4), None));
    run.until("is effective and is watched");
    for _ in 0..3 {
        run.look_again();
        let before = run.rollout.outbox.before.as_ref().unwrap();
        let now = &run.rollout.decided.parts[&Part::main()];
        assert!(std::ptr::eq(now, &before.parts[&Part::main()]));
    }
}

/// Nobody would hear what it says: a window that was open at the end is given up.
#[test]
fn no_window_is_looked_through_when_all_is_over() {
    let plan = plan_with(canary(), &[("errors", every_15(limits(0)))]);
    let mut run = begin(plan, KindWorld::new(("v0", 4), None));
    run.until("is effective and is watched");
    run.wait(seconds(5));
    assert!(run.looks().is_empty(), "the first is not due yet");
    run.order(Wish::Abandon);
    run.run(seconds(3600));
    assert!(run.rollout.is_settled());
    let looks = run.looks();
    assert!(looks.is_empty(), "{looks:?}");
}
