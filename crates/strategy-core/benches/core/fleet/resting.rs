//! The same fleet on the system's clock and two cores of a runtime: what it takes while it rests.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use strategy_core::driver::SystemClock;
use strategy_core::rollout::Phase;

use super::carried::driver;
use super::tally::Tally;
use crate::effort::spent;
use crate::figure::{Goal, number, tell};
use crate::plans::{Size, discovery};
use crate::still::Still;

/// Two intervals after which everything is looked at again, news or none.
const WATCHED: Duration = Duration::from_secs(60);
const SETTLE: Duration = Duration::from_secs(15);

pub(crate) fn measure(count: usize) -> Result<(), Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_time()
        .build()?;
    let share = runtime.block_on(share(count))?;
    runtime.shutdown_background();
    let name = format!("fleet: {count} at rest, real clock, two cores: CPU of one core");
    tell(&name, 100.0 * share, "%", Goal::AtMost(1.0));
    Ok(())
}

/// What was spent of a core.
#[expect(clippy::disallowed_methods, reason = "real time is what is measured")]
async fn share(count: usize) -> Result<f64, Box<dyn Error>> {
    let size = Size {
        stages: 4,
        checks: 0,
        parts: 1,
        bake: Duration::from_secs(7200),
    };
    let found = Arc::new(discovery()?);
    let journal = Tally::on(Arc::new(SystemClock));
    let mut handles = Vec::new();
    for number in 0..count {
        let target = Still::new(Arc::clone(&found));
        let driver =
            driver(&target, &journal, Arc::new(SystemClock)).id(format!("r{number}").parse()?);
        let (handle, run) = driver.start(&size.canary(), size.release()?).await?;
        tokio::spawn(run);
        handles.push(handle);
    }
    tokio::time::sleep(SETTLE).await;
    let before = spent();
    tokio::time::sleep(WATCHED).await;
    let share = spent().saturating_sub(before).as_secs_f64() / WATCHED.as_secs_f64();
    let baking = handles
        .iter()
        .filter(|handle| handle.status().phase == Phase::Baking);
    let (baking, all) = (number(baking.count()), number(count));
    if baking < all {
        return Err(format!("only {baking} of {all} rollouts came to rest").into());
    }
    Ok(share)
}
