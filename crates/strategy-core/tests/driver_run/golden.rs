//! Journals that released versions wrote: any later one reads them, replays them and ends what they
//! began. They are kept for ever; `UPDATE_GOLDEN=1` writes those of this version anew, which is right
//! only until it is released.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use strategy_core::analysis::{Measurement, Verdict};
use strategy_core::rollout::{Completion, Effect, Input, LookId};
use strategy_core::target::Effective;
use strategy_core::world::fulfilled;
use strategy_core::{Rollout, Timestamp};

use super::*;

fn kept() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/journals")
}

/// Carries a rollout on a file until it is told to stop, or to its end.
fn carried(name: &str, fails: bool, stop: impl Fn(Phase, Duration) -> bool) {
    let (world, folder) = (world(), TempDir::new().unwrap());
    if fails {
        world.happen_after(
            Duration::from_secs(150),
            Happening::image_fails("registry.example/app:2", 0.2),
        );
    }
    let path = folder.path().join("a.journal");
    let story = async {
        let driver = driver(&world).journal(FileJournal::create(&path).unwrap());
        let (handle, run) = driver.start(&canary(), release()).await.unwrap();
        let (clock, began) = (world.clock(), world.clock().now());
        let person = async {
            while handle.status().phase != Phase::Settled {
                if stop(handle.status().phase, clock.now().since(began)) {
                    return handle.detach().await;
                }
                clock
                    .sleep_until(clock.now() + Duration::from_secs(1))
                    .await;
            }
        };
        let _ = futures::join!(run, person);
    };
    world.block_on(story).unwrap();
    let file = format!("{}-{name}.journal", env!("CARGO_PKG_VERSION"));
    fs::create_dir_all(kept()).unwrap();
    fs::copy(&path, kept().join(file)).unwrap();
}

fn write_ours() {
    carried("canary-half-way", false, |_, time| {
        time >= Duration::from_secs(200)
    });
    carried("canary-rolling-back", true, |phase, _| {
        phase == Phase::RollingBack
    });
    carried("canary-rolled-back", true, |_, _| false);
}

/// The end of a rollout on a platform that does at once what it is told.
fn end(mut rollout: Rollout, mut now: Timestamp) -> Outcome {
    let part = Part::main();
    let found = rollout.found().part(&part).unwrap().clone();
    let seen = rollout.observation(&part).unwrap_or(&found.observation);
    let mut is = seen.clone();
    // What was on its way when it was seen last has come about.
    is.traffic.effective = Effective::Verified(is.traffic.written.clone());
    // Images run under the ids that were validated.
    let mut ids = BTreeMap::new();
    for pod in seen.stable.pods.iter().chain(&seen.candidate.pods) {
        ids.insert(pod.revision.images.clone(), pod.image_ids.clone());
    }
    for _ in 0..10_000 {
        while rollout.poll_record().is_some() {}
        if rollout.is_settled() {
            break;
        }
        let Some(effect) = rollout.poll_effect() else {
            now = now.max(rollout.poll_timeout().unwrap());
            rollout.handle_timeout(now);
            continue;
        };
        let done = |outcome| Input::EffectSucceeded {
            id: effect.id().unwrap(),
            outcome,
        };
        let input = match &effect {
            Effect::Claim { .. } => done(Completion::Claimed),
            Effect::Apply { request, .. } => {
                is = fulfilled(&request.desired, &found);
                for pod in is.stable.pods.iter_mut().chain(&mut is.candidate.pods) {
                    if let Some(ids) = ids.get(&pod.revision.images) {
                        pod.image_ids.clone_from(ids);
                    }
                }
                done(Completion::Applied(Applied::default()))
            }
            Effect::Observe { part, ticket, .. } => Input::Observed {
                part: part.clone(),
                ticket: *ticket,
                observation: Box::new(is.clone()),
            },
            Effect::Measure { look, .. } => Input::Measured {
                look: LookId::from(&**look),
                measurement: Measurement::new(Verdict::Pass, "fine"),
            },
            Effect::RunHook { .. } | Effect::AskGate { .. } | Effect::Cancel { .. } | _ => {
                panic!("the plan has none: {effect:?}")
            }
        };
        rollout.handle(input, now).unwrap();
    }
    let Some(outcome) = rollout.outcome() else {
        panic!("it does not end: {:?}", rollout.status());
    };
    outcome.clone()
}

fn resumed(records: &[Record], roll_back: bool) -> Outcome {
    let later = Timestamp::from_millis(1_800_000_000_000);
    end(Rollout::resume(records, roll_back, later).unwrap(), later)
}

#[test]
fn journals_of_every_version_are_read_replayed_and_brought_to_an_end() {
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        write_ours();
    }
    let mut names = Vec::new();
    for file in fs::read_dir(kept()).unwrap() {
        names.push(file.unwrap().file_name().into_string().unwrap());
    }
    names.sort();
    for kind in ["half-way", "rolling-back", "rolled-back"] {
        let first = format!("0.1.0-canary-{kind}.journal");
        assert!(names.contains(&first), "{first} is kept: {names:?}");
    }
    for name in names {
        let records = FileJournal::peek(kept().join(&name)).unwrap().records;
        let decisions = records
            .iter()
            .filter(|record| matches!(record, Record::Decision(_)));
        assert!(decisions.count() > 3, "{name} has little to replay");
        let replayed = Rollout::replay(&records, false);
        let replayed = replayed.unwrap_or_else(|error| panic!("{name}: {error}"));
        if name.ends_with("-rolled-back.journal") {
            assert!(replayed.is_settled(), "{name}");
            let end = replayed.outcome().unwrap();
            assert!(matches!(end, Outcome::RolledBack { .. }), "{name}: {end}");
            let over = Rollout::resume(&records, false, Timestamp::from_millis(0));
            assert!(matches!(over, Err(RecoverError::Over { .. })), "{name}");
            continue;
        }
        assert!(replayed.outcome().is_none(), "{name}");
        let end = resumed(&records, false);
        if name.ends_with("-rolling-back.journal") {
            assert!(replayed.is_rolling_back(), "{name}");
            assert!(matches!(end, Outcome::RolledBack { .. }), "{name}: {end}");
        } else {
            assert_eq!(end, Outcome::Promoted, "{name}");
        }
        let home = resumed(&records, true);
        assert!(matches!(home, Outcome::RolledBack { .. }), "{name}: {home}");
    }
}
