//! The pods that an API server has, followed.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use k8s_openapi::api::core::v1::Pod;
use kube::api::{ListParams, WatchEvent, WatchParams};
use kube::{Api, Client, ResourceExt};
use tokio::time::{Instant, sleep_until, timeout};

use super::server::Shared;

/// Between two attempts to reach the API server.
const PAUSE: Duration = Duration::from_millis(200);

/// A watch that tells nothing for this long, not even a bookmark, is begun again.
const SILENCE: Duration = Duration::from_secs(70);

/// Lists and follows, for ever. While nothing is known, everything stays as it was.
pub(crate) async fn follow(client: Client, namespace: Option<String>, shared: Arc<Shared>) {
    let api: Api<Pod> = match namespace {
        Some(namespace) => Api::namespaced(client, &namespace),
        None => Api::all(client),
    };
    loop {
        if let Ok(Ok(list)) = timeout(SILENCE, api.list(&ListParams::default())).await {
            shared.replace(&list.items);
            let version = list.metadata.resource_version.unwrap_or_default();
            follow_from(&api, version, &shared).await;
        }
        sleep_until(Instant::now() + PAUSE).await;
    }
}

/// Follows until a list is needed again.
async fn follow_from(api: &Api<Pod>, mut version: String, shared: &Arc<Shared>) {
    loop {
        let Ok(events) = api.watch(&WatchParams::default(), &version).await else {
            return;
        };
        let mut events = pin!(events);
        let mut has_brought = false;
        loop {
            let event = match timeout(SILENCE, events.next()).await {
                Ok(Some(Ok(event))) => event,
                // The server ends every watch after a while; it goes on where it stopped.
                Ok(None) if has_brought => break,
                Ok(None | Some(Err(_))) | Err(_) => return,
            };
            has_brought = true;
            match event {
                WatchEvent::Added(pod) | WatchEvent::Modified(pod) => {
                    version = pod.resource_version().unwrap_or_default();
                    shared.put(&pod);
                }
                WatchEvent::Deleted(pod) => {
                    version = pod.resource_version().unwrap_or_default();
                    shared.remove(&pod.uid().unwrap_or_default());
                }
                WatchEvent::Bookmark(bookmark) => version = bookmark.metadata.resource_version,
                WatchEvent::Error(_) => return,
            }
        }
    }
}
