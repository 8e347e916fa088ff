//! Rollouts on Kubernetes with the user's own Deployments, Services and routes.
//!
//! ```no_run
//! use strategy_core::Target;
//! use target_k8s::config::{Config, ServiceSelectorRouter, Slot};
//! use target_k8s::KubernetesTarget;
//!
//! # async fn example(client: kube::Client) -> Result<(), Box<dyn std::error::Error>> {
//! let slots = [Slot::new("api-blue"), Slot::new("api-green")];
//! let router = ServiceSelectorRouter::new("api").key("color");
//! let config = Config::new("shop", slots, router);
//! println!("{}", KubernetesTarget::permissions(&config));
//! let found = KubernetesTarget::new(client, config).discover().await?;
//! println!("live: {}, idle: {}", found.names.stable, found.names.candidate);
//! # Ok(())
//! # }
//! ```
//!
//! # What it leaves to others
//! - What is written is compared with what was seen as the watches know it, which is moments old;
//!   objects that are written are compared once more by the API server (their `resourceVersion`).
//! - A mesh or the controller of an Ingress cannot be asked whether it has heard of a write: traffic is
//!   taken to flow as written after [`Config::settle`](config::Config::settle).
//! - Of the Ingress classes that are named it is asked whether they are there, which needs a right on
//!   the whole cluster; without it a finding says that this is not known.
//! - An autoscaler that appears while a rollout runs is not seen; one that goes is an error.

mod admit;
mod api;
mod binding;
mod changes;
mod claim;
mod classes;
pub mod config;
mod definitions;
mod discover;
mod error;
#[cfg(test)]
mod fake;
mod hands;
mod mark;
mod object;
mod observe;
mod owned;
#[cfg(test)]
mod partial;
mod permissions;
mod pods;
mod router;
mod target;
mod view;
mod watch;
mod workload;

pub use self::config::Config;
pub use self::permissions::{Role, Rule};
pub use self::target::KubernetesTarget;
pub use self::watch::Watches;
