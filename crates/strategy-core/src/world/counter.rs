//! The world as a source of counts: what users got, by workload and window.

use async_trait::async_trait;

use super::World;
use crate::analysis::{Count, Counter, FailureShare, Look, MeasureError};
use crate::release::Part;
use crate::track::Track;

#[async_trait]
impl Counter for World {
    /// Finds the workload by the look's identity of the track (label `workload`), as a metric query
    /// would. A part whose API cannot be read can still be counted: users do not ask the API.
    async fn count(&self, look: &Look, part: &Part, track: Track) -> Result<Count, MeasureError> {
        let unavailable = |why: String| MeasureError::Unavailable {
            source_name: "world".to_owned(),
            source: why.into(),
        };
        let workload = look
            .identities
            .get(part)
            .and_then(|tracks| tracks.of(track).get("workload"))
            .ok_or_else(|| unavailable(format!("{part} has no label `workload` for {track}")))?;
        self.with(|state| {
            if state.now < look.window.to {
                let why = format!("the window ends at {}, after now", look.window.to);
                return Err(unavailable(why));
            }
            let requests = state
                .parts
                .get(part)
                .and_then(|part| part.ledger(workload))
                .map(|ledger| ledger.within(look.window))
                .ok_or_else(|| unavailable(format!("nothing is known of `{workload}`")))?;
            Ok(Count {
                total: requests.served + requests.failed,
                failed: requests.failed,
            })
        })
    }
}

impl World {
    /// The share of failed requests, counted in this world; register it under its
    /// [`KIND`](FailureShare::KIND).
    pub fn analysis(&self) -> FailureShare {
        FailureShare::new(self.clone())
    }
}
