//! The loop on the in-memory world: whole rollouts, interrupted anywhere, with journals that fail.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "functions that tests share are tests as well"
)]

#[path = "driver_run/audience.rs"]
mod audience;
#[path = "driver_run/fairness.rs"]
mod fairness;
#[path = "driver_run/golden.rs"]
mod golden;
#[path = "driver_run/interrupted.rs"]
mod interrupted;
#[path = "driver_run/journal.rs"]
mod journal;
#[path = "driver_run/last_words.rs"]
mod last_words;
mod log;
#[path = "driver_run/newer.rs"]
mod newer;
#[path = "driver_run/no_return.rs"]
mod no_return;
mod plain_journal;
#[path = "driver_run/recorded.rs"]
mod recorded;
#[path = "driver_run/rest.rs"]
mod rest;
#[path = "driver_run/sessions.rs"]
mod sessions;
#[path = "driver_run/shown.rs"]
mod shown;
#[path = "driver_run/succession.rs"]
mod succession;

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use async_trait::async_trait;
use strategy_core::analysis::FailureShare;
use strategy_core::driver::{
    Driver, DriverError, FileJournal, Heard, MemoryInbox, MemoryJournal, Run,
};
use strategy_core::inbox::Envelope;
use strategy_core::journal::{Journal, JournalError, Recorded, Sequence};
use strategy_core::observer::Observer;
use strategy_core::plan::{Check, Extension, Plan};
use strategy_core::rollout::{
    Alarm, Answer, Command, CommandId, EffectKind, Event, News, Outcome, Phase, Record,
    RecoverError, Wish,
};
use strategy_core::strategy::Canary;
use strategy_core::target::{
    Admission, Applied, Apply, Binding, Claim, Discovery, EffectId, Observation, TargetError,
    Version,
};
use strategy_core::world::{Happening, InMemoryTarget, VirtualTime, World};
use strategy_core::{Part, Release, Target, Track};
use tempfile::TempDir;

fn world() -> World {
    World::seeded(7)
        .stable("registry.example/app:1", 4)
        .requests_per_second(50)
        .build()
        .unwrap()
}

fn canary() -> Canary {
    let errors = Check::new(Extension::new(FailureShare::KIND).with("limit", "1%"));
    Canary::new()
        .stages([25, 100])
        .bake(Duration::from_secs(120))
        .check("errors", errors)
}

fn release() -> Release {
    Release::of([("app", "registry.example/app:2")]).unwrap()
}

fn driver(world: &World) -> Driver {
    Driver::on(world.target())
        .clock(world.clock().clone())
        .analysis(FailureShare::KIND, world.analysis())
        .id("r1".parse().unwrap())
}

fn carry(world: &World, driver: Driver) -> Result<Outcome, DriverError> {
    let run = async { driver.start(&canary(), release()).await.unwrap().1.await };
    world.block_on(run).unwrap()
}

fn json(journal: &MemoryJournal) -> String {
    serde_json::to_string(&read(journal).records).unwrap()
}

fn read(journal: &MemoryJournal) -> Recorded {
    let mut reading = pin!(journal.read());
    match reading
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()))
    {
        Poll::Ready(recorded) => recorded.unwrap(),
        Poll::Pending => panic!("a journal in memory waits for nothing"),
    }
}

/// Polls a run at most so many times, and moves the world whenever it waits.
fn poll_at_most(world: &World, mut run: Run, polls: usize) -> Option<Result<Outcome, DriverError>> {
    struct Flag(AtomicBool);
    impl Wake for Flag {
        fn wake(self: Arc<Self>) {
            self.0.store(true, Ordering::SeqCst);
        }
    }
    let flag = Arc::new(Flag(AtomicBool::new(true)));
    let waker = Waker::from(Arc::clone(&flag));
    for _ in 0..polls {
        while !flag.0.swap(false, Ordering::SeqCst) {
            world.advance_to(world.next().unwrap());
        }
        let polled = pin!(&mut run).poll(&mut Context::from_waker(&waker));
        if let Poll::Ready(end) = polled {
            return Some(end);
        }
    }
    None
}

fn started(world: &World, driver: Driver) -> Run {
    world
        .block_on(driver.start(&canary(), release()))
        .unwrap()
        .unwrap()
        .1
}

fn journal_is_empty(journal: &MemoryJournal) -> bool {
    read(journal).sequence == Sequence(0)
}

#[test]
fn a_good_release_is_promoted_and_everything_is_told() {
    let world = world();
    let story = async {
        let (handle, run) = driver(&world).start(&canary(), release()).await.unwrap();
        let mut events = handle.events();
        let heard = async {
            let mut heard = Vec::new();
            while let Some(Heard::Event(event)) = events.next().await {
                heard.push(event.news);
            }
            heard
        };
        let (end, heard) = futures::join!(run, heard);
        assert_eq!(end.unwrap(), Outcome::Promoted);
        assert_eq!(handle.outcome().await.unwrap(), Outcome::Promoted);
        assert_eq!(handle.settled().await.unwrap(), Outcome::Promoted);
        assert_eq!(handle.status().phase, Phase::Settled);
        assert!(matches!(heard.first(), Some(News::Started { .. })));
        assert!(matches!(heard.last(), Some(News::Settled)));
        assert!(heard.iter().any(|news| matches!(news, News::Looked { .. })));
        let late = Command::new("late", "ann", Wish::Pause);
        match handle.command(late).await.unwrap() {
            Answer::Refused(why) => assert!(why.contains("promoted"), "{why}"),
            Answer::Recorded => panic!("recorded after the end"),
            other => panic!("{other:?} after the end"),
        }
    };
    world.block_on(story).unwrap();
}

#[test]
fn a_bad_release_goes_home() {
    let world = world();
    world.happen_after(
        Duration::from_secs(100),
        Happening::image_fails("registry.example/app:2", 0.2),
    );
    let end = carry(&world, driver(&world)).unwrap();
    assert!(matches!(end, Outcome::RolledBack { .. }), "{end}");
}

#[test]
fn the_same_scenario_writes_the_same_bytes() {
    let run = || {
        let (world, journal) = (world(), MemoryJournal::new());
        world.happen_after(
            Duration::from_secs(200),
            Happening::image_fails("registry.example/app:2", 0.2),
        );
        carry(&world, driver(&world).journal(journal.clone())).unwrap();
        json(&journal)
    };
    let first = run();
    assert!(first.len() > 1000);
    assert_eq!(first, run());
}

#[test]
fn commands_and_alarms_come_from_handle_and_inbox() {
    let (world, inbox, journal) = (world(), MemoryInbox::new(), MemoryJournal::new());
    let story = async {
        let clock = world.clock();
        let (handle, run) = driver(&world)
            .inbox(inbox.clone())
            .journal(journal.clone())
            .start(&canary(), release())
            .await
            .unwrap();
        let people = async {
            clock
                .sleep_until(clock.now() + Duration::from_secs(60))
                .await;
            let pause = Command::new("c1", "ann", Wish::Pause).because("lunch");
            assert_eq!(
                handle.command(pause.clone()).await.unwrap(),
                Answer::Recorded
            );
            assert!(handle.status().paused_until.is_some());
            assert!(json(&journal).contains("lunch"));
            // Again under the same id: the first one counts, and its answer is given.
            assert_eq!(handle.command(pause).await.unwrap(), Answer::Recorded);
            let unpause = Command::new("c2", "bob", Wish::Unpause);
            inbox.send(Envelope::Command(unpause));
            assert_eq!(
                inbox.answer_to(&CommandId("c2".to_owned())).await,
                Answer::Recorded
            );
            assert_eq!(handle.status().paused_until, None);
            inbox.send(Envelope::Alarm(Alarm::new(
                "a1",
                "pager",
                "checkout is down",
            )));
            assert_eq!(
                inbox.answer_to(&CommandId("a1".to_owned())).await,
                Answer::Recorded
            );
        };
        futures::join!(run, people).0.unwrap()
    };
    let end = world.block_on(story).unwrap();
    let Outcome::RolledBack { reason } = &end else {
        panic!("{end}");
    };
    assert!(reason.to_string().contains("checkout is down"), "{reason}");
}

#[test]
fn a_driver_that_is_dropped_or_told_to_stop_says_so_and_can_be_resumed() {
    let (world, journal) = (world(), MemoryJournal::new());
    let story = async {
        let (handle, run) = driver(&world)
            .journal(journal.clone())
            .start(&canary(), release())
            .await
            .unwrap();
        let clock = world.clock();
        let stop = async {
            clock
                .sleep_until(clock.now() + Duration::from_secs(60))
                .await;
            handle.detach().await;
        };
        let (end, ()) = futures::join!(run, stop);
        assert!(matches!(end, Err(DriverError::Detached { .. })), "{end:?}");
        let (handle, run) = driver(&world)
            .journal(journal.clone())
            .resume()
            .await
            .unwrap();
        drop(run);
        let end = handle.outcome().await;
        assert!(matches!(end, Err(DriverError::Detached { .. })), "{end:?}");
        let command = Command::new("c", "ann", Wish::Pause);
        let refused = handle.command(command).await;
        assert!(
            matches!(refused, Err(DriverError::Detached { .. })),
            "{refused:?}"
        );
        let (_, run) = driver(&world)
            .journal(journal.clone())
            .resume_rolling_back()
            .await
            .unwrap();
        run.await.unwrap()
    };
    let end = world.block_on(story).unwrap();
    assert!(matches!(end, Outcome::RolledBack { .. }), "{end}");
}

#[test]
fn what_cannot_begin_says_why_and_writes_nothing() {
    let (world, journal) = (world(), MemoryJournal::new());
    let bare = || {
        Driver::on(world.target())
            .clock(world.clock().clone())
            .journal(journal.clone())
    };
    let story = async {
        let planned = bare().plan(&canary(), release()).await.unwrap();
        assert!(planned.is_blocked());
        assert!(
            planned.table().contains("unknown-kind"),
            "{}",
            planned.table()
        );
        assert!(
            planned
                .notes
                .iter()
                .any(|note| note.contains("cannot be resumed"))
        );
        let blocked = bare().start(&canary(), release()).await.unwrap_err();
        assert!(matches!(blocked, DriverError::Blocked { .. }), "{blocked}");
        let nothing = bare().resume().await.unwrap_err();
        assert!(nothing.to_string().contains("never began"), "{nothing}");
        let misnamed = Driver::parts([("No Name", world.target())]);
        let misnamed = misnamed.plan(&canary(), release()).await.unwrap_err();
        assert!(matches!(misnamed, DriverError::Part(_)), "{misnamed}");
        let ready = driver(&world).plan(&canary(), release()).await.unwrap();
        assert!(!ready.is_blocked(), "{}", ready.table());
    };
    world.block_on(story).unwrap();
    assert!(journal_is_empty(&journal));
    assert!(
        world
            .report()
            .part(&Part::main())
            .unwrap()
            .writes
            .is_empty()
    );

    let run = started(&world, driver(&world).journal(journal.clone()));
    assert!(poll_at_most(&world, run, 20).is_none());
    let before = json(&journal);
    let story = async {
        let used = driver(&world).journal(journal.clone());
        let used = used.start(&canary(), release()).await.unwrap_err();
        assert!(matches!(used, DriverError::JournalInUse), "{used}");
        let unknown = bare().resume().await.unwrap_err();
        assert!(
            unknown.to_string().contains(FailureShare::KIND),
            "{unknown}"
        );
        assert_eq!(json(&journal), before);
        let (_, run) = driver(&world)
            .journal(journal.clone())
            .resume()
            .await
            .unwrap();
        run.await.unwrap();
        let over = driver(&world)
            .journal(journal.clone())
            .resume()
            .await
            .unwrap_err();
        assert!(over.to_string().contains("promoted"), "{over}");
    };
    world.block_on(story).unwrap();
}

#[test]
fn a_journal_in_a_file_carries_a_rollout_over_a_crash() {
    let world = world();
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("a.journal");
    let run = started(
        &world,
        driver(&world).journal(FileJournal::create(&path).unwrap()),
    );
    assert!(poll_at_most(&world, run, 15).is_none());
    let half = FileJournal::peek(&path).unwrap();
    assert!(half.sequence > Sequence(1));
    let resumed = driver(&world)
        .journal(FileJournal::open(&path).unwrap())
        .resume();
    let (_, run) = world.block_on(resumed).unwrap().unwrap();
    assert_eq!(world.block_on(run).unwrap().unwrap(), Outcome::Promoted);
    assert!(FileJournal::peek(&path).unwrap().sequence > half.sequence);
}
