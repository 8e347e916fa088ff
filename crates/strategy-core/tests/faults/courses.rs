//! The rollouts that are disturbed: for each way to release, one that is good and one that must go back.

use std::time::Duration;

use strategy_core::analysis::FailureShare;
use strategy_core::plan::{Check, Extension, HookPlan, HookPoint, Rerun, Undo};
use strategy_core::simulation::{Ask, SimulatedHook, Simulation, errors};
use strategy_core::strategy::{BlueGreen, Canary, Rolling};
use strategy_core::target::Promotion;
use strategy_core::world::Happening;
use strategy_core::{Images, Part, Release, Strategy, Weight};

use super::ends::{Goal, Side};

/// One rollout, and where it should lead.
pub(crate) struct Course {
    pub(crate) name: &'static str,
    pub(crate) strategy: Box<dyn Strategy>,
    pub(crate) simulation: Simulation,
    /// How every part is when the release is promoted.
    pub(crate) goal: Goal,
    pub(crate) is_good: bool,
}

impl std::fmt::Display for Course {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let quality = if self.is_good { "good" } else { "bad" };
        write!(f, "{}, {quality}", self.name)
    }
}

/// Nothing that is simulated takes longer: what waits then waits for good.
pub(crate) const LASTS: Duration = Duration::from_secs(3 * 3600);

pub(crate) fn all() -> Vec<Course> {
    let mut courses = Vec::new();
    for is_good in [true, false] {
        courses.extend([
            blue_green(is_good),
            blue_green_into_a_used_slot(is_good),
            canary_on_update(is_good),
            canary_on_swap(is_good),
            canary_following_readiness(is_good),
            rolling(is_good),
            autoscaled_on_update(is_good),
            hook_gate_and_check(is_good),
            parts_together(is_good),
            parts_in_order(is_good),
        ]);
    }
    courses
}

fn check() -> Check {
    Check::new(Extension::new(FailureShare::KIND).with("limit", "1%"))
}

fn canary() -> Canary {
    Canary::new()
        .stages([50, 100])
        .bake(Duration::from_secs(60))
        .check("errors", check())
}

fn switch() -> BlueGreen {
    BlueGreen::new()
        .bake(Duration::from_secs(60))
        .check("errors", check())
}

/// A world without anything in it yet, in which the release is good or is not.
fn world(is_good: bool) -> Simulation {
    let world = Simulation::seed(7)
        .requests_per_second(100)
        .world(|mut world| {
            world.lasts = LASTS;
            world
        });
    if is_good {
        world
    } else {
        world.candidate(errors(0.05))
    }
}

/// Stable has the release, and whatever was beside it is as it was.
const UPDATED: Goal = Goal {
    stable: Side::Released,
    candidate: Side::AsFound,
    weight: Weight::ZERO,
};

/// The other side has the release and all traffic; what was live is as it was.
const SWAPPED: Goal = Goal {
    stable: Side::AsFound,
    candidate: Side::Released,
    weight: Weight::FULL,
};

pub(crate) fn canary_on_update(is_good: bool) -> Course {
    Course {
        name: "canary on update",
        strategy: Box::new(canary()),
        simulation: world(is_good).stable("v1", 4),
        goal: UPDATED,
        is_good,
    }
}

pub(crate) fn canary_on_swap(is_good: bool) -> Course {
    let percents = |world: strategy_core::world::Scenario| {
        world.capabilities(|can| {
            can.granularity = Weight::from_percent(1).unwrap();
            can.promotions = vec![Promotion::Swap];
        })
    };
    Course {
        name: "canary on swap",
        strategy: Box::new(canary()),
        simulation: world(is_good).slots("v1", 4, "v0", 0).world(percents),
        goal: SWAPPED,
        is_good,
    }
}

pub(crate) fn canary_following_readiness(is_good: bool) -> Course {
    Course {
        name: "canary following readiness",
        strategy: Box::new(canary()),
        simulation: world(is_good)
            .stable("v1", 4)
            .world(strategy_core::world::Scenario::follows_readiness),
        goal: UPDATED,
        is_good,
    }
}

pub(crate) fn blue_green(is_good: bool) -> Course {
    Course {
        name: "blue-green",
        strategy: Box::new(switch()),
        simulation: world(is_good).slots("v1", 4, "v0", 0),
        goal: SWAPPED,
        is_good,
    }
}

pub(crate) fn blue_green_into_a_used_slot(is_good: bool) -> Course {
    Course {
        name: "blue-green, used slot",
        strategy: Box::new(switch()),
        simulation: world(is_good).slots("v1", 4, "v0", 2),
        goal: SWAPPED,
        is_good,
    }
}

pub(crate) fn rolling(is_good: bool) -> Course {
    Course {
        name: "rolling",
        strategy: Box::new(Rolling::new().max_surge(1).check("errors", check())),
        simulation: world(is_good)
            .stable("v1", 4)
            .world(strategy_core::world::Scenario::follows_readiness),
        goal: UPDATED,
        is_good,
    }
}

pub(crate) fn autoscaled_on_update(is_good: bool) -> Course {
    Course {
        name: "autoscaled, on update",
        strategy: Box::new(canary()),
        simulation: world(is_good)
            .stable("v1", 4)
            .world(|world| world.autoscaled(2, 8)),
        goal: UPDATED,
        is_good,
    }
}

/// A migration that can be undone, a smoke test, people who are asked, and a check.
pub(crate) fn hook_gate_and_check(is_good: bool) -> Course {
    let run =
        |seconds: u64| Extension::new(SimulatedHook::KIND).with("takes", format!("{seconds}s"));
    let migration = HookPlan::new("migrate", HookPoint::Before, run(15))
        .rerun(Rerun::Safe)
        .undo(Undo::By(run(5)));
    let smoke = HookPlan::new("smoke", HookPoint::Ready, run(10)).rerun(Rerun::OnlyWithKey);
    let strategy = switch()
        .hook(migration)
        .hook(smoke)
        .approve_switch(Vec::<String>::new(), 1);
    // Somebody looks every five minutes whether there is anything to approve.
    let mut simulation = world(is_good).slots("v1", 4, "v0", 0);
    for minute in (5..LASTS.as_secs() / 60).step_by(5) {
        simulation = simulation.asks(Duration::from_secs(60 * minute), "ann", Ask::Approve);
    }
    Course {
        name: "hook, gate and check",
        strategy: Box::new(strategy),
        simulation,
        goal: SWAPPED,
        is_good,
    }
}

pub(crate) fn part(name: &str) -> Part {
    name.parse().unwrap()
}

/// Where it is bad, only the second of the parts is.
fn parts(is_good: bool, [first, second]: [&str; 2]) -> Release {
    let bad = if is_good { "app:v2" } else { "app:v2-bad" };
    let images = |image: &str| Images::parse([("app", image)]).unwrap();
    Release::parts([(part(first), images("app:v2")), (part(second), images(bad))]).unwrap()
}

pub(crate) fn parts_together(is_good: bool) -> Course {
    Course {
        name: "parts together",
        strategy: Box::new(canary()),
        simulation: world(true)
            .world(|world| {
                let mut world = world
                    .part("backend")
                    .stable("app:v1", 5)
                    .requests_per_second(100)
                    .part("frontend")
                    .stable("app:v1", 2)
                    .requests_per_second(50)
                    .fails("app:v2-bad", 0.05);
                world.parts.remove("main");
                world
            })
            .release(parts(is_good, ["backend", "frontend"])),
        goal: UPDATED,
        is_good,
    }
}

/// Two regions of different size; in the second the other slot is live.
pub(crate) fn parts_in_order(is_good: bool) -> Course {
    let order = [part("eu"), part("us")];
    Course {
        name: "parts in order",
        strategy: Box::new(switch().parts_in_order(order)),
        simulation: world(true)
            .world(|world| {
                let mut world = world
                    .part("eu")
                    .slots("app:v1", 6, "app:v0", 0)
                    .requests_per_second(60)
                    .part("us")
                    .slots("app:v0", 1, "app:v1", 2)
                    .requests_per_second(60)
                    .fails("app:v2-bad", 0.05)
                    .at(
                        Duration::ZERO,
                        Happening::WeightMoved {
                            part: part("us"),
                            weight: Weight::FULL,
                            by: "yesterday".to_owned(),
                        },
                    );
                world.parts.remove("main");
                world
            })
            .release(parts(is_good, ["eu", "us"])),
        goal: SWAPPED,
        is_good,
    }
}
