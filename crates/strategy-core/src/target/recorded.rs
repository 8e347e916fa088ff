//! A target that remembers what it was asked.

use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use super::{
    Admission, Applied, Apply, Binding, Claim, Discovery, Observation, Target, TargetError, Version,
};
use crate::plan::Plan;
use crate::release::Part;

/// What a target was asked, in the order in which it was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Call {
    /// [`Target::discover`]
    Discover,
    /// [`Target::observe`]
    Observe,
    /// [`Target::apply`], with what was asked.
    Apply(Box<Apply>),
    /// [`Target::admit`], for this part.
    Admit(Part),
    /// [`Target::claim`]
    Claim {
        /// What was to be there.
        from: Option<Claim>,
        /// What was to be there afterwards.
        to: Option<Claim>,
    },
    /// [`Target::changed`], with the version that was known.
    Changed(Version),
}

/// A target that remembers every call, whether it succeeded or not, and passes it on.
///
/// ```
/// use strategy_core::Target;
/// use strategy_core::target::{Call, Recorded};
/// use strategy_core::world::World;
///
/// let world = World::seeded(1).stable("app:v1", 1).build()?;
/// let target = Recorded::new(world.target());
/// world.block_on(target.discover())??;
/// assert_eq!(target.calls(), [Call::Discover]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Recorded<T> {
    target: T,
    calls: Mutex<Vec<Call>>,
}

impl<T: Target> Recorded<T> {
    /// Nothing was asked yet.
    pub const fn new(target: T) -> Self {
        Self {
            target,
            calls: Mutex::new(Vec::new()),
        }
    }

    /// Everything that was asked until now.
    pub fn calls(&self) -> Vec<Call> {
        self.list().clone()
    }

    /// The writes that were asked for until now, in order.
    pub fn applies(&self) -> Vec<Apply> {
        self.list()
            .iter()
            .filter_map(|call| match call {
                Call::Apply(request) => Some((**request).clone()),
                Call::Discover
                | Call::Observe
                | Call::Admit(_)
                | Call::Claim { .. }
                | Call::Changed(_) => None,
            })
            .collect()
    }

    /// The target behind it.
    pub const fn inner(&self) -> &T {
        &self.target
    }

    fn list(&self) -> MutexGuard<'_, Vec<Call>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<T: Target> Target for Recorded<T> {
    async fn discover(&self) -> Result<Discovery, TargetError> {
        self.list().push(Call::Discover);
        self.target.discover().await
    }

    async fn observe(&self, binding: &Binding) -> Result<Observation, TargetError> {
        self.list().push(Call::Observe);
        self.target.observe(binding).await
    }

    async fn apply(&self, request: &Apply) -> Result<Applied, TargetError> {
        self.list().push(Call::Apply(Box::new(request.clone())));
        self.target.apply(request).await
    }

    async fn admit(
        &self,
        part: &Part,
        found: &Discovery,
        plan: &Plan,
    ) -> Result<Admission, TargetError> {
        self.list().push(Call::Admit(part.clone()));
        self.target.admit(part, found, plan).await
    }

    async fn claim(
        &self,
        binding: &Binding,
        from: Option<&Claim>,
        to: Option<&Claim>,
    ) -> Result<(), TargetError> {
        self.list().push(Call::Claim {
            from: from.cloned(),
            to: to.cloned(),
        });
        self.target.claim(binding, from, to).await
    }

    async fn changed(&self, binding: &Binding, after: &Version) {
        self.list().push(Call::Changed(after.clone()));
        self.target.changed(binding, after).await;
    }
}
