//! The rollouts that are measured: a typical one, and others of given size.

use std::error::Error;
use std::time::Duration;

use strategy_core::analysis::PreparedCheck;
use strategy_core::plan::{Check, Extension};
use strategy_core::rollout::Start;
use strategy_core::strategy::{Canary, CanaryStage};
use strategy_core::target::{Discovery, Found};
use strategy_core::world::{discovery_of, observed_track};
use strategy_core::{Images, Part, Release, Rollout, Strategy, Timestamp, Weight};

/// The kind of analysis that every check asks.
pub(crate) const KIND: &str = "bench";

/// How many exposing stages, checks and parts a rollout has, and how long each stage is watched.
#[derive(Clone, Copy)]
pub(crate) struct Size {
    pub(crate) stages: u16,
    pub(crate) checks: u16,
    pub(crate) parts: u16,
    pub(crate) bake: Duration,
}

/// Four stages of half an hour, three checks every fifteen seconds: two hours.
pub(crate) const TYPICAL: Size = Size {
    stages: 4,
    checks: 3,
    parts: 1,
    bake: Duration::from_secs(1800),
};

pub(crate) const BEGIN: Timestamp = Timestamp::from_millis(1_800_000_000_000);

impl Size {
    pub(crate) fn canary(self) -> Canary {
        let weight = |stage: u16| {
            let share = 10_000 * u32::from(stage) / u32::from(self.stages);
            Weight::from_basis_points(u16::try_from(share).unwrap_or(10_000) / 100 * 100)
                .unwrap_or(Weight::FULL)
        };
        let mut canary = Canary::new();
        for stage in 1..=self.stages {
            let name = format!("stage-{stage}");
            canary = canary.stage(CanaryStage::at(weight(stage)).named(name).bake(self.bake));
        }
        for check in 1..=self.checks {
            let every = Duration::from_secs(15);
            let check_of = Check::new(Extension::new(KIND)).every(every);
            canary = canary.check(format!("check-{check}"), check_of);
        }
        canary
    }

    fn names(self) -> Result<Vec<Part>, Box<dyn Error>> {
        if self.parts == 1 {
            return Ok(vec![Part::main()]);
        }
        let name = |part| Ok(format!("part-{part:03}").parse()?);
        (1..=self.parts).map(name).collect()
    }

    pub(crate) fn release(self) -> Result<Release, Box<dyn Error>> {
        let images = Images::parse([("app", "registry.example/shop/app:2.4.1")])?;
        let parts = self.names()?.into_iter();
        Ok(Release::parts(parts.map(|part| (part, images.clone())))?)
    }

    pub(crate) fn found(self) -> Result<Found, Box<dyn Error>> {
        let discovery = discovery()?;
        let parts = self.names()?.into_iter();
        Ok(parts.map(|part| (part, discovery.clone())).collect())
    }

    /// A rollout that has just begun.
    pub(crate) fn begin(self) -> Result<Rollout, Box<dyn Error>> {
        let found = self.found()?;
        let plan = self.canary().plan(&self.release()?, &found)?;
        let prepared: Vec<_> = plan
            .checks()
            .keys()
            .cloned()
            .map(PreparedCheck::new)
            .collect();
        let start = Start::new("bench".parse()?, plan, found).prepared(prepared);
        Ok(Rollout::start(start, BEGIN)?)
    }
}

/// A hundred pods behind a router that can do whole percents.
pub(crate) fn discovery() -> Result<Discovery, Box<dyn Error>> {
    let images = Images::parse([("app", "registry.example/shop/app:2.4.0")])?;
    Ok(discovery_of(
        observed_track(&images, 100),
        Default::default(),
    ))
}
