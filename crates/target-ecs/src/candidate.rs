//! The candidate's service, made from stable's where there is none.

use aws_sdk_ecs::operation::create_service::builders::CreateServiceInputBuilder;
use aws_sdk_ecs::types::{
    DeploymentConfiguration, DeploymentStrategy, LoadBalancer, SchedulingStrategy, Service,
};
use strategy_core::target::{Claim, EffectId};

use crate::binding::Bound;
use crate::digest::digest;
use crate::mark::{self, CLAIM};
use crate::view::primary;

/// What keeps a service from being made from this one, and what to do about it.
pub(crate) fn obstacle(stable: &Service) -> Option<(&'static str, &'static str)> {
    let deployment = primary(stable);
    let connected = deployment
        .and_then(|deployment| deployment.service_connect_configuration.as_ref())
        .is_some_and(|connect| connect.enabled);
    let lattice = deployment.is_some_and(|of| !of.vpc_lattice_configurations().is_empty());
    if !stable.service_registries().is_empty() {
        Some((
            "it is registered in service discovery, where a candidate made from it would be found past the load balancer",
            "make the candidate's service yourself, with a registration of its own, and leave `create` out",
        ))
    } else if connected {
        Some((
            "it uses Service Connect, where a candidate made from it would be reached past the load balancer",
            "make the candidate's service yourself, with a name of its own, and leave `create` out",
        ))
    } else if lattice {
        Some((
            "it is a target of VPC Lattice, where a candidate made from it would be reached past the load balancer",
            "make the candidate's service yourself and leave `create` out",
        ))
    } else if stable.load_balancers().len() > 1 {
        Some((
            "it is registered in more than one target group, and a candidate has only one",
            "make the candidate's service yourself and leave `create` out",
        ))
    } else {
        None
    }
}

/// The service as it is created: like stable's, in its own target group, under the claim.
///
/// The same effect asks with the same token, so that a repeated call creates nothing twice.
pub(crate) fn creation(
    bound: &Bound,
    stable: &Service,
    count: u32,
    claim: &Claim,
    id: EffectId,
) -> CreateServiceInputBuilder {
    let of = &bound.tracks.candidate;
    let balancer = LoadBalancer::builder()
        .target_group_arn(&of.target_group)
        .container_name(&of.container)
        .container_port(of.port);
    let token = digest(
        &format!("{claim} {id} {} {}", bound.cluster, of.service),
        32,
    );
    let mut tags: Vec<_> = mark::of_others(stable.tags()).cloned().collect();
    tags.push(mark::tag(CLAIM, claim.to_string()));
    let stable = stable.clone();
    let volumes = primary(&stable).and_then(|of| of.volume_configurations.clone());
    // Either a launch type or capacity providers: a service that has these tells no launch type of its own.
    let providers = stable.capacity_provider_strategy.clone();
    let providers = providers.filter(|providers| !providers.is_empty());
    let launch_type = stable.launch_type.filter(|_| providers.is_none());
    CreateServiceInputBuilder::default()
        .cluster(&bound.cluster)
        .service_name(&of.service)
        .load_balancers(balancer.build())
        .desired_count(i32::try_from(count).unwrap_or(i32::MAX))
        .client_token(token)
        .set_launch_type(launch_type)
        .set_capacity_provider_strategy(providers)
        .set_platform_version(stable.platform_version)
        .set_deployment_configuration(stable.deployment_configuration.map(rolling))
        .set_placement_constraints(stable.placement_constraints)
        .set_placement_strategy(stable.placement_strategy)
        .set_network_configuration(stable.network_configuration)
        .set_health_check_grace_period_seconds(stable.health_check_grace_period_seconds)
        .scheduling_strategy(SchedulingStrategy::Replica)
        .set_deployment_controller(stable.deployment_controller)
        .set_tags(Some(tags))
        .enable_ecs_managed_tags(stable.enable_ecs_managed_tags)
        .set_propagate_tags(stable.propagate_tags)
        .enable_execute_command(stable.enable_execute_command)
        .set_availability_zone_rebalancing(stable.availability_zone_rebalancing)
        .set_volume_configurations(volumes)
}

/// Nothing but the numbers: alarms and a circuit breaker of stable's would judge the candidate apart
/// from the rollout.
fn rolling(stable: DeploymentConfiguration) -> DeploymentConfiguration {
    DeploymentConfiguration::builder()
        .set_maximum_percent(stable.maximum_percent)
        .set_minimum_healthy_percent(stable.minimum_healthy_percent)
        .set_strategy(stable.strategy.map(|_| DeploymentStrategy::Rolling))
        .build()
}
