//! What can happen to a rollout, and rollouts that between them have every kind of stage.

use std::time::Duration;

use strategy_core::plan::{
    Bake, Check, Extension, ForeignPolicy, Gate, HookPlan, HookPoint, OnFailure, Policies, Rerun,
    Then, Undo,
};
use strategy_core::rollout::{Input, Wish};
use strategy_core::strategy::Canary;
use strategy_core::{Rollout, Weight};

use super::platform::Story;

const MINUTE: Duration = Duration::from_secs(60);

/// Something that happens to a rollout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Happening {
    Abort,
    AbortByForce,
    Abandon,
    Supersede,
    Pause,
    Unpause,
    Advance,
    Promote,
    Retry,
    Alarm,
    Crash,
    CrashToRollBack,
    Down,
    Refuses,
    Unready,
    Dies,
    Fails,
    Silent,
    Undecided,
    MovedToStable,
    MovedElsewhere,
    KindAgain,
}

use Happening::*;

/// All of it.
pub(super) const ALL: [Happening; 22] = [
    Abort,
    AbortByForce,
    Abandon,
    Supersede,
    Pause,
    Unpause,
    Advance,
    Promote,
    Retry,
    Alarm,
    Crash,
    CrashToRollBack,
    Down,
    Refuses,
    Unready,
    Dies,
    Fails,
    Silent,
    Undecided,
    MovedToStable,
    MovedElsewhere,
    KindAgain,
];

/// What happens a second time, in a phase that something else led to.
pub(super) const AGAIN: [Happening; 12] = [
    Abort,
    Abandon,
    Supersede,
    Pause,
    Advance,
    Retry,
    Crash,
    CrashToRollBack,
    Down,
    Dies,
    MovedToStable,
    KindAgain,
];

pub(super) fn happen(story: &mut Story, what: Happening) {
    if let Some(wish) = wish(story, what) {
        story.command(wish);
        return story.changed();
    }
    let platform = &mut story.platform;
    match what {
        Alarm => story.tell(Input::AlarmRaised(strategy_core::rollout::Alarm::new(
            "alarm", "pager", "trouble",
        ))),
        Crash | CrashToRollBack => {
            let record = [story.rollout.snapshot()];
            if let Ok(resumed) = Rollout::resume(&record, what == CrashToRollBack, story.now) {
                story.rollout = resumed;
                story.note();
            }
        }
        Down => platform.down = true,
        Refuses => platform.refuses = true,
        Unready => platform.unready = true,
        Dies => platform.dead = true,
        Fails => platform.fails = true,
        Silent => platform.silent = true,
        Undecided => platform.undecided = true,
        MovedToStable => platform.moved = Some(Weight::ZERO),
        MovedElsewhere => platform.moved = Weight::from_percent(33).ok(),
        KindAgain => platform.is_kind_again(),
        Abort | AbortByForce | Abandon | Supersede | Pause | Unpause | Advance | Promote
        | Retry => {}
    }
    story.changed();
}

/// What a person says, if it is that.
pub(super) fn wish(story: &Story, what: Happening) -> Option<Wish> {
    let plan = story.rollout.plan().digest();
    Some(match what {
        Abort => Wish::Abort { force: false },
        AbortByForce => Wish::Abort { force: true },
        Abandon => Wish::Abandon,
        Supersede => Wish::Supersede {
            by: "next".parse().unwrap(),
        },
        Pause => Wish::Pause,
        Unpause => Wish::Unpause,
        Advance => {
            let status = story.rollout.status();
            let stage = status
                .stages
                .get(status.stage)
                .or_else(|| status.stages.last());
            Wish::Advance {
                stage: stage?.name.clone(),
                plan,
            }
        }
        Promote => Wish::Promote { plan },
        Retry => Wish::Retry,
        Alarm | Crash | CrashToRollBack | Down | Refuses | Unready | Dies | Fails | Silent
        | Undecided | MovedToStable | MovedElsewhere | KindAgain => return None,
    })
}

/// Rollouts that between them have every kind of stage, gate, hook and policy.
pub(super) fn canaries() -> Vec<Canary> {
    let check = || Check::new(Extension::new("by-hand"));
    let smoke = |point| HookPlan::new(format!("{point:?}"), point, Extension::new("http"));
    let hold = |then| OnFailure::Hold {
        at_most: MINUTE,
        then,
    };
    let mut yields = Policies::default();
    yields.foreign.traffic = ForeignPolicy::Yield;
    yields.unreachable.then = Then::Abandon;
    yields.pause_limit = MINUTE;
    yields.pause_then = Then::Abandon;
    yields.stuck_goes_on = false;
    // Waits are short, so that little time passes in which nothing happens.
    let mut brief = Policies::default();
    brief.pause_limit = 3 * MINUTE;
    brief.foreign.traffic = ForeignPolicy::Hold {
        at_most: 3 * MINUTE,
        then: Then::RollBack,
    };
    let bake = || {
        let mut bake = Bake::of(MINUTE);
        bake.at_most = 5 * MINUTE;
        bake
    };
    let asked = |then| Gate::approval("ada", ["ada".to_owned()], 1).within(3 * MINUTE, then);
    let plain = || {
        let canary = Canary::new().stages([50, 100]).policies(brief.clone());
        canary.bake(bake()).deadline(3 * MINUTE)
    };
    vec![
        plain(),
        plain().check("errors", check()),
        plain()
            .check("errors", check())
            .gate_before(
                "50%",
                Gate::external("window", Extension::new("calendar"))
                    .within(3 * MINUTE, Then::Abandon),
            )
            .gate_before("50%", asked(Then::RollBack))
            .gate_before("100%", asked(Then::GoOn))
            .gate_before("promote", asked(Then::RollBack))
            .on_failure(hold(Then::RollBack)),
        plain()
            .gate_before("50%", asked(Then::RollBack))
            .gate_before("100%", asked(Then::RollBack))
            .hook(smoke(HookPoint::Before))
            .hook(smoke(HookPoint::Ready).rerun(Rerun::Never))
            .hook(smoke(HookPoint::Effective).undo(Undo::By(Extension::new("http"))))
            .hook(smoke(HookPoint::Baked)),
        plain()
            .check("errors", check())
            .hook(smoke(HookPoint::Baked).rerun(Rerun::Never))
            .on_failure(hold(Then::Abandon))
            .policies(yields),
        plain()
            .on_failure(hold(Then::RollBack))
            .on_promotion_failure(OnFailure::StayOnCandidate {
                at_most: MINUTE,
                then: Then::RollBack,
            }),
        plain()
            .point_of_no_return("promote")
            .gate_before("promote", asked(Then::Abandon)),
    ]
}
