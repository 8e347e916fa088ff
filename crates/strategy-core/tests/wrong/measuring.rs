//! Analyses that measure or judge wrongly, under the real driver.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use strategy_core::analysis::{
    Analysis, Count, Counter, FailureShare, Look, MeasureError, Measurement, PreparedCheck,
    Verdict, Window,
};
use strategy_core::plan::Plan;
use strategy_core::rollout::Outcome;
use strategy_core::simulation::{Carrier, Equipment, RealDriver, errors};
use strategy_core::target::Found;
use strategy_core::{Part, Strategy, Track};

use crate::piece::{Caught, Ends, Harm, Piece, Trial, real};
use crate::worlds::{canary, seconds, tracks};

/// The real driver, with what measures changed so.
struct Measuring(fn(&mut Equipment));

impl fmt::Debug for Measuring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Measuring")
    }
}

#[async_trait(?Send)]
impl Carrier for Measuring {
    async fn carry(
        &self,
        mut equipment: Equipment,
        strategy: &dyn Strategy,
    ) -> Result<Outcome, Box<dyn std::error::Error>> {
        (self.0)(&mut equipment);
        RealDriver.carry(equipment, strategy).await
    }
}

fn judged_by(equipment: &mut Equipment, analysis: impl Analysis + 'static) {
    let registry = equipment.registry.clone();
    equipment.registry = registry.analysis(FailureShare::KIND, analysis);
}

fn counted_by(equipment: &mut Equipment, counter: impl Counter + 'static) {
    judged_by(equipment, FailureShare::new(counter));
}

pub(crate) const NO_DATA_PASSES: Piece = Piece {
    name: "counts no data as healthy",
    does: "What cannot be said is a pass: no requests, and a source that does not answer.",
    caught: Caught::Simulation {
        trial: || Trial {
            simulation: tracks().requests_per_second(0),
            strategy: Box::new(canary()),
            carrier: Box::new(Measuring(|equipment| {
                let honest = FailureShare::new(Arc::clone(&equipment.counter));
                judged_by(equipment, NoDataPasses(honest));
            })),
            right: real(Ends::RolledBack),
        },
        promises: &[9],
        harms: &[Harm::WrongEnd],
    },
};

#[derive(Debug)]
struct NoDataPasses(FailureShare);

#[async_trait]
impl Analysis for NoDataPasses {
    async fn admit(&self, plan: &Plan, found: &Found) -> Result<Vec<PreparedCheck>, MeasureError> {
        self.0.admit(plan, found).await
    }

    async fn measure(&self, look: &Look) -> Result<Measurement, MeasureError> {
        let healthy = || Measurement::new(Verdict::Pass, "nothing is known to be wrong");
        match self.0.measure(look).await {
            Err(_) => Ok(healthy()),
            Ok(found) if matches!(found.verdict, Verdict::Inconclusive(_)) => Ok(healthy()),
            Ok(found) => Ok(found),
        }
    }
}

pub(crate) const COUNTS_THE_WHOLE_SERVICE: Piece = Piece {
    name: "counts the whole service",
    does: "The requests of both tracks are counted as the candidate's: one in twenty bad ones are lost among the good.",
    caught: Caught::Simulation {
        trial: || Trial {
            simulation: tracks().candidate(errors(0.05)),
            strategy: Box::new(canary()),
            carrier: Box::new(Measuring(|equipment| {
                let counter = Arc::clone(&equipment.counter);
                counted_by(equipment, WholeService(counter));
            })),
            right: real(Ends::RolledBack),
        },
        promises: &[],
        harms: &[Harm::FailedRequests],
    },
};

#[derive(Debug)]
struct WholeService(Arc<dyn Counter>);

#[async_trait]
impl Counter for WholeService {
    async fn count(&self, look: &Look, part: &Part, _: Track) -> Result<Count, MeasureError> {
        let stable = self.0.count(look, part, Track::Stable).await?;
        let candidate = self.0.count(look, part, Track::Candidate).await?;
        Ok(Count {
            total: stable.total + candidate.total,
            failed: stable.failed + candidate.failed,
        })
    }
}

pub(crate) const COUNTS_A_WINDOW_TWICE: Piece = Piece {
    name: "counts a window twice",
    does: "Each look counts the last five minutes, and so the windows of the looks before it again.",
    caught: Caught::Simulation {
        trial: || Trial {
            simulation: tracks(),
            strategy: Box::new(canary()),
            carrier: Box::new(Measuring(|equipment| {
                let counter = Arc::clone(&equipment.counter);
                counted_by(equipment, LastMinutes(counter));
            })),
            right: real(Ends::Promoted),
        },
        promises: &[10],
        harms: &[],
    },
};

#[derive(Debug)]
struct LastMinutes(Arc<dyn Counter>);

#[async_trait]
impl Counter for LastMinutes {
    async fn count(&self, look: &Look, part: &Part, track: Track) -> Result<Count, MeasureError> {
        let mut look = look.clone();
        look.window = Window {
            from: look.window.to.before(seconds(300)),
            to: look.window.to,
        };
        self.0.count(&look, part, track).await
    }
}
