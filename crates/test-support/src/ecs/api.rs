//! The operations: each reads its input, refuses what the service would refuse, and changes the world.

pub(crate) mod actions;
pub(crate) mod alarms;
pub(crate) mod autoscaling;
pub(crate) mod balancers;
pub(crate) mod clusters;
pub(crate) mod conditions;
pub(crate) mod configuration;
pub(crate) mod deployments;
pub(crate) mod describe;
pub(crate) mod listener_rules;
pub(crate) mod metrics;
pub(crate) mod paging;
pub(crate) mod services;
pub(crate) mod tags;
pub(crate) mod target_groups;
pub(crate) mod task_definitions;
pub(crate) mod tasks;

use serde_json::{Value, json};
use strategy_core::Timestamp;

use super::log::Service;
use super::rules::Rule;
use super::wire::{Answer, Call, Refusal};
use super::world::World;

/// A time as awsJson1.1 has it: seconds since 1970, with a fraction.
pub(crate) fn seconds(at: Timestamp) -> Value {
    json!(at.as_millis() as f64 / 1000.0)
}

/// A time as the query protocol has it: ISO 8601.
pub(crate) fn iso(at: Timestamp) -> String {
    at.to_string()
}

/// Something of Elastic Load Balancing is not there.
pub(crate) fn missing(kind: &str, name: &str) -> Refusal {
    let rule = match kind {
        "TargetGroup" => Rule::TargetGroupExists,
        "Rule" => Rule::RuleExists,
        "Listener" => Rule::ListenerExists,
        _ => Rule::BalancerExists,
    };
    Refusal::by(
        rule,
        &format!("{kind}NotFound"),
        format!("One or more of what was named was not found: {kind} '{name}'"),
    )
}

fn unknown(call: &Call) -> Refusal {
    let message = format!("The fake has no operation {}", call.operation);
    Refusal::plain("UnknownOperationException", message)
}

/// Does what a call asks for.
pub(crate) fn perform(world: &mut World, call: &Call) -> Answer {
    let answer = match call.service {
        Service::Ecs => ecs(world, call),
        Service::LoadBalancing => balancing(world, call),
        Service::Autoscaling => scaling(world, call),
        Service::Alarms => alarms(world, call),
    };
    world.settle();
    answer
}

fn ecs(world: &mut World, call: &Call) -> Answer {
    let input = &call.input;
    match call.operation.as_str() {
        "CreateCluster" => world.create_cluster(input),
        "DescribeClusters" => world.describe_clusters(input),
        "ListClusters" => world.list_clusters(input),
        "RegisterTaskDefinition" => world.register_task_definition(input),
        "DescribeTaskDefinition" => world.describe_task_definition(input),
        "DeregisterTaskDefinition" => world.deregister_task_definition(input),
        "ListTaskDefinitions" => world.list_task_definitions(input),
        "ListTaskDefinitionFamilies" => world.list_families(input),
        "CreateService" => world.create_service(input),
        "UpdateService" => world.update_service(input),
        "DeleteService" => world.delete_service(input),
        "DescribeServices" => world.describe_services(input),
        "ListServices" => world.list_services(input),
        "ListTasks" => world.list_tasks(input),
        "DescribeTasks" => world.describe_tasks(input),
        "StopTask" => world.stop_task_by_hand(input),
        "TagResource" => world.tag_resource(input),
        "UntagResource" => world.untag_resource(input),
        "ListTagsForResource" => world.list_tags_for_resource(input),
        "ListServiceDeployments" => world.list_service_deployments(input),
        "DescribeServiceDeployments" => world.describe_service_deployments(input),
        "DescribeServiceRevisions" => world.describe_service_revisions(input),
        "ContinueServiceDeployment" => world.continue_service_deployment(input),
        "StopServiceDeployment" => world.stop_service_deployment(input),
        _ => Err(unknown(call)),
    }
}

fn balancing(world: &mut World, call: &Call) -> Answer {
    let input = &call.input;
    match call.operation.as_str() {
        "CreateLoadBalancer" => world.create_load_balancer(input),
        "DeleteLoadBalancer" => world.delete_load_balancer(input),
        "DescribeLoadBalancers" => world.describe_load_balancers(input),
        "CreateListener" => world.create_listener(input),
        "ModifyListener" => world.modify_listener(input),
        "DescribeListeners" => world.describe_listeners(input),
        "DeleteListener" => world.delete_listener(input),
        "CreateRule" => world.create_rule(input),
        "ModifyRule" => world.modify_rule(input),
        "DescribeRules" => world.describe_rules(input),
        "DeleteRule" => world.delete_rule(input),
        "SetRulePriorities" => world.set_rule_priorities(input),
        "CreateTargetGroup" => world.create_target_group(input),
        "ModifyTargetGroup" => world.modify_target_group(input),
        "DescribeTargetGroups" => world.describe_target_groups(input),
        "DeleteTargetGroup" => world.delete_target_group(input),
        "ModifyTargetGroupAttributes" => world.modify_target_group_attributes(input),
        "DescribeTargetGroupAttributes" => world.describe_target_group_attributes(input),
        "RegisterTargets" => world.register_targets(input),
        "DeregisterTargets" => world.deregister_targets(input),
        "DescribeTargetHealth" => world.describe_target_health(input),
        "AddTags" => world.add_tags(input),
        "RemoveTags" => world.remove_tags(input),
        "DescribeTags" => world.describe_tags(input),
        _ => Err(unknown(call)),
    }
}

fn scaling(world: &mut World, call: &Call) -> Answer {
    let input = &call.input;
    match call.operation.as_str() {
        "RegisterScalableTarget" => world.register_scalable_target(input),
        "DescribeScalableTargets" => world.describe_scalable_targets(input),
        "DeregisterScalableTarget" => world.deregister_scalable_target(input),
        _ => Err(unknown(call)),
    }
}

fn alarms(world: &mut World, call: &Call) -> Answer {
    match call.operation.as_str() {
        "DescribeAlarms" => world.describe_alarms(&call.input),
        "GetMetricData" => world.get_metric_data(&call.input),
        _ => Err(unknown(call)),
    }
}
