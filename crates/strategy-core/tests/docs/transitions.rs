//! `docs/reference/transitions.md`: which phase can follow which, found by driving the machine.
//!
//! Stories are told with something happening in every stage and phase of them, and again something
//! where that led to another phase. The page has the pairs that were seen, and no others.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use strategy_core::rollout::{Outcome, Phase};
use strategy_core::strategy::Canary;

use super::platform::Story;
use super::stories::{AGAIN, ALL, Happening, canaries, happen};
use super::{assert_page, sources};

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
            for help in [Happening::KindAgain, Happening::Unpause, Happening::Retry] {
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
