//! A release that is not good goes, and everything is as it was recorded at the start.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use strategy_core::analysis::{Count, Counter, FailureShare, Look, MeasureError, Verdict};
use strategy_core::driver::{FileInbox, FileJournal, SystemClock};
use strategy_core::inbox::Envelope;
use strategy_core::rollout::{Answer, Command, News, Reason, Wish};
use strategy_core::target::FatalReason;
use strategy_core::{Part, Track};

use crate::scene::{Running, Scene};
use crate::story::Story;
use crate::terms::{Mode, Terms, seconds};

/// Releases this tag under these terms and waits until it is back at the start, whole.
async fn back_again(mode: Mode, tag: &str, terms: Terms) -> (Reason, Story) {
    let scene = Scene::open(mode).await;
    let before = scene.objects().await;
    let rollout = scene.release(tag, &terms).await;
    let reason = rollout.rolled_back().await;
    assert_eq!(scene.objects().await, before, "{}", rollout.story.told());
    println!("{mode:?}: {reason}\n{}", rollout.story.told());
    (reason, rollout.story)
}

fn never_exposed(story: &Story) -> bool {
    story.weights().iter().all(|weight| weight.is_zero())
}

/// Both at once, because most of the time is spent waiting.
async fn on_both(tag: &str, terms: Terms, is_expected: impl Fn(&Reason, &Story) -> bool) {
    let [blue_green, canary] = Mode::BOTH.map(|mode| back_again(mode, tag, terms.clone()));
    let (blue_green, canary) = tokio::join!(blue_green, canary);
    for (reason, story) in [blue_green, canary] {
        assert!(is_expected(&reason, &story), "{reason}\n{}", story.told());
    }
}

fn is_fatal(found: &Reason, wanted: FatalReason) -> bool {
    matches!(found, Reason::Fatal { reason, .. } if *reason == wanted)
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn pods_that_never_become_ready() {
    let terms = Terms {
        deadline: seconds(6),
        ..Terms::default()
    };
    on_both("v2-never", terms, |reason, story| {
        matches!(reason, Reason::Deadline { .. }) && never_exposed(story)
    })
    .await;
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn an_image_that_cannot_be_pulled() {
    on_both("v2-pull", Terms::default(), |reason, story| {
        is_fatal(reason, FatalReason::ImagePull) && never_exposed(story)
    })
    .await;
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn a_crash_loop_from_the_start() {
    on_both("v2-bad", Terms::default(), |reason, story| {
        is_fatal(reason, FatalReason::CrashLoop) && never_exposed(story)
    })
    .await;
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn flapping_with_restarts() {
    on_both("v2-flap", Terms::long_bake(), |reason, story| {
        is_fatal(reason, FatalReason::CrashLoop) && !never_exposed(story)
    })
    .await;
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn flapping_by_readiness_alone() {
    // Down for ten seconds at a time: one episode does not spend it, two do.
    let terms = Terms {
        grace: seconds(12),
        ..Terms::long_bake()
    };
    on_both("v2-wobble", terms, |reason, story| {
        matches!(reason, Reason::Unready { .. }) && !never_exposed(story)
    })
    .await;
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn half_of_the_pods_never_ready() {
    let terms = Terms {
        stages: vec![40, 100],
        deadline: seconds(6),
        ..Terms::default()
    };
    on_both("v2-half", terms, |reason, story| {
        matches!(reason, Reason::Deadline { .. }) && never_exposed(story)
    })
    .await;
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn half_of_the_pods_down_during_the_bake() {
    async fn one(mode: Mode) {
        let scene = Scene::open(mode).await;
        let before = scene.objects().await;
        let terms = Terms {
            stages: vec![40, 100],
            grace: seconds(3),
            ..Terms::long_bake()
        };
        let rollout = scene.release("v2", &terms).await;
        let (stage, slot) = match mode {
            Mode::BlueGreen | Mode::Ingress => ("switch", "environment=green"),
            Mode::Canary | Mode::Gateway => ("40%", "track=canary"),
        };
        rollout.until_baking(stage).await;
        let pods = scene.pods(slot).await;
        let half = &pods[..pods.len() / 2];
        assert!(!half.is_empty());
        for pod in half {
            scene.lose_readiness(pod).await;
        }
        let reason = rollout.rolled_back().await;
        println!("{mode:?}: {reason}\n{}", rollout.story.told());
        assert!(matches!(reason, Reason::Unready { .. }), "{reason}");
        assert_eq!(scene.objects().await, before);
    }
    tokio::join!(one(Mode::BlueGreen), one(Mode::Canary));
}

/// What users get: always a thousand requests a window, and so many failures on the candidate.
#[derive(Clone, Debug, Default)]
struct Users(Arc<AtomicU64>);

#[async_trait]
impl Counter for Users {
    async fn count(&self, _: &Look, _: &Part, track: Track) -> Result<Count, MeasureError> {
        let failed = match track {
            Track::Stable => 0,
            Track::Candidate => self.0.load(Ordering::Relaxed),
        };
        Ok(Count {
            total: 1_000,
            failed,
        })
    }
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn a_failing_check() {
    async fn one(mode: Mode) {
        let scene = Scene::open(mode).await;
        let before = scene.objects().await;
        let users = Users::default();
        let terms = Terms {
            is_checked: true,
            ..Terms::long_bake()
        };
        let (driver, story) = scene.driver();
        let driver = driver.analysis(FailureShare::KIND, FailureShare::new(users.clone()));
        let rollout = scene.start(driver, story, "v2", &terms).await;
        let has_passed = |news: &News| {
            matches!(
                news,
                News::Looked {
                    verdict: Verdict::Pass,
                    ..
                }
            )
        };
        rollout
            .until("judged good", |story| story.has(has_passed))
            .await;
        users.0.store(50, Ordering::Relaxed);
        let reason = rollout.rolled_back().await;
        println!("{mode:?}: {reason}\n{}", rollout.story.told());
        let Reason::Check { check, evidence } = &reason else {
            panic!("{reason}");
        };
        assert_eq!(check.as_str(), "errors");
        assert!(evidence.contains("50 of 1 000"), "{evidence}");
        assert_eq!(scene.objects().await, before);
    }
    tokio::join!(one(Mode::BlueGreen), one(Mode::Canary));
}

fn abort() -> Command {
    Command::new("stop-it", "ann", Wish::Abort { force: false }).because("wrong release")
}

async fn is_aborted(rollout: &Running) {
    let reason = rollout.rolled_back().await;
    println!("{reason}\n{}", rollout.story.told());
    let expected = Reason::Aborted {
        actor: "ann".to_owned(),
        why: "wrong release".to_owned(),
    };
    assert_eq!(reason, expected);
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn an_abort_through_the_inbox() {
    async fn one(mode: Mode) {
        let scene = Scene::open(mode).await;
        let before = scene.objects().await;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("shop.journal");
        let inbox = FileInbox::open(FileInbox::beside(&path), Arc::new(SystemClock)).unwrap();
        let inbox_folder = inbox.folder().to_owned();
        let (driver, story) = scene.driver();
        let driver = driver
            .journal(FileJournal::create(&path).unwrap())
            .inbox(inbox);
        let rollout = scene.start(driver, story, "v2", &Terms::long_bake()).await;
        rollout.until_baking(mode.first_exposed()).await;
        let envelope = Envelope::Command(abort());
        let answer = FileInbox::send(inbox_folder, &envelope, seconds(5), &SystemClock).await;
        assert_eq!(answer.unwrap(), Answer::Recorded);
        is_aborted(&rollout).await;
        assert_eq!(scene.objects().await, before);
    }
    tokio::join!(one(Mode::BlueGreen), one(Mode::Canary));
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn an_abort_by_the_handle() {
    async fn one(mode: Mode) {
        let scene = Scene::open(mode).await;
        let before = scene.objects().await;
        let rollout = scene.release("v2", &Terms::long_bake()).await;
        rollout.until_baking(mode.first_exposed()).await;
        let answer = rollout.handle.command(abort()).await.unwrap();
        assert_eq!(answer, Answer::Recorded);
        is_aborted(&rollout).await;
        assert_eq!(scene.objects().await, before);
    }
    tokio::join!(one(Mode::BlueGreen), one(Mode::Canary));
}
