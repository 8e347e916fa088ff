//! A shop of two versions, each with pods and a Service of its own, behind the gateway of the lab.
#![allow(dead_code, reason = "tests and the bench need some of it each")]

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{Pod, Service};
use kube::api::{
    DeleteParams, DynamicObject, GroupVersionKind, ListParams, Patch, PatchParams, PostParams,
};
use kube::core::ApiResource;
use kube::{Api, Client};
use serde_json::{Value, json};
use test_support::Lab;
use test_support::lab::pods::{SERVES, VERSION_HEADER};
use test_support::lab::{GATEWAY_NAME, GATEWAY_NAMESPACE, POD_PORT};
use tokio::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};

/// Nothing that is waited for takes so long, however busy the machine is.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);

/// Held by each test while it needs the lab as it is, and alone by one that stops a part of it.
static UNDISTURBED: RwLock<()> = RwLock::const_new(());

enum Held {
    Shared(#[expect(dead_code, reason = "held")] RwLockReadGuard<'static, ()>),
    Alone(#[expect(dead_code, reason = "held")] RwLockWriteGuard<'static, ()>),
}

/// Requests are told apart from those of other tests by the hostname.
pub(crate) struct Shop {
    pub(crate) lab: &'static Lab,
    pub(crate) namespace: String,
    pub(crate) client: Client,
    http: reqwest::Client,
    _held: Held,
}

impl Shop {
    pub(crate) async fn open() -> Self {
        Self::empty().await.with_versions().await
    }

    /// For a test that stops a part of the lab: no other runs beside it.
    pub(crate) async fn open_alone() -> Self {
        Self::empty_alone().await.with_versions().await
    }

    /// A namespace with nothing in it.
    pub(crate) async fn empty() -> Self {
        let lab = Lab::shared().unwrap();
        Self::held(lab, Held::Shared(UNDISTURBED.read().await))
    }

    /// A namespace with nothing in it, and no other test beside this one.
    pub(crate) async fn empty_alone() -> Self {
        let lab = Lab::shared().unwrap();
        Self::held(lab, Held::Alone(UNDISTURBED.write().await))
    }

    fn held(lab: &'static Lab, held: Held) -> Self {
        repair(lab);
        Self {
            lab,
            namespace: lab.plane().namespace().unwrap(),
            client: lab.plane().client("traffic").unwrap(),
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
            _held: held,
        }
    }

    async fn with_versions(self) -> Self {
        for version in ["stable", "candidate"] {
            self.deploy(version).await;
            self.service(version, version).await;
        }
        self
    }

    pub(crate) async fn deploy(&self, version: &str) {
        self.deploy_that(version, "").await;
    }

    /// With pods of which the annotation says how they behave.
    pub(crate) async fn deploy_that(&self, version: &str, behaves: &str) {
        let labels = json!({"app": "shop", "version": version});
        let deployment = json!({
            "metadata": {"name": version},
            "spec": {
                "replicas": 2,
                "selector": {"matchLabels": labels},
                "template": {
                    "metadata": {"labels": labels, "annotations": {SERVES: behaves}},
                    "spec": {"containers": [{
                        "name": "shop",
                        "image": format!("shop/web:{version}"),
                        "ports": [{"containerPort": POD_PORT}],
                    }]},
                },
            },
        });
        let deployment: Deployment = serde_json::from_value(deployment).unwrap();
        let api: Api<Deployment> = Api::namespaced(self.client.clone(), &self.namespace);
        let created = api.create(&PostParams::default(), &deployment).await;
        created.unwrap();
    }

    /// Ends the processes of this version at once; other pods take their place.
    pub(crate) async fn kill(&self, version: &str) {
        let pods: Api<Pod> = Api::namespaced(self.client.clone(), &self.namespace);
        let at_once = DeleteParams::default().grace_period(0);
        let all = ListParams::default().labels(&format!("version={version}"));
        pods.delete_collection(&at_once, &all).await.unwrap();
    }

    pub(crate) async fn service(&self, name: &str, version: &str) {
        let service = json!({
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": name},
            "spec": {
                "selector": {"app": "shop", "version": version},
                "ports": [{"name": "http", "port": 80, "targetPort": POD_PORT}],
            },
        });
        let api: Api<Service> = Api::namespaced(self.client.clone(), &self.namespace);
        let parameters = PatchParams::apply("traffic");
        let applied = api.patch(name, &parameters, &Patch::Apply(&service)).await;
        applied.unwrap();
    }

    /// The host of this shop's requests.
    pub(crate) fn host(&self) -> String {
        format!("{}.example.org", self.namespace)
    }

    fn routes(&self) -> Api<DynamicObject> {
        let kind = GroupVersionKind::gvk("gateway.networking.k8s.io", "v1", "HTTPRoute");
        let resource = ApiResource::from_gvk(&kind);
        Api::namespaced_with(self.client.clone(), &self.namespace, &resource)
    }

    /// Writes the HTTPRoute with these Services and weights.
    pub(crate) async fn route(&self, weights: &[(&str, u32)]) {
        let backend =
            |(name, weight): &(&str, u32)| json!({"name": name, "port": 80, "weight": weight});
        let backends: Vec<Value> = weights.iter().map(backend).collect();
        let route = json!({
            "apiVersion": "gateway.networking.k8s.io/v1",
            "kind": "HTTPRoute",
            "metadata": {"name": "shop"},
            "spec": {
                "hostnames": [self.host()],
                "parentRefs": [{"name": GATEWAY_NAME, "namespace": GATEWAY_NAMESPACE}],
                "rules": [{"backendRefs": backends}],
            },
        });
        let (routes, parameters) = (self.routes(), PatchParams::apply("traffic"));
        let route = Patch::Apply(&route);
        let applied = routes.patch("shop", &parameters, &route).await;
        applied.unwrap();
    }

    /// Whether the gateway says of the HTTPRoute as it is that it is carried out.
    pub(crate) async fn is_said(&self) -> bool {
        let route = self.routes().get("shop").await.unwrap();
        let conditions = &route.data["status"]["parents"][0]["conditions"];
        let is_met = |kind: &str| {
            let told = conditions.as_array().into_iter().flatten();
            told.into_iter().any(|condition| {
                condition["type"] == kind
                    && condition["status"] == "True"
                    && condition["observedGeneration"].as_i64() == route.metadata.generation
            })
        };
        is_met("Accepted") && is_met("ResolvedRefs")
    }

    /// Sends one request: the version that answered, or the status or error in place of it.
    pub(crate) async fn ask(&self) -> String {
        let request = self.http.get(self.lab.gateway().url());
        let request = request.header("host", self.host());
        match request.timeout(Duration::from_secs(5)).send().await {
            Ok(answer) if answer.status().is_success() => {
                let version = answer.headers().get(VERSION_HEADER);
                version
                    .map_or("no version", |version| version.to_str().unwrap())
                    .to_owned()
            }
            Ok(answer) => answer.status().to_string(),
            Err(error) => format!("{error:?}"),
        }
    }

    /// Asks Prometheus until it is ready to be asked.
    pub(crate) async fn until_prometheus_answers(&self) {
        let (began, url) = (now(), self.lab.prometheus().url());
        let asked = || {
            self.http
                .get(format!("{url}/-/ready"))
                .timeout(LIMIT)
                .send()
        };
        while !asked()
            .await
            .is_ok_and(|answer| answer.status().is_success())
        {
            assert!(began.elapsed() < LIMIT, "Prometheus does not answer");
            pause(Duration::from_millis(50)).await;
        }
    }

    /// What Prometheus answers to a query of one number; nothing is 0.
    pub(crate) async fn told_by_prometheus(&self, query: &str) -> f64 {
        let mut url: reqwest::Url = self.lab.prometheus().url().parse().unwrap();
        url.set_path("api/v1/query");
        url.query_pairs_mut().append_pair("query", query);
        let answer = self.http.get(url).send().await.unwrap();
        let answer: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
        assert_eq!(answer["status"], "success", "{query}: {answer}");
        let value = &answer["data"]["result"][0]["value"][1];
        value.as_str().map_or(0.0, |value| value.parse().unwrap())
    }

    /// How many of so many requests, one after the other, each version answered.
    pub(crate) async fn ask_often(&self, requests: u32) -> BTreeMap<String, u32> {
        let mut answers = BTreeMap::new();
        for _ in 0..requests {
            *answers.entry(self.ask().await).or_default() += 1;
        }
        answers
    }

    /// Asks until this version answers.
    pub(crate) async fn until(&self, version: &str) -> Duration {
        let began = now();
        loop {
            let answer = self.ask().await;
            if answer == version {
                return began.elapsed();
            }
            assert!(
                began.elapsed() < LIMIT,
                "{version} was waited for: {answer}"
            );
            pause(Duration::from_millis(20)).await;
        }
    }
}

/// Starts and lets go on what a test that failed has left stopped or suspended.
fn repair(lab: &Lab) {
    // One after the other: what one has started the next one must not end.
    static REPAIRING: Mutex<()> = Mutex::new(());
    let _one = REPAIRING.lock().unwrap_or_else(PoisonError::into_inner);
    let (plane, gateway, prometheus) = (lab.plane(), lab.gateway(), lab.prometheus());
    if is_refused(&plane.url()) {
        plane.start_api_server().unwrap();
    }
    // What runs does not notice.
    plane.resume_api_server().unwrap();
    plane.resume_controllers().unwrap();
    if gateway.check_alive().is_err() {
        gateway.start_again().unwrap();
    }
    if prometheus.check_alive().is_err() {
        prometheus.start_again().unwrap();
    }
    gateway.resume().unwrap();
    prometheus.resume().unwrap();
}

fn is_refused(url: &str) -> bool {
    let address = url.split_once("://").unwrap().1;
    let connected = std::net::TcpStream::connect(address);
    connected.is_err_and(|error| error.kind() == ErrorKind::ConnectionRefused)
}

/// Panics unless nobody takes connections at this address: that what was stopped there is away.
#[track_caller]
pub(crate) fn check_refused(url: &str) {
    assert!(is_refused(url), "somebody takes connections at {url}");
}

/// Panics unless what is asked there takes the question and does not answer for a second.
pub(crate) async fn check_silent(url: &str) {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let asked = client.get(url).timeout(Duration::from_secs(1)).send();
    let answered = asked.await.map(|answer| answer.status());
    assert!(
        answered.as_ref().is_err_and(reqwest::Error::is_timeout),
        "{url}: {answered:?}"
    );
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
