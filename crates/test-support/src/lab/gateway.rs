//! The gateway of the lab: [Traefik](https://traefik.io/traefik) as a child process.

use std::ops::Deref;

use serde_json::{Value, json};

use super::{GATEWAY_PORT, LabError};
use crate::child::{Program, Server, free_port};
use crate::control_plane::ControlPlane;
use crate::programs::{testbed_dir, traefik};

/// Its configuration and the certificates to trust, in its folder.
const CONFIGURATION: &str = "traefik.yml";
const AUTHORITY: &str = "authority.crt";

/// The entry point at which it tells its counts.
const METRICS: &str = "metrics";

/// A Traefik that carries out Gateway API and Ingresses of a control plane: a [`Server`], with everything that one can
/// be asked. Its URL is where it takes requests; which route a request takes is told by its header `Host`. When it
/// listens, it may know no route, and answer 404.
///
/// It is as its users run it: a change is carried out at once, and the next one up to two seconds after it
/// (`providers.providersThrottleDuration`), whichever routes, Services or pods they are of. What it says of a route comes
/// before that, within milliseconds of the write. It sends requests to the addresses of pods, of those EndpointSlices say that
/// they serve.
#[derive(Debug)]
pub struct Gateway {
    server: Server,
    metrics_port: u16,
}

impl Gateway {
    /// Starts one.
    ///
    /// # Errors
    /// When it has not been built, cannot be run, or does not listen within 30 s.
    pub fn start(plane: &ControlPlane) -> Result<Self, LabError> {
        let metrics_port = free_port()?;
        let program = Program {
            name: "traefik",
            path: traefik()?,
            // Named, so that none of the person's or the machine's is found.
            arguments: vec![format!("--configfile={CONFIGURATION}")],
            ports: vec![GATEWAY_PORT, metrics_port],
        };
        let configuration = configuration(plane, metrics_port).to_string();
        let (authority, place) = (plane.ca()?, testbed_dir().join("run"));
        let files = [
            (AUTHORITY, authority.as_str()),
            (CONFIGURATION, &configuration),
        ];
        Ok(Self {
            server: Server::start(program, &place, &files)?,
            metrics_port,
        })
    }

    /// Where it tells its counts, as `HOST:PORT`.
    #[must_use]
    pub fn metrics_address(&self) -> String {
        format!("127.0.0.1:{}", self.metrics_port)
    }

    /// What it counts, in the text format of Prometheus. Of a Service of an HTTPRoute that are
    /// `traefik_service_requests_total{code="200",service="NAMESPACE-SERVICE-http-PORT@kubernetesgateway",..}` and the
    /// histogram `traefik_service_request_duration_seconds`.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn metrics(&self) -> Result<String, LabError> {
        let failed = |source| LabError::Gateway {
            what: "its metrics",
            source: Box::new(source),
        };
        let client = reqwest::Client::builder().no_proxy().build();
        let address = format!("http://{}/metrics", self.metrics_address());
        let answer = client.map_err(failed)?.get(address).send().await;
        let answer = answer.and_then(reqwest::Response::error_for_status);
        answer.map_err(failed)?.text().await.map_err(failed)
    }
}

impl Deref for Gateway {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.server
    }
}

/// The static configuration, as JSON, which is YAML.
fn configuration(plane: &ControlPlane, metrics_port: u16) -> Value {
    let provider = json!({
        "endpoint": plane.url(),
        "token": plane.admin_token(),
        "certAuthFilePath": AUTHORITY,
    });
    json!({
        "global": {"checkNewVersion": false, "sendAnonymousUsage": false},
        "entryPoints": {
            "web": {"address": format!("127.0.0.1:{GATEWAY_PORT}")},
            METRICS: {"address": format!("127.0.0.1:{metrics_port}")},
        },
        "providers": {"kubernetesGateway": provider, "kubernetesIngress": provider},
        "metrics": {"prometheus": {"entryPoint": METRICS, "addServicesLabels": true}},
    })
}
