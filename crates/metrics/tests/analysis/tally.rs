//! A judge that counts failures, and fails above a limit: as simple as one can be that remembers.

use serde::Deserialize;
use strategy_core::Track;
use strategy_core::analysis::Verdict;
use strategy_core::target::Finding;
use strategy_metrics::judge::{JudgeError, Judgement, Kinds, Prospect, Sight, data_of};
use strategy_metrics::{Data, Judge, Shape, State};

/// Fails once there were more than so many failures in all.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Tally {
    tolerated: u64,
    #[serde(default)]
    compares: bool,
    #[serde(default)]
    shape: Option<Shape>,
    /// What it was given goes into the evidence.
    #[serde(default)]
    tells_alpha: bool,
}

impl Judge for Tally {
    fn shape(&self) -> Shape {
        self.shape.unwrap_or(Shape::Events)
    }

    fn compares(&self) -> bool {
        self.compares
    }

    fn bounded(&self) -> bool {
        false
    }

    fn admit(&self, prospect: &Prospect) -> Vec<Finding> {
        let many = prospect.replicas.stable > 100;
        let finding = || Finding::blocks("many", &prospect.resource, "too many", "have fewer");
        many.then(finding).into_iter().collect()
    }

    fn judge(&self, sight: &Sight, state: &State) -> Result<Judgement, JudgeError> {
        let before = if state.is_empty() {
            0
        } else {
            let mut read = state.read(1)?;
            let before = read.u64()?;
            read.done()?;
            before
        };
        let events = match data_of(&sight.readings.candidate, Track::Candidate, self.shape())? {
            Ok(Data::Events(events)) => events,
            Ok(Data::Histogram(_) | Data::Units(_) | Data::Values(_) | _) => {
                return Ok(Judgement::new(Verdict::Undecided, "other", state));
            }
            Err(verdict) => return Ok(Judgement::new(verdict, "nothing", state)),
        };
        let failed = before + events.all.failed;
        let state = State::write(1).u64(failed).done();
        let verdict = if failed > self.tolerated {
            Verdict::Fail
        } else {
            Verdict::Pass
        };
        let from = sight.window.from.as_millis() / 1000;
        let to = sight.window.to.as_millis() / 1000;
        let mut evidence = format!("{from} to {to}: {failed} failed");
        if self.tells_alpha {
            evidence += &format!(", alpha {}", sight.alpha);
        }
        Ok(Judgement::new(verdict, evidence, &state))
    }
}

pub(crate) fn kinds() -> Kinds {
    Kinds::built_in().with::<Tally>("tally")
}
