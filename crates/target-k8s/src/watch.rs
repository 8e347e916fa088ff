//! One shared set of watches per namespace and client, alive as long as somebody needs it.

mod cache;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use futures::{StreamExt, pin_mut};
use kube::Client;
use kube::api::WatchEvent;
use serde_json::Value;
use strategy_core::target::{TargetError, TargetErrorKind};
use tokio::sync::watch;
use tokio::task::AbortHandle;

pub(crate) use self::cache::Contents;
use self::cache::{Cache, Failure};
use crate::api::Api;
use crate::error::{self, Told};
use crate::object::{ObjectRef, WatchKey};

/// How long a call may take before it counts as unanswered.
const CALL: Duration = Duration::from_secs(10);

/// A watch that tells nothing for this long, not even a bookmark, is taken to be dead and begun
/// again. API servers send a bookmark a minute.
pub(crate) const SILENCE: Duration = Duration::from_secs(70);

/// The first and the longest pause after a failure.
const PAUSES: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(10));

const TOO_OLD: &str = "the server no longer has what came after the version that is known";

/// The watches of one namespace, shared by all targets that are given a clone of it.
///
/// A watch begins when the first target needs it and ends when the last one is dropped.
/// Targets must be used within a tokio runtime.
#[derive(Clone)]
pub struct Watches {
    inner: Arc<Inner>,
}

struct Inner {
    api: Api,
    running: Mutex<BTreeMap<WatchKey, Weak<Running>>>,
    /// Counts everything that any watch has brought.
    news: watch::Sender<u64>,
}

/// A watch that ends when the last one who needs it is gone.
#[derive(Debug)]
pub(crate) struct Running {
    cache: Arc<Cache>,
    task: AbortHandle,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl fmt::Debug for Watches {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Watches({})", self.inner.api.namespace())
    }
}

impl Watches {
    /// No watch yet, in this namespace.
    pub fn new(client: Client, namespace: &str) -> Self {
        Self {
            inner: Arc::new(Inner {
                api: Api::new(client, namespace, CALL),
                running: Mutex::default(),
                news: watch::Sender::new(0),
            }),
        }
    }

    pub(crate) fn api(&self) -> &Api {
        &self.inner.api
    }

    /// The watch of this key, begun if it is not running.
    pub(crate) fn hold(&self, key: &WatchKey) -> Arc<Running> {
        let mut running = self.running();
        if let Some(held) = running.get(key).and_then(Weak::upgrade) {
            return held;
        }
        running.retain(|_, held| held.strong_count() > 0);
        let cache = Arc::new(Cache::new(key.clone()));
        let work = follow(
            self.inner.api.clone(),
            Arc::clone(&cache),
            self.inner.news.clone(),
        );
        let held = Arc::new(Running {
            cache,
            task: tokio::spawn(work).abort_handle(),
        });
        running.insert(key.clone(), Arc::downgrade(&held));
        held
    }

    /// Resolves when anything comes after what `news` has seen.
    pub(crate) fn news(&self) -> watch::Receiver<u64> {
        self.inner.news.subscribe()
    }

    /// Makes what was just written visible at once: the answer of a write is newer than any cache.
    pub(crate) fn wrote(&self, object: &ObjectRef, content: &Value) {
        for held in self.of_kind(object) {
            held.cache.put(content.clone());
        }
    }

    /// Makes a deletion visible at once.
    pub(crate) fn deleted(&self, object: &ObjectRef, uid: &str) {
        for held in self.of_kind(object) {
            held.cache.forget(uid);
        }
    }

    fn of_kind(&self, object: &ObjectRef) -> Vec<Arc<Running>> {
        let running = self.running();
        let all = WatchKey::of(object);
        running
            .get(&all)
            .and_then(Weak::upgrade)
            .into_iter()
            .collect()
    }

    fn running(&self) -> MutexGuard<'_, BTreeMap<WatchKey, Weak<Running>>> {
        // The map is whole after every single operation on it.
        let running = self.inner.running.lock();
        running.unwrap_or_else(PoisonError::into_inner)
    }
}

impl Running {
    /// What is known, once the watch has listed everything.
    ///
    /// # Errors
    /// When it has not within the time of a call, or is refused: why it could not.
    pub(crate) async fn contents(&self) -> Result<Contents, TargetError> {
        let mut state = self.cache.state();
        let known = tokio::time::timeout(CALL, state.wait_for(|state| state.is_settled())).await;
        match known {
            Ok(Ok(state)) => state.known(self.cache.key()),
            Ok(Err(_)) | Err(_) => Err(self.never_answered()),
        }
    }

    fn never_answered(&self) -> TargetError {
        let key = self.cache.key();
        match self.cache.failure() {
            Some(failure) => failure.error(key),
            None => error::found(
                TargetErrorKind::Unavailable,
                "list",
                &key.plural,
                "the API server did not answer",
            ),
        }
    }
}

/// Lists and then follows, for ever.
async fn follow(api: Api, cache: Arc<Cache>, news: watch::Sender<u64>) {
    let tell = || news.send_modify(|count| *count = count.wrapping_add(1));
    let mut pause = PAUSES.0;
    loop {
        match api.list(cache.key()).await {
            Ok((items, version)) => {
                cache.replace(items, &version);
                tell();
                let (brought, why) = follow_from(&api, &cache, version, &tell).await;
                tracing::debug!(watch = %cache.key().plural, %why, "watch is begun again");
                if brought {
                    pause = PAUSES.0;
                }
            }
            Err(error) => {
                cache.failed(Failure::of(&error, cache::LIST));
                tell();
            }
        }
        wait(pause).await;
        pause = (pause * 2).min(PAUSES.1);
    }
}

/// Whether a watch brought anything at all, and why a list is needed again.
///
/// A list shows nothing of whether watches work: only what a watch brings ends the growing of pauses.
async fn follow_from(
    api: &Api,
    cache: &Cache,
    mut version: String,
    tell: &impl Fn(),
) -> (bool, String) {
    let mut brought = false;
    loop {
        let events = match api.watch(cache.key(), &version).await {
            Ok(events) => events,
            Err(error) if is_too_old(&error) => return (brought, TOO_OLD.to_owned()),
            Err(error) => {
                // A list may be allowed where a watch is not.
                cache.failed(Failure::of(&error, cache::WATCH));
                tell();
                return (brought, Told::of(&error).0);
            }
        };
        cache.followed();
        tell();
        let mut brought_now = false;
        pin_mut!(events);
        let ended = loop {
            let event = match tokio::time::timeout(SILENCE, events.next()).await {
                Ok(Some(Ok(event))) => event,
                // The server ends every watch after a while; it goes on where it stopped.
                Ok(None) => break None,
                Ok(Some(Err(error))) if is_too_old(&error) => break Some(TOO_OLD.to_owned()),
                Ok(Some(Err(error))) => break Some(Told::of(&error).0),
                Err(_) => break Some(format!("nothing came for {SILENCE:?}")),
            };
            match event {
                WatchEvent::Added(object) | WatchEvent::Modified(object) => {
                    crate::object::resource_version(&object).clone_into(&mut version);
                    cache.put(object);
                    tell();
                }
                WatchEvent::Deleted(object) => {
                    crate::object::resource_version(&object).clone_into(&mut version);
                    cache.remove(&object);
                    tell();
                }
                WatchEvent::Bookmark(bookmark) => {
                    version = bookmark.metadata.resource_version;
                    cache.alive();
                }
                WatchEvent::Error(status) if status.code == 410 => break Some(TOO_OLD.to_owned()),
                WatchEvent::Error(status) => {
                    let error = kube::Error::Api(status);
                    break Some(Told::of(&error).0);
                }
            }
            brought_now = true;
        };
        brought |= brought_now;
        match ended {
            None if brought_now => {}
            None => return (brought, "it ended before anything came".to_owned()),
            Some(why) => return (brought, why),
        }
    }
}

fn is_too_old(error: &kube::Error) -> bool {
    matches!(error, kube::Error::Api(status) if status.code == 410)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the pause between two attempts to reach the server decides nothing"
)]
async fn wait(pause: Duration) {
    tokio::time::sleep(pause).await;
}

#[cfg(test)]
mod tests;
