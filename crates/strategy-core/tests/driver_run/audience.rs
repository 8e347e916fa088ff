//! The audience cannot change the play: observers that panic, that are slow, that fall behind; and the
//! last handle that goes.

use super::log::Log;
use super::*;

/// The records of a whole rollout that this observer heard, if there is one.
fn written(world: &World, observer: Option<impl Observer + 'static>) -> String {
    let journal = MemoryJournal::new();
    let mut driver = driver(world).journal(journal.clone());
    if let Some(observer) = observer {
        driver = driver.observer(observer);
    }
    assert_eq!(carry(world, driver).unwrap(), Outcome::Promoted);
    json(&journal)
}

#[derive(Clone, Debug, Default)]
struct Panics(Arc<AtomicU64>);

impl Observer for Panics {
    fn event(&self, _: &Event) {
        self.0.fetch_add(1, Ordering::SeqCst);
        panic!("an observer of bad manners");
    }
}

#[test]
fn an_observer_that_panics_changes_nothing() {
    let observer = Panics::default();
    let with = written(&world(), Some(observer.clone()));
    assert_eq!(with, written(&world(), None::<Panics>));
    assert!(observer.0.load(Ordering::SeqCst) > 10);
}

/// Blocks the driver for a second of the world's time whenever it is told something.
#[derive(Clone, Debug)]
struct Blocks {
    world: World,
    told: Arc<AtomicU64>,
}

impl Observer for Blocks {
    fn event(&self, event: &Event) {
        self.told.fetch_add(1, Ordering::SeqCst);
        // What blocks at the very end would only make the world older.
        if !matches!(event.news, News::Ended { .. } | News::Settled) {
            self.world.advance(Duration::from_secs(1));
        }
    }
}

#[test]
fn an_observer_that_blocks_delays_and_changes_no_decision() {
    let quick = world();
    written(&quick, None::<Blocks>);
    let slow = world();
    let observer = Blocks {
        world: slow.clone(),
        told: Arc::default(),
    };
    written(&slow, Some(observer.clone()));
    assert!(observer.told.load(Ordering::SeqCst) > 10);
    let desired = |world: &World| {
        let report = world.report();
        let writes = &report.part(&Part::main()).unwrap().writes;
        let what = writes.iter().map(|write| format!("{:?}", write.what));
        what.collect::<Vec<_>>()
    };
    assert_eq!(desired(&slow), desired(&quick));
}

/// Counts what it is told, and what it missed.
#[derive(Clone, Debug, Default)]
struct Counts {
    told: Arc<AtomicU64>,
    missed: Arc<AtomicU64>,
}

impl Observer for Counts {
    fn event(&self, _: &Event) {
        self.told.fetch_add(1, Ordering::SeqCst);
    }
    fn missed(&self, events: u64) {
        self.missed.fetch_add(events, Ordering::SeqCst);
    }
}

#[test]
fn observers_that_fall_behind_are_told_what_they_missed_and_change_nothing() {
    const COMMANDS: usize = 1500;
    let run = |observer: Option<Counts>| {
        let (world, journal, inbox) = (world(), MemoryJournal::new(), MemoryInbox::new());
        let mut driver = driver(&world).journal(journal.clone()).inbox(inbox.clone());
        if let Some(observer) = observer {
            driver = driver.observer(observer);
        }
        // All at once: while there is more to do, observers hear a sixteenth of what happens.
        for number in 0..COMMANDS {
            let wish = if number % 2 == 0 {
                Wish::Pause
            } else {
                Wish::Unpause
            };
            let command = Command::new(format!("c{number}"), "ann", wish);
            inbox.send(Envelope::Command(command));
        }
        let story = async {
            let (handle, run) = driver.start(&canary(), release()).await.unwrap();
            let mut events = handle.events();
            let heard = async {
                let mut heard = 0;
                while let Some(news) = events.next().await {
                    heard += match news {
                        Heard::Event(_) => 1,
                        Heard::Missed(missed) => missed,
                        _ => panic!("{news:?}"),
                    };
                }
                heard
            };
            let (end, heard) = futures::join!(run, heard);
            assert_eq!(end.unwrap(), Outcome::Promoted);
            heard
        };
        (world.block_on(story).unwrap(), json(&journal))
    };
    let counts = Counts::default();
    let (happened, with) = run(Some(counts.clone()));
    assert_eq!(with, run(None).1);
    let (told, missed) = (
        counts.told.load(Ordering::SeqCst),
        counts.missed.load(Ordering::SeqCst),
    );
    assert!(missed > 0, "{told} of {happened} told");
    assert_eq!(told + missed, happened);
}

#[test]
fn the_last_handle_goes_and_the_driver_says_so_and_goes_on() {
    let (world, log) = (world(), Log::default());
    let story = async {
        let (handle, run) = driver(&world).start(&canary(), release()).await.unwrap();
        let other = handle.clone();
        let drops = async {
            let clock = world.clock();
            let in_a_minute = clock.now() + Duration::from_secs(60);
            clock.sleep_until(in_a_minute).await;
            drop(handle);
            assert!(!log.text().contains("no handle is left"), "one is left");
            drop(other);
            assert!(log.text().contains("no handle is left"), "{}", log.text());
        };
        futures::join!(run, drops).0.unwrap()
    };
    let end = tracing::subscriber::with_default(log.clone(), || world.block_on(story).unwrap());
    assert_eq!(end, Outcome::Promoted);
}

#[test]
fn a_handle_that_outlives_its_driver_is_not_said_to_have_left_it_alone() {
    let (world, log) = (world(), Log::default());
    let story = async {
        let (handle, run) = driver(&world).start(&canary(), release()).await.unwrap();
        assert_eq!(run.await.unwrap(), Outcome::Promoted);
        drop(handle);
    };
    tracing::subscriber::with_default(log.clone(), || world.block_on(story).unwrap());
    assert!(!log.text().contains("no handle is left"), "{}", log.text());
}
