//! What runs in a pod, and how well.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::defaults::defaults;
use super::latency::Latency;
use crate::target::FatalReason;
use crate::timestamp::duration;
use crate::weight::Weight;

/// How pods of an image behave. Plain data; the default is a healthy image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Behavior {
    /// From creation, or from the end of a crash, to ready. Default: 5 seconds.
    #[serde(with = "duration", skip_serializing_if = "is_default::starts_in")]
    pub starts_in: Duration,
    /// By how much starts differ, decided by the world's seed. Default: up to 1 second more.
    #[serde(with = "duration", skip_serializing_if = "is_default::varies")]
    pub varies: Duration,
    /// Requests that fail, in millionths: 0 to 1 000 000. Default: none.
    #[serde(skip_serializing_if = "is_default::errors")]
    pub errors: u32,
    /// How long the requests take that are answered well. Default: a median of 20 ms, and 100 ms for 99%.
    #[serde(skip_serializing_if = "is_default::latency")]
    pub latency: Latency,
    /// Requests a second that one pod can serve; those beyond fail. `None`: any number (default).
    #[serde(skip_serializing_if = "is_default::serves")]
    pub serves: Option<u32>,
    /// What is wrong with it. Default: nothing.
    #[serde(skip_serializing_if = "is_default::ailment")]
    pub ailment: Option<Ailment>,
    /// The share of its pods that the ailment befalls. Default: all.
    #[serde(skip_serializing_if = "is_default::affects")]
    pub affects: Weight,
}

defaults! {
    is_default of Behavior {
        starts_in: Duration,
        varies: Duration,
        errors: u32,
        latency: Latency,
        serves: Option<u32>,
        ailment: Option<Ailment>,
        affects: Weight,
    }
}

impl Default for Behavior {
    fn default() -> Self {
        Self {
            starts_in: Duration::from_secs(5),
            varies: Duration::from_secs(1),
            errors: 0,
            latency: Latency::default(),
            serves: None,
            ailment: None,
            affects: Weight::FULL,
        }
    }
}

impl Behavior {
    /// Only this share of its pods is ill. Each pod has its place, so that it is always the same ones.
    #[must_use]
    pub fn in_some_pods(self, share: Weight) -> Self {
        Self {
            affects: share,
            ..self
        }
    }

    /// A share of requests as millionths: 0.05 is 50 000. More than 1, such as percents would be, is kept
    /// as it is, and refused by whatever world is built of it; below 0, and not a number, count as 0.
    pub fn share(share: f64) -> u32 {
        let millionths = (share * 1e6).round().clamp(0.0, f64::from(u32::MAX));
        // The cast is exact: the value is whole and lies between 0 and the largest number.
        millionths as u32
    }

    /// This behavior and that one in one pod: slower, worse, and ill if either is.
    pub(super) fn and(&self, other: &Self) -> Self {
        let ill = if self.ailment.is_some() { self } else { other };
        Self {
            starts_in: self.starts_in.max(other.starts_in),
            varies: self.varies.max(other.varies),
            errors: self.errors.max(other.errors),
            latency: self.latency.and(&other.latency),
            serves: match (self.serves, other.serves) {
                (Some(one), Some(two)) => Some(one.min(two)),
                (one, two) => one.or(two),
            },
            ailment: ill.ailment.clone(),
            affects: ill.affects,
        }
    }

    /// What befalls the pod with this number, counted from 0.
    pub(super) fn ailment_of(&self, ordinal: u32) -> Option<&Ailment> {
        let share = u64::from(self.affects.basis_points());
        let ill = |pods: u64| pods * share / 10_000;
        let number = u64::from(ordinal);
        self.ailment
            .as_ref()
            .filter(|_| ill(number + 1) > ill(number))
    }
}

/// What can be wrong with an image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Ailment {
    /// It starts and never becomes ready.
    Hangs,
    /// It ends as soon as it has started, again and again.
    CrashesAtStart,
    /// It ends after having been ready for so long, again and again.
    CrashesAfter(#[serde(with = "duration")] Duration),
    /// It hangs after having been ready for so long: unready from then on, and never restarted.
    HangsAfter(#[serde(with = "duration")] Duration),
    /// As `CrashesAfter`, killed for using too much memory.
    OutOfMemoryAfter(#[serde(with = "duration")] Duration),
    /// Ready and unready in turn, each for at least a second.
    Flaps {
        /// Ready for so long.
        #[serde(with = "duration")]
        up: Duration,
        /// Unready for so long.
        #[serde(with = "duration")]
        down: Duration,
        /// Whether each time down is a restart, or only its readiness fails.
        restarts: bool,
    },
    /// The registry does not have it.
    CannotBePulled,
    /// No machine takes it.
    CannotBeScheduled,
}

impl Ailment {
    /// How long a pod with it stays ready.
    pub(super) const fn ready_for(&self) -> Option<Duration> {
        match self {
            Self::CrashesAfter(ready_for)
            | Self::HangsAfter(ready_for)
            | Self::OutOfMemoryAfter(ready_for) => Some(*ready_for),
            Self::Flaps { up, .. } => Some(*up),
            Self::Hangs | Self::CrashesAtStart | Self::CannotBePulled | Self::CannotBeScheduled => {
                None
            }
        }
    }

    /// The reason that keeps it from starting at all.
    pub(super) const fn prevents_start(&self) -> Option<FatalReason> {
        match self {
            Self::CannotBePulled => Some(FatalReason::ImagePull),
            Self::CannotBeScheduled => Some(FatalReason::Unschedulable),
            Self::Hangs
            | Self::CrashesAtStart
            | Self::CrashesAfter(_)
            | Self::HangsAfter(_)
            | Self::OutOfMemoryAfter(_)
            | Self::Flaps { .. } => None,
        }
    }
}
