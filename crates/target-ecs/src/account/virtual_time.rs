//! Virtual time as a client of the SDK takes it.

use std::time::{Duration, SystemTime};

use aws_sdk_ecs::config::BehaviorVersion;
use aws_smithy_async::rt::sleep::{AsyncSleep, Sleep};
use aws_smithy_async::time::TimeSource;
use strategy_core::world::VirtualClock;

#[derive(Debug)]
struct Virtual(VirtualClock);

impl AsyncSleep for Virtual {
    fn sleep(&self, duration: Duration) -> Sleep {
        let clock = self.0.clone();
        let until = clock.now() + duration;
        Sleep::new(async move { clock.sleep_until(until).await })
    }
}

impl TimeSource for Virtual {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_millis(self.0.now().as_millis())
    }
}

/// Of a client that lives by this clock.
pub(super) fn config(clock: &VirtualClock) -> aws_sdk_ecs::Config {
    aws_sdk_ecs::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .sleep_impl(Virtual(clock.clone()))
        .time_source(Virtual(clock.clone()))
        .build()
}
