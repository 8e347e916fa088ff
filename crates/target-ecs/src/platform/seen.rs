//! What was read of a service that Amazon ECS deploys, as AWS tells it.

use aws_sdk_applicationautoscaling::types::ScalableTarget;
use aws_sdk_ecs::primitives::DateTime;
use aws_sdk_ecs::types::{Service, ServiceDeployment, Task};
use aws_sdk_elasticloadbalancingv2::types::TargetHealthDescription;

use super::Bound;
use super::shifted::Now;
use crate::claim::Claimable;
use crate::tasks::Registered;
use crate::view::{DRAINING, Definitions};

/// What is written, and how our deployment stands.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    /// `None`: no such service, or one that was deleted.
    pub(crate) service: Option<Service>,
    /// Only read where there was one at the start.
    pub(crate) scaler: Option<ScalableTarget>,
    /// The service deployment that is followed; `None`: there is none, or it is not known any more.
    pub(crate) deployment: Option<ServiceDeployment>,
    /// What each of the rules does that ECS shifts, in the order of the binding.
    pub(crate) rules: Vec<Now>,
    /// When this was read, by the clock of the clients.
    pub(crate) at: DateTime,
}

/// What is written, and what runs.
#[derive(Clone, Debug)]
pub(crate) struct View {
    pub(crate) seen: Seen,
    /// Tasks that are to run.
    pub(crate) tasks: Vec<Task>,
    /// Tasks that have stopped; not asked for while all is well.
    pub(crate) stopped: Vec<Task>,
    /// Of each load balancer: its port, and the targets of all its groups.
    pub(crate) health: Vec<(i32, Vec<TargetHealthDescription>)>,
    pub(crate) definitions: Definitions,
    /// When this was read, by the clock of the clients.
    pub(crate) at: DateTime,
}

impl Seen {
    /// A service that can be written to.
    pub(crate) fn active(&self) -> Option<&Service> {
        let service = self.service.as_ref();
        service.filter(|service| service.status() != Some(DRAINING))
    }

    /// The service, if it is there, to be claimed.
    pub(crate) fn claimable(&self, bound: &Bound) -> Vec<Claimable> {
        let service = self.active().map(|service| Claimable {
            resource: bound.resource(),
            service: service.clone(),
        });
        service.into_iter().collect()
    }
}

impl View {
    pub(crate) fn registered(&self) -> Vec<Registered<'_>> {
        let each = self.health.iter();
        each.map(|(port, health)| Registered {
            port: *port,
            health,
        })
        .collect()
    }
}
