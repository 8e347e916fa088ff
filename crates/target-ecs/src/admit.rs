//! Whether a plan can run here: findings before anything is written.

mod conditions;
mod other_rules;
mod plan;
mod rules;
mod services;

use std::collections::BTreeMap;

use aws_sdk_elasticloadbalancingv2::types::{Rule, TargetGroup, TargetGroupAttribute};
use strategy_core::target::{Finding, TargetError};
use strategy_core::{Part, Plan, Tracks};

use crate::api::Api;
use crate::binding::Bound;
use crate::config::RuleConfig;
use crate::task_definition::Described;
use crate::view::View;

/// What findings are made from.
#[derive(Clone, Debug)]
pub(crate) struct Facts {
    view: View,
    groups: Vec<TargetGroup>,
    attributes: Tracks<Vec<TargetGroupAttribute>>,
    /// All rules of the listeners that ours belong to, by the ARN of the listener.
    listeners: BTreeMap<String, Vec<Rule>>,
    /// All rules of all listeners of their load balancers.
    all_rules: Vec<Rule>,
    /// The bases of both tracks.
    bases: Tracks<std::sync::Arc<Described>>,
}

/// Reads them.
pub(crate) async fn facts(api: &Api, bound: &Bound) -> Result<Facts, TargetError> {
    let of = bound.groups();
    let view = api.view(bound).await?;
    let (groups, stable, candidate) = futures::try_join!(
        api.target_groups([of.stable, of.candidate]),
        api.attributes(of.stable),
        api.attributes(of.candidate),
    )?;
    let mut listeners = BTreeMap::new();
    for rule in &bound.rules {
        if let Some(listener) = rules::listener(&rule.rule)
            && !listeners.contains_key(&listener)
        {
            let rules = api.listener_rules(&listener).await?;
            listeners.insert(listener, rules);
        }
    }
    let recorded = bound.tracks.stable.recorded().unwrap_or_default();
    let stable_base = api.definition_now(recorded).await?;
    let candidate_base = match bound.tracks.candidate.recorded() {
        Some(arn) => api.definition_now(arn).await?,
        None => stable_base.clone(),
    };
    let all_rules = other_rules::all(api, bound, &listeners).await?;
    Ok(Facts {
        view,
        groups,
        attributes: Tracks { stable, candidate },
        listeners,
        all_rules,
        bases: Tracks {
            stable: stable_base,
            candidate: candidate_base,
        },
    })
}

/// Everything that stands in the way or is worth knowing.
pub(crate) fn findings(bound: &Bound, facts: &Facts, part: &Part, plan: &Plan) -> Vec<Finding> {
    let mut findings = services::findings(bound, facts);
    findings.extend(rules::findings(bound, facts));
    findings.extend(other_rules::findings(bound, facts, part, plan));
    findings.extend(plan::findings(bound, facts, part, plan));
    findings
}

/// As findings name a rule.
fn resource(rule: &RuleConfig) -> String {
    rule.resource()
}
