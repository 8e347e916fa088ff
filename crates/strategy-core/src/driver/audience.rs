//! The audience: observers behind a bounded queue, and everyone who listens through a handle.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use tokio::sync::watch;

use super::listeners::Listeners;
use crate::observer::{Observer, Trouble};
use crate::rollout::Event;

/// News that waits for observers; more of it pushes the oldest out.
const QUEUED: usize = 1024;

/// Hears everything, changes nothing.
pub(super) struct Audience {
    observers: Vec<Arc<dyn Observer>>,
    queue: VecDeque<Event>,
    missed: u64,
    listeners: Listeners,
    trouble: watch::Receiver<Option<Trouble>>,
}

impl Audience {
    pub(super) fn new(
        observers: Vec<Arc<dyn Observer>>,
        trouble: watch::Receiver<Option<Trouble>>,
    ) -> Self {
        Self {
            observers,
            queue: VecDeque::new(),
            missed: 0,
            listeners: Listeners::default(),
            trouble,
        }
    }

    pub(super) fn listeners(&self) -> Listeners {
        self.listeners.clone()
    }

    pub(super) fn tell(&mut self, event: Event) {
        tracing::info!("{event}");
        if !self.observers.is_empty() {
            if self.queue.len() >= QUEUED {
                self.queue.pop_front();
                self.missed += 1;
            }
            self.queue.push_back(event.clone());
        }
        self.listeners.tell(event);
    }

    /// Tells observers the oldest news that waits; `false` if none does.
    ///
    /// Called when nothing else is due, so that an observer that takes its time delays a rollout by
    /// one call at most. One that panics is told of in the log, and of further news as well.
    pub(super) fn deliver(&mut self) -> bool {
        let Some(event) = self.queue.pop_front() else {
            return false;
        };
        let missed = std::mem::take(&mut self.missed);
        self.call(|observer| {
            if missed > 0 {
                observer.missed(missed);
            }
            observer.event(&event);
        });
        true
    }

    /// Tells observers that the driver cannot go on, or can again; not behind other news, since none is
    /// told meanwhile.
    pub(super) fn tell_trouble(&mut self) {
        // Whoever sends it lives as long as the loop that calls this.
        if !self.trouble.has_changed().unwrap_or_default() {
            return;
        }
        let trouble = self.trouble.borrow_and_update().clone();
        self.call(|observer| observer.trouble(trouble.as_ref()));
    }

    fn call(&self, tell: impl Fn(&dyn Observer)) {
        for observer in &self.observers {
            // Nothing of ours is shared with the observer but what it is told, which it cannot change.
            let call = AssertUnwindSafe(|| tell(&**observer));
            if catch_unwind(call).is_err() {
                tracing::warn!("an observer panicked; the rollout goes on");
            }
        }
    }
}

impl Drop for Audience {
    fn drop(&mut self) {
        self.listeners.close();
    }
}
