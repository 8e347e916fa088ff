//! The one stepper, both directions: from what is observed to what is asked, one kind of change at a time.

mod facts;
mod follows_readiness;
mod native;
mod need;
mod routed;
mod table;
#[cfg(test)]
mod tests;

pub(super) use self::need::need;
use crate::release::Images;
use crate::target::{Desired, Observation, Routing};
use crate::timestamp::Timestamp;
use crate::track::Tracks;
use crate::traffic::Traffic;
use crate::weight::Weight;

/// Everything a step may depend on.
#[derive(Clone, Debug)]
pub struct StepInput<'a> {
    /// What was found, fresh enough to act on.
    pub observation: &'a Observation,
    /// What the router does, where it is known: as verified, or as assumed after the settle time.
    pub effective: Option<&'a Traffic>,
    /// What is to be reached.
    pub goal: &'a Desired,
    /// The recorded start: where rollback goes.
    pub recorded: &'a Desired,
    /// What stable ran at the start, as images: given to a candidate that has to carry traffic home.
    pub start_images: &'a Images,
    /// Whether requests may reach each track.
    pub exposure: Tracks<Exposure>,
    /// Of a track that lost a part of its share but not all of it: until when requests of the lost part
    /// may be under way. `None`: none are.
    pub lost_share_drains: Tracks<Option<Timestamp>>,
    /// The larger of what stable wanted at the start and what its autoscaler has wanted since.
    pub baseline: u32,
    /// On the way back: ask only for what was ready at the start, since more was waited for long enough.
    pub start_ready_suffices: Option<u32>,
    /// How the platform brings a weight about.
    pub routing: Routing,
    /// The smallest step of a weight.
    pub granularity: Weight,
    /// Share of what is wanted that must be ready.
    pub ready_share: Weight,
    /// How far to go.
    pub until: Until,
    /// Towards the plan's goal, or home.
    pub direction: Direction,
    /// Whether traffic may be moved away from the goal for a while (row 2e): not after a person moved it.
    pub may_detour: bool,
    /// Machine time.
    pub now: Timestamp,
}

/// How far a step goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Until {
    /// Capacity for the goal's traffic is ready.
    Ready,
    /// Traffic is effective and everything else is as asked.
    Effective,
}

/// Which way a step goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Towards the goal of a stage.
    Forward,
    /// Towards the recorded start.
    Back,
}

/// Whether requests may reach a track.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Exposure {
    /// New requests reach it.
    Exposed,
    /// None do any more; old ones, or sessions pinned to it, may until then.
    Draining {
        /// By the machine's clock.
        until: Timestamp,
    },
    /// Nobody reaches it.
    #[default]
    Clean,
}

/// What to do now.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Step {
    /// Write this. It differs from what is there in one kind only.
    Apply {
        /// The whole desired state.
        desired: Box<Desired>,
        /// Which kind of change.
        kind: Kind,
    },
    /// Nothing to write now.
    Wait {
        /// For what.
        what: Waiting,
        /// When to look again at the latest, where time alone will tell.
        until: Option<Timestamp>,
    },
    /// It is as asked.
    Reached,
    /// No sequence of allowed steps leads there.
    Never {
        /// Why, in one sentence.
        why: String,
    },
}

/// The kinds of change. Two successive desired states differ in one of them only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// Revision and count of one track that nobody reaches, or a revision that takes no ready pod away.
    Prepare,
    /// More capacity, on any tracks.
    Up,
    /// Traffic.
    Traffic,
    /// Less capacity, existence or revision of an emptied track; one track.
    Down,
    /// Everything at once, where the platform shifts by itself.
    Native,
}

/// What is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Waiting {
    /// Ready pods of a track.
    Ready(crate::Track),
    /// The other side must cover everything before a track may change.
    Cover(crate::Track),
    /// Traffic is written and not effective.
    Effective,
    /// Requests of a track that is to change or go.
    Drain(crate::Track),
    /// The platform is at work on what it was told last, and asks before it takes the next step.
    Platform,
}

/// From what is observed, the goal, exposure, baseline and direction: what to do now. Pure.
///
/// # Guarantees
/// - Two successive desired states differ in one [`Kind`] only, and no write repeats what is written.
/// - A wait never hides an [`Up`](Kind::Up).
/// - The promises on exposure, capacity and revisions hold for every write against
///   [`observation`](StepInput::observation); between decision and landing pods may die.
///
/// `docs/concepts/stepper.md` has the table it follows, row by row with the reasons.
pub fn next_step(input: &StepInput<'_>) -> Step {
    match input.routing {
        Routing::Routed => routed::walk(input, routed::ROWS),
        Routing::FollowsReadiness => follows_readiness::walk(input, follows_readiness::ROWS),
        Routing::Native => native::walk(input),
    }
}
