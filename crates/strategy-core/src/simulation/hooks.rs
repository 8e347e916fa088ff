//! Hooks and gates of simulated rollouts: how long they take, and which of their runs go wrong.

use std::time::Duration;

use async_trait::async_trait;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::runs::{Run, Runs, Tally};
use crate::hook::{
    ExternalGate, GateAnswer, GateRequest, Hook, HookError, HookReport, HookRequest,
};
use crate::plan::Extension;
use crate::timestamp::duration;
use crate::world::{Fact, Process, World};

/// How a hook behaves. Plain data; the default takes a second and finds no fault.
///
/// Also what the parameters of a hook of kind [`SimulatedHook::KIND`] say, in a file or in a plan:
/// `{"takes": "2m", "fails": 1}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct SimulatedHook {
    /// How long a run takes. Default: 1 second.
    #[serde(with = "duration")]
    pub takes: Duration,
    /// Which of its runs find fault. Default: none.
    #[serde(skip_serializing_if = "Runs::are_none")]
    pub fails: Runs,
    /// Which of its runs break: they take their time and then cannot say what they did. Default: none.
    #[serde(skip_serializing_if = "Runs::are_none")]
    pub breaks: Runs,
}

/// How an external gate behaves. Plain data; the default takes a second and is open.
///
/// Also what the parameters of a gate of kind [`SimulatedGate::KIND`] say: `{"closed": 3}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct SimulatedGate {
    /// How long an answer takes. Default: 1 second.
    #[serde(with = "duration")]
    pub takes: Duration,
    /// Which questions it answers with "not now". Default: none.
    #[serde(skip_serializing_if = "Runs::are_none")]
    pub closed: Runs,
    /// Which questions it answers with "no"; where it would say "not now" too, it says "no". Default: none.
    #[serde(skip_serializing_if = "Runs::are_none")]
    pub refuses: Runs,
    /// Which questions it does not answer but with an error. Default: none.
    #[serde(skip_serializing_if = "Runs::are_none")]
    pub breaks: Runs,
}

impl SimulatedHook {
    /// The kind under which every simulation knows it.
    pub const KIND: &'static str = "simulated-hook";

    /// Each run takes so long and finds no fault.
    #[must_use]
    pub fn takes(takes: Duration) -> Self {
        Self {
            takes,
            ..Self::default()
        }
    }

    /// These runs find fault.
    #[must_use]
    pub fn fails(self, fails: Runs) -> Self {
        Self { fails, ..self }
    }

    /// These runs break.
    #[must_use]
    pub fn breaks(self, breaks: Runs) -> Self {
        Self { breaks, ..self }
    }
}

impl SimulatedGate {
    /// The kind under which every simulation knows it.
    pub const KIND: &'static str = "simulated-gate";

    /// Each answer takes so long, and is "go on".
    #[must_use]
    pub fn takes(takes: Duration) -> Self {
        Self {
            takes,
            ..Self::default()
        }
    }

    /// To these questions it says "not now".
    #[must_use]
    pub fn closed(self, closed: Runs) -> Self {
        Self { closed, ..self }
    }

    /// To these questions it says "no".
    #[must_use]
    pub fn refuses(self, refuses: Runs) -> Self {
        Self { refuses, ..self }
    }

    /// These questions it does not answer.
    #[must_use]
    pub fn breaks(self, breaks: Runs) -> Self {
        Self { breaks, ..self }
    }
}

impl Default for SimulatedHook {
    fn default() -> Self {
        Self {
            takes: Duration::from_secs(1),
            fails: Runs::default(),
            breaks: Runs::default(),
        }
    }
}

impl Default for SimulatedGate {
    fn default() -> Self {
        Self {
            takes: Duration::from_secs(1),
            closed: Runs::default(),
            refuses: Runs::default(),
            breaks: Runs::default(),
        }
    }
}

/// Runs hooks or answers gates for one process; `None`: as the parameters in the plan say.
#[derive(Clone, Debug)]
pub(super) struct Acted<T> {
    pub(super) behavior: Option<T>,
    pub(super) world: World,
    pub(super) process: Process,
    pub(super) tally: Tally,
}

impl<T: Clone + DeserializeOwned> Acted<T> {
    fn behavior(&self, name: &str, extension: &Extension) -> Result<T, HookError> {
        if let Some(behavior) = &self.behavior {
            return Ok(behavior.clone());
        }
        let params = extension.params.clone().into_iter().collect();
        serde_json::from_value(serde_json::Value::Object(params))
            .map_err(|error| HookError::new(name, format!("its parameters say: {error}")))
    }

    /// One run or answer: a call, at which whoever makes it can be stopped.
    async fn act(&self, name: String, takes: Duration, begins: Option<Fact>) -> Run {
        self.world.halt(self.process).await;
        let met = self.world.meets_at_call();
        self.world.stop(self.process, &met.before).await;
        let run = self.tally.next(name);
        if let Some(fact) = begins {
            self.world.note(fact);
        }
        let clock = self.world.clock();
        clock.sleep_until(clock.now() + takes).await;
        self.world.stop(self.process, &met.after).await;
        run
    }
}

#[async_trait]
impl Hook for Acted<SimulatedHook> {
    async fn run(&self, request: &HookRequest) -> Result<HookReport, HookError> {
        let behavior = self.behavior(&request.hook, &request.run)?;
        let part = request.part.as_ref().map_or("", |part| part.as_str());
        let name = format!(
            "{} {} {part} {:?}",
            request.stage.as_str(),
            request.hook,
            request.point
        );
        let begins = Fact::Ran {
            by: self.process,
            stage: request.stage.clone(),
            hook: request.hook.clone(),
            part: request.part.clone(),
            point: request.point,
            id: request.id,
        };
        let mut run = self.act(name, behavior.takes, Some(begins)).await;
        let breaks = run.is_of(behavior.breaks);
        let passed = !run.is_of(behavior.fails);
        self.world.note(Fact::Reported {
            by: self.process,
            id: request.id,
            passed: (!breaks).then_some(passed),
        });
        match (breaks, passed) {
            (true, _) => Err(HookError::new(&request.hook, "it broke, as it was told to")),
            (false, true) => Ok(HookReport::passed("all is as it should be")),
            (false, false) => Ok(HookReport::failed("it found fault, as it was told to")),
        }
    }
}

#[async_trait]
impl ExternalGate for Acted<SimulatedGate> {
    async fn ask(&self, request: &GateRequest) -> Result<GateAnswer, HookError> {
        let behavior = self.behavior(&request.gate, &request.ask)?;
        let name = format!("{} {} gate", request.stage.as_str(), request.gate);
        let mut run = self.act(name, behavior.takes, None).await;
        let breaks = run.is_of(behavior.breaks);
        let refuses = run.is_of(behavior.refuses);
        let closed = run.is_of(behavior.closed);
        match (breaks, refuses, closed) {
            (true, _, _) => Err(HookError::new(&request.gate, "it broke, as it was told to")),
            (false, true, _) => Ok(GateAnswer::Refused("as it was told to".to_owned())),
            (false, false, true) => Ok(GateAnswer::Closed("as it was told to".to_owned())),
            (false, false, false) => Ok(GateAnswer::Open),
        }
    }
}
