//! The `ecs` target: services of Amazon ECS, and the rules that share the requests between them.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strategy_core::Part;

use crate::file::{Mistake, Time};

/// Services of Amazon ECS: a `workload`, with the `rules` that share its requests where they are ours to
/// write, or several `parts`. All is in the account and region that the ARNs name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Ecs {
    /// The name of the cluster.
    pub cluster: String,
    /// The services.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workload: Option<EcsWorkload>,
    /// With `pair` and `canary`: the rules that forward to the target groups, 1 to 5, which move as one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rules: Option<Vec<EcsRule>>,
    /// Several workloads that move together, by name of the part.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parts: BTreeMap<String, EcsPart>,
    /// How long a request that began before a change of traffic may still be under way. Default: the longer
    /// deregistration delay of the two target groups.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drain: Option<Time>,
    /// Whether requests may be sent to the release by a header or a cookie, by rules that are made for it and removed
    /// again; else the policy grants no right to make rules. Default: yes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previews: Option<bool>,
    /// How long after a write the load balancer is taken to send as written; it cannot be asked. Default: `30s`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settle: Option<Time>,
}

/// One part of several.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct EcsPart {
    /// The services.
    pub workload: EcsWorkload,
    /// With `pair` and `canary`: the rules that forward to the target groups, 1 to 5, which move as one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<EcsRule>,
}

/// Which services are the two tracks, and who moves the traffic.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum EcsWorkload {
    /// Two services that take turns. The one that gets all the traffic is live.
    Pair([EcsSlot; 2]),
    /// A stable service, and a candidate beside it.
    Canary(EcsCanary),
    /// One service that Amazon ECS deploys task by task, for `strategy: rolling`.
    Rolling(EcsService),
    /// One service whose traffic Amazon ECS shifts by itself between its two target groups, step by step, and
    /// asks before each of them.
    NativeGated(EcsService),
}

/// One service that Amazon ECS deploys by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct EcsService {
    /// The name of the service, or its ARN, which tells account and region as well.
    pub service: String,
    /// How long a deployment may go on without another healthy task, while too few are, before it counts as
    /// stalled. Default: `10m`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stall: Option<Time>,
}

/// A service and the target group that its tasks are registered in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct EcsSlot {
    /// The name of the service.
    pub service: String,
    /// The ARN of its target group, which is no other service's.
    pub target_group: String,
}

/// A stable service, and a candidate beside it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct EcsCanary {
    /// The service that carries the traffic between rollouts.
    pub stable: EcsSlot,
    /// The other one. Its target group must be there.
    pub candidate: EcsSlot,
    /// Whether a candidate that does not exist is made from stable, and removed at the end. Default: yes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub create: Option<bool>,
}

/// A rule of an Application Load Balancer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum EcsRule {
    /// A rule with conditions, by its ARN (`arn:...:listener-rule/app/...`).
    Rule(String),
    /// The default rule of a listener, by the ARN of the listener (`arn:...:listener/app/...`).
    ListenerDefault(String),
}

impl Ecs {
    /// Workload and rules of each part; a target without `parts` is the part `main`.
    ///
    /// # Errors
    /// [`Mistake`] when both forms are used, or neither.
    pub fn objects(&self) -> Result<BTreeMap<Part, EcsPart>, Mistake> {
        let parts = self.parts_of()?;
        let has = |is: fn(&EcsWorkload) -> bool| parts.values().any(|part| is(&part.workload));
        let by_weights = has(|of| matches!(of, EcsWorkload::Pair(_) | EcsWorkload::Canary(_)));
        let gated = has(|of| matches!(of, EcsWorkload::NativeGated(_)));
        for (field, is_given, is_used) in [
            ("drain", self.drain.is_some(), by_weights),
            ("previews", self.previews.is_some(), by_weights),
            ("settle", self.settle.is_some(), by_weights || gated),
        ] {
            if is_given && !is_used {
                let problem =
                    "means nothing where Amazon ECS moves the traffic by itself; leave it out";
                return Err(Mistake::new(format!("target.ecs.{field}"), problem));
            }
        }
        Ok(parts)
    }

    fn parts_of(&self) -> Result<BTreeMap<Part, EcsPart>, Mistake> {
        let wrong = |problem: &str| Err(Mistake::new("target.ecs", problem));
        match (&self.workload, &self.rules, self.parts.is_empty()) {
            (Some(workload), rules, true) => {
                let part = EcsPart {
                    workload: workload.clone(),
                    rules: rules.clone().unwrap_or_default(),
                };
                part.check("target.ecs")?;
                Ok([(Part::main(), part)].into())
            }
            (None, None, false) => {
                let parts = self.parts.iter().map(|(name, objects)| {
                    let field = format!("target.ecs.parts.{name}");
                    let part = crate::file::convert::part(name, &field)?;
                    objects.check(&field)?;
                    Ok((part, objects.clone()))
                });
                parts.collect()
            }
            (None, None, true) => {
                wrong("names no workload; add `workload` and `rules`, or `parts` with both in each")
            }
            (None, Some(_), true) => wrong("has no workload; add `workload`"),
            (_, _, false) => wrong(
                "has `parts` and a workload or rules beside them; move these into a part of their own",
            ),
        }
    }
}

impl EcsPart {
    /// Rules are there where they are ours to write, and only there.
    fn check(&self, field: &str) -> Result<(), Mistake> {
        match (&self.workload, self.rules.is_empty()) {
            (EcsWorkload::Pair(_) | EcsWorkload::Canary(_), true) => {
                Err(Mistake::new(field, "has no rules; add `rules`"))
            }
            (EcsWorkload::Rolling(_) | EcsWorkload::NativeGated(_), false) => Err(Mistake::new(
                format!("{field}.rules"),
                "are not ours to write where Amazon ECS deploys by itself; leave them out",
            )),
            (EcsWorkload::Pair(_) | EcsWorkload::Canary(_), false)
            | (EcsWorkload::Rolling(_) | EcsWorkload::NativeGated(_), true) => Ok(()),
        }
    }
}
