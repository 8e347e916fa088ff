//! Scripts that switch between two slots, each wrong in one way.

use std::time::Duration;

use strategy_core::rollout::Outcome;
use strategy_core::simulation::{Equipment, Simulation, hangs};
use strategy_core::target::{Binding, Discovery};
use strategy_core::world::{ApiFault, Calls, Happening};
use strategy_core::{Part, Strategy, Track, Weight};

use crate::piece::{Caught, Ends, Harm, Piece, Trial, real};
use crate::script::{Carried, Script, by_hand, rolled_back};
use crate::worlds::{blue_green, seconds, slots};

pub(crate) const TOGGLES: Piece = Piece {
    name: "toggles instead of restoring",
    does: "The way back is \"the other colour\", also when nothing was switched yet.",
    caught: Caught::Simulation {
        trial: || Trial {
            simulation: slots(0).candidate(hangs()),
            strategy: switching(),
            carrier: by_hand(|equipment| Box::pin(toggles(equipment))),
            right: real(Ends::RolledBack),
        },
        promises: &[1, 7],
        harms: &[Harm::FailedRequests, Harm::FalseReport],
    },
};

async fn toggles(equipment: &Equipment) -> Carried {
    let mut script = Script::begin(equipment).await?;
    script.release(Track::Candidate, 4).await?;
    if script.status(Track::Candidate).await? {
        script.weight(100).await?;
        return Ok(Outcome::Promoted);
    }
    let other = if script.desired.traffic.weight.is_zero() {
        100
    } else {
        0
    };
    script.weight(other).await?;
    Ok(rolled_back("it did not become ready"))
}

pub(crate) const GOES_BACK_TO_AN_EMPTY_SLOT: Piece = Piece {
    name: "goes back to an empty slot",
    does: "Traffic goes back to a slot that was scaled to nothing meanwhile.",
    caught: Caught::Simulation {
        trial: || Trial {
            simulation: turning_bad(slots(0), 100),
            strategy: switching(),
            carrier: by_hand(|equipment| Box::pin(goes_back_to_an_empty_slot(equipment))),
            right: real(Ends::RolledBack),
        },
        promises: &[1],
        harms: &[Harm::FailedRequests],
    },
};

async fn goes_back_to_an_empty_slot(equipment: &Equipment) -> Carried {
    let mut script = Script::begin(equipment).await?;
    script.release(Track::Candidate, 4).await?;
    script.status(Track::Candidate).await?;
    script.weight(100).await?;
    script.sleep(60).await;
    script.scale(Track::Stable, 0).await?;
    script.sleep(240).await;
    if script.fails(Track::Candidate, 60).await? {
        script.weight(0).await?;
        script.scale(Track::Stable, 4).await?;
        script.scale(Track::Candidate, 0).await?;
        return Ok(rolled_back("requests fail"));
    }
    Ok(Outcome::Promoted)
}

pub(crate) const DEFAULTS_TO_BLUE: Piece = Piece {
    name: "defaults to blue",
    does: "When the live slot cannot be read, it is taken to be blue.",
    caught: Caught::Simulation {
        trial: || Trial {
            // Green is live, and the API does not answer at first.
            simulation: slots(4)
                .candidate(strategy_core::simulation::errors(0.2))
                .at(Duration::ZERO, Happening::weight_moved(Weight::FULL, "ops"))
                .at(
                    Duration::ZERO,
                    Happening::ApiFails {
                        part: None,
                        fault: ApiFault::Unreachable,
                        calls: Calls::Reads,
                        lasts: seconds(60),
                        times: None,
                    },
                ),
            strategy: switching(),
            carrier: by_hand(|equipment| Box::pin(defaults_to_blue(equipment))),
            right: real(Ends::Refused),
        },
        promises: &[3],
        harms: &[Harm::FailedRequests, Harm::WrongEnd],
    },
};

async fn defaults_to_blue(equipment: &Equipment) -> Carried {
    let part = Part::main();
    let target = &equipment.targets[&part];
    let live = target.discover().await.map(|found| found.names.stable);
    let live = live.unwrap_or_else(|_| "workload/app-blue".to_owned());
    equipment
        .clock
        .sleep_until(equipment.clock.now() + seconds(90))
        .await;
    let found = target.discover().await?;
    let found = if found.names.stable == live {
        found
    } else {
        with_roles_exchanged(found)
    };
    let mut script = Script::of(equipment, &part, found, "script");
    script.claim().await?;
    script.release(Track::Candidate, 4).await?;
    script.status(Track::Candidate).await?;
    script.weight(100).await?;
    Ok(Outcome::Promoted)
}

/// The same, with the live slot taken for the idle one.
fn with_roles_exchanged(mut found: Discovery) -> Discovery {
    let mut bound: serde_json::Value = found.binding.read().unwrap();
    for roles in bound.as_object_mut().unwrap().values_mut() {
        let roles = roles.as_object_mut().unwrap();
        let stable = roles.remove("stable").unwrap();
        let candidate = roles.insert("stable".to_owned(), roles["candidate"].clone());
        assert!(candidate.is_none());
        roles.insert("candidate".to_owned(), stable);
    }
    found.binding = Binding::new(&bound).unwrap();
    std::mem::swap(&mut found.names.stable, &mut found.names.candidate);
    let seen = &mut found.observation;
    std::mem::swap(&mut seen.stable, &mut seen.candidate);
    seen.traffic.written.weight = seen.traffic.written.weight.rest();
    found
}

pub(crate) const RETIRES_BEFORE_DRAIN: Piece = Piece {
    name: "scales down before drain",
    does: "The old slot goes to nothing at once after the switch.",
    caught: Caught::Simulation {
        trial: || Trial {
            simulation: slots(0),
            strategy: switching(),
            carrier: by_hand(|equipment| Box::pin(retires_before_drain(equipment))),
            right: real(Ends::Promoted),
        },
        promises: &[2],
        harms: &[Harm::FailedRequests],
    },
};

async fn retires_before_drain(equipment: &Equipment) -> Carried {
    let mut script = Script::begin(equipment).await?;
    script.release(Track::Candidate, 4).await?;
    script.status(Track::Candidate).await?;
    script.weight(100).await?;
    script.scale(Track::Stable, 0).await?;
    Ok(Outcome::Promoted)
}

pub(crate) const SWITCHES_SOME_PARTS: Piece = Piece {
    name: "switches some parts only",
    does: "The frontend is switched before the backend is known to come, and stays when it does not.",
    caught: Caught::Simulation {
        trial: || Trial {
            simulation: two_parts(),
            strategy: Box::new(blue_green()),
            carrier: by_hand(|equipment| Box::pin(switches_some_parts(equipment))),
            right: real(Ends::RolledBack),
        },
        promises: &[7],
        harms: &[Harm::FalseReport],
    },
};

async fn switches_some_parts(equipment: &Equipment) -> Carried {
    for part in equipment.targets.keys().rev() {
        let mut script = Script::begin_part(equipment, part).await?;
        script.release(Track::Candidate, 4).await?;
        if !script.status(Track::Candidate).await? {
            script.scale(Track::Candidate, 0).await?;
            return Ok(rolled_back("a part did not become ready"));
        }
        script.weight(100).await?;
    }
    Ok(Outcome::Promoted)
}

pub(crate) const CALLS_IT_A_SUCCESS: Piece = Piece {
    name: "calls it a success though a part failed",
    does: "What becomes of a part is not looked at.",
    caught: Caught::Simulation {
        trial: || Trial {
            simulation: two_parts(),
            strategy: Box::new(blue_green()),
            carrier: by_hand(|equipment| Box::pin(calls_it_a_success(equipment))),
            right: real(Ends::RolledBack),
        },
        promises: &[],
        harms: &[Harm::WrongEnd, Harm::FalseReport],
    },
};

async fn calls_it_a_success(equipment: &Equipment) -> Carried {
    for part in equipment.targets.keys().rev() {
        let mut script = Script::begin_part(equipment, part).await?;
        script.release(Track::Candidate, 4).await?;
        if script.status(Track::Candidate).await? {
            script.weight(100).await?;
        }
    }
    Ok(Outcome::Promoted)
}

/// A frontend that is well and a backend whose release never becomes ready.
fn two_parts() -> Simulation {
    let images = |image: &str| strategy_core::Images::parse([("app", image)]).unwrap();
    let release = strategy_core::Release::parts([
        ("backend".parse().unwrap(), images("app:v2-backend")),
        ("frontend".parse().unwrap(), images("app:v2")),
    ]);
    Simulation::seed(7)
        .release(release.unwrap())
        .world(|world| {
            let world = world.part("backend").slots("app:v1", 4, "app:v0", 0);
            let world = world.requests_per_second(100).part("frontend");
            let world = world.slots("app:v1", 4, "app:v0", 0);
            let world = world.requests_per_second(100);
            world.ailing("app:v2-backend", strategy_core::world::Ailment::Hangs)
        })
}

fn switching() -> Box<dyn Strategy> {
    Box::new(blue_green())
}

/// The release begins to fail after so long.
fn turning_bad(simulation: Simulation, after: u64) -> Simulation {
    simulation.at(seconds(after), Happening::image_fails("app:v2", 0.2))
}
