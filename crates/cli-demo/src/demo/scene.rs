//! What the demo shows: a world, what goes wrong in it, and a release.

use std::time::Duration;

use strategy_core::analysis::FailureShare;
use strategy_core::plan::{Check, Extension};
use strategy_core::strategy::{BlueGreen, Canary, Rolling};
use strategy_core::world::{Ailment, ApiFault, Behavior, Happening, Scenario, World};
use strategy_core::{Images, Part, Release, Strategy};

use crate::args::{Demo, DemoStrategy, Fault};
use crate::error::DemoError;

/// One thing that is moved.
#[derive(Clone, Copy, Debug)]
struct Service {
    part: &'static str,
    old: &'static str,
    new: &'static str,
    replicas: u32,
    requests_per_second: u32,
}

const API: Service = Service {
    part: "main",
    old: "registry.example/shop/api:1.0.0",
    new: "registry.example/shop/api:1.1.0",
    replicas: 10,
    requests_per_second: 200,
};
const BACKEND: Service = Service {
    part: "backend",
    ..API
};
const FRONTEND: Service = Service {
    part: "frontend",
    old: "registry.example/shop/web:3.4.0",
    new: "registry.example/shop/web:3.5.0",
    replicas: 4,
    requests_per_second: 80,
};

/// What the old release fails by itself: no service is perfect, and the checks must bear it.
pub(super) const USUAL_ERRORS: f64 = 0.001;
/// What a bad release fails: one request in twenty.
pub(super) const BAD_ERRORS: f64 = 0.05;

/// A world, and what is rolled out in it.
#[derive(Debug)]
pub(super) struct Scene {
    pub(super) title: String,
    pub(super) scenario: Scenario,
    pub(super) strategy: Box<dyn Strategy>,
    pub(super) release: Release,
}

impl Scene {
    pub(super) fn of(options: &Demo) -> Result<Self, DemoError> {
        let Demo {
            strategy, fault, ..
        } = *options;
        let (services, ailing): (&[Service], Service) = if options.parts == 1 {
            (&[API], API)
        } else {
            (&[BACKEND, FRONTEND], FRONTEND)
        };
        let empty = World::seeded(options.seed);
        let world = services
            .iter()
            .fold(empty, |world, service| with(world, strategy, *service));
        let mut parts = Vec::new();
        for service in services {
            let images = Images::parse([("app", service.new)])?;
            parts.push((service.part.parse::<Part>()?, images));
        }
        let order = parts.iter().map(|(part, _)| part.clone()).collect();
        Ok(Self {
            title: title(strategy, services, fault),
            scenario: befallen(world, ailing.new, fault),
            strategy: plan(strategy, order),
            release: Release::parts(parts)?,
        })
    }
}

fn title(strategy: DemoStrategy, services: &[Service], fault: Fault) -> String {
    let strategy = name(strategy);
    let services: Vec<_> = services
        .iter()
        .map(|service| {
            format!(
                "{}: {} replicas, {} requests a second",
                service.new, service.replicas, service.requests_per_second
            )
        })
        .collect();
    let services = services.join("; then of ");
    format!("{strategy} of {services}, {}.", described(fault))
}

/// At the beginning of a sentence.
pub(super) const fn name(strategy: DemoStrategy) -> &'static str {
    match strategy {
        DemoStrategy::Canary => "Canary",
        DemoStrategy::BlueGreen => "Blue-green",
        DemoStrategy::Rolling => "Rolling release",
    }
}

fn with(world: Scenario, strategy: DemoStrategy, service: Service) -> Scenario {
    let usual = |image: &mut Behavior| image.errors = Behavior::share(USUAL_ERRORS);
    let Service { old, replicas, .. } = service;
    let world = world.part(service.part);
    let world = match strategy {
        DemoStrategy::Canary => world.stable(old, replicas),
        DemoStrategy::BlueGreen => world.slots(old, replicas, old, 0),
        DemoStrategy::Rolling => world.stable(old, replicas).follows_readiness(),
    };
    world
        .requests_per_second(service.requests_per_second)
        .image(old, usual)
        .image(service.new, usual)
}

/// Faults go into the world and nowhere else.
fn befallen(scenario: Scenario, image: &str, fault: Fault) -> Scenario {
    match fault {
        Fault::None => scenario,
        Fault::Errors => scenario.image(image, |image| {
            image.errors = Behavior::share(BAD_ERRORS);
        }),
        Fault::Crash => scenario.ailing(image, Ailment::CrashesAfter(Duration::from_secs(20))),
        Fault::Flap => scenario.ailing(
            image,
            Ailment::Flaps {
                up: Duration::from_secs(5),
                down: Duration::from_secs(10),
                restarts: false,
            },
        ),
        Fault::SlowStart => scenario.image(image, |image| {
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

/// At most one request in a hundred fails.
pub(super) fn errors() -> Check {
    Check::new(Extension::new(FailureShare::KIND).with("limit", "1%"))
}

/// What is shown of a strategy.
pub(super) fn plan(strategy: DemoStrategy, order: Vec<Part>) -> Box<dyn Strategy> {
    let errors = errors();
    let canary = Canary::new()
        .stages([5, 25, 50, 100])
        .bake(Duration::from_secs(120))
        .check("errors", errors.clone());
    let blue_green = BlueGreen::new()
        .bake(Duration::from_secs(180))
        .check("errors", errors.clone());
    let rolling = Rolling::new()
        .bake(Duration::from_secs(30))
        .bake_after_last(Duration::from_secs(120))
        .check("errors", errors);
    let one = order.len() == 1;
    match strategy {
        DemoStrategy::Canary if one => Box::new(canary),
        DemoStrategy::Canary => Box::new(canary.parts_in_order(order)),
        DemoStrategy::BlueGreen if one => Box::new(blue_green),
        DemoStrategy::BlueGreen => Box::new(blue_green.parts_in_order(order)),
        DemoStrategy::Rolling if one => Box::new(rolling),
        DemoStrategy::Rolling => Box::new(rolling.parts_in_order(order)),
    }
}
