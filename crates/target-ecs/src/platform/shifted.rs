//! The rules that Amazon ECS shifts by itself, held against how far it was let go: weights that are another's are
//! somebody's hand. While ECS writes them nothing can be told; it does not while it waits for an answer of ours, and
//! before a deployment begins. Pure.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use strategy_core::Weight;

use super::hooks::{granted, pending};
use super::situation::Situation;
use crate::config::RuleConfig;
use crate::forward::Forward;

/// A rule that production traffic comes by, as it was at the start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Shifted {
    pub(crate) rule: RuleConfig,
    /// The target group that had all of it, and the one that the release gets: they change roles with each.
    pub(crate) stable: String,
    pub(crate) candidate: String,
}

/// What a rule does now; `None`: it is gone.
pub(crate) type Now = Option<Forward>;

/// The least difference that is one: how ECS rounds what it writes is said nowhere.
const LEAST: u16 = 100;

/// For so long after it was asked for the next step what ECS wrote for the last one may be told late.
const LATE: Duration = Duration::from_secs(60);

impl Shifted {
    /// Of a rule that sends everything to one of these two groups; `None`: it does not.
    pub(crate) fn of(rule: RuleConfig, forward: &Forward, groups: [&str; 2]) -> Option<Self> {
        let [one, other] = groups;
        let (stable, candidate) = match (forward.weight(one)?, forward.weight(other)?) {
            (1.., 0) => (one, other),
            (0, 1..) => (other, one),
            (_, _) => return None,
        };
        Some(Self {
            rule,
            stable: stable.to_owned(),
            candidate: candidate.to_owned(),
        })
    }

    /// The release's share; `None`: not all of it is between the two.
    fn share(&self, now: &Forward) -> Option<Weight> {
        let all: u64 = now.groups.iter().map(|group| u64::from(group.weight)).sum();
        let stable = u64::from(now.weight(&self.stable)?);
        let candidate = u64::from(now.weight(&self.candidate)?);
        if all == 0 || stable + candidate != all {
            return None;
        }
        let points = candidate * u64::from(Weight::FULL.basis_points()) / all;
        Weight::from_basis_points(u16::try_from(points).ok()?).ok()
    }
}

/// Somebody's hand on a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hand {
    /// The rule, as findings name it.
    pub(crate) rule: String,
    /// The release's share by it; `None`: it sends elsewhere too, or is gone.
    pub(crate) share: Option<Weight>,
}

impl Hand {
    /// As a field of what is owned tells it.
    pub(crate) fn text(&self) -> String {
        match self.share {
            Some(share) => share.basis_points().to_string(),
            None => "elsewhere".to_owned(),
        }
    }
}

/// The first hand; `None`: there is none, or it cannot be told now.
pub(crate) fn hand(situation: &Situation<'_>) -> Option<Hand> {
    let allowed = allowed(situation)?;
    let rules = situation.bound.shifted.iter().zip(&situation.seen.rules);
    for (of, now) in rules {
        let share = now.as_ref().and_then(|now| of.share(now));
        let is_ours = share.is_some_and(|share| allowed.iter().any(|aim| is_near(share, *aim)));
        if !is_ours {
            let rule = of.rule.resource();
            return Some(Hand { rule, share });
        }
    }
    None
}

/// Nothing and all are exact.
fn is_near(share: Weight, aim: Weight) -> bool {
    let (share, aim) = (share.basis_points(), aim.basis_points());
    let is_end = |points| points == 0 || points == Weight::FULL.basis_points();
    share == aim || !is_end(share) && !is_end(aim) && share.abs_diff(aim) <= LEAST
}

/// The shares that the release may have by what was let go; `None`: ECS may be writing.
fn allowed(situation: &Situation<'_>) -> Option<Vec<Weight>> {
    let schedule = situation.schedule()?;
    let Some(pending) = pending(situation) else {
        let is_before = situation.ours().is_none() && !situation.goes_forward();
        return (is_before && situation.is_untouched()).then(|| vec![Weight::ZERO]);
    };
    let granted = granted(situation, schedule);
    let mut allowed = vec![schedule.weight_after(granted)];
    if granted > 0 && is_fresh(situation, pending, schedule.hook_minutes) {
        allowed.push(schedule.weight_after(granted - 1));
    }
    // It may have been answered, and be told as waiting all the same.
    let noted = situation.noted.as_ref().and_then(|of| of.answer.as_ref());
    if let Some(answer) = noted.filter(|answer| answer.hook == pending) {
        allowed.push(schedule.weight_after(answer.step));
    }
    Some(allowed)
}

/// The hook has not waited for long.
fn is_fresh(situation: &Situation<'_>, hook: &str, minutes: u16) -> bool {
    let details = situation.deployment().map(|of| of.lifecycle_hook_details());
    let mut details = details.unwrap_or_default().iter();
    let hook = details.find(|of| of.hook_id() == Some(hook));
    let Some(expires) = hook.and_then(|of| of.expires_at()) else {
        return true;
    };
    let began = expires.as_secs_f64() - f64::from(minutes) * 60.0;
    situation.seen.at.as_secs_f64() - began < LATE.as_secs_f64()
}
