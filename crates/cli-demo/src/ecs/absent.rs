//! What stands for Amazon ECS in a program that was built without it: none of it can be made.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use strategy_core::target::Capabilities;
use strategy_core::{Part, Target};
use strategy_metrics::MetricSource;

use super::{EcsError, NO_CLOUDWATCH, NOT_BUILT};
use crate::file::metrics::CloudWatch;
use crate::file::{Mistake, target};

/// What a part of the target would be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Config {}

impl Serialize for Config {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        match *self {}
    }
}

impl<'de> Deserialize<'de> for Config {
    fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        Err(D::Error::custom(NOT_BUILT))
    }
}

/// Where AWS would be reached.
#[derive(Clone, Debug)]
pub enum Connection {}

/// The policy that it would need.
#[derive(Debug)]
pub enum Policy {}

impl fmt::Display for Policy {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {}
    }
}

/// What each part of the target is told.
///
/// # Errors
/// [`Mistake`]: always.
pub fn configs(_: &target::Ecs) -> Result<BTreeMap<Part, Config>, Mistake> {
    Err(Mistake::new("target.ecs", NOT_BUILT))
}

/// How AWS is reached.
///
/// # Errors
/// [`EcsError::NotBuilt`]: always.
pub async fn connect(_: Option<&str>, _: &BTreeMap<Part, Config>) -> Result<Connection, EcsError> {
    Err(EcsError::NotBuilt)
}

/// The targets of a connection that there is not.
pub fn targets(
    connection: &Connection,
    _: &BTreeMap<Part, Config>,
) -> BTreeMap<Part, Arc<dyn Target>> {
    match *connection {}
}

/// What no parts can do.
pub fn capabilities(_: &BTreeMap<Part, Config>) -> BTreeMap<Part, Capabilities> {
    BTreeMap::new()
}

/// The policy for no parts.
///
/// # Errors
/// None: nothing can be configured.
pub fn permissions(_: &BTreeMap<Part, Config>, _: bool) -> Result<Option<Policy>, Mistake> {
    Ok(None)
}

/// Why no source can be of Amazon CloudWatch.
pub const fn no_cloudwatch() -> Option<&'static str> {
    Some(NO_CLOUDWATCH)
}

/// Amazon CloudWatch, to be asked.
///
/// # Errors
/// [`EcsError::NotBuilt`]: always.
pub async fn cloudwatch(
    _: &CloudWatch,
    _: Option<&Connection>,
) -> Result<Arc<dyn MetricSource>, EcsError> {
    Err(EcsError::NotBuilt)
}

/// Amazon CloudWatch, which is never asked.
///
/// # Errors
/// [`EcsError::NotBuilt`]: always.
pub fn unasked_cloudwatch() -> Result<Arc<dyn MetricSource>, EcsError> {
    Err(EcsError::NotBuilt)
}
