//! Rolling: the replicas are replaced batch by batch.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Strategy;
use super::ground::Ground;
use super::options::common_options;
use super::settings::{Draft, Settings};
use super::turn::Turn;
use crate::plan::{Bake, Goal, Plan, PlanError, StageKind, StageName};
use crate::release::{Part, Release};
use crate::share::Amount;
use crate::target::{Found, Routing};
use crate::track::Capacity;
use crate::traffic::Traffic;
use crate::weight::Weight;

const NAME: &str = "rolling";
/// The most batches that are still a plan for people.
const MOST_BATCHES: u32 = 90;

/// The replicas are replaced batch by batch, as many at a time as may be added.
///
/// # Stages
/// Where the platform rolls by itself, one (`roll`): it decides surge and order. Else one for each batch
/// (`batch-1`, `batch-2`, …): new replicas come first, and only then do old ones go, so that the ready
/// replicas never fall below what was there. Where a router shares the traffic, it follows the batches.
/// The last batch carries everything; what follows depends on the promotion, as for a
/// [`Canary`](super::Canary).
#[derive(Clone, Debug)]
#[must_use]
pub struct Rolling {
    settings: Settings,
    max_surge: Amount,
    max_unavailable: Amount,
    surge_chosen: bool,
    batches: Option<u32>,
    bake: Bake,
    last_bake: Bake,
}

impl Default for Rolling {
    fn default() -> Self {
        Self::new()
    }
}

impl Rolling {
    /// One minute: long enough for a crash loop of the whole release to show.
    pub const LAST_BAKE: Duration = Duration::from_secs(60);

    /// A quarter at a time, nothing missing meanwhile.
    pub fn new() -> Self {
        Self {
            settings: Settings::default(),
            max_surge: Amount::Share(Weight::from_percent(25).unwrap_or(Weight::FULL)),
            max_unavailable: Amount::Count(0),
            surge_chosen: false,
            batches: None,
            bake: Bake::default(),
            last_bake: Bake::of(Self::LAST_BAKE),
        }
    }

    /// How many replicas may be added at a time: the size of a batch, rounded up, at least one.
    /// Default: 25%, as a Deployment's own.
    pub fn max_surge(mut self, surge: impl Into<Amount>) -> Self {
        self.max_surge = surge.into();
        self.surge_chosen = true;
        self
    }

    /// How many of the replicas may be missing meanwhile. Default: 0. Anything else is refused: ready
    /// replicas never fall below what was there, and a platform that rolls by itself has a setting of
    /// its own.
    pub fn max_unavailable(mut self, unavailable: impl Into<Amount>) -> Self {
        self.max_unavailable = unavailable.into();
        self
    }

    /// So many batches of equal size instead of a surge. Default: as many as the surge makes.
    pub const fn batches(mut self, batches: u32) -> Self {
        self.batches = Some(batches);
        self
    }

    /// How long each batch but the last is watched. Default: not at all, it is on to the next when
    /// all are ready; checks still take one look each.
    pub fn bake(mut self, bake: impl Into<Bake>) -> Self {
        self.bake = bake.into();
        self
    }

    /// How long the last batch is watched. Default: 1 minute.
    pub fn bake_after_last(mut self, bake: impl Into<Bake>) -> Self {
        self.last_bake = bake.into();
        self
    }

    common_options!();

    /// How many batches it takes for the largest part.
    fn count(&self, grounds: &[&Ground<'_>]) -> Result<u32, PlanError> {
        let wrong = |problem: String, mend: &str| Err(PlanError::strategy(NAME, problem, mend));
        if self.batches.is_some() && self.surge_chosen {
            return wrong(
                "both a surge and a number of batches are given".to_owned(),
                "give one of them: the size of a batch is its surge",
            );
        }
        let native = grounds
            .iter()
            .filter(|g| g.routing() == Routing::Native)
            .count();
        if native > 0 && (self.surge_chosen || self.batches.is_some()) {
            return wrong(
                "the platform rolls by itself, and its own settings decide about surge".to_owned(),
                "leave surge and batches out, and set them on the platform",
            );
        }
        if self.max_unavailable.rounded_up(1) > 0 {
            return wrong(
                format!("{} of the replicas may be missing", self.max_unavailable),
                "leave it out: new replicas come first, and none of the old ones is missed",
            );
        }
        let batches = match self.batches {
            Some(batches) => batches,
            None => grounds
                .iter()
                .filter(|ground| ground.routing() != Routing::Native)
                .map(|ground| {
                    let surge = self.max_surge.rounded_up(ground.baseline()).max(1);
                    ground.baseline().div_ceil(surge)
                })
                .max()
                .unwrap_or(1)
                .max(1),
        };
        if batches == 0 || batches > MOST_BATCHES {
            return wrong(
                format!("it would take {batches} batches, and 1 to {MOST_BATCHES} are possible"),
                "choose a surge (`max_surge`) or a number of batches that gives fewer and larger ones",
            );
        }
        if native > 0 && native < grounds.len() {
            return wrong(
                "some parts are rolled by their platform and some batch by batch".to_owned(),
                "roll them out one after the other",
            );
        }
        Ok(batches)
    }

    /// The goal of a part when `batch` of `batches` are done.
    fn goal(&self, ground: &Ground<'_>, batch: u32, batches: u32) -> Goal {
        let baseline = ground.baseline();
        let done = if batch == batches {
            baseline
        } else {
            // Rounded up, so that even the first batch of a small part has a replica.
            let share = u64::from(baseline) * u64::from(batch);
            u32::try_from(share.div_ceil(u64::from(batches))).unwrap_or(baseline)
        };
        let weight = Weight::of(done, baseline);
        match ground.routing() {
            Routing::FollowsReadiness => Goal {
                stable: Ground::recorded(Capacity::Count(baseline.saturating_sub(done))),
                candidate: ground.release(Capacity::Count(done)),
                traffic: Traffic::weight(weight),
            },
            Routing::Routed => {
                let weight = match weight.floor_to(ground.granularity()) {
                    // Less than a step of the router is no batch, so the first step stands for it.
                    Weight::ZERO => ground.granularity(),
                    weight => weight,
                };
                Goal {
                    stable: Ground::recorded(match weight.rest() {
                        Weight::ZERO => Capacity::Count(0),
                        rest => Capacity::Share(rest),
                    }),
                    candidate: ground.release(Capacity::Share(weight)),
                    traffic: Traffic::weight(weight),
                }
            }
            // The platform takes the old replicas away while it brings up the new ones.
            Routing::Native => Goal {
                stable: Ground::recorded(Capacity::Count(0)),
                candidate: ground.release(Capacity::Share(Weight::FULL)),
                traffic: Traffic::weight(Weight::FULL),
            },
        }
    }
}

impl Rolling {
    /// The batches of a turn.
    fn batches_of(&self, draft: &mut Draft, turn: &Turn<'_>) -> Result<(), PlanError> {
        let batches = self.count(&turn.grounds)?;
        let native = turn
            .grounds
            .iter()
            .any(|ground| ground.routing() == Routing::Native);
        let mut now: BTreeMap<Part, Goal> = BTreeMap::new();
        let mut steps = Vec::new();
        for batch in 1..=batches {
            let goals: BTreeMap<Part, Goal> = turn
                .grounds
                .iter()
                .map(|ground| (ground.part.clone(), self.goal(ground, batch, batches)))
                // A part with fewer replicas than there are batches rests in some of them.
                .filter(|(part, goal)| now.get(part) != Some(goal))
                .collect();
            if !goals.is_empty() {
                now.extend(goals.clone());
                steps.push(goals);
            }
        }
        if let Some(first) = steps.first_mut() {
            first.extend(turn.waiting());
        }
        let many = steps.len();
        for (number, goals) in (1..).zip(steps) {
            let plain = if native {
                "roll".to_owned()
            } else {
                format!("batch-{number}")
            };
            let last = number == many;
            let bake = if last { self.last_bake } else { self.bake };
            let name: StageName = turn.name(&plain).into();
            let mut stage = self
                .settings
                .stage(name.clone(), StageKind::Expose, goals, bake);
            if last {
                self.settings.approve_swap(&mut stage, &turn.grounds);
            }
            draft.also_called(&name, plain);
            draft.push(stage, None);
        }
        Ok(())
    }
}

impl Strategy for Rolling {
    fn plan(&self, release: &Release, found: &Found) -> Result<Plan, PlanError> {
        let grounds = Ground::all(NAME, release, found, self.settings.promotion)?;
        let all: Vec<&Ground<'_>> = grounds.iter().collect();
        let mut draft = Draft::default();
        for turn in self.settings.turns(&all)? {
            self.batches_of(&mut draft, &turn)?;
            let back = Bake::of(super::Canary::RETURN_BAKE);
            self.settings.promote(&mut draft, &turn, back)?;
        }
        self.settings.retire(&mut draft, &all)?;
        self.settings.finish(NAME, release, found, draft)
    }
}
