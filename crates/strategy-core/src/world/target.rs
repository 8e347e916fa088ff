//! The in-memory target: one part of a world behind the six methods of [`Target`].

mod seen;

use std::future::{pending, poll_fn};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use async_trait::async_trait;

use super::World;
use super::fault::{ApiFault, Calls};
use super::interruption::Met;
use super::log::{Fact, Process, Scene, Told};
use super::owned::{self, Bound};
use super::part::{PartState, Picture};
use crate::plan::Plan;
use crate::release::Part;
use crate::target::{
    Admission, Applied, Apply, Binding, Certainty, Claim, Discovery, Finding, Observation, Routing,
    Target, TargetError, TargetErrorKind, Version,
};
use crate::timestamp::Timestamp;
use crate::track::Tracks;

/// A call that has begun.
struct Begun {
    met: Met,
    fault: Option<ApiFault>,
}

/// One part of a [`World`] as a [`Target`]. Cheap to clone; made by [`World::target`].
#[derive(Clone, Debug)]
pub struct InMemoryTarget {
    world: World,
    part: Part,
    process: Process,
}

impl InMemoryTarget {
    pub(super) const fn new(world: World, part: Part) -> Self {
        Self {
            world,
            part,
            process: Process(0),
        }
    }

    /// As what this process has: the log tells its calls from those of others.
    #[cfg(any(feature = "simulation", test))]
    #[must_use]
    pub(crate) const fn of_process(mut self, process: Process) -> Self {
        self.process = process;
        self
    }

    /// A call that reads, with whatever the API does instead.
    async fn read<T>(
        &self,
        operation: &str,
        read: impl Fn(&PartState, &Picture, Timestamp) -> Result<T, TargetError>,
    ) -> Result<T, TargetError> {
        let begun = self.begin(operation, Calls::Reads).await?;
        let answer = self.world.with(|state| {
            let now = state.now;
            let part = state
                .parts
                .get_mut(&self.part)
                .ok_or_else(|| self.error(TargetErrorKind::NotFound, operation))?;
            part.reads += 1;
            let picture = part.frozen.as_ref().map_or(&part.picture, |(_, old)| old);
            read(part, picture, now)
        });
        self.end(&begun, operation, answer).await
    }

    /// A call begins: whoever makes it may be stopped, and faults may refuse it or let it wait.
    async fn begin(&self, operation: &str, calls: Calls) -> Result<Begun, TargetError> {
        self.world.halt(self.process).await;
        let (met, fault) = self.world.with(|state| state.call(&self.part, calls));
        self.world.stop(self.process, &met.before).await;
        self.befall(operation, fault.as_ref()).await?;
        Ok(Begun { met, fault })
    }

    /// A call has had its effect: its answer may be lost, or whoever waits for it stopped.
    async fn end<T>(
        &self,
        begun: &Begun,
        operation: &str,
        answer: Result<T, TargetError>,
    ) -> Result<T, TargetError> {
        self.world.stop(self.process, &begun.met.after).await;
        match begun.fault {
            Some(ApiFault::AnswerLost) if answer.is_ok() => {
                Err(self.error(TargetErrorKind::Unavailable, operation))
            }
            Some(ApiFault::Silent | ApiFault::LandsLate(_)) if answer.is_ok() => pending().await,
            Some(_) | None => answer,
        }
    }

    /// The log tells what this process was shown.
    fn was_shown(&self) {
        self.world.with(|state| {
            let now = state.now;
            let Some(part) = state
                .parts
                .get(&self.part)
                .filter(|part| part.log.is_kept())
            else {
                return;
            };
            let (as_of, scene) = match &part.frozen {
                Some((since, picture)) => (*since, Arc::new(Scene::of(part, picture))),
                None => match &part.scene {
                    Some(scene) => (now, Arc::clone(scene)),
                    None => return,
                },
            };
            part.log.add(now, || Fact::Shown {
                part: self.part.clone(),
                to: self.process,
                scene,
                as_of,
            });
        });
    }

    fn note(&self, fact: impl FnOnce() -> Fact) {
        self.world.with(|state| state.log.add(state.now, fact));
    }

    /// What a fault does before the call: refuse it, or let it wait.
    async fn befall(&self, operation: &str, fault: Option<&ApiFault>) -> Result<(), TargetError> {
        match fault {
            Some(ApiFault::Unreachable) => Err(self
                .error(TargetErrorKind::Unavailable, operation)
                .certainly_not_taken()
                .because("connection refused")),
            Some(ApiFault::Throttled) => Err(self.error(TargetErrorKind::RateLimited, operation)),
            Some(ApiFault::Conflict) => Err(self.error(TargetErrorKind::Conflict, operation)),
            Some(ApiFault::Slow(by)) => {
                self.wait(*by).await;
                Ok(())
            }
            Some(
                ApiFault::AnswerLost | ApiFault::Silent | ApiFault::LandsLate(_) | ApiFault::Stale,
            )
            | None => Ok(()),
        }
    }

    async fn wait(&self, time: Duration) {
        let clock = self.world.clock();
        clock.sleep_until(clock.now() + time).await;
    }

    fn error(&self, kind: TargetErrorKind, operation: &str) -> TargetError {
        TargetError::new(kind, operation, format!("part/{}", self.part))
    }

    async fn try_apply(&self, request: &Apply) -> Result<Applied, TargetError> {
        let begun = self.begin("apply to", Calls::Writes).await?;
        let answer = if let Some(ApiFault::LandsLate(by)) = begun.fault {
            self.world.with(|state| {
                let at = state.now + by;
                state.land_later(at, self.part.clone(), request.clone(), self.process);
            });
            Ok(Applied::default())
        } else {
            self.apply_now(request)
        };
        self.end(&begun, "apply to", answer).await
    }

    fn apply_now(&self, request: &Apply) -> Result<Applied, TargetError> {
        self.world.with(|state| {
            let now = state.now;
            let part = state
                .parts
                .get_mut(&self.part)
                .ok_or_else(|| self.error(TargetErrorKind::NotFound, "apply to"))?;
            owned::apply(part, request, self.process, now)?;
            state.settle(&self.part);
            if let Some(part) = state.parts.get_mut(&self.part)
                && part.frozen.is_some()
            {
                part.frozen = Some((now, part.picture.clone()));
            }
            Ok(Applied::default())
        })
    }

    fn claim_now(&self, from: Option<&Claim>, to: Option<&Claim>) -> Result<(), TargetError> {
        self.world.with(|state| {
            let now = state.now;
            let part = state
                .parts
                .get_mut(&self.part)
                .ok_or_else(|| self.error(TargetErrorKind::NotFound, "claim"))?;
            if !part.capabilities.fenced {
                return Ok(());
            }
            let here = part.picture.claim.as_ref();
            // Given up, its epoch is over, whether it had come by then or not.
            if let (Some(from), None) = (from, to)
                && here.is_none_or(|here| here == from)
            {
                part.picture.last_epoch = part.picture.last_epoch.max(from.epoch);
            }
            if here == to {
                return Ok(());
            }
            if here != from {
                let why = match here {
                    Some(claim) => format!("it is claimed by {claim}"),
                    None => "nobody has claimed it".to_owned(),
                };
                return Err(self.error(TargetErrorKind::Conflict, "claim").because(why));
            }
            let last = part.picture.last_epoch;
            if let (None, Some(to)) = (here, to)
                && to.epoch <= last
            {
                let why =
                    format!("{to} comes too late: a claim with epoch {last} was given up here");
                return Err(self.error(TargetErrorKind::Conflict, "claim").because(why));
            }
            let is_new = from.map(|claim| &claim.holder) != to.map(|claim| &claim.holder);
            if is_new {
                part.picture.foreign.clear();
            }
            let (from, to) = (part.picture.claim.take(), to.cloned());
            part.picture.claim.clone_from(&to);
            part.log.add(now, || Fact::Claimed {
                part: self.part.clone(),
                by: self.process,
                from,
                to,
            });
            state.settle(&self.part);
            Ok(())
        })
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Target for InMemoryTarget {
    async fn discover(&self) -> Result<Discovery, TargetError> {
        let read = |part: &PartState, picture: &Picture, now: Timestamp| {
            let workloads = self.roles(part, picture)?;
            let recorded = |name: &String| {
                picture
                    .workloads
                    .get(name)
                    .map(|workload| workload.template.clone())
            };
            let bound = Bound {
                recorded: Tracks {
                    stable: recorded(&workloads.stable),
                    candidate: recorded(&workloads.candidate),
                },
                workloads,
                deployment: picture.deployment.as_ref().map_or(0, |own| own.number),
            };
            let binding = Binding::new(&bound).map_err(|error| {
                self.error(TargetErrorKind::Unexpected, "discover")
                    .because(error)
            })?;
            Ok(Discovery {
                binding,
                capabilities: part.capabilities.clone(),
                observation: self.observation(part, picture, &bound, now)?,
                claim: picture.claim.clone(),
                last_epoch: picture.last_epoch,
                names: Tracks {
                    stable: format!("workload/{}", bound.workloads.stable),
                    candidate: format!("workload/{}", bound.workloads.candidate),
                },
            })
        };
        let found = self.read("discover", read).await?;
        self.was_shown();
        Ok(found)
    }

    async fn observe(&self, binding: &Binding) -> Result<Observation, TargetError> {
        let bound = Bound::read(binding, self.part.as_str())?;
        let read = |part: &PartState, picture: &Picture, now: Timestamp| {
            self.observation(part, picture, &bound, now)
        };
        let seen = self.read("observe", read).await?;
        self.was_shown();
        Ok(seen)
    }

    async fn apply(&self, request: &Apply) -> Result<Applied, TargetError> {
        self.note(|| Fact::Asked {
            part: self.part.clone(),
            by: self.process,
            id: request.id,
            claim: request.claim.clone(),
            desired: Box::new(request.desired.clone()),
        });
        let answer = self.try_apply(request).await;
        self.note(|| Fact::Answered {
            part: self.part.clone(),
            to: self.process,
            id: request.id,
            told: match &answer {
                Ok(_) => Told::Done,
                Err(error) if error.certainty == Certainty::NotTaken => Told::NotTaken,
                Err(_) => Told::Unknown,
            },
        });
        answer
    }

    async fn admit(
        &self,
        part: &Part,
        found: &Discovery,
        plan: &Plan,
    ) -> Result<Admission, TargetError> {
        self.read("admit", |_, _, _| Ok(())).await?;
        let mut findings = Vec::new();
        let can = &found.capabilities;
        for stage in plan.stages() {
            let Some(goal) = stage.goals.get(part) else {
                continue;
            };
            let weight = goal.traffic.weight;
            if can.routing == Routing::Routed && weight.floor_to(can.granularity) != weight {
                findings.push(Finding::blocks(
                    "weight-too-fine",
                    format!("part/{part}"),
                    format!(
                        "stage `{}` asks for {weight}, and the router moves in steps of {}",
                        stage.name, can.granularity
                    ),
                    format!("use a multiple of {}", can.granularity),
                ));
            }
        }
        Ok(Admission {
            binding: found.binding.clone(),
            findings,
        })
    }

    async fn claim(
        &self,
        binding: &Binding,
        from: Option<&Claim>,
        to: Option<&Claim>,
    ) -> Result<(), TargetError> {
        Bound::read(binding, self.part.as_str())?;
        let begun = self.begin("claim", Calls::Writes).await?;
        let answer = self.claim_now(from, to);
        self.end(&begun, "claim", answer).await
    }

    async fn changed(&self, _: &Binding, after: &Version) {
        poll_fn(|context| {
            self.world
                .with(|state| match state.parts.get_mut(&self.part) {
                    Some(part) if part.version.to_string() == after.0 => {
                        part.wait_for_news(context.waker());
                        Poll::Pending
                    }
                    Some(_) => Poll::Ready(()),
                    None => Poll::Pending,
                })
        })
        .await;
    }
}
