//! The conformance suite on the example of a target of one's own: what a reader begins with is to be right.

// Only what the example's `main` needs is shared with it.
#[path = "../examples/custom_target/law.rs"]
mod law;
#[path = "../examples/custom_target/platform.rs"]
mod platform;
#[path = "../examples/custom_target/target.rs"]
mod target;

use std::sync::Arc;

use async_trait::async_trait;
use strategy_core::conformance::{Broken, Promise, Standing, Subject, golden_list};
use strategy_core::target::ForeignField;
use strategy_core::world::World;
use strategy_core::{Images, Replicas, Revision, Target, Traffic, Weight};

use platform::Balancer;
use target::BalancerTarget;

#[derive(Debug)]
struct BalancerSubject(Balancer);

#[async_trait]
impl Subject for BalancerSubject {
    fn target(&self) -> Arc<dyn Target> {
        Arc::new(BalancerTarget(self.0.clone()))
    }

    fn release(&self) -> Images {
        Images::parse([("app", "app:v2")]).unwrap_or_default()
    }

    fn has_candidate(&self) -> bool {
        false
    }

    async fn settle(&self) {} // everything is done at once

    async fn stored(&self) -> String {
        format!("{:?}", *self.0.state())
    }

    async fn somebody_writes(&self, field: ForeignField) -> Option<String> {
        let mut state = self.0.state();
        match field {
            ForeignField::Traffic => state.is.traffic = Traffic::weight(Weight::FULL),
            ForeignField::Capacity => state.is.stable.replicas = Replicas::Count(7),
            ForeignField::Revision => {
                state.is.stable.revision = Revision::Release(self.release());
            }
            _ => return None, // a later version may know more
        }
        state.by = "ada".to_owned();
        Some(state.by.clone())
    }

    async fn take_away(&self) -> bool {
        false // the one value cannot be taken away
    }

    async fn cut_off(&self) -> bool {
        false // and is always in reach
    }

    fn tells_news(&self) -> bool {
        false // it has no `changed` of its own
    }
}

fn run(promise: &Promise) -> Result<Standing, Broken> {
    let broken = |error: &dyn ToString| Broken(error.to_string());
    let balancer = Balancer::running("app:v1", 4).map_err(|error| broken(&error))?;
    let time = World::seeded(1).build().map_err(|error| broken(&error))?;
    // `block_on` says so when a check would wait for ever.
    time.block_on(promise.check(&BalancerSubject(balancer)))
        .map_err(|deadlock| broken(&deadlock))?
}

strategy_core::conformance_tests! {
    run: run,
    golden: include_str!("golden/custom_target.txt"),
}

/// With `UPDATE_GOLDEN=1` the list is written anew: read the difference before you keep it.
#[test]
fn the_golden_list_is_up_to_date() {
    let file = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/golden/custom_target.txt"
    );
    let now = golden_list(run);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(file, &now).unwrap();
    }
    assert_eq!(std::fs::read_to_string(file).unwrap(), now);
}
