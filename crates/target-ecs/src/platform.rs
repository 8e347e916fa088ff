//! One service whose deployments Amazon ECS carries out: they are begun, followed and, where it asks,
//! answered.

mod admit;
mod aim;
mod answering;
mod apply;
mod balancer;
mod binding;
mod changes;
mod configuration;
mod deployment;
mod discover;
mod guards;
mod hooks;
pub(crate) mod news;
mod note;
mod observe;
#[cfg(test)]
mod sample;
pub(crate) mod schedule;
mod seen;
mod shifted;
mod situation;
mod target;

pub(crate) use self::balancer::Balancer;
pub(crate) use self::binding::Bound;
pub(crate) use self::changes::Deploy;
pub(crate) use self::configuration::Configuration;
pub(crate) use self::deployment::is_under_way;
pub(crate) use self::seen::{Seen, View};
pub(crate) use self::shifted::Shifted;
pub(crate) use self::situation::Situation;
pub(crate) use self::target::PlatformTarget;
