//! Small plans of every strategy and way of promotion: what `cargo xtask explore` searches.

mod brief;
mod ground;

use std::collections::BTreeMap;
use std::time::Duration;

pub use self::brief::{TICK, brief};
pub(super) use self::ground::release;
use self::ground::{found, found_asking, found_owned, two_found, two_releases};
use crate::plan::{
    Bake, Check, Extension, Gate, HookPlan, HookPoint, OnFailure, Plan, PlanError, Rerun, Stage,
    Then, Undo,
};
use crate::release::Release;
use crate::strategy::{BlueGreen, Canary, Retire, Rolling, Strategy};
use crate::target::{Found, Promotion, Routing};

/// A plan that is searched, and what it runs on.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Searched {
    /// What it is called on the command line.
    pub name: &'static str,
    /// The plan, with small limits.
    pub plan: Plan,
    /// What was found.
    pub found: Found,
}

/// All of them.
///
/// # Errors
/// [`PlanError`] if one of them were refused, which would be a fault of this list.
pub fn all() -> Result<Vec<Searched>, PlanError> {
    let tick = TICK;
    let once = || BlueGreen::new().bake(Bake::of(tick));
    let one = || Canary::new().stages([100]).bake(Bake::of(tick));
    let two = || Canary::new().stages([50, 100]).bake(Bake::of(tick));
    let update = || found(Routing::Routed, Promotion::Update, None);
    let swap = |slot| found(Routing::Routed, Promotion::Swap, slot);
    let follows = || found(Routing::FollowsReadiness, Promotion::Update, None);
    let native = || found(Routing::Native, Promotion::Native, None);
    let preview = Extension::new("smoke-test");
    let hook = HookPlan::new("smoke-test", HookPoint::Ready, preview.clone())
        .rerun(Rerun::Safe)
        .undo(Undo::By(preview));
    let careful = HookPlan::new("migrate", HookPoint::Before, Extension::new("migrate"));
    let plans: Vec<(&'static str, Box<dyn Strategy>, Found)> = vec![
        (
            "blue-green",
            Box::new(once().retire(Retire::Keep)),
            swap(None)?,
        ),
        ("blue-green-two-stages", Box::new(once()), swap(Some(2))?),
        ("blue-green-update", Box::new(once()), update()?),
        ("canary-one-stage", Box::new(one()), update()?),
        ("canary-update", Box::new(two()), update()?),
        ("canary-swap", Box::new(two()), swap(None)?),
        ("canary-used-slot", Box::new(two()), swap(Some(2))?),
        ("canary-replica-share", Box::new(two()), follows()?),
        ("canary-owned", Box::new(one()), found_owned()?),
        ("rolling", Box::new(Rolling::new()), follows()?),
        ("native", Box::new(Rolling::new()), native()?),
        ("native-gated", Box::new(two()), found_asking()?),
        (
            "canary-gate",
            Box::new(one().gate_promotion(Gate::approval("people", [], 1))),
            swap(None)?,
        ),
        (
            "canary-external-gate",
            Box::new(one().gate_promotion(Gate::external("window", Extension::new("window")))),
            swap(None)?,
        ),
        ("canary-hook", Box::new(one().hook(hook)), swap(None)?),
        (
            "canary-careful-hook",
            Box::new(one().hook(careful)),
            swap(None)?,
        ),
        (
            "canary-check",
            Box::new(one().check("errors", Check::new(Extension::new("errors")))),
            swap(None)?,
        ),
        (
            "canary-check-hold",
            Box::new(
                one()
                    .check("errors", Check::new(Extension::new("errors")))
                    .on_failure(OnFailure::Hold {
                        at_most: tick,
                        then: Then::RollBack,
                    }),
            ),
            swap(None)?,
        ),
        (
            "no-return",
            Box::new(one().point_of_no_return("promote")),
            update()?,
        ),
    ];
    let mut searched = Vec::new();
    for (name, strategy, found) in plans {
        searched.push(make(name, &*strategy, &release()?, found)?);
    }
    let (both, parts) = (two_releases()?, two_found()?);
    searched.push(make("two-parts", &one(), &both, parts)?);
    searched.push(merged(swap(Some(2))?)?);
    Ok(searched)
}

fn make(
    name: &'static str,
    strategy: &dyn Strategy,
    release: &Release,
    found: Found,
) -> Result<Searched, PlanError> {
    let plan = brief(&strategy.plan(release, &found)?)?;
    Ok(Searched { name, plan, found })
}

/// Switch and retire in one stage: no strategy makes it, and it finds what the others do not.
fn merged(found: Found) -> Result<Searched, PlanError> {
    let base = BlueGreen::new().plan(&release()?, &found)?;
    let stages = base.stages();
    let (Some(switch), Some(retire)) = (stages.first(), stages.last()) else {
        return Err(PlanError::plan(
            "a blue-green plan has no stage",
            "give it one",
        ));
    };
    let mut stage = Stage::new("switch-and-retire", switch.kind, retire.goals.clone());
    stage.bake = Bake::of(Duration::ZERO);
    let plan = Plan::new(
        "by-hand",
        release()?,
        vec![stage],
        BTreeMap::new(),
        base.policies().clone(),
    )?;
    Ok(Searched {
        name: "merged",
        plan: brief(&plan)?,
        found,
    })
}
