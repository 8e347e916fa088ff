//! Blue-green by the selector of a Service: one key of it picks the slot.

mod affinity;
mod pick;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use strategy_core::target::{Finding, TargetErrorKind};
use strategy_core::{Stickiness, Track, Traffic, Weight};

pub(super) use self::pick::unmatched;
use super::problem::Problem;
use super::{
    Router, RouterCapabilities, RouterError, RouterState, TrackLabels, destination, switch,
};
use crate::config::ServiceSelectorRouter;
use crate::object::{ObjectRef, Objects, map_mut};

impl Router for ServiceSelectorRouter {
    fn objects(&self) -> Vec<ObjectRef> {
        vec![self.object()]
    }

    /// The one that carries the traffic is looked at for what is effective instead.
    fn has_backends(&self, _: &str) -> bool {
        false
    }

    fn read(&self, objects: &Objects, tracks: &TrackLabels) -> Result<RouterState, RouterError> {
        let service = self.service(objects)?;
        let mut traffic = Traffic::weight(switch::whole(self.picked(service, tracks)?));
        if affinity::is_suspended(service) {
            traffic.stickiness = Stickiness::Suspended;
        }
        Ok(RouterState {
            traffic,
            owned: self.owned(service),
            sticky: affinity::duration(service),
            beside: BTreeMap::new(),
            broken: None,
            is_partial: false,
            told: Vec::new(),
        })
    }

    /// A selector that picks no single slot may pick both or none.
    fn read_bound(
        &self,
        objects: &Objects,
        tracks: &TrackLabels,
    ) -> Result<RouterState, RouterError> {
        let service = self.service(objects)?;
        let Err(problem) = self.picked(service, tracks) else {
            return self.read(objects, tracks);
        };
        let stickiness = if affinity::is_suspended(service) {
            Stickiness::Suspended
        } else {
            Stickiness::Kept
        };
        let (traffic, broken) = switch::unknown(stickiness, &problem.error.message);
        Ok(RouterState {
            traffic,
            owned: self.owned(service),
            sticky: affinity::duration(service),
            beside: BTreeMap::new(),
            broken,
            is_partial: false,
            told: Vec::new(),
        })
    }

    fn write(
        &self,
        objects: &Objects,
        tracks: &TrackLabels,
        traffic: &Traffic,
    ) -> Result<Objects, RouterError> {
        let before = self.service(objects)?;
        let service = ("a Service", "the selector of a Service picks one slot");
        let track = switch::track(traffic, &self.object(), service)?;
        let values = self.values(tracks)?;
        let mut after = before.clone();
        self.selector_of(&mut after)?
            .insert(self.key.clone(), json!(values.of(track)));
        self.must_pick(&after, tracks, track)?;
        match traffic.stickiness {
            Stickiness::Kept => affinity::resume(&mut after)?,
            Stickiness::Suspended => affinity::suspend(&mut after)?,
            _ => {
                let message = "it is not known here what is asked of its session affinity";
                let mend = "keep or suspend it";
                let kind = TargetErrorKind::Unsupported;
                return Err(self
                    .problem(kind, "traffic-unsupported", message.to_owned(), mend)
                    .into());
            }
        }
        Ok(self.if_changed(before, after))
    }

    fn restore(&self, objects: &Objects, recorded: &Value) -> Result<Objects, RouterError> {
        let before = self.service(objects)?;
        let mut after = before.clone();
        let value = recorded["selector"]
            .get(&self.key)
            .ok_or_else(|| Problem::not_ours(&self.object()))?;
        // All of it, whatever has become of it: what cannot be read can be put back too.
        let mut selector = match recorded["others"].as_object() {
            Some(others) => others.clone(),
            None => self.selector_of(&mut after)?.clone(),
        };
        selector.insert(self.key.clone(), value.clone());
        if let Some(spec) = map_mut(&mut after, "spec") {
            spec.insert("selector".to_owned(), Value::Object(selector));
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

    fn managed_paths(&self, _: &ObjectRef) -> &'static [&'static [&'static str]] {
        &[&["f:spec", "f:selector"]]
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

    /// The selector, in it the key that picks the slot, and affinity while it is suspended.
    fn owned(&self, service: &Value) -> Value {
        let selector = service["spec"]["selector"].as_object();
        let (key, others): (Map<_, _>, Map<_, _>) = selector
            .into_iter()
            .flatten()
            .map(|(key, value)| (key.clone(), value.clone()))
            .partition(|(key, _)| *key == self.key);
        let mut owned = json!({ "selector": key, "others": others });
        if let (Some(affinity), Value::Object(owned)) = (affinity::owned(service), &mut owned) {
            owned.insert("affinity".to_owned(), affinity);
        }
        owned
    }

    fn warnings(&self, service: &Value) -> Vec<Finding> {
        let resource = self.object().to_string();
        let spec = &service["spec"];
        let mut findings = Vec::from_iter(destination::not_ready(&self.object(), service));
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
