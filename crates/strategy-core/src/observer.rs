//! The seam to the audience: notifiers, dashboards, logs.

use crate::rollout::Event;

/// Hears what happens. Nothing it does or fails to do changes a rollout.
pub trait Observer: std::fmt::Debug + Send + Sync {
    /// Something happened. Called in order from a bounded queue; if the observer is too slow, the
    /// oldest news is dropped, and how much of it is said in the next call's event.
    fn event(&self, event: &Event);
}

const _: Option<&dyn Observer> = None;
