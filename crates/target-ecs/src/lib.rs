//! Rollouts on Amazon ECS with the user's own services, target groups and listener rules.
//!
//! Who shifts the traffic is the [`Mode`](config::Mode) of a [`Config`]: we do, by the weights of rules
//! ([`OwnedWeights`](config::OwnedWeights)); Amazon ECS does, task by task ([`Rolling`](config::Rolling)); or
//! Amazon ECS does, step by step, each after our answer ([`NativeGated`](config::NativeGated)).
//!
//! ```no_run
//! use strategy_core::Target;
//! use target_ecs::EcsTarget;
//! use target_ecs::config::{Canary, Config, OwnedWeights, RuleConfig, Slot};
//!
//! # async fn example(
//! #     ecs: aws_sdk_ecs::Client,
//! #     balancers: aws_sdk_elasticloadbalancingv2::Client,
//! #     scaling: aws_sdk_applicationautoscaling::Client,
//! # ) -> Result<(), Box<dyn std::error::Error>> {
//! let at = "arn:aws:elasticloadbalancing:eu-central-1:123456789012";
//! let stable = Slot::new("api", format!("{at}:targetgroup/api/0123456789abcdef"));
//! let candidate = Slot::new("api-canary", format!("{at}:targetgroup/api-canary/0123456789abcdef"));
//! let rule = format!("{at}:listener-rule/app/shop/0123456789abcdef/0123456789abcdef/0123456789abcdef");
//! let weights = OwnedWeights::new(Canary::new(stable, candidate), [RuleConfig::Rule(rule)]);
//! let config = Config::new("shop", weights);
//! println!("{}", EcsTarget::permissions(&config)?);
//! let found = EcsTarget::new(&ecs, &balancers, &scaling, config).discover().await?;
//! println!("stable: {}, candidate: {}", found.names.stable, found.names.candidate);
//! # Ok(())
//! # }
//! ```
//!
//! # What it leaves to others
//! - Neither tags nor rules have a compare-and-set: each is read, compared, written and read back. What
//!   somebody else writes to the same rule between the look and the write, some milliseconds, is lost.
//! - A load balancer cannot be asked whether it sends as it was told: it is taken to after
//!   [`OwnedWeights::settle`](config::OwnedWeights::settle) or
//!   [`NativeGated::settle`](config::NativeGated::settle).
//! - AWS tells nobody's name: a change that is not ours is "somebody's".
//! - An autoscaler that appears while a rollout runs is not seen; of one that goes, the minimum is not restored.
//! - Where Amazon ECS shifts, it has no requests by header or cookie. Who answers one of its hooks in our place, or
//!   changes the weights of its rule, is seen when the next one waits.
//! - Requests are not copied to the candidate. What a rule cannot tell apart a header or cookie cannot either: letters
//!   are compared without regard to case, and `*` and `?` stand for anything.

mod account;
mod admit;
mod api;
mod asked;
mod autoscaling;
mod binding;
mod candidate;
mod changes;
mod claim;
pub mod config;
mod digest;
mod discover;
mod ecs_target;
mod error;
mod forward;
mod listener;
mod mark;
mod news;
mod note;
mod observe;
mod owned;
mod permissions;
mod platform;
mod previews;
mod routes;
mod target;
mod task_definition;
mod tasks;
mod view;
mod weights;

pub use self::account::Account;
pub use self::config::Config;
pub use self::ecs_target::EcsTarget;
pub use self::permissions::{Policy, Statement};
