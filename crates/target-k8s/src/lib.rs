//! Rollouts on Kubernetes with the user's own Deployments, Services and routes.

mod config;
mod object;
mod router;

pub use self::config::{IstioDestination, IstioRouter, ServiceSelectorRouter};
