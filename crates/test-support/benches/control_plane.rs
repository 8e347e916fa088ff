//! How long a test waits for its control plane, and for pods on it.

use std::error::Error;
use std::time::{Duration, Instant};

use k8s_openapi::api::apps::v1::Deployment;
use kube::api::PostParams;
use kube::{Api, Client};
use serde_json::json;
use test_support::bench::{Goal, Series};
use test_support::{ControlPlane, Options};

const RUNS: u32 = 5;
const PODS: u32 = 40;

fn main() -> Result<(), Box<dyn Error>> {
    let mut start = Series::new("control plane: start", "s", Some(Goal::AtMost(10.0)));
    let name = format!("control plane: {PODS} pods ready");
    let mut pods = Series::new(name, "s", Some(Goal::AtMost(10.0)));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    for _ in 0..RUNS {
        let began = now();
        let plane = ControlPlane::start(Options::default())?;
        start.push(began.elapsed().as_secs_f64());
        let namespace = plane.namespace()?;
        let taken = runtime
            .block_on(async { pods_ready(plane.client("rollway-bench")?, &namespace).await })?;
        pods.push(taken.as_secs_f64());
    }
    start.print();
    pods.print();
    Ok(())
}

/// From creating a Deployment to its status saying that all pods are available.
#[expect(
    clippy::disallowed_methods,
    reason = "what is waited for is another process"
)]
async fn pods_ready(client: Client, namespace: &str) -> Result<Duration, Box<dyn Error>> {
    let labels = json!({"app": "bench"});
    let deployment: Deployment = serde_json::from_value(json!({
        "metadata": {"name": "bench"},
        "spec": {
            "replicas": PODS,
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": [{"name": "app", "image": "bench/app:1"}]},
            },
        },
    }))?;
    let api: Api<Deployment> = Api::namespaced(client, namespace);
    let began = now();
    api.create(&PostParams::default(), &deployment).await?;
    loop {
        let status = api.get_status("bench").await?.status.unwrap_or_default();
        if status
            .available_replicas
            .is_some_and(|count| i64::from(count) == i64::from(PODS))
        {
            return Ok(began.elapsed());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[expect(clippy::disallowed_methods, reason = "real time is what is measured")]
fn now() -> Instant {
    Instant::now()
}
