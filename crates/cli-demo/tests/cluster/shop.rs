//! A namespace of one's own with the objects of an example in it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use kube::Client;
use kube::core::Request;
use kube::core::params::{DeleteParams, GetParams, ListParams, Patch, PatchParams, PostParams};
use serde_json::{Value, json};
use test_support::{AuditEvent, ControlPlane, GatewayController};

use crate::program::Rollway;
pub(crate) use crate::program::pause;

/// How the shop's requests are shared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Two slots behind a Service.
    BlueGreen,
    /// Stable and a canary made from it, behind an Istio VirtualService.
    Canary,
}

/// A namespace of one's own with the objects of an example in it.
#[derive(Clone)]
pub(crate) struct Shop {
    pub(crate) plane: &'static ControlPlane,
    pub(crate) namespace: String,
    client: Client,
    _controller: Arc<GatewayController>,
}

impl Rollway {
    pub(crate) fn new(shop: &Shop, rollout: &str) -> Self {
        Self::there(shop.plane.kubeconfig(), &shop.namespace, rollout)
    }

    /// The same as one of the users who have no rights but those that are granted.
    pub(crate) fn by_user(mut self, shop: &Shop, user: &str) -> Self {
        self.set_kubeconfig(shop.plane.kubeconfig_for(user).unwrap());
        self
    }
}

fn place(kind: &str) -> (&'static str, &'static str) {
    match kind {
        "Deployment" => ("apps/v1", "deployments"),
        "Service" => ("v1", "services"),
        "VirtualService" => ("networking.istio.io/v1", "virtualservices"),
        "DestinationRule" => ("networking.istio.io/v1", "destinationrules"),
        "Ingress" => ("networking.k8s.io/v1", "ingresses"),
        "Gateway" => ("gateway.networking.k8s.io/v1", "gateways"),
        "HTTPRoute" => ("gateway.networking.k8s.io/v1", "httproutes"),
        "HorizontalPodAutoscaler" => ("autoscaling/v2", "horizontalpodautoscalers"),
        "PodDisruptionBudget" => ("policy/v1", "poddisruptionbudgets"),
        "Role" => ("rbac.authorization.k8s.io/v1", "roles"),
        "RoleBinding" => ("rbac.authorization.k8s.io/v1", "rolebindings"),
        other => panic!("no place for a {other}"),
    }
}

/// A controller has said all that it has to say of the object as it is now.
fn is_of_generation(conditions: &Value, generation: &Value) -> bool {
    let conditions = conditions.as_array();
    conditions.is_some_and(|conditions| {
        let mut said = conditions.iter();
        !conditions.is_empty() && said.all(|said| said["observedGeneration"] == *generation)
    })
}

impl Shop {
    /// A namespace with the example's objects in it, two pods for each workload, all available.
    pub(crate) async fn open(mode: Mode) -> Self {
        let file = match mode {
            Mode::BlueGreen => "blue-green-selector.yaml",
            Mode::Canary => "canary-istio.yaml",
        };
        let mut objects = manifest(file);
        for object in &mut objects {
            if object["kind"] == "Deployment" {
                // Every pod is work for a control plane that dozens of rollouts share.
                object["spec"]["replicas"] = json!(2);
            }
        }
        Self::of(objects).await
    }

    /// A namespace with these objects in it, and all pods available.
    pub(crate) async fn of(objects: Vec<Value>) -> Self {
        let plane = ControlPlane::shared().unwrap();
        let namespace = plane.namespace().unwrap();
        let client = plane.client("shop-test").unwrap();
        let controller = GatewayController::start(client.clone(), &namespace, "v1");
        let shop = Self {
            plane,
            namespace,
            client,
            _controller: Arc::new(controller),
        };
        for mut object in objects {
            if object["kind"] == "Deployment" {
                // Availability is no matter of these tests, and five seconds are, dozens of times.
                object["spec"]["minReadySeconds"] = json!(1);
            }
            shop.create(object).await;
        }
        shop.until("Deployment", |deployment| {
            let (status, wanted) = (&deployment["status"], &deployment["spec"]["replicas"]);
            // A Deployment without replicas says nothing of them.
            let has =
                |number: &str| status[number].as_u64().unwrap_or(0) == wanted.as_u64().unwrap();
            status["observedGeneration"] == deployment["metadata"]["generation"]
                && has("availableReplicas")
                && has("replicas")
        })
        .await;
        shop.until("HTTPRoute", |route| {
            let said = &route["status"]["parents"][0]["conditions"];
            is_of_generation(said, &route["metadata"]["generation"])
        })
        .await;
        shop.until("Gateway", |gateway| {
            let said = &gateway["status"]["conditions"];
            is_of_generation(said, &gateway["metadata"]["generation"])
        })
        .await;
        shop
    }

    pub(crate) async fn create(&self, object: Value) -> Value {
        let kind = object["kind"].as_str().unwrap();
        let body = serde_json::to_vec(&object).unwrap();
        // One is of the whole cluster, whatever it asks about.
        let request = match kind {
            "SubjectAccessReview" => {
                Request::new("/apis/authorization.k8s.io/v1/subjectaccessreviews")
            }
            _ => self.request(kind),
        };
        let request = request.create(&PostParams::default(), body);
        self.client.request(request.unwrap()).await.unwrap()
    }

    pub(crate) async fn delete(&self, kind: &str, name: &str) {
        let request = self.request(kind).delete(name, &DeleteParams::default());
        let _: Value = self.client.request(request.unwrap()).await.unwrap();
    }

    pub(crate) async fn patch(&self, kind: &str, name: &str, patch: Value) {
        let (params, patch) = (PatchParams::default(), Patch::Merge(patch));
        let request = self.request(kind).patch(name, &params, &patch);
        let _: Value = self.client.request(request.unwrap()).await.unwrap();
    }

    pub(crate) async fn get(&self, kind: &str, name: &str) -> Value {
        let request = self.request(kind).get(name, &GetParams::default());
        self.client.request(request.unwrap()).await.unwrap()
    }

    /// Every object that the example or a rollout may have put here, by `kind/name`, without what
    /// differs from namespace to namespace and what only controllers say of it.
    ///
    /// The number of a Deployment's revision is kept: a template that was changed once too often
    /// and back shows there. Its controller writes it when it has seen the newest template.
    pub(crate) async fn objects(&self) -> BTreeMap<String, Value> {
        self.until("Deployment", |deployment| {
            deployment["status"]["observedGeneration"] == deployment["metadata"]["generation"]
        })
        .await;
        let mut objects = BTreeMap::new();
        for kind in ["Deployment", "Service", "VirtualService", "DestinationRule"] {
            for object in self.list(kind).await {
                let name = object["metadata"]["name"].as_str().unwrap().to_owned();
                objects.insert(format!("{kind}/{name}"), content(object));
            }
        }
        objects
    }

    /// What the API server was asked about this namespace by somebody who so calls himself.
    pub(crate) fn calls(&self, is_agent: impl Fn(&str) -> bool) -> Vec<AuditEvent> {
        let mut events = self.plane.audit_log().unwrap();
        events.retain(|event| event.namespace == self.namespace && is_agent(&event.user_agent));
        events
    }

    async fn list(&self, kind: &str) -> Vec<Value> {
        let request = self.request(kind).list(&ListParams::default()).unwrap();
        let mut list: Value = self.client.request(request).await.unwrap();
        serde_json::from_value(list["items"].take()).unwrap()
    }

    /// Waits until every object of this kind is so.
    async fn until(&self, kind: &str, is_so: impl Fn(&Value) -> bool) {
        for _ in 0..1200 {
            if self.list(kind).await.iter().all(&is_so) {
                return;
            }
            pause(Duration::from_millis(50)).await;
        }
        panic!("never settled: {:#?}", self.list(kind).await);
    }

    fn request(&self, kind: &str) -> Request {
        let (api, plural) = place(kind);
        let root = if api.contains('/') { "apis" } else { "api" };
        let namespace = &self.namespace;
        Request::new(format!("/{root}/{api}/namespaces/{namespace}/{plural}"))
    }
}

/// The objects of an example, without a namespace.
pub(crate) fn manifest(file: &str) -> Vec<Value> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/manifests");
    let text = std::fs::read_to_string(root.join(file)).unwrap();
    serde_saphyr::from_multiple(&text).unwrap()
}

/// Whether anything of a rollout is left in the text of objects, other than the epoch of its claim.
pub(crate) fn has_traces(text: &str) -> bool {
    text.replace("rollway.dev/last-epoch", "")
        .contains("rollway.dev")
}

fn content(mut object: Value) -> Value {
    let map = object.as_object_mut().unwrap();
    for key in ["status", "apiVersion", "kind"] {
        map.remove(key);
    }
    let metadata = map["metadata"].as_object_mut().unwrap();
    for key in [
        "namespace",
        "resourceVersion",
        "generation",
        "managedFields",
        "uid",
        "creationTimestamp",
    ] {
        metadata.remove(key);
    }
    if let Some(annotations) = metadata.get_mut("annotations") {
        let annotations = annotations.as_object_mut().unwrap();
        annotations.remove("rollway.dev/last-epoch");
        if annotations.is_empty() {
            metadata.remove("annotations");
        }
    }
    let spec = map["spec"].as_object_mut().unwrap();
    for key in ["clusterIP", "clusterIPs"] {
        spec.remove(key);
    }
    object
}
