//! What is repeated and what is not, and what becomes of silence.

use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;

use super::*;
use crate::rollout::Ticket;
use crate::target::{Applied, Apply, Claim, Desired, DesiredTrack, Discovery, Owned};
use crate::timestamp::Timestamp;
use crate::traffic::Traffic;
use crate::world::{VirtualClock, block_on};

/// Fails so often in one way, then is silent.
#[derive(Debug)]
struct Failing {
    kind: TargetErrorKind,
    certainty: Certainty,
    times: usize,
    calls: AtomicUsize,
}

impl Failing {
    async fn answer<T>(&self) -> Result<T, TargetError> {
        if self.calls.fetch_add(1, Ordering::SeqCst) >= self.times {
            std::future::pending::<()>().await;
        }
        Err(TargetError {
            certainty: self.certainty,
            ..TargetError::new(self.kind, "call", "thing")
        })
    }
}

#[async_trait]
impl Target for Failing {
    async fn discover(&self) -> Result<Discovery, TargetError> {
        self.answer().await
    }
    async fn observe(&self, _: &Binding) -> Result<Observation, TargetError> {
        self.answer().await
    }
    async fn apply(&self, _: &Apply) -> Result<Applied, TargetError> {
        self.answer().await
    }
}

fn write() -> Effect {
    let desired = Desired {
        stable: DesiredTrack::absent(),
        candidate: DesiredTrack::absent(),
        traffic: Traffic::default(),
    };
    Effect::Apply {
        part: Part::main(),
        request: Box::new(Apply {
            id: EffectId(1),
            claim: Claim {
                holder: "r1".parse().unwrap(),
                epoch: 1,
            },
            binding: Binding::new(&()).unwrap(),
            desired,
            seen: Owned::default(),
            timeout: Duration::from_secs(30),
        }),
    }
}

fn look() -> Effect {
    Effect::Observe {
        part: Part::main(),
        binding: Binding::new(&()).unwrap(),
        ticket: Ticket(1),
        timeout: Duration::from_secs(30),
    }
}

/// Calls made, the failure, and how long it took.
fn outcome(effect: Effect, failing: Failing) -> (usize, Failure, Duration) {
    outcome_resting_on(effect, failing, None)
}

/// The same, of what rests on something that stays young for so long and begins after a while.
fn outcome_resting_on(
    effect: Effect,
    failing: Failing,
    lasts: Option<(Duration, Duration)>,
) -> (usize, Failure, Duration) {
    let clock = VirtualClock::starting_at(Timestamp::from_millis(0));
    let target = Arc::new(failing);
    let means = Means {
        parts: Arc::new([(Part::main(), Arc::clone(&target) as Arc<dyn Target>)].into()),
        registry: Arc::default(),
        clock: Arc::new(clock.clone()),
        seed: 1,
    };
    let rests_on = lasts.map(|(lasts, after)| {
        let rests_on = Freshness::lasting(&clock, lasts);
        clock.advance_to(Timestamp::from_millis(0) + after);
        rests_on
    });
    let (_, work) = means.perform(effect, rests_on).unwrap();
    let ended = block_on(&clock, work).unwrap();
    let (Input::EffectFailed { failure, .. } | Input::ObserveFailed { failure, .. }) = ended else {
        panic!("{ended:?}");
    };
    let took = clock.now().since(Timestamp::from_millis(0));
    (target.calls.load(Ordering::SeqCst), failure, took)
}

fn failing(kind: TargetErrorKind, certainty: Certainty, times: usize) -> Failing {
    Failing {
        kind,
        certainty,
        times,
        calls: AtomicUsize::new(0),
    }
}

#[test]
fn only_what_was_certainly_not_taken_and_may_work_later_is_written_again() {
    use Certainty::{MayBeTaken, NotTaken};
    use TargetErrorKind::{Conflict, InvalidConfig, RateLimited, Unavailable, Unexpected};
    for (kind, certainty, again) in [
        (RateLimited, NotTaken, true),
        (Unavailable, NotTaken, true),
        (Unavailable, MayBeTaken, false),
        (RateLimited, MayBeTaken, false),
        (Conflict, NotTaken, false),
        (InvalidConfig, NotTaken, false),
        (Unexpected, MayBeTaken, false),
    ] {
        let (calls, failure, took) = outcome(write(), failing(kind, certainty, usize::MAX));
        assert_eq!(calls > 1, again, "{kind:?} {certainty:?}");
        // Whatever came last is told as it was, also when time ran out between two calls.
        assert_eq!((failure.kind, failure.certainty), (kind, certainty));
        let limit = Duration::from_secs(if again { 30 } else { 0 });
        assert_eq!(took, limit, "{kind:?} {certainty:?}");
    }
}

#[test]
fn reads_are_repeated_while_they_fail_in_passing() {
    let passing = failing(
        TargetErrorKind::Unavailable,
        Certainty::MayBeTaken,
        usize::MAX,
    );
    let (calls, failure, took) = outcome(look(), passing);
    assert!((5..40).contains(&calls), "{calls} calls");
    assert_eq!(
        (failure.kind, took),
        (TargetErrorKind::Unavailable, Duration::from_secs(30))
    );
    let lasting = failing(
        TargetErrorKind::PermissionDenied,
        Certainty::NotTaken,
        usize::MAX,
    );
    let (calls, failure, took) = outcome(look(), lasting);
    assert_eq!((calls, took), (1, Duration::ZERO));
    assert_eq!(failure.kind, TargetErrorKind::PermissionDenied);
}

#[test]
fn silence_may_have_been_taken_however_certain_the_failures_before_it() {
    for times in [0, 2] {
        let target = failing(TargetErrorKind::RateLimited, Certainty::NotTaken, times);
        let (calls, failure, took) = outcome(write(), target);
        assert_eq!((calls, took), (times + 1, Duration::from_secs(30)));
        assert_eq!(failure.certainty, Certainty::MayBeTaken);
        assert_eq!(failure.kind, TargetErrorKind::Unavailable);
        assert!(failure.message.contains("30s"), "{}", failure.message);
    }
}

#[test]
fn a_write_is_not_sent_once_what_it_rests_on_is_too_old() {
    use TargetErrorKind::{Conflict, RateLimited, Unavailable};
    let seconds = Duration::from_secs;
    let refused = || failing(RateLimited, Certainty::NotTaken, usize::MAX);
    let resting_on = |lasts| outcome_resting_on(write(), refused(), Some(lasts));
    let (calls, failure, _) = resting_on((seconds(10), seconds(11)));
    assert_eq!((calls, failure.kind), (0, Conflict), "looked at again");
    assert_eq!(failure.certainty, Certainty::NotTaken);
    assert!(failure.message.contains("too old"), "{}", failure.message);
    // Begun in time, it is repeated as long as it may be, and what is told is that it was refused.
    let (calls, failure, took) = resting_on((seconds(10), seconds(1)));
    assert!(calls > 2, "{calls}");
    assert!(took <= seconds(20), "{took:?}");
    assert!(
        matches!(failure.kind, RateLimited | Unavailable),
        "{failure:?}"
    );
    assert_eq!(failure.certainty, Certainty::NotTaken);
}

/// Refuses everything for a moment, and keeps when it was asked.
#[derive(Debug)]
struct Refusing {
    clock: VirtualClock,
    asked: Mutex<Vec<Timestamp>>,
}

#[async_trait]
impl Target for Refusing {
    async fn discover(&self) -> Result<Discovery, TargetError> {
        Err(TargetError::new(
            TargetErrorKind::Unsupported,
            "discover",
            "thing",
        ))
    }
    async fn observe(&self, _: &Binding) -> Result<Observation, TargetError> {
        Err(TargetError::new(
            TargetErrorKind::Unsupported,
            "observe",
            "thing",
        ))
    }
    async fn apply(&self, _: &Apply) -> Result<Applied, TargetError> {
        self.asked.lock().unwrap().push(self.clock.now());
        let busy = TargetError::new(TargetErrorKind::RateLimited, "apply to", "thing");
        Err(busy.certainly_not_taken())
    }
}

/// What was young enough when a write was refused may be too old when it is time to repeat it.
#[test]
fn a_write_that_grew_too_old_between_two_calls_is_not_sent_again() {
    let young = Duration::from_secs(10);
    for seed in 1..=20 {
        let clock = VirtualClock::starting_at(Timestamp::from_millis(0));
        let target = Arc::new(Refusing {
            clock: clock.clone(),
            asked: Mutex::default(),
        });
        let means = Means {
            parts: Arc::new([(Part::main(), Arc::clone(&target) as Arc<dyn Target>)].into()),
            registry: Arc::default(),
            clock: Arc::new(clock.clone()),
            seed,
        };
        let rests_on = Freshness::lasting(&clock, young);
        let (_, work) = means.perform(write(), Some(rests_on)).unwrap();
        let Input::EffectFailed { failure, .. } = block_on(&clock, work).unwrap() else {
            panic!("it was refused every time");
        };
        assert_eq!(failure.certainty, Certainty::NotTaken);
        let asked = target.asked.lock().unwrap();
        assert!(asked.len() > 2, "seed {seed}: {asked:?}");
        let last = asked.last().unwrap().since(Timestamp::from_millis(0));
        assert!(last <= young, "seed {seed}: sent after {last:?}");
    }
}

#[test]
fn causes_are_said_once_each() {
    #[derive(Debug, thiserror::Error)]
    #[error("could not ask")]
    struct Outer(#[source] std::io::Error);
    let error = Outer(std::io::Error::other("connection reset"));
    assert_eq!(in_words(&error), "could not ask: connection reset");
}
