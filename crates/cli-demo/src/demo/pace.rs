//! Virtual time at a pace at which people can watch.

use std::thread;
use std::time::Duration;

use strategy_core::Timestamp;
use strategy_core::world::VirtualTime;

/// So much faster than the world's time.
const SPEED: u32 = 60;
/// The longest stand-still: a world in which nothing happens for an hour is not waited for.
const LONGEST: Duration = Duration::from_millis(600);

/// A world whose time passes slowly enough to be watched, or at once if nobody watches.
#[derive(Debug)]
pub(super) struct Paced<'a, T> {
    world: &'a T,
    watched: bool,
}

impl<'a, T> Paced<'a, T> {
    pub(super) const fn new(world: &'a T, watched: bool) -> Self {
        Self { world, watched }
    }
}

impl<T: VirtualTime> VirtualTime for Paced<'_, T> {
    fn now(&self) -> Timestamp {
        self.world.now()
    }

    fn next(&self) -> Option<Timestamp> {
        self.world.next()
    }

    fn advance_to(&self, at: Timestamp) {
        if self.watched {
            let wait = at.since(self.now()) / SPEED;
            // It may end early, which here harms nobody.
            thread::park_timeout(wait.min(LONGEST));
        }
        self.world.advance_to(at);
    }

    fn horizon(&self) -> Option<Timestamp> {
        self.world.horizon()
    }
}
