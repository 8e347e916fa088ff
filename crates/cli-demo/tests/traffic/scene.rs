//! A service of version 1 behind the gateway, clients who ask it all the time, and Rollway with version 2.
#![allow(dead_code, reason = "tests and the bench need some of it each")]

use std::time::Duration;

use kube::api::{DeleteParams, DynamicObject, GroupVersionKind, ListParams, PostParams};
use kube::core::ApiResource;
use kube::{Api, ResourceExt};
use serde_json::Value;
use test_support::lab::load::Load;
use test_support::lab::requests;

use crate::program::{FILE, JOURNAL, Rollway, Running};
use crate::rollout::Plan;
use crate::seen::{Seen, events};
use crate::shop::{LIMIT, Shop, pause};

const CANARY: &str = include_str!("canary.yaml");
const BLUE_GREEN: &str = include_str!("blue-green.yaml");
const BLUE_GREEN_BY_INGRESS: &str = include_str!("blue-green-ingress.yaml");

/// Nothing that is tried here takes so long, however busy the machine is.
const LONGEST: Duration = Duration::from_secs(420);

/// How long clients go on after the end of a rollout.
const AFTER: Duration = Duration::from_secs(4);

pub(crate) struct Scene {
    pub(crate) shop: Shop,
}

/// A rollout under way, with clients.
pub(crate) struct Rollout<'a> {
    pub(crate) scene: &'a Scene,
    rollway: Rollway,
    running: Running,
    load: Load,
    rate: f64,
    /// What processes told that are no more.
    told: Vec<Value>,
}

impl Scene {
    /// Version 1 answers; `serves` says how every version behaves.
    pub(crate) async fn canary(shop: Shop, serves: &str) -> Self {
        Self::of(shop, CANARY, serves).await
    }

    /// The same with two slots.
    pub(crate) async fn blue_green(shop: Shop) -> Self {
        Self::of(shop, BLUE_GREEN, "").await
    }

    /// The same behind an Ingress.
    pub(crate) async fn blue_green_by_ingress(shop: Shop) -> Self {
        Self::of(shop, BLUE_GREEN_BY_INGRESS, "").await
    }

    async fn of(shop: Shop, manifest: &str, serves: &str) -> Self {
        let manifest = manifest
            .replace("HOST", &shop.host())
            .replace("SERVES", serves);
        let scene = Self { shop };
        for object in serde_saphyr::from_multiple::<Value>(&manifest).unwrap() {
            let object: DynamicObject = serde_json::from_value(object).unwrap();
            let kind = object.types.clone().unwrap().kind;
            let created = scene
                .api(&kind)
                .create(&PostParams::default(), &object)
                .await;
            created.unwrap();
        }
        scene.until_available().await;
        scene.shop.until("v1").await;
        scene
    }

    fn api(&self, kind: &str) -> Api<DynamicObject> {
        let (group, version) = match kind {
            "Deployment" => ("apps", "v1"),
            "EndpointSlice" => ("discovery.k8s.io", "v1"),
            "Ingress" => ("networking.k8s.io", "v1"),
            "HTTPRoute" => ("gateway.networking.k8s.io", "v1"),
            _ => ("", "v1"),
        };
        let resource = ApiResource::from_gvk(&GroupVersionKind::gvk(group, version, kind));
        Api::namespaced_with(self.shop.client.clone(), &self.shop.namespace, &resource)
    }

    async fn until_available(&self) {
        let began = crate::shop::now();
        loop {
            let deployments = self
                .api("Deployment")
                .list(&ListParams::default())
                .await
                .unwrap();
            let are_available = deployments.iter().all(|deployment| {
                let (spec, status) = (&deployment.data["spec"], &deployment.data["status"]);
                status["availableReplicas"].as_u64().unwrap_or(0)
                    == spec["replicas"].as_u64().unwrap()
            });
            if are_available {
                return;
            }
            assert!(began.elapsed() < LIMIT, "never available: {deployments:#?}");
            pause(Duration::from_millis(50)).await;
        }
    }

    /// Waits for so many pods that have these labels, ready or not.
    pub(crate) async fn until_there_are(&self, count: usize, labels: &str) {
        let (began, pods) = (crate::shop::now(), self.api("Pod"));
        let labels = ListParams::default().labels(labels);
        while pods.list(&labels).await.unwrap().items.len() < count {
            assert!(began.elapsed() < LIMIT, "never {count} pods");
            pause(Duration::from_millis(20)).await;
        }
    }

    /// Waits until so many pods that have these labels say that they are ready.
    pub(crate) async fn until_ready(&self, count: usize, labels: &str) {
        let (began, pods) = (crate::shop::now(), self.api("Pod"));
        let labels = ListParams::default().labels(labels);
        let is_ready = |pod: &&DynamicObject| {
            let told = pod.data["status"]["conditions"].as_array();
            let mut told = told.into_iter().flatten();
            told.any(|condition| condition["type"] == "Ready" && condition["status"] == "True")
        };
        while pods
            .list(&labels)
            .await
            .unwrap()
            .iter()
            .filter(is_ready)
            .count()
            < count
        {
            assert!(began.elapsed() < LIMIT, "never {count} ready pods");
            pause(Duration::from_millis(20)).await;
        }
    }

    /// The endpoints of a Service that its EndpointSlices call ready: those that the gateway sends to.
    pub(crate) async fn ready_endpoints(&self, service: &str) -> usize {
        let labels = format!("kubernetes.io/service-name={service}");
        let labels = ListParams::default().labels(&labels);
        let slices = self.api("EndpointSlice").list(&labels).await.unwrap();
        let endpoints = slices
            .iter()
            .filter_map(|slice| slice.data["endpoints"].as_array());
        let is_ready = |endpoint: &&Value| endpoint["conditions"]["ready"] == true;
        endpoints.flatten().filter(is_ready).count()
    }

    /// Deletes one pod of those that have these labels, as a node that is drained does, and tells its name.
    async fn replace_a_pod(&self, labels: &str) -> String {
        let pods = self.api("Pod");
        let all = pods
            .list(&ListParams::default().labels(labels))
            .await
            .unwrap();
        let living = |pod: &&DynamicObject| pod.metadata.deletion_timestamp.is_none();
        let pod = all.iter().find(living);
        let name = pod
            .unwrap_or_else(|| panic!("no living pod has {labels}: {all:#?}"))
            .name_any();
        pods.delete(&name, &DeleteParams::default()).await.unwrap();
        name
    }

    /// Waits until none of these pods is there any more.
    pub(crate) async fn until_gone(&self, names: &[String]) {
        let (began, pods) = (crate::shop::now(), self.api("Pod"));
        for name in names {
            while pods.get_opt(name).await.unwrap().is_some() {
                assert!(began.elapsed() < LIMIT, "{name} is still there");
                pause(Duration::from_millis(50)).await;
            }
        }
    }

    /// Clients begin to ask, so many times a second over kept connections, and then the rollout.
    pub(crate) fn begin(&self, plan: &Plan, rate: f64) -> Rollout<'_> {
        let (lab, shop) = (self.shop.lab, &self.shop);
        let load = Load::start(&requests(&shop.host(), rate)).unwrap();
        let file = plan.file(&lab.prometheus().url());
        let rollway = Rollway::there(lab.plane().kubeconfig(), &shop.namespace, &file);
        let running = rollway.start_there(&["run", FILE, "-o", "json"]);
        Rollout {
            scene: self,
            rollway,
            running,
            load,
            rate,
            told: Vec::new(),
        }
    }
}

impl Rollout<'_> {
    /// Lets it go on until an event of this type, of this stage if one is named. Panics when it is over without one:
    /// what is to be done then would not be done to a rollout.
    pub(crate) async fn until(&mut self, kind: &str, stage: Option<&str>) {
        let is_it = |event: &Value| {
            event["type"] == kind && stage.is_none_or(|stage| event["stage"] == stage)
        };
        loop {
            // Asked before: what it tells last counts.
            let is_over = self.running.is_over();
            let told = self.told();
            if told.iter().any(is_it) {
                return;
            }
            let said = || self.running.so_far().err;
            assert!(
                !is_over,
                "over without {kind} of {stage:?}: {told:#?}\n{}",
                said()
            );
            pause(Duration::from_millis(50)).await;
        }
    }

    /// Deletes one pod of those that have these labels while the rollout is under way, and tells its name.
    pub(crate) async fn replace_a_pod(&mut self, labels: &str) -> String {
        let name = self.scene.replace_a_pod(labels).await;
        self.check_under_way();
        name
    }

    /// Panics when it is over: what was done just now may have been done to no rollout.
    #[track_caller]
    pub(crate) fn check_under_way(&mut self) {
        let told = self.told();
        let has_ended = told.iter().any(|event| event["type"] == "ended");
        assert!(!has_ended && !self.running.is_over(), "over: {told:#?}");
    }

    /// How many events of this type were told so far.
    pub(crate) fn count(&self, kind: &str) -> usize {
        let told = self.told();
        told.iter().filter(|event| event["type"] == kind).count()
    }

    /// How long clients have been asking.
    pub(crate) fn age(&self) -> Duration {
        self.load.age()
    }

    /// Everything that was told so far.
    pub(crate) fn told(&self) -> Vec<Value> {
        let mut told = self.told.clone();
        told.extend(events(&self.running.so_far().out));
        told
    }

    /// `kill -9`, and as much later `rollway resume`.
    pub(crate) async fn kill_and_resume(self, later: Duration) -> Self {
        let told = self.told();
        self.running.kill().await.unwrap();
        pause(later).await;
        let running = self
            .rollway
            .start(&["resume", "--journal", JOURNAL, "-o", "json"]);
        Self {
            running,
            told,
            ..self
        }
    }

    /// The end, and what clients saw up to there and a little longer.
    pub(crate) async fn ended(self) -> Seen {
        let Ok(mut ended) = tokio::time::timeout(LONGEST, self.running.ended()).await else {
            panic!("not over after {LONGEST:?}");
        };
        pause(AFTER).await;
        let report = self.load.stop();
        let mut told = self.told;
        told.extend(events(&std::mem::take(&mut ended.out)));
        let seen = Seen {
            ended,
            events: told,
            report,
            rate: self.rate,
        };
        eprintln!("{}: {}", self.scene.shop.namespace, seen.figures());
        self.scene.shop.lab.pods().check().unwrap();
        seen
    }
}
