//! Blue-green by the selector of a Service: one key of it picks the slot.

mod affinity;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use strategy_core::target::{Finding, TargetErrorKind};
use strategy_core::{Stickiness, Track, Traffic, Weight};

use super::problem::Problem;
use super::{Router, RouterCapabilities, RouterError, RouterState, TrackLabels};
use crate::config::ServiceSelectorRouter;
use crate::object::{ObjectRef, Objects};

impl Router for ServiceSelectorRouter {
    fn objects(&self) -> Vec<ObjectRef> {
        vec![self.object()]
    }

    fn read(&self, objects: &Objects, tracks: &TrackLabels) -> Result<RouterState, RouterError> {
        let service = self.service(objects)?;
        let weight = match self.picked(service, tracks)? {
            Track::Stable => Weight::ZERO,
            Track::Candidate => Weight::FULL,
        };
        let mut traffic = Traffic::weight(weight);
        if affinity::is_suspended(service) {
            traffic.stickiness = Stickiness::Suspended;
        }
        Ok(RouterState {
            traffic,
            owned: self.owned(service),
            sticky: affinity::duration(service),
        })
    }

    fn write(
        &self,
        objects: &Objects,
        tracks: &TrackLabels,
        traffic: &Traffic,
    ) -> Result<Objects, RouterError> {
        let before = self.service(objects)?;
        let track = self.track_of(traffic)?;
        let values = self.values(tracks)?;
        let mut after = before.clone();
        self.selector_of(&mut after)?
            .insert(self.key.clone(), json!(values.of(track)));
        self.must_pick(&after, tracks, track)?;
        match traffic.stickiness {
            Stickiness::Kept => affinity::resume(&mut after)?,
            Stickiness::Suspended => affinity::suspend(&mut after)?,
        }
        Ok(self.if_changed(before, after))
    }

    fn restore(&self, objects: &Objects, recorded: &Value) -> Result<Objects, RouterError> {
        let before = self.service(objects)?;
        let mut after = before.clone();
        match recorded["selector"].get(&self.key) {
            Some(value) => {
                let value = value.clone();
                self.selector_of(&mut after)?
                    .insert(self.key.clone(), value);
            }
            None => {
                self.selector_of(&mut after)?.remove(&self.key);
            }
        }
        affinity::restore(&mut after, recorded)?;
        Ok(self.if_changed(before, after))
    }

    fn check(&self, objects: &Objects, tracks: &TrackLabels) -> Vec<Finding> {
        let service = match self.service(objects) {
            Ok(service) => service,
            Err(problem) => return vec![problem.into()],
        };
        let mut findings = Vec::new();
        if let Err(problem) = self.picked(service, tracks) {
            findings.push(problem.into());
        } else {
            for track in Track::ALL {
                if let Err(problem) = self.would_pick(service, tracks, track) {
                    findings.push(problem.into());
                }
            }
        }
        findings.extend(self.warnings(service));
        findings
    }

    fn capabilities(&self) -> RouterCapabilities {
        RouterCapabilities {
            granularity: Weight::FULL,
            header_routes: false,
            cookie_routes: false,
            mirror: false,
            by_endpoints: true,
        }
    }

    fn managed_path(&self, _: &ObjectRef) -> &'static [&'static str] {
        &["f:spec", "f:selector"]
    }
}

impl ServiceSelectorRouter {
    fn object(&self) -> ObjectRef {
        ObjectRef::service(&self.service)
    }

    fn service<'a>(&self, objects: &'a Objects) -> Result<&'a Value, Problem> {
        let object = self.object();
        objects
            .get(&object)
            .ok_or_else(|| Problem::not_found(&object))
    }

    fn problem(
        &self,
        kind: TargetErrorKind,
        code: &'static str,
        message: String,
        mend: impl Into<String>,
    ) -> Problem {
        Problem::new(kind, code, &self.object(), message, mend)
    }

    fn if_changed(&self, before: &Value, after: Value) -> Objects {
        if *before == after {
            Objects::new()
        } else {
            [(self.object(), after)].into()
        }
    }

    /// The value of the key that picks each track, told apart.
    fn values<'a>(&self, tracks: &'a TrackLabels) -> Result<Values<'a>, Problem> {
        let of = |track: Track| {
            tracks.of(track).labels.get(&self.key).ok_or_else(|| {
                self.problem(
                    TargetErrorKind::InvalidConfig,
                    "slot-label-absent",
                    format!(
                        "the pod template of {track} carries no label `{}`",
                        self.key
                    ),
                    "give each slot's pod template that label with a value of its own, or set \
                     `key` to the label that tells the slots apart",
                )
            })
        };
        let values = Values {
            stable: of(Track::Stable)?,
            candidate: of(Track::Candidate)?,
        };
        if values.stable == values.candidate {
            return Err(self.problem(
                TargetErrorKind::Ambiguous,
                "slots-alike",
                format!("both slots' pods carry `{}: {}`", self.key, values.stable),
                "give each slot's pod template a value of its own, or set `key` to the label that \
                 tells the slots apart",
            ));
        }
        Ok(values)
    }

    /// Which track the selector picks; never a default.
    fn picked(&self, service: &Value, tracks: &TrackLabels) -> Result<Track, Problem> {
        let values = self.values(tracks)?;
        let selector = self.selector(service)?;
        let known = format!(
            "`{}` (stable) or `{}` (candidate)",
            values.stable, values.candidate
        );
        let Some(value) = selector.get(&self.key) else {
            let both = Track::ALL
                .into_iter()
                .all(|track| unmatched(&selector, &tracks.of(track).labels).is_empty());
            let so = if both { ", so it picks both slots" } else { "" };
            return Err(self.problem(
                TargetErrorKind::Ambiguous,
                "selector-key-absent",
                format!("its selector has no key `{}`{so}", self.key),
                format!(
                    "set `spec.selector.{}` to the live slot's {known}",
                    self.key
                ),
            ));
        };
        let track = if value == values.stable {
            Track::Stable
        } else if value == values.candidate {
            Track::Candidate
        } else {
            return Err(self.problem(
                TargetErrorKind::Ambiguous,
                "selector-value-unknown",
                format!(
                    "its selector says `{}: {value}`, and that is neither slot",
                    self.key
                ),
                format!(
                    "set `spec.selector.{}` to the live slot's {known}",
                    self.key
                ),
            ));
        };
        self.must_pick(service, tracks, track)?;
        Ok(track)
    }

    /// Whether the selector with this track's value picks the pods of this track and only those.
    fn would_pick(
        &self,
        service: &Value,
        tracks: &TrackLabels,
        track: Track,
    ) -> Result<(), Problem> {
        let value = *self.values(tracks)?.of(track);
        let mut after = service.clone();
        self.selector_of(&mut after)?
            .insert(self.key.clone(), json!(value));
        self.must_pick(&after, tracks, track)
    }

    /// The key tells the tracks apart, so a selector that picks `track` cannot pick the other as well.
    fn must_pick(
        &self,
        service: &Value,
        tracks: &TrackLabels,
        track: Track,
    ) -> Result<(), Problem> {
        let selector = self.selector(service)?;
        let unmatched = unmatched(&selector, &tracks.of(track).labels);
        if unmatched.is_empty() {
            return Ok(());
        }
        Err(self.problem(
            TargetErrorKind::InvalidConfig,
            "selector-matches-nothing",
            format!(
                "with `{}: {}` its selector matches no pod of {track}, because {}",
                self.key,
                selector.get(&self.key).map_or("", String::as_str),
                unmatched.join(" and ")
            ),
            "take that key out of `spec.selector`, or give both slots' pods the same value of it",
        ))
    }

    fn track_of(&self, traffic: &Traffic) -> Result<Track, Problem> {
        let unsupported = |message: String, mend: &str| {
            Err(self.problem(
                TargetErrorKind::Unsupported,
                "traffic-unsupported",
                message,
                mend,
            ))
        };
        if !traffic.routes.is_empty() || !traffic.mirror.is_zero() {
            return unsupported(
                format!("a Service cannot do `{traffic}`: it knows neither routes nor mirrors"),
                "use a router that does, such as Istio",
            );
        }
        match traffic.weight {
            Weight::ZERO => Ok(Track::Stable),
            Weight::FULL => Ok(Track::Candidate),
            weight => unsupported(
                format!("the selector of a Service picks one slot, so {weight} cannot be had"),
                "ask for 0% or 100%, or use a router that splits requests",
            ),
        }
    }

    /// Its selector as text; an error where there is none, because then it picks no pods at all.
    fn selector(&self, service: &Value) -> Result<BTreeMap<String, String>, Problem> {
        if service["spec"]["type"] == "ExternalName" {
            return Err(self.problem(
                TargetErrorKind::InvalidConfig,
                "selector-absent",
                "it is of type ExternalName and picks no pods".to_owned(),
                "name the Service that the slots' pods stand behind",
            ));
        }
        service["spec"]["selector"]
            .as_object()
            .filter(|selector| !selector.is_empty())
            .and_then(|selector| {
                selector
                    .iter()
                    .map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
                    .collect()
            })
            .ok_or_else(|| {
                self.problem(
                    TargetErrorKind::InvalidConfig,
                    "selector-absent",
                    "it has no selector, so its endpoints are somebody else's to write".to_owned(),
                    format!(
                        "give it a selector with the key `{}`, or name another Service",
                        self.key
                    ),
                )
            })
    }

    fn selector_of<'a>(
        &self,
        service: &'a mut Value,
    ) -> Result<&'a mut Map<String, Value>, Problem> {
        self.selector(service)?;
        service
            .pointer_mut("/spec/selector")
            .and_then(Value::as_object_mut)
            .ok_or_else(|| Problem::not_found(&self.object()))
    }

    /// The one key of the selector, and affinity while it is suspended.
    fn owned(&self, service: &Value) -> Value {
        let selector: Map<String, Value> = service["spec"]["selector"]
            .get(&self.key)
            .map(|value| (self.key.clone(), value.clone()))
            .into_iter()
            .collect();
        let mut owned = json!({ "selector": selector });
        if let (Some(affinity), Value::Object(owned)) = (affinity::owned(service), &mut owned) {
            owned.insert("affinity".to_owned(), affinity);
        }
        owned
    }

    fn warnings(&self, service: &Value) -> Vec<Finding> {
        let resource = self.object().to_string();
        let spec = &service["spec"];
        let mut findings = Vec::new();
        if spec["publishNotReadyAddresses"] == true {
            findings.push(Finding::warns(
                "not-ready-addresses",
                resource.clone(),
                "it sends requests to pods that are not ready (`publishNotReadyAddresses`)",
                "switch that off, so that a slot is reached only when it is ready",
            ));
        }
        if spec["clusterIP"] == "None" {
            findings.push(Finding::warns(
                "headless-service",
                resource.clone(),
                "it is headless: clients keep the addresses of the old slot as long as they cache DNS",
                "keep the old slot until they have asked again, or give clients a Service with an address",
            ));
        }
        if affinity::is_suspended(service) {
            findings.push(Finding::warns(
                "affinity-suspended-before",
                resource,
                "an earlier rollout switched its session affinity off and has not switched it on again",
                format!(
                    "set `sessionAffinity` as it should be and remove the annotation `{}`",
                    affinity::ANNOTATION
                ),
            ));
        }
        findings
    }
}

/// The value of the key for each track.
#[derive(Clone, Copy, Debug)]
struct Values<'a> {
    stable: &'a String,
    candidate: &'a String,
}

impl<'a> Values<'a> {
    const fn of(&self, track: Track) -> &&'a String {
        match track {
            Track::Stable => &self.stable,
            Track::Candidate => &self.candidate,
        }
    }
}

/// In words, each key of a selector that pods with these labels do not match.
pub(super) fn unmatched(
    selector: &BTreeMap<String, String>,
    labels: &BTreeMap<String, String>,
) -> Vec<String> {
    selector
        .iter()
        .filter(|(key, value)| labels.get(*key) != Some(*value))
        .map(|(key, value)| match labels.get(key) {
            Some(label) => format!("it asks for `{key}: {value}` and they carry `{key}: {label}`"),
            None => format!("it asks for `{key}: {value}` and they carry no `{key}`"),
        })
        .collect()
}
