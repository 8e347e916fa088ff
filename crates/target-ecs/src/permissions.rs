//! The least policy under which a target works, printable as JSON.

use std::collections::BTreeSet;
use std::fmt;

use serde::Serialize;
use serde_json::{Value, json};
use strategy_core::target::TargetError;

use crate::config::{NativeGated, OneService, Owned, Place, Rolling, RuleConfig, WorkloadConfig};
use crate::listener;
use crate::mark::OURS;
use crate::previews::PREVIEW;

/// An identity policy of IAM. [`Display`](fmt::Display) prints it as JSON.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct Policy {
    version: &'static str,
    /// What may be done, and on what.
    pub statement: Vec<Statement>,
}

/// One statement of a [`Policy`]. All of them allow.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct Statement {
    /// What it is for, in letters.
    pub sid: &'static str,
    effect: &'static str,
    /// What may be done.
    pub action: Vec<&'static str>,
    /// On what, by ARN.
    pub resource: Vec<String>,
    /// Only if; `None`: always.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub condition: Option<Value>,
}

impl Statement {
    /// Allows these actions on these resources, by ARN or `*`: for what a program needs beside the target.
    pub fn allow(sid: &'static str, action: &[&'static str], resource: Vec<String>) -> Self {
        Self::new(sid, action, resource)
    }

    fn new(sid: &'static str, action: &[&'static str], resource: Vec<String>) -> Self {
        Self {
            sid,
            effect: "Allow",
            action: action.to_vec(),
            resource,
            condition: None,
        }
    }
}

/// The least policy for a target with this configuration: every action is used, and none is missing.
///
/// What has no names of its own in AWS is granted on `*`. `PassRole` is for the roles of the task
/// definitions, which the configuration does not name: narrow it to them.
pub(crate) fn owned_weights(config: &Owned) -> Result<Policy, TargetError> {
    let place = config.place()?;
    let owned = config.owned_weights();
    let all = || vec!["*".to_owned()];
    let cluster = &config.cluster;
    let services: Vec<String> = owned
        .workload
        .slots()
        .map(|slot| place.arn("ecs", &format!("service/{cluster}/{}", slot.service)))
        .to_vec();
    let roles = format!("arn:{}:iam::{}:role/*", place.partition, place.account);
    let mut statement = vec![
        Statement::new("ReadServices", &["ecs:DescribeServices"], services.clone()),
        read_tasks(&place, cluster),
        Statement::new(
            "ReadWhatHasNoName",
            &[
                "application-autoscaling:DescribeScalableTargets",
                "cloudwatch:DescribeAlarms",
                "ecs:DescribeTaskDefinition",
                "ecs:ListTaskDefinitions",
                "elasticloadbalancing:DescribeListeners",
                "elasticloadbalancing:DescribeRules",
                "elasticloadbalancing:DescribeTargetGroupAttributes",
                "elasticloadbalancing:DescribeTargetGroups",
                "elasticloadbalancing:DescribeTargetHealth",
            ],
            all(),
        ),
        Statement::new("WriteServices", &["ecs:UpdateService"], services.clone()),
        tag_services(services.clone()),
        Statement::new(
            "HoldFloors",
            &["application-autoscaling:RegisterScalableTarget"],
            vec![place.arn("application-autoscaling", "scalable-target/*")],
        ),
    ];
    statement.extend(register(&place));
    if let WorkloadConfig::Canary(canary) = &owned.workload
        && canary.create
    {
        let candidate: Vec<String> = services.get(1).cloned().into_iter().collect();
        statement.push(Statement::new(
            "MakeCandidate",
            &["ecs:CreateService", "ecs:DeleteService"],
            candidate.clone(),
        ));
        // It is made with stable's tags, and with stable's role for volumes.
        statement.push(Statement {
            condition: Some(json!({"StringEquals": {"ecs:CreateAction": "CreateService"}})),
            ..Statement::new("TagCandidate", &["ecs:TagResource"], candidate)
        });
        statement.push(Statement {
            condition: Some(json!({"StringEquals": {"iam:PassedToService": "ecs.amazonaws.com"}})),
            ..Statement::new("PassVolumeRole", &["iam:PassRole"], vec![roles])
        });
    }
    let (mut rules, mut listeners) = (Vec::new(), Vec::new());
    for rule in &owned.rules {
        match rule {
            RuleConfig::Rule(arn) => rules.push(arn.clone()),
            RuleConfig::ListenerDefault(arn) => listeners.push(arn.clone()),
        }
    }
    for (sid, action, arns) in [
        ("WriteRules", "elasticloadbalancing:ModifyRule", rules),
        (
            "WriteListeners",
            "elasticloadbalancing:ModifyListener",
            listeners,
        ),
    ] {
        if !arns.is_empty() {
            statement.push(Statement::new(sid, &[action], arns));
        }
    }
    if owned.previews {
        statement.extend(previews(&owned.rules));
    }
    Ok(Policy {
        version: "2012-10-17",
        statement,
    })
}

/// For rules of our own: made with tags, and changed and removed only with them.
fn previews(rules: &[RuleConfig]) -> Vec<Statement> {
    let listeners: BTreeSet<String> = rules.iter().filter_map(listener::of).collect();
    let of_listeners = listeners.iter().map(|listener| {
        let rules = listener.replacen(":listener/", ":listener-rule/", 1);
        format!("{rules}/*")
    });
    let of_listeners: Vec<String> = of_listeners.collect();
    let tag = format!("aws:ResourceTag/{PREVIEW}");
    vec![
        Statement::new(
            "FindPreviews",
            &["elasticloadbalancing:DescribeTags"],
            vec!["*".to_owned()],
        ),
        Statement::new(
            "MakePreviews",
            &["elasticloadbalancing:CreateRule"],
            listeners.into_iter().collect(),
        ),
        Statement {
            condition: Some(
                json!({"StringEquals": {"elasticloadbalancing:CreateAction": "CreateRule"}}),
            ),
            ..Statement::new(
                "TagPreviews",
                &["elasticloadbalancing:AddTags"],
                of_listeners.clone(),
            )
        },
        Statement {
            condition: Some(json!({"Null": {tag: "false"}})),
            ..Statement::new(
                "ChangePreviews",
                &[
                    "elasticloadbalancing:DeleteRule",
                    "elasticloadbalancing:ModifyRule",
                ],
                of_listeners,
            )
        },
    ]
}

/// The least policy for a service whose rolling deployments Amazon ECS carries out.
///
/// Where the service is named without its ARN, neither region nor account is known, and both are `*`: a
/// policy of an identity reaches no other account.
pub(crate) fn rolling(cluster: &str, rolling: &Rolling) -> Result<Policy, TargetError> {
    one_service(cluster, &rolling.service).map(|(policy, _)| policy)
}

/// The least policy for a service whose traffic Amazon ECS shifts after our answers. Weights are written by
/// Amazon ECS under the role that the service names, which is passed on with its lifecycle hooks.
pub(crate) fn gated(cluster: &str, gated: &NativeGated) -> Result<Policy, TargetError> {
    let (mut policy, place) = one_service(cluster, &gated.service)?;
    for of in &mut policy.statement {
        match of.sid {
            "ReadWhatHasNoName" => of.action.push("elasticloadbalancing:DescribeRules"),
            "StopDeployments" => of.action.insert(0, "ecs:ContinueServiceDeployment"),
            _ => {}
        }
    }
    policy.statement.push(Statement {
        condition: Some(json!({"StringEquals": {"iam:PassedToService": "ecs.amazonaws.com"}})),
        ..Statement::new(
            "PassHookRoles",
            &["iam:PassRole"],
            vec![format!(
                "arn:{}:iam::{}:role/*",
                place.partition, place.account
            )],
        )
    });
    Ok(policy)
}

fn one_service(cluster: &str, service: &str) -> Result<(Policy, Place), TargetError> {
    let of = OneService::named(cluster, service)?;
    let OneService {
        cluster,
        service,
        place,
    } = of;
    let place = place.unwrap_or_else(Place::anywhere);
    let all = || vec!["*".to_owned()];
    let services = vec![place.arn("ecs", &format!("service/{cluster}/{service}"))];
    let deployments = vec![place.arn("ecs", &format!("service-deployment/{cluster}/{service}/*"))];
    let mut statement = vec![
        Statement::new("ReadServices", &["ecs:DescribeServices"], services.clone()),
        read_tasks(&place, &cluster),
        Statement::new(
            "ReadDeployments",
            &["ecs:DescribeServiceDeployments"],
            deployments.clone(),
        ),
        Statement::new(
            "ReadWhatHasNoName",
            &[
                "application-autoscaling:DescribeScalableTargets",
                "cloudwatch:DescribeAlarms",
                "ecs:DescribeTaskDefinition",
                "ecs:ListTaskDefinitions",
                "elasticloadbalancing:DescribeTargetGroupAttributes",
                "elasticloadbalancing:DescribeTargetGroups",
                "elasticloadbalancing:DescribeTargetHealth",
            ],
            all(),
        ),
        Statement::new("WriteServices", &["ecs:UpdateService"], services.clone()),
        tag_services(services),
        Statement::new(
            "StopDeployments",
            &["ecs:StopServiceDeployment"],
            deployments,
        ),
    ];
    statement.extend(register(&place));
    let policy = Policy {
        version: "2012-10-17",
        statement,
    };
    Ok((policy, place))
}

/// Tags of ours, and no other.
fn tag_services(services: Vec<String>) -> Statement {
    Statement {
        condition: Some(json!({"ForAllValues:StringLike": {"aws:TagKeys": [format!("{OURS}*")]}})),
        ..Statement::new(
            "TagServices",
            &["ecs:TagResource", "ecs:UntagResource"],
            services,
        )
    }
}

fn read_tasks(place: &Place, cluster: &str) -> Statement {
    let cluster = place.arn("ecs", &format!("cluster/{cluster}"));
    let by = if place.is_anywhere() {
        "ArnLike"
    } else {
        "ArnEquals"
    };
    Statement {
        condition: Some(json!({ by: {"ecs:cluster": cluster} })),
        ..Statement::new(
            "ReadTasks",
            &["ecs:DescribeTasks", "ecs:ListTasks"],
            vec!["*".to_owned()],
        )
    }
}

/// What registers a release.
fn register(place: &Place) -> [Statement; 3] {
    let (partition, account) = (&place.partition, &place.account);
    [
        Statement::new(
            "RegisterReleases",
            &["ecs:RegisterTaskDefinition"],
            vec!["*".to_owned()],
        ),
        Statement {
            condition: Some(
                json!({"StringEquals": {"ecs:CreateAction": "RegisterTaskDefinition"}}),
            ),
            ..Statement::new(
                "TagReleases",
                &["ecs:TagResource"],
                vec![place.arn("ecs", "task-definition/*")],
            )
        },
        Statement {
            condition: Some(
                json!({"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}),
            ),
            ..Statement::new(
                "PassTaskRoles",
                &["iam:PassRole"],
                vec![format!("arn:{partition}:iam::{account}:role/*")],
            )
        },
    ]
}

/// As JSON, ready for `aws iam put-role-policy`.
impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = serde_json::to_string_pretty(self).map_err(|_| fmt::Error)?;
        f.write_str(&text)
    }
}

#[cfg(test)]
mod tests;
