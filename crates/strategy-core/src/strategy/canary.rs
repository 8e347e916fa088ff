//! Canary: the release gets more and more of the traffic.

mod expose;
mod stage;

use std::time::Duration;

pub use self::stage::CanaryStage;
use super::ground::Ground;
use super::options::common_options;
use super::settings::{Draft, Settings};
use super::{Percent, Strategy};
use crate::plan::{Bake, Plan, PlanError};
use crate::release::Release;
use crate::target::Found;
use crate::track::Capacity;
use crate::traffic::{Route, RouteBy, Stickiness};
use crate::weight::Weight;

const NAME: &str = "canary";

/// The release gets more and more of the traffic, and is judged at each step.
///
/// ```
/// # use std::time::Duration;
/// # use strategy_core::strategy::Canary;
/// let canary = Canary::new()
///     .stages([5, 25, 50, 100])
///     .bake(Duration::from_secs(300))
///     .approve_promotion(["release-manager"], 1);
/// ```
///
/// # Stages
/// One for each weight, named after it (`25%`).
/// What follows depends on how the candidate becomes stable:
/// - `Update`: `promote` gives stable the release while the candidate carries all traffic, `return` moves
///   traffic back, `retire` removes a candidate that was created or gives one that was found its count
///   back. All of them can be gated, checked and held like any other.
/// - `Swap`: the candidate stays where it is. `retire` is there only if it was asked for, or if a floor
///   has to be given back to an autoscaler.
/// - `Native`: `retire` lets the platform finish.
///
/// # Where traffic follows readiness
/// Both tracks get the counts nearest to the weight, as many replicas together as stable had. The plan
/// states the share they achieve, and refuses one that is further off than [`Health::share_deviation`].
/// Two weights that come to the same counts are no error, because the same plan may serve 4 replicas here
/// and 40 there; the table says which stage changes nothing.
///
/// [`Health::share_deviation`]: crate::plan::Health::share_deviation
#[derive(Clone, Debug)]
#[must_use]
pub struct Canary {
    settings: Settings,
    stages: Vec<CanaryStage>,
    bake: Bake,
    return_bake: Bake,
    routes: Vec<Route>,
    stickiness: Stickiness,
    capacity: CandidateCapacity,
    share_surge: u32,
    promote_directly: bool,
}

/// How much candidate stands behind a stage, where a router shares the traffic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CandidateCapacity {
    /// The stage's weight, and so much more.
    FollowsWeight {
        /// Share of the baseline on top. Default: none, since the need is rounded up anyway.
        headroom: Weight,
        /// Never fewer than this. Default: 1, so that somebody answers.
        at_least: u32,
    },
    /// The same in every stage, such as all of the baseline from the start.
    Fixed(Capacity),
}

impl Default for CandidateCapacity {
    fn default() -> Self {
        Self::FollowsWeight {
            headroom: Weight::ZERO,
            at_least: 1,
        }
    }
}

impl Default for Canary {
    fn default() -> Self {
        Self::new()
    }
}

impl Canary {
    /// Five minutes: ten windows of the default check.
    pub const BAKE: Duration = Duration::from_secs(300);
    /// One minute: long enough for a crash loop to show on the updated stable.
    pub const RETURN_BAKE: Duration = Duration::from_secs(60);

    /// A canary without stages yet.
    pub fn new() -> Self {
        Self {
            settings: Settings::default(),
            stages: Vec::new(),
            bake: Bake::of(Self::BAKE),
            return_bake: Bake::of(Self::RETURN_BAKE),
            routes: Vec::new(),
            stickiness: Stickiness::Kept,
            capacity: CandidateCapacity::default(),
            share_surge: 0,
            promote_directly: false,
        }
    }

    /// Adds a stage for each weight.
    pub fn stages(mut self, weights: impl IntoIterator<Item = impl Percent>) -> Self {
        self.stages.extend(weights.into_iter().map(CanaryStage::at));
        self
    }

    /// Adds one stage with something of its own.
    pub fn stage(mut self, stage: CanaryStage) -> Self {
        self.stages.push(stage);
        self
    }

    /// How long each stage is watched. Default: 5 minutes: ten looks of a check with defaults.
    pub fn bake(mut self, bake: impl Into<Bake>) -> Self {
        self.bake = bake.into();
        self
    }

    /// How long stable is watched when traffic has returned to it. Default: 1 minute: the release was
    /// judged at every weight, and a crash loop of stable's new pods shows by then.
    pub fn bake_after_return(mut self, bake: impl Into<Bake>) -> Self {
        self.return_bake = bake.into();
        self
    }

    /// Asks people before every stage but the first. Default: nobody is asked.
    pub fn approve_each_stage(
        mut self,
        roles: impl IntoIterator<Item = impl Into<String>>,
        quorum: u32,
    ) -> Self {
        let roles: Vec<String> = roles.into_iter().map(Into::into).collect();
        let stages = std::mem::take(&mut self.stages);
        let asked = |(index, stage): (usize, CanaryStage)| match index {
            0 => stage,
            _ => stage.approval(roles.clone(), quorum),
        };
        self.stages = stages.into_iter().enumerate().map(asked).collect();
        self
    }

    /// Requests with this header go to the candidate in every stage but the last.
    pub fn header_route(self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.route(RouteBy::Header, name, value)
    }

    /// Requests with this cookie go to the candidate in every stage but the last.
    pub fn cookie_route(self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.route(RouteBy::Cookie, name, value)
    }

    fn route(mut self, by: RouteBy, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.routes.push(Route {
            by,
            name: name.into(),
            value: value.into(),
        });
        self
    }

    /// Switches session stickiness off while both tracks carry traffic, so that weights are shares of
    /// requests. Default: kept as found, since sessions may need it.
    pub const fn suspend_stickiness(mut self) -> Self {
        self.stickiness = Stickiness::Suspended;
        self
    }

    /// How much candidate stands behind a stage. Default: the stage's weight, at least one.
    pub const fn capacity(mut self, capacity: CandidateCapacity) -> Self {
        self.capacity = capacity;
        self
    }

    /// Where traffic follows readiness: so many replicas more than stable had may be used where that comes
    /// nearer to a weight (3 replicas at 10%: 25% instead of 33.33%). Default: none, no quota is needed
    /// at rest.
    pub const fn share_surge(mut self, replicas: u32) -> Self {
        self.share_surge = replicas;
        self
    }

    /// The last stage may be below 100%: the promotion takes the rest in one step. Default: it may not,
    /// because nobody has seen the release under full load then.
    pub const fn promote_directly(mut self) -> Self {
        self.promote_directly = true;
        self
    }

    common_options!();
}

impl Strategy for Canary {
    fn plan(&self, release: &Release, found: &Found) -> Result<Plan, PlanError> {
        let grounds = Ground::all(NAME, release, found, self.settings.promotion)?;
        let all: Vec<&Ground<'_>> = grounds.iter().collect();
        let mut draft = Draft::default();
        for turn in self.settings.turns(&all)? {
            self.expose(&mut draft, &turn)?;
            self.settings.promote(&mut draft, &turn, self.return_bake)?;
        }
        self.settings.retire(&mut draft, &all)?;
        self.settings.finish(NAME, release, found, draft)
    }
}
