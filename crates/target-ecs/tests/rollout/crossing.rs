//! Two that claim the same two services at once: exactly one has both in the end, whichever of their calls come first.

use std::future::Future;
use std::time::Duration;

use futures::future::{Either, join, select};
use strategy_core::Target;
use strategy_core::target::{Apply, Claim, Discovery, EffectId, TargetError, TargetErrorKind};
use strategy_core::world::block_on;
use strategy_core::{Replicas, Revision, Traffic};
use target_ecs::EcsTarget;
use test_support::ecs::{Fault, Settings};

use crate::scene::Scene;

const LATENCY: Duration = Duration::from_millis(100);

/// Between two calls.
const HALF: Duration = Duration::from_millis(50);

struct Rollout {
    target: EcsTarget,
    found: Discovery,
    claim: Claim,
}

impl Rollout {
    fn new(scene: &Scene, holder: &str) -> Self {
        let target = scene.target();
        let found = block_on(&scene.clock, target.discover()).unwrap().unwrap();
        let holder = holder.parse().unwrap();
        Self {
            target,
            found,
            claim: Claim { holder, epoch: 1 },
        }
    }

    async fn takes(&self) -> Result<(), TargetError> {
        let binding = &self.found.binding;
        self.target.claim(binding, None, Some(&self.claim)).await
    }

    /// A new process of it takes it up.
    fn is_taken_up(&mut self, scene: &Scene) -> Result<(), TargetError> {
        let next = self.claim.next();
        let binding = &self.found.binding;
        let target = scene.target();
        let taken = target.claim(binding, Some(&self.claim), Some(&next));
        let taken = block_on(&scene.clock, taken).unwrap();
        (self.target, self.claim) = (target.clone(), next);
        taken
    }

    fn gives_up(&self, scene: &Scene) -> Result<(), TargetError> {
        let binding = &self.found.binding;
        let given = self.target.claim(binding, Some(&self.claim), None);
        block_on(&scene.clock, given).unwrap()
    }

    /// Three tasks of what was found on the other service.
    fn writes(&self, scene: &Scene) -> Result<(), TargetError> {
        let seen = self.target.observe(&self.found.binding);
        let seen = block_on(&scene.clock, seen).unwrap().unwrap();
        let mut desired = strategy_core::target::Desired {
            stable: track(4),
            candidate: track(3),
            traffic: Traffic::default(),
        };
        desired.stable.replicas = Replicas::Count(4);
        let mut request = Apply::new(EffectId(1), self.claim.clone(), desired);
        request.binding = self.found.binding.clone();
        request.seen = seen.owned;
        let applied = self.target.apply(&request);
        block_on(&scene.clock, applied).unwrap().map(|_| ())
    }
}

const fn track(count: u32) -> strategy_core::target::DesiredTrack {
    strategy_core::target::DesiredTrack {
        revision: Revision::Recorded,
        replicas: Replicas::Count(count),
    }
}

fn pair() -> (Scene, Rollout, Rollout) {
    let scene = Scene::pair_with(Settings {
        latency: LATENCY,
        hang: Duration::from_secs(1),
        late: Duration::from_secs(2),
        ..Settings::default()
    });
    let (one, other) = (Rollout::new(&scene, "one"), Rollout::new(&scene, "other"));
    (scene, one, other)
}

/// It stands still for a while after so long, or for ever.
async fn halted<T>(
    scene: &Scene,
    work: impl Future<Output = T>,
    after: Duration,
    goes_on: Option<Duration>,
) -> Option<T> {
    let at = scene.clock.now() + after;
    match select(Box::pin(work), Box::pin(scene.clock.sleep_until(at))).await {
        Either::Left((done, _)) => Some(done),
        Either::Right((_, rest)) => {
            let length = goes_on?;
            scene.clock.sleep_until(at + length).await;
            Some(rest.await)
        }
    }
}

fn claims(scene: &Scene) -> [Option<String>; 2] {
    ["web", "web-other"].map(|name| scene.tag(name, "claim"))
}

/// Exactly one of them can write, and has both services.
fn one_wins(scene: &Scene, one: &Rollout, other: &Rollout, what: &str) {
    let [stable, _] = claims(scene);
    let is_ones = stable == Some(one.claim.to_string());
    let (winner, loser) = if is_ones { (one, other) } else { (other, one) };
    let before = scene.fake.next_index();
    let error = loser.writes(scene).unwrap_err();
    assert_eq!(error.kind, TargetErrorKind::Conflict, "{what}: {error}");
    let after = scene.calls().into_iter().skip(before);
    assert!(after.into_iter().all(|call| !call.is_write()), "{what}");
    winner
        .writes(scene)
        .unwrap_or_else(|error| panic!("{what}: {error}"));
    let all = Some(winner.claim.to_string());
    assert_eq!(claims(scene), [all.clone(), all], "{what}");
}

#[test]
fn of_two_that_claim_at_once_exactly_one_has_both() {
    for halt in 0..13_u32 {
        for later in (0..13_u32).step_by(2) {
            for length in [350, 2000] {
                let (scene, one, other) = pair();
                let (halt, later) = (HALF * halt, HALF * later);
                let what = format!("{halt:?} {later:?} {length}");
                let first = halted(
                    &scene,
                    one.takes(),
                    halt,
                    Some(Duration::from_millis(length)),
                );
                let second = async {
                    scene.clock.sleep_until(scene.clock.now() + later).await;
                    other.takes().await
                };
                let both = join(first, second);
                let (first, second) = block_on(&scene.clock, both).unwrap();
                let [stable, _] = claims(&scene);
                let holder = if stable == Some(one.claim.to_string()) {
                    first.unwrap()
                } else {
                    second
                };
                holder.unwrap_or_else(|error| panic!("{what}: both are refused: {error}"));
                one_wins(&scene, &one, &other, &what);
            }
        }
    }
}

/// One ends for good in the midst of its claim.
#[test]
fn a_crash_between_the_two_writes_leaves_it_to_one() {
    for halt in 0..13_u32 {
        for later in 0..13_u32 {
            let (scene, mut one, other) = pair();
            let (halt, later) = (HALF * halt, HALF * later);
            let what = format!("{halt:?} {later:?}");
            let first = halted(&scene, one.takes(), halt, None);
            let second = async {
                scene.clock.sleep_until(scene.clock.now() + later).await;
                other.takes().await
            };
            let (_, second) = block_on(&scene.clock, join(first, second)).unwrap();
            let [stable, _] = claims(&scene);
            if stable == Some(one.claim.to_string()) {
                one.is_taken_up(&scene)
                    .unwrap_or_else(|error| panic!("{what}: {error}"));
            } else {
                second.unwrap_or_else(|error| panic!("{what}: {error}"));
                one.is_taken_up(&scene).unwrap_err();
            }
            one_wins(&scene, &one, &other, &what);
        }
    }
}

/// The loser's second tag is on its way when the other has taken both.
fn with_a_late_tag() -> (Scene, Rollout, Rollout) {
    let (scene, one, other) = pair();
    scene
        .fake
        .fault_nth("TagResource", 1, Fault::TimeoutThenDone);
    let second = halted(&scene, other.takes(), HALF * 3, Some(HALF * 7));
    let (first, second) = block_on(&scene.clock, join(one.takes(), second)).unwrap();
    first.unwrap_err();
    second.unwrap().unwrap();
    let others = Some(other.claim.to_string());
    assert_eq!(claims(&scene), [others.clone(), others.clone()]);
    scene.wait(5);
    assert_eq!(claims(&scene), [others, Some(one.claim.to_string())]);
    (scene, one, other)
}

#[test]
fn who_holds_stables_service_takes_the_other_back() {
    let (scene, one, other) = with_a_late_tag();
    one_wins(&scene, &one, &other, "late");
    let (scene, one, mut other) = with_a_late_tag();
    other.is_taken_up(&scene).unwrap();
    one_wins(&scene, &one, &other, "late, and taken up");
}

#[test]
fn who_holds_stables_service_gives_both_up() {
    let (scene, _, other) = with_a_late_tag();
    other.gives_up(&scene).unwrap();
    assert_eq!(claims(&scene), [None, None]);
}
