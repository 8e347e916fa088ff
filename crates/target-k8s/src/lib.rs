//! Rollouts on Kubernetes with the user's own Deployments, Services and routes.

mod api;
mod config;
mod error;
mod object;
mod router;
mod watch;

pub use self::config::{IstioDestination, IstioRouter, ServiceSelectorRouter};
pub use self::watch::Watches;
