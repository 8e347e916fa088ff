//! What the rules send to each track, and what they are to forward to.

use std::time::Duration;

use strategy_core::target::{TargetError, TargetErrorKind};
use strategy_core::{Stickiness, Track, Tracks, Traffic, Weight};

use crate::binding::{Bound, BoundRule};
use crate::config::{RuleConfig, resource};
use crate::error::found;
use crate::forward::{Forward, Refusal, Sticky};
use crate::weights;

/// What all rules together do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Routed {
    /// The largest share that the candidate gets by any rule.
    pub(crate) weight: Weight,
    /// What it gets by each.
    pub(crate) shares: Vec<Weight>,
    /// Every rule gives it the same.
    pub(crate) agree: bool,
    /// The longest time that a client stays with a track.
    pub(crate) sticky: Duration,
    /// Target groups that belong to neither track and get traffic: by which rule, and their ARN.
    pub(crate) strangers: Vec<(String, String)>,
}

/// A refusal of the actions of a rule, as an error about it.
pub(crate) fn refused(
    kind: TargetErrorKind,
    action: &str,
    rule: &RuleConfig,
    refusal: &Refusal,
) -> TargetError {
    let message = format!("{}; {}", refusal.message, refusal.mend);
    found(kind, action, &rule.resource(), message)
}

/// What the rules do.
///
/// # Errors
/// When a rule sends to neither track.
pub(crate) fn read(
    groups: Tracks<&str>,
    rules: &[(RuleConfig, Forward)],
) -> Result<Routed, TargetError> {
    let mut shares = Vec::new();
    let mut strangers = Vec::new();
    let mut seconds = 0;
    for (rule, forward) in rules {
        let share = weights::read(Tracks {
            stable: forward.weight(groups.stable).unwrap_or(0),
            candidate: forward.weight(groups.candidate).unwrap_or(0),
        });
        let Some(share) = share else {
            let message = format!(
                "it gives weight to neither {} nor {}, so it is not clear what is live; give it to the target group that is to serve",
                resource(groups.stable),
                resource(groups.candidate)
            );
            return Err(found(
                TargetErrorKind::Ambiguous,
                "read the weights of",
                &rule.resource(),
                message,
            ));
        };
        shares.push(share);
        seconds = forward.sticky_seconds().max(seconds);
        let others = forward.groups.iter().filter(|group| {
            group.weight > 0 && group.arn != groups.stable && group.arn != groups.candidate
        });
        strangers.extend(others.map(|group| (rule.resource(), group.arn.clone())));
    }
    let weight = shares.iter().max().copied().unwrap_or_default();
    Ok(Routed {
        weight,
        agree: shares.iter().all(|share| *share == weight),
        shares,
        sticky: Duration::from_secs(seconds),
        strangers,
    })
}

impl Routed {
    /// Whether any rule sends to a track.
    pub(crate) fn reaches(&self, track: Track) -> bool {
        self.shares.iter().any(|share| match track {
            Track::Stable => *share < Weight::FULL,
            Track::Candidate => !share.is_zero(),
        })
    }

    /// What was written, as traffic: stickiness is suspended where a rule that had it has it no more.
    pub(crate) fn traffic(&self, start: &[BoundRule], rules: &[(RuleConfig, Forward)]) -> Traffic {
        let mut traffic = Traffic::weight(self.weight);
        let mut pairs = start.iter().zip(rules);
        if pairs.any(|(start, (_, now))| {
            Sticky::is_on(start.forward.stickiness) && !Sticky::is_on(now.stickiness)
        }) {
            traffic.stickiness = Stickiness::Suspended;
        }
        traffic
    }
}

/// What one rule is to forward to.
///
/// `wired`: the candidate is to have tasks, and so its target group is in every action, at weight 0 as
/// long as it gets nothing: the targets of a group in no rule are never looked at. Where the traffic is
/// that of the start, the action of the start is put back exactly.
///
/// # Errors
/// When it cannot be written, or traffic goes to a target group of neither track.
pub(crate) fn wanted(
    bound: &Bound,
    index: usize,
    now: &Forward,
    traffic: &Traffic,
    wired: bool,
) -> Result<Forward, TargetError> {
    let BoundRule { rule, forward } = &bound.rules[index];
    let groups = bound.groups();
    let refuse = |kind, message: String| {
        let action = match rule {
            RuleConfig::Rule(_) => "elasticloadbalancing:ModifyRule",
            RuleConfig::ListenerDefault(_) => "elasticloadbalancing:ModifyListener",
        };
        Err(found(kind, action, &rule.resource(), message))
    };
    let mut by_weight = traffic.clone();
    by_weight.routes.clear();
    if by_weight == bound.traffic {
        return Ok(if wired {
            forward.wired(groups.candidate)
        } else {
            forward.clone()
        });
    }
    if !traffic.mirror.is_zero() {
        let message = "mirrored requests cannot be had here; leave them out of the plan";
        return refuse(TargetErrorKind::Unsupported, message.to_owned());
    }
    let Some(shares) = weights::written(traffic.weight) else {
        let message = format!(
            "{} is no multiple of 0.1%, the smallest step of its weights; choose one that is",
            traffic.weight
        );
        return refuse(TargetErrorKind::Unsupported, message);
    };
    if let Some(other) = now.groups.iter().find(|group| {
        group.weight > 0 && group.arn != groups.stable && group.arn != groups.candidate
    }) {
        let message = format!(
            "it sends to {} as well, which belongs to neither track; take its weight away",
            resource(&other.arn)
        );
        return refuse(TargetErrorKind::Conflict, message);
    }
    let mut wanted = now.clone();
    wanted.set(groups.stable, shares.stable);
    wanted.set(groups.candidate, shares.candidate);
    wanted.stickiness = match traffic.stickiness {
        Stickiness::Kept => forward.stickiness,
        Stickiness::Suspended => forward.stickiness.map(|sticky| Sticky {
            enabled: false,
            ..sticky
        }),
        _ => {
            let message = "this way to treat stickiness is not known here";
            return refuse(TargetErrorKind::Unsupported, message.to_owned());
        }
    };
    Ok(wanted)
}

/// Whether any rule had stickiness at the start.
pub(crate) fn was_sticky(bound: &Bound) -> bool {
    let mut rules = bound.rules.iter();
    rules.any(|rule| Sticky::is_on(rule.forward.stickiness))
}

#[cfg(test)]
mod tests;
