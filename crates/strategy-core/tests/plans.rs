//! Strategies as users write them, and the plans they come to.

#[path = "plans/found.rs"]
mod found;
#[path = "plans/refusals.rs"]
mod refusals;
#[path = "plans/shapes.rs"]
mod shapes;
#[path = "plans/systems.rs"]
mod systems;
