//! The world as a source of counts for one process, with every window that is counted in the log.

use async_trait::async_trait;

use crate::analysis::{Count, Counter, Look, MeasureError};
use crate::release::Part;
use crate::track::Track;
use crate::world::{Fact, Process, World};

/// Counts what users got, for one process.
#[derive(Clone, Debug)]
pub(super) struct Counting {
    pub(super) world: World,
    pub(super) process: Process,
}

#[async_trait]
impl Counter for Counting {
    async fn count(&self, look: &Look, part: &Part, track: Track) -> Result<Count, MeasureError> {
        let count = self.world.count(look, part, track).await?;
        self.world.note(Fact::Counted {
            by: self.process,
            check: look.check.clone(),
            number: look.number,
            window: look.window,
        });
        Ok(count)
    }
}
