//! What we told an autoscaler.

use std::time::Duration;

use aws_sdk_applicationautoscaling::types::ScalableTarget;

use super::{A_MINUTE, Masked};
use crate::autoscaling::suspended;
use crate::owned::Suspended;

impl Masked for ScalableTarget {
    /// Its minimum, and what is suspended; `None`: there is none.
    type Told = Option<(i32, Suspended)>;

    const LONGEST: Option<Duration> = Some(A_MINUTE);

    fn told(there: Option<&Self>) -> Self::Told {
        there.map(|there| (there.min_capacity, suspended(there)))
    }

    fn is_same(one: &Self::Told, other: &Self::Told) -> bool {
        one == other
    }

    fn patched(read: Option<Self>, after: Option<&Self>) -> Option<Self> {
        let (mut read, after) = (read?, after?);
        read.min_capacity = after.min_capacity;
        read.suspended_state.clone_from(&after.suspended_state);
        Some(read)
    }
}
