//! What a target must know about one start: which service is which track, and the recorded start with
//! everything needed to put it back. It holds no container definitions, so no environment and no secret.

use std::fmt::Display;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use strategy_core::target::{Binding, TargetError, TargetErrorKind};
use strategy_core::{Replicas, Route, Tracks, Traffic, duration};

use crate::config::RuleConfig;
use crate::error::found;
use crate::forward::Forward;
use crate::owned::{Fields, Suspended};

/// The version of this layout. Later versions read it too.
const FORMAT: u32 = 1;

/// Serialised as the [`Binding`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Bound {
    format: u32,
    pub(crate) cluster: String,
    pub(crate) tracks: Tracks<BoundTrack>,
    pub(crate) rules: Vec<BoundRule>,
    /// Traffic at the start.
    pub(crate) traffic: Traffic,
    /// How long a request that began before a change may still be under way.
    #[serde(with = "duration")]
    pub(crate) drain: Duration,
    /// Everything owned at the start.
    pub(crate) start: Fields,
    /// The routes that the stages of the plan have, each stage's together; empty where it has none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) routes: Vec<Vec<Route>>,
    /// The note of the last write that is known to have gone through; see [`note`](crate::note).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) done: Option<String>,
    /// What that says of preview rules; empty: nothing.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) done_previews: String,
    /// The highest epoch that was over when it began: 0 is none.
    #[serde(default, skip_serializing_if = "is_none")]
    pub(crate) over: u64,
}

/// Nothing is over yet.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants it so")]
pub(crate) const fn is_none(epoch: &u64) -> bool {
    *epoch == 0
}

/// A rule, and what it forwarded to at the start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct BoundRule {
    pub(crate) rule: RuleConfig,
    pub(crate) forward: Forward,
}

/// One track at the start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct BoundTrack {
    pub(crate) service: String,
    pub(crate) target_group: String,
    /// The container that answers, and at which port.
    pub(crate) container: String,
    pub(crate) port: i32,
    /// What Application Auto Scaling knew of the service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) scaler: Option<BoundScaler>,
    pub(crate) start: TrackStart,
}

/// An autoscaler at the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct BoundScaler {
    pub(crate) minimum: u32,
    pub(crate) suspended: Suspended,
    /// Its service had no tasks: the count 0, whatever was suspended.
    pub(crate) off: bool,
}

/// What discovery found of a track.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum TrackStart {
    /// A service. It is never removed.
    Found {
        /// The ARN of its task definition.
        task_definition: String,
        replicas: Replicas,
    },
    /// None; one is made when it is asked for, and removed again.
    Missing,
}

impl Bound {
    pub(crate) fn new(
        cluster: String,
        tracks: Tracks<BoundTrack>,
        rules: Vec<BoundRule>,
        traffic: Traffic,
        drain: Duration,
    ) -> Self {
        Self {
            format: FORMAT,
            cluster,
            tracks,
            rules,
            traffic,
            drain,
            start: Fields::default(),
            routes: Vec::new(),
            done: None,
            done_previews: String::new(),
            over: 0,
        }
    }

    pub(crate) fn read(binding: &Binding) -> Result<Self, TargetError> {
        let bound: Self = read(binding)?;
        check_format(bound.format, FORMAT)?;
        Ok(bound)
    }

    pub(crate) fn wrap(&self) -> Result<Binding, TargetError> {
        wrap(self)
    }

    pub(crate) fn groups(&self) -> Tracks<&str> {
        Tracks {
            stable: &self.tracks.stable.target_group,
            candidate: &self.tracks.candidate.target_group,
        }
    }

    /// Whether Application Auto Scaling had a part in it.
    pub(crate) const fn is_scaled(&self) -> bool {
        self.tracks.stable.scaler.is_some() || self.tracks.candidate.scaler.is_some()
    }

    /// As errors and findings name the service of a track.
    pub(crate) fn service(&self, track: strategy_core::Track) -> String {
        service(&self.cluster, &self.tracks.of(track).service)
    }
}

/// A binding that cannot be worked with.
pub(crate) fn unreadable(why: impl Display) -> TargetError {
    let message = format!(
        "{why}; resume with the version of Rollway, the target and the mode that started the rollout"
    );
    found(TargetErrorKind::InvalidConfig, "read", "binding", message)
}

/// What a mode wrapped.
///
/// # Errors
/// `InvalidConfig` when it is another target's, mode's or version's.
pub(crate) fn read<'de, T: Deserialize<'de>>(binding: &'de Binding) -> Result<T, TargetError> {
    binding.read().map_err(unreadable)
}

/// # Errors
/// `InvalidConfig` when a layout is not the one that is known.
pub(crate) fn check_format(format: u32, known: u32) -> Result<(), TargetError> {
    if format == known {
        Ok(())
    } else {
        Err(unreadable(format!("the layout {format} is unknown")))
    }
}

pub(crate) fn wrap(bound: &impl Serialize) -> Result<Binding, TargetError> {
    Binding::new(bound).map_err(|error| {
        let kind = TargetErrorKind::Unexpected;
        found(kind, "encode", "binding", error.to_string())
    })
}

/// As errors and findings name a service.
pub(crate) fn service(cluster: &str, name: &str) -> String {
    format!("service/{cluster}/{name}")
}

impl BoundTrack {
    /// The ARN of the task definition at the start.
    pub(crate) fn recorded(&self) -> Option<&str> {
        match &self.start {
            TrackStart::Found {
                task_definition, ..
            } => Some(task_definition),
            TrackStart::Missing => None,
        }
    }
}
