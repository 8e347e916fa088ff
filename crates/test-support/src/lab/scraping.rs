//! What the lab's Prometheus scrapes.

use super::{Gateway, LabError, PROMETHEUS_PORT};
use crate::prometheus::Prometheus;

/// Starts a Prometheus that scrapes the gateway each second, as job `gateway`.
pub(super) fn start(gateway: &Gateway) -> Result<Prometheus, LabError> {
    let config = format!(
        "global: {{ scrape_interval: 1s, scrape_timeout: 1s }}\n\
         scrape_configs:\n\
         - job_name: gateway\n  \
           static_configs: [{{ targets: ['{}'] }}]\n",
        gateway.metrics_address()
    );
    Ok(Prometheus::start_on(PROMETHEUS_PORT, &config, &[], &[])?)
}
