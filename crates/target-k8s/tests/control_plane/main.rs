//! The target on a real API server, with a stand-in for kubelets.
#![allow(
    clippy::needless_pass_by_value,
    clippy::panic,
    clippy::unwrap_used,
    reason = "test"
)]
#![allow(dead_code, reason = "the shop is shared with other tests")]

mod added_route;
mod admit;
mod admit_tracks;
mod autoscaler;
mod bad_input;
mod blue_green;
mod broken_pods;
mod broken_selector;
mod calls;
mod companions;
mod fence;
mod foreign;
mod gateway_canary;
mod hand;
mod ingress_switch;
mod istio_canary;
mod lost_claim;
mod names;
mod permissions;
mod revisions;
mod shop;
mod zombie;
