//! A Deployment and what its pods go through.
#![allow(clippy::panic, clippy::unwrap_used, reason = "test")]
#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::time::{Duration, Instant};

use futures::{StreamExt, TryStreamExt};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{ContainerStatus, Pod};
use kube::api::{ListParams, PostParams, WatchEvent, WatchParams};
use kube::{Api, Client, ResourceExt};
use serde_json::json;
use test_support::ControlPlane;

/// Nothing that is waited for takes so long, however busy the machine is.
pub(crate) const LONGEST: Duration = Duration::from_secs(60);

pub(crate) struct Shop {
    pub(crate) namespace: String,
    pub(crate) client: Client,
}

impl Shop {
    pub(crate) fn open() -> Self {
        let plane = ControlPlane::shared().unwrap();
        Self {
            namespace: plane.namespace().unwrap(),
            client: plane.client("shop-test").unwrap(),
        }
    }

    pub(crate) fn pods_api(&self) -> Api<Pod> {
        Api::namespaced(self.client.clone(), &self.namespace)
    }

    pub(crate) async fn deploy(&self, name: &str, image: &str, replicas: u32) {
        self.deploy_annotated(name, image, replicas, json!({}))
            .await;
    }

    pub(crate) async fn deploy_annotated(
        &self,
        name: &str,
        image: &str,
        replicas: u32,
        annotations: serde_json::Value,
    ) {
        let labels = json!({"app": name});
        let deployment: Deployment = serde_json::from_value(json!({
            "metadata": {"name": name},
            "spec": {
                "replicas": replicas,
                "selector": {"matchLabels": labels},
                "template": {
                    "metadata": {"labels": labels, "annotations": annotations},
                    "spec": {
                        "initContainers": [{"name": "migrate", "image": "shop/migrate:1"}],
                        "containers": [
                            {"name": "app", "image": image},
                            {"name": "proxy", "image": "shop/proxy@sha256:bad0bad0"},
                        ],
                    },
                },
            },
        }))
        .unwrap();
        let api: Api<Deployment> = Api::namespaced(self.client.clone(), &self.namespace);
        api.create(&PostParams::default(), &deployment)
            .await
            .unwrap();
    }

    /// The pods of the Deployment `name`, in the order of their names.
    pub(crate) async fn pods(&self, name: &str) -> Vec<Pod> {
        let selector = ListParams::default().labels(&format!("app={name}"));
        let mut pods = self.pods_api().list(&selector).await.unwrap().items;
        pods.sort_by_key(ResourceExt::name_any);
        pods
    }

    /// Waits until the pods of `name` are as `wanted`, and returns them with the time it took.
    pub(crate) async fn until(
        &self,
        name: &str,
        limit: Duration,
        wanted: impl Fn(&[Pod]) -> bool,
    ) -> (Vec<Pod>, Duration) {
        let began = now();
        loop {
            let pods = self.pods(name).await;
            if wanted(&pods) {
                return (pods, began.elapsed());
            }
            let seen: Vec<String> = pods.iter().map(in_words).collect();
            assert!(began.elapsed() < limit, "not within {limit:?}: {seen:#?}");
            pause(Duration::from_millis(50)).await;
        }
    }

    /// Deploys one pod as `web` and tells what it goes through, from its first status on: so many changes, and what
    /// else comes in the `quiet` time after them.
    pub(crate) async fn story(
        &self,
        image: &str,
        annotations: serde_json::Value,
        changes: usize,
        quiet: Duration,
    ) -> Story {
        // From before there is a pod, and each change by itself: not even a test that had to wait misses one.
        let pods = self.pods_api();
        let none = pods.list(&ListParams::default()).await.unwrap();
        let before = none.metadata.resource_version.unwrap();
        self.deploy_annotated("web", image, 1, annotations).await;
        let parameters = WatchParams::default().disable_bookmarks().labels("app=web");
        let mut events = pods.watch(&parameters, &before).await.unwrap().boxed();
        let (mut story, mut limit) = (Story(Vec::new()), LONGEST);
        while let Ok(event) = tokio::time::timeout(limit, events.try_next()).await {
            match event.unwrap() {
                Some(WatchEvent::Added(pod) | WatchEvent::Modified(pod)) => story.add(&pod),
                other => panic!("{other:?} after {story:#?}"),
            }
            if story.0.len() >= changes {
                limit = quiet;
            }
        }
        assert!(story.0.len() >= changes, "no more than {story:#?}");
        story
    }
}

/// What a pod goes through: each change once, in words, and when, by the clock of the API server.
#[derive(Debug)]
pub(crate) struct Story(Vec<(i64, String)>);

impl Story {
    fn add(&mut self, pod: &Pod) {
        let words = in_words(pod);
        let is_told = self.0.last().is_some_and(|(_, last)| *last == words);
        if !is_told && words != "new" {
            let writes = pod.metadata.managed_fields.iter().flatten();
            let times = writes.filter_map(|write| write.time.as_ref());
            let seconds = times.map(|time| time.0.as_second()).max();
            self.0.push((seconds.unwrap(), words));
        }
    }

    pub(crate) fn words(&self) -> Vec<&str> {
        self.0.iter().map(|(_, words)| words.as_str()).collect()
    }

    /// That the change of this number came so many seconds after the one before it: no earlier, and as much later at
    /// most as a busy machine makes it. Moments are whole seconds.
    #[track_caller]
    pub(crate) fn check_apart(&self, number: usize, seconds: i64) {
        let apart = self.0[number].0 - self.0[number - 1].0;
        assert!(
            (seconds - 1..=seconds + 5).contains(&apart),
            "{apart} s instead of {seconds} s: {self:#?}"
        );
    }
}

pub(crate) fn app(pod: &Pod) -> Option<&ContainerStatus> {
    let statuses = pod.status.as_ref()?.container_statuses.as_ref()?;
    statuses.iter().find(|status| status.name == "app")
}

pub(crate) fn is_ready(pod: &Pod) -> bool {
    let conditions = pod
        .status
        .iter()
        .flat_map(|status| status.conditions.iter().flatten());
    conditions
        .into_iter()
        .any(|condition| condition.type_ == "Ready" && condition.status == "True")
}

/// "Ready 0", "CrashLoopBackOff 3", "OOMKilled 1", "running 0": the state of the app, and its
/// restarts.
pub(crate) fn in_words(pod: &Pod) -> String {
    let Some(app) = app(pod) else {
        return "new".to_owned();
    };
    let state = app.state.clone().unwrap_or_default();
    let word = match (state.running, state.waiting, state.terminated) {
        (Some(_), None, None) if is_ready(pod) && app.ready => "Ready".to_owned(),
        (Some(_), None, None) if !is_ready(pod) && !app.ready => "running".to_owned(),
        (None, Some(waiting), None) if !is_ready(pod) => waiting.reason.unwrap(),
        (None, None, Some(ended)) if !is_ready(pod) => ended.reason.unwrap(),
        contradiction => panic!("{contradiction:?} in {:?}", pod.status),
    };
    format!("{word} {}", app.restart_count)
}

#[expect(
    clippy::disallowed_methods,
    reason = "what is measured is another process"
)]
pub(crate) fn now() -> Instant {
    Instant::now()
}

#[expect(
    clippy::disallowed_methods,
    reason = "what is waited for is another process"
)]
pub(crate) async fn pause(time: Duration) {
    tokio::time::sleep(time).await;
}
