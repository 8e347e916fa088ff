//! Targets that read wrongly or write something else, each tried in one world.

use std::time::Duration;

use strategy_core::simulation::{Ask, Saying, Simulation, crashes_at_start, errors, hangs};
use strategy_core::strategy::{BlueGreen, Canary};
use strategy_core::target::{Effective, Observation, Writer};
use strategy_core::world::{ApiFault, Calls, Happening};
use strategy_core::{Part, Track, Weight};

use crate::piece::{Caught, Ends, Harm, Piece, Trial, real};
use crate::targets::{Memory, Wrong, on_target};
use crate::worlds::{canary, seconds, slots, tracks};

pub(crate) const COUNTS_WANTED_AS_READY: Piece = Piece {
    name: "counts what is wanted as ready",
    does: "Readiness is taken from the written count: none of none is ready, and so is none of four.",
    caught: Caught::Simulation {
        trial: || Trial {
            simulation: slots(0).candidate(hangs()),
            strategy: Box::new(BlueGreen::new()),
            carrier: on_target(Wrong::Sees(counts_wanted_as_ready)),
            right: real(Ends::RolledBack),
        },
        promises: &[1],
        harms: &[Harm::FailedRequests, Harm::WrongEnd, Harm::FalseReport],
    },
};

fn counts_wanted_as_ready(seen: &mut Observation, _: &Memory) {
    for track in [&mut seen.stable, &mut seen.candidate] {
        let wanted = track.wanted();
        for pods in &mut track.pods {
            (pods.total, pods.ready, pods.available) = (wanted, wanted, wanted);
            pods.fatal.clear();
        }
    }
}

pub(crate) const COUNTS_EVERY_REVISION: Piece = Piece {
    name: "counts readiness over mixed revisions",
    does: "All pods of a workload are taken to run what is written for it.",
    caught: Caught::Simulation {
        trial: || Trial {
            simulation: slots(4).candidate(hangs()),
            strategy: Box::new(BlueGreen::new()),
            carrier: on_target(Wrong::Sees(counts_every_revision)),
            right: real(Ends::RolledBack),
        },
        promises: &[1, 3],
        harms: &[Harm::WrongEnd, Harm::FalseReport],
    },
};

fn counts_every_revision(seen: &mut Observation, memory: &Memory) {
    for track in [&mut seen.stable, &mut seen.candidate] {
        let Some(written) = &track.written else {
            continue;
        };
        for pods in &mut track.pods {
            pods.revision = written.revision.clone();
        }
    }
    reads_the_tag(seen, memory);
}

pub(crate) const EFFECTIVE_WHEN_WRITTEN: Piece = Piece {
    name: "takes written for effective",
    does: "A weight counts as soon as it is written, though the router needs half an hour.",
    caught: Caught::Simulation {
        trial: || Trial {
            simulation: tracks().world(|world| world.lag(seconds(1800))),
            strategy: Box::new(Canary::new().stages([10, 50, 100]).deadline(seconds(7200))),
            carrier: on_target(Wrong::Sees(effective_when_written)),
            right: real(Ends::Promoted),
        },
        promises: &[5],
        harms: &[],
    },
};

pub(crate) const NEVER_EFFECTIVE: Piece = Piece {
    name: "never makes the split effective",
    does: "The split is written where nobody reads it, and nobody looks whether it came about.",
    caught: Caught::Simulation {
        trial: || Trial {
            simulation: tracks().world(|world| world.lag(seconds(3600))),
            strategy: Box::new(BlueGreen::new()),
            carrier: on_target(Wrong::Sees(effective_when_written)),
            right: real(Ends::RolledBack),
        },
        promises: &[5],
        harms: &[Harm::WrongEnd],
    },
};

fn effective_when_written(seen: &mut Observation, _: &Memory) {
    seen.traffic.effective = Effective::Verified(seen.traffic.written.clone());
}

pub(crate) const IGNORES_STICKINESS: Piece = Piece {
    name: "ignores stickiness",
    does: "Sessions that stay with the candidate are not told of, and it goes while they last.",
    caught: Caught::Simulation {
        trial: || Trial {
            simulation: tracks().world(|world| {
                world
                    .sessions(Weight::HALF, seconds(300))
                    .drain(seconds(30))
            }),
            strategy: Box::new(canary()),
            carrier: on_target(Wrong::Sees(ignores_stickiness)),
            right: real(Ends::Promoted),
        },
        promises: &[2],
        harms: &[Harm::FailedRequests],
    },
};

fn ignores_stickiness(seen: &mut Observation, _: &Memory) {
    seen.traffic.sticky = Duration::ZERO;
    seen.traffic.drain = Duration::ZERO;
}

pub(crate) const LEAVES_A_KEY_BEHIND: Piece = Piece {
    name: "leaves a key behind",
    does: "A write of traffic is merged into what is there: a route, once written, stays.",
    caught: Caught::Simulation {
        trial: || Trial {
            simulation: tracks(),
            strategy: Box::new(canary().header_route("x-canary", "yes")),
            carrier: on_target(Wrong::Asks(
                |request, here| {
                    let routes = &mut request.desired.traffic.routes;
                    for route in &here.traffic.written.routes {
                        if !routes.contains(route) {
                            routes.push(route.clone());
                        }
                    }
                },
                shows_what_was_asked,
            )),
            right: real(Ends::Promoted),
        },
        promises: &[2],
        harms: &[Harm::FailedRequests, Harm::FalseReport],
    },
};

fn shows_what_was_asked(seen: &mut Observation, memory: &Memory) {
    let Some(asked) = &memory.asked else {
        return;
    };
    let routes = &asked.desired.traffic.routes;
    seen.traffic.written.routes.clone_from(routes);
    if let Effective::Verified(traffic) = &mut seen.traffic.effective {
        traffic.routes.clone_from(routes);
    }
}

pub(crate) const PROMOTES_THE_TAG: Piece = Piece {
    name: "promotes what the tag means now",
    does: "Image ids are read from the tag, which somebody moves between the last look and the promotion.",
    caught: Caught::Simulation {
        trial: || Trial {
            simulation: tracks().at(
                seconds(700),
                Happening::TagMoved {
                    image: "app:v2".to_owned(),
                    content: "something else".to_owned(),
                },
            ),
            strategy: Box::new(canary()),
            carrier: on_target(Wrong::Sees(reads_the_tag)),
            right: real(Ends::RolledBack),
        },
        promises: &[4],
        harms: &[Harm::WrongEnd],
    },
};

fn reads_the_tag(seen: &mut Observation, _: &Memory) {
    for track in [&mut seen.stable, &mut seen.candidate] {
        for pods in &mut track.pods {
            let images = pods.revision.images.iter();
            let ids = images.map(|(container, image)| {
                (container.to_owned(), [image.as_str().to_owned()].into())
            });
            pods.image_ids = ids.collect();
        }
    }
}

pub(crate) const TAKES_STALE_FOR_FRESH: Piece = Piece {
    name: "acts on a stale observation",
    does: "A cached read is shown as if it were of now, while the candidate's pods die.",
    caught: Caught::Simulation {
        trial: || Trial {
            simulation: approved_at(slots(0), 500)
                .at(
                    seconds(200),
                    Happening::ApiFails {
                        part: None,
                        fault: ApiFault::Stale,
                        calls: Calls::Reads,
                        lasts: seconds(1200),
                        times: None,
                    },
                )
                .at(
                    seconds(210),
                    Happening::PodsCrash {
                        part: Part::main(),
                        track: Track::Candidate,
                        pods: 4,
                    },
                )
                .at(
                    seconds(209),
                    Happening::ImageBehaves {
                        image: "app:v2".to_owned(),
                        behavior: crashes_at_start(),
                    },
                ),
            strategy: Box::new(BlueGreen::new().approve_switch(["ops"], 1)),
            carrier: on_target(Wrong::Sees(|seen, _| seen.age = Duration::ZERO)),
            right: real(Ends::RolledBack),
        },
        promises: &[8],
        harms: &[],
    },
};

/// Somebody of the operators says yes.
fn approved_at(mut simulation: Simulation, after: u64) -> Simulation {
    let mut saying = Saying::new(seconds(after), "ann", Ask::Approve);
    saying.roles = vec!["ops".to_owned()];
    simulation.sayings.push(saying);
    simulation
}

pub(crate) const RESTORES_THE_RECORDED_COUNT: Piece = Piece {
    name: "goes by the recorded count under an autoscaler",
    does: "What the autoscaler wanted at the start is shown ever after: the candidate gets three pods where ten are needed.",
    caught: Caught::Simulation {
        trial: || Trial {
            simulation: tracks()
                .world(|world| {
                    let world = world.stable("app:v1", 3).autoscaled(3, 20);
                    let world = world.image("app:v1", |image| image.serves = Some(30));
                    world.image("app:v2", |image| image.serves = Some(30))
                })
                .requests_per_second(60)
                .at(
                    seconds(60),
                    Happening::Autoscaled {
                        part: Part::main(),
                        track: Track::Stable,
                        wanted: 10,
                    },
                )
                .at(
                    seconds(90),
                    Happening::LoadChanged {
                        part: Part::main(),
                        requests_per_second: 290,
                    },
                ),
            strategy: Box::new(Canary::new().stages([10, 50, 100])),
            carrier: on_target(Wrong::Sees(shows_the_first_count)),
            right: real(Ends::Promoted),
        },
        promises: &[1],
        harms: &[Harm::FailedRequests],
    },
};

fn shows_the_first_count(seen: &mut Observation, memory: &Memory) {
    let first = memory
        .first
        .as_ref()
        .and_then(|first| first.stable.autoscaler);
    if let (Some(now), Some(first)) = (&mut seen.stable.autoscaler, first) {
        now.wanted = first.wanted;
    }
}

pub(crate) const OVERWRITES_PEOPLE: Piece = Piece {
    name: "overwrites what people do",
    does: "The weight that was asked is shown as the one that is there, whatever somebody made of it.",
    caught: Caught::Simulation {
        trial: || Trial {
            simulation: tracks()
                .candidate(errors(0.0))
                .at(seconds(100), Happening::weight_moved(Weight::ZERO, "ann")),
            strategy: Box::new(canary()),
            carrier: on_target(Wrong::Sees(hides_people)),
            right: real(Ends::RolledBack),
        },
        promises: &[13],
        harms: &[Harm::WrongEnd],
    },
};

/// Only what was asked is ever shown.
fn hides_people(seen: &mut Observation, memory: &Memory) {
    seen.foreign.clear();
    seen.traffic.writer = Writer::Us;
    if let Some(asked) = &memory.asked {
        seen.traffic.written.clone_from(&asked.desired.traffic);
        let shown = Effective::Verified(seen.traffic.written.clone());
        seen.traffic.effective = shown;
    }
}
