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
mod tests {
    use super::*;
    use crate::config::{Canary, OwnedWeights, Slot};

    const AT: &str = "arn:aws:elasticloadbalancing:eu-central-1:123456789012";

    fn slot(name: &str) -> Slot {
        Slot::new(name, format!("{AT}:targetgroup/{name}/a1"))
    }

    fn printed(workload: impl Into<WorkloadConfig>, rule: RuleConfig) -> String {
        let weights = OwnedWeights::new(workload, [rule]).previews(false);
        owned_weights(&Owned::new("shop", &weights))
            .unwrap()
            .to_string()
    }

    /// The statement with this name, as text.
    fn statement(rule: RuleConfig, sid: &str) -> String {
        let weights = OwnedWeights::new([slot("blue"), slot("green")], [rule]);
        let policy = owned_weights(&Owned::new("shop", &weights)).unwrap();
        let mut statements = policy.statement.iter();
        let statement = statements.find(|statement| statement.sid == sid).unwrap();
        serde_json::to_string(statement).unwrap()
    }

    fn rule() -> RuleConfig {
        RuleConfig::Rule(format!("{AT}:listener-rule/app/shop/a1/b2/c3"))
    }

    #[test]
    fn a_pair_may_create_and_delete_nothing_and_change_one_rule() {
        let text = printed([slot("blue"), slot("green")], rule());
        assert!(
            text.starts_with("{\n  \"Version\": \"2012-10-17\""),
            "{text}"
        );
        assert!(text.contains("service/shop/blue") && text.contains("service/shop/green"));
        assert!(text.contains("listener-rule/app/shop/a1/b2/c3"));
        for word in [
            "CreateService",
            "DeleteService",
            "ModifyListener",
            "CreateRule",
            ":*\"",
        ] {
            assert!(!text.contains(word), "{word} in {text}");
        }
    }

    #[test]
    fn only_the_candidate_may_be_made_and_removed() {
        let canary = Canary::new(slot("api"), slot("api-canary"));
        let text = printed(canary.clone(), rule());
        let made = text.split("MakeCandidate").nth(1).unwrap();
        let made = made.split(']').nth(1).unwrap();
        assert!(
            made.contains("api-canary") && !made.contains("shop/api\""),
            "{made}"
        );
        assert!(!printed(canary.create(false), rule()).contains("CreateService"));
    }

    #[test]
    fn of_services_only_our_own_tags_are_written_and_all_of_one_that_is_made() {
        let policy = |create: bool| {
            let canary = Canary::new(slot("api"), slot("api-canary")).create(create);
            let config = Owned::new("shop", &OwnedWeights::new(canary, [rule()]));
            owned_weights(&config).unwrap()
        };
        for create in [true, false] {
            let policy = policy(create);
            let tags = policy.statement.iter();
            let tags = tags.filter(|of| of.action.contains(&"ecs:TagResource"));
            let conditions: Vec<String> = tags
                .map(|of| of.condition.as_ref().unwrap().to_string())
                .collect();
            let keys = r#"{"ForAllValues:StringLike":{"aws:TagKeys":["rollway.dev/*"]}}"#;
            assert!(conditions.contains(&keys.to_owned()), "{conditions:?}");
            let on_creation = r#"{"StringEquals":{"ecs:CreateAction":"CreateService"}}"#;
            let found = conditions.contains(&on_creation.to_owned());
            assert_eq!(found, create, "{conditions:?}");
            let volumes = policy.to_string().contains("\"ecs.amazonaws.com\"");
            assert_eq!(volumes, create, "the role of volumes is passed with it");
        }
    }

    #[test]
    fn a_default_rule_is_its_listeners() {
        let default = RuleConfig::ListenerDefault(format!("{AT}:listener/app/shop/a1/b2"));
        let text = printed([slot("blue"), slot("green")], default);
        assert!(
            text.contains("ModifyListener") && !text.contains("ModifyRule"),
            "{text}"
        );
    }

    #[test]
    fn rules_of_our_own_are_made_on_the_listener_and_changed_only_with_our_tag() {
        for rule in [
            rule(),
            RuleConfig::ListenerDefault(format!("{AT}:listener/app/shop/a1/b2")),
        ] {
            let made = statement(rule.clone(), "MakePreviews");
            assert!(
                made.contains(&format!("\"{AT}:listener/app/shop/a1/b2\"")),
                "{made}"
            );
            let (tags, changes) = (
                statement(rule.clone(), "TagPreviews"),
                statement(rule, "ChangePreviews"),
            );
            let rules = format!("\"{AT}:listener-rule/app/shop/a1/b2/*\"");
            assert!(
                tags.contains(&rules) && tags.contains("CreateAction"),
                "{tags}"
            );
            assert!(
                changes.contains(&rules)
                    && changes
                        .contains(r#"{"Null":{"aws:ResourceTag/rollway.dev/preview":"false"}}"#),
                "{changes}"
            );
        }
    }

    #[test]
    fn a_configuration_that_names_nothing_has_no_policy() {
        let weights = OwnedWeights::new([slot("blue"), slot("green")], [rule()]);
        assert!(owned_weights(&Owned::new("a/b", &weights)).is_err());
    }
}
