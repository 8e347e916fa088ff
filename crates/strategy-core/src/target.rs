//! The seam to a platform: makes one part's desired state true and reports what it finds.

mod apply;
mod capabilities;
mod claim;
mod desired;
mod discovery;
mod error;
mod faulty;
mod observation;
mod recorded;

use std::future::pending;
use std::sync::Arc;

use async_trait::async_trait;

pub use self::apply::{Applied, Apply, EffectId};
pub use self::capabilities::{Capabilities, Effectiveness, Promotion, Routing};
pub use self::claim::{Claim, RolloutId};
pub use self::desired::{Desired, DesiredTrack};
pub use self::discovery::{Admission, Binding, Discovery, Finding, Found, Severity};
pub use self::error::{Certainty, TargetError, TargetErrorKind};
pub use self::faulty::{Fault, Faulty};
pub use self::observation::{
    Autoscaler, Effective, Fatal, FatalReason, ForeignChange, ForeignField, Observation,
    ObservedTrack, ObservedTraffic, Owned, PlatformDeployment, PlatformState, Pods, Version,
    Writer, Written,
};
pub use self::recorded::{Call, Recorded};

use crate::plan::Plan;

/// One part on one platform.
///
/// A target decides nothing: it makes a desired state true, and says what it finds.
/// Three methods are enough for a first target of one's own; the built-in targets implement all six.
///
/// # Guarantees a target makes
/// They are checked by the conformance suite (feature `conformance`).
/// - `discover`, `observe` and `admit` never write.
/// - What cannot be read is an error, never a default.
/// - `apply` is idempotent, also when a first attempt took effect and its answer was lost.
/// - `apply` never overwrites what somebody else did since `seen` was read.
#[async_trait]
pub trait Target: std::fmt::Debug + Send + Sync + 'static {
    /// Read-only facts: who is live, what runs, what this platform can do, whose claim is on it.
    ///
    /// The [`Discovery`] holds the binding for this start, the recorded start included.
    ///
    /// # Errors
    /// When anything that the facts depend on cannot be read or is ambiguous: no such Service, two
    /// slots that could both be live, nothing that carries traffic.
    async fn discover(&self) -> Result<Discovery, TargetError>;

    /// What is found now. Read-only, and cancel-safe.
    ///
    /// # Guarantees
    /// Begun after an `apply` returned, it never shows the state before it.
    /// A cached read reports as its [`age`](Observation::age) the time since the last event or bookmark
    /// of its oldest watch.
    ///
    /// # Errors
    /// When anything it reports cannot be read.
    async fn observe(&self, binding: &Binding) -> Result<Observation, TargetError>;

    /// Computes the difference between what is there and `request.desired`, and writes only that.
    ///
    /// # Guarantees
    /// Every field the target owns must equal its value in `request.seen` or in `request.desired`, else
    /// [`Conflict`](TargetErrorKind::Conflict) and nothing is written.
    /// A claim other than `request.claim` found on the way is a `Conflict` as well.
    ///
    /// # Errors
    /// [`TargetError::certainty`] tells whether anything may have been written.
    async fn apply(&self, request: &Apply) -> Result<Applied, TargetError>;

    /// Can this plan run here? Read-only.
    ///
    /// A platform that must know the whole schedule at its first write compiles it into the binding here.
    ///
    /// Default: the binding as discovered, no findings.
    ///
    /// # Errors
    /// When what the answer depends on cannot be read. A plan that cannot run is a blocking
    /// [`Finding`], not an error.
    async fn admit(
        &self,
        part: &crate::Part,
        found: &Discovery,
        plan: &Plan,
    ) -> Result<Admission, TargetError> {
        let _ = (part, plan);
        Ok(Admission {
            binding: found.binding.clone(),
            findings: Vec::new(),
        })
    }

    /// Compare-and-set of who works on this: `from` must be what is there, `to` is there afterwards.
    ///
    /// # Guarantees
    /// Taking over stamps the new epoch on *every* object the rollout may write, so that a write that
    /// was prepared before fails. `to` already being there is success.
    ///
    /// What nobody holds remembers the highest epoch that was given up there, and is claimed only with a
    /// higher one: a process that stood still, or a call that is late, claims nothing once others are done.
    /// Giving up a claim ends its epoch also where that claim is not there, or not yet. Discovery tells it
    /// as [`last_epoch`](Discovery::last_epoch).
    ///
    /// Default: accepted and remembered nowhere; such a target says `fenced: false` in its
    /// [`Capabilities`], and the plan prints that nothing fences it.
    ///
    /// # Errors
    /// [`Conflict`](TargetErrorKind::Conflict) when something else than `from` is there, and when nobody
    /// holds it and `to` has an epoch that is over.
    async fn claim(
        &self,
        binding: &Binding,
        from: Option<&Claim>,
        to: Option<&Claim>,
    ) -> Result<(), TargetError> {
        let _ = (binding, from, to);
        Ok(())
    }

    /// Resolves at once if something newer than `after` is known, else when it is. Cancel-safe.
    ///
    /// Default: never; the driver then observes on its resync interval.
    async fn changed(&self, binding: &Binding, after: &Version) {
        let _ = (binding, after);
        pending::<()>().await;
    }
}

const _: Option<&dyn Target> = None;

macro_rules! forward {
    ($pointer:ident) => {
        #[async_trait]
        #[deny(clippy::missing_trait_methods)]
        impl<T: Target + ?Sized> Target for $pointer<T> {
            async fn discover(&self) -> Result<Discovery, TargetError> {
                (**self).discover().await
            }
            async fn observe(&self, binding: &Binding) -> Result<Observation, TargetError> {
                (**self).observe(binding).await
            }
            async fn apply(&self, request: &Apply) -> Result<Applied, TargetError> {
                (**self).apply(request).await
            }
            async fn admit(
                &self,
                part: &crate::Part,
                found: &Discovery,
                plan: &Plan,
            ) -> Result<Admission, TargetError> {
                (**self).admit(part, found, plan).await
            }
            async fn claim(
                &self,
                binding: &Binding,
                from: Option<&Claim>,
                to: Option<&Claim>,
            ) -> Result<(), TargetError> {
                (**self).claim(binding, from, to).await
            }
            async fn changed(&self, binding: &Binding, after: &Version) {
                (**self).changed(binding, after).await
            }
        }
    };
}

forward!(Arc);
forward!(Box);
