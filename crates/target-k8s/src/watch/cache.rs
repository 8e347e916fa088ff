//! What one watch has brought: whole objects, never older than what was written here.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use strategy_core::target::{TargetError, TargetErrorKind};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::error::{self, Told};
use crate::object::{self, WatchKey};

/// The two verbs of a watch, as Roles have them.
pub(super) const LIST: &str = "list";
pub(super) const WATCH: &str = "watch";

/// What one watch has brought.
#[derive(Debug)]
pub(super) struct Cache {
    key: WatchKey,
    state: watch::Sender<State>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct State {
    objects: BTreeMap<String, Arc<Value>>,
    /// Deleted by us; late news of them is ignored.
    gone: BTreeSet<String>,
    /// When the last event or bookmark came; `None` before the first list.
    heard: Option<Instant>,
    /// Whether a watch has ever begun: what was only listed would grow old unseen.
    is_followed: bool,
    failure: Option<Failure>,
}

/// What a watch knows, and how old that is at most.
#[derive(Clone, Debug)]
pub(crate) struct Contents {
    pub(crate) objects: BTreeMap<String, Arc<Value>>,
    pub(crate) age: Duration,
}

/// Why the server cannot be asked at present.
#[derive(Clone, Debug)]
pub(super) struct Failure {
    kind: TargetErrorKind,
    verb: &'static str,
    pub(super) message: String,
}

impl Failure {
    pub(super) fn of(error: &kube::Error, verb: &'static str) -> Self {
        Self {
            kind: error::kind(error),
            verb,
            message: Told::of(error).0,
        }
    }

    pub(super) fn error(&self, key: &WatchKey) -> TargetError {
        let message = if self.kind == TargetErrorKind::NotFound {
            format!(
                "{}: the cluster does not know {} of {}; install its definitions",
                self.message, key.plural, key.api
            )
        } else if self.kind == TargetErrorKind::PermissionDenied {
            format!(
                "{}; grant `{}` on `{}` (the target's `permissions` prints the Role)",
                self.message, self.verb, key.plural
            )
        } else {
            self.message.clone()
        };
        error::found(self.kind, self.verb, &key.plural, message)
    }
}

impl State {
    /// There is an answer, be it that there will be none.
    pub(super) fn is_settled(&self) -> bool {
        self.heard.is_some() && self.is_followed || self.failure.is_some()
    }

    fn put(&mut self, object: Value, key: &WatchKey) {
        if self.gone.contains(object::uid(&object)) {
            return;
        }
        let name = object::name(&object);
        let known = self.objects.get(name);
        if known.is_none_or(|known| !is_newer(known, &object)) {
            self.objects
                .insert(name.to_owned(), Arc::new(slim(object, key)));
        }
    }
}

impl Cache {
    pub(super) fn new(key: WatchKey) -> Self {
        Self {
            key,
            state: watch::Sender::default(),
        }
    }

    pub(super) const fn key(&self) -> &WatchKey {
        &self.key
    }

    pub(super) fn state(&self) -> watch::Receiver<State> {
        self.state.subscribe()
    }

    pub(super) fn failure(&self) -> Option<Failure> {
        self.state.borrow().failure.clone()
    }

    pub(super) fn failed(&self, failure: Failure) {
        self.state
            .send_modify(|state| state.failure = Some(failure));
    }

    /// The server has taken the watch up.
    pub(super) fn followed(&self) {
        self.state.send_modify(|state| {
            state.is_followed = true;
            state.failure = None;
        });
    }

    pub(super) fn alive(&self) {
        self.state
            .send_modify(|state| state.heard = Some(Instant::now()));
    }

    /// Everything there is, as listed at `version`; what was written here since then stays.
    pub(super) fn replace(&self, items: Vec<Value>, version: &str) {
        self.state.send_modify(|state| {
            let listed = number(version);
            state
                .objects
                .retain(|_, known| number(object::resource_version(known)) > listed);
            let present: BTreeSet<_> = items.iter().map(object::uid).map(str::to_owned).collect();
            state.gone.retain(|uid| present.contains(uid));
            for object in items {
                state.put(object, &self.key);
            }
            state.heard = Some(Instant::now());
            // That a list works says nothing of watches.
            state.failure.take_if(|failure| failure.verb == LIST);
        });
    }

    /// News of an object; ignored if a newer state of it is known.
    pub(super) fn put(&self, object: Value) {
        self.state.send_modify(|state| {
            state.put(object, &self.key);
            state.heard = state.heard.map(|_| Instant::now());
        });
    }

    /// The server says that it is gone.
    pub(super) fn remove(&self, object: &Value) {
        self.state.send_modify(|state| {
            let uid = object::uid(object);
            state.gone.remove(uid);
            state.objects.retain(|_, known| object::uid(known) != uid);
            state.heard = state.heard.map(|_| Instant::now());
        });
    }

    /// We deleted it; the watch will say so later.
    pub(super) fn forget(&self, uid: &str) {
        self.state.send_modify(|state| {
            let known = state.objects.len();
            state.objects.retain(|_, known| object::uid(known) != uid);
            if state.objects.len() < known {
                state.gone.insert(uid.to_owned());
            }
        });
    }
}

impl State {
    pub(super) fn known(&self, key: &WatchKey) -> Result<Contents, TargetError> {
        match (&self.failure, self.heard) {
            // What cannot be reached is unknown, whatever was known before.
            (Some(failure), _) => Err(failure.error(key)),
            (None, Some(heard)) if self.is_followed => Ok(Contents {
                objects: self.objects.clone(),
                age: heard.elapsed(),
            }),
            (None, _) => Err(error::found(
                TargetErrorKind::Unavailable,
                LIST,
                &key.plural,
                "the API server did not answer",
            )),
        }
    }
}

/// Resource versions are ordered numbers (comparable by contract since Kubernetes 1.35, and in
/// practice ever since).
fn number(version: &str) -> u64 {
    version.parse().unwrap_or(0)
}

fn is_newer(known: &Value, news: &Value) -> bool {
    let version = |object| number(object::resource_version(object));
    object::uid(known) == object::uid(news) && version(known) > version(news)
}

/// Without what nobody asks of objects that are only read. The items of a list do not say their kind.
fn slim(mut object: Value, key: &WatchKey) -> Value {
    let only_read = matches!(
        key.plural.as_str(),
        "pods" | "replicasets" | "endpointslices"
    );
    if only_read
        && let Some(metadata) = object
            .pointer_mut("/metadata")
            .and_then(Value::as_object_mut)
    {
        metadata.remove("managedFields");
    }
    object
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(uid: &str, version: &str) -> Value {
        json!({"metadata": {"name": "a", "uid": uid, "resourceVersion": version}})
    }

    fn cache() -> Cache {
        let cache = Cache::new(WatchKey::all("apps/v1", "deployments"));
        cache.replace(vec![object("1", "10")], "10");
        cache.followed();
        cache
    }

    fn versions(cache: &Cache) -> Vec<String> {
        let known = cache.state().borrow().known(cache.key()).unwrap();
        let objects = known.objects.values();
        objects
            .map(|object| object::resource_version(object).to_owned())
            .collect()
    }

    #[tokio::test]
    async fn late_news_never_hide_what_was_written_here() {
        let cache = cache();
        cache.put(object("1", "15"));
        cache.put(object("1", "12"));
        assert_eq!(versions(&cache), ["15"]);
        cache.replace(vec![object("1", "13")], "13");
        assert_eq!(versions(&cache), ["15"]);
        cache.replace(vec![object("1", "15")], "20");
        cache.put(object("1", "9000000000000000000"));
        assert_eq!(versions(&cache), ["9000000000000000000"]);
    }

    #[tokio::test]
    async fn who_wrote_what_is_kept_of_objects_that_are_written() {
        for (plural, kept) in [("pods", false), ("deployments", true)] {
            let cache = Cache::new(WatchKey::all("v1", plural));
            let mut listed = object("1", "10");
            listed["metadata"]["managedFields"] = json!([{"manager": "kubectl"}]);
            cache.replace(vec![listed], "10");
            let state = cache.state();
            let known = state.borrow().objects["a"].clone();
            assert_eq!(known["metadata"].get("managedFields").is_some(), kept);
        }
    }

    #[tokio::test]
    async fn what_was_deleted_here_stays_gone_until_another_takes_its_name() {
        let cache = cache();
        cache.forget("1");
        cache.put(object("1", "11"));
        assert!(versions(&cache).is_empty());
        cache.put(object("2", "12"));
        assert_eq!(versions(&cache), ["12"]);
        cache.remove(&object("1", "13"));
        assert_eq!(versions(&cache), ["12"]);
    }

    fn refused(verb: &'static str) -> Failure {
        Failure {
            kind: TargetErrorKind::PermissionDenied,
            verb,
            message: "no".to_owned(),
        }
    }

    fn known(cache: &Cache) -> Result<Contents, TargetError> {
        cache.state().borrow().known(cache.key())
    }

    #[tokio::test]
    async fn a_refusal_is_an_error_and_never_an_empty_list() {
        let cache = Cache::new(WatchKey::all("v1", "pods"));
        assert!(known(&cache).is_err());
        cache.failed(refused(WATCH));
        let error = known(&cache).unwrap_err();
        assert_eq!(error.kind, TargetErrorKind::PermissionDenied);
        assert!(error.to_string().contains("`watch` on `pods`"), "{error}");
    }

    #[tokio::test]
    async fn what_is_only_listed_is_not_known() {
        let cache = Cache::new(WatchKey::all("v1", "pods"));
        cache.replace(vec![object("1", "10")], "10");
        assert!(!cache.state().borrow().is_settled());
        assert!(known(&cache).is_err());
        cache.followed();
        assert!(cache.state().borrow().is_settled());
        assert!(known(&cache).is_ok());
    }

    #[tokio::test]
    async fn a_list_mends_a_list_and_only_a_watch_mends_a_watch() {
        let cache = cache();
        cache.failed(refused(LIST));
        assert!(known(&cache).is_err());
        cache.replace(Vec::new(), "11");
        assert!(known(&cache).is_ok());
        cache.failed(refused(WATCH));
        cache.replace(Vec::new(), "12");
        assert!(known(&cache).is_err());
        cache.followed();
        assert!(known(&cache).is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn a_quiet_watch_ages_and_an_event_or_a_bookmark_makes_it_young() {
        let cache = cache();
        let age = |cache: &Cache| known(cache).unwrap().age;
        let later = async || tokio::time::advance(Duration::from_secs(40)).await;
        later().await;
        assert_eq!(age(&cache), Duration::from_secs(40));
        cache.put(object("1", "11"));
        assert_eq!(age(&cache), Duration::ZERO);
        later().await;
        later().await;
        assert_eq!(age(&cache), Duration::from_secs(80));
        cache.alive();
        assert_eq!(age(&cache), Duration::ZERO);
        later().await;
        cache.remove(&object("1", "12"));
        assert_eq!(age(&cache), Duration::ZERO);
        later().await;
        // What was asked for and refused makes nothing younger.
        cache.failed(refused(WATCH));
        cache.followed();
        assert_eq!(age(&cache), Duration::from_secs(40));
    }
}
