//! A whole rollout of the machine alone, driven by hand on a platform that does everything at once.

use std::collections::BTreeMap;
use std::error::Error;

use strategy_core::analysis::{MeasureError, Measurement, Memory, Verdict};
use strategy_core::rollout::{Completion, Effect, Input, LookId, Outcome, Record};
use strategy_core::target::{Applied, Observation};
use strategy_core::world::fulfilled;
use strategy_core::{Part, Rollout, Timestamp};

use crate::plans::Size;

/// Everything that one rollout was told and wrote down, in order.
pub(crate) struct Trace {
    pub(crate) begun: Rollout,
    pub(crate) inputs: Vec<(Input, Timestamp)>,
    pub(crate) effects: usize,
    pub(crate) records: Vec<Record>,
}

impl Trace {
    /// From the beginning to the end; each look hands out a memory of so many bytes.
    pub(crate) fn of(size: Size, memory: usize) -> Result<Self, Box<dyn Error>> {
        let mut rollout = size.begin()?;
        let mut trace = Self {
            begun: rollout.clone(),
            inputs: Vec::new(),
            effects: 0,
            records: Vec::new(),
        };
        let found = size.found()?;
        let mut platform: BTreeMap<Part, Observation> = found
            .iter()
            .map(|(part, found)| (part.clone(), found.observation.clone()))
            .collect();
        let mut now = crate::plans::BEGIN;
        while !rollout.is_settled() {
            let records = std::iter::from_fn(|| rollout.poll_record());
            trace.records.extend(records);
            while rollout.poll_answer().is_some() || rollout.poll_event().is_some() {}
            let input = if let Some(effect) = rollout.poll_effect() {
                trace.effects += 1;
                if let Effect::Apply { part, request } = &effect
                    && let (Some(is), Some(found)) = (platform.get_mut(part), found.part(part))
                {
                    *is = fulfilled(&request.desired, found);
                }
                answer(effect, &platform, memory)?
            } else {
                now = rollout.poll_timeout().ok_or("nothing is due")?;
                Input::TimePassed
            };
            trace.inputs.push((input.clone(), now));
            rollout.handle(input, now)?;
        }
        trace
            .records
            .extend(std::iter::from_fn(|| rollout.poll_record()));
        if rollout.outcome() != Some(&Outcome::Promoted) {
            return Err("a rollout to which nothing bad happened was not promoted".into());
        }
        Ok(trace)
    }

    /// Tells a machine the same again, drains all its outputs, and says how many there were.
    pub(crate) fn repeat(mut rollout: Rollout, inputs: Vec<(Input, Timestamp)>) -> usize {
        let mut outputs = drain(&mut rollout);
        for (input, now) in inputs {
            // It was no misuse the first time.
            let _ = rollout.handle(input, now);
            outputs += drain(&mut rollout);
            let _ = rollout.poll_timeout();
        }
        outputs
    }
}

/// Takes everything that a driver would take after an input.
pub(crate) fn drain(rollout: &mut Rollout) -> usize {
    let mut outputs = 0;
    while rollout.poll_record().is_some()
        || rollout.poll_answer().is_some()
        || rollout.poll_effect().is_some()
        || rollout.poll_event().is_some()
    {
        outputs += 1;
    }
    outputs
}

fn answer(
    effect: Effect,
    platform: &BTreeMap<Part, Observation>,
    memory: usize,
) -> Result<Input, Box<dyn Error>> {
    Ok(match effect {
        Effect::Claim { id, .. } => Input::EffectSucceeded {
            id,
            outcome: Completion::Claimed,
        },
        Effect::Apply { request, .. } => Input::EffectSucceeded {
            id: request.id,
            outcome: Completion::Applied(Applied::default()),
        },
        Effect::Observe { part, ticket, .. } => Input::Observed {
            observation: Box::new(platform.get(&part).ok_or("no such part")?.clone()),
            part,
            ticket,
        },
        Effect::Measure { look, .. } => Input::Measured {
            look: LookId::from(&*look),
            measurement: pass(look.number, memory)?,
        },
        Effect::RunHook { .. } | Effect::AskGate { .. } | _ => {
            return Err("this plan has no hooks, external gates or haste".into());
        }
    })
}

/// What a check that is content says, with so much to remember.
pub(crate) fn pass(number: u64, memory: usize) -> Result<Measurement, MeasureError> {
    let evidence = format!("{number} of 12 000 requests failed (0.02%), limit 1%");
    let memory = Memory::new(format!("{number:0memory$}"))?;
    Ok(Measurement::new(Verdict::Pass, evidence).remember(memory))
}
