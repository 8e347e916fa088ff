//! What stands between people and a rollout, and gets it wrong: approvals and smoke tests.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use futures::future::{Either, select};
use strategy_core::hook::{Hook, HookError, HookReport, HookRequest};
use strategy_core::inbox::{Envelope, Inbox, InboxError};
use strategy_core::plan::{Extension, Gate, HookPlan, HookPoint, PlanDigest, Rerun, Then};
use strategy_core::rollout::{Answer, Command, CommandId, Outcome, Wish};
use strategy_core::simulation::{Ask, Carrier, Equipment, RealDriver, Saying, Simulation, errors};
use strategy_core::strategy::Canary;
use strategy_core::{Part, Strategy, Target, Track};

use crate::piece::{Caught, Ends, Harm, Piece, Right, Trial, real};
use crate::worlds::{seconds, tracks};

/// Two of the operators must agree within an hour before half of the users get it.
fn gated() -> Canary {
    let gate = Gate::approval("both", ["ops".to_owned()], 2);
    let gate = gate.within(seconds(3600), Then::RollBack);
    Canary::new().stages([10, 100]).gate_before("100%", gate)
}

fn ann_approves(ask: &Ask, times: u64) -> Simulation {
    let mut simulation = tracks();
    for number in 0..times {
        let mut saying = Saying::new(seconds(600 + number), "ann", ask.clone());
        saying.roles = vec!["ops".to_owned()];
        simulation.sayings.push(saying);
    }
    simulation
}

pub(crate) const ONE_FOR_ALL: Piece = Piece {
    name: "takes one approval for all",
    does: "Who says yes twice is counted twice: the quorum is of clicks, not of people.",
    caught: Caught::Simulation {
        trial: || Trial {
            simulation: ann_approves(&Ask::Approve, 2),
            strategy: Box::new(gated()),
            carrier: Box::new(Hearing(|heard, _| {
                if let Envelope::Command(command) = heard {
                    command.actor = format!("{} ({})", command.actor, command.id);
                }
            })),
            right: real(Ends::RolledBack),
        },
        promises: &[16],
        harms: &[Harm::WrongEnd],
    },
};

pub(crate) const ANY_ROLE: Piece = Piece {
    name: "takes the approval of whoever says yes",
    does: "Nobody asks whether they may: whoever approves has the role that is asked for.",
    caught: Caught::Simulation {
        trial: || Trial {
            simulation: guests_approve(),
            strategy: Box::new(gated()),
            carrier: Box::new(Hearing(|heard, _| {
                if let Envelope::Command(command) = heard {
                    command.roles.insert("ops".to_owned());
                }
            })),
            right: real(Ends::RolledBack),
        },
        promises: &[16],
        harms: &[Harm::WrongEnd],
    },
};

fn guests_approve() -> Simulation {
    let mut simulation = tracks();
    for (after, actor) in [(600, "eve"), (700, "mallory")] {
        let mut saying = Saying::new(seconds(after), actor, Ask::Approve);
        saying.roles = vec!["guest".to_owned()];
        simulation.sayings.push(saying);
    }
    simulation
}

pub(crate) const ANOTHER_PLAN: Piece = Piece {
    name: "accepts the approval of another plan",
    does: "An approval counts for whatever plan is there when it comes.",
    caught: Caught::Simulation {
        trial: || Trial {
            simulation: another_plan_is_approved(),
            strategy: Box::new(gated()),
            carrier: Box::new(Hearing(|heard, digest| {
                if let Envelope::Command(Command {
                    wish: Wish::Approve { plan, .. },
                    ..
                }) = heard
                {
                    *plan = digest.clone();
                }
            })),
            right: real(Ends::RolledBack),
        },
        promises: &[16],
        harms: &[Harm::WrongEnd],
    },
};

/// Ann and ben say yes to a plan that is not this one.
fn another_plan_is_approved() -> Simulation {
    let other = tracks().run(&Canary::new().stages([100]));
    let wish = Wish::Approve {
        stage: "100%".into(),
        plan: other.plan.unwrap().digest(),
    };
    let mut simulation = ann_approves(&Ask::Wish(wish.clone()), 1);
    let mut ben = Saying::new(seconds(700), "ben", Ask::Wish(wish));
    ben.roles = vec!["ops".to_owned()];
    simulation.sayings.push(ben);
    simulation
}

/// The real driver, with everything that is heard changed so; beside it the digest of the plan.
struct Hearing(fn(&mut Envelope, &PlanDigest));

impl fmt::Debug for Hearing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hearing")
    }
}

#[async_trait(?Send)]
impl Carrier for Hearing {
    async fn carry(
        &self,
        mut equipment: Equipment,
        strategy: &dyn Strategy,
    ) -> Result<Outcome, Box<dyn Error>> {
        let release = equipment.release.clone();
        let planned = equipment.driver().plan(strategy, release).await?;
        equipment.inbox = Arc::new(WrongInbox {
            inner: Arc::clone(&equipment.inbox),
            digest: planned.plan.digest(),
            change: self.0,
        });
        RealDriver.carry(equipment, strategy).await
    }
}

struct WrongInbox {
    inner: Arc<dyn Inbox>,
    digest: PlanDigest,
    change: fn(&mut Envelope, &PlanDigest),
}

impl fmt::Debug for WrongInbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WrongInbox")
    }
}

#[async_trait]
impl Inbox for WrongInbox {
    async fn next(&self, after: Option<&CommandId>) -> Result<Envelope, InboxError> {
        let mut envelope = self.inner.next(after).await?;
        (self.change)(&mut envelope, &self.digest);
        Ok(envelope)
    }

    async fn answer(&self, id: &CommandId, answer: &Answer) -> Result<(), InboxError> {
        self.inner.answer(id, answer).await
    }
}

pub(crate) const TIMEOUT_IS_YES: Piece = Piece {
    name: "takes silence for a yes",
    does: "Who does not object within half an hour has approved.",
    caught: Caught::Simulation {
        trial: || Trial {
            simulation: tracks(),
            strategy: Box::new(gated()),
            carrier: Box::new(TimeoutIsYes),
            right: real(Ends::RolledBack),
        },
        promises: &[16],
        harms: &[Harm::WrongEnd],
    },
};

#[derive(Debug)]
struct TimeoutIsYes;

#[async_trait(?Send)]
impl Carrier for TimeoutIsYes {
    async fn carry(
        &self,
        equipment: Equipment,
        strategy: &dyn Strategy,
    ) -> Result<Outcome, Box<dyn Error>> {
        let release = equipment.release.clone();
        let (handle, run) = equipment.driver().start(strategy, release).await?;
        let clock = Arc::clone(&equipment.clock);
        let patience = async {
            loop {
                clock.sleep_until(clock.now() + seconds(1800)).await;
                let status = handle.status();
                let Some(approval) = status.approval else {
                    continue;
                };
                for nobody in ["nobody", "somebody"] {
                    let wish = Wish::Approve {
                        stage: approval.stage.clone(),
                        plan: status.plan.parse().unwrap(),
                    };
                    let command = Command::new(nobody, nobody, wish).in_role("ops");
                    handle.command(command).await.unwrap();
                }
            }
        };
        match select(Box::pin(run), Box::pin(patience)).await {
            Either::Left((end, _)) => Ok(end?),
            Either::Right((never, _)) => never,
        }
    }
}

pub(crate) const TESTS_THE_LIVE_SLOT: Piece = Piece {
    name: "tests the live slot",
    does: "The smoke test asks the address that users have, before the release is there.",
    caught: Caught::Simulation {
        trial: || Trial {
            simulation: tracks().candidate(errors(0.3)),
            strategy: Box::new(Canary::new().stages([100]).hook(smoke_test())),
            carrier: Box::new(Testing(Track::Stable)),
            right: Right {
                carrier: Box::new(Testing(Track::Candidate)),
                ends: Ends::RolledBack,
            },
        },
        promises: &[],
        harms: &[Harm::FailedRequests, Harm::WrongEnd],
    },
};

fn smoke_test() -> HookPlan {
    HookPlan::new("smoke", HookPoint::Ready, Extension::new("smoke")).rerun(Rerun::Safe)
}

/// The real driver with a smoke test of this track.
#[derive(Debug)]
struct Testing(Track);

#[async_trait(?Send)]
impl Carrier for Testing {
    async fn carry(
        &self,
        mut equipment: Equipment,
        strategy: &dyn Strategy,
    ) -> Result<Outcome, Box<dyn Error>> {
        let smoke = Smoke {
            track: self.0,
            target: Arc::clone(&equipment.targets[&Part::main()]),
        };
        equipment.registry = equipment.registry.hook("smoke", smoke);
        RealDriver.carry(equipment, strategy).await
    }
}

/// Asks an address, and fails if `v2`, which is bad, answers.
#[derive(Debug)]
struct Smoke {
    track: Track,
    target: Arc<dyn Target>,
}

#[async_trait]
impl Hook for Smoke {
    async fn run(&self, request: &HookRequest) -> Result<HookReport, HookError> {
        let failed = |error| HookError::new("smoke", "the world does not answer").because(error);
        let found = self.target.discover().await.map_err(failed)?;
        let live = found.observation.stable.preview.clone();
        let address = match self.track {
            Track::Stable => live,
            Track::Candidate => request.previews.get(&Part::main()).cloned(),
        };
        let tracks = [&found.observation.stable, &found.observation.candidate];
        let asked = tracks.into_iter().find(|track| track.preview == address);
        let answers = asked.and_then(|track| track.written.as_ref()).unwrap();
        let images = answers.revision.images.to_string();
        Ok(if images.contains("app:v2") {
            HookReport::failed("three in ten requests fail")
        } else {
            HookReport::passed("all is well")
        })
    }
}
