//! A strategy of one's own: the release first gets copies of requests, then all of them at once.
//!
//! A strategy is a pure function from intent to a plan. The machine keeps every promise whatever the
//! plan says, so a strategy cannot expose what is not ready.

use std::collections::BTreeMap;
use std::error::Error;
use std::time::Duration;

use strategy_core::plan::{Bake, Goal, GoalTrack, Plan, PlanError, Policies, Stage, StageKind};
use strategy_core::rollout::Outcome;
use strategy_core::target::Found;
use strategy_core::world::World;
use strategy_core::{Capacity, Images, Release, Revision, Strategy, Traffic, Weight};

/// Copies for a while, then everything; the candidate stays where it is.
#[derive(Debug)]
struct ShadowThenAll {
    shadow: Duration,
}

impl ShadowThenAll {
    fn stage(name: &str, release: &Release, traffic: &Traffic, bake: Duration) -> Stage {
        let goal = |images: &Images| {
            let shipped = Revision::Release(images.clone());
            let candidate = GoalTrack::new(shipped, Capacity::Share(Weight::FULL));
            Goal::new(GoalTrack::recorded(), candidate, traffic.clone())
        };
        let goals = release
            .iter()
            .map(|(part, images)| (part.clone(), goal(images)));
        let mut stage = Stage::new(name, StageKind::Expose, goals);
        stage.bake = Bake::of(bake);
        stage
    }
}

impl Strategy for ShadowThenAll {
    fn plan(&self, release: &Release, found: &Found) -> Result<Plan, PlanError> {
        let mut copies = Traffic::default();
        copies.mirror = Weight::FULL;
        let everything = Traffic::weight(Weight::FULL);
        let stages = vec![
            Self::stage("shadow", release, &copies, self.shadow),
            Self::stage("all", release, &everything, self.shadow),
        ];
        let (release, policies) = (release.clone(), Policies::default());
        let plan = Plan::new("shadow", release, stages, BTreeMap::new(), policies)?;
        plan.fits(found)?;
        Ok(plan)
    }
}

pub(crate) fn main() -> Result<(), Box<dyn Error>> {
    let shadow = Duration::from_secs(120);
    let strategy = ShadowThenAll { shadow };
    let slots = World::seeded(7).slots("app:v1", 4, "app:v0", 0);
    let release = Release::of([("app", "app:v2")])?;

    // A platform that cannot copy requests is told apart before anything is written.
    let refused = slots.build()?.run(&strategy, release.clone());
    assert!(refused.is_err_and(|error| error.to_string().contains("mirror")));

    let world = slots.capabilities(|can| can.mirror = true).build()?;
    assert_eq!(world.run(&strategy, release)?.outcome, Outcome::Promoted);
    Ok(())
}
