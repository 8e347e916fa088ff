//! A world as plain data: what there is at the beginning, and what will happen.

mod builder;
pub(crate) mod ranges;

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::defaults::defaults;
use super::happening::Happening;
use super::image::Behavior;
use super::strict;
use crate::release::{Images, InvalidRelease, Part};
use crate::target::{Capabilities, Promotion};
use crate::timestamp::{Timestamp, duration};
use crate::weight::Weight;

/// A world as plain data: what there is at the beginning, and what will happen.
///
/// Made by its methods, from a file, or both. Methods about a part change the part that was named
/// last, `main` until one is named.
///
/// ```
/// use std::time::Duration;
/// use strategy_core::world::{Happening, World};
///
/// let world = World::seeded(7)
///     .stable("app:v1", 10)
///     .requests_per_second(100)
///     .fails("app:v2", 0.05)
///     .at(Duration::from_secs(600), Happening::image_fails("app:v2", 0.5))
///     .build()?;
/// # Ok::<(), strategy_core::world::InvalidScenario>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Scenario {
    /// Everything that varies is decided by it. Default: 0.
    pub seed: u64,
    /// When the world begins. Default: the first of January 2026, midnight UTC.
    #[serde(skip_serializing_if = "world_default::begins")]
    pub begins: Timestamp,
    /// How long it lasts: a future that waits longer is given up. From 1 ms to ten years, which no other time
    /// in it is longer than either. Default: 30 days.
    #[serde(with = "duration", skip_serializing_if = "world_default::lasts")]
    pub lasts: Duration,
    /// The parts by name.
    pub parts: BTreeMap<String, PartSetup>,
    /// How images behave, by reference; others are healthy.
    #[serde(skip_serializing_if = "world_default::images")]
    pub images: BTreeMap<String, Behavior>,
    /// How long after a request it is visible to whoever counts; a window that is asked for earlier shows
    /// what is visible of it. Default: at once.
    #[serde(with = "duration", skip_serializing_if = "world_default::metric_delay")]
    pub metric_delay: Duration,
    /// What happens, and how long after the beginning, in the order in which equal times happen.
    #[serde(skip_serializing_if = "world_default::happenings")]
    pub happenings: Vec<Timed>,
    #[serde(skip)]
    part: Named,
}

/// The part that the next methods are about. It belongs to how a scenario is made, not to what it is.
#[derive(Clone, Debug, Default)]
struct Named(Option<String>);

impl PartialEq for Named {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Named {}

defaults! {
    world_default of Scenario {
        begins: Timestamp,
        lasts: Duration,
        images: BTreeMap<String, Behavior>,
        metric_delay: Duration,
        happenings: Vec<Timed>,
    }
}

/// Something that happens at a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Timed {
    /// How long after the beginning.
    #[serde(with = "duration")]
    pub after: Duration,
    /// What.
    pub happening: Happening,
}

/// One part at the beginning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct PartSetup {
    /// Which workloads there are. Default: a stable one without pods, and no candidate.
    pub shape: Shape,
    /// What the platform can do. Default: [`Capabilities::routed`]; for slots all or nothing, and
    /// promotion by swap.
    #[serde(
        skip_serializing_if = "part_default::capabilities",
        deserialize_with = "strict::deserialize"
    )]
    pub capabilities: Option<Capabilities>,
    /// From a write of traffic until it is effective. Default: 2 seconds.
    #[serde(with = "duration", skip_serializing_if = "part_default::lag")]
    pub lag: Duration,
    /// How long the longest requests take. Default: 5 seconds.
    #[serde(with = "duration", skip_serializing_if = "part_default::drain")]
    pub drain: Duration,
    /// How long a session stays with its track. Default: there are no sessions.
    #[serde(with = "duration", skip_serializing_if = "part_default::sticky")]
    pub sticky: Duration,
    /// The share of requests that belong to sessions. Default: none.
    #[serde(skip_serializing_if = "part_default::sessions")]
    pub sessions: Weight,
    /// The share of requests that carry what a header or cookie route looks for. Default: 1%.
    #[serde(skip_serializing_if = "part_default::routed")]
    pub routed: Weight,
    /// The platform shifts by itself, in deployments of its own, and asks before each step of one. For
    /// [`Routing::Native`](crate::target::Routing::Native) without a candidate. Default: it has none.
    #[serde(skip_serializing_if = "part_default::asks")]
    pub asks: bool,
    /// Requests of users a second. Default: none.
    #[serde(skip_serializing_if = "part_default::requests_per_second")]
    pub requests_per_second: u32,
}

defaults! {
    part_default of PartSetup {
        capabilities: Option<Capabilities>,
        lag: Duration,
        drain: Duration,
        sticky: Duration,
        sessions: Weight,
        routed: Weight,
        asks: bool,
        requests_per_second: u32,
    }
}

impl Default for PartSetup {
    fn default() -> Self {
        Self {
            shape: Shape::default(),
            capabilities: None,
            lag: Duration::from_secs(2),
            drain: Duration::from_secs(5),
            sticky: Duration::ZERO,
            sessions: Weight::ZERO,
            routed: Weight::from_percent(1).unwrap_or(Weight::ZERO),
            asks: false,
            requests_per_second: 0,
        }
    }
}

/// Which workloads a part has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Shape {
    /// A stable workload, and a candidate that may be there or not: it is created from the stable
    /// one when it is wanted, and removed again.
    Tracks {
        /// Always there.
        stable: WorkloadSetup,
        /// There at the beginning, or not.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        candidate: Option<WorkloadSetup>,
    },
    /// Two slots that are always there; the first is live at the beginning.
    Slots {
        /// The live slot.
        live: WorkloadSetup,
        /// The other one.
        idle: WorkloadSetup,
    },
}

impl Default for Shape {
    fn default() -> Self {
        Self::Tracks {
            stable: WorkloadSetup::default(),
            candidate: None,
        }
    }
}

/// One workload at the beginning. Its pods have been running for long.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct WorkloadSetup {
    /// Image references by container.
    pub images: BTreeMap<String, String>,
    /// How many pods, at most 10 000; where there is an autoscaler, how many it wants.
    pub count: u32,
    /// What else its template says.
    #[serde(skip_serializing_if = "workload_default::settings")]
    pub settings: BTreeMap<String, String>,
    /// What scales it.
    #[serde(skip_serializing_if = "workload_default::autoscaler")]
    pub autoscaler: Option<ScalerSetup>,
}

defaults! {
    workload_default of WorkloadSetup {
        settings: BTreeMap<String, String>,
        autoscaler: Option<ScalerSetup>,
    }
}

impl WorkloadSetup {
    /// One container named `app`.
    pub fn of(image: impl Into<String>, count: u32) -> Self {
        Self {
            images: [("app".to_owned(), image.into())].into(),
            count,
            ..Self::default()
        }
    }

    /// With one container more.
    #[must_use]
    pub fn container(mut self, name: impl Into<String>, image: impl Into<String>) -> Self {
        self.images.insert(name.into(), image.into());
        self
    }

    /// With a setting in its template.
    #[must_use]
    pub fn setting(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.settings.insert(name.into(), value.into());
        self
    }

    pub(super) fn images(&self) -> Result<Images, InvalidRelease> {
        Images::parse(
            self.images
                .iter()
                .map(|(name, image)| (name.clone(), image)),
        )
    }
}

/// What scales a workload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ScalerSetup {
    /// Lower bound.
    pub min: u32,
    /// Upper bound: not below the lower one, 1 to 10 000.
    pub max: u32,
    /// Requests a second that it wants on one pod, at least 1; `None`: it moves only when a happening says
    /// so.
    pub per_pod: Option<u32>,
}

/// A scenario that cannot be built.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum InvalidScenario {
    /// A part's name or an image cannot be read.
    #[error("part `{part}`: {source}")]
    Part {
        /// Which part.
        part: String,
        /// What is wrong.
        #[source]
        source: InvalidRelease,
    },
    /// Something happens to a part that is not there.
    #[error("`{at}` is about the part `{part}`, and there {there}")]
    NoSuchPart {
        /// Where it stands, as in a file: `world.happenings[0].happening`.
        at: String,
        /// Which part.
        part: Part,
        /// Which parts there are, in words.
        there: String,
    },
    /// A number or a time is not one that it may be.
    #[error("`{at}` is {value}: write {range}")]
    OutOfRange {
        /// Where it stands, as in a file: `world.images.app:v2.errors`.
        at: String,
        /// What it is.
        value: String,
        /// What it may be.
        range: String,
    },
}

impl Default for Scenario {
    fn default() -> Self {
        Self {
            seed: 0,
            begins: Timestamp::from_millis(1_767_225_600_000),
            lasts: Duration::from_secs(30 * 24 * 3600),
            parts: BTreeMap::new(),
            images: BTreeMap::new(),
            metric_delay: Duration::ZERO,
            happenings: Vec::new(),
            part: Named::default(),
        }
    }
}

impl PartSetup {
    /// What the platform can do.
    pub fn capabilities(&self) -> Capabilities {
        self.capabilities.clone().unwrap_or_else(|| {
            let mut capabilities = Capabilities::routed();
            match self.shape {
                Shape::Tracks { .. } => {
                    capabilities.header_routes = true;
                    capabilities.cookie_routes = true;
                    capabilities.mirror = true;
                }
                Shape::Slots { .. } => {
                    capabilities.granularity = Weight::FULL;
                    capabilities.promotions = vec![Promotion::Swap];
                }
            }
            capabilities
        })
    }
}

pub(super) fn part_name(name: &str) -> Result<Part, InvalidScenario> {
    name.parse().map_err(|source| InvalidScenario::Part {
        part: name.to_owned(),
        source,
    })
}
