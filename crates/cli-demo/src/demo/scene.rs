//! What the demo shows: a world, what goes wrong in it, and a release.

use std::time::Duration;

use strategy_core::analysis::FailureShare;
use strategy_core::plan::{Check, Extension};
use strategy_core::strategy::{BlueGreen, Canary, Rolling};
use strategy_core::world::{Ailment, ApiFault, Happening, Scenario, World};
use strategy_core::{Release, Strategy};

use crate::args::{DemoStrategy, Fault};
use crate::error::DemoError;

const OLD: &str = "registry.example/shop/api:1.0.0";
const NEW: &str = "registry.example/shop/api:1.1.0";
const REPLICAS: u32 = 10;
const REQUESTS_PER_SECOND: u32 = 200;
/// What the old release fails by itself: no service is perfect, and the checks must bear it.
const USUAL_ERRORS: f64 = 0.001;
/// What a bad release fails: one request in twenty.
const BAD_ERRORS: f64 = 0.05;

/// A world, and what is rolled out in it.
#[derive(Debug)]
pub(super) struct Scene {
    pub(super) title: String,
    pub(super) scenario: Scenario,
    pub(super) strategy: Box<dyn Strategy>,
    pub(super) release: Release,
}

impl Scene {
    pub(super) fn of(strategy: DemoStrategy, fault: Fault, seed: u64) -> Result<Self, DemoError> {
        let scenario = befallen(world(strategy, seed), fault);
        let title = format!(
            "{} of {NEW}: {REPLICAS} replicas, {REQUESTS_PER_SECOND} requests a second, {}.",
            match strategy {
                DemoStrategy::Canary => "Canary",
                DemoStrategy::BlueGreen => "Blue-green",
                DemoStrategy::Rolling => "Rolling release",
            },
            described(fault)
        );
        Ok(Self {
            title,
            scenario,
            strategy: plan(strategy),
            release: Release::of([("app", NEW)])?,
        })
    }
}

fn world(strategy: DemoStrategy, seed: u64) -> Scenario {
    let usual = |image: &mut strategy_core::world::Behavior| {
        image.errors = strategy_core::world::Behavior::share(USUAL_ERRORS);
    };
    let scenario = World::seeded(seed);
    let scenario = match strategy {
        DemoStrategy::Canary => scenario.stable(OLD, REPLICAS),
        DemoStrategy::BlueGreen => scenario.slots(OLD, REPLICAS, OLD, 0),
        DemoStrategy::Rolling => scenario.stable(OLD, REPLICAS).follows_readiness(),
    };
    scenario
        .requests_per_second(REQUESTS_PER_SECOND)
        .image(OLD, usual)
        .image(NEW, usual)
}

/// Faults go into the world and nowhere else.
fn befallen(scenario: Scenario, fault: Fault) -> Scenario {
    match fault {
        Fault::None => scenario,
        Fault::Errors => scenario.image(NEW, |image| {
            image.errors = strategy_core::world::Behavior::share(BAD_ERRORS);
        }),
        Fault::Crash => scenario.ailing(NEW, Ailment::CrashesAfter(Duration::from_secs(20))),
        Fault::Flap => scenario.ailing(
            NEW,
            Ailment::Flaps {
                up: Duration::from_secs(5),
                down: Duration::from_secs(10),
                restarts: false,
            },
        ),
        Fault::SlowStart => scenario.image(NEW, |image| {
            image.starts_in = Duration::from_secs(45);
        }),
        Fault::ApiOutage => scenario.at(
            Duration::from_secs(60),
            Happening::api_fails(ApiFault::Unreachable, Duration::from_secs(90)),
        ),
    }
}

const fn described(fault: Fault) -> &'static str {
    match fault {
        Fault::None => "and nothing goes wrong",
        Fault::Errors => "and the release fails one request in twenty",
        Fault::Crash => "and the release crashes 20 seconds after it is ready",
        Fault::Flap => "and the release is ready for 5 seconds and unready for 10, again and again",
        Fault::SlowStart => "and the release takes 45 seconds to start",
        Fault::ApiOutage => "and the platform's API is out of reach for 90 seconds",
    }
}

fn plan(strategy: DemoStrategy) -> Box<dyn Strategy> {
    let errors = Check::new(Extension::new(FailureShare::KIND).with("limit", "1%"));
    match strategy {
        DemoStrategy::Canary => Box::new(
            Canary::new()
                .stages([5, 25, 50, 100])
                .bake(Duration::from_secs(120))
                .check("errors", errors),
        ),
        DemoStrategy::BlueGreen => Box::new(
            BlueGreen::new()
                .bake(Duration::from_secs(180))
                .check("errors", errors),
        ),
        DemoStrategy::Rolling => Box::new(
            Rolling::new()
                .bake(Duration::from_secs(30))
                .bake_after_last(Duration::from_secs(120))
                .check("errors", errors),
        ),
    }
}
