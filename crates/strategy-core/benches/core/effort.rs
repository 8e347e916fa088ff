//! Time that is measured for real: on the wall, and what this process spent of its cores.

use std::time::{Duration, Instant};

/// Wall time of one call, and what it gave.
#[expect(clippy::disallowed_methods, reason = "real time is what is measured")]
pub(crate) fn timed<T>(call: impl FnOnce() -> T) -> (Duration, T) {
    let began = Instant::now();
    let given = call();
    (began.elapsed(), given)
}

/// What one call took of a core, and what it gave: other processes on the machine do not count. Nothing
/// else of this process may run meanwhile.
pub(crate) fn worked<T>(call: impl FnOnce() -> T) -> (Duration, T) {
    let before = spent();
    let given = call();
    (spent().saturating_sub(before), given)
}

/// What all threads of this process have spent until now.
#[cfg(unix)]
pub(crate) fn spent() -> Duration {
    let spent = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::new(
        u64::try_from(spent.tv_sec).unwrap_or_default(),
        u32::try_from(spent.tv_nsec).unwrap_or_default(),
    )
}

/// Where the system cannot be asked, wall time must do: it is more.
#[cfg(not(unix))]
#[expect(clippy::disallowed_methods, reason = "real time is what is measured")]
pub(crate) fn spent() -> Duration {
    static BEGAN: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    BEGAN.get_or_init(Instant::now).elapsed()
}
