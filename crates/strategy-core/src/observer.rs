//! The seam to the audience: notifiers, dashboards, logs.

use crate::rollout::Event;

/// Hears what happens. Nothing it does or fails to do changes a rollout.
pub trait Observer: std::fmt::Debug + Send + Sync {
    /// Something happened. Called in order from a bounded queue, in the driver's own task, whenever
    /// nothing else is due: one that takes its time must hand over to a thread or task of its own.
    fn event(&self, event: &Event);

    /// So much news before the next [`event`](Self::event) was dropped, because the observers were too
    /// slow for it. Default: nothing.
    fn missed(&self, events: u64) {
        let _ = events;
    }
}

const _: Option<&dyn Observer> = None;

impl<T: Observer + ?Sized> Observer for std::sync::Arc<T> {
    fn event(&self, event: &Event) {
        (**self).event(event);
    }
    fn missed(&self, events: u64) {
        (**self).missed(events);
    }
}
