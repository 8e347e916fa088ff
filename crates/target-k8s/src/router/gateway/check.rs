//! What stands in the way of a canary by Gateway API, or is worth knowing, before anything is written.

use std::collections::BTreeMap;

use serde_json::Value;
use strategy_core::Track;
use strategy_core::target::{Finding, TargetErrorKind};

use super::route::{Reader, Split, identity, named};
use super::{RouteRead, agreed, backend, parent, preview, session};
use crate::object::Objects;
use crate::router::problem::Problem;
use crate::router::rules::list;
use crate::router::{Beside, TrackLabels};

pub(super) fn findings(
    readers: &[Reader<'_>],
    objects: &Objects,
    tracks: &TrackLabels,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Err(problem) = rules_are_there(readers) {
        findings.push(problem.into());
    }
    let mut routes = Vec::new();
    for reader in readers {
        findings.extend(parent::doubts(reader, objects));
        findings.extend(parent::unread(reader));
        match RouteRead::of(*reader) {
            Ok(route) => {
                findings.extend(of_route(reader, &route.splits, objects, tracks));
                routes.push(route);
            }
            Err(problem) => findings.push(problem.into()),
        }
    }
    if let Err(problem) = agreed(&routes) {
        findings.push(problem.into());
    }
    // One missing Service behind many rules is one finding, as is a Gateway of many routes.
    let mut told = Vec::new();
    for finding in findings {
        if !told.contains(&finding) {
            told.push(finding);
        }
    }
    told
}

fn of_route(
    reader: &Reader<'_>,
    splits: &[Split],
    objects: &Objects,
    tracks: &TrackLabels,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    for split in splits {
        for track in Track::ALL {
            findings.extend(backend::findings(reader, objects, tracks, split, track));
            findings.extend(backend::not_ready(reader, objects, split, track));
        }
        let rule = &reader.rules()[split.rule];
        if session::is_kept(rule) && session::longest(rule).is_none() {
            findings.push(Finding::blocks(
                "session-without-end",
                reader.object.to_string(),
                format!(
                    "{} keeps sessions with one backend and gives them no end, so a track could never be taken to be left",
                    named(split.rule, rule)
                ),
                "give its `sessionPersistence` an `absoluteTimeout`",
            ));
        }
    }
    if splits.iter().any(|split| split.candidate.is_none()) {
        findings.push(Finding::warns(
            "destination-will-be-added",
            reader.object.to_string(),
            "the canary's backend is not in the rule yet; the first weight above zero adds it",
            "add it with weight 0 if your tools put the route back as they know it",
        ));
    }
    findings.extend(unsplit(reader, splits));
    findings.extend(conditional(reader, splits));
    findings
}

/// Every rule that the configuration names is in one of the routes, and once in each at most.
pub(super) fn rules_are_there(readers: &[Reader<'_>]) -> Result<(), Problem> {
    let Some(first) = readers.first() else {
        return Ok(());
    };
    for name in &first.config.rules {
        let mut is_there = false;
        for reader in readers {
            let rules = reader.rules().iter();
            match rules.filter(|rule| rule["name"] == name.as_str()).count() {
                0 => {}
                1 => is_there = true,
                _ => {
                    return Err(reader.problem(
                        TargetErrorKind::Ambiguous,
                        "route-name-twice",
                        format!("more than one rule is named `{name}`"),
                        "give each rule a name of its own",
                    ));
                }
            }
        }
        if !is_there {
            return Err(first.problem(
                TargetErrorKind::NotFound,
                "route-not-found",
                format!("no route has a rule named `{name}`"),
                "mend `rules` in the configuration, or name the rule",
            ));
        }
    }
    Ok(())
}

/// Rules that hold one of the two backends and keep it whatever the weight.
fn unsplit(reader: &Reader<'_>, splits: &[Split]) -> Vec<Finding> {
    let findings = fixed(reader, splits).map(|(index, rule, reached)| {
        let (code, mend) = match reached {
            Reached::Candidate => (
                "route-to-canary",
                "make sure that this is meant, and that those who use it expect it to fail",
            ),
            Reached::Stable => (
                "route-to-stable",
                "give it the canary's backend with weight 0 if it should take part",
            ),
            Reached::Both => (
                "route-not-named",
                "add its name to `rules` if it should take part",
            ),
        };
        let message = format!("{} sends to {}", named(index, rule), reached.words());
        Finding::warns(code, reader.object.to_string(), message, mend)
    });
    findings.collect()
}

/// These rules by route, name and matches, since others may come to stand before them.
pub(super) fn beside(reader: &Reader<'_>, splits: &[Split]) -> BTreeMap<String, Beside> {
    let fixed = fixed(reader, splits).map(|(index, rule, reached)| {
        let object = reader.object.clone();
        let key = Value::Object(identity(rule)).to_string();
        let words = format!("{} sends to {}", named(index, rule), reached.words());
        (
            format!("{object} {key} {reached:?}"),
            Beside { object, words },
        )
    });
    fixed.collect()
}

/// Which tracks a rule reaches.
#[derive(Clone, Copy, Debug)]
enum Reached {
    Stable,
    Candidate,
    Both,
}

impl Reached {
    const fn words(self) -> &'static str {
        match self {
            Self::Candidate => "the canary, whatever the weight, also before and after the rollout",
            Self::Stable => "stable, whatever the weight",
            Self::Both => "both backends, and it is not among the configured `rules`",
        }
    }
}

fn fixed<'a>(
    reader: &'a Reader<'_>,
    splits: &'a [Split],
) -> impl Iterator<Item = (usize, &'a Value, Reached)> {
    let others = reader.rules().iter().enumerate().filter(|(index, rule)| {
        !preview::is_ours(rule) && !splits.iter().any(|split| split.rule == *index)
    });
    others.filter_map(|(index, rule)| {
        let holds = |track| {
            list(&rule["backendRefs"])
                .iter()
                .any(|entry| matches!(reader.track_of(entry), Ok(Some(of)) if of == track))
        };
        let reached = match (holds(Track::Stable), holds(Track::Candidate)) {
            (false, false) => return None,
            (false, true) => Reached::Candidate,
            (true, false) => Reached::Stable,
            (true, true) => Reached::Both,
        };
        Some((index, rule, reached))
    })
}

/// No condition at all: no match, or one that asks for nothing but any path.
fn is_catch_all(rule: &Value) -> bool {
    let is_any_path = |path: &Value| {
        path["type"].as_str().unwrap_or("PathPrefix") == "PathPrefix"
            && path["value"].as_str().unwrap_or("/") == "/"
    };
    let matches = list(&rule["matches"]);
    matches.is_empty()
        || matches.iter().any(|entry| {
            entry.as_object().is_some_and(|entry| {
                entry
                    .iter()
                    .all(|(field, condition)| field == "path" && is_any_path(condition))
            })
        })
}

/// A weight counts only for the requests that match; without a catch-all the others go elsewhere.
fn conditional(reader: &Reader<'_>, splits: &[Split]) -> Vec<Finding> {
    let rules = reader.rules();
    if splits.iter().any(|split| is_catch_all(&rules[split.rule])) {
        return Vec::new();
    }
    let rest = if rules.iter().any(is_catch_all) {
        "all others take another rule"
    } else {
        "all others have no rule here"
    };
    vec![Finding::warns(
        "route-conditional",
        reader.object.to_string(),
        format!("weights count only for requests that match the rules that are split; {rest}"),
        "add a rule without `matches` that holds both backends, if all requests should take part",
    )]
}
