//! Preview rules: rules of our own that send requests to the candidate by a header or a cookie, each before the rule
//! whose requests it takes. What there is of them. Pure.
//!
//! A preview rule asks for what the rule of the configuration asks for and for the header, does what that one does
//! before it forwards, and forwards to the candidate alone. Tags tell whose it is and in which place: the rule that it
//! belongs to, and a number that counts the routes.

mod condition;
mod described;
mod halfway;
mod place;
mod planned;

use std::collections::BTreeMap;

use aws_sdk_elasticloadbalancingv2::types::{Action, Rule, RuleCondition, RuleTransform, Tag};
use strategy_core::target::{TargetError, TargetErrorKind};
use strategy_core::{Route, RouteBy};

pub(crate) use self::condition::of_route;
pub(crate) use self::halfway::{Short, told};
pub(crate) use self::place::free;
pub(crate) use self::planned::{Call, Situation, too_many};
use crate::binding::{Bound, BoundRule};
use crate::config::{RuleConfig, resource};
use crate::digest::digest;
use crate::error::found;
use crate::forward::{Forward, Group};
use crate::listener;
use crate::owned::Fields;

/// The tag that tells which rule a preview rule belongs to, and which of its routes it is.
pub(crate) const PREVIEW: &str = "rollway.dev/preview";

/// How many there may be at once: what is noted about each must fit into one tag.
pub(crate) const MOST: usize = 12;

/// How many routes there may be: they are counted by one digit.
pub(crate) const MOST_ROUTES: usize = 10;

/// Hexadecimal digits of a digest: twelve of them, from and to, fit into one tag.
const DIGITS: usize = 6;

/// What keeps a route from being had: under which code it is found, what is there, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) code: &'static str,
    pub(crate) message: String,
    pub(crate) mend: String,
}

impl Problem {
    fn new(code: &'static str, message: impl Into<String>, mend: &str) -> Self {
        Self {
            code,
            message: message.into(),
            mend: mend.to_owned(),
        }
    }

    pub(crate) fn error(&self, rule: &str) -> TargetError {
        let (kind, action) = (
            TargetErrorKind::Unsupported,
            "elasticloadbalancing:CreateRule",
        );
        found(
            kind,
            action,
            rule,
            format!("{}; {}", self.message, self.mend),
        )
    }
}

/// One place for a preview rule: which rule of the configuration, and which route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Slot {
    pub(crate) rule: usize,
    pub(crate) route: usize,
}

impl Slot {
    /// As a field of [`Fields`].
    pub(crate) fn field(self) -> String {
        format!("p{}{}", self.rule, self.route)
    }

    pub(crate) fn of_field(name: &str) -> Option<Self> {
        let mut digits = name.strip_prefix('p')?.chars().map(|of| of.to_digit(10));
        let mut next = || usize::try_from(digits.next()??).ok();
        let (rule, route) = (next()?, next()?);
        Some(Self { rule, route })
    }

    /// As the tag has it, and where.
    fn tag(rule: &RuleConfig, route: usize) -> String {
        let name = match rule {
            RuleConfig::Rule(arn) => arn.rsplit('/').next().unwrap_or_default(),
            RuleConfig::ListenerDefault(_) => "default",
        };
        format!("{name}/{route}")
    }
}

/// A rule of a listener that has our tag.
#[derive(Clone, Debug, PartialEq)]
struct Preview {
    slot: Slot,
    rule: Rule,
}

/// What there is on the listeners.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Previews {
    /// All rules, by listener.
    listeners: BTreeMap<String, Vec<Rule>>,
    /// Those that are ours; of two in one place the one whose turn comes first is first.
    ours: Vec<Preview>,
}

/// What a preview rule asks for and does.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Content {
    pub(crate) conditions: Vec<RuleCondition>,
    pub(crate) actions: Vec<Action>,
    pub(crate) transforms: Vec<RuleTransform>,
}

impl Content {
    pub(crate) fn of(rule: &Rule) -> Self {
        Self {
            conditions: rule.conditions().iter().map(described::plain).collect(),
            actions: rule.actions().to_vec(),
            transforms: rule.transforms().to_vec(),
        }
    }

    /// What a route makes of a rule.
    ///
    /// # Errors
    /// When it cannot be had.
    pub(crate) fn made(candidate: &str, production: &Rule, route: &Route) -> Result<Self, Problem> {
        let mut content = Self::of(production);
        if production.is_default() == Some(true) {
            content.conditions.clear();
        }
        let is_taken = |of: &RuleCondition| {
            let name = of.http_header_config().and_then(|of| of.http_header_name());
            name.is_some_and(|name| name.eq_ignore_ascii_case(condition::header(route)))
                && route.by == RouteBy::Header
                && !is_met(of, route)
        };
        if content.conditions.iter().any(is_taken) {
            return Err(Problem::new(
                "header-taken",
                "it asks for another value of that header already, so no request would meet both",
                "choose another header",
            ));
        }
        content.conditions.push(of_route(route)?);
        condition::check(&content.conditions)?;
        if content
            .actions
            .iter()
            .any(|action| action.authenticate_oidc_config.is_some())
        {
            return Err(Problem::new(
                "preview-needs-secret",
                "it authenticates by OIDC, and a rule that does the same would need the client secret, which nobody can read",
                "leave the route out, or authenticate by Cognito, by JWT or in the service",
            ));
        }
        let groups = vec![Group {
            arn: candidate.to_owned(),
            weight: 1,
        }];
        let forward = Forward {
            groups,
            stickiness: None,
        };
        content.actions = forward.write(&content.actions).map_err(|refusal| {
            Problem::new("preview-conditions", refusal.message, &refusal.mend)
        })?;
        Ok(content)
    }

    /// Short, and another for another content.
    fn digest(&self, is_before: bool) -> String {
        digest(&format!("{} {is_before}", self.text()), DIGITS)
    }

    /// All of it that would be noticed if it changed.
    fn text(&self) -> String {
        let mut conditions: Vec<String> = self.conditions.iter().map(described::text).collect();
        conditions.sort();
        let actions = described::actions(&self.actions);
        let forward = Forward::read(&self.actions).map(|forward| forward.groups);
        let groups = serde_json::to_string(&forward.unwrap_or_default()).unwrap_or_default();
        let transforms: Vec<String> = self.transforms.iter().map(described::transform).collect();
        format!("{conditions:?} {actions:?} {groups} {transforms:?}")
    }

    /// Whether it does and asks for the same.
    pub(crate) fn is(&self, other: &Self) -> bool {
        self.text() == other.text()
    }

    pub(crate) fn reaches(&self, group: &str) -> bool {
        let forward = Forward::read(&self.actions);
        forward.is_ok_and(|forward| forward.weight(group).is_some_and(|weight| weight > 0))
    }
}

/// Whether it is worth a look at its tags: a preview rule looks at a header, or was changed and still forwards to one of
/// these target groups.
pub(crate) fn may_be_one(rule: &Rule, groups: [&str; 2]) -> bool {
    let mut conditions = rule.conditions().iter();
    let looks = conditions.any(|of| of.field() == Some(described::HTTP_HEADER));
    let content = Content::of(rule);
    rule.is_default() != Some(true) && (looks || groups.iter().any(|group| content.reaches(group)))
}

/// The routes of a part, and whether every rule has them.
struct Routes {
    routes: Vec<Route>,
    agree: bool,
}

impl Previews {
    /// From all rules of the listeners, and the tags of those that may be ours.
    pub(crate) fn new(
        bound: &Bound,
        listeners: BTreeMap<String, Vec<Rule>>,
        tags: &BTreeMap<String, Vec<Tag>>,
    ) -> Self {
        let mut ours = Vec::new();
        for (index, of) in bound.rules.iter().enumerate() {
            let Some(rules) = listener::of(&of.rule).and_then(|listener| listeners.get(&listener))
            else {
                continue;
            };
            for route in 0..MOST_ROUTES {
                let tag = Slot::tag(&of.rule, route);
                let is_it = |rule: &&Rule| {
                    let tags = rule.rule_arn().and_then(|arn| tags.get(arn));
                    tags.is_some_and(|tags| preview_tag(tags) == Some(&tag))
                };
                let slot = Slot { rule: index, route };
                let mut found: Vec<Preview> = rules
                    .iter()
                    .filter(is_it)
                    .map(|rule| Preview {
                        slot,
                        rule: rule.clone(),
                    })
                    .collect();
                found.sort_by_key(|preview| listener::turn(&preview.rule));
                ours.extend(found);
            }
        }
        Self { listeners, ours }
    }

    fn rules(&self, rule: &RuleConfig) -> &[Rule] {
        let listener = listener::of(rule);
        let rules = listener.and_then(|listener| self.listeners.get(&listener));
        rules.map_or(&[], Vec::as_slice)
    }

    fn is_ours(&self, rule: &Rule) -> bool {
        let mut ours = self.ours.iter();
        ours.any(|preview| preview.rule.rule_arn() == rule.rule_arn())
    }

    /// Whether it stands before the rule that it belongs to.
    fn is_before(&self, bound: &Bound, preview: &Preview) -> bool {
        let production = &bound.rules[preview.slot.rule].rule;
        let there = listener::find(self.rules(production), production);
        there.is_none_or(|there| listener::turn(&preview.rule) < listener::turn(there))
    }

    /// What is owned of them.
    pub(crate) fn fields(&self, bound: &Bound, fields: &mut Fields) {
        for preview in &self.ours {
            let text = Content::of(&preview.rule).digest(self.is_before(bound, preview));
            let field = fields.0.entry(preview.slot.field());
            // A second one in the same place is none of our making.
            field.and_modify(|text| text.push('+')).or_insert(text);
        }
    }

    /// The routes that each rule has, by the preview rules that stand before it.
    fn lists(&self, bound: &Bound) -> Vec<Vec<Route>> {
        let candidate = bound.groups().candidate;
        let rules = bound.rules.iter().enumerate();
        let list = |(index, of): (usize, &BoundRule)| {
            let production = listener::find(self.rules(&of.rule), &of.rule);
            let ours = self
                .ours
                .iter()
                .filter(|preview| preview.slot.rule == index);
            let reaching = ours.filter(|preview| {
                Content::of(&preview.rule).reaches(candidate) && self.is_before(bound, preview)
            });
            let there: BTreeMap<usize, Route> = reaching
                .map(|preview| (preview.slot.route, route(production, &preview.rule)))
                .collect();
            there.into_values().collect()
        };
        rules.map(list).collect()
    }

    /// The routes, as the preview rules have them; of rules that differ, those of the first that has any.
    fn routes(&self, bound: &Bound) -> Routes {
        let lists = self.lists(bound);
        let some = lists.iter().find(|routes| !routes.is_empty());
        let routes = some.cloned().unwrap_or_default();
        let agree = lists.iter().all(|list| *list == routes);
        Routes { routes, agree }
    }

    fn all_routes(&self, bound: &Bound) -> Vec<Route> {
        self.lists(bound).into_iter().flatten().collect()
    }
}

fn preview_tag(tags: &[Tag]) -> Option<&String> {
    let mut tags = tags.iter();
    tags.find(|tag| tag.key.as_deref() == Some(PREVIEW))?
        .value
        .as_ref()
}

/// Whether a rule carries the tag of a preview rule, of whichever rule and rollout.
pub(crate) fn is_tagged(tags: &[Tag]) -> bool {
    preview_tag(tags).is_some()
}

/// Whether every request with a route meets a condition on its header.
pub(crate) fn is_met(condition: &RuleCondition, route: &Route) -> bool {
    let Some(config) = condition.http_header_config() else {
        return false;
    };
    let header = config.http_header_name().unwrap_or_default();
    let is_met = |sample: &String| {
        let mut values = config.values().iter();
        values.any(|pattern| described::is_like(pattern, sample))
    };
    header.eq_ignore_ascii_case(condition::header(route))
        && condition::samples(route).iter().all(is_met)
}

/// The route of a preview rule: the condition that it has beyond those of the rule it belongs to.
fn route(production: Option<&Rule>, preview: &Rule) -> Route {
    let known = production.map_or(&[][..], |of| of.conditions());
    let known: Vec<String> = known.iter().map(described::text).collect();
    let conditions = preview.conditions().iter();
    let own = |of: &&RuleCondition| !known.contains(&described::text(of));
    let mut routes = conditions.clone().filter(own).filter_map(condition::route);
    let any = || conditions.clone().find_map(condition::route);
    routes.next().or_else(any).unwrap_or_else(|| Route {
        by: RouteBy::Header,
        name: "(changed by hand)".to_owned(),
        value: resource(preview.rule_arn().unwrap_or_default()).to_owned(),
    })
}

#[cfg(test)]
mod tests;
