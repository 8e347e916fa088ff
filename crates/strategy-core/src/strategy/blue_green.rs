//! Blue-green: the release is made ready beside what runs, and all traffic moves at once.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Strategy;
use super::ground::Ground;
use super::options::common_options;
use super::settings::{Draft, Settings};
use super::turn::Turn;
use crate::plan::{Bake, Goal, Plan, PlanError, Stage, StageKind};
use crate::release::{Part, Release};
use crate::target::{Found, Routing};
use crate::track::Capacity;
use crate::traffic::{Route, RouteBy, Traffic};
use crate::weight::Weight;

const NAME: &str = "blue-green";

/// The release is made ready in full beside what runs, tried without users, and all traffic moves at once.
///
/// # Stages
/// - `preview`: the whole candidate is ready and nobody reaches it but by a preview route.
///   Smoke tests are hooks at [`HookPoint::Ready`](crate::plan::HookPoint::Ready), given the preview
///   address.
/// - `switch`: all traffic moves. The old side stays as it is, so that the way back is one switch.
/// - What follows depends on the promotion, as for a [`Canary`](super::Canary); where roles are swapped
///   nothing does unless a retirement was asked for.
#[derive(Clone, Debug)]
#[must_use]
pub struct BlueGreen {
    settings: Settings,
    bake: Bake,
    routes: Vec<Route>,
}

impl Default for BlueGreen {
    fn default() -> Self {
        Self::new()
    }
}

impl BlueGreen {
    /// Five minutes: what users do in the first minutes shows most faults, and going back costs
    /// nothing meanwhile.
    pub const BAKE: Duration = Duration::from_secs(300);

    /// A switch that nobody has to approve, watched for five minutes; the old side is kept.
    pub fn new() -> Self {
        Self {
            settings: Settings::default(),
            bake: Bake::of(Self::BAKE),
            routes: Vec::new(),
        }
    }

    /// How long the switch is watched. Default: 5 minutes: ten looks of a check with defaults.
    pub fn bake(mut self, bake: impl Into<Bake>) -> Self {
        self.bake = bake.into();
        self
    }

    /// Asks people before the switch, whatever the promotion. No roles: anyone counts. Default: the
    /// switch is automatic.
    pub fn approve_switch(
        self,
        roles: impl IntoIterator<Item = impl Into<String>>,
        quorum: u32,
    ) -> Self {
        let roles = roles.into_iter().map(Into::into);
        self.gate_before(
            "switch",
            crate::plan::Gate::approval("switch", roles, quorum),
        )
    }

    /// Requests with this header reach the candidate before the switch. Default: none do.
    pub fn preview_header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.routes.push(Route {
            by: RouteBy::Header,
            name: name.into(),
            value: value.into(),
        });
        self
    }

    common_options!();
}

impl BlueGreen {
    /// Preview and switch of a turn.
    fn switch(&self, draft: &mut Draft, turn: &Turn<'_>) {
        let full = Capacity::Share(Weight::FULL);
        let goals = |traffic: &Traffic| -> BTreeMap<_, _> {
            let goal = |g: &&Ground<'_>| (g.part.clone(), g.exposed(traffic.clone(), full, 0));
            turn.grounds.iter().map(goal).collect()
        };
        let mut quiet = Traffic::weight(Weight::ZERO);
        quiet.routes.clone_from(&self.routes);
        let mut preview = self.stage(turn, "preview", goals(&quiet), Bake::default());
        let waiting = turn.waiting().into_iter();
        preview
            .goals
            .extend(waiting.map(|(part, goal)| (part, goal.into())));
        draft.also_called(&preview.name, "preview");
        // Only preview requests reach it: too few for any check of what users get.
        draft.push(preview, Some([].into()));
        let all = goals(&Traffic::weight(Weight::FULL));
        let mut switch = self.stage(turn, "switch", all, self.bake);
        self.settings.approve_swap(&mut switch, &turn.grounds);
        draft.also_called(&switch.name, "switch");
        draft.push(switch, None);
    }

    fn stage(&self, turn: &Turn<'_>, name: &str, goals: BTreeMap<Part, Goal>, bake: Bake) -> Stage {
        self.settings
            .stage(turn.name(name), StageKind::Expose, goals, bake)
    }
}

impl Strategy for BlueGreen {
    fn plan(&self, release: &Release, found: &Found) -> Result<Plan, PlanError> {
        let grounds = Ground::all(NAME, release, found, self.settings.promotion)?;
        let all: Vec<&Ground<'_>> = grounds.iter().collect();
        if let Some(ground) = all
            .iter()
            .find(|g| g.routing() == Routing::FollowsReadiness)
        {
            return Err(PlanError::strategy(
                NAME,
                format!(
                    "part `{}`: traffic follows the ready replicas, so nothing can be ready and without users",
                    ground.part
                ),
                "put a router in front (a Service selector will do), or use `Rolling` or `Canary`",
            ));
        }
        let mut draft = Draft::default();
        for turn in self.settings.turns(&all)? {
            self.switch(&mut draft, &turn);
            let back = Bake::of(super::Canary::RETURN_BAKE);
            self.settings.promote(&mut draft, &turn, back)?;
        }
        self.settings.retire(&mut draft, &all)?;
        self.settings.finish(NAME, release, found, draft)
    }
}
