//! What every router can do, as pure functions over whole objects.

mod destination;
#[cfg(test)]
mod examples;
#[cfg(test)]
pub(crate) mod fixture;
mod gateway;
mod ingress;
mod istio;
mod problem;
#[cfg(test)]
mod properties;
mod rules;
mod service_selector;
mod switch;

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::time::Duration;

use serde_json::Value;
use strategy_core::target::{Finding, TargetErrorKind};
use strategy_core::{Tracks, Traffic, Weight};
use thiserror::Error;

use crate::config::RouterConfig;
use crate::object::{ObjectRef, Objects};

/// The router that a configuration names.
pub(crate) fn of(config: &RouterConfig) -> Box<dyn Router> {
    match config {
        RouterConfig::ServiceSelector(router) => Box::new(router.clone()),
        RouterConfig::Istio(router) => Box::new(router.clone()),
        RouterConfig::Gateway(router) => Box::new(router.clone()),
        RouterConfig::Ingress(router) => Box::new(router.clone()),
    }
}

/// Pure: objects in, facts or changed objects out. No network, no clock.
///
/// `restore(read(o).owned)` on any later state of the same objects gives back exactly what `read`
/// saw in `o`, and leaves everything outside the router's own part alone.
pub(crate) trait Router: Debug + Send + Sync {
    /// The objects it reads and may write, in a fixed order.
    fn objects(&self) -> Vec<ObjectRef>;

    /// The versions of its API in which one of [`objects`](Self::objects) is understood, the one to be
    /// taken first at the front; discovery asks the server which of them there is, and from then on the
    /// object goes by that one. None: it is of the version that it names.
    fn versions(&self, object: &ObjectRef) -> &'static [&'static str] {
        let _ = object;
        &[]
    }

    /// Objects that only what was read names and whose state tells whether traffic flows as written,
    /// such as the Gateways of a route. They are read all along and never written.
    fn carriers(&self, objects: &Objects) -> Vec<ObjectRef> {
        let _ = objects;
        Vec::new()
    }

    /// Of which kinds these can be.
    fn carrier_kinds(&self) -> Vec<ObjectRef> {
        Vec::new()
    }

    /// Whether those who carry out what is written say that they do, as far as they can be asked.
    fn is_carried(&self, objects: &Objects) -> bool {
        let _ = objects;
        true
    }

    /// Fields that traffic like this needs, and that not every definition of the objects has: a server
    /// drops what it does not know without a word.
    fn needs(&self, traffic: &Traffic) -> Vec<Needed> {
        let _ = traffic;
        Vec::new()
    }

    /// Of the whole part ([`RouterState::owned`]) that which stands in one of its objects.
    fn part_of<'a>(&self, owned: &'a Value, object: &ObjectRef) -> &'a Value {
        let _ = object;
        owned
    }

    /// Objects that only what was read names, such as the Service behind the host of a route. They
    /// are read for `check` alone and never written.
    fn referred(&self, objects: &Objects) -> Vec<ObjectRef> {
        let _ = objects;
        Vec::new()
    }

    /// Of which kinds these can be.
    fn referred_kinds(&self) -> Vec<ObjectRef> {
        Vec::new()
    }

    /// Whether requests are sent to Services of the target's `namespace` whose EndpointSlices are asked for, or may be.
    fn has_backends(&self, namespace: &str) -> bool;

    /// The Services of the target's `namespace` that requests for a track are sent to, as far as the objects tell
    /// which these are; of no objects, those that are known without them. Whoever sends requests knows of pods by
    /// the EndpointSlices of these alone. One of another namespace is not among them, since nothing of it is read.
    /// None: what is known of the pods of that track cannot be seen.
    fn backends_by_track(
        &self,
        objects: &Objects,
        tracks: &TrackLabels,
        namespace: &str,
    ) -> Tracks<Vec<ObjectRef>> {
        let _ = (objects, tracks, namespace);
        Tracks::default()
    }

    /// Kinds of which it is shown every object of the namespace, whatever its name; those that are not
    /// among its objects are never written.
    fn kinds(&self) -> Vec<ObjectRef> {
        Vec::new()
    }

    /// The classes that its objects name, which are objects of the whole cluster, each with the one that
    /// names it: an IngressClass and its Ingress.
    fn classes(&self, objects: &Objects) -> BTreeMap<ObjectRef, ObjectRef> {
        let _ = objects;
        BTreeMap::new()
    }

    /// What traffic is written, from the objects as they are.
    ///
    /// Works in the middle of a rollout as well as before one.
    fn read(&self, objects: &Objects, tracks: &TrackLabels) -> Result<RouterState, RouterError>;

    /// The same while a rollout works with them, when what somebody made of them is a change to be
    /// answered and no reason to see nothing any more.
    ///
    /// # Errors
    /// Where not even that can be told.
    fn read_bound(
        &self,
        objects: &Objects,
        tracks: &TrackLabels,
    ) -> Result<RouterState, RouterError> {
        self.read(objects, tracks)
    }

    /// Whole objects changed so that traffic is as asked; only those that differ from what is there.
    fn write(
        &self,
        objects: &Objects,
        tracks: &TrackLabels,
        traffic: &Traffic,
    ) -> Result<Objects, RouterError>;

    /// Whole objects with exactly the recorded part ([`RouterState::owned`]) put back; only those
    /// that differ from what is there.
    fn restore(&self, objects: &Objects, recorded: &Value) -> Result<Objects, RouterError>;

    /// What stands in the way or is worth knowing, before anything is written: a selector that would
    /// match nothing, pods of one track that the other's selector or subset selects too, a route
    /// without the destination.
    fn check(&self, objects: &Objects, tracks: &TrackLabels) -> Vec<Finding>;

    /// What would keep traffic like this from being written to the objects as they are, found without
    /// writing; of all that a plan may ask for, what [`capabilities`](Self::capabilities) do not tell.
    fn check_traffic(&self, objects: &Objects, traffic: &Traffic) -> Option<Finding> {
        let _ = (objects, traffic);
        None
    }

    /// What it can do.
    fn capabilities(&self) -> RouterCapabilities;

    /// Where its part of `object` stands in `managedFields`, such as `["f:spec", "f:selector"]`, to
    /// find who wrote it last. None: it writes nothing there.
    fn managed_paths(&self, object: &ObjectRef) -> &'static [&'static [&'static str]];
}

/// By what the pods of the two tracks can be told apart.
///
/// A candidate that does not exist yet is given as it will be created.
pub(crate) type TrackLabels = Tracks<PodLabels>;

/// What the pods of one track carry, and how their workload selects them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct PodLabels {
    /// The labels of the pod template.
    pub(crate) labels: BTreeMap<String, String>,
    /// `spec.selector` of the workload, whole: `matchLabels` and `matchExpressions`.
    pub(crate) selector: Value,
}

/// What a router is told at present.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RouterState {
    /// As traffic.
    pub(crate) traffic: Traffic,
    /// The exact content of every field the router owns, over all its objects: what `restore` needs,
    /// and what is compared to see whether anybody changed it.
    pub(crate) owned: Value,
    /// How long a session stays with the track it was given to; zero where there are none.
    pub(crate) sticky: Duration,
    /// What stands beside that which is read and written and sends to a track whatever the traffic, by
    /// what tells one from the others.
    pub(crate) beside: BTreeMap<String, Beside>,
    /// Why `traffic` is an assumption: what was found picks no single track.
    pub(crate) broken: Option<String>,
    /// Whether its objects do not all say the same, and `traffic` is what those say that are written last.
    pub(crate) is_partial: bool,
    /// What each object says by itself, in the order in which they are written; nothing of a router that is
    /// never given more than one to write.
    pub(crate) told: Vec<(ObjectRef, Traffic)>,
}

/// What sends to a track beside the router's own part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Beside {
    /// Where it stands.
    pub(crate) object: ObjectRef,
    /// What it does.
    pub(crate) words: String,
}

/// A field that traffic needs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Needed {
    /// Where, by any version of its API.
    pub(crate) object: ObjectRef,
    /// As people write it, `[]` for the elements of a list: `spec.rules[].name`.
    pub(crate) field: &'static str,
    /// What of the traffic needs it.
    pub(crate) by: &'static str,
    /// What to do where there is none.
    pub(crate) mend: &'static str,
}

/// What a router can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RouterCapabilities {
    /// The smallest step of a weight.
    pub(crate) granularity: Weight,
    /// Requests can be sent to the candidate by header.
    pub(crate) header_routes: bool,
    /// Requests can be sent to the candidate by cookie.
    pub(crate) cookie_routes: bool,
    /// Requests can be copied to the candidate.
    pub(crate) mirror: bool,
    /// Whether the cluster's EndpointSlices tell when traffic flows as written.
    pub(crate) by_endpoints: bool,
}

/// Why a router cannot read or write its objects.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{message}; {mend}")]
pub(crate) struct RouterError {
    /// By what a caller would do about it: `NotFound`, `InvalidConfig`, `Ambiguous`, `Unsupported`.
    pub(crate) kind: TargetErrorKind,
    /// What it is about, such as `virtualservice/api`.
    pub(crate) resource: String,
    /// What was found, in one sentence without its full stop.
    pub(crate) message: String,
    /// What to do about it, in one sentence without its full stop.
    pub(crate) mend: String,
}
