//! A check of one's own: the candidate's answers must not be slow, by a number that we ask for.
//!
//! An analysis measures one window and judges it. It keeps no state: what it wants to know at the next
//! look goes into the measurement's memory, which the machine carries and journals.

use std::error::Error;

use async_trait::async_trait;
use strategy_core::analysis::{Analysis, Look, MeasureError, Measurement, PreparedCheck, Verdict};
use strategy_core::plan::{Check, Extension, Plan};
use strategy_core::rollout::{Outcome, Reason};
use strategy_core::strategy::Canary;
use strategy_core::target::Found;
use strategy_core::world::World;
use strategy_core::{Part, Release, Weight};

/// Stands for a query to a metrics store: the more traffic, the slower the release answers.
#[derive(Debug)]
struct Latency;

impl Latency {
    const KIND: &str = "latency";

    fn p99_ms(weight: Weight) -> u64 {
        100 + u64::from(weight.basis_points()) / 10
    }
}

#[async_trait]
impl Analysis for Latency {
    async fn admit(&self, plan: &Plan, _: &Found) -> Result<Vec<PreparedCheck>, MeasureError> {
        let checks = plan.checks().iter();
        let ours = checks.filter(|(_, check)| check.analysis.kind == Self::KIND);
        Ok(ours
            .map(|(name, _)| PreparedCheck::new(name.clone()))
            .collect())
    }

    async fn measure(&self, look: &Look) -> Result<Measurement, MeasureError> {
        let limit = look.analysis.params.get("p99-ms");
        let limit = limit.and_then(serde_json::Value::as_u64).unwrap_or(500);
        let weight = look.weights.get(&Part::main()).copied();
        let p99 = Self::p99_ms(weight.unwrap_or(Weight::ZERO));
        let verdict = if p99 <= limit {
            Verdict::Pass
        } else {
            Verdict::Fail
        };
        let evidence = format!("p99 is {p99} ms, limit {limit} ms");
        Ok(Measurement::new(verdict, evidence))
    }
}

pub(crate) fn main() -> Result<(), Box<dyn Error>> {
    let check = Check::new(Extension::new(Latency::KIND).with("p99-ms", 500));
    let canary = Canary::new().stages([5, 25, 50, 100]).check("slow", check);
    let world = World::seeded(7).stable("app:v1", 4).build()?;
    let driver = world.driver().analysis(Latency::KIND, Latency);
    let finished = world.run_with(driver, &canary, Release::of([("app", "app:v2")])?)?;
    let Outcome::RolledBack {
        reason: Reason::Check { evidence, .. },
    } = finished.outcome
    else {
        return Err(finished.outcome.to_string().into());
    };
    assert!(evidence.contains("p99 is 600 ms"), "{evidence}");
    Ok(())
}
