//! What the demo on Amazon ECS shows: the services of a mode, and the strategy they are released by.

use std::time::Duration;

use serde_json::json;
use strategy_core::strategy::Canary;
use strategy_core::{Part, Strategy, Tracks};
use target_ecs::Config;
use target_ecs::config::{
    self, NativeGated, OwnedWeights, Rolling, RuleConfig, Slot, WorkloadConfig,
};
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
            (DemoStrategy::Canary, true) => Self::Linear,
            (DemoStrategy::BlueGreen, false) => Self::Pair,
            (DemoStrategy::BlueGreen, true) => Self::BlueGreen,
            (DemoStrategy::Rolling, false) => Self::Rolling,
            (DemoStrategy::Rolling, true) => {
                return refused("a rolling release has no steps to ask for; leave --native out");
            }
        })
    }

    pub(super) fn strategy(self) -> Box<dyn Strategy> {
        let strategy = match self {
            Self::Canary => DemoStrategy::Canary,
            Self::Pair | Self::BlueGreen => DemoStrategy::BlueGreen,
            Self::Rolling => DemoStrategy::Rolling,
            Self::Linear => {
                // Amazon ECS takes equal steps alone, if more than two.
                let canary = Canary::new().stages([25, 50, 75, 100]);
                let canary = canary.bake(Duration::from_secs(120));
                return Box::new(canary.check("errors", scene::errors()));
            }
        };
        scene::plan(strategy, vec![Part::main()])
    }

    /// Whether the weights of rules are ours: then every rule that sends to the services has to be named.
    pub(super) const fn is_by_weights(self) -> bool {
        matches!(self, Self::Canary | Self::Pair)
    }

    /// What the requests of the two tracks are counted as.
    pub(super) const fn names(self) -> Tracks<&'static str> {
        match self {
            Self::Canary => Tracks {
                stable: STABLE,
                candidate: CANARY,
            },
            Self::Pair => Tracks {
                stable: STABLE,
                candidate: OTHER,
            },
            Self::Rolling | Self::Linear | Self::BlueGreen => Tracks {
                stable: "web, old tasks",
                candidate: "web, new tasks",
            },
        }
    }

    pub(super) const fn told_apart(self) -> ToldApart {
        match self {
            Self::Canary | Self::Pair => ToldApart::ByTargetGroup,
            Self::Rolling | Self::Linear | Self::BlueGreen => ToldApart::ByTaskDefinition,
        }
    }

    /// Makes the services that are there before the release, and says how the target is told of them.
    pub(super) fn set_up(self, shop: &Shop, tasks: usize) -> Config {
        match self {
            Self::Canary => {
                shop.create_service(STABLE, &shop.stable_group, tasks);
                by_weights(
                    shop,
                    config::Canary::new(
                        slot(STABLE, &shop.stable_group),
                        slot(CANARY, &shop.canary_group),
                    ),
                )
            }
            Self::Pair => {
                shop.create_service(STABLE, &shop.stable_group, tasks);
                // Of two services that take turns the second has no tasks.
                shop.create_service(OTHER, &shop.canary_group, 0);
                by_weights(
                    shop,
                    [
                        slot(STABLE, &shop.stable_group),
                        slot(OTHER, &shop.canary_group),
                    ],
                )
            }
            Self::Rolling => {
                shop.create_service(STABLE, &shop.stable_group, tasks);
                Config::new(Shop::CLUSTER, Rolling::new(STABLE))
            }
            Self::Linear | Self::BlueGreen => {
                let configuration = json!({"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 0});
                shop.create_native_service(STABLE, tasks, &configuration);
                Config::new(Shop::CLUSTER, NativeGated::new(STABLE))
            }
        }
    }
}

fn slot(service: &str, group: &str) -> Slot {
    Slot::new(service, group)
}

fn by_weights(shop: &Shop, workload: impl Into<WorkloadConfig>) -> Config {
    let rule = RuleConfig::Rule(shop.rule.clone());
    Config::new(Shop::CLUSTER, OwnedWeights::new(workload, [rule]))
}
