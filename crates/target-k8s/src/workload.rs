//! Deployments: their templates, selectors and counts, and how a canary is made from stable.

mod blueprint;
pub(crate) mod difference;
pub(crate) mod managed;
pub(crate) mod selector;
pub(crate) mod template;

pub(crate) use self::blueprint::Blueprint;
