//! Whole rollouts by the driver on a real API server, with a stand-in for kubelets.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::needless_pass_by_value,
    reason = "test"
)]
#![allow(
    dead_code,
    reason = "the shop and the scene are shared with other tests"
)]

mod autoscaled;
mod bad_input;
mod calls;
mod gateway;
mod hands;
mod ingress;
mod judged;
mod least_role;
mod mesh;
mod one_writer;
mod parts;
mod prometheus;
mod promoted;
mod reaction;
mod rolled_back;
mod scene;
#[path = "../control_plane/shop.rs"]
mod shop;
mod story;
mod tag;
mod terms;
mod warm_slot;
