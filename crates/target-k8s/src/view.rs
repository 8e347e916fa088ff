//! What the watches know of one part: everything an observation is made from.

use std::collections::BTreeMap;
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
        for object in wanted {
            self.hold(WatchKey::of(object));
        }
        let mut objects = Objects::new();
        for object in wanted {
            let known = self.contents(WatchKey::of(object)).await?;
            if let Some(content) = known.objects.get(&object.name) {
                objects.insert(object.clone(), whole(object, content));
            }
        }
        Ok(objects)
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
        let backends = router.backends(&bound.namespace);
        let objects = bound.read_objects();
        let mut keys: Vec<_> = objects.iter().map(WatchKey::of).collect();
        for (_, selector) in selectors.iter() {
            keys.push(replica_sets(selector));
            keys.push(pods(selector));
        }
        keys.extend(slices.clone());
        keys.extend(backends.iter().map(self::slices));
        // All begin before the first is waited for.
        for key in &keys {
            self.hold(key.clone());
        }
        keys.sort();
        keys.dedup();
        let mut known: BTreeMap<WatchKey, Contents> = BTreeMap::new();
        for key in keys {
            let contents = self.contents(key.clone()).await?;
            known.insert(key, contents);
        }
        let found = objects.into_iter().filter_map(|object| {
            let contents = known.get(&WatchKey::of(&object))?;
            let content = whole(&object, contents.objects.get(&object.name)?);
            Some((object, content))
        });
        let mut objects: Objects = found.collect();
        // What a route names now need not be what it named when the rollout began.
        for object in router.carriers(&objects) {
            let contents = self.contents(WatchKey::of(&object)).await?;
            if let Some(content) = contents.objects.get(&object.name) {
                let content = whole(&object, content);
                objects.insert(object.clone(), content);
            }
            known.insert(WatchKey::of(&object), contents);
        }
        let by_track = router.backends_by_track(&objects, &bound.labels(), &bound.namespace);
        for service in by_track.iter().flat_map(|(_, services)| services) {
            for key in [self::slices(service), WatchKey::of(service)] {
                let contents = self.contents(key.clone()).await?;
                known.insert(key, contents);
            }
        }
        // It is another name of a host, and has no EndpointSlices whoever stands behind that.
        let is_external = |service: &&ObjectRef| {
            let contents = known.get(&WatchKey::of(service));
            let content = contents.and_then(|contents| contents.objects.get(&service.name));
            content.is_some_and(|content| text(content, "/spec/type") == "ExternalName")
        };
        let all = |key: &WatchKey| -> Vec<Arc<Value>> {
            let contents = known.get(key);
            let objects = contents.map(|contents| contents.objects.values().cloned());
            objects.into_iter().flatten().collect()
        };
        let of_backends = |services: &[ObjectRef]| {
            let services = services.iter().filter(|service| !is_external(service));
            let mut keys = services.map(self::slices).peekable();
            keys.peek()?;
            Some(keys.flat_map(|key| all(&key)).collect())
        };
        Ok(View {
            objects,
            replica_sets: Tracks {
                stable: all(&replica_sets(&selectors.stable)),
                candidate: all(&replica_sets(&selectors.candidate)),
            },
            pods: Tracks {
                stable: all(&pods(&selectors.stable)),
                candidate: all(&pods(&selectors.candidate)),
            },
            slices: slices.as_ref().map(all),
            backend_slices: Tracks {
                stable: of_backends(&by_track.stable),
                candidate: of_backends(&by_track.candidate),
            },
            age: known
                .values()
                .map(|contents| contents.age)
                .max()
                .unwrap_or_default(),
        })
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

#[cfg(test)]
mod tests;
