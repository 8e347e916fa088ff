//! The methods that make a scenario, one fact after the other.

use std::time::Duration;

use super::{
    InvalidScenario, Named, PartSetup, ScalerSetup, Scenario, Shape, Timed, WorkloadSetup,
};
use crate::target::{Capabilities, Effectiveness, Promotion, Routing};
use crate::weight::Weight;
use crate::world::{Ailment, Behavior, Happening, Latency, World, state};

impl Scenario {
    /// The following is about this part.
    #[must_use]
    pub fn part(mut self, name: impl Into<String>) -> Self {
        let name = name.into();
        self.parts.entry(name.clone()).or_default();
        self.part = Named(Some(name));
        self
    }

    /// Changes the part that was named last.
    #[must_use]
    pub fn setup(mut self, change: impl FnOnce(&mut PartSetup)) -> Self {
        let name = self.part.0.clone().unwrap_or_else(|| "main".to_owned());
        change(self.parts.entry(name).or_default());
        self
    }

    /// Stable runs so many pods of this image, in a container named `app`; the candidate is absent.
    #[must_use]
    pub fn stable(self, image: impl Into<String>, count: u32) -> Self {
        let stable = WorkloadSetup::of(image, count);
        self.workloads(stable, None)
    }

    /// These workloads are there.
    #[must_use]
    pub fn workloads(self, stable: WorkloadSetup, candidate: Option<WorkloadSetup>) -> Self {
        self.setup(|part| part.shape = Shape::Tracks { stable, candidate })
    }

    /// There is no candidate at the beginning (default).
    #[must_use]
    pub fn candidate_absent(self) -> Self {
        self.setup(|part| match &mut part.shape {
            Shape::Tracks { candidate, .. } => *candidate = None,
            Shape::Slots { .. } => {}
        })
    }

    /// A candidate workload is there at the beginning, and is never removed.
    #[must_use]
    pub fn candidate(self, image: impl Into<String>, count: u32) -> Self {
        self.setup(|part| match &mut part.shape {
            Shape::Tracks { candidate, .. } => {
                *candidate = Some(WorkloadSetup::of(image, count));
            }
            Shape::Slots { idle, .. } => *idle = WorkloadSetup::of(image, count),
        })
    }

    /// Blue-green: the live slot and the idle one.
    #[must_use]
    pub fn slots(
        self,
        live: impl Into<String>,
        live_count: u32,
        idle: impl Into<String>,
        idle_count: u32,
    ) -> Self {
        let (live, idle) = (
            WorkloadSetup::of(live, live_count),
            WorkloadSetup::of(idle, idle_count),
        );
        self.setup(|part| part.shape = Shape::Slots { live, idle })
    }

    /// An autoscaler decides stable's count.
    #[must_use]
    pub fn autoscaled(self, min: u32, max: u32) -> Self {
        self.setup(|part| match &mut part.shape {
            Shape::Tracks { stable, .. } | Shape::Slots { live: stable, .. } => {
                stable.autoscaler = Some(ScalerSetup {
                    min,
                    max,
                    per_pod: None,
                });
            }
        })
    }

    /// Changes what the platform can do.
    #[must_use]
    pub fn capabilities(self, change: impl FnOnce(&mut Capabilities)) -> Self {
        self.setup(|part| {
            let mut capabilities = part.capabilities();
            change(&mut capabilities);
            part.capabilities = Some(capabilities);
        })
    }

    /// Traffic follows readiness: the candidate's share is its share of ready pods.
    #[must_use]
    pub fn follows_readiness(self) -> Self {
        self.capabilities(|can| {
            can.routing = Routing::FollowsReadiness;
            can.header_routes = false;
            can.cookie_routes = false;
            can.mirror = false;
        })
    }

    /// The platform shifts by itself, in deployments of its own, and asks before each step of one.
    #[must_use]
    pub fn asks_before_each_step(self) -> Self {
        self.setup(|part| part.asks = true).capabilities(|can| {
            can.routing = Routing::Native;
            can.promotions = vec![Promotion::Native];
            can.header_routes = false;
            can.cookie_routes = false;
            can.mirror = false;
        })
    }

    /// How a candidate becomes stable, the preferred way first.
    #[must_use]
    pub fn promotes_by(self, promotions: impl IntoIterator<Item = Promotion>) -> Self {
        self.capabilities(|can| can.promotions = promotions.into_iter().collect())
    }

    /// The router cannot be asked; what is written is effective after this long.
    #[must_use]
    pub fn effective_unverified_after(self, after: Duration) -> Self {
        self.capabilities(|can| can.effectiveness = Effectiveness::Assumed { after })
    }

    /// From a write of traffic until it is effective.
    #[must_use]
    pub fn lag(self, lag: Duration) -> Self {
        self.setup(|part| part.lag = lag)
    }

    /// How long the longest requests take.
    #[must_use]
    pub fn drain(self, drain: Duration) -> Self {
        self.setup(|part| part.drain = drain)
    }

    /// This share of requests belongs to sessions that stay with their track for so long.
    #[must_use]
    pub fn sessions(self, share: Weight, stay: Duration) -> Self {
        self.setup(|part| {
            part.sessions = share;
            part.sticky = stay;
        })
    }

    /// Users send so many requests a second.
    #[must_use]
    pub fn requests_per_second(self, requests: u32) -> Self {
        self.setup(|part| part.requests_per_second = requests)
    }

    /// Requests are visible to whoever counts only so long after they were made.
    #[must_use]
    pub fn metric_delay(mut self, delay: Duration) -> Self {
        self.metric_delay = delay;
        self
    }

    /// Changes how an image behaves.
    #[must_use]
    pub fn image(mut self, image: impl Into<String>, change: impl FnOnce(&mut Behavior)) -> Self {
        change(self.images.entry(image.into()).or_default());
        self
    }

    /// This share of the requests that reach an image fails: 0.05 is one in twenty.
    #[must_use]
    pub fn fails(self, image: impl Into<String>, share: f64) -> Self {
        self.image(image, |image| image.errors = Behavior::share(share))
    }

    /// Requests that an image answers well take so long: half at most `median`, 99% at most `p99`, all at
    /// most twice that.
    #[must_use]
    pub fn answers_in(self, image: impl Into<String>, median: Duration, p99: Duration) -> Self {
        self.image(image, |image| image.latency = Latency::new(median, p99))
    }

    /// Something is wrong with an image.
    #[must_use]
    pub fn ailing(self, image: impl Into<String>, ailment: Ailment) -> Self {
        self.image(image, |image| image.ailment = Some(ailment))
    }

    /// Something happens, so long after the beginning.
    #[must_use]
    pub fn at(mut self, after: Duration, happening: Happening) -> Self {
        self.happenings.push(Timed { after, happening });
        self
    }

    /// The world.
    ///
    /// # Errors
    /// When a part's name or an image cannot be read, or a number or a time is not one that it may be.
    pub fn build(&self) -> Result<World, InvalidScenario> {
        state::State::new(self).map(World::of)
    }
}
