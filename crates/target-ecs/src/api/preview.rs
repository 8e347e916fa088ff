//! Preview rules: looked for by their tags, made, changed and taken away.

use std::collections::BTreeMap;

use aws_sdk_ecs::error::ProvideErrorMetadata;
use aws_sdk_elasticloadbalancingv2::types::{Rule, Tag};
use strategy_core::target::{TargetError, TargetErrorKind};

use super::Api;
use super::batches::RULES;
use super::read::{LEFT_OUT, nothing_answered};
use super::shown::{Listing, Ours};
use crate::binding::Bound;
use crate::config::{RuleConfig, resource};
use crate::error::{self, found};
use crate::listener;
use crate::previews::{Call, Content, Previews, may_be_one};

/// How many resources one call tells the tags of.
const TAGS_A_CALL: usize = 20;

impl Api {
    /// What there is on the listeners of a part.
    pub(crate) async fn previews(&self, bound: &Bound) -> Result<Previews, TargetError> {
        let mut listeners = BTreeMap::new();
        let mut tags = BTreeMap::new();
        let groups = bound.groups();
        for listener in bound.rules.iter().filter_map(|of| listener::of(&of.rule)) {
            if listeners.contains_key(&listener) {
                continue;
            }
            let rules = self.listener_rules(&listener).await?;
            let both = [groups.stable, groups.candidate];
            let read = Listing {
                tags: self.preview_tags(&rules, both).await?,
                rules,
            };
            let there = self.shown().listings.read(resource(&listener), Some(read));
            let there = there.unwrap_or_default();
            tags.extend(there.tags);
            listeners.insert(listener, there.rules);
        }
        Ok(Previews::new(bound, listeners, &tags))
    }

    /// The tags of those rules that may be preview rules, by ARN.
    pub(crate) async fn preview_tags(
        &self,
        rules: &[Rule],
        groups: [&str; 2],
    ) -> Result<BTreeMap<String, Vec<Tag>>, TargetError> {
        const ACTION: &str = "elasticloadbalancing:DescribeTags";
        let some = rules.iter().filter(|rule| may_be_one(rule, groups));
        let arns: Vec<String> = some.filter_map(|rule| rule.rule_arn.clone()).collect();
        let mut tags = BTreeMap::new();
        for some in arns.chunks(TAGS_A_CALL) {
            let about = some.first().map_or("", |arn| resource(arn));
            let call = self.account.balancers().describe_tags();
            let call = call.set_resource_arns(Some(some.to_vec())).send();
            let answer = self.read(ACTION, about, call).await;
            let answer = answer.map_err(|mut read| {
                if read.kind == TargetErrorKind::NotFound {
                    // One of them went between the two looks: the next look tells.
                    read.kind = TargetErrorKind::Unavailable;
                }
                read
            })?;
            for of in answer.tag_descriptions.unwrap_or_default() {
                let arn = of.resource_arn.unwrap_or_default();
                tags.insert(arn, of.tags.unwrap_or_default());
            }
            // Whose it is nobody has said.
            if let Some(arn) = some.iter().find(|arn| !tags.contains_key(*arn)) {
                return Err(nothing_answered(ACTION, resource(arn), LEFT_OUT));
            }
        }
        Ok(tags)
    }

    /// How many rules a load balancer has, besides the default rules of its listeners.
    pub(crate) async fn rules_of_balancer(&self, balancer: &str) -> Result<usize, TargetError> {
        const ACTION: &str = "elasticloadbalancing:DescribeListeners";
        let (mut count, mut marker) = (0, None);
        loop {
            let call = self.account.balancers().describe_listeners();
            let call = call.load_balancer_arn(balancer).set_marker(marker).send();
            let answer = self.read(ACTION, resource(balancer), call).await?;
            for listener in answer.listeners.unwrap_or_default() {
                let arn = listener.listener_arn.unwrap_or_default();
                let rules = self.listener_rules(&arn).await?;
                count += rules
                    .iter()
                    .filter(|rule| rule.is_default() != Some(true))
                    .count();
            }
            match answer.next_marker {
                Some(more) if !more.is_empty() => marker = Some(more),
                Some(_) | None => return Ok(count),
            }
        }
    }

    /// Writes a preview rule.
    pub(crate) async fn preview(&self, call: Call) -> Result<(), TargetError> {
        match call {
            Call::Create {
                listener,
                priority,
                content,
                tags,
            } => {
                self.create_preview(&listener, priority, content, tags)
                    .await
            }
            Call::Modify { arn, from, to } => self.modify_preview(&arn, &from, to).await,
            Call::Delete { arn } => self.delete_preview(&arn).await,
        }
    }

    /// The answer to an earlier call may be lost: then its priority is taken, by that one or by somebody, and another
    /// look tells which.
    async fn create_preview(
        &self,
        listener: &str,
        priority: u32,
        content: Content,
        tags: Vec<Tag>,
    ) -> Result<(), TargetError> {
        const ACTION: &str = "elasticloadbalancing:CreateRule";
        let transforms = (!content.transforms.is_empty()).then_some(content.transforms);
        let call = self.account.balancers().create_rule();
        let call = call
            .listener_arn(listener)
            .priority(i32::try_from(priority).unwrap_or(i32::MAX))
            .set_conditions(Some(content.conditions))
            .set_actions(Some(content.actions))
            .set_transforms(transforms)
            .set_tags(Some(tags.clone()))
            .send();
        let answer = self.attempt(ACTION, resource(listener), call).await?;
        let answer = answer.map_err(|error| {
            let mut failed = error::write(&error, ACTION, resource(listener));
            match error.code() {
                Some("PriorityInUse") => failed.kind = TargetErrorKind::Conflict,
                Some("TooManyRules") => failed.kind = TargetErrorKind::Unsupported,
                Some(_) | None => {}
            }
            failed
        })?;
        let made = answer.rules.unwrap_or_default().into_iter().next();
        if let Some(made) = made {
            let change = |there: &mut Option<Listing>| {
                there.get_or_insert_default().put(made, Some(tags));
            };
            self.shown().listings.wrote(resource(listener), change);
        }
        Ok(())
    }

    /// Changes it if it is still as it was read.
    async fn modify_preview(
        &self,
        arn: &str,
        from: &Content,
        to: Content,
    ) -> Result<(), TargetError> {
        const ACTION: &str = "elasticloadbalancing:ModifyRule";
        let about = resource(arn);
        let call = self.account.balancers().describe_rules().rule_arns(arn);
        let read = self.read(RULES, about, call.send()).await?;
        let now = read.rules().first().map(Content::of);
        let listener = listener::of(&RuleConfig::Rule(arn.to_owned())).unwrap_or_default();
        let is_old = |now: &Content| {
            let is_so = |told: &Ours| told.get(arn).is_some_and(|(_, of)| of.is(now));
            let listings = &self.shown().listings;
            listings.was_before(resource(&listener), is_so)
        };
        if !now.is_some_and(|now| now == *from || is_old(&now)) {
            let message = "it was changed while this was being written";
            return Err(found(TargetErrorKind::Conflict, ACTION, about, message));
        }
        let is_bare = to.transforms.is_empty() && !from.transforms.is_empty();
        let transforms = (!to.transforms.is_empty()).then_some(to.transforms);
        let call = self.account.balancers().modify_rule();
        let call = call
            .rule_arn(arn)
            .set_conditions(Some(to.conditions))
            .set_actions(Some(to.actions))
            .set_transforms(transforms)
            .set_reset_transforms(is_bare.then_some(true))
            .send();
        let answer = self.attempt(ACTION, about, call).await?;
        let answer = answer.map_err(|error| error::write(&error, ACTION, about))?;
        if let Some(changed) = answer.rules.unwrap_or_default().into_iter().next() {
            let change = |there: &mut Option<Listing>| {
                there.get_or_insert_default().put(changed, None);
            };
            self.shown().listings.wrote(resource(&listener), change);
        }
        Ok(())
    }

    /// Gone already is success.
    async fn delete_preview(&self, arn: &str) -> Result<(), TargetError> {
        const ACTION: &str = "elasticloadbalancing:DeleteRule";
        let call = self.account.balancers().delete_rule().rule_arn(arn).send();
        match self.write(ACTION, resource(arn), call).await {
            Ok(_) => {}
            Err(error) if error.kind == TargetErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        let listener = listener::of(&RuleConfig::Rule(arn.to_owned())).unwrap_or_default();
        let change = |there: &mut Option<Listing>| {
            if let Some(there) = there {
                there.remove(arn);
            }
        };
        self.shown().listings.wrote(resource(&listener), change);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
