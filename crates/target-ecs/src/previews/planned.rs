//! From the preview rules that are there and those that are wanted to the calls to make.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_elasticloadbalancingv2::types::{Rule, Tag};
use strategy_core::Route;
use strategy_core::target::{Claim, TargetError, TargetErrorKind};

use super::{Content, MOST, MOST_ROUTES, PREVIEW, Problem, Slot, free};
use crate::binding::Bound;
use crate::error::found;
use crate::listener;
use crate::mark::CLAIM;
use crate::owned::Fields;
use crate::previews::Previews;

/// One call that writes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Call {
    Create {
        listener: String,
        priority: u32,
        content: Content,
        tags: Vec<Tag>,
    },
    /// From what was read to what is wanted.
    Modify {
        arn: String,
        from: Content,
        to: Content,
    },
    Delete {
        arn: String,
    },
}

/// What calls are made from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Situation<'a> {
    pub(crate) bound: &'a Bound,
    pub(crate) previews: &'a Previews,
    pub(crate) routes: &'a [Route],
}

fn tag(key: &str, value: String) -> Tag {
    Tag::builder().key(key).value(value).build()
}

impl Situation<'_> {
    /// What is to be in each place.
    ///
    /// # Errors
    /// When a route cannot be had.
    fn wanted(&self) -> Result<BTreeMap<Slot, Content>, TargetError> {
        let mut wanted = BTreeMap::new();
        let rules = &self.bound.rules;
        let first = rules.first().map(|of| of.rule.resource());
        too_many(self.routes.len(), rules.len())
            .map_err(|problem| problem.error(&first.unwrap_or_default()))?;
        for (rule, of) in rules.iter().enumerate() {
            if self.routes.is_empty() {
                break;
            }
            let production = listener::find(self.previews.rules(&of.rule), &of.rule);
            let production = production.ok_or_else(|| {
                let message = "there is no such rule; name the one that carries the traffic";
                let action = "elasticloadbalancing:DescribeRules";
                found(
                    TargetErrorKind::NotFound,
                    action,
                    &of.rule.resource(),
                    message,
                )
            })?;
            for (route, asked) in self.routes.iter().enumerate() {
                let content = Content::made(self.bound.groups().candidate, production, asked);
                let content = content.map_err(|problem| problem.error(&of.rule.resource()))?;
                wanted.insert(Slot { rule, route }, content);
            }
        }
        Ok(wanted)
    }

    /// Calls that put preview rules there, and then calls that take others away; and what is owned of them afterwards.
    ///
    /// # Errors
    /// `Unsupported` when a route cannot be had here.
    pub(crate) fn calls(
        &self,
        claim: &Claim,
        fields: &mut Fields,
    ) -> Result<(Vec<Call>, Vec<Call>), TargetError> {
        let wanted = self.wanted()?;
        let (mut puts, mut removals) = (Vec::new(), Vec::new());
        let mut kept = BTreeSet::new();
        for preview in &self.previews.ours {
            let arn = preview.rule.rule_arn().unwrap_or_default().to_owned();
            let to = wanted.get(&preview.slot);
            let is_first = !kept.contains(&preview.slot);
            match to.filter(|_| is_first && self.previews.is_before(self.bound, preview)) {
                None => removals.push(Call::Delete { arn }),
                Some(to) => {
                    kept.insert(preview.slot);
                    let from = Content::of(&preview.rule);
                    if !from.is(to) {
                        let to = to.clone();
                        puts.push(Call::Modify { arn, from, to });
                    }
                }
            }
        }
        // The last of several goes first, as the last of several came last.
        removals.reverse();
        for (rule, of) in self.bound.rules.iter().enumerate() {
            let missing = wanted
                .iter()
                .filter(|(slot, _)| slot.rule == rule && !kept.contains(slot));
            let missing: Vec<_> = missing.collect();
            let rules = self.previews.rules(&of.rule);
            let is_ours = |rule: &Rule| self.previews.is_ours(rule);
            let places = free(rules, &of.rule, is_ours, missing.len())
                .map_err(|problem| problem.error(&of.rule.resource()))?;
            for ((slot, content), priority) in missing.into_iter().zip(places) {
                puts.push(Call::Create {
                    listener: listener::of(&of.rule).unwrap_or_default(),
                    priority,
                    content: content.clone(),
                    tags: vec![
                        tag(CLAIM, claim.to_string()),
                        tag(PREVIEW, Slot::tag(&of.rule, slot.route)),
                    ],
                });
            }
        }
        for (slot, content) in &wanted {
            fields.0.insert(slot.field(), content.digest(true));
        }
        Ok((puts, removals))
    }
}

/// Whether so many routes can be noted for so many rules.
pub(crate) fn too_many(routes: usize, rules: usize) -> Result<(), Problem> {
    if routes <= MOST_ROUTES && routes * rules <= MOST {
        return Ok(());
    }
    Err(Problem::new(
        "too-many-previews",
        format!(
            "{routes} routes for {rules} rules are {} rules of our own, and {MOST} is the most, with at most {MOST_ROUTES} routes",
            routes * rules
        ),
        "take fewer routes at once",
    ))
}
