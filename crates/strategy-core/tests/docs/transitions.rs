//! `docs/reference/transitions.md`: which phase can follow which, found by driving the machine.
//!
//! Stories are told with something happening in every stage and phase of them, and again something
//! where that led to another phase. The page has the pairs that were seen, and no others.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::time::Duration;

use strategy_core::Rollout;
use strategy_core::plan::{
    Bake, Check, Extension, ForeignPolicy, Gate, HookPlan, HookPoint, OnFailure, Policies, Rerun,
    Then, Undo,
};
use strategy_core::rollout::{CommandId, Input, Outcome, Phase, Wish};
use strategy_core::strategy::Canary;

use super::platform::Story;
use super::{assert_page, sources};

const MINUTE: Duration = Duration::from_secs(60);

/// Something that happens to a rollout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Happening {
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

const ALL: [Happening; 22] = [
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
const AGAIN: [Happening; 12] = [
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

fn happen(story: &mut Story, what: Happening) {
    let platform = &mut story.platform;
    match what {
        Abort => story.command(Wish::Abort { force: false }),
        AbortByForce => story.command(Wish::Abort { force: true }),
        Abandon => story.command(Wish::Abandon),
        Supersede => story.command(Wish::Supersede {
            by: "next".parse().unwrap(),
        }),
        Pause => story.command(Wish::Pause),
        Unpause => story.command(Wish::Unpause),
        Advance => {
            let status = story.rollout.status();
            if let Some(stage) = status.stages.get(status.stage) {
                story.command(Wish::Advance {
                    stage: stage.name.clone(),
                    plan: story.rollout.plan().digest(),
                });
            }
        }
        Promote => story.command(Wish::Promote {
            plan: story.rollout.plan().digest(),
        }),
        Retry => story.command(Wish::Retry),
        Alarm => story.tell(Input::AlarmRaised(strategy_core::rollout::Alarm {
            id: CommandId("alarm".to_owned()),
            source: "pager".to_owned(),
            message: "trouble".to_owned(),
        })),
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
        MovedToStable => platform.moved = Some(strategy_core::Weight::ZERO),
        MovedElsewhere => platform.moved = strategy_core::Weight::from_percent(33).ok(),
        KindAgain => platform.is_kind_again(),
    }
    story.changed();
}

/// Rollouts that between them have every kind of stage, gate, hook and policy.
fn canaries() -> Vec<Canary> {
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

/// All pairs of phases of which the second followed the first after one input.
fn pairs() -> BTreeSet<(Phase, Phase)> {
    let mut pairs = BTreeSet::new();
    let mut told_again = BTreeSet::new();
    for canary in canaries() {
        let mut told = BTreeSet::new();
        let mut base = Story::begin(&canary, "app:v2");
        while !base.rollout.is_settled() {
            for what in ALL {
                let phase = base.phase();
                if !told.insert((base.rollout.status().stage, phase, what)) {
                    continue;
                }
                let then = happens(&base, what, &mut pairs);
                for story in then {
                    for again in AGAIN {
                        if told_again.insert((phase, what, story.phase(), again)) {
                            happens(&story, again, &mut pairs);
                        }
                    }
                }
            }
            base.step();
        }
        assert_eq!(base.rollout.outcome(), Some(&Outcome::Promoted));
        pairs.extend(base.pairs);
    }
    pairs
}

/// This happens, and then the story goes on to its end; the story at the beginning of each phase that
/// it came to.
fn happens(story: &Story, what: Happening, pairs: &mut BTreeSet<(Phase, Phase)>) -> Vec<Story> {
    let (mut story, from) = (story.clone(), story.phase());
    happen(&mut story, what);
    let mut came_to: Vec<Story> = Vec::new();
    for turn in 1.. {
        if story.rollout.is_settled() {
            break;
        }
        assert!(
            turn < 2_000,
            "no end after {what:?} in {from:?}: {:?}",
            story.rollout.status()
        );
        // What nobody mends would go on for long: the world is kind again, and a person helps.
        if turn % 200 == 0 {
            for help in [KindAgain, Unpause, Retry] {
                happen(&mut story, help);
            }
        }
        if came_to
            .last()
            .is_none_or(|last| last.phase() != story.phase())
        {
            came_to.push(story.clone());
        }
        story.step();
    }
    pairs.extend(story.pairs);
    came_to
}

#[test]
fn the_page_has_the_transitions_that_happen_and_no_others() {
    use Phase::*;
    let pairs = pairs();
    let mut followers: BTreeMap<Phase, BTreeSet<Phase>> = BTreeMap::new();
    for (before, after) in &pairs {
        followers.entry(*before).or_default().insert(*after);
    }
    let forward = [
        Claiming, Confirming, Gating, Hooking, Stepping, Baking, Holding,
    ];
    for (before, after) in &pairs {
        let returns = [RollingBack, Stuck, Superseding, Settling].contains(before);
        assert!(
            !(returns && forward.contains(after)),
            "from {before:?} to {after:?}: what is over begins again"
        );
    }
    assert!(!followers.contains_key(&Settled), "what is settled rests");

    let mut page = String::from(
        "# What can follow what\n\n\
         <!-- Written by `crates/strategy-core/tests/docs.rs`; `UPDATE_DOCS=1` writes it anew. -->\n\n\
         The phases of a rollout (`Status::phase`), and those that were seen to follow each after one input.\n\
         They are found by driving the machine: through seven canaries that have every kind of gate, hook, hold and policy between them, with each of 22 things happening in every phase of every stage, and again in the phases that led to.\n\
         One input may carry a rollout through several phases; the page then has the first and the last.\n\n\
         A rollout begins in `claiming`; one of a release that stable runs already begins and ends in `settled`.\n\n\
         | phase | what it does | may be followed by |\n|---|---|---|\n",
    );
    let variants = sources::variants("crates/strategy-core/src/rollout/status.rs", "Phase");
    let mut names = BTreeSet::new();
    for variant in &variants {
        let phase = named(&variant.name);
        names.insert(phase);
        let after = followers.get(&phase).into_iter().flatten();
        let after: Vec<_> = after.map(|phase| format!("`{}`", text(*phase))).collect();
        let after = if after.is_empty() {
            "nothing".to_owned()
        } else {
            after.join(", ")
        };
        writeln!(page, "| `{}` | {} | {after} |", text(phase), variant.doc).unwrap();
    }
    for phase in &names {
        let seen = pairs
            .iter()
            .any(|(before, after)| before == phase || after == phase);
        assert!(seen, "no story comes to {phase:?}");
    }
    page.push_str(
        "\n## What never happens\n\n\
         - From `rolling-back`, `stuck`, `superseding` and `settling` nothing leads to a phase of the way forward.\n\
         - Nothing follows `settled`.\n",
    );
    assert_page("docs/reference/transitions.md", &page);
}

#[test]
fn a_release_that_runs_already_begins_where_it_ends() {
    let story = Story::begin(&Canary::new().stages([50, 100]), "app:v1");
    assert_eq!(story.phase(), Phase::Settled);
}

/// `RollingBack` as text: `rolling-back`.
fn text(phase: Phase) -> String {
    let text = serde_json::to_value(phase).unwrap();
    text.as_str().unwrap().to_owned()
}

/// The phase with this name in the source.
fn named(name: &str) -> Phase {
    let mut text = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !text.is_empty() {
            text.push('-');
        }
        text.extend(letter.to_lowercase());
    }
    serde_json::from_value(text.into()).unwrap()
}
