//! Carries out one effect: calls the target, hook, gate or analysis, within its time, and says in the
//! machine's words what came of it.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::{BoxFuture, ready};

use super::clock::Clock;
use super::freshness::{Freshness, too_old};
use super::retry::{Backoff, within};
use crate::analysis::{Look, Measurement};
use crate::hook::{GateRequest, HookRequest};
use crate::registry::Registry;
use crate::release::Part;
use crate::rollout::{Completion, Effect, Failure, Input, LookId};
use crate::target::{
    Binding, Certainty, EffectId, Observation, Target, TargetError, TargetErrorKind, Version,
};
use crate::timestamp::duration;

/// What is under way, and the order in which it is looked at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    /// A write, claim, hook or question.
    Effect(EffectId),
    /// A look at a part: at most one.
    Observe(Part),
    /// A look of a check.
    Measure(LookId),
    /// Waits for news of a part.
    Changed(Part),
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Effect(id) => write!(f, "{id}"),
            Self::Observe(part) => write!(f, "look at {part}"),
            Self::Measure(look) => write!(f, "look {look}"),
            Self::Changed(part) => write!(f, "news of {part}"),
        }
    }
}

/// Everything that effects are performed with. Cheap to clone: every effect under way has it.
#[derive(Clone)]
pub(super) struct Means {
    pub(super) parts: Arc<BTreeMap<Part, Arc<dyn Target>>>,
    pub(super) registry: Arc<Registry>,
    pub(super) clock: Arc<dyn Clock>,
    /// Of the waits between repeated calls.
    pub(super) seed: u64,
}

impl Means {
    /// What performs the effect and ends with the machine's input; `None` for
    /// [`Effect::Cancel`], which performs nothing.
    ///
    /// A write is sent only while what it rests on is young enough: the first time, which is after the
    /// journal had it, and each time it is repeated.
    pub(super) fn perform(
        &self,
        effect: Effect,
        rests_on: Option<Freshness>,
    ) -> Option<(Key, BoxFuture<'static, Input>)> {
        let means = self.clone();
        let performed = match effect {
            Effect::Claim {
                id,
                part,
                binding,
                from,
                to,
                timeout,
            } => {
                let work = async move {
                    let target = means.target(&part)?;
                    let call = || target.claim(&binding, from.as_ref(), to.as_ref());
                    let claimed = means.repeat(id.0, timeout, call, may_write_again).await;
                    claimed.map(|()| Completion::Claimed)
                };
                (
                    Key::Effect(id),
                    work.map(move |done| ended(id, done)).boxed(),
                )
            }
            Effect::Apply { part, request } => {
                let id = request.id;
                let work = async move {
                    let target = means.target(&part)?;
                    let is_over =
                        || rests_on.is_some_and(|rests_on| rests_on.is_over(&*means.clock));
                    let mut was_sent = false;
                    let call = || {
                        if is_over() {
                            return ready(Err(too_old(&part, was_sent))).boxed();
                        }
                        was_sent = true;
                        target.apply(&request)
                    };
                    let again = |error: &TargetError| may_write_again(error) && !is_over();
                    let applied = means.repeat(id.0, request.timeout, call, again).await;
                    applied.map(Completion::Applied)
                };
                (
                    Key::Effect(id),
                    work.map(move |done| ended(id, done)).boxed(),
                )
            }
            Effect::RunHook { request, timeout } => {
                let id = request.id;
                let work = async move { means.run_hook(&request, timeout).await };
                (
                    Key::Effect(id),
                    work.map(move |done| ended(id, done)).boxed(),
                )
            }
            Effect::AskGate { request, timeout } => {
                let id = request.id;
                let work = async move { means.ask_gate(&request, timeout).await };
                (
                    Key::Effect(id),
                    work.map(move |done| ended(id, done)).boxed(),
                )
            }
            Effect::Observe {
                part,
                binding,
                ticket,
                timeout,
            } => {
                let key = Key::Observe(part.clone());
                let work = async move {
                    match means.observe(&part, &binding, ticket.0, timeout).await {
                        Ok(observation) => Input::Observed {
                            part,
                            ticket,
                            observation: Box::new(observation),
                        },
                        Err(failure) => Input::ObserveFailed {
                            part,
                            ticket,
                            failure,
                        },
                    }
                };
                (key, work.boxed())
            }
            Effect::Measure { look, timeout } => {
                let key = Key::Measure(LookId::from(&*look));
                let work = async move {
                    let id = LookId::from(&*look);
                    match means.measure(&look, timeout).await {
                        Ok(measurement) => Input::Measured {
                            look: id,
                            measurement,
                        },
                        Err(failure) => Input::MeasureFailed { look: id, failure },
                    }
                };
                (key, work.boxed())
            }
            Effect::Cancel { .. } => return None,
        };
        Some(performed)
    }

    /// Waits for news of a part, which is told only after a rest.
    pub(super) fn changed(
        &self,
        part: &Part,
        binding: Binding,
        after: Version,
        rests: Duration,
    ) -> Option<BoxFuture<'static, Input>> {
        let (target, part) = (Arc::clone(self.parts.get(part)?), part.clone());
        let clock = Arc::clone(&self.clock);
        let work = async move {
            clock.sleep_until(clock.now() + rests).await;
            target.changed(&binding, &after).await;
            Input::Changed { part }
        };
        Some(work.boxed())
    }

    async fn observe(
        &self,
        part: &Part,
        binding: &Binding,
        salt: u64,
        timeout: Duration,
    ) -> Result<Observation, Failure> {
        let target = self.target(part)?;
        let call = || target.observe(binding);
        self.repeat(salt, timeout, call, TargetError::is_transient)
            .await
    }

    async fn run_hook(
        &self,
        request: &HookRequest,
        timeout: Duration,
    ) -> Result<Completion, Failure> {
        let kind = &request.run.kind;
        let hook = self
            .registry
            .find_hook(kind)
            .ok_or_else(|| unknown("hook", kind))?;
        match within(&*self.clock, self.clock.now() + timeout, hook.run(request)).await {
            Some(Ok(report)) => Ok(Completion::HookRan(report)),
            Some(Err(error)) => Err(failed(Certainty::MayBeTaken, &error)),
            None => Err(silent(timeout)),
        }
    }

    async fn ask_gate(
        &self,
        request: &GateRequest,
        timeout: Duration,
    ) -> Result<Completion, Failure> {
        let kind = &request.ask.kind;
        let gate = self
            .registry
            .find_gate(kind)
            .ok_or_else(|| unknown("gate", kind))?;
        match within(&*self.clock, self.clock.now() + timeout, gate.ask(request)).await {
            Some(Ok(answer)) => Ok(Completion::GateAnswered(answer)),
            Some(Err(error)) => Err(failed(Certainty::NotTaken, &error)),
            None => Err(silent(timeout)),
        }
    }

    /// Not repeated here: errors of a check have a limit of their own, and the machine repeats the look.
    async fn measure(&self, look: &Look, timeout: Duration) -> Result<Measurement, Failure> {
        let kind = &look.analysis.kind;
        let analysis = self
            .registry
            .find_analysis(kind)
            .ok_or_else(|| unknown("analysis", kind))?;
        match within(
            &*self.clock,
            self.clock.now() + timeout,
            analysis.measure(look),
        )
        .await
        {
            Some(Ok(measurement)) => Ok(measurement),
            Some(Err(error)) => Err(failed(Certainty::NotTaken, &error)),
            None => Err(silent(timeout)),
        }
    }

    /// Calls until it succeeds, fails for good, or its time is up.
    pub(super) async fn repeat<'a, T>(
        &self,
        salt: u64,
        timeout: Duration,
        mut call: impl FnMut() -> BoxFuture<'a, Result<T, TargetError>> + Send,
        again: impl Fn(&TargetError) -> bool + Send,
    ) -> Result<T, Failure> {
        // What failed last, while nothing is under way: then the time runs out with a certain answer.
        let waiting = Mutex::new(None);
        let put = |failure| {
            *waiting.lock().unwrap_or_else(PoisonError::into_inner) = failure;
        };
        let mut backoff = Backoff::new(self.seed ^ salt);
        let work = async {
            loop {
                put(None);
                let error = match call().await {
                    Ok(output) => return Ok(output),
                    Err(error) => error,
                };
                if !again(&error) {
                    return Err(Failure::from(&error));
                }
                tracing::debug!(%error, "failed in passing, will be repeated");
                put(Some(Failure::from(&error)));
                backoff.pause(&*self.clock).await;
            }
        };
        let ended = within(&*self.clock, self.clock.now() + timeout, work).await;
        ended.unwrap_or_else(|| {
            let failure = waiting.into_inner().unwrap_or_else(PoisonError::into_inner);
            Err(failure.unwrap_or_else(|| silent(timeout)))
        })
    }

    fn target(&self, part: &Part) -> Result<&dyn Target, Failure> {
        self.parts.get(part).map(|target| &**target).ok_or_else(|| {
            let message = format!("no target was given for part `{part}`");
            Failure::new(TargetErrorKind::InvalidConfig, Certainty::NotTaken, message)
        })
    }
}

/// A write is repeated only where nothing was certainly written, and later it may work.
fn may_write_again(error: &TargetError) -> bool {
    error.is_transient() && error.certainty == Certainty::NotTaken
}

fn ended(id: EffectId, done: Result<Completion, Failure>) -> Input {
    match done {
        Ok(outcome) => Input::EffectSucceeded { id, outcome },
        Err(failure) => Input::EffectFailed { id, failure },
    }
}

/// No answer in time: it may have been taken, or may be yet.
fn silent(timeout: Duration) -> Failure {
    let message = format!("no answer within {}", duration::format(timeout));
    Failure::new(TargetErrorKind::Unavailable, Certainty::MayBeTaken, message)
}

/// Nobody waits for it any more: it may have been taken, or may be yet.
pub(super) fn cancelled(id: EffectId) -> Input {
    let message = "cancelled while it was under way";
    let failure = Failure::new(TargetErrorKind::Unavailable, Certainty::MayBeTaken, message);
    Input::EffectFailed { id, failure }
}

fn unknown(what: &str, kind: &str) -> Failure {
    let message = format!("no {what} of kind `{kind}` is registered");
    Failure::new(TargetErrorKind::InvalidConfig, Certainty::NotTaken, message)
}

fn failed(certainty: Certainty, error: &dyn Error) -> Failure {
    Failure::new(TargetErrorKind::Unavailable, certainty, in_words(error))
}

/// An error with its causes, each said once.
pub(crate) fn in_words(error: &dyn Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let next = error.to_string();
        if !words.contains(&next) {
            words = format!("{words}: {next}");
        }
        cause = error.source();
    }
    words
}

#[cfg(test)]
mod tests;
