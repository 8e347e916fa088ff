//! Whether a plan can run here: findings before anything is written.

mod conditions;
mod other_rules;
mod plan;
mod previews;
mod rules;
pub(crate) mod services;

use std::collections::BTreeMap;

use aws_sdk_elasticloadbalancingv2::types::{Rule, Tag, TargetGroup, TargetGroupAttribute};
use strategy_core::target::{Finding, TargetError};
use strategy_core::{Part, Plan, Route, Track, Tracks};

use crate::alarms::{self, Alarms};
use crate::api::Api;
use crate::binding::Bound;
use crate::config::RuleConfig;
use crate::listener;
use crate::task_definition::Described;
use crate::view::View;

/// What findings are made from.
#[derive(Clone, Debug)]
pub(crate) struct Facts {
    view: View,
    alarms: Alarms,
    groups: Vec<TargetGroup>,
    attributes: Tracks<Vec<TargetGroupAttribute>>,
    /// All rules of the listeners that ours belong to, by the ARN of the listener.
    listeners: BTreeMap<String, Vec<Rule>>,
    /// The tags of those of them that may be preview rules, by ARN.
    tags: BTreeMap<String, Vec<Tag>>,
    /// How many rules the load balancers of these listeners have, by ARN; empty where the plan adds none.
    balancers: BTreeMap<String, usize>,
    /// All rules of all listeners of their load balancers.
    all_rules: Vec<Rule>,
    /// The bases of both tracks.
    bases: Tracks<std::sync::Arc<Described>>,
}

/// Reads them.
///
/// `looks`: there may be preview rules; `adds`: the plan has some.
pub(crate) async fn facts(
    api: &Api,
    bound: &Bound,
    looks: bool,
    adds: bool,
) -> Result<Facts, TargetError> {
    let of = bound.groups();
    let view = api.view(bound).await?;
    let services = Track::ALL.map(|track| view.state.active(track));
    let names = alarms::names(services.into_iter().flatten());
    let both = [of.stable, of.candidate];
    let (alarms, groups, stable, candidate) = futures::try_join!(
        api.alarms(names),
        api.target_groups(&both),
        api.attributes(of.stable),
        api.attributes(of.candidate),
    )?;
    let (mut listeners, mut tags) = (BTreeMap::new(), BTreeMap::new());
    let mut balancers = BTreeMap::new();
    for rule in &bound.rules {
        if let Some(listener) = listener::of(&rule.rule)
            && !listeners.contains_key(&listener)
        {
            let rules = api.listener_rules(&listener).await?;
            if looks {
                tags.extend(api.preview_tags(&rules, [of.stable, of.candidate]).await?);
            }
            if let Some(balancer) = listener::balancer(&listener)
                && adds
                && !balancers.contains_key(&balancer)
            {
                let count = api.rules_of_balancer(&balancer).await?;
                balancers.insert(balancer, count);
            }
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
        alarms,
        groups,
        attributes: Tracks { stable, candidate },
        listeners,
        tags,
        balancers,
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
    findings.extend(previews::findings(bound, facts, &routes(part, plan)));
    findings.extend(other_rules::findings(bound, facts, part, plan));
    findings.extend(plan::findings(bound, facts, part, plan));
    findings
}

/// The routes of the stages of a plan, each stage's together and once.
pub(crate) fn routes(part: &Part, plan: &Plan) -> Vec<Vec<Route>> {
    let mut all: Vec<Vec<Route>> = Vec::new();
    for goal in plan
        .stages()
        .iter()
        .filter_map(|stage| stage.goals.get(part))
    {
        let routes = &goal.traffic.routes;
        if !routes.is_empty() && !all.contains(routes) {
            all.push(routes.clone());
        }
    }
    all
}

/// As findings name a rule.
fn resource(rule: &RuleConfig) -> String {
    rule.resource()
}
