//! How many calls AWS takes, as far as it says so.
//!
//! Sources: "Request throttling for the Amazon ECS API" (Amazon ECS API reference) and "Request throttling
//! for the Elastic Load Balancing API" (Elastic Load Balancing user guide). Both are for one account and
//! region, and can be raised by AWS Support. That of alarms is from "CloudWatch service quotas". Application
//! Auto Scaling publishes no figures: what stands here for it is ours.

use std::fmt;

/// Calls that AWS counts together: those that take their tokens from one bucket of an
/// [`Account`](crate::Account), whose documentation has the sizes. [`Display`](fmt::Display) tells it in words
/// for people, which may change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum CallCategory {
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
    /// `DescribeServiceDeployments`, `ContinueServiceDeployment`, `StopServiceDeployment`.
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

impl CallCategory {
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

    /// The buckets that a call takes a token from, by the name of its action in a policy. One that is not
    /// known here counts among those of which there may be fewest.
    pub(crate) fn of(action: &str) -> &'static [Self] {
        let known = Self::known(action);
        debug_assert!(known.is_some(), "no bucket is known for {action}");
        known.unwrap_or(&[Self::ServiceWrites])
    }

    pub(crate) fn known(action: &str) -> Option<&'static [Self]> {
        let (service, operation) = action.split_once(':')?;
        Some(match (service, operation) {
            ("elasticloadbalancing", _) if operation.starts_with("Describe") => &[Self::Balancing],
            ("elasticloadbalancing", _) => &[Self::BalancingWrites, Self::Balancing],
            ("application-autoscaling", _) => &[Self::Scaling],
            ("cloudwatch", "DescribeAlarms") => &[Self::Alarms],
            ("ecs", "DescribeServices") => &[Self::ServiceReads],
            ("ecs", "CreateService" | "UpdateService" | "DeleteService") => &[Self::ServiceWrites],
            ("ecs", "ListTasks" | "DescribeTasks") => &[Self::TaskReads],
            ("ecs", "DescribeTaskDefinition" | "ListTaskDefinitions") => &[Self::DefinitionReads],
            ("ecs", "RegisterTaskDefinition") => &[Self::DefinitionWrites],
            ("ecs", "TagResource" | "UntagResource") => &[Self::TagWrites],
            (
                "ecs",
                "DescribeServiceDeployments"
                | "ContinueServiceDeployment"
                | "StopServiceDeployment",
            ) => &[Self::Deployments],
            _ => return None,
        })
    }
}

impl fmt::Display for CallCategory {
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
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_call_has_its_bucket() {
        for (action, categories) in [
            ("ecs:DescribeServices", &[CallCategory::ServiceReads][..]),
            ("ecs:UpdateService", &[CallCategory::ServiceWrites]),
            ("ecs:ListTasks", &[CallCategory::TaskReads]),
            ("ecs:DescribeTasks", &[CallCategory::TaskReads]),
            (
                "ecs:DescribeTaskDefinition",
                &[CallCategory::DefinitionReads],
            ),
            ("ecs:ListTaskDefinitions", &[CallCategory::DefinitionReads]),
            (
                "ecs:RegisterTaskDefinition",
                &[CallCategory::DefinitionWrites],
            ),
            ("ecs:TagResource", &[CallCategory::TagWrites]),
            ("ecs:UntagResource", &[CallCategory::TagWrites]),
            (
                "ecs:DescribeServiceDeployments",
                &[CallCategory::Deployments],
            ),
            (
                "ecs:ContinueServiceDeployment",
                &[CallCategory::Deployments],
            ),
            (
                "elasticloadbalancing:DescribeTargetHealth",
                &[CallCategory::Balancing],
            ),
            (
                "elasticloadbalancing:ModifyRule",
                &[CallCategory::BalancingWrites, CallCategory::Balancing],
            ),
            (
                "application-autoscaling:RegisterScalableTarget",
                &[CallCategory::Scaling],
            ),
            ("cloudwatch:DescribeAlarms", &[CallCategory::Alarms]),
        ] {
            assert_eq!(CallCategory::of(action), categories, "{action}");
        }
        for action in ["ecs:DescribeClusters", "ecs", "cloudwatch:PutMetricAlarm"] {
            assert_eq!(CallCategory::known(action), None, "{action}");
        }
    }

    /// Calls, size and tokens a second, as the documentation of an account has them.
    fn documented() -> Vec<(&'static str, (u32, u32))> {
        let rows = include_str!("../account.rs").lines();
        let rows = rows.filter_map(|line| line.strip_prefix("/// | "));
        let rows = rows.map(|row| row.split('|').map(str::trim).collect::<Vec<_>>());
        let rows = rows.filter_map(|row| {
            let numbers = (row.get(1)?.parse().ok()?, row.get(2)?.parse().ok()?);
            Some((row[0], numbers))
        });
        rows.collect()
    }

    #[test]
    fn the_documentation_of_an_account_has_the_buckets_that_there_are() {
        let mut seen = BTreeSet::from([CallCategory::Scaling]);
        for (calls, numbers) in documented() {
            let names: Vec<&str> = calls.split('`').skip(1).step_by(2).collect();
            if names.is_empty() {
                assert_eq!(calls, "those of Elastic Load Balancing, all together");
                assert_eq!(CallCategory::Balancing.published(), numbers);
                seen.insert(CallCategory::Balancing);
            }
            for name in names {
                let services = if name.starts_with("Modify") {
                    &["elasticloadbalancing"][..]
                } else {
                    &["ecs", "cloudwatch"]
                };
                let known = services
                    .iter()
                    .find_map(|service| CallCategory::known(&format!("{service}:{name}")));
                let category = known.unwrap()[0];
                assert_eq!(category.published(), numbers, "{name}");
                seen.insert(category);
            }
        }
        assert_eq!(seen, BTreeSet::from(CallCategory::ALL));
    }
}
