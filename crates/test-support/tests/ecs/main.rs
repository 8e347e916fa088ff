//! The fake of Amazon ECS and its load balancers, driven by the real SDK clients.

mod actions;
mod groups;
mod requests;
mod rolling;
mod scene;
mod services;
