//! What is drawn: proptest's strategies for a policy, a platform and what befalls a rollout there.
//!
//! Everything is drawn apart from everything else and put together by plain functions, so that each thing
//! shrinks by itself and the rest stays as it is.

mod behavior;
mod limits;
mod misfortune;
mod names;
mod platform;
mod policy;
mod values;
mod work;

use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;

use self::behavior::release;
use self::misfortune::{Lot, Misfortune, misfortune};
pub(super) use self::platform::was_before;
use self::platform::{Platform, platform};
use self::policy::{PolicyDraft, policy};
use self::work::{ROLE, asks_people};
use super::policy::Policy;
use crate::plan::Undo;
use crate::simulation::{Ask, Saying, Simulation};
use crate::world::Behavior;

/// How long a world lasts at most: longer than anything in its plan waits by itself, and what is stuck stays
/// so.
const LASTS: Duration = Duration::from_secs(4 * 3600);
/// The same where the way back may be closed: what would roll back holds for a day then.
const LASTS_PAST_NO_RETURN: Duration = Duration::from_secs(30 * 3600);
/// How long a pause lasts at most. By default it is a day, of which nothing is seen after the first hour but
/// that it takes long to simulate.
const PAUSE: Duration = Duration::from_secs(3600);
/// How long people who approve do so.
const APPROVALS: u32 = 12;

/// A policy, and a world in which it is tried.
pub(super) fn rollout() -> BoxedStrategy<(Policy, Simulation)> {
    let people = proptest::option::weighted(0.8, 20..=120_u64);
    let clocks = prop_oneof![4 => Just(Vec::new()), 1 => vec(-20_000..=20_000_i64, 1..=3)];
    (
        (platform(), policy()),
        release(),
        misfortunes(),
        (people, clocks, any::<u32>()),
    )
        .prop_map(
            |((platform, policy), release, misfortunes, (people, clocks, seed))| {
                let (policy, simulation) =
                    assemble(&platform, &policy, release, &misfortunes, people, seed);
                (policy, simulation.clock_offsets(clocks))
            },
        )
        .boxed()
}

/// None in a third of all worlds, else one to four.
pub(super) fn misfortunes() -> BoxedStrategy<Vec<Misfortune>> {
    prop_oneof![
        1 => Just(Vec::new()),
        2 => vec(misfortune(), 1..=4),
    ]
    .boxed()
}

fn assemble(
    platform: &Platform,
    policy: &PolicyDraft,
    release: Behavior,
    misfortunes: &[Misfortune],
    people: Option<u64>,
    seed: u32,
) -> (Policy, Simulation) {
    let takes = policy.takes(platform);
    let mut policy = policy.on(platform);
    policy.policies.pause_limit = policy.policies.pause_limit.min(PAUSE);
    let mut simulation = platform.simulation(seed.into()).candidate(release);
    simulation.world.lasts = if closes(&policy) {
        LASTS_PAST_NO_RETURN
    } else {
        LASTS
    };
    if let Some(every) = people.filter(|_| asks(&policy)) {
        for number in 1..=APPROVALS {
            let actor = if number % 2 == 0 { "ann" } else { "ben" };
            let after = Duration::from_secs(every) * number;
            let mut saying = Saying::new(after, actor, Ask::Approve);
            saying.roles = vec![ROLE.to_owned()];
            simulation.sayings.push(saying);
        }
    }
    befall(&mut simulation, misfortunes, takes);
    (policy, simulation)
}

/// Adds misfortunes to a world in which a rollout takes about so long.
pub(super) fn befall(simulation: &mut Simulation, misfortunes: &[Misfortune], takes: Duration) {
    // What each befalls is the world as it is given, without the others.
    let lots = misfortunes.iter();
    let lots: Vec<Lot> = lots
        .filter_map(|misfortune| misfortune.lot(simulation, takes))
        .collect();
    for lot in lots {
        match lot {
            Lot::Timed(timed) => simulation.world.happenings.push(timed),
            Lot::Mishap(mishap) => simulation.mishaps.push(mishap),
            Lot::Saying(saying) => simulation.sayings.push(saying),
        }
    }
}

/// Whether there is a point of no return, or a hook that cannot be undone.
fn closes(policy: &Policy) -> bool {
    let mut hooks = policy.hooks.iter();
    policy.no_return.is_some() || hooks.any(|(_, hook)| hook.undo == Undo::Impossible)
}

fn asks(policy: &Policy) -> bool {
    let gates = policy.gates.iter().map(|(_, gate)| gate);
    let own = policy.gate_promotion.iter().chain(&policy.gate_retirement);
    gates.chain(own).any(asks_people)
}
