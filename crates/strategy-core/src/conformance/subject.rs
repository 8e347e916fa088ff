//! What the suite needs beside the target itself: a platform that it may disturb.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;

use crate::release::Images;
use crate::target::{ForeignField, Target};
use crate::weight::Weight;

/// A target under test, on a platform that the suite may disturb.
///
/// Fresh for every promise: a stable version with at least two ready replicas, no claim, no traffic
/// to a candidate. Whether there is a candidate, and what scales stable, is the subject's choice; run
/// the suite on several subjects to cover more.
#[async_trait]
pub trait Subject: fmt::Debug + Send + Sync {
    /// The target. Every call may give a new one on the same platform.
    fn target(&self) -> Arc<dyn Target>;

    /// Images for the candidate: those containers of stable's template that a release would name,
    /// with images that no track runs, and that become ready.
    fn release(&self) -> Images;

    /// Whether a candidate workload, or a second slot, is there before the rollout begins.
    fn has_candidate(&self) -> bool;

    /// Waits until the platform has come to rest: controllers are done, pods ready, traffic effective.
    async fn settle(&self);

    /// Everything written that a write could change, as text, read past the target: specifications,
    /// annotations, resource versions where status does not move them. Equal while nobody writes.
    async fn stored(&self) -> String;

    /// Somebody else writes to stable (its count, or its floor; its image) or to the router (a
    /// weight for the candidate), something other than what is there.
    ///
    /// Answers the name that the platform has for them; `None` if this platform has no such field.
    async fn somebody_writes(&self, field: ForeignField) -> Option<String>;

    /// Removes an object that the target needs. `false` if this cannot be done.
    async fn take_away(&self) -> bool;

    /// From now on the platform cannot be reached. `false` if this cannot be done.
    async fn cut_off(&self) -> bool;

    /// Where the platform shifts by itself ([`Routing::Native`](crate::target::Routing::Native)): the
    /// candidate's share after each step that it asks for, rising to all. Default: none, it rolls without
    /// asking.
    fn steps(&self) -> Vec<Weight> {
        Vec::new()
    }

    /// Whether the target has a [`changed`](Target::changed) of its own. Default: yes.
    fn tells_news(&self) -> bool {
        true
    }
}

const _: Option<&dyn Subject> = None;
