//! A Gateway, routes of Gateway API and Ingresses to the shop.

use serde_json::{Value, json};
use target_k8s::config::{IngressRouter, Slot};
use target_k8s::{Config, KubernetesTarget};

use super::{Shop, service};

impl Shop {
    /// Blue (live) and green behind Services of their own, and two Ingresses that name that of blue.
    pub(crate) async fn with_ingresses(&self, replicas: u32, green: u32) -> KubernetesTarget {
        for (slot, replicas) in [("blue", replicas), ("green", green)] {
            let labels = json!({"app": "api", "version": slot});
            let name = format!("api-{slot}");
            self.deploy(&name, labels.clone(), "shop/api:1", replicas)
                .await;
            self.create(service(&name, labels)).await;
        }
        self.create(ingress()).await;
        self.create(intern()).await;
        self.settle(&["api-blue", "api-green"]).await;
        self.target(self.behind_ingresses())
    }

    pub(crate) fn behind_ingresses(&self) -> Config {
        let slots = [Slot::new("api-blue"), Slot::new("api-green")];
        let mut router = IngressRouter::new("api", ["api-blue", "api-green"]);
        router.ingresses.push("intern".to_owned());
        Config::new(&self.namespace, slots, router)
    }
}

/// Of several hosts, with what a rollout must leave alone.
fn ingress() -> Value {
    let backend = |name: &str| json!({"service": {"name": name, "port": {"number": 80}}});
    let by_name = json!({"service": {"name": "api-blue", "port": {"name": "http"}}});
    json!({
        "kind": "Ingress",
        "metadata": {
            "name": "api", "labels": {"team": "shop"},
            "annotations": {"nginx.ingress.kubernetes.io/proxy-body-size": "8m"},
        },
        "spec": {
            "ingressClassName": "nginx",
            "tls": [{"hosts": ["shop.example.org"], "secretName": "shop-tls"}],
            "defaultBackend": backend("api-blue"),
            "rules": [
                {"host": "shop.example.org", "http": {"paths": [
                    {"path": "/static", "pathType": "Prefix", "backend": backend("files")},
                    {"path": "/v2", "pathType": "Exact", "backend": by_name},
                    {"path": "/", "pathType": "Prefix", "backend": backend("api-blue")},
                ]}},
                {"host": "*.shop.example.org", "http": {"paths": [
                    {"path": "/", "pathType": "Prefix", "backend": backend("api-blue")},
                ]}},
            ],
        },
    })
}

fn intern() -> Value {
    let mut intern = ingress();
    intern["metadata"] = json!({"name": "intern"});
    intern["spec"] = json!({"ingressClassName": "nginx", "rules": [
        {"host": "api.intern", "http": intern["spec"]["rules"][1]["http"]},
    ]});
    intern
}

pub(crate) fn gateway() -> Value {
    json!({
        "kind": "Gateway",
        "metadata": {"name": "shop"},
        "spec": {
            "gatewayClassName": "example",
            "listeners": [{"name": "web", "port": 80, "protocol": "HTTP"}],
        },
    })
}

pub(crate) fn http_route() -> Value {
    json!({
        "kind": "HTTPRoute",
        "metadata": {"name": "api", "labels": {"team": "shop"}},
        "spec": {
            "hostnames": ["shop.example.org"],
            "parentRefs": [{"name": "shop", "sectionName": "web"}],
            "rules": [
                {
                    "matches": [{"path": {"type": "PathPrefix", "value": "/static"}}],
                    "backendRefs": [{"name": "files", "port": 80}],
                },
                {
                    "matches": [{"path": {"type": "PathPrefix", "value": "/v2"}, "method": "POST"}],
                    "backendRefs": [
                        {"name": "api-canary", "port": 80, "weight": 0},
                        {"name": "api", "port": 80},
                    ],
                },
                {
                    "timeouts": {"request": "10s"},
                    "filters": [{
                        "type": "RequestHeaderModifier",
                        "requestHeaderModifier": {"set": [{"name": "x-edge", "value": "gateway"}]},
                    }],
                    "backendRefs": [
                        {"name": "api", "port": 80, "weight": 9},
                        {"name": "api-canary", "port": 80, "weight": 0},
                    ],
                },
            ],
        },
    })
}

pub(crate) fn grpc_route() -> Value {
    json!({
        "kind": "GRPCRoute",
        "metadata": {"name": "api"},
        "spec": {
            "parentRefs": [{"name": "shop"}],
            "rules": [{"backendRefs": [
                {"name": "api", "port": 80},
                {"name": "api-canary", "port": 80, "weight": 0},
            ]}],
        },
    })
}
