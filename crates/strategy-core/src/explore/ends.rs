//! What is claimed to be reached: a stage that passes, traffic that is restored, an outcome.

use super::act::Actor;
use super::ground::{Ground, GroundPart, Runs};
use super::memory::{PartMemory, reached};
use super::node::Node;
use super::world::{Deploys, Flow, PartWorld, Running};
use crate::plan::{Goal, Stage};
use crate::release::Part;
use crate::rollout::Outcome;
use crate::target::Routing;
use crate::track::Track;

impl Actor<'_> {
    /// A stage that is passed was effective, ready and baked, as the machine was told.
    pub(super) fn stage_passed(&mut self, next: &mut Node) {
        next.memory.passed = true;
        let bake = next.memory.bake.take().unwrap_or_default();
        let Some(stage) = next.memory.stage.checked_sub(1) else {
            return;
        };
        let stages = self.ground.plan.stages();
        let Some(asked) = stages.get(stage) else {
            return;
        };
        for (ground, part) in self.ground.parts.iter().zip(&next.memory.parts) {
            let fresh = part.fresh();
            self.tally.judge(8, fresh.is_some(), || {
                format!("stage {} passes on no fresh look", asked.name)
            });
            let (Some(told), Some(goal)) = (fresh, goal(stages, stage, &ground.name)) else {
                continue;
            };
            let weight = goal.traffic.weight;
            let effective = ground.routing == Routing::FollowsReadiness
                || (told.content.traffic.weight == weight && told.flow == Flow::AsAsked);
            self.tally.judge(5, effective, || {
                format!(
                    "stage {} passes, and traffic is not effective at {weight}",
                    asked.name
                )
            });
            let stands = !matches!(told.deploys, Some(Deploys::AtWork | Deploys::Stalls));
            self.tally.judge(5, stands, || {
                let deploys = told.deploys;
                format!(
                    "stage {} passes, and the platform is at {deploys:?}",
                    asked.name
                )
            });
            for track in Track::ALL {
                let ours = goal.track(track).revision.is_release();
                if ours {
                    let ready = told.ready(ground, track);
                    let wanted = told.wanted(ground, track);
                    let whole = told.tracks.of(track).running == Running::Written;
                    let enough = asked.ready.share.ceil_of(wanted);
                    self.tally.judge(1, whole && ready >= enough, || {
                        format!(
                            "stage {} passes with {ready} of {wanted} ready on {track}",
                            asked.name
                        )
                    });
                }
            }
        }
        let skipped = next.memory.advanced || next.memory.promote_all;
        if !skipped && !asked.bake.at_least.is_zero() {
            let baked = self.ground.tick * u32::from(bake.well);
            self.tally.judge(5, baked >= asked.bake.at_least, || {
                format!(
                    "stage {} passes after {baked:?} of effective traffic",
                    asked.name
                )
            });
        }
        if !asked.checks.is_empty() {
            for check in &asked.checks {
                let looks = u32::from(bake.passes.get(check).copied().unwrap_or(0));
                let enough = skipped || looks >= asked.bake.looks;
                self.tally.judge(9, enough, || {
                    format!(
                        "stage {} passes with {looks} looks at `{check}` that passed",
                        asked.name
                    )
                });
            }
            self.tally.judge(10, !next.memory.check_failed, || {
                format!("stage {} passes after a check failed", asked.name)
            });
        }
    }

    pub(super) fn ended(&mut self, next: &Node, outcome: &Outcome) {
        let landing = next.world.parts.iter().any(|part| part.late.is_some());
        match outcome {
            Outcome::Abandoned { .. } => return,
            Outcome::Promoted | Outcome::RolledBack { .. } | Outcome::Superseded { .. } => {}
        }
        self.tally.judge(8, !landing, || {
            format!("{outcome}, and a write of ours may still land")
        });
        let parts = self.ground.parts.iter().zip(&next.memory.parts);
        for (ground, part) in parts {
            match outcome {
                Outcome::Promoted => self.promoted(next, ground, part),
                Outcome::RolledBack { .. } => self.tally.judge(7, is_home(ground, part), || {
                    format!(
                        "called rolled back, and {} is not at the recorded start",
                        ground.name
                    )
                }),
                Outcome::Superseded { .. } => self.tally.judge(7, is_bare(ground, part), || {
                    format!("called superseded, and {} is still exposed", ground.name)
                }),
                Outcome::Abandoned { .. } => {}
            }
        }
    }

    fn promoted(&mut self, next: &Node, ground: &GroundPart, part: &PartMemory) {
        self.tally.judge(10, !next.memory.check_failed, || {
            "promoted after a check failed".to_owned()
        });
        let last = next.memory.stage == self.ground.plan.stages().len() && next.memory.passed;
        self.tally.judge(10, last, || {
            "promoted before the last stage passed".to_owned()
        });
        let ours = part
            .fresh()
            .is_some_and(|told| runs_release(self.ground, ground, told));
        self.tally.judge(4, ours, || {
            format!(
                "called promoted, and users of {} are not on the release",
                ground.name
            )
        });
    }
}

/// What a stage asks of a part: its own goal, or the newest before it.
fn goal<'a>(stages: &'a [Stage], stage: usize, part: &Part) -> Option<&'a Goal> {
    let until = stages.get(..=stage)?.iter().rev();
    let goals = until.filter_map(|stage| stage.goals.get(part));
    goals.map(AsRef::as_ref).next()
}

/// Everything that users reach runs the release.
fn runs_release(ground: &Ground, part: &GroundPart, told: &PartWorld) -> bool {
    let last = ground.plan.stages().len().saturating_sub(1);
    let Some(goal) = goal(ground.plan.stages(), last, &part.name) else {
        return false;
    };
    let weight = goal.traffic.weight;
    let flows = part.routing == Routing::FollowsReadiness
        || (told.content.traffic.weight == weight && told.flow == Flow::AsAsked);
    let ours = Track::ALL.into_iter().all(|track| {
        let reached = reached(part, told, track);
        let runs = told.content.tracks.of(track);
        let whole = told.tracks.of(track).running == Running::Written;
        let release = matches!(runs, Some((Runs::Release, _)));
        let found = goal.track(track).revision == crate::Revision::Recorded;
        !reached || (whole && (release || found))
    });
    let over = told.deploys.is_none_or(|deploys| deploys == Deploys::Over);
    flows && ours && over
}

/// The recorded start is written, effective, and ready as far as it was then; or nothing was written.
fn is_home(ground: &GroundPart, part: &PartMemory) -> bool {
    if !part.wrote {
        return true;
    }
    let Some(told) = part.fresh() else {
        return false;
    };
    let routed = ground.routing != Routing::FollowsReadiness;
    let tracks = told.content.tracks == ground.start.tracks;
    let traffic =
        !routed || (told.content.traffic == ground.start.traffic && told.flow == Flow::AsAsked);
    tracks && traffic && stable_carries(ground, told)
}

pub(super) fn is_restored(ground: &GroundPart, part: &PartMemory) -> bool {
    let Some(told) = part.fresh() else {
        return false;
    };
    let routed = ground.routing != Routing::FollowsReadiness;
    let traffic =
        !routed || (told.content.traffic == ground.start.traffic && told.flow == Flow::AsAsked);
    traffic && stable_carries(ground, told)
}

fn stable_carries(ground: &GroundPart, told: &PartWorld) -> bool {
    let id = &ground.seen(Track::Stable, Runs::Recorded).id;
    let pods = told.pods(ground, Track::Stable);
    let pods = pods.iter().filter(|pods| pods.revision.id == *id);
    let ready: u32 = pods.map(|pods| pods.ready).sum();
    ready >= ground.found.observation.stable.ready().min(1)
        && ready
            >= ground
                .found
                .observation
                .stable
                .ready()
                .min(told.wanted(ground, Track::Stable))
}

/// Nobody is on the candidate.
fn is_bare(ground: &GroundPart, part: &PartMemory) -> bool {
    let told = part.fresh();
    let routed = ground.routing != Routing::FollowsReadiness;
    told.is_some_and(|told| {
        !routed || (told.content.traffic == ground.start.traffic && told.flow == Flow::AsAsked)
    })
}
