//! What a strategy builds on: one part of a release on what was found of it.

use crate::plan::{Goal, GoalTrack, PlanError};
use crate::release::{Images, Part, Release};
use crate::share::ShareSplit;
use crate::target::{Autoscaler, Discovery, Found, Promotion, Routing};
use crate::track::{Capacity, Revision};
use crate::traffic::Traffic;
use crate::weight::Weight;

use super::Retire;

/// One part of a release on what was found of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ground<'a> {
    pub(super) part: &'a Part,
    images: &'a Images,
    found: &'a Discovery,
    pub(super) promotion: Promotion,
}

/// What follows when a part carries all traffic on its candidate; `None`: nothing to do for it.
#[derive(Debug, Default)]
pub(super) struct Tail {
    /// Stable is given the release while the candidate carries everything.
    pub(super) promote: Option<Goal>,
    /// Traffic returns to stable.
    pub(super) back: Option<Goal>,
    /// What is no longer needed is given up, and floors are restored.
    pub(super) retire: Option<Goal>,
}

impl<'a> Ground<'a> {
    /// One for each part, in the order of their names.
    pub(super) fn all(
        strategy: &str,
        release: &'a Release,
        found: &'a Found,
        chosen: Option<Promotion>,
    ) -> Result<Vec<Self>, PlanError> {
        release
            .iter()
            .map(|(part, images)| {
                let found = found.part(part).ok_or_else(|| {
                    PlanError::part(
                        part,
                        "the release ships it, and no target is it",
                        "add a target for the part, or leave it out of the release",
                    )
                })?;
                let can = &found.capabilities.promotions;
                let promotion = match chosen {
                    Some(chosen) if !can.contains(&chosen) => {
                        let known: Vec<_> = can.iter().map(|can| format!("{can:?}")).collect();
                        return Err(PlanError::part(
                            part,
                            format!("{strategy} is to promote by {chosen:?}, which it cannot"),
                            format!("choose one that it can: {}", known.join(", ")),
                        ));
                    }
                    Some(chosen) => chosen,
                    None => *can.first().ok_or_else(|| {
                        PlanError::part(
                            part,
                            "its target knows no way to promote a candidate",
                            "let the target name at least one in its capabilities",
                        )
                    })?,
                };
                Ok(Self {
                    part,
                    images,
                    found,
                    promotion,
                })
            })
            .collect()
    }

    pub(super) fn baseline(&self) -> u32 {
        self.found.baseline()
    }

    pub(super) const fn routing(&self) -> Routing {
        self.found.capabilities.routing
    }

    pub(super) const fn granularity(&self) -> Weight {
        self.found.capabilities.granularity
    }

    /// A track at the release.
    pub(super) fn release(&self, capacity: Capacity) -> GoalTrack {
        GoalTrack {
            revision: Revision::Release(self.images.clone()),
            capacity,
        }
    }

    /// A track as recorded, at another count.
    pub(super) const fn recorded(capacity: Capacity) -> GoalTrack {
        GoalTrack {
            revision: Revision::Recorded,
            capacity,
        }
    }

    /// Everything as it was found: for a part whose turn has not come.
    pub(super) fn as_found(&self) -> Goal {
        Goal {
            stable: GoalTrack::recorded(),
            candidate: if self.created() {
                GoalTrack::absent()
            } else {
                GoalTrack::recorded()
            },
            traffic: self.found.observation.traffic.written.clone(),
        }
    }

    /// The release behind so much of the traffic. `capacity` is the candidate's where a router shares.
    pub(super) fn exposed(&self, traffic: Traffic, capacity: Capacity, surge: u32) -> Goal {
        match self.routing() {
            Routing::Routed => Goal {
                stable: GoalTrack::recorded(),
                candidate: self.release(capacity),
                traffic,
            },
            // The platform brings up everything before it shifts anything.
            Routing::Native => Goal {
                stable: GoalTrack::recorded(),
                candidate: self.release(Capacity::Share(Weight::FULL)),
                traffic,
            },
            Routing::FollowsReadiness => {
                let split = ShareSplit::nearest(traffic.weight, self.baseline(), surge);
                Goal {
                    stable: Self::recorded(Capacity::Count(split.stable)),
                    candidate: self.release(Capacity::Count(split.candidate)),
                    traffic,
                }
            }
        }
    }

    /// What follows when the candidate carries all traffic.
    pub(super) fn tail(&self, retire: Retire) -> Result<Tail, PlanError> {
        match self.promotion {
            Promotion::Update => self.update(retire),
            Promotion::Swap => self.swap(retire),
            // What was is the platform's to remove, and it ends its deployment with that.
            Promotion::Native => Ok(Tail {
                retire: Some(Goal {
                    stable: Self::recorded(Capacity::Count(0)),
                    candidate: self.release(Capacity::Share(Weight::FULL)),
                    traffic: Traffic::weight(Weight::FULL),
                }),
                ..Tail::default()
            }),
        }
    }

    fn update(&self, retire: Retire) -> Result<Tail, PlanError> {
        let full = Capacity::Share(Weight::FULL);
        // Where an autoscaler decides, its floor is held up until the end, when it is as found again.
        let held = if self.stable_scaler().is_some() {
            full
        } else {
            Capacity::Recorded
        };
        let (promoting, carrying, idle) = match self.routing() {
            Routing::Routed | Routing::Native => (full, full, full),
            // Stable takes no traffic while it changes only if it has no replica meanwhile.
            Routing::FollowsReadiness => (
                Capacity::Count(0),
                Capacity::Count(self.baseline()),
                Capacity::Count(0),
            ),
        };
        let back = Goal {
            stable: self.release(held),
            candidate: self.release(idle),
            traffic: Traffic::weight(Weight::ZERO),
        };
        let gone = match retire {
            Retire::Keep => None,
            Retire::Restore if self.created() => Some(GoalTrack::absent()),
            Retire::Restore => Some(match self.candidate_scaler() {
                Some(_) => self.release(Capacity::Recorded),
                None => self.release(Capacity::Count(self.candidate_count())),
            }),
            Retire::ScaleTo(count) => Some(self.release(Capacity::Count(count))),
            Retire::Remove if self.created() => Some(GoalTrack::absent()),
            Retire::Remove => return Err(self.found_is_not_removed(&self.found.names.candidate)),
        };
        let last = Goal {
            stable: self.release(Capacity::Recorded),
            candidate: gone.unwrap_or_else(|| back.candidate.clone()),
            traffic: Traffic::weight(Weight::ZERO),
        };
        Ok(Tail {
            promote: Some(Goal {
                stable: self.release(promoting),
                candidate: self.release(carrying),
                traffic: Traffic::weight(Weight::FULL),
            }),
            retire: (!self.same(&last, &back)).then_some(last),
            back: Some(back),
        })
    }

    fn swap(&self, retire: Retire) -> Result<Tail, PlanError> {
        let carried = self.exposed(
            Traffic::weight(Weight::FULL),
            Capacity::Share(Weight::FULL),
            0,
        );
        let stable = match retire {
            Retire::Keep | Retire::Restore => carried.stable.clone(),
            Retire::ScaleTo(count) => Self::recorded(Capacity::Count(count)),
            Retire::Remove => return Err(self.found_is_not_removed(&self.found.names.stable)),
        };
        // The candidate carries the traffic from now on, so a floor that was held up is as found again; one
        // that was found switched off has the autoscaler's own.
        let candidate = match self.candidate_scaler() {
            Some(scaler) if self.candidate_count() == 0 => {
                self.release(Capacity::Count(scaler.min.max(1)))
            }
            Some(_) => self.release(Capacity::Recorded),
            None => carried.candidate.clone(),
        };
        let last = Goal {
            stable,
            candidate,
            traffic: Traffic::weight(Weight::FULL),
        };
        Ok(Tail {
            retire: (!self.same(&last, &carried)).then_some(last),
            ..Tail::default()
        })
    }

    fn found_is_not_removed(&self, name: &str) -> PlanError {
        PlanError::part(
            self.part,
            format!("{name} was there before the rollout and would be removed"),
            "retire it with `Retire::ScaleTo(0)`: only what the rollout created is removed",
        )
    }

    /// The candidate was not there, so the rollout creates it.
    fn created(&self) -> bool {
        self.found.observation.candidate.written.is_none()
    }

    const fn stable_scaler(&self) -> Option<Autoscaler> {
        self.found.observation.stable.autoscaler
    }

    const fn candidate_scaler(&self) -> Option<Autoscaler> {
        self.found.observation.candidate.autoscaler
    }

    fn candidate_count(&self) -> u32 {
        let written = self.found.observation.candidate.written.as_ref();
        written.map_or(0, |written| written.replicas.number())
    }

    /// Whether two goals mean the same counts here, however they are written.
    pub(super) fn same(&self, one: &Goal, other: &Goal) -> bool {
        let number = |capacity, recorded| crate::share::count(capacity, self.baseline(), recorded);
        let stable = self.found.observation.stable.written.as_ref();
        let stable = stable.map_or(0, |written| written.replicas.number());
        let candidate = self.candidate_count();
        one.traffic == other.traffic
            && one.stable.revision == other.stable.revision
            && one.candidate.revision == other.candidate.revision
            && number(one.stable.capacity, stable) == number(other.stable.capacity, stable)
            && number(one.candidate.capacity, candidate)
                == number(other.candidate.capacity, candidate)
    }
}
