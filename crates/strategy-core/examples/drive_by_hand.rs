//! The pure machine, driven by hand: no async, no runtime, no clock but a number.
//!
//! Inputs go in with the time as an argument; records, effects and events come out. A driver of one's
//! own is this loop with real calls in it, and the records written down before the effects.

use std::error::Error;

use strategy_core::rollout::{Completion, Effect, Input, Outcome, Start};
use strategy_core::strategy::Canary;
use strategy_core::target::{Applied, Found};
use strategy_core::world::{discovery_of, fulfilled, observed_track};
use strategy_core::{Images, Release, Rollout, Strategy, Timestamp};

pub(crate) fn main() -> Result<(), Box<dyn Error>> {
    let stable = observed_track(&Images::parse([("app", "app:v1")])?, 4);
    let start = discovery_of(stable, Default::default());
    let found = Found::main(start.clone());
    let canary = Canary::new().stages([25, 100]);
    let plan = canary.plan(&Release::of([("app", "app:v2")])?, &found)?;

    let mut now = Timestamp::from_millis(1_800_000_000_000);
    let begin = Start::new("by-hand".parse()?, plan, found);
    let mut rollout = Rollout::start(begin, now)?;
    let mut is = start.observation.clone(); // the platform: what it shows now
    let (mut journal, mut weights) = (Vec::new(), Vec::new());

    while !rollout.is_settled() {
        // First everything is written down, as one batch; only then is anything done.
        journal.extend(std::iter::from_fn(|| rollout.poll_record()));
        while rollout.poll_answer().is_some() || rollout.poll_event().is_some() {}

        let Some(effect) = rollout.poll_effect() else {
            now = rollout.poll_timeout().ok_or("nothing is due")?;
            rollout.handle_timeout(now);
            continue;
        };
        let input = match effect {
            Effect::Claim { id, .. } => Input::EffectSucceeded {
                id,
                outcome: Completion::Claimed,
            },
            Effect::Apply { request, .. } => {
                is = fulfilled(&request.desired, &start);
                weights.push(request.desired.traffic.weight);
                Input::EffectSucceeded {
                    id: request.id,
                    outcome: Completion::Applied(Applied::default()),
                }
            }
            Effect::Observe { part, ticket, .. } => Input::Observed {
                part,
                ticket,
                observation: Box::new(is.clone()),
            },
            Effect::Measure { .. } | Effect::RunHook { .. } | Effect::AskGate { .. } | _ => {
                return Err("this plan has no checks, hooks, external gates or haste".into());
            }
        };
        rollout.handle(input, now)?;
    }
    journal.extend(std::iter::from_fn(|| rollout.poll_record()));

    assert_eq!(rollout.outcome(), Some(&Outcome::Promoted));
    weights.dedup();
    let weights: Vec<_> = weights.iter().map(ToString::to_string).collect();
    assert_eq!(weights, ["0%", "25%", "100%", "0%"]);
    // What was written down is the machine: replayed, it is where it was.
    assert_eq!(
        Rollout::replay(&journal, false)?.outcome(),
        rollout.outcome()
    );
    Ok(())
}
