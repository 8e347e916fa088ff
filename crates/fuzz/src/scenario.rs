//! A simulation of any bytes.

use std::time::Duration;

use strategy_core::simulation::{End, Simulation, Trouble};
use strategy_core::strategy::{BlueGreen, Canary};
use strategy_core::world::{Happening, PartSetup, Shape, WorkloadSetup};

/// So long a world lasts at most: an input is tried in a moment.
const LASTS: Duration = Duration::from_secs(15 * 60);
/// A world with more pods than this is built, and no rollout tried in it.
const MOST_PODS: u32 = 40;
/// So long every stage is watched.
const BAKE: Duration = Duration::from_secs(30);

/// What somebody gives as a scenario in a file.
///
/// It is a simulation, which is the same when it is written and read again, and in which a rollout comes to an
/// end or says why not; or an error.
pub fn scenario(bytes: &[u8]) {
    let Ok(mut simulation) = serde_json::from_slice::<Simulation>(bytes) else {
        return;
    };
    let json = serde_json::to_string(&simulation).unwrap();
    let again: Simulation = serde_json::from_str(&json).expect("the simulation as it is written");
    assert_eq!(again, simulation, "it changes on the way through a file");
    // A world of many pods is built, however long it lasts.
    let _built = simulation.world.build();
    let happenings = simulation.world.happenings.iter();
    let mishaps = simulation.mishaps.iter();
    let scaled = happenings.map(|timed| &timed.happening);
    let scaled = scaled.chain(mishaps.filter_map(|mishap| match &mishap.trouble {
        Trouble::World(happening) => Some(happening),
        _ => None,
    }));
    let scaled = scaled.map(|happening| match happening {
        Happening::Scaled { count, .. } => *count,
        _ => 0,
    });
    let wanted = simulation.world.parts.values().map(pods).chain(scaled);
    if wanted.fold(0, u32::saturating_add) > MOST_PODS {
        return;
    }
    simulation.world.lasts = simulation.world.lasts.min(LASTS);
    simulation.afterwards = simulation.afterwards.min(LASTS);
    let built = simulation.world.build().is_ok();
    let has_slots = |part: &PartSetup| matches!(part.shape, Shape::Slots { .. });
    let report = if simulation.world.parts.values().any(has_slots) {
        simulation.run(&BlueGreen::new().bake(BAKE))
    } else {
        simulation.run(&Canary::new().stages([25, 100]).bake(BAKE))
    };
    if !built {
        let never_began = matches!(report.end, End::NeverBegan { .. });
        assert!(never_began, "no world, and yet: {}", report.end);
    }
    // Whatever happened, it can be judged and told.
    let _broken = report.broken_promises();
    assert!(!report.to_string().is_empty());
}

/// How many pods it has, or may come to have.
fn pods(part: &PartSetup) -> u32 {
    let (one, other) = match &part.shape {
        Shape::Tracks { stable, candidate } => (stable, candidate.as_ref()),
        Shape::Slots { live, idle } => (live, Some(idle)),
        other => panic!("a shape that this does not know: {other:?}"),
    };
    let wanted = |workload: &WorkloadSetup| {
        let scaler = workload.autoscaler.map_or(0, |scaler| scaler.max);
        workload.count.max(scaler)
    };
    wanted(one).saturating_add(other.map_or(0, wanted))
}
