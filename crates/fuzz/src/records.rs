//! Records whose checksums are right, whatever they say.

use std::fmt::Write as _;
use std::fs;
use std::time::Duration;

use serde::de::IgnoredAny;
use sha2::{Digest as _, Sha256};
use strategy_core::driver::FileJournal;
use strategy_core::hook::{GateAnswer, HookReport};
use strategy_core::rollout::{Completion, Effect, Failure, Input, Record};
use strategy_core::target::{Applied, Certainty, TargetErrorKind};
use strategy_core::{Rollout, Timestamp};

use crate::scratch;

/// So many things happen to a rollout that was taken up again.
const STEPS: usize = 60;

/// A batch of records as JSON in each line, put into a file as a journal would.
///
/// What reads back is the same when it is written and read again; what replays gives the machine that
/// its own snapshot gives; what can be taken up tells how it stands and goes on, whatever it is told.
pub fn records(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let folder = scratch::folder();
    let path = folder.path().join("a.journal");
    fs::write(&path, framed(text)).unwrap();
    let Ok(read) = FileJournal::peek(&path) else {
        return;
    };
    let json = serde_json::to_string(&read.records).unwrap();
    fs::write(&path, framed(&json)).unwrap();
    let again = FileJournal::peek(&path).unwrap();
    assert_eq!(
        again.records, read.records,
        "records change on the way through a file"
    );
    for roll_back in [false, true] {
        let Ok(rollout) = Rollout::replay(&read.records, roll_back) else {
            continue;
        };
        let taken_from = Rollout::replay(&[rollout.snapshot()], roll_back);
        assert_eq!(
            taken_from.as_ref(),
            Ok(&rollout),
            "the snapshot is of another machine"
        );
        tells(&rollout);
        let now = rollout.poll_timeout().unwrap_or_default();
        if let Ok(resumed) = Rollout::resume(&read.records, roll_back, now) {
            goes_on(resumed, now);
        }
    }
}

/// As a journal of these batches lies in its file.
fn framed(text: &str) -> String {
    let mut file = "rollway-journal 1\n".to_owned();
    let mut sequence = 0_u64;
    for json in text.lines() {
        let count = serde_json::from_str::<Vec<IgnoredAny>>(json).map_or(1, |all| all.len());
        let body = format!("{} {sequence} {count} {json}", json.len());
        for byte in Sha256::digest(body.as_bytes()).iter().take(8) {
            write!(file, "{byte:02x}").unwrap();
        }
        writeln!(file, " {body}").unwrap();
        sequence += count as u64;
    }
    file
}

fn tells(rollout: &Rollout) {
    let status = serde_json::to_string(&rollout.status()).unwrap();
    assert!(status.contains(rollout.id().as_str()));
    assert!(!rollout.plan().table().is_empty());
    let _ = (rollout.handover(), rollout.canonical());
}

/// Every call succeeds, every third look and every fifth call fails; and time passes.
fn goes_on(mut rollout: Rollout, mut now: Timestamp) {
    let mut number = 0_usize;
    while number < STEPS && !rollout.is_settled() {
        let mut batch = Vec::new();
        while let Some(record) = rollout.poll_record() {
            batch.push(record);
        }
        let json = serde_json::to_string(&batch).unwrap();
        assert_eq!(serde_json::from_str::<Vec<Record>>(&json).unwrap(), batch);
        while rollout.poll_answer().is_some() || rollout.poll_event().is_some() {}
        number += 1;
        let input = match rollout.poll_effect() {
            Some(effect) => happened(&rollout, effect, number),
            None => {
                let due = rollout.poll_timeout().unwrap();
                now = now.max(due).max(now + Duration::from_millis(1));
                Some(Input::TimePassed)
            }
        };
        if let Some(input) = input {
            // What it takes for a mistake of its caller is refused, and nothing else follows.
            let _ = rollout.handle(input, now);
        }
    }
    tells(&rollout);
}

fn happened(rollout: &Rollout, effect: Effect, number: usize) -> Option<Input> {
    let failure = || {
        Failure::new(
            TargetErrorKind::Unavailable,
            Certainty::MayBeTaken,
            "no answer",
        )
    };
    let id = effect.id();
    let done = |outcome| {
        let id = id?;
        Some(if number.is_multiple_of(5) {
            Input::EffectFailed {
                id,
                failure: failure(),
            }
        } else {
            Input::EffectSucceeded { id, outcome }
        })
    };
    match effect {
        Effect::Claim { .. } => done(Completion::Claimed),
        Effect::Apply { .. } => done(Completion::Applied(Applied::default())),
        Effect::RunHook { .. } => done(Completion::HookRan(HookReport::passed("fine"))),
        Effect::AskGate { .. } => done(Completion::GateAnswered(GateAnswer::Open)),
        Effect::Observe { part, ticket, .. } => {
            let found = rollout
                .found()
                .part(&part)
                .filter(|_| !number.is_multiple_of(3));
            Some(match found {
                Some(found) => {
                    let seen = rollout.observation(&part).unwrap_or(&found.observation);
                    let observation = Box::new(seen.clone());
                    Input::Observed {
                        part,
                        ticket,
                        observation,
                    }
                }
                None => Input::ObserveFailed {
                    part,
                    ticket,
                    failure: failure(),
                },
            })
        }
        Effect::Measure { look, .. } => Some(Input::MeasureFailed {
            look: (&*look).into(),
            failure: failure(),
        }),
        _ => None,
    }
}
