//! The example manifests in a namespace of their own, and rollouts on them.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Deref;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use kube::api::{ListParams, Patch, PatchParams};
use serde_json::{Value, json};
use strategy_core::driver::{Driver, RolloutHandle, Run};
use strategy_core::rollout::{Outcome, Reason};
use strategy_core::{Release, Timestamp};
use target_k8s::config::{
    Canary, GatewayRouter, IngressRouter, IstioRouter, RouterConfig, ServiceSelectorRouter, Slot,
};
use target_k8s::{Config, KubernetesTarget};
use test_support::{AuditEvent, ControlPlane};
use tokio::task::JoinHandle;

use crate::shop::{Shop, pause};
use crate::story::Story;
use crate::terms::{Mode, Terms, seconds};

/// The repository of the image that is released.
pub(crate) const REPOSITORY: &str = "registry.example/shop/api";
/// As the drivers of these tests call themselves.
pub(crate) const AGENT: &str = "rollway-e2e";
/// No rollout of these tests takes so long.
pub(crate) const LIMIT: Duration = seconds(180);

/// One of the example manifests, with everything that a rollout must leave alone.
#[derive(Debug)]
pub(crate) struct Scene {
    pub(crate) plane: Plane,
    pub(crate) shop: Shop,
    pub(crate) mode: Mode,
}

/// Where a scene is played.
#[derive(Clone, Debug)]
pub(crate) enum Plane {
    Shared(&'static ControlPlane),
    Own(Arc<ControlPlane>),
}

impl Deref for Plane {
    type Target = ControlPlane;
    fn deref(&self) -> &ControlPlane {
        match self {
            Self::Shared(plane) => plane,
            Self::Own(plane) => plane,
        }
    }
}

/// A rollout on its way.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) handle: RolloutHandle,
    pub(crate) story: Story,
    pub(crate) carrier: JoinHandle<()>,
}

/// The objects of an example, without a namespace.
fn manifest(file: &str) -> Vec<Value> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/manifests");
    let text = std::fs::read_to_string(root.join(file)).unwrap();
    serde_saphyr::from_multiple(&text).unwrap()
}

impl Scene {
    /// On the control plane that all tests share.
    pub(crate) async fn open(mode: Mode) -> Self {
        let scene = Self {
            plane: Plane::Shared(ControlPlane::shared().unwrap()),
            shop: Shop::open(),
            mode,
        };
        scene.furnish().await;
        scene
    }

    /// On a control plane of the test's own.
    pub(crate) async fn on(plane: Arc<ControlPlane>, mode: Mode) -> Self {
        let shop = Shop {
            namespace: plane.namespace().unwrap(),
            client: plane.client("shop-test").unwrap(),
        };
        let plane = Plane::Own(plane);
        let scene = Self { plane, shop, mode };
        scene.furnish().await;
        scene
    }

    async fn furnish(&self) {
        let file = match self.mode {
            Mode::BlueGreen => "blue-green-selector.yaml",
            Mode::Canary => "canary-istio.yaml",
            Mode::Gateway => "canary-gateway.yaml",
            Mode::Ingress => "blue-green-ingress.yaml",
        };
        for mut object in manifest(file) {
            if object["kind"] == "Deployment" {
                // Pods that break after five seconds are to be exposed before, on a busy machine too:
                // all start at once, and none has to stand for long before the next.
                object["spec"]["minReadySeconds"] = json!(1);
                object["spec"]["strategy"]["rollingUpdate"]["maxSurge"] = json!("100%");
            }
            if object["spec"]["sessionAffinity"] == "ClientIP" {
                // What is given up waits until the last session that is pinned to it has ended.
                let sessions = &mut object["spec"]["sessionAffinityConfig"]["clientIP"];
                sessions["timeoutSeconds"] = json!(2);
            }
            self.shop.create(object).await;
        }
        self.shop.settle(self.deployments()).await;
    }

    pub(crate) const fn deployments(&self) -> &'static [&'static str] {
        match self.mode {
            Mode::BlueGreen | Mode::Ingress => &["api-blue", "api-green"],
            Mode::Canary | Mode::Gateway => &["api"],
        }
    }

    pub(crate) fn config(&self) -> Config {
        let namespace = &self.shop.namespace;
        let of_canary = |router: RouterConfig| Config::new(namespace, Canary::of("api"), router);
        let slots = || [Slot::new("api-blue"), Slot::new("api-green")];
        let of_slots = |router: RouterConfig| Config::new(namespace, slots(), router);
        match self.mode {
            Mode::BlueGreen => {
                of_slots(ServiceSelectorRouter::new("api").key("environment").into())
            }
            Mode::Ingress => of_slots(IngressRouter::new("api", ["api-blue", "api-green"]).into()),
            Mode::Canary => of_canary(IstioRouter::new("api", "api").into()),
            Mode::Gateway => of_canary(GatewayRouter::new("api", "api", "api-canary").into()),
        }
        .drain(seconds(1))
        .settle(Duration::from_millis(500))
    }

    pub(crate) fn target(&self) -> KubernetesTarget {
        KubernetesTarget::new(self.plane.client(AGENT).unwrap(), self.config())
    }

    /// A driver on this scene, and what it will tell.
    pub(crate) fn driver(&self) -> (Driver, Story) {
        let story = Story::default();
        (Driver::on(self.target()).observer(story.clone()), story)
    }

    /// Starts a release of this tag.
    pub(crate) async fn release(&self, tag: &str, terms: &Terms) -> Running {
        let (driver, story) = self.driver();
        self.start(driver, story, tag, terms).await
    }

    pub(crate) async fn start(
        &self,
        driver: Driver,
        story: Story,
        tag: &str,
        terms: &Terms,
    ) -> Running {
        let strategy = terms.strategy(self.mode);
        let started = driver.start(&*strategy, release(tag)).await;
        let (handle, run) = started.unwrap_or_else(|error| panic!("{error}"));
        Running::of(handle, run, story)
    }

    /// Every object of the example that is there now, without what the server and its controllers
    /// write; the user's Deployments, Services and routes by `kind/name`.
    pub(crate) async fn objects(&self) -> BTreeMap<String, Value> {
        let mut wanted = vec![("Service", "api")];
        match self.mode {
            Mode::BlueGreen | Mode::Ingress => {
                wanted.push(("Ingress", "api"));
                for slot in ["api-blue", "api-green"] {
                    wanted.extend([("Deployment", slot), ("Service", slot)]);
                }
            }
            Mode::Canary | Mode::Gateway => wanted.extend([
                ("Deployment", "api"),
                ("Deployment", "api-canary"),
                ("VirtualService", "api"),
                ("DestinationRule", "api"),
                ("HTTPRoute", "api"),
                ("Gateway", "shop"),
            ]),
        }
        let deployments = self.deployments().iter();
        wanted.extend(deployments.map(|name| ("HorizontalPodAutoscaler", *name)));
        let mut objects = BTreeMap::new();
        for (kind, name) in wanted {
            if let Some(object) = self.shop.try_get(kind, name).await {
                objects.insert(format!("{kind}/{name}"), plain(object));
            }
        }
        objects
    }

    /// What the objects of this example have to be when this tag is promoted.
    pub(crate) fn promoted(
        &self,
        before: &BTreeMap<String, Value>,
        tag: &str,
    ) -> BTreeMap<String, Value> {
        let mut after = before.clone();
        let updated = match self.mode {
            Mode::BlueGreen => {
                let selector = &mut after.get_mut("Service/api").unwrap()["spec"]["selector"];
                let live = if selector["environment"] == "blue" {
                    "green"
                } else {
                    "blue"
                };
                selector["environment"] = json!(live);
                format!("Deployment/api-{live}")
            }
            Mode::Ingress => {
                let ingress = after.get_mut("Ingress/api").unwrap();
                let text = ingress.to_string();
                let [live, idle] = if text.contains("api-blue") {
                    ["api-blue", "api-green"]
                } else {
                    ["api-green", "api-blue"]
                };
                *ingress = serde_json::from_str(&text.replace(live, idle)).unwrap();
                format!("Deployment/{idle}")
            }
            Mode::Canary | Mode::Gateway => "Deployment/api".to_owned(),
        };
        let spec = &mut after.get_mut(&updated).unwrap()["spec"]["template"]["spec"];
        spec["containers"][0]["image"] = json!(format!("{REPOSITORY}:{tag}"));
        spec["initContainers"][0]["image"] = json!(format!("{REPOSITORY}:{tag}"));
        after
    }
}

/// What was asked of the API server.
impl Scene {
    /// Calls to objects of this namespace by a client of this name, by verb and resource; from
    /// inclusive, until exclusive.
    pub(crate) fn calls_between(
        &self,
        from: Timestamp,
        until: Option<Timestamp>,
        agent: &str,
    ) -> BTreeMap<String, u32> {
        let mut calls = BTreeMap::new();
        for event in self.plane.audit_log().unwrap() {
            let is_ours = event.user_agent == agent && event.namespace == self.shop.namespace;
            let received =
                Timestamp::from_millis(event.received.0.as_millisecond().try_into().unwrap());
            let is_within = received >= from && until.is_none_or(|until| received < until);
            // A watch is counted when it begins, everything else when it is over.
            let stage = if event.verb == "watch" {
                "ResponseStarted"
            } else {
                "ResponseComplete"
            };
            if is_ours && is_within && event.stage == stage {
                let call = format!("{} {}", event.verb, event.resource);
                *calls.entry(call).or_insert(0) += 1;
            }
        }
        calls
    }

    /// Who asked for objects of this namespace since then.
    pub(crate) fn agents_since(&self, since: Timestamp) -> BTreeSet<String> {
        let events = self.plane.audit_log().unwrap().into_iter();
        let since = i64::try_from(since.as_millis()).unwrap();
        let is_here = |event: &AuditEvent| {
            event.namespace == self.shop.namespace && event.received.0.as_millisecond() >= since
        };
        events
            .filter(is_here)
            .map(|event| event.user_agent)
            .collect()
    }

    /// Calls since then that write, by verb and resource.
    pub(crate) fn writes_since(&self, since: Timestamp, agent: &str) -> BTreeMap<String, u32> {
        let mut calls = self.calls_between(since, None, agent);
        let is_read = |call: &str| {
            ["get ", "list ", "watch "]
                .iter()
                .any(|verb| call.starts_with(verb))
        };
        calls.retain(|call, _| !is_read(call));
        calls
    }
}

/// Pods, as kubelets see them.
impl Scene {
    fn pod_api(&self) -> Api<Pod> {
        Api::namespaced(self.shop.client.clone(), &self.shop.namespace)
    }

    /// Those with this label, `key=value`.
    pub(crate) async fn pods(&self, label: &str) -> Vec<Pod> {
        let params = ListParams::default().labels(label);
        self.pod_api().list(&params).await.unwrap().items
    }

    /// What a kubelet reports when a probe fails; the stand-in leaves a healthy pod's status alone.
    pub(crate) async fn lose_readiness(&self, pod: &Pod) {
        let status = pod.status.clone().unwrap();
        let mut conditions = status.conditions.unwrap();
        for condition in &mut conditions {
            if condition.type_ == "Ready" || condition.type_ == "ContainersReady" {
                condition.status = "False".to_owned();
            }
        }
        let patch = Patch::Merge(json!({"status": {"conditions": conditions}}));
        let name = pod.metadata.name.as_ref().unwrap();
        let (pods, params) = (self.pod_api(), PatchParams::default());
        pods.patch_status(name, &params, &patch).await.unwrap();
    }
}

/// Exactly what is the user's in an object: neither the server's, nor the epoch that a claim leaves behind.
fn plain(mut object: Value) -> Value {
    let map = object.as_object_mut().unwrap();
    map.remove("status");
    let metadata = map["metadata"].as_object_mut().unwrap();
    for key in ["resourceVersion", "generation", "managedFields"] {
        metadata.remove(key);
    }
    if let Some(annotations) = metadata.get_mut("annotations") {
        let annotations = annotations.as_object_mut().unwrap();
        for key in [
            "deployment.kubernetes.io/revision",
            "rollway.dev/last-epoch",
        ] {
            annotations.remove(key);
        }
        if annotations.is_empty() {
            metadata.remove("annotations");
        }
    }
    object
}

pub(crate) fn release(tag: &str) -> Release {
    Release::of([("api", format!("{REPOSITORY}:{tag}"))]).unwrap()
}

impl Running {
    /// Carried by a task of its own.
    pub(crate) fn of(handle: RolloutHandle, run: Run, story: Story) -> Self {
        let carrier = tokio::spawn(async move {
            // The handle tells how it ended.
            let _ = run.await;
        });
        Self {
            handle,
            story,
            carrier,
        }
    }

    /// Waits until nothing is left to do.
    pub(crate) async fn settled(&self) -> Outcome {
        match tokio::time::timeout(LIMIT, self.handle.settled()).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(error)) => panic!("{error}\n{}", self.story.told()),
            Err(_) => panic!("not over after {LIMIT:?}:\n{}", self.story.told()),
        }
    }

    pub(crate) async fn promoted(&self) {
        let outcome = self.settled().await;
        assert_eq!(
            outcome,
            Outcome::Promoted,
            "{outcome}\n{}",
            self.story.told()
        );
    }

    /// Waits until it has rolled back, and says why.
    pub(crate) async fn rolled_back(&self) -> Reason {
        let outcome = self.settled().await;
        let Outcome::RolledBack { reason } = outcome else {
            panic!("{outcome}\n{}", self.story.told());
        };
        reason
    }

    /// Waits until this is told.
    pub(crate) async fn until(&self, what: &str, is_so: impl Fn(&Story) -> bool) {
        for _ in 0..LIMIT.as_millis() / 20 {
            if is_so(&self.story) {
                return;
            }
            pause(Duration::from_millis(20)).await;
        }
        panic!("never {what}:\n{}", self.story.told());
    }

    pub(crate) async fn until_baking(&self, stage: &str) {
        self.until(&format!("baking in {stage}"), |story| {
            story.is_baking(stage)
        })
        .await;
    }
}
