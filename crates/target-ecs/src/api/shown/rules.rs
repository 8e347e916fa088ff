//! What we told a rule, or the default rule of a listener.

use std::time::Duration;

use aws_sdk_elasticloadbalancingv2::types::Action;

use super::{A_MINUTE, Masked};
use crate::forward::Forward;

/// In their order.
pub(crate) type Actions = Vec<Action>;

impl Masked for Actions {
    /// `None`: none that we could have written.
    type Told = Option<Forward>;

    const LONGEST: Option<Duration> = Some(A_MINUTE);

    fn told(there: Option<&Self>) -> Self::Told {
        Forward::read(there?).ok()
    }

    fn is_same(one: &Self::Told, other: &Self::Told) -> bool {
        one == other
    }

    /// What else the rule does is nothing of ours, and is as it was read.
    fn patched(read: Option<Self>, after: Option<&Self>) -> Option<Self> {
        let (read, after) = (read?, after?);
        let forward = Forward::read(after).ok();
        let edited = forward.and_then(|forward| forward.write(&read).ok());
        Some(edited.unwrap_or_else(|| after.clone()))
    }
}
