//! Amazon CloudWatch as a source of metrics, with the usual ways to credentials.

use std::sync::Arc;

use aws_config::{BehaviorVersion, Region};
use aws_sdk_cloudwatch::{Client, Config};
use strategy_metrics::MetricSource;
use strategy_metrics::source::CloudWatch as Source;

use super::EcsError;
use super::sdk::{Connection, credentials_are_there, load};
use crate::file::Time;
use crate::file::metrics::CloudWatch;

/// Why no source can be of Amazon CloudWatch: none, here it is built in.
pub const fn no_cloudwatch() -> Option<&'static str> {
    None
}

/// Amazon CloudWatch, to be asked. What the source does not name is as in `target`, or where every program of AWS
/// looks.
///
/// # Errors
/// [`EcsError`] when there are no credentials, or no region is known.
pub async fn cloudwatch(
    given: &CloudWatch,
    target: Option<&Connection>,
) -> Result<Arc<dyn MetricSource>, EcsError> {
    let of_target = target.map(|Connection(sdk)| &**sdk);
    let region = given.region.clone().map(Region::new);
    let sdk = match (of_target, given.profile.as_deref()) {
        // Its credentials were looked at when the target was connected.
        (Some(sdk), None) => match region {
            Some(region) => sdk.to_builder().region(region).build(),
            None => sdk.clone(),
        },
        (_, profile) => {
            let region = region.or_else(|| of_target.and_then(|sdk| sdk.region().cloned()));
            let sdk = load(profile, region).await;
            credentials_are_there(&sdk, profile).await?;
            sdk
        }
    };
    if sdk.region().is_none() {
        return Err(EcsError::NoRegion);
    }
    let source = Source::new(&Client::new(&sdk));
    Ok(Arc::new(match given.timeout {
        Some(Time(timeout)) => source.timeout(timeout),
        None => source,
    }))
}

/// Amazon CloudWatch, which is never asked: it knows which metrics it understands.
///
/// # Errors
/// None: nothing is looked for.
pub fn unasked_cloudwatch() -> Result<Arc<dyn MetricSource>, EcsError> {
    let config = Config::builder().behavior_version(BehaviorVersion::latest());
    Ok(Arc::new(Source::new(&Client::from_conf(config.build()))))
}
