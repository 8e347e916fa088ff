//! What a journal holds: decisions and not a record more, small enough, and read back whole.

use super::acting::seconds;
use super::checks::{every_15, limits, plan_with};
use super::kind_world::{KindWorld, Run};
use super::{BEGIN, begin, canary, plan};
use crate::analysis::{Measurement, Memory, Verdict};
use crate::plan::{Bake, Extension, HookPlan, HookPoint, Policies};
use crate::release::Part;
use crate::rollout::latest::LatestPart;
use crate::rollout::{
    Alarm, Command, CommandId, Effect, EffectKind, Failure, Input, LookId, Record, RecoverError,
    Rollout, SCHEMA, Start, StartError, Wish,
};
use crate::target::{Certainty, EffectId, Found, TargetErrorKind};

fn started() -> Run {
    begin(
        plan(canary(), Policies::default()),
        KindWorld::new(("v0", 4), None),
    )
}

fn size(record: &Record) -> usize {
    serde_json::to_vec(record).unwrap().len()
}

#[test]
fn an_equal_observation_is_no_record() {
    let mut run = started();
    run.until("is effective and is watched");
    // Until what stable lost of its share has drained.
    run.wait(seconds(10));
    run.look_again();
    let records = run.records.len();
    for _ in 0..50 {
        run.look_again();
    }
    run.wait(seconds(40));
    assert_eq!(run.records.len(), records, "{:#?}", &run.records[records..]);
}

/// Two hours with three checks every 15 seconds, whose memories are as large as they may be. Compacted
/// as the driver does it: when the journal would hold more than 48 KiB.
#[test]
fn a_two_hour_rollout_stays_below_64_kib_at_any_time() {
    let mut stages = canary();
    for stage in &mut stages[..2] {
        stage.bake = Bake::of(seconds(3600));
    }
    let checks = ["errors", "latency", "saturation"].map(|name| (name, every_15(limits(0))));
    let mut run = begin(plan_with(stages, &checks), KindWorld::new(("v0", 4), None));
    let (mut held, mut most, mut written, mut compactions) = (0, 0, 0, 0);
    let (mut largest_snapshot, mut largest_batch, mut looks) = (0, 0, 0);
    while !run.rollout.is_settled() {
        loop {
            let more = run.perform_one();
            let batch: usize = run.records.drain(..).map(|record| size(&record)).sum();
            largest_batch = largest_batch.max(batch);
            if batch > 0 && held + batch > 48 * 1024 {
                held = size(&run.rollout.snapshot());
                largest_snapshot = largest_snapshot.max(held);
                written += held;
                compactions += 1;
            } else {
                held += batch;
                written += batch;
            }
            most = most.max(held);
            if !more {
                break;
            }
        }
        for look in run.looks() {
            looks += 1;
            run.tell(Input::Measured {
                look: LookId::from(&look),
                measurement: Measurement {
                    verdict: Verdict::Pass,
                    evidence: "x".repeat(200),
                    memory: Memory::new(format!("{:02048}", look.number)).unwrap(),
                },
            });
        }
        run.pass_time();
    }
    let figures = format!(
        "{looks} looks; {written} bytes written, {compactions} compactions; snapshot {largest_snapshot}, batch {largest_batch}, journal at most {most}"
    );
    println!("{figures}");
    assert!(looks > 1_400, "{figures}");
    assert!(
        most < 64 * 1024 && largest_snapshot < 32 * 1024,
        "{figures}"
    );
}

#[test]
fn every_effect_that_waits_is_in_the_batch_before_it() {
    let mut run = started();
    let mut known: Vec<EffectId> = Vec::new();
    for _ in 0..200 {
        while let Some(record) = run.rollout.poll_record() {
            match &record {
                Record::Snapshot(snapshot) => known.extend(snapshot.rollout.decided.open.keys()),
                Record::Decision(decision) => known.extend(decision.effects.iter().map(|e| e.0)),
                Record::State(_) => {}
            }
        }
        let Some(effect) = run.rollout.poll_effect() else {
            run.pass_time();
            continue;
        };
        if effect.kind().waits_for_journal() {
            assert!(known.contains(&effect.id().unwrap()), "{effect:?}");
        }
        if let Some(input) = run.world.perform(effect) {
            run.world.converge();
            run.tell(input);
        }
    }
    assert!(known.len() > 5);
}

/// A number that no rollout comes to would soon be given out twice.
#[test]
fn a_journal_whose_numbers_are_used_up_is_refused() {
    let mut run = started();
    run.until("is effective and is watched");
    let snapshot = serde_json::to_value(run.rollout.snapshot()).unwrap();
    let part = Part::main();
    for place in [
        "/decided/next_id".to_owned(),
        "/decided/standings".to_owned(),
        format!("/decided/parts/{part}/claim/epoch"),
        format!("/latest/parts/{part}/next_ticket"),
    ] {
        for (number, is_fine) in [
            (u64::MAX / 2, true),
            (u64::MAX / 2 + 1, false),
            (u64::MAX, false),
        ] {
            let mut snapshot = snapshot.clone();
            let at = format!("/snapshot/rollout{place}");
            *snapshot.pointer_mut(&at).unwrap() = number.into();
            let records = [serde_json::from_value(snapshot).unwrap()];
            for roll_back in [false, true] {
                let read = Rollout::resume(&records, roll_back, run.now);
                match read {
                    Ok(_) => assert!(is_fine, "{place} of {number}"),
                    Err(RecoverError::Exhausted { number: told, .. }) => {
                        assert!(!is_fine && told == number, "{place} of {number}");
                    }
                    Err(error) => panic!("{place} of {number}: {error}"),
                }
            }
        }
    }
}

#[test]
fn a_journal_that_does_not_read_back_says_why() {
    let mut run = started();
    run.until("is effective and is watched");
    let resume = |records: &[Record], back: bool| Rollout::resume(records, back, run.now).err();
    assert_eq!(resume(&[], false), Some(RecoverError::Empty));
    assert_eq!(
        resume(&run.records[1..], false),
        Some(RecoverError::NoSnapshot)
    );
    let mut newer = run.records.clone();
    if let Record::Snapshot(snapshot) = &mut newer[0] {
        snapshot.schema += 1;
    }
    assert!(matches!(
        resume(&newer, false),
        Some(RecoverError::TooNew { .. })
    ));
    let text = serde_json::to_string(&run.records[0]).unwrap();
    assert_eq!(
        serde_json::from_str::<Record>(&text).unwrap(),
        run.records[0]
    );
    let (schema, newer) = (format!("{SCHEMA}"), format!("{}", SCHEMA + 1));
    let text = text.replacen(
        &format!("\"schema\":{schema}"),
        &format!("\"schema\":{newer},\"unheard-of\":{{}}"),
        1,
    );
    let unread = serde_json::from_str::<Record>(&text).unwrap_err();
    assert!(
        unread.to_string().contains("a newer version wrote it"),
        "{unread}"
    );
    let mut other = run.records.clone();
    let decision = other.iter_mut().rev().find_map(|record| match record {
        Record::Decision(decision) => Some(decision),
        Record::Snapshot(_) | Record::State(_) => None,
    });
    decision
        .unwrap()
        .effects
        .push((EffectId(999), EffectKind::Apply));
    let diverged = resume(&other, false);
    assert!(matches!(diverged, Some(RecoverError::Diverged { .. })));
    let said = diverged.unwrap().to_string();
    assert!(said.contains("Apply") && said.contains("999"), "{said}");
    assert_eq!(
        resume(&other, true),
        None,
        "straight home needs only binding and start"
    );
    let mut home = run.clone();
    home.rollout = Rollout::resume(&other, true, run.now).unwrap();
    home.done.clear();
    home.run(seconds(3600));
    let new = |effect: &Effect| effect.id() > Some(EffectId(999));
    assert!(!home.done.is_empty());
    assert!(home.done.iter().all(new), "an id is never given out again");
    run.run(seconds(3600));
    let over = Rollout::resume(&run.records, false, run.now).err();
    assert!(matches!(over, Some(RecoverError::Over { .. })), "{over:?}");
}

#[test]
fn a_snapshot_at_any_time_stands_for_the_records_before_it() {
    let mut run = started();
    let mut compared = 0;
    while !run.rollout.is_settled() {
        if !run.perform_one() {
            run.pass_time();
        }
        if run.rollout.outcome().is_some() {
            break;
        }
        let resumed = Rollout::resume(&[run.rollout.snapshot()], false, run.now);
        let text = serde_json::to_string(&run.rollout.snapshot()).unwrap();
        let read: Record = serde_json::from_str(&text).unwrap();
        assert_eq!(Rollout::resume(&[read], false, run.now), resumed);
        compared += 1;
    }
    assert!(compared > 20);
}

#[test]
fn late_and_repeated_completions_change_nothing() {
    let mut run = started();
    let mut old = Vec::new();
    for _ in 0..60 {
        let Some(effect) = run.rollout.poll_effect() else {
            run.pass_time();
            continue;
        };
        let id = effect.id();
        if let Some(input) = run.world.perform(effect) {
            run.world.converge();
            run.tell(input.clone());
            if id.is_some() {
                old.push(input);
            }
        }
        let before = run.rollout.clone();
        for input in &old {
            run.rollout.handle(input.clone(), run.now).unwrap();
        }
        assert_eq!(run.rollout.decided, before.decided);
    }
    assert!(old.len() > 4);
    run.order(Wish::Abort { force: false });
}

#[test]
fn a_plan_that_was_never_checked_does_not_begin() {
    let data = serde_json::to_string(&plan(canary(), Policies::default())).unwrap();
    let endless = data.replacen("\"deadline\":\"10m\"", "\"deadline\":\"0s\"", 1);
    assert_ne!(data, endless, "{data}");
    let found = Found::main(KindWorld::new(("v0", 4), None).discover());
    let start = |data: &str| {
        Rollout::start(
            Start {
                id: "one".parse().unwrap(),
                plan: serde_json::from_str(data).unwrap(),
                found: found.clone(),
                prepared: Vec::new(),
                take_over: false,
            },
            BEGIN,
        )
    };
    assert!(start(&data).is_ok());
    assert!(matches!(start(&endless), Err(StartError::Plan(_))));
}

#[test]
fn words_from_outside_are_cut() {
    let flood = || "x".repeat(1_000_000);
    let mut stages = canary();
    let point = HookPoint::Before;
    stages[0].hooks = vec![HookPlan::new("migrate", point, Extension::new("migrate"))];
    let world = KindWorld::new(("v0", 4), None);
    let mut run = begin(plan(stages, Policies::default()), world);
    run.until("hook `migrate`");
    let hook = run.hook();
    let mut failure = Failure::new(TargetErrorKind::Unexpected, Certainty::NotTaken, "");
    failure.message = flood();
    run.tell(Input::Commanded(
        Command::new("one", flood(), Wish::Pause).because(flood()),
    ));
    run.tell(Input::EffectFailed {
        id: hook.id,
        failure,
    });
    run.tell(Input::AlarmRaised(Alarm {
        id: CommandId("two".to_owned()),
        source: flood(),
        message: flood(),
    }));
    run.settle_now();
    run.run(seconds(600));
    run.assert_rolled_back();
    let largest = run.records.iter().map(size).max().unwrap();
    assert!(largest < 16 * 1024, "{largest}");
    let told: usize = run
        .events
        .iter()
        .map(|event| format!("{event}").len())
        .max()
        .unwrap();
    assert!(told < 1_500, "{told}");
}

/// Looks that pass decide nothing for a long time: a crash costs the memory of two minutes at most.
#[test]
fn memory_of_checks_outlives_a_crash_though_nothing_was_decided() {
    let mut stages = canary();
    stages[0].bake = Bake::of(seconds(3600));
    let plan = plan_with(stages, &[("errors", every_15(limits(0)))]);
    let mut run = begin(plan, KindWorld::new(("v0", 4), None));
    run.until("is effective and is watched");
    let (end, mut newest) = (run.now + seconds(1200), None);
    while run.now < end {
        run.settle_now();
        for look in run.looks() {
            run.judge(&look, Verdict::Pass);
            newest = Some(look);
        }
        run.pass_time();
    }
    let newest = newest.unwrap();
    assert!(newest.number > 70, "{newest:?}");
    run.crash(seconds(5));
    let mut looks = run.looks();
    while looks.is_empty() {
        run.pass_time();
        run.settle_now();
        looks = run.looks();
    }
    let remembered = looks[0].memory.as_str().matches(',').count() as u64;
    assert!(
        remembered + 9 >= newest.number,
        "{remembered} looks of {} are remembered",
        newest.number
    );
    let lost = newest.window.to.since(looks[0].window.from);
    assert!(lost <= seconds(135), "{lost:?} are looked at again");
}

/// Most of what is counted is at zero most of the time.
#[test]
fn what_never_failed_takes_no_room_in_a_journal() {
    let text = serde_json::to_string(&LatestPart::default()).unwrap();
    assert!(!text.contains("failures"), "{text}");
    let failed = LatestPart {
        failures: 2,
        ..LatestPart::default()
    };
    let text = serde_json::to_string(&failed).unwrap();
    assert_eq!(serde_json::from_str::<LatestPart>(&text).unwrap(), failed);
}

/// What was said and not yet taken is no part of it: who takes the rollout up from there says it anew.
#[test]
fn a_snapshot_is_what_its_text_says() {
    let mut run = started();
    run.tell(Input::Changed { part: Part::main() });
    let snapshot = run.rollout.snapshot();
    assert!(run.rollout.poll_event().is_some(), "there is news");
    let text = serde_json::to_string(&snapshot).unwrap();
    assert_eq!(serde_json::from_str::<Record>(&text).unwrap(), snapshot);
}
