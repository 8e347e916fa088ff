//! The lossless edit of a rule: only the weights of our two target groups, and the stickiness, change
//! within its one forward action.
//!
//! A load balancer replaces the whole list of actions with what it is sent, so everything else is
//! sent as it was read: other actions, their order, target groups of others.

use std::collections::BTreeSet;

use aws_sdk_elasticloadbalancingv2::types::{
    Action, ActionTypeEnum, ForwardActionConfig, TargetGroupStickinessConfig, TargetGroupTuple,
};
use serde::{Deserialize, Serialize};

/// The most target groups that one action may have; a quota that is not adjustable.
pub(crate) const MOST_GROUPS: usize = 5;

/// What a forward action does: the whole of it that we compare, write and put back. What makes no difference to
/// requests makes none in comparisons: see [`Forward::canonical`].
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Forward {
    /// The target groups in order, ours and others'.
    pub(crate) groups: Vec<Group>,
    /// `None`: not told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) stickiness: Option<Sticky>,
}

impl PartialEq for Forward {
    fn eq(&self, other: &Self) -> bool {
        let (one, other) = (self.canonical(), other.canonical());
        one.groups == other.groups && one.stickiness == other.stickiness
    }
}

impl Eq for Forward {}

/// A target group of an action.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Group {
    pub(crate) arn: String,
    pub(crate) weight: u32,
}

/// Whether clients stay with the target group they were sent to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Sticky {
    pub(crate) enabled: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) seconds: Option<i32>,
}

impl Sticky {
    pub(crate) fn is_on(sticky: Option<Self>) -> bool {
        sticky.is_some_and(|sticky| sticky.enabled)
    }
}

/// Why the actions of a rule cannot be worked with: what is there, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) message: String,
    pub(crate) mend: String,
}

impl Refusal {
    fn new(message: impl Into<String>, mend: &str) -> Self {
        Self {
            message: message.into(),
            mend: mend.to_owned(),
        }
    }
}

fn is_forward(action: &Action) -> bool {
    action.r#type == Some(ActionTypeEnum::Forward)
}

/// The one forward action. An action that the SDK does not know would be lost when it is written back.
fn the_forward(actions: &[Action]) -> Result<&Action, Refusal> {
    for action in actions {
        let kind = action.r#type.as_ref().map_or("", ActionTypeEnum::as_str);
        if !ActionTypeEnum::values().contains(&kind) {
            return Err(Refusal::new(
                format!(
                    "it has an action of type `{kind}`, which this version does not know and would lose"
                ),
                "use a version of Rollway with a newer AWS SDK",
            ));
        }
    }
    let mut forwards = actions.iter().filter(|action| is_forward(action));
    match (forwards.next(), forwards.next()) {
        (Some(forward), None) => Ok(forward),
        (None, _) => Err(Refusal::new(
            "it forwards to no target group",
            "give it a forward action to stable's target group",
        )),
        (Some(_), Some(_)) => Err(Refusal::new(
            "it has several forward actions",
            "leave one of them",
        )),
    }
}

impl Forward {
    /// What the rule with these actions does.
    pub(crate) fn read(actions: &[Action]) -> Result<Self, Refusal> {
        let forward = the_forward(actions)?;
        let config = forward.forward_config.as_ref();
        let tuples = config.and_then(|config| config.target_groups.as_deref());
        let tuples = tuples.unwrap_or_default();
        let alone = tuples.len() <= 1;
        let mut groups = Vec::new();
        for tuple in tuples {
            let arn = tuple.target_group_arn.clone().unwrap_or_default();
            // The weight of a target group that is alone says nothing, and may be left out.
            let weight = tuple.weight.or_else(|| alone.then_some(1));
            let weight = weight.and_then(|weight| u32::try_from(weight).ok());
            let Some(weight) = weight.filter(|_| !arn.is_empty()) else {
                return Err(Refusal::new(
                    format!("target group `{arn}` has no weight that can be read"),
                    "give every target group of the action a weight",
                ));
            };
            groups.push(Group { arn, weight });
        }
        if let (true, Some(arn)) = (groups.is_empty(), &forward.target_group_arn) {
            let (arn, weight) = (arn.clone(), 1);
            groups.push(Group { arn, weight });
        }
        let arns: BTreeSet<&str> = groups.iter().map(|group| group.arn.as_str()).collect();
        if arns.len() < groups.len() {
            return Err(Refusal::new(
                "a target group is in its forward action twice",
                "leave it once",
            ));
        }
        let stickiness = config.and_then(|config| config.target_group_stickiness_config.as_ref());
        Ok(Self {
            stickiness: stickiness.map(|sticky| Sticky {
                enabled: sticky.enabled.unwrap_or(false),
                seconds: sticky.duration_seconds,
            }),
            groups,
        })
    }

    /// The same in the one form that equal ones have: target groups by ARN, since a load balancer keeps them in an
    /// order of its own, and no time for stickiness that is off.
    pub(crate) fn canonical(&self) -> Self {
        let mut groups = self.groups.clone();
        groups.sort_by(|one, other| one.arn.cmp(&other.arn));
        let stickiness = self.stickiness.filter(|sticky| sticky.enabled);
        Self { groups, stickiness }
    }

    /// The same actions with this in their forward action.
    pub(crate) fn write(&self, actions: &[Action]) -> Result<Vec<Action>, Refusal> {
        the_forward(actions)?;
        let edited = actions.iter().map(|action| {
            let mut action = action.clone();
            if is_forward(&action) {
                // Beside several target groups the load balancer refuses it.
                action.target_group_arn = None;
                action.forward_config = Some(self.config());
            }
            // A client secret is never read back: without this word for it, it would be missing.
            if let Some(oidc) = &mut action.authenticate_oidc_config
                && oidc.client_secret.is_none()
            {
                oidc.use_existing_client_secret = Some(true);
            }
            action
        });
        Ok(edited.collect())
    }

    fn config(&self) -> ForwardActionConfig {
        let tuples = self.groups.iter().map(|group| {
            TargetGroupTuple::builder()
                .target_group_arn(&group.arn)
                .weight(i32::try_from(group.weight).unwrap_or(i32::MAX))
                .build()
        });
        let stickiness = self.stickiness.map(|sticky| {
            TargetGroupStickinessConfig::builder()
                .enabled(sticky.enabled)
                .set_duration_seconds(sticky.seconds)
                .build()
        });
        ForwardActionConfig::builder()
            .set_target_groups(Some(tuples.collect()))
            .set_target_group_stickiness_config(stickiness)
            .build()
    }

    /// The weight of a target group; `None` if it is not in the action.
    pub(crate) fn weight(&self, arn: &str) -> Option<u32> {
        let group = self.groups.iter().find(|group| group.arn == arn);
        group.map(|group| group.weight)
    }

    /// Sets a target group's weight; one that is not in the action is put at its end.
    pub(crate) fn set(&mut self, arn: &str, weight: u32) {
        match self.groups.iter_mut().find(|group| group.arn == arn) {
            Some(group) => group.weight = weight,
            None => self.groups.push(Group {
                arn: arn.to_owned(),
                weight,
            }),
        }
    }

    /// The same with the target group in the action, at weight 0 where it was not.
    #[must_use]
    pub(crate) fn wired(&self, arn: &str) -> Self {
        let mut wired = self.clone();
        if wired.weight(arn).is_none() {
            wired.set(arn, 0);
        }
        wired
    }

    /// The same without the target group, if it is there at weight 0.
    pub(crate) fn unwired(&self, arn: &str) -> Option<Self> {
        let mut unwired = self.clone();
        unwired
            .groups
            .retain(|group| group.arn != arn || group.weight > 0);
        (unwired != *self).then_some(unwired)
    }

    /// How long clients stay with a target group, in seconds; 0 where they do not.
    pub(crate) fn sticky_seconds(&self) -> u64 {
        let on = self.stickiness.filter(|sticky| sticky.enabled);
        let seconds = on.and_then(|sticky| sticky.seconds).unwrap_or(0);
        u64::try_from(seconds).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests;
