//! Time as the SDK's clients have it: what is injected there is what waits here.

use std::time::{Duration, SystemTime};

use aws_smithy_async::rt::sleep::{AsyncSleep as _, SharedAsyncSleep, Sleep, default_async_sleep};
use aws_smithy_async::time::SharedTimeSource;

/// The sleep and the wall clock of a client.
#[derive(Clone, Debug)]
pub(crate) struct Time {
    sleep: Option<SharedAsyncSleep>,
    source: SharedTimeSource,
}

impl Time {
    pub(super) fn of(config: &aws_sdk_ecs::Config) -> Self {
        Self {
            sleep: config.sleep_impl().or_else(default_async_sleep),
            source: config.time_source().unwrap_or_default(),
        }
    }

    pub(crate) fn now(&self) -> SystemTime {
        self.source.now()
    }

    /// `None` where the client was given nothing to wait with.
    pub(crate) fn sleep(&self, time: Duration) -> Option<Sleep> {
        self.sleep.as_ref().map(|sleep| sleep.sleep(time))
    }
}

/// From one time to another; nothing if that is earlier, as after a clock was set.
pub(crate) fn between(from: SystemTime, to: SystemTime) -> Duration {
    to.duration_since(from).unwrap_or_default()
}
