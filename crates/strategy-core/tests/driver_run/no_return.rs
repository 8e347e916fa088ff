//! A rollout past its point of no return, taken up to go back.

use strategy_core::hook::{Hook, HookError, HookReport, HookRequest};
use strategy_core::plan::{HookPlan, HookPoint, Undo};

use super::*;

/// Drops a column, which nobody gets back.
#[derive(Debug)]
struct Drops;

#[async_trait]
impl Hook for Drops {
    async fn run(&self, _: &HookRequest) -> Result<HookReport, HookError> {
        Ok(HookReport::passed("dropped"))
    }
}

#[test]
fn past_a_point_of_no_return_a_journal_is_taken_up_to_go_back_by_force_alone() {
    let (world, journal) = (world(), MemoryJournal::new());
    let drops = HookPlan::new("drop", HookPoint::Before, Extension::new("drop"));
    let canary = canary().hook(drops.undo(Undo::Impossible));
    let driver = || driver(&world).hook("drop", Drops).journal(journal.clone());
    let story = async {
        let (handle, run) = driver().start(&canary, release()).await.unwrap();
        let clock = world.clock();
        let stop = async {
            let later = clock.now() + Duration::from_secs(60);
            clock.sleep_until(later).await;
            handle.detach().await;
        };
        let _ = futures::join!(run, stop);
        let before = json(&journal);
        let refused = driver().resume_rolling_back().await.unwrap_err();
        let closed = matches!(refused, DriverError::Recover(RecoverError::NoWayBack));
        assert!(closed, "{refused:?}");
        assert_eq!(json(&journal), before, "the journal is left as it is");
        let (_, run) = driver().resume_rolling_back_by_force().await.unwrap();
        run.await.unwrap()
    };
    let end = world.block_on(story).unwrap();
    assert!(matches!(end, Outcome::RolledBack { .. }), "{end}");
}
