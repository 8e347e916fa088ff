//! The shop as a subject of the conformance suite.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use kube::Client;
use serde_json::{Value, json};
use strategy_core::conformance::Subject;
use strategy_core::target::ForeignField;
use strategy_core::{Images, Target};
use target_k8s::{Config, KubernetesTarget};
use test_support::{ControlPlane, GatewayController};

use super::gate::Gate;
use crate::shop::{Shop, content, pause};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    Slots,
    Mesh,
    /// A canary behind routes of Gateway API.
    Gateway,
    /// Slots behind Services of their own, and Ingresses that name the live one.
    Ingress,
    /// Slots of which the live one has an autoscaler.
    Autoscaled,
}

#[derive(Debug)]
pub(crate) struct ShopSubject {
    shape: Shape,
    shop: Arc<Shop>,
    gate: Gate,
    target: Arc<KubernetesTarget>,
    controller: Option<GatewayController>,
}

const SOMEBODY: &str = "somebody";

impl ShopSubject {
    pub(crate) async fn open(shape: Shape) -> Self {
        let plane = ControlPlane::shared().unwrap();
        let shop = Shop::open();
        let config = match shape {
            Shape::Slots | Shape::Autoscaled => {
                drop(shop.with_slots(3, 1).await);
                shop.slots()
            }
            Shape::Ingress => {
                drop(shop.with_ingresses(3, 1).await);
                shop.behind_ingresses()
            }
            Shape::Mesh => {
                drop(shop.with_mesh(3).await);
                shop.mesh()
            }
            Shape::Gateway => {
                drop(shop.with_gateway(3).await);
                shop.routed()
            }
        };
        let controller = (shape == Shape::Gateway)
            .then(|| GatewayController::start(shop.client.clone(), &shop.namespace, "v1"));
        if shape == Shape::Autoscaled {
            shop.create(json!({
                "kind": "HorizontalPodAutoscaler",
                "metadata": {"name": "api"},
                "spec": {
                    "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "api-blue"},
                    "minReplicas": 3, "maxReplicas": 8,
                },
            }))
            .await;
        }
        let port = plane.url().rsplit(':').next().unwrap().parse().unwrap();
        let gate = Gate::to(port).await;
        Self {
            shape,
            target: Arc::new(Self::through(&gate, config)),
            gate,
            shop: Arc::new(shop),
            controller,
        }
    }

    fn through(gate: &Gate, config: Config) -> KubernetesTarget {
        let mut client = ControlPlane::shared()
            .unwrap()
            .config("rollway-test")
            .unwrap();
        client.cluster_url = format!("https://127.0.0.1:{}", gate.port).parse().unwrap();
        KubernetesTarget::new(Client::try_from(client).unwrap(), config)
    }

    fn deployments(&self) -> [&'static str; 2] {
        match self.shape {
            Shape::Slots | Shape::Autoscaled | Shape::Ingress => ["api-blue", "api-green"],
            Shape::Mesh | Shape::Gateway => ["api", "api-canary"],
        }
    }
}

#[async_trait]
impl Subject for ShopSubject {
    fn target(&self) -> Arc<dyn Target> {
        Arc::clone(&self.target) as Arc<dyn Target>
    }

    fn release(&self) -> Images {
        Images::parse([("api", "shop/api:conformance")]).unwrap()
    }

    fn has_candidate(&self) -> bool {
        !matches!(self.shape, Shape::Mesh | Shape::Gateway)
    }

    async fn settle(&self) {
        // Controllers first hear of a change, then act; pods that go take their second.
        pause(Duration::from_millis(1500)).await;
        for name in self.deployments() {
            if self.shop.try_get("Deployment", name).await.is_some() {
                self.shop.settle(&[name]).await;
            }
        }
        pause(Duration::from_millis(1500)).await;
    }

    async fn stored(&self) -> String {
        let mut stored = String::new();
        let deployments = self.deployments().map(|name| ("Deployment", name));
        let others = [
            ("Service", "api"),
            ("VirtualService", "api"),
            ("DestinationRule", "api"),
            ("HTTPRoute", "api"),
            ("GRPCRoute", "api"),
            ("Ingress", "api"),
            ("Ingress", "intern"),
            ("HorizontalPodAutoscaler", "api"),
        ];
        for (kind, name) in deployments.into_iter().chain(others) {
            let object = self.shop.try_get(kind, name).await;
            let object = object.map(|object| {
                let mut content = content(&object);
                // An autoscaler writes the count at its own time.
                if self.shape == Shape::Autoscaled && kind == "Deployment" {
                    content["spec"]["replicas"] = Value::Null;
                }
                content
            });
            stored.push_str(&format!("{kind}/{name}: {object:?}\n"));
        }
        stored
    }

    async fn somebody_writes(&self, field: ForeignField) -> Option<String> {
        let [stable, _] = self.deployments();
        let (kind, name, patch) = match (field, self.shape) {
            (ForeignField::Traffic, Shape::Slots | Shape::Autoscaled) => {
                let patch = json!({"spec": {"selector": {"version": "green"}}});
                ("Service", "api", patch)
            }
            (ForeignField::Traffic, Shape::Mesh) => {
                let mut routes =
                    self.shop.get("VirtualService", "api").await["spec"]["http"].clone();
                routes[1]["route"][0]["weight"] = json!(60);
                routes[1]["route"][1]["weight"] = json!(40);
                ("VirtualService", "api", json!({"spec": {"http": routes}}))
            }
            (ForeignField::Traffic, Shape::Ingress) => {
                // Of two Ingresses one alone: the other stays as it is.
                let mut rules = self.shop.get("Ingress", "intern").await["spec"]["rules"].clone();
                rules[0]["http"]["paths"][0]["backend"]["service"]["name"] = json!("api-green");
                ("Ingress", "intern", json!({"spec": {"rules": rules}}))
            }
            (ForeignField::Traffic, Shape::Gateway) => {
                // Of two routes one alone: the other stays as it is.
                let mut rules = self.shop.get("GRPCRoute", "api").await["spec"]["rules"].clone();
                rules[0]["backendRefs"][0]["weight"] = json!(60);
                rules[0]["backendRefs"][1]["weight"] = json!(40);
                ("GRPCRoute", "api", json!({"spec": {"rules": rules}}))
            }
            (ForeignField::Capacity, Shape::Autoscaled) => {
                let patch = json!({"spec": {"minReplicas": 5}});
                ("HorizontalPodAutoscaler", "api", patch)
            }
            (
                ForeignField::Capacity,
                Shape::Slots | Shape::Mesh | Shape::Gateway | Shape::Ingress,
            ) => ("Deployment", stable, json!({"spec": {"replicas": 5}})),
            (ForeignField::Revision, _) => {
                let mut spec =
                    self.shop.get("Deployment", stable).await["spec"]["template"].clone();
                spec["spec"]["containers"][0]["image"] = json!("shop/api:somebody");
                ("Deployment", stable, json!({"spec": {"template": spec}}))
            }
            (other, _) => panic!("nobody here writes {other}"),
        };
        self.shop.patch(SOMEBODY, kind, name, patch).await;
        // What is only read comes by the watch, moments later.
        pause(Duration::from_millis(500)).await;
        Some(SOMEBODY.to_owned())
    }

    async fn take_away(&self) -> bool {
        let [stable, _] = self.deployments();
        self.shop.delete("Deployment", stable).await;
        true
    }

    async fn cut_off(&self) -> bool {
        self.gate.cut();
        pause(Duration::from_millis(1500)).await;
        true
    }
}
