//! The log of calls, for tests to read.

use strategy_core::Timestamp;

use super::faults::Fault;
use super::rules::Rule;
use super::wire::{Call, Fields as _};

/// Which service a call is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Service {
    /// Amazon ECS.
    Ecs,
    /// Elastic Load Balancing, version 2.
    LoadBalancing,
    /// Application Auto Scaling.
    Autoscaling,
    /// The alarms of Amazon CloudWatch.
    Alarms,
}

impl Service {
    /// The prefix of the names of its IAM actions.
    pub const fn iam_prefix(self) -> &'static str {
        match self {
            Self::Ecs => "ecs",
            Self::LoadBalancing => "elasticloadbalancing",
            Self::Autoscaling => "application-autoscaling",
            Self::Alarms => "cloudwatch",
        }
    }
}

/// How a call ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Done and answered.
    Answered,
    /// Refused; the state is as it was.
    Refused {
        /// The service's code of the error.
        code: String,
        /// The rule that was broken; `None` for what no rule speaks of.
        rule: Option<Rule>,
    },
    /// Hit by an injected fault.
    Faulty(Fault),
}

/// One call, as it arrived. A retry of the SDK is a call of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallRecord {
    /// Which call it was, from 0.
    pub index: usize,
    /// When it arrived.
    pub at: Timestamp,
    /// The service that was called.
    pub service: Service,
    /// The operation, such as `ModifyRule`.
    pub operation: String,
    /// What it is about: the first ARN or name in the input; empty if there is none.
    pub resource: String,
    /// The IAM actions that the caller must be allowed, such as `ecs:UpdateService`.
    pub actions: Vec<String>,
    /// How it ended.
    pub outcome: Outcome,
}

impl CallRecord {
    /// Whether the operation changes something.
    pub fn is_write(&self) -> bool {
        !is_read(&self.operation)
    }
}

pub(crate) fn is_read(operation: &str) -> bool {
    operation.starts_with("Describe") || operation.starts_with("List")
}

/// The fields that say what a call is about, the more telling first.
const TELLING: [&str; 22] = [
    "serviceDeploymentArn",
    "service",
    "serviceName",
    "services",
    "tasks",
    "serviceDeploymentArns",
    "serviceRevisionArns",
    "taskDefinition",
    "family",
    "familyPrefix",
    "resourceArn",
    "RuleArn",
    "RuleArns",
    "ListenerArn",
    "ListenerArns",
    "TargetGroupArn",
    "TargetGroupArns",
    "LoadBalancerArn",
    "ResourceArns",
    "ResourceId",
    "ResourceIds",
    "AlarmNames",
];

/// What names something where there is no ARN yet.
const NAMES: [&str; 5] = ["Name", "Names", "clusterName", "cluster", "clusters"];

pub(crate) fn resource(call: &Call) -> String {
    let fields = TELLING.iter().chain(&NAMES);
    fields
        .filter_map(|name| {
            let listed = call.input.texts(name).first().copied();
            call.input.text(name).or(listed)
        })
        .find(|text| !text.is_empty())
        .unwrap_or_default()
        .to_owned()
}

/// The roles that a call hands to ECS: of tasks, of load balancers and of lifecycle hooks.
fn roles(call: &Call) -> Vec<&str> {
    if call.service != Service::Ecs || is_read(&call.operation) {
        return Vec::new();
    }
    let input = &call.input;
    let of_tasks = ["taskRoleArn", "executionRoleArn", "role"];
    let of_tasks = of_tasks.iter().filter_map(|name| input.text(name));
    let balancers = input.items("loadBalancers").iter();
    let balancers = balancers.filter_map(|one| one["advancedConfiguration"].text("roleArn"));
    let hooks = input["deploymentConfiguration"].items("lifecycleHooks");
    let hooks = hooks.iter().filter_map(|one| one.text("roleArn"));
    of_tasks.chain(balancers).chain(hooks).collect()
}

/// The IAM actions that a call needs: its own, tagging where it creates something with tags, and passing roles.
pub(crate) fn actions(call: &Call) -> Vec<String> {
    let prefix = call.service.iam_prefix();
    let mut actions = vec![format!("{prefix}:{}", call.operation)];
    let is_tagging = call.operation.contains("Tag");
    let tagging = match call.service {
        Service::Ecs if !call.input.items("tags").is_empty() => Some("TagResource"),
        Service::LoadBalancing if !call.input.items("Tags").is_empty() => Some("AddTags"),
        Service::Autoscaling if call.input.has("Tags") => Some("TagResource"),
        Service::Ecs | Service::LoadBalancing | Service::Autoscaling | Service::Alarms => None,
    };
    if let (Some(tagging), false) = (tagging, is_tagging) {
        actions.push(format!("{prefix}:{tagging}"));
    }
    if !roles(call).is_empty() {
        actions.push("iam:PassRole".to_owned());
    }
    actions
}
