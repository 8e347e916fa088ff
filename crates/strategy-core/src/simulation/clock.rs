//! The clock of one process: the world's, and so much off.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use async_trait::async_trait;

use crate::driver::Clock;
use crate::timestamp::Timestamp;
use crate::world::VirtualClock;

/// Shows another time than the world's, and can be set. Waits, and time that is measured, are as long as
/// they should be.
#[derive(Clone, Debug)]
pub(super) struct ProcessClock {
    world: VirtualClock,
    milliseconds: Arc<AtomicI64>,
}

impl ProcessClock {
    pub(super) fn new(world: VirtualClock, milliseconds: i64) -> Self {
        Self {
            world,
            milliseconds: Arc::new(AtomicI64::new(milliseconds)),
        }
    }

    pub(super) fn set_by(&self, milliseconds: i64) {
        self.milliseconds.fetch_add(milliseconds, Ordering::SeqCst);
    }
}

#[async_trait]
impl Clock for ProcessClock {
    fn now(&self) -> Timestamp {
        let off = self.milliseconds.load(Ordering::SeqCst);
        Timestamp::from_millis(self.world.now().as_millis().saturating_add_signed(off))
    }

    fn elapsed(&self) -> Duration {
        self.world.now().since(Timestamp::from_millis(0))
    }

    async fn sleep_until(&self, at: Timestamp) {
        let span = at.since(self.now());
        self.world.sleep_until(self.world.now() + span).await;
    }
}
