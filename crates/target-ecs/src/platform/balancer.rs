//! What a service tells of a load balancer it is behind, as it is recorded: names and ARNs only.

use aws_sdk_ecs::types::{AdvancedConfiguration, LoadBalancer, Service};
use serde::{Deserialize, Serialize};

use crate::digest::digest;

/// A target group that the tasks of a service are registered in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Balancer {
    /// `None`: a Classic Load Balancer, by its name.
    pub(crate) target_group: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    /// The container that answers, and at which port.
    pub(crate) container: Option<String>,
    pub(crate) port: Option<i32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) advanced: Option<Advanced>,
}

/// What Amazon ECS needs to shift traffic there by itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Advanced {
    /// The other target group.
    pub(crate) alternate: Option<String>,
    /// The ARN of the rule (of an Application Load Balancer) or listener that traffic comes by.
    pub(crate) production: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) test: Option<String>,
    pub(crate) role: Option<String>,
}

/// Equal for equal load balancers and grace periods. A grace period that is not set is one of 0 seconds.
pub(crate) fn key(balancers: &[Balancer], grace_seconds: Option<i32>) -> String {
    let all = (balancers, grace_seconds.unwrap_or(0));
    digest(&serde_json::to_string(&all).unwrap_or_default(), 10)
}

impl Balancer {
    /// Those of a service, in its order.
    pub(crate) fn of(service: &Service) -> Vec<Self> {
        let balancers = service.load_balancers().iter();
        balancers
            .map(|of| Self {
                target_group: of.target_group_arn.clone(),
                name: of.load_balancer_name.clone(),
                container: of.container_name.clone(),
                port: of.container_port,
                advanced: of.advanced_configuration.as_ref().map(|of| Advanced {
                    alternate: of.alternate_target_group_arn.clone(),
                    production: of.production_listener_rule.clone(),
                    test: of.test_listener_rule.clone(),
                    role: of.role_arn.clone(),
                }),
            })
            .collect()
    }

    /// As it is told to ECS again.
    pub(crate) fn block(&self) -> LoadBalancer {
        let advanced = self.advanced.clone().map(|of| {
            AdvancedConfiguration::builder()
                .set_alternate_target_group_arn(of.alternate)
                .set_production_listener_rule(of.production)
                .set_test_listener_rule(of.test)
                .set_role_arn(of.role)
                .build()
        });
        LoadBalancer::builder()
            .set_target_group_arn(self.target_group.clone())
            .set_load_balancer_name(self.name.clone())
            .set_container_name(self.container.clone())
            .set_container_port(self.port)
            .set_advanced_configuration(advanced)
            .build()
    }

    /// The ARNs of the target groups that tasks may be registered in: its own first.
    pub(crate) fn groups(&self) -> impl Iterator<Item = &str> {
        let alternate = self
            .advanced
            .iter()
            .filter_map(|of| of.alternate.as_deref());
        self.target_group.as_deref().into_iter().chain(alternate)
    }
}
