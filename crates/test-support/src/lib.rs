//! What the workspace's tests share: a real Kubernetes control plane with broken pods on demand,
//! and measurements in the one form that `cargo xtask bench` reads.
//!
//! Not published, and `strategy-core` never depends on it.
//!
//! ```no_run
//! use test_support::ControlPlane;
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let plane = ControlPlane::shared()?;
//! let namespace = plane.namespace()?;
//! let client = plane.client("my-test")?;
//! let pods: kube::Api<k8s_openapi::api::core::v1::Pod> = kube::Api::namespaced(client,
//! &namespace); assert!(pods.list(&Default::default()).await?.items.is_empty());
//! # Ok(())
//! # }
//! ```
//!
//! [`kubelet`] lists the ways in which a pod can be broken by its image's tag alone.

pub mod bench;
#[cfg(feature = "kubernetes")]
pub mod control_plane;
#[cfg(feature = "ecs")]
pub mod ecs;
#[cfg(feature = "kubernetes")]
pub mod kubelet;
#[cfg(feature = "kubernetes")]
pub mod programs;

#[cfg(feature = "kubernetes")]
pub use control_plane::{AuditEvent, ControlPlane, ControlPlaneError, Gate, Options};
#[cfg(feature = "kubernetes")]
pub use programs::{Missing, Programs, programs};
