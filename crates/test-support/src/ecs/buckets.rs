//! The published buckets of tokens: how many calls an account may make.
//!
//! Tokens come back once a second, at whole seconds.

use std::collections::BTreeMap;

use strategy_core::Timestamp;

use super::log::{Service, is_read};

/// A category of calls: its name, and the size and the refill of its bucket.
type Category = (&'static str, u32, u32);

/// "Request throttling for the Amazon ECS API", "Request throttling for the Elastic Load Balancing API", "CloudWatch
/// service quotas". Nothing is published for Application Auto Scaling.
fn categories(service: Service, operation: &str) -> Vec<Category> {
    match service {
        Service::Ecs => vec![match operation {
            "DescribeServices" | "ListServices" => ("service read", 100, 20),
            "CreateService" | "UpdateService" | "DeleteService" => ("service modify", 50, 5),
            "DescribeTasks" | "ListTasks" => ("cluster resource read", 100, 20),
            "StopTask" | "RunTask" => ("cluster resource modify", 100, 40),
            "DescribeTaskDefinition" | "ListTaskDefinitions" => ("task definition read", 50, 20),
            "RegisterTaskDefinition" | "DeregisterTaskDefinition" => {
                ("task definition modify", 20, 1)
            }
            "TagResource" | "UntagResource" => ("tag modify", 20, 10),
            "ListTagsForResource" => ("tag read", 50, 20),
            "DescribeServiceRevisions" => ("service revision", 50, 20),
            // Where what answers hooks and stops a deployment belongs is not said.
            operation if operation.contains("ServiceDeployment") => ("service deployment", 50, 20),
            operation if is_read(operation) => ("cluster read", 50, 20),
            _ => ("cluster modify", 20, 1),
        }],
        Service::LoadBalancing => {
            let own = match operation {
                "CreateLoadBalancer" | "SetSubnets" => ("resource-intensive", 10, 1),
                "RegisterTargets" | "DeregisterTargets" => ("registration", 20, 4),
                operation if is_read(operation) => ("non-mutating", 40, 10),
                _ => ("mutating", 20, 3),
            };
            vec![own, ("account", 40, 10)]
        }
        Service::Autoscaling => Vec::new(),
        // A rate without a size.
        Service::Alarms => vec![("alarms", 9, 9)],
    }
}

/// What is left in each bucket, and of which second that is.
#[derive(Clone, Debug, Default)]
pub(crate) struct Buckets(BTreeMap<&'static str, (u32, u64)>);

impl Buckets {
    /// Takes the tokens of a call; false if there is none, and then none is taken.
    pub(crate) fn take(&mut self, service: Service, operation: &str, now: Timestamp) -> bool {
        let second = now.as_millis() / 1000;
        let categories = categories(service, operation);
        for (name, size, refill) in &categories {
            let (left, since) = self.0.entry(name).or_insert((*size, second));
            let seconds = u32::try_from(second.saturating_sub(*since)).unwrap_or(u32::MAX);
            *left = left
                .saturating_add(seconds.saturating_mul(*refill))
                .min(*size);
            *since = second;
        }
        let names = categories.iter().map(|(name, ..)| *name);
        let is_empty = |name: &str| self.0.get(name).is_some_and(|(left, _)| *left == 0);
        if names.clone().any(is_empty) {
            return false;
        }
        for name in names {
            if let Some((left, _)) = self.0.get_mut(name) {
                *left -= 1;
            }
        }
        true
    }
}
