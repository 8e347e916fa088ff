//! What the workspace's tests share: a real Kubernetes control plane with broken pods on demand, a fake of Amazon ECS,
//! and measurements in the one form that `cargo xtask bench` reads.
//!
//! Not published, and `strategy-core` never depends on it.
//!
//! | feature | brings |
//! |---|---|
//! | `kubernetes`, on by default | `control_plane`; `gateway_controller`, a stand-in for that of a gateway; `kubelet`, which lists the ways in which a pod can be broken by its image's tag alone |
//! | `child` | `child`: programs as child processes that do not outlive a test; `programs`; `prometheus`, a real one |
//! | `lab` | `lab`: control plane, gateway, Prometheus and pods in a network of their own, for real requests |
//! | `ecs` | `ecs`: Amazon ECS, Application Load Balancers and Application Auto Scaling behind the SDK's HTTP client, with tasks that fail as told |

pub mod bench;
#[cfg(feature = "child")]
pub mod child;
#[cfg(feature = "kubernetes")]
pub mod control_plane;
#[cfg(feature = "ecs")]
pub mod ecs;
#[cfg(feature = "kubernetes")]
pub mod gateway_controller;
#[cfg(feature = "kubernetes")]
pub mod kubelet;
#[cfg(feature = "lab")]
pub mod lab;
#[cfg(feature = "child")]
pub mod programs;
#[cfg(feature = "child")]
pub mod prometheus;

#[cfg(feature = "kubernetes")]
pub use control_plane::{AuditEvent, ControlPlane, ControlPlaneError, Gate, GatewayApi, Options};
#[cfg(feature = "kubernetes")]
pub use gateway_controller::GatewayController;
#[cfg(feature = "lab")]
pub use lab::{Lab, LabError};
#[cfg(feature = "child")]
pub use programs::{Missing, Programs, programs};
#[cfg(feature = "child")]
pub use prometheus::Prometheus;
