//! What the watches know of one part: everything an observation is made from.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;
use strategy_core::Tracks;
use strategy_core::target::TargetError;

use crate::binding::Bound;
use crate::object::{ObjectRef, Objects, WatchKey, text};
use crate::router::Router;
use crate::watch::{Contents, Running, Watches};
use crate::workload::selector;

const AUTOSCALERS: (&str, &str) = ("autoscaling/v2", "horizontalpodautoscalers");

/// What is known of one part.
#[derive(Clone, Debug)]
pub(crate) struct View {
    /// Those of the part's objects that exist.
    pub(crate) objects: Objects,
    pub(crate) replica_sets: Tracks<Vec<Arc<Value>>>,
    pub(crate) pods: Tracks<Vec<Arc<Value>>>,
    /// Of the Service that carries the traffic, where it tells when traffic is effective.
    pub(crate) slices: Option<Vec<Arc<Value>>>,
    /// Of the [backends](Router::backends_by_track) of each track; `None`: it has none that is read.
    pub(crate) backend_slices: Tracks<Option<Vec<Arc<Value>>>>,
    /// Of what was heard of longest ago.
    pub(crate) age: Duration,
}

/// The watches that one target needs, kept alive by it.
#[derive(Debug)]
pub(crate) struct Views {
    watches: Watches,
    held: Mutex<BTreeMap<WatchKey, Arc<Running>>>,
}

impl Views {
    pub(crate) fn new(watches: Watches) -> Self {
        Self {
            watches,
            held: Mutex::default(),
        }
    }

    pub(crate) const fn watches(&self) -> &Watches {
        &self.watches
    }

    /// Those of these objects that exist.
    pub(crate) async fn objects(&self, wanted: &[ObjectRef]) -> Result<Objects, TargetError> {
        let mut known = Known::default();
        self.learn(wanted.iter().map(WatchKey::of), &mut known)
            .await?;
        Ok(known.existing(wanted))
    }

    /// Adds every object of these kinds in the namespace that is not among `objects` yet.
    pub(crate) async fn add_all(
        &self,
        kinds: &[ObjectRef],
        objects: &mut Objects,
    ) -> Result<(), TargetError> {
        for kind in kinds {
            let known = self.contents(WatchKey::of(kind)).await?;
            for (name, content) in &known.objects {
                let object = ObjectRef {
                    name: name.clone(),
                    ..kind.clone()
                };
                objects
                    .entry(object)
                    .or_insert_with_key(|object| whole(object, content));
            }
        }
        Ok(())
    }

    /// All autoscalers of the namespace.
    pub(crate) async fn autoscalers(&self) -> Result<Vec<Arc<Value>>, TargetError> {
        let (api, plural) = AUTOSCALERS;
        let known = self.contents(WatchKey::all(api, plural)).await?;
        Ok(known.objects.into_values().collect())
    }

    /// Everything about a part; `slices_of`: the Service whose EndpointSlices belong to it.
    pub(crate) async fn view(
        &self,
        bound: &Bound,
        slices_of: Option<&ObjectRef>,
        router: &dyn Router,
    ) -> Result<View, TargetError> {
        let selectors = Tracks {
            stable: selector::as_text(&bound.tracks.stable.selector()),
            candidate: selector::as_text(&bound.tracks.candidate.selector()),
        };
        let slices = slices_of.map(slices);
        let wanted = bound.read_objects();
        let mut keys: Vec<_> = wanted.iter().map(WatchKey::of).collect();
        for (_, selector) in selectors.iter() {
            keys.push(replica_sets(selector));
            keys.push(pods(selector));
        }
        keys.extend(slices.clone());
        let labels = bound.labels();
        let backends =
            |objects: &Objects| router.backends_by_track(objects, &labels, &bound.namespace);
        keys.extend(with_slices(&backends(&Objects::new())));
        let mut known = Known::default();
        self.learn(keys, &mut known).await?;
        let mut objects = known.existing(&wanted);
        // What a route names now need not be what it named when the rollout began.
        let carriers = router.carriers(&objects);
        let by_track = backends(&objects);
        let mut keys = with_slices(&by_track);
        keys.extend(carriers.iter().map(WatchKey::of));
        self.learn(keys, &mut known).await?;
        objects.extend(known.existing(&carriers));
        Ok(View {
            objects,
            replica_sets: each(&selectors, |selector| known.all(&replica_sets(selector))),
            pods: each(&selectors, |selector| known.all(&pods(selector))),
            slices: slices.as_ref().map(|key| known.all(key)),
            backend_slices: each(&by_track, |services| known.slices_of(services)),
            age: known.age(),
        })
    }

    /// Adds what is not known yet. All of it begins before the first is waited for.
    async fn learn(
        &self,
        keys: impl IntoIterator<Item = WatchKey>,
        known: &mut Known,
    ) -> Result<(), TargetError> {
        let keys = keys.into_iter();
        let new: BTreeSet<_> = keys.filter(|key| !known.0.contains_key(key)).collect();
        for key in &new {
            self.hold(key.clone());
        }
        for key in new {
            let contents = self.contents(key.clone()).await?;
            known.0.insert(key, contents);
        }
        Ok(())
    }

    fn hold(&self, key: WatchKey) -> Arc<Running> {
        // The map is whole after every single operation on it.
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let running = held
            .entry(key)
            .or_insert_with_key(|key| self.watches.hold(key));
        Arc::clone(running)
    }

    async fn contents(&self, key: WatchKey) -> Result<Contents, TargetError> {
        self.hold(key).contents().await
    }
}

/// What was heard, by what it was heard of.
#[derive(Debug, Default)]
struct Known(BTreeMap<WatchKey, Contents>);

impl Known {
    /// Those of these objects that exist.
    fn existing(&self, wanted: &[ObjectRef]) -> Objects {
        let found = wanted.iter().filter_map(|object| {
            let contents = self.0.get(&WatchKey::of(object))?;
            let content = contents.objects.get(&object.name)?;
            Some((object.clone(), whole(object, content)))
        });
        found.collect()
    }

    fn all(&self, key: &WatchKey) -> Vec<Arc<Value>> {
        let contents = self.0.get(key);
        let objects = contents.map(|contents| contents.objects.values().cloned());
        objects.into_iter().flatten().collect()
    }

    /// `None` where there is no Service that has any.
    fn slices_of(&self, services: &[ObjectRef]) -> Option<Vec<Arc<Value>>> {
        let services = services.iter().filter(|service| !self.is_alias(service));
        let mut keys = services.map(slices).peekable();
        keys.peek()?;
        Some(keys.flat_map(|key| self.all(&key)).collect())
    }

    /// It is another name of a host, and has no EndpointSlices whoever stands behind that.
    fn is_alias(&self, service: &ObjectRef) -> bool {
        let contents = self.0.get(&WatchKey::of(service));
        let content = contents.and_then(|contents| contents.objects.get(&service.name));
        content.is_some_and(|content| text(content, "/spec/type") == "ExternalName")
    }

    /// Of what was heard of longest ago.
    fn age(&self) -> Duration {
        let ages = self.0.values().map(|contents| contents.age);
        ages.max().unwrap_or_default()
    }
}

/// Something of each track.
fn each<T, U>(tracks: &Tracks<T>, of: impl Fn(&T) -> U) -> Tracks<U> {
    Tracks {
        stable: of(&tracks.stable),
        candidate: of(&tracks.candidate),
    }
}

fn replica_sets(selector: &str) -> WatchKey {
    WatchKey::selected("apps/v1", "replicasets", selector.to_owned())
}

fn pods(selector: &str) -> WatchKey {
    WatchKey::selected("v1", "pods", selector.to_owned())
}

/// The EndpointSlices of a Service.
fn slices(service: &ObjectRef) -> WatchKey {
    let selector = format!("kubernetes.io/service-name={}", service.name);
    WatchKey::selected("discovery.k8s.io/v1", "endpointslices", selector)
}

/// The Services of both tracks, and the EndpointSlices of each.
fn with_slices(services: &Tracks<Vec<ObjectRef>>) -> Vec<WatchKey> {
    let services = services.iter().flat_map(|(_, services)| services);
    let keys = services.flat_map(|service| [WatchKey::of(service), slices(service)]);
    keys.collect()
}

/// With the type, which the items of a list leave out.
fn whole(object: &ObjectRef, content: &Value) -> Value {
    let mut content = content.clone();
    if let Some(map) = content.as_object_mut() {
        let api = || Value::from(object.api.as_str());
        map.entry("apiVersion").or_insert_with(api);
        map.entry("kind")
            .or_insert_with(|| Value::from(object.kind.as_str()));
    }
    content
}
