//! Which preview rules of ours we told a listener to have.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_elasticloadbalancingv2::types::{Rule, Tag};

use super::{A_MINUTE, Masked};
use crate::previews::{Content, is_tagged};

/// Those of ours, by ARN: number and content.
pub(crate) type Ours = BTreeMap<String, (Option<String>, Content)>;

/// The rules of a listener, and the tags of those that may be ours, by ARN.
#[derive(Clone, Debug, Default)]
pub(crate) struct Listing {
    pub(crate) rules: Vec<Rule>,
    pub(crate) tags: BTreeMap<String, Vec<Tag>>,
}

impl Listing {
    pub(crate) fn is_ours(&self, rule: &Rule) -> bool {
        let tags = rule.rule_arn().and_then(|arn| self.tags.get(arn));
        tags.is_some_and(|tags| is_tagged(tags))
    }

    /// One that was made, or changed.
    pub(crate) fn put(&mut self, rule: Rule, tags: Option<Vec<Tag>>) {
        let arn = rule.rule_arn().unwrap_or_default().to_owned();
        self.rules
            .retain(|known| known.rule_arn() != rule.rule_arn());
        self.rules.push(rule);
        if let Some(tags) = tags {
            self.tags.insert(arn, tags);
        }
    }

    pub(crate) fn remove(&mut self, arn: &str) {
        self.rules.retain(|known| known.rule_arn() != Some(arn));
        self.tags.remove(arn);
    }
}

impl Masked for Listing {
    type Told = Ours;

    const LONGEST: Option<Duration> = Some(A_MINUTE);

    fn told(there: Option<&Self>) -> Self::Told {
        let rules = there.into_iter().flat_map(|there| {
            let rules = there.rules.iter();
            rules.filter(|rule| there.is_ours(rule))
        });
        rules
            .map(|rule| {
                let arn = rule.rule_arn().unwrap_or_default().to_owned();
                (arn, (rule.priority.clone(), Content::of(rule)))
            })
            .collect()
    }

    fn is_same(one: &Self::Told, other: &Self::Told) -> bool {
        one.len() == other.len()
            && one
                .iter()
                .zip(other)
                .all(|((arn, one), (other_arn, other))| {
                    arn == other_arn && one.0 == other.0 && one.1.is(&other.1)
                })
    }

    /// The rules of others are as they were read.
    fn patched(read: Option<Self>, after: Option<&Self>) -> Option<Self> {
        let (mut read, after) = (read?, after?);
        let ours: Vec<String> = Self::told(Some(&read)).into_keys().collect();
        for arn in ours {
            read.remove(&arn);
        }
        for rule in after.rules.iter().filter(|rule| after.is_ours(rule)) {
            let tags = rule.rule_arn().and_then(|arn| after.tags.get(arn));
            read.put(rule.clone(), tags.cloned());
        }
        Some(read)
    }
}
