//! The SDK's time, taken from our clock: retries and timeouts take virtual time.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_smithy_async::rt::sleep::{AsyncSleep, Sleep};
use aws_smithy_async::time::TimeSource;
use strategy_core::driver::Clock;

/// The SDK's sleep and wall clock on a [`Clock`] of ours.
///
/// A sleep of whole milliseconds takes as long; any other is rounded up to whole seconds: the SDK waits a random part of
/// a second before a retry, and equal runs are to take equal time.
#[derive(Clone, Debug)]
pub struct SdkTime(Arc<dyn Clock>);

impl SdkTime {
    /// Time as `clock` has it.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self(clock)
    }
}

impl AsyncSleep for SdkTime {
    fn sleep(&self, duration: Duration) -> Sleep {
        let clock = Arc::clone(&self.0);
        let drawn = !duration.subsec_nanos().is_multiple_of(1_000_000);
        let time = if drawn {
            Duration::from_secs(duration.as_secs() + 1)
        } else {
            duration
        };
        let until = clock.now() + time;
        Sleep::new(Shareable::new(
            async move { clock.sleep_until(until).await },
        ))
    }
}

impl TimeSource for SdkTime {
    fn now(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_millis(self.0.now().as_millis())
    }
}

/// A future that the SDK may keep in something shared: it asks for `Sync`, which ours is not.
struct Shareable(Mutex<Pin<Box<dyn Future<Output = ()> + Send>>>);

impl Shareable {
    fn new(future: impl Future<Output = ()> + Send + 'static) -> Self {
        Self(Mutex::new(Box::pin(future)))
    }
}

impl Future for Shareable {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let inner = self.get_mut().0.get_mut();
        inner
            .unwrap_or_else(PoisonError::into_inner)
            .as_mut()
            .poll(context)
    }
}
