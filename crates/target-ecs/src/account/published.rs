//! How many calls AWS takes, as far as it says so.
//!
//! Sources: "Request throttling for the Amazon ECS API" (Amazon ECS API reference) and "Request throttling
//! for the Elastic Load Balancing API" (Elastic Load Balancing user guide). Both are for one account and
//! region, and can be raised by AWS Support. That of alarms is from "CloudWatch service quotas". Application Auto Scaling publishes no figures: what stands here
//! for it is ours.

use std::fmt;

/// Calls that take their tokens from one bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Category {
    /// `DescribeServices`.
    ServiceReads,
    /// `CreateService`, `UpdateService`, `DeleteService`.
    ServiceWrites,
    /// `ListTasks`, `DescribeTasks`.
    TaskReads,
    /// `DescribeTaskDefinition`, `ListTaskDefinitions`.
    DefinitionReads,
    /// `RegisterTaskDefinition`.
    DefinitionWrites,
    /// `TagResource`, `UntagResource`.
    TagWrites,
    /// `DescribeServiceDeployments`, `ListServiceDeployments` and what continues or stops them.
    Deployments,
    /// Every call of Elastic Load Balancing: its whole account has one bucket more, which is as large as
    /// that of the reads.
    Balancing,
    /// Calls of Elastic Load Balancing that change something.
    BalancingWrites,
    /// Application Auto Scaling.
    Scaling,
    /// `DescribeAlarms`, by which Amazon ECS looks as well.
    Alarms,
}

impl Category {
    pub(crate) const ALL: [Self; 11] = [
        Self::ServiceReads,
        Self::ServiceWrites,
        Self::TaskReads,
        Self::DefinitionReads,
        Self::DefinitionWrites,
        Self::TagWrites,
        Self::Deployments,
        Self::Balancing,
        Self::BalancingWrites,
        Self::Scaling,
        Self::Alarms,
    ];

    /// What a full bucket holds, and how many tokens come back each second.
    pub(crate) const fn published(self) -> (u32, u32) {
        match self {
            Self::ServiceReads | Self::TaskReads => (100, 20),
            Self::ServiceWrites => (50, 5),
            Self::DefinitionReads | Self::Deployments => (50, 20),
            Self::DefinitionWrites => (20, 1),
            Self::TagWrites => (20, 10),
            Self::Balancing => (40, 10),
            Self::BalancingWrites => (20, 3),
            // Not published.
            Self::Scaling => (20, 5),
            // A rate without a size.
            Self::Alarms => (9, 9),
        }
    }

    /// The buckets that a call takes a token from, by the name of its action in a policy.
    pub(crate) fn of(action: &str) -> &'static [Self] {
        let (service, operation) = action.split_once(':').unwrap_or(("ecs", action));
        let is_read = operation.starts_with("Describe") || operation.starts_with("List");
        match service {
            "elasticloadbalancing" if is_read => &[Self::Balancing],
            "elasticloadbalancing" => &[Self::BalancingWrites, Self::Balancing],
            "application-autoscaling" => &[Self::Scaling],
            "cloudwatch" => &[Self::Alarms],
            _ if operation.contains("ServiceDeployment") => &[Self::Deployments],
            _ if operation.contains("TaskDefinition") && is_read => &[Self::DefinitionReads],
            _ if operation.contains("TaskDefinition") => &[Self::DefinitionWrites],
            _ if operation.contains("Tasks") => &[Self::TaskReads],
            _ if operation.contains("tagResource") || operation.contains("TagResource") => {
                &[Self::TagWrites]
            }
            _ if is_read => &[Self::ServiceReads],
            _ => &[Self::ServiceWrites],
        }
    }
}

impl fmt::Display for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ServiceReads => "reads of services",
            Self::ServiceWrites => "writes of services",
            Self::TaskReads => "reads of tasks",
            Self::DefinitionReads => "reads of task definitions",
            Self::DefinitionWrites => "writes of task definitions",
            Self::TagWrites => "writes of tags",
            Self::Deployments => "service deployments",
            Self::Balancing => "load balancing",
            Self::BalancingWrites => "writes of load balancing",
            Self::Scaling => "autoscaling",
            Self::Alarms => "alarms",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_call_has_its_bucket() {
        for (action, categories) in [
            ("ecs:DescribeServices", &[Category::ServiceReads][..]),
            ("ecs:UpdateService", &[Category::ServiceWrites]),
            ("ecs:ListTasks", &[Category::TaskReads]),
            ("ecs:DescribeTasks", &[Category::TaskReads]),
            ("ecs:DescribeTaskDefinition", &[Category::DefinitionReads]),
            ("ecs:ListTaskDefinitions", &[Category::DefinitionReads]),
            ("ecs:RegisterTaskDefinition", &[Category::DefinitionWrites]),
            ("ecs:TagResource", &[Category::TagWrites]),
            ("ecs:UntagResource", &[Category::TagWrites]),
            ("ecs:ListServiceDeployments", &[Category::Deployments]),
            ("ecs:ContinueServiceDeployment", &[Category::Deployments]),
            (
                "elasticloadbalancing:DescribeTargetHealth",
                &[Category::Balancing],
            ),
            (
                "elasticloadbalancing:ModifyRule",
                &[Category::BalancingWrites, Category::Balancing],
            ),
            (
                "application-autoscaling:RegisterScalableTarget",
                &[Category::Scaling],
            ),
            ("cloudwatch:DescribeAlarms", &[Category::Alarms]),
        ] {
            assert_eq!(Category::of(action), categories, "{action}");
        }
    }
}
