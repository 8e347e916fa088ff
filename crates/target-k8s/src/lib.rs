//! Rollouts on Kubernetes with the user's own Deployments, Services and routes.

mod admit;
mod api;
mod binding;
mod changes;
mod claim;
pub mod config;
mod discover;
mod error;
mod mark;
mod object;
mod observe;
mod owned;
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
