//! A namespace of one's own with a shop in it.

use std::time::Duration;

use kube::Client;
use kube::core::Request;
use kube::core::params::{DeleteParams, GetParams, Patch, PatchParams, PostParams};
use serde_json::{Value, json};
use target_k8s::config::{Canary, GatewayRouter, IstioRouter, ServiceSelectorRouter, Slot};
use target_k8s::{Config, KubernetesTarget};
use test_support::ControlPlane;

#[path = "routes.rs"]
mod routes;

pub(crate) use routes::{gateway, grpc_route, http_route};

pub(crate) const SOON: Duration = Duration::from_secs(20);

pub(crate) struct Shop {
    pub(crate) namespace: String,
    pub(crate) client: Client,
}

impl std::fmt::Debug for Shop {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Shop({})", self.namespace)
    }
}

fn place(kind: &str) -> (&'static str, &'static str) {
    match kind {
        "Deployment" => ("apps/v1", "deployments"),
        "ReplicaSet" => ("apps/v1", "replicasets"),
        "Service" => ("v1", "services"),
        "Pod" => ("v1", "pods"),
        "ResourceQuota" => ("v1", "resourcequotas"),
        "HorizontalPodAutoscaler" => ("autoscaling/v2", "horizontalpodautoscalers"),
        "VirtualService" => ("networking.istio.io/v1", "virtualservices"),
        "DestinationRule" => ("networking.istio.io/v1", "destinationrules"),
        "Ingress" => ("networking.k8s.io/v1", "ingresses"),
        "Gateway" => ("gateway.networking.k8s.io/v1", "gateways"),
        "HTTPRoute" => ("gateway.networking.k8s.io/v1", "httproutes"),
        "GRPCRoute" => ("gateway.networking.k8s.io/v1", "grpcroutes"),
        "Role" => ("rbac.authorization.k8s.io/v1", "roles"),
        "RoleBinding" => ("rbac.authorization.k8s.io/v1", "rolebindings"),
        other => panic!("no place for a {other}"),
    }
}

impl Shop {
    pub(crate) fn open() -> Self {
        let plane = ControlPlane::shared().unwrap();
        Self {
            namespace: plane.namespace().unwrap(),
            client: plane.client("shop-test").unwrap(),
        }
    }

    fn request(&self, kind: &str) -> Request {
        self.request_at(place(kind).0, kind)
    }

    fn request_at(&self, api: &str, kind: &str) -> Request {
        let (_, plural) = place(kind);
        let root = if api.contains('/') { "apis" } else { "api" };
        Request::new(format!(
            "/{root}/{api}/namespaces/{}/{plural}",
            self.namespace
        ))
    }

    /// Creates the object, as a person would.
    pub(crate) async fn create(&self, object: Value) -> Value {
        let api = place(object["kind"].as_str().unwrap()).0;
        self.create_at(api, object).await
    }

    /// The same by another version of its API.
    pub(crate) async fn create_at(&self, api: &str, mut object: Value) -> Value {
        let kind = object["kind"].as_str().unwrap().to_owned();
        object["apiVersion"] = json!(api);
        let params = PostParams {
            field_manager: Some("kubectl-create".to_owned()),
            ..PostParams::default()
        };
        let body = serde_json::to_vec(&object).unwrap();
        let request = self.request_at(api, &kind).create(&params, body).unwrap();
        self.client.request(request).await.unwrap()
    }

    pub(crate) async fn try_get(&self, kind: &str, name: &str) -> Option<Value> {
        let request = self.request(kind).get(name, &GetParams::default()).unwrap();
        match self.client.request(request).await {
            Ok(object) => Some(object),
            Err(kube::Error::Api(status)) if status.code == 404 => None,
            Err(error) => panic!("{error}"),
        }
    }

    pub(crate) async fn get(&self, kind: &str, name: &str) -> Value {
        self.try_get(kind, name).await.unwrap()
    }

    /// What somebody with this field manager's name changes.
    pub(crate) async fn patch(&self, manager: &str, kind: &str, name: &str, patch: Value) -> Value {
        let params = PatchParams {
            field_manager: Some(manager.to_owned()),
            ..PatchParams::default()
        };
        let patch = Patch::Merge(patch);
        let request = self.request(kind).patch(name, &params, &patch).unwrap();
        self.client.request(request).await.unwrap()
    }

    pub(crate) async fn delete(&self, kind: &str, name: &str) {
        let request = self
            .request(kind)
            .delete(name, &DeleteParams::background())
            .unwrap();
        let _: Value = self.client.request(request).await.unwrap();
    }

    /// What the quota controller would do, if there were one.
    pub(crate) async fn use_up(&self, quota: &str) {
        let quota_object = self.get("ResourceQuota", quota).await;
        let hard = quota_object["spec"]["hard"].clone();
        let patch = Patch::Merge(json!({"status": {"hard": hard, "used": hard}}));
        let request = self.request("ResourceQuota");
        let request = request.patch_subresource("status", quota, &PatchParams::default(), &patch);
        let _: Value = self.client.request(request.unwrap()).await.unwrap();
    }

    /// Puts a whole object in place, as whoever read it earlier would.
    pub(crate) async fn put(&self, object: &Value) -> Result<Value, kube::Error> {
        let kind = object["kind"].as_str().unwrap();
        let name = object["metadata"]["name"].as_str().unwrap();
        let body = serde_json::to_vec(object).unwrap();
        let request = self
            .request(kind)
            .replace(name, &PostParams::default(), body)
            .unwrap();
        self.client.request(request).await
    }

    /// The user may do what this Role allows, from when it returns on: the API server learns of its own objects a little
    /// later than whoever writes them.
    pub(crate) async fn grant(&self, user: &str, mut role: Value) {
        role["metadata"]["namespace"] = json!(self.namespace);
        let (name, first) = (role["metadata"]["name"].clone(), role["rules"][0].clone());
        self.create(role).await;
        self.create(json!({
            "kind": "RoleBinding",
            "metadata": {"name": name},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name},
            "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user}],
        }))
        .await;
        let asked = json!({
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SubjectAccessReview",
            "spec": {"user": user, "resourceAttributes": {
                "namespace": self.namespace,
                "group": first["apiGroups"][0],
                "resource": first["resources"][0],
                "verb": first["verbs"][0],
                "name": first["resourceNames"][0],
            }},
        });
        for _ in 0..1200 {
            let reviews = Request::new("/apis/authorization.k8s.io/v1/subjectaccessreviews");
            let body = serde_json::to_vec(&asked).unwrap();
            let request = reviews.create(&PostParams::default(), body).unwrap();
            let answer: Value = self.client.request(request).await.unwrap();
            if answer["status"]["allowed"] == true {
                return;
            }
            pause(Duration::from_millis(50)).await;
        }
        panic!("never as it was granted: {asked:#}");
    }

    /// Reads, changes and puts in place, and once more where a controller wrote in between.
    pub(crate) async fn edit(&self, kind: &str, name: &str, change: impl Fn(&mut Value)) {
        loop {
            let mut object = self.get(kind, name).await;
            change(&mut object);
            match self.put(&object).await {
                Ok(_) => return,
                Err(kube::Error::Api(status)) if status.code == 409 => {}
                Err(error) => panic!("{error}"),
            }
        }
    }

    /// A Deployment with what a target must carry along, whatever it is.
    pub(crate) async fn deploy(&self, name: &str, labels: Value, image: &str, replicas: u32) {
        self.create(deployment(name, labels, image, replicas)).await;
    }

    /// Blue (live) and green behind the Service `api`.
    pub(crate) async fn with_slots(&self, replicas: u32, green: u32) -> KubernetesTarget {
        for (slot, replicas) in [("blue", replicas), ("green", green)] {
            let labels = json!({"app": "api", "version": slot});
            self.deploy(&format!("api-{slot}"), labels, "shop/api:1", replicas)
                .await;
        }
        self.create(service("api", json!({"app": "api", "version": "blue"})))
            .await;
        self.settle(&["api-blue", "api-green"]).await;
        self.target(self.slots())
    }

    pub(crate) fn slots(&self) -> Config {
        let slots = [Slot::new("api-blue"), Slot::new("api-green")];
        Config::new(&self.namespace, slots, ServiceSelectorRouter::new("api"))
    }

    /// Stable behind an Istio VirtualService, and no canary yet.
    pub(crate) async fn with_mesh(&self, replicas: u32) -> KubernetesTarget {
        let labels = json!({"app": "api", "track": "stable"});
        self.deploy("api", labels, "shop/api:1", replicas).await;
        self.create(service("api", json!({"app": "api"}))).await;
        self.create(virtual_service()).await;
        self.create(destination_rule()).await;
        self.settle(&["api"]).await;
        self.target(self.mesh())
    }

    pub(crate) fn mesh(&self) -> Config {
        Config::new(
            &self.namespace,
            Canary::of("api"),
            IstioRouter::new("api", "api"),
        )
    }

    /// Stable behind two routes of Gateway API, and no canary yet. What a controller would say of them,
    /// the caller says, or [`GatewayController`](test_support::GatewayController).
    pub(crate) async fn with_gateway(&self, replicas: u32) -> KubernetesTarget {
        let labels = json!({"app": "api", "track": "stable"});
        self.deploy("api", labels.clone(), "shop/api:1", replicas)
            .await;
        self.create(service("api", labels)).await;
        let labels = json!({"app": "api", "track": "canary"});
        self.create(service("api-canary", labels)).await;
        self.create(gateway()).await;
        self.create(http_route()).await;
        self.create(grpc_route()).await;
        self.settle(&["api"]).await;
        self.target(self.routed())
    }

    pub(crate) fn routed(&self) -> Config {
        let mut router = GatewayRouter::new("api", "api", "api-canary");
        router.grpc_routes.push("api".to_owned());
        Config::new(&self.namespace, Canary::of("api"), router)
    }

    pub(crate) fn target(&self, config: Config) -> KubernetesTarget {
        let client = ControlPlane::shared()
            .unwrap()
            .client("rollway-test")
            .unwrap();
        KubernetesTarget::new(client, config)
    }

    /// Waits until these Deployments have all their pods available.
    pub(crate) async fn settle(&self, names: &[&str]) {
        for name in names {
            self.until_object("Deployment", name, |deployment| {
                let wanted = deployment["spec"]["replicas"].as_u64().unwrap();
                let status = &deployment["status"];
                status["observedGeneration"] == deployment["metadata"]["generation"]
                    && status["availableReplicas"].as_u64().unwrap_or(0) == wanted
                    && status["replicas"].as_u64().unwrap_or(0) == wanted
            })
            .await;
        }
    }

    pub(crate) async fn until_object(
        &self,
        kind: &str,
        name: &str,
        is_so: impl Fn(&Value) -> bool,
    ) -> Value {
        for _ in 0..1200 {
            if let Some(object) = self.try_get(kind, name).await
                && is_so(&object)
            {
                return object;
            }
            pause(Duration::from_millis(50)).await;
        }
        let object = self.try_get(kind, name).await;
        panic!("{kind}/{name} never was as wanted: {object:#?}");
    }
}

pub(crate) fn deployment(name: &str, labels: Value, image: &str, replicas: u32) -> Value {
    json!({
        "kind": "Deployment",
        "metadata": {
            "name": name,
            "labels": {"app": "api", "team": "shop"},
            "annotations": {"example.org/owner": "shop"},
        },
        "spec": {
            "replicas": replicas,
            "revisionHistoryLimit": 7,
            "minReadySeconds": 0,
            "strategy": {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels, "annotations": {"prometheus.io/scrape": "true"}},
                "spec": {
                    "terminationGracePeriodSeconds": 1,
                    "topologySpreadConstraints": [{
                        "maxSkew": 1, "topologyKey": "kubernetes.io/hostname",
                        "whenUnsatisfiable": "ScheduleAnyway",
                        "labelSelector": {"matchLabels": labels}, "matchLabelKeys": ["pod-template-hash"],
                    }],
                    "initContainers": [{"name": "migrate", "image": image, "args": ["up"]}],
                    "containers": [
                        {
                            "name": "api", "image": image,
                            "env": [{"name": "MODE", "value": "shop"}],
                            "ports": [{"name": "http", "containerPort": 8080}],
                            "resizePolicy": [{"resourceName": "cpu", "restartPolicy": "NotRequired"}],
                        },
                        {"name": "proxy", "image": "shop/proxy:9"},
                    ],
                },
            },
        },
    })
}

pub(crate) fn service(name: &str, selector: Value) -> Value {
    json!({
        "kind": "Service",
        "metadata": {"name": name, "annotations": {"example.org/owner": "shop"}},
        "spec": {
            "selector": selector,
            "trafficDistribution": "PreferClose",
            "ports": [{"name": "http", "port": 80, "targetPort": "http", "appProtocol": "http"}],
        },
    })
}

pub(crate) fn virtual_service() -> Value {
    json!({
        "kind": "VirtualService",
        "metadata": {"name": "api", "labels": {"team": "shop"}},
        "spec": {
            "hosts": ["api", "shop.example.org"],
            "gateways": ["shop"],
            "http": [
                {
                    "name": "static", "match": [{"uri": {"prefix": "/static"}}],
                    "route": [{"destination": {"host": "files"}}], "timeout": "3s",
                },
                {
                    "name": "main",
                    "route": [
                        {
                            "destination": {"host": "api", "subset": "stable", "port": {"number": 80}},
                            "weight": 100, "headers": {"request": {"set": {"x-track": "stable"}}},
                        },
                        {"destination": {"host": "api", "subset": "canary", "port": {"number": 80}}, "weight": 0},
                    ],
                    "retries": {"attempts": 2, "perTryTimeout": "2s"},
                    "corsPolicy": {"allowOrigins": [{"exact": "https://shop.example.org"}]},
                },
            ],
        },
    })
}

pub(crate) fn destination_rule() -> Value {
    json!({
        "kind": "DestinationRule",
        "metadata": {"name": "api"},
        "spec": {
            "host": "api",
            "trafficPolicy": {"loadBalancer": {"simple": "LEAST_REQUEST"}},
            "subsets": [
                {"name": "stable", "labels": {"track": "stable"}},
                {"name": "canary", "labels": {"track": "canary"}},
            ],
        },
    })
}

/// Without what the server and its controllers write, and the epoch that a claim leaves behind.
pub(crate) fn content(object: &Value) -> Value {
    let mut content = object.clone();
    let map = content.as_object_mut().unwrap();
    map.remove("status");
    let metadata = map["metadata"].as_object_mut().unwrap();
    for key in [
        "resourceVersion",
        "generation",
        "managedFields",
        "uid",
        "creationTimestamp",
    ] {
        metadata.remove(key);
    }
    if let Some(annotations) = metadata
        .get_mut("annotations")
        .and_then(Value::as_object_mut)
    {
        annotations.remove("deployment.kubernetes.io/revision");
        annotations.remove("rollway.dev/last-epoch");
        if annotations.is_empty() {
            metadata.remove("annotations");
        }
    }
    content
}

#[expect(
    clippy::disallowed_methods,
    reason = "what is waited for is another process"
)]
pub(crate) async fn pause(time: Duration) {
    tokio::time::sleep(time).await;
}
