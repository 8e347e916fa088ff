//! One rollout superseded by the next, by way of their journals alone.

use std::path::Path;

use super::interrupted::picture;
use super::*;

const NEXT: &str = "registry.example/app:3";

fn next_release() -> Release {
    Release::of([("app", NEXT)]).unwrap()
}

/// As another process would be: nothing is shared with the first rollout but the world and the files.
fn second(world: &World, journal: impl Journal + 'static) -> Driver {
    Driver::on(world.target())
        .clock(world.clock().clone())
        .analysis(FailureShare::KIND, world.analysis())
        .journal(journal)
}

/// Half-way through its first stage the first rollout is superseded by `r2`.
fn supersede(world: &World, journal: impl Journal + 'static) -> Outcome {
    let story = async {
        let driver = driver(world).journal(journal);
        let (handle, run) = driver.start(&canary(), release()).await.unwrap();
        let people = async {
            let clock = world.clock();
            let bakes = clock.now() + Duration::from_secs(100);
            clock.sleep_until(bakes).await;
            let by = "r2".parse().unwrap();
            let command = Command::new("s", "ann", Wish::Supersede { by });
            assert_eq!(handle.command(command).await.unwrap(), Answer::Recorded);
        };
        futures::join!(run, people).0.unwrap()
    };
    world.block_on(story).unwrap()
}

fn superseded(world: &World, path: &Path) {
    let end = supersede(world, FileJournal::create(path).unwrap());
    assert!(matches!(end, Outcome::Superseded { .. }), "{end}");
}

async fn succeed(world: &World, first: &Path, journal: impl Journal + 'static) -> Run {
    let first = FileJournal::open(first).unwrap();
    let handover = Driver::handover(&first).await.unwrap().unwrap();
    let driver = second(world, journal);
    let (handle, run) = driver
        .succeed(handover, &canary(), next_release())
        .await
        .unwrap();
    assert_eq!(handle.id().as_str(), "r2");
    run
}

/// What the world looks like when a rollout of this release was promoted in it.
fn promoted(release: Release) -> String {
    let world = world();
    let run = async {
        driver(&world)
            .start(&canary(), release)
            .await
            .unwrap()
            .1
            .await
    };
    let end = world.block_on(run).unwrap().unwrap();
    assert_eq!(end, Outcome::Promoted);
    picture(&world)
}

#[test]
fn a_successor_in_another_process_is_promoted() {
    let (world, folder) = (world(), TempDir::new().unwrap());
    let path = folder.path().join("one.journal");
    superseded(&world, &path);
    let second = FileJournal::create(folder.path().join("two.journal")).unwrap();
    let end = world.block_on(async { succeed(&world, &path, second).await.await });
    assert_eq!(end.unwrap().unwrap(), Outcome::Promoted);
    assert_eq!(picture(&world), promoted(next_release()));
}

#[test]
fn a_successor_that_fails_goes_home_to_where_the_first_one_began() {
    let (world, folder) = (world(), TempDir::new().unwrap());
    let before = picture(&world);
    let path = folder.path().join("one.journal");
    superseded(&world, &path);
    world.happen(Happening::image_fails(NEXT, 0.2));
    let end = world.block_on(async { succeed(&world, &path, MemoryJournal::new()).await.await });
    let end = end.unwrap().unwrap();
    assert!(matches!(end, Outcome::RolledBack { .. }), "{end}");
    assert_eq!(picture(&world), before);
    assert!(before.contains("registry.example/app:1"), "{before}");
}

#[test]
fn a_crash_anywhere_between_the_two_changes_nothing() {
    let expected = promoted(next_release());
    let mut crashed = 0;
    for polls in [0, 1, 2, 3, 5, 8, 13, 21, 34] {
        let (world, folder) = (world(), TempDir::new().unwrap());
        let path = folder.path().join("one.journal");
        superseded(&world, &path);
        // The claim keeps everybody else out meanwhile, and is kept over any time.
        world.advance(Duration::from_secs(3600));
        let other = second(&world, MemoryJournal::new());
        let other = world.block_on(other.start(&canary(), release())).unwrap();
        assert!(matches!(other, Err(DriverError::Start(_))), "{other:?}");

        let journal = MemoryJournal::new();
        let run = world.block_on(succeed(&world, &path, journal.clone()));
        if let Some(end) = poll_at_most(&world, run.unwrap(), polls) {
            assert_eq!(end.unwrap(), Outcome::Promoted);
            continue;
        }
        crashed += 1;
        let end = world.block_on(async {
            if journal_is_empty(&journal) {
                return succeed(&world, &path, journal).await.await;
            }
            second(&world, journal).resume().await.unwrap().1.await
        });
        assert_eq!(end.unwrap().unwrap(), Outcome::Promoted, "{polls} polls");
        assert_eq!(picture(&world), expected, "{polls} polls");
    }
    assert!(crashed > 4, "{crashed}");
}

#[test]
fn a_crash_while_the_first_one_is_superseded_is_taken_up_before_the_successor() {
    let (world, journal) = (world(), MemoryJournal::new());
    let story = async {
        let driver_one = driver(&world).journal(journal.clone());
        let (handle, run) = driver_one.start(&canary(), release()).await.unwrap();
        let people = async {
            let bakes = world.clock().now() + Duration::from_secs(100);
            world.clock().sleep_until(bakes).await;
            let by = "r2".parse().unwrap();
            let command = Command::new("s", "ann", Wish::Supersede { by });
            assert_eq!(handle.command(command).await.unwrap(), Answer::Recorded);
            handle.detach().await;
        };
        let (end, ()) = futures::join!(run, people);
        assert!(matches!(end, Err(DriverError::Detached { .. })), "{end:?}");
        assert_eq!(Driver::handover(&journal).await.unwrap(), None, "not yet");
        let driver_one = driver(&world).journal(journal.clone());
        let end = driver_one.resume().await.unwrap().1.await.unwrap();
        assert!(matches!(end, Outcome::Superseded { .. }), "{end}");
        let handover = Driver::handover(&journal).await.unwrap().unwrap();
        let driver_two = second(&world, MemoryJournal::new());
        let strategy = canary();
        let begun = driver_two.succeed(handover, &strategy, next_release());
        begun.await.unwrap().1.await.unwrap()
    };
    assert_eq!(world.block_on(story).unwrap(), Outcome::Promoted);
}

#[test]
fn what_cannot_succeed_says_why_and_writes_nothing() {
    let (world, journal) = (world(), MemoryJournal::new());
    supersede(&world, journal.clone());
    let writes = || {
        let report = world.report();
        report.part(&Part::main()).unwrap().writes.len()
    };
    let before = writes();
    let story = async {
        let handover = Driver::handover(&journal).await.unwrap().unwrap();
        let begin = |driver: Driver| {
            let handover = handover.clone();
            async move {
                let begun = driver.succeed(handover, &canary(), next_release()).await;
                begun.unwrap_err()
            }
        };
        let misnamed = begin(second(&world, MemoryJournal::new()).id("r3".parse().unwrap())).await;
        assert!(
            matches!(misnamed, DriverError::NotTheSuccessor { .. }),
            "{misnamed}"
        );
        let used = begin(second(&world, journal.clone())).await;
        assert!(matches!(used, DriverError::JournalInUse), "{used}");
        let elsewhere = Driver::parts([("elsewhere", world.target())]);
        let missing = begin(elsewhere.clock(world.clock().clone())).await;
        assert!(missing.to_string().contains("part main"), "{missing}");
        let unknown = begin(Driver::on(world.target()).clock(world.clock().clone())).await;
        assert!(matches!(unknown, DriverError::Blocked { .. }), "{unknown}");
    };
    world.block_on(story).unwrap();
    assert_eq!(writes(), before);
}

#[test]
fn the_next_rollout_begins_above_the_epoch_that_is_over() {
    let world = world();
    let last_epoch = || {
        let found = world.block_on(Target::discover(&world.target()));
        found.unwrap().unwrap().last_epoch
    };
    assert_eq!(last_epoch(), 0);
    let mut before = 0;
    // Under the same name, too.
    for version in 2..5 {
        let release = Release::of([("app", format!("registry.example/app:{version}"))]).unwrap();
        let carried = async {
            let (_, run) = driver(&world).start(&canary(), release).await.unwrap();
            run.await.unwrap()
        };
        assert_eq!(world.block_on(carried).unwrap(), Outcome::Promoted);
        assert!(last_epoch() > before, "{} after {before}", last_epoch());
        before = last_epoch();
    }
}
