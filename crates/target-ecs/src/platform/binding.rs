//! What a target must know about one start of a service that Amazon ECS deploys, and which deployment is
//! ours. Names, ARNs and ids only: no container definitions, so no environment and no secret.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use strategy_core::duration;
use strategy_core::target::{Binding, TargetError};

use super::Shifted;
use super::balancer::{self, Balancer};
use super::configuration::Configuration;
use super::schedule::Schedule;
use crate::binding::{check_format, is_none, read, service, unreadable, wrap};
use crate::owned::Fields;

/// The version of this layout. Later versions read it too.
const FORMAT: u32 = 1;

/// Which mode a binding is of. Owned weights have none in theirs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Tag {
    Rolling,
    NativeGated,
}

/// Serialised as the [`Binding`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Bound {
    mode: Tag,
    format: u32,
    pub(crate) cluster: String,
    pub(crate) service: String,
    pub(crate) start: Start,
    /// How long a request that began before a change may still be under way.
    #[serde(with = "duration")]
    pub(crate) drain: Duration,
    /// Everything owned at the start.
    pub(crate) fields: Fields,
    /// The note of the last write that is known to have gone through; see [`note`](super::note).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) done: Option<String>,
    /// The highest epoch that was over when it began: 0 is none.
    #[serde(default, skip_serializing_if = "is_none")]
    pub(crate) over: u64,
    /// The rules that ECS shifts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) shifted: Vec<Shifted>,
    /// The deployment that we began; `None`: none yet, or its answer was lost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) followed: Option<Followed>,
    /// The steps of the plan, where Amazon ECS takes them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) schedule: Option<Schedule>,
}

/// A service at the start, with what puts it back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Start {
    /// The ARN of its task definition.
    pub(crate) task_definition: String,
    pub(crate) count: u32,
    /// Whether Application Auto Scaling decides the count, which is then not written.
    pub(crate) is_scaled: bool,
    /// The id of its primary deployment.
    pub(crate) deployment: String,
    pub(crate) balancers: Vec<Balancer>,
    /// What is changed of its deployment configuration, as it was; `None`: nothing is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) configuration: Option<Configuration>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) grace_seconds: Option<i32>,
}

/// A deployment of ours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Followed {
    /// The ARN of the task definition that it deploys.
    pub(crate) task_definition: String,
    /// Its id, as the service tells it.
    pub(crate) deployment: String,
    /// The ARN of its service deployment; `None`: not told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) service_deployment: Option<String>,
}

impl Start {
    /// Its load balancers and its grace period, as a field tells them.
    pub(crate) fn balancing(&self) -> String {
        balancer::key(&self.balancers, self.grace_seconds)
    }
}

impl Bound {
    pub(crate) fn new(
        mode: Tag,
        cluster: String,
        service: String,
        start: Start,
        drain: Duration,
        fields: Fields,
    ) -> Self {
        Self {
            mode,
            format: FORMAT,
            cluster,
            service,
            start,
            drain,
            fields,
            done: None,
            over: 0,
            shifted: Vec::new(),
            followed: None,
            schedule: None,
        }
    }

    /// Reads one of this mode.
    ///
    /// # Errors
    /// `InvalidConfig` when it is another's or of a layout that is not known.
    pub(crate) fn read(binding: &Binding, mode: Tag) -> Result<Self, TargetError> {
        let bound: Self = read(binding)?;
        if bound.mode != mode {
            return Err(unreadable("it was begun in another mode"));
        }
        check_format(bound.format, FORMAT)?;
        Ok(bound)
    }

    pub(crate) fn wrap(&self) -> Result<Binding, TargetError> {
        wrap(self)
    }

    /// As errors and findings name the service.
    pub(crate) fn resource(&self) -> String {
        service(&self.cluster, &self.service)
    }
}
