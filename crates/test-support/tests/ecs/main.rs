//! The fake of Amazon ECS and its load balancers, driven by the real SDK clients.

mod actions;
mod breaker;
mod faults;
mod groups;
mod hooks;
mod native;
mod requests;
mod rolling;
mod scaling;
mod scene;
mod services;
mod table;
