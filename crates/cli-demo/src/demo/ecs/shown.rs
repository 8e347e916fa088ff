//! What the demo on Amazon ECS shows: the services of a mode, and the strategy they are released by.

use std::time::Duration;

use serde_json::json;
use strategy_core::strategy::Canary;
use strategy_core::{Strategy, Tracks};
use target_ecs::Config;
use target_ecs::config::{self, NativeGated, OwnedWeights, Rolling, RuleConfig, Slot};
use test_support::ecs::Shop;

use super::users::ToldApart;
use crate::args::{Demo, DemoStrategy};
use crate::demo::scene;
use crate::error::CliError;

const STABLE: &str = "web";
const CANARY: &str = "web-canary";
const OTHER: &str = "web-other";

/// Who moves the traffic, and by which strategy.
#[derive(Clone, Copy, Debug)]
pub(super) enum Shown {
    /// We do, by the weights of a rule; a canary is made and removed.
    Canary,
    /// We do, between two services that take turns.
    Pair,
    /// Amazon ECS does, task by task.
    Rolling,
    /// Amazon ECS does, in equal steps, and asks before each.
    Linear,
    /// Amazon ECS does, all at once, and asks before it.
    BlueGreen,
}

impl Shown {
    pub(super) fn of(options: &Demo) -> Result<Self, CliError> {
        let refused = |what: &str| Err(CliError::Usage(what.to_owned()));
        if options.parts != 1 {
            return refused("--target ecs shows one part; leave --parts out");
        }
        Ok(match (options.strategy, options.native) {
            (DemoStrategy::Canary, false) => Self::Canary,
            (DemoStrategy::BlueGreen, false) => Self::Pair,
            (DemoStrategy::Rolling, _) => Self::Rolling,
            (DemoStrategy::Canary, true) => Self::Linear,
            (DemoStrategy::BlueGreen, true) => Self::BlueGreen,
        })
    }

    /// Makes the services that are there before the release, and says how the target is told of them.
    pub(super) fn set_up(self, shop: &Shop, tasks: usize) -> Config {
        let breaker = json!({"deploymentCircuitBreaker": {"enable": true, "rollback": true}});
        match self {
            Self::Canary => {
                shop.create_service(STABLE, &shop.stable_group, tasks);
                Self::by_weights(shop, config::Canary::new(slot(STABLE, &shop.stable_group), slot(CANARY, &shop.canary_group)))
            }
            Self::Pair => {
                shop.create_service(STABLE, &shop.stable_group, tasks);
                // Of two services that take turns the second has no tasks.
                shop.create_service(OTHER, &shop.canary_group, 0);
                Self::by_weights(shop, [slot(STABLE, &shop.stable_group), slot(OTHER, &shop.canary_group)])
            }
            Self::Rolling => {
                shop.create_service(STABLE, &shop.stable_group, tasks);
                Config::new(Shop::CLUSTER, Rolling::new(STABLE))
            }
            Self::Linear | Self::BlueGreen => {
                shop.create_native_service(STABLE, tasks, &json!({"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 0}));
                Config::new(Shop::CLUSTER, NativeGated::new(STABLE))
            }
        }
    }
}
