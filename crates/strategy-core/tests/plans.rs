//! Strategies as users write them, and the plans they come to.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "functions that tests share are tests as well"
)]

#[path = "plans/found.rs"]
mod found;
#[path = "plans/guards.rs"]
mod guards;
#[path = "plans/options.rs"]
mod options;
#[path = "plans/peers.rs"]
mod peers;
#[path = "plans/refusals.rs"]
mod refusals;
#[path = "plans/shapes.rs"]
mod shapes;
#[path = "plans/slots_and_batches.rs"]
mod slots_and_batches;
#[path = "plans/systems.rs"]
mod systems;
#[path = "plans/turns.rs"]
mod turns;
