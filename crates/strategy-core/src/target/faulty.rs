//! A target that fails on purpose, by chance and always the same way.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Poll;

use async_trait::async_trait;

use super::{
    Admission, Applied, Apply, Binding, Claim, Discovery, Observation, Target, TargetError,
    TargetErrorKind, Version,
};
use crate::plan::Plan;
use crate::random::SplitMix64;
use crate::release::Part;
use crate::weight::Weight;

/// What can go wrong with a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Fault {
    /// The call is not made: [`Unavailable`](TargetErrorKind::Unavailable), certainly not taken.
    Unavailable,
    /// The call is not made: [`RateLimited`](TargetErrorKind::RateLimited).
    Throttled,
    /// The call is made and its answer is lost: `Unavailable`, may be taken.
    AnswerLost,
    /// A write is made twice, as when a client repeats it on its own; the second answer counts.
    Repeated,
    /// The call is pending for a few polls first.
    Delayed,
}

impl Fault {
    /// Those that a caller must not notice: `Repeated` and `Delayed`.
    pub const BENIGN: [Self; 2] = [Self::Repeated, Self::Delayed];
}

/// A target whose calls fail by chance, decided by a seed: the same calls fail the same way.
///
/// Without [`with`](Self::with) it changes nothing.
///
/// ```
/// use strategy_core::target::{Fault, Faulty};
/// use strategy_core::world::World;
/// use strategy_core::{Target, Weight};
///
/// let world = World::seeded(1).stable("app:v1", 1).build()?;
/// let target = Faulty::new(world.target(), 1).with(Fault::Throttled, Weight::HALF);
/// let failures = world.block_on(async {
///     let mut failures = 0;
///     for _ in 0..100 {
///         failures += u32::from(target.discover().await.is_err());
///     }
///     failures
/// })?;
/// assert!((30..70).contains(&failures));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Faulty<T> {
    target: T,
    chances: BTreeMap<Fault, Weight>,
    random: Mutex<SplitMix64>,
}

/// What was rolled for one call.
struct Rolled {
    refuse: Option<TargetErrorKind>,
    lose_answer: bool,
    repeat: bool,
    polls: u64,
}

impl<T: Target> Faulty<T> {
    /// Everything that varies is decided by the seed.
    pub const fn new(target: T, seed: u64) -> Self {
        Self {
            target,
            chances: BTreeMap::new(),
            random: Mutex::new(SplitMix64::new(seed)),
        }
    }

    /// This fault befalls this share of the calls.
    #[must_use]
    pub fn with(mut self, fault: Fault, chance: Weight) -> Self {
        self.chances.insert(fault, chance);
        self
    }

    /// The target behind it.
    pub const fn inner(&self) -> &T {
        &self.target
    }

    fn random(&self) -> MutexGuard<'_, SplitMix64> {
        self.random.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Every fault is rolled for at every call, so that one more of them does not move the others.
    fn roll(&self) -> Rolled {
        let mut random = self.random();
        let mut hit = |fault| {
            let chance = self.chances.get(&fault).copied().unwrap_or_default();
            random.chance(chance.basis_points())
        };
        let unavailable = hit(Fault::Unavailable);
        let throttled = hit(Fault::Throttled);
        let lose_answer = hit(Fault::AnswerLost);
        let repeat = hit(Fault::Repeated);
        let delayed = hit(Fault::Delayed);
        let polls = 1 + random.up_to(2);
        Rolled {
            refuse: if unavailable {
                Some(TargetErrorKind::Unavailable)
            } else {
                throttled.then_some(TargetErrorKind::RateLimited)
            },
            lose_answer,
            repeat,
            polls: if delayed { polls } else { 0 },
        }
    }

    async fn before(&self, operation: &str) -> Result<Rolled, TargetError> {
        let rolled = self.roll();
        let mut left = rolled.polls;
        poll_fn(|context| {
            if left == 0 {
                return Poll::Ready(());
            }
            left -= 1;
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
        match rolled.refuse {
            Some(kind) => Err(TargetError::new(kind, operation, "a faulty target")
                .certainly_not_taken()
                .because("by chance")),
            None => Ok(rolled),
        }
    }
}

impl Rolled {
    fn after<A>(&self, operation: &str, answer: A) -> Result<A, TargetError> {
        if self.lose_answer {
            Err(
                TargetError::new(TargetErrorKind::Unavailable, operation, "a faulty target")
                    .because("its answer is lost"),
            )
        } else {
            Ok(answer)
        }
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<T: Target> Target for Faulty<T> {
    async fn discover(&self) -> Result<Discovery, TargetError> {
        let rolled = self.before("discover").await?;
        rolled.after("discover", self.target.discover().await?)
    }

    async fn observe(&self, binding: &Binding) -> Result<Observation, TargetError> {
        let rolled = self.before("observe").await?;
        rolled.after("observe", self.target.observe(binding).await?)
    }

    async fn apply(&self, request: &Apply) -> Result<Applied, TargetError> {
        let rolled = self.before("apply to").await?;
        if rolled.repeat {
            self.target.apply(request).await?;
        }
        rolled.after("apply to", self.target.apply(request).await?)
    }

    async fn admit(
        &self,
        part: &Part,
        found: &Discovery,
        plan: &Plan,
    ) -> Result<Admission, TargetError> {
        let rolled = self.before("admit").await?;
        rolled.after("admit", self.target.admit(part, found, plan).await?)
    }

    async fn claim(
        &self,
        binding: &Binding,
        from: Option<&Claim>,
        to: Option<&Claim>,
    ) -> Result<(), TargetError> {
        let rolled = self.before("claim").await?;
        if rolled.repeat {
            self.target.claim(binding, from, to).await?;
        }
        self.target.claim(binding, from, to).await?;
        rolled.after("claim", ())
    }

    async fn changed(&self, binding: &Binding, after: &Version) {
        self.target.changed(binding, after).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::target::Certainty;
    use crate::world::World;

    fn outcomes(seed: u64, fault: Fault) -> Vec<Option<(TargetErrorKind, Certainty)>> {
        let world = World::seeded(1).stable("app:v1", 1).build().unwrap();
        let target = Faulty::new(world.target(), seed).with(fault, Weight::HALF);
        let all = async {
            let mut all = Vec::new();
            for _ in 0..40 {
                let answer = target.discover().await;
                all.push(answer.err().map(|error| (error.kind, error.certainty)));
            }
            all
        };
        world.block_on(all).unwrap()
    }

    #[test]
    fn the_same_seed_fails_the_same_way_and_tells_what_may_be_taken() {
        for (fault, kind, certainty) in [
            (
                Fault::Unavailable,
                TargetErrorKind::Unavailable,
                Certainty::NotTaken,
            ),
            (
                Fault::Throttled,
                TargetErrorKind::RateLimited,
                Certainty::NotTaken,
            ),
            (
                Fault::AnswerLost,
                TargetErrorKind::Unavailable,
                Certainty::MayBeTaken,
            ),
        ] {
            let first = outcomes(3, fault);
            assert_eq!(first, outcomes(3, fault));
            assert_ne!(first, outcomes(4, fault));
            assert!(first.contains(&None) && first.contains(&Some((kind, certainty))));
        }
        for fault in Fault::BENIGN {
            assert!(outcomes(3, fault).iter().all(Option::is_none));
        }
    }
}
