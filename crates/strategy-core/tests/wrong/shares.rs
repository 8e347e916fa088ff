//! Scripts that shift traffic little by little, each wrong in one way.

use strategy_core::rollout::Outcome;
use strategy_core::simulation::{Equipment, errors, starts_in};
use strategy_core::strategy::{BlueGreen, Canary};
use strategy_core::world::Happening;
use strategy_core::{Part, Track};

use crate::piece::{Caught, Ends, Harm, Piece, Trial, real};
use crate::script::{Carried, Script, by_hand, rolled_back};
use crate::worlds::{canary, seconds, tracks};

pub(crate) const TAKES_PODS_FOR_PERCENT: Piece = Piece {
    name: "takes pods for percent",
    does: "Counts come from a fixed pool of three: every share below two thirds is one pod of three.",
    caught: Caught::Simulation {
        trial: || Trial {
            simulation: tracks()
                .stable("v1", 9)
                .world(|world| world.follows_readiness())
                .candidate(errors(0.2)),
            strategy: Box::new(canary()),
            carrier: by_hand(|equipment| Box::pin(takes_pods_for_percent(equipment))),
            right: real(Ends::RolledBack),
        },
        promises: &[2],
        harms: &[Harm::FailedRequests],
    },
};

async fn takes_pods_for_percent(equipment: &Equipment) -> Carried {
    let mut script = Script::begin(equipment).await?;
    let found = script.found.baseline();
    let pool = 3;
    for percent in [10, 50, 100] {
        let candidate = (pool * percent / 100).max(1);
        script.scale(Track::Stable, pool - candidate).await?;
        script.release(Track::Candidate, candidate).await?;
        script.status(Track::Candidate).await?;
        script.sleep(60).await;
        if script.fails(Track::Candidate, 60).await? {
            script.scale(Track::Stable, found).await?;
            script.status(Track::Stable).await?;
            script.scale(Track::Candidate, 0).await?;
            return Ok(rolled_back("requests fail"));
        }
    }
    Ok(Outcome::Promoted)
}

pub(crate) const RELIES_ON_A_VACUOUS_STATUS: Piece = Piece {
    name: "relies on a vacuous rollout status",
    does: "Stable is updated at no replicas, which succeeds at once, and gets its traffic back before it has pods.",
    caught: Caught::Simulation {
        trial: || Trial {
            simulation: tracks(),
            strategy: Box::new(canary()),
            carrier: by_hand(|equipment| Box::pin(relies_on_a_vacuous_status(equipment))),
            right: real(Ends::Promoted),
        },
        promises: &[1],
        harms: &[Harm::FailedRequests],
    },
};

async fn relies_on_a_vacuous_status(equipment: &Equipment) -> Carried {
    let mut script = Script::begin(equipment).await?;
    script.release(Track::Candidate, 4).await?;
    script.status(Track::Candidate).await?;
    script.weight(100).await?;
    script.sleep(60).await;
    script.scale(Track::Stable, 0).await?;
    script.release(Track::Stable, 0).await?;
    assert!(script.status(Track::Stable).await?);
    script.scale(Track::Stable, 4).await?;
    script.weight(0).await?;
    script.scale(Track::Candidate, 0).await?;
    Ok(Outcome::Promoted)
}

pub(crate) const LOOKS_ONCE: Piece = Piece {
    name: "looks once",
    does: "Each stage is checked ten seconds after its weight is written, and not again.",
    caught: Caught::Simulation {
        trial: || Trial {
            simulation: tracks().at(seconds(700), Happening::image_fails("app:v2", 0.2)),
            strategy: Box::new(canary()),
            carrier: by_hand(|equipment| Box::pin(looks_once(equipment))),
            right: real(Ends::RolledBack),
        },
        promises: &[],
        harms: &[Harm::FailedRequests, Harm::WrongEnd],
    },
};

async fn looks_once(equipment: &Equipment) -> Carried {
    let mut script = Script::begin(equipment).await?;
    script.release(Track::Candidate, 4).await?;
    script.status(Track::Candidate).await?;
    for percent in [10, 50, 100] {
        script.weight(percent).await?;
        script.sleep(10).await;
        if script.fails(Track::Candidate, 10).await? {
            script.weight(0).await?;
            return Ok(rolled_back("requests fail"));
        }
        script.sleep(290).await;
    }
    Ok(Outcome::Promoted)
}

pub(crate) const SCALES_DOWN_FIRST: Piece = Piece {
    name: "scales stable down first",
    does: "Stable gives up its pods before the candidate has any that are ready.",
    caught: Caught::Simulation {
        trial: || Trial {
            simulation: tracks()
                .world(|world| {
                    let world = world.image("app:v1", |image| image.serves = Some(25));
                    world.follows_readiness()
                })
                .candidate(starts_in(seconds(40))),
            strategy: Box::new(canary_by_pods()),
            carrier: by_hand(|equipment| Box::pin(scales_down_first(equipment))),
            right: real(Ends::Promoted),
        },
        promises: &[2],
        harms: &[Harm::FailedRequests],
    },
};

/// Shares that four pods can have.
fn canary_by_pods() -> Canary {
    Canary::new().stages([25, 50, 100])
}

async fn scales_down_first(equipment: &Equipment) -> Carried {
    let mut script = Script::begin(equipment).await?;
    for candidate in [1, 2, 4] {
        script.scale(Track::Stable, 4 - candidate).await?;
        script.release(Track::Candidate, candidate).await?;
        script.sleep(10).await;
    }
    script.status(Track::Candidate).await?;
    Ok(Outcome::Promoted)
}

pub(crate) const WEIGHS_ON_ONE_POD: Piece = Piece {
    name: "puts half of the traffic on one pod",
    does: "The weight is raised without regard to how many pods are ready.",
    caught: Caught::Simulation {
        trial: || Trial {
            simulation: tracks()
                .world(|world| world.image("app:v2", |image| image.serves = Some(30))),
            strategy: Box::new(canary()),
            carrier: by_hand(|equipment| Box::pin(weighs_on_one_pod(equipment))),
            right: real(Ends::Promoted),
        },
        promises: &[1],
        harms: &[Harm::FailedRequests],
    },
};

async fn weighs_on_one_pod(equipment: &Equipment) -> Carried {
    let mut script = Script::begin(equipment).await?;
    script.release(Track::Candidate, 1).await?;
    script.status(Track::Candidate).await?;
    script.weight(50).await?;
    script.scale(Track::Candidate, 4).await?;
    script.sleep(300).await;
    script.weight(100).await?;
    Ok(Outcome::Promoted)
}

pub(crate) const UPDATES_UNDER_TRAFFIC: Piece = Piece {
    name: "changes the revision under traffic",
    does: "Stable gets the new image while all users are on it.",
    caught: Caught::Simulation {
        trial: || Trial {
            simulation: tracks().candidate(errors(0.2)),
            strategy: Box::new(canary()),
            carrier: by_hand(|equipment| Box::pin(updates_under_traffic(equipment))),
            right: real(Ends::RolledBack),
        },
        promises: &[3],
        harms: &[Harm::FailedRequests, Harm::WrongEnd],
    },
};

async fn updates_under_traffic(equipment: &Equipment) -> Carried {
    let mut script = Script::begin(equipment).await?;
    script.release(Track::Stable, 4).await?;
    script.status(Track::Stable).await?;
    Ok(Outcome::Promoted)
}

pub(crate) const TWO_WITHOUT_A_LOCK: Piece = Piece {
    name: "two writers without a lock",
    does: "A second script begins while the first is at work: each overwrites what the other did.",
    caught: Caught::Simulation {
        trial: || Trial {
            simulation: tracks().world(|world| world.capabilities(|can| can.fenced = false)),
            strategy: Box::new(BlueGreen::new()),
            carrier: by_hand(|equipment| Box::pin(two_without_a_lock(equipment))),
            right: real(Ends::Promoted),
        },
        promises: &[3],
        harms: &[Harm::FailedRequests],
    },
};

async fn two_without_a_lock(equipment: &Equipment) -> Carried {
    let one = unlocked(equipment, "one", 0);
    let two = unlocked(equipment, "two", 92);
    let (one, two) = futures::join!(one, two);
    one.and(two)
}

async fn unlocked(equipment: &Equipment, holder: &str, after: u64) -> Carried {
    let part = Part::main();
    let found = equipment.targets[&part].discover().await?;
    let mut script = Script::of(equipment, &part, found, holder);
    script.sleep(after).await;
    script.release(Track::Candidate, 4).await?;
    script.status(Track::Candidate).await?;
    script.weight(100).await?;
    script.sleep(60).await;
    // What is not the release's any more goes.
    script.release(Track::Stable, 4).await?;
    script.status(Track::Stable).await?;
    script.weight(0).await?;
    script.sleep(10).await;
    script.scale(Track::Candidate, 0).await?;
    Ok(Outcome::Promoted)
}
