//! Promises of the machine that are kept in every phase, and that `docs/ARCHITECTURE.md` names its tests.

use std::collections::BTreeSet;
use std::time::Duration;

use strategy_core::Weight;
use strategy_core::analysis::{Verdict, Window};
use strategy_core::plan::{Check, Extension, ForeignPolicy, Policies, Then};
use strategy_core::rollout::{Answer, Effect, Outcome, Phase, Reason, Wish};
use strategy_core::strategy::Canary;

use super::platform::Story;
use super::stories::{ALL, Happening, canaries, happen, wish};
use super::{read, sources};

/// Every phase of these stories, once in each stage.
fn every_phase() -> Vec<Story> {
    let mut found = Vec::new();
    for canary in canaries() {
        let mut seen = BTreeSet::new();
        let mut story = Story::begin(&canary, "app:v2");
        while !story.rollout.is_settled() {
            if seen.insert((story.rollout.status().stage, story.phase())) {
                found.push(story.clone());
            }
            story.step();
        }
    }
    found
}

#[test]
fn every_command_is_answered_in_every_phase_though_nothing_answers() {
    let mut aborted = 0;
    for story in every_phase() {
        for what in ALL {
            let mut story = story.clone();
            let Some(wish) = wish(&story, what) else {
                continue;
            };
            story.platform.down = true;
            let before = story.phase();
            let answer = story.command(wish);
            let refused = matches!(answer, Answer::Refused(_));
            let goes_back = matches!(story.phase(), Phase::RollingBack | Phase::Settling);
            if what == Happening::Abort && !refused && before != Phase::Settling {
                assert!(goes_back, "{before:?} to {:?}", story.phase());
                aborted += 1;
            }
            let again = story.command(Wish::Pause);
            let over = story.rollout.outcome().is_some();
            assert!(!over || matches!(again, Answer::Refused(_)), "{before:?}");
        }
    }
    assert!(aborted > 20, "{aborted}");
}

#[test]
fn an_approval_of_another_plan_or_stage_counts_for_nothing() {
    let gated = every_phase().into_iter();
    let gated = gated.filter(|story| story.rollout.status().approval.is_some());
    let other = Story::begin(&Canary::new().stages([100]), "app:v2");
    let mut asked = 0;
    for story in gated {
        let approval = story.rollout.status().approval.unwrap();
        let plan = story.rollout.plan().digest();
        for (stage, digest, counts) in [
            (approval.stage.clone(), other.rollout.plan().digest(), false),
            ("another".into(), plan.clone(), false),
            (approval.stage, plan, true),
        ] {
            let mut story = story.clone();
            let answer = story.command(Wish::Approve {
                stage,
                plan: digest,
            });
            let still = story.rollout.status().approval;
            assert_eq!(answer == Answer::Recorded, counts, "{answer:?}");
            assert_eq!(still.is_none_or(|asked| asked.missing == 0), counts);
            asked += 1;
        }
    }
    assert!(asked >= 9, "{asked}");
}

#[test]
fn every_story_of_a_check_without_judgement_ends_undecided() {
    let mut story = Story::begin(&checked(), "app:v2");
    story.platform.undecided = true;
    let reason = reason(story);
    assert!(matches!(reason, Reason::Undecided { .. }), "{reason:?}");
}

/// A canary that is checked, in the bake of its first stage.
fn baking(canary: &Canary) -> Story {
    let mut story = Story::begin(canary, "app:v2");
    while story.phase() != Phase::Baking {
        story.step();
    }
    story
}

fn checked() -> Canary {
    let check = Check::new(Extension::new("by-hand"));
    Canary::new().stages([50, 100]).check("errors", check)
}

fn reason(mut story: Story) -> Reason {
    while !story.rollout.is_settled() {
        story.step();
    }
    match story.rollout.outcome() {
        Some(Outcome::RolledBack { reason }) => reason.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn errors_and_what_cannot_be_said_have_limits_of_their_own() {
    let too_few = || Some(Verdict::Inconclusive("too few".to_owned()));
    for (gives, tolerated) in [(Some(Verdict::Fail), 0), (None, 4), (too_few(), 10)] {
        let mut story = baking(&checked());
        let passed = story.platform.looks.len();
        story.platform.looks_give = Some(gives.clone());
        let taken = |story: &Story| {
            let looks = &story.platform.looks[passed..];
            looks.iter().map(|look| look.0).collect::<Vec<_>>().len()
        };
        while story.phase() == Phase::Baking {
            story.step();
        }
        assert_eq!(taken(&story), tolerated + 1, "{gives:?}");
        assert!(matches!(reason(story), Reason::Check { .. }), "{gives:?}");
    }
}

#[test]
fn looks_are_counted_once_and_memory_is_handed_on_over_stages_and_crashes() {
    for crash_every in [usize::MAX, 40] {
        let mut story = Story::begin(&checked(), "app:v2");
        let mut steps = 0;
        while !story.rollout.is_settled() {
            story.step();
            steps += 1;
            assert!(steps < 5_000, "{:?}", story.rollout.status());
            if steps % crash_every == 0 {
                happen(&mut story, Happening::Crash);
            }
        }
        assert_eq!(story.rollout.outcome(), Some(&Outcome::Promoted));
        let mut looks = story.platform.looks.clone();
        looks.dedup();
        assert!(looks.len() > 15, "{looks:?}");
        let mut before: Option<(u64, Window, String)> = None;
        for look in looks {
            if let Some((number, window, _)) = &before {
                assert!(look.0 > *number, "each number once, with one window");
                assert!(window.to <= look.1.from, "{window:?} {:?}", look.1);
                assert_eq!(look.2, format!("after {number}"));
            }
            before = Some(look);
        }
    }
}

#[test]
fn nothing_is_written_and_no_stage_passes_on_old_observations() {
    let mut held = 0;
    for mut story in every_phase() {
        if [Phase::Settling, Phase::Settled].contains(&story.phase()) {
            continue;
        }
        // What was decided before they grew old may still be carried out.
        while story.phase() == Phase::Hooking {
            story.step();
        }
        let mut decided = story.rollout.clone();
        let decided = std::iter::from_fn(|| decided.poll_effect());
        let under_way = decided.filter(|effect| matches!(effect, Effect::Apply { .. }));
        let under_way = u32::try_from(under_way.count()).unwrap();
        let (writes, stage) = (story.platform.writes, story.rollout.status().stage);
        story.platform.age = Duration::from_secs(3600);
        story.platform.silent = true;
        let end = story.now + Duration::from_secs(120);
        let mut steps = 0;
        while story.now < end && !story.rollout.is_settled() {
            story.step();
            // A look takes time; the machine asks again as soon as it has an old answer.
            story.now = story.now + Duration::from_secs(1);
            steps += 1;
            assert!(steps < 2_000, "{:?} never rests", story.phase());
        }
        let written = story.platform.writes - writes;
        assert_eq!(written, under_way, "{:?}", story.phase());
        assert_eq!(story.rollout.status().stage, stage, "{:?}", story.phase());
        held += 1;
    }
    assert!(held > 20, "{held}");
}

#[test]
fn a_bake_clock_stands_while_traffic_is_not_effective() {
    let mut story = baking(&checked());
    let elapsed = |story: &Story| story.rollout.status().bake.unwrap().elapsed;
    story.platform.converging = true;
    story.changed();
    let end = story.now + Duration::from_secs(40);
    while story.now < end {
        story.step();
    }
    let stood_at = elapsed(&story);
    while story.now < end + Duration::from_secs(600) {
        story.step();
    }
    assert_eq!((story.phase(), elapsed(&story)), (Phase::Baking, stood_at));
    story.platform.converging = false;
    story.changed();
    while story.phase() == Phase::Baking {
        story.step();
    }
    assert_ne!(story.phase(), Phase::RollingBack);
}

#[test]
fn other_image_ids_under_the_same_name_take_it_back() {
    let mut story = baking(&checked());
    story.platform.re_pointed = true;
    story.changed();
    let reason = reason(story);
    assert!(matches!(reason, Reason::ImageChanged { .. }), "{reason:?}");
}

#[test]
fn traffic_moved_by_another_hand_is_answered_as_the_policy_says() {
    let hold = ForeignPolicy::Hold {
        at_most: Duration::from_secs(600),
        then: Then::RollBack,
    };
    let once = ForeignPolicy::Reassert {
        times: 1,
        writers: BTreeSet::new(),
    };
    for (policy, then, again) in [
        (hold, Phase::Holding, Phase::Holding),
        (once, Phase::Baking, Phase::Holding),
        (ForeignPolicy::RollBack, Phase::Settled, Phase::Settled),
        (ForeignPolicy::Yield, Phase::Settled, Phase::Settled),
    ] {
        let mut policies = Policies::default();
        policies.foreign.traffic = policy.clone();
        let mut story = baking(&checked().policies(policies));
        for expected in [then, again] {
            // Towards the release: a move towards stable rolls back whatever the policy.
            story.platform.moved = Weight::from_percent(66).ok();
            story.changed();
            for _ in 0..30 {
                if story.phase() != Phase::Baking && story.phase() == expected {
                    break;
                }
                story.step();
            }
            assert_eq!(story.phase(), expected, "{policy:?}");
        }
        let yielded = matches!(story.rollout.outcome(), Some(Outcome::Abandoned { .. }));
        assert_eq!(yielded, policy == ForeignPolicy::Yield);
    }
}

#[test]
fn every_test_that_the_page_on_architecture_names_is_there() {
    let page = read("docs/ARCHITECTURE.md");
    let there = sources::functions();
    let promises: Vec<_> = page.lines().filter(|line| line.starts_with("| ")).collect();
    let promises = promises.iter().filter(|line| {
        let number = line.split('|').nth(1).unwrap_or_default().trim();
        number.parse::<u8>().is_ok()
    });
    let mut numbers = 0;
    for promise in promises {
        numbers += 1;
        let guards = promise.rsplit('|').nth(1).unwrap_or_default();
        let named: Vec<_> = guards.split('`').skip(1).step_by(2).collect();
        assert!(!named.is_empty(), "{promise}");
        for name in named.iter().filter(|name| name.contains('_')) {
            assert!(there.contains(*name), "there is no test `{name}`");
        }
    }
    assert_eq!(numbers, 17);
}
