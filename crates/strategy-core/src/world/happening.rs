//! What can happen in a world besides what we write: plain data, timed by a scenario.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::counter::MetricFault;
use super::fault::{ApiFault, Calls};
use super::image::Behavior;
use crate::release::{Image, Part};
use crate::timestamp::duration;
use crate::track::Track;
use crate::weight::Weight;

/// Something that happens. Tracks are those of the beginning: in blue-green, `stable` is the slot
/// that was live when the world began.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Happening {
    /// An image behaves like this from now on, in pods that run it already too.
    ImageBehaves {
        /// The image, or what a tag was moved to.
        image: String,
        /// How.
        behavior: Behavior,
    },
    /// A tag means another content for pods that start from now on.
    TagMoved {
        /// The image reference.
        image: String,
        /// A name for what it means now.
        content: String,
    },
    /// A person writes the candidate's share.
    WeightMoved {
        /// On which part.
        part: Part,
        /// To what.
        weight: Weight,
        /// Who.
        by: String,
    },
    /// A person writes a count; where an autoscaler decides, its lower bound.
    Scaled {
        /// On which part.
        part: Part,
        /// Of which track.
        track: Track,
        /// To what: at most 10 000.
        count: u32,
        /// Who.
        by: String,
    },
    /// A person writes an image.
    ImageChanged {
        /// On which part.
        part: Part,
        /// Of which track.
        track: Track,
        /// Of which container.
        container: String,
        /// To what.
        image: Image,
        /// Who.
        by: String,
    },
    /// Somebody deletes a workload.
    Deleted {
        /// On which part.
        part: Part,
        /// Of which track.
        track: Track,
        /// Who.
        by: String,
    },
    /// An autoscaler wants so many from now on, within its bounds.
    Autoscaled {
        /// On which part.
        part: Part,
        /// Of which track.
        track: Track,
        /// How many: at most 10 000.
        wanted: u32,
    },
    /// Users send so many requests a second.
    LoadChanged {
        /// To which part.
        part: Part,
        /// How many.
        requests_per_second: u32,
    },
    /// So many ready pods of a track crash once.
    PodsCrash {
        /// On which part.
        part: Part,
        /// Of which track.
        track: Track,
        /// How many.
        pods: u32,
    },
    /// So many ready pods of a track are taken away, as when a machine is emptied: each is gone at
    /// once, and another is started in its place. No restart is counted.
    PodsEvicted {
        /// On which part.
        part: Part,
        /// Of which track.
        track: Track,
        /// How many.
        pods: u32,
        /// A disruption budget: never so many that fewer than this stay ready. Default: 0, no budget.
        #[serde(default, skip_serializing_if = "is_zero")]
        keeps: u32,
    },
    /// A platform that has deployments of its own ends the one that is under way, and takes everything back.
    PlatformGoesBack {
        /// Of which part.
        part: Part,
        /// Why, as it says.
        why: String,
    },
    /// A router takes so long for every change that is written from now on.
    RouterLags {
        /// Of which part.
        part: Part,
        /// From a write of traffic until it is effective.
        #[serde(with = "duration")]
        lag: Duration,
    },
    /// Whoever counts requests cannot be asked, or knows of none.
    MetricsFail {
        /// Of one part; `None`: of all (default).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        part: Option<Part>,
        /// How.
        fault: MetricFault,
        /// How long.
        #[serde(with = "duration")]
        lasts: Duration,
    },
    /// The platform's API fails.
    ApiFails {
        /// For one part; `None`: for all (default).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        part: Option<Part>,
        /// How.
        fault: ApiFault,
        /// Which calls.
        #[serde(default)]
        calls: Calls,
        /// How long. Default: to the end of the world.
        #[serde(
            with = "duration",
            default = "for_ever",
            skip_serializing_if = "is_for_ever"
        )]
        lasts: Duration,
        /// For so many calls at most; `None`: all within the time (default).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        times: Option<u32>,
    },
}

impl Happening {
    /// An image fails this share of requests: 0.05 is one in twenty.
    pub fn image_fails(image: impl Into<String>, share: f64) -> Self {
        Self::ImageBehaves {
            image: image.into(),
            behavior: Behavior {
                errors: Behavior::share(share),
                ..Behavior::default()
            },
        }
    }

    /// So many ready pods of a track of the part `main` are taken away and replaced, without regard to a
    /// disruption budget.
    pub fn pods_evicted(track: Track, pods: u32) -> Self {
        Self::PodsEvicted {
            part: Part::main(),
            track,
            pods,
            keeps: 0,
        }
    }

    /// A person moves the weight of the part `main`.
    pub fn weight_moved(weight: Weight, by: impl Into<String>) -> Self {
        Self::WeightMoved {
            part: Part::main(),
            weight,
            by: by.into(),
        }
    }

    /// All calls fail in this way for so long, on every part.
    pub const fn api_fails(fault: ApiFault, lasts: Duration) -> Self {
        Self::ApiFails {
            part: None,
            fault,
            calls: Calls::All,
            lasts,
            times: None,
        }
    }

    /// Whoever counts requests fails in this way for so long, for every part.
    pub const fn metrics_fail(fault: MetricFault, lasts: Duration) -> Self {
        Self::MetricsFail {
            part: None,
            fault,
            lasts,
        }
    }

    /// The next write fails in this way.
    pub const fn next_write(fault: ApiFault) -> Self {
        Self::ApiFails {
            part: None,
            fault,
            calls: Calls::Writes,
            lasts: for_ever(),
            times: Some(1),
        }
    }
}

const fn is_zero(number: &u32) -> bool {
    *number == 0
}

const fn for_ever() -> Duration {
    Duration::MAX
}

fn is_for_ever(lasts: &Duration) -> bool {
    *lasts == for_ever()
}
