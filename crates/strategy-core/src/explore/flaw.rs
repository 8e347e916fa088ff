//! Faults that are planted on purpose, to show that a search finds them.

use super::ground::Runs;
use super::world::{Deploys, Flow, PartWorld, Readiness, Running};
use crate::target::Observation;
use crate::track::Track;

/// A fault planted on purpose: in what a platform shows or accepts, or in what carries the machine.
///
/// A search that cannot fail proves nothing: with one of these it must end in a
/// [`Counterexample`](super::Counterexample).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Flaw {
    /// The platform calls traffic effective as soon as it is written.
    WrittenIsEffective,
    /// The platform counts pods of any revision as pods of the one that is written.
    AnyRevisionIsReady,
    /// The platform shows what somebody else wrote as the release.
    ForeignIsOurs,
    /// The platform calls every pod ready.
    EveryPodIsReady,
    /// The platform says that nothing has to drain.
    NothingDrains,
    /// The platform that asks before each step says that it asks while it is at work.
    AtWorkIsAsking,
    /// The platform shows an old read as a new one.
    OldIsFresh,
    /// The platform accepts a write under any claim.
    ClaimIsNotChecked,
    /// The platform accepts a write whatever somebody else wrote meanwhile.
    ContentIsNotChecked,
    /// The platform puts back the recorded images of stable on another template, and calls it recorded.
    RecordedIsMistaken,
    /// The driver calls a new epoch taken without taking it.
    FenceIsDropped,
    /// The driver hands no data to the machine as a pass.
    NoDataIsPass,
    /// The driver leaves decisions out of the journal.
    DecisionsAreNotKept,
    /// The driver answers every command twice.
    AnswersAreRepeated,
    /// The driver sends the last write again, under a new id, when the process was started again.
    WritesAreRepeated,
    /// The driver says that an abort is recorded, and keeps it back while an effect is under way.
    AbortsWait,
    /// The driver refuses aborts, as if a point of no return were behind.
    AbortsAreRefused,
    /// The driver loses commands, and nobody is told.
    CommandsAreLost,
    /// The driver takes an advance for a retry, which forgives a failed check.
    AdvanceIsRetry,
    /// The clock of the driver stands.
    TimeStands,
    /// The driver performs the last effects again when all is over.
    LastIsRepeated,
}

impl Flaw {
    /// All of them.
    pub const ALL: [Self; 21] = [
        Self::WrittenIsEffective,
        Self::AnyRevisionIsReady,
        Self::ForeignIsOurs,
        Self::EveryPodIsReady,
        Self::NothingDrains,
        Self::AtWorkIsAsking,
        Self::OldIsFresh,
        Self::ClaimIsNotChecked,
        Self::ContentIsNotChecked,
        Self::RecordedIsMistaken,
        Self::FenceIsDropped,
        Self::NoDataIsPass,
        Self::DecisionsAreNotKept,
        Self::AnswersAreRepeated,
        Self::WritesAreRepeated,
        Self::AbortsWait,
        Self::AbortsAreRefused,
        Self::CommandsAreLost,
        Self::AdvanceIsRetry,
        Self::TimeStands,
        Self::LastIsRepeated,
    ];

    /// The world as a flawed platform shows it.
    pub(super) fn shows(self, world: &mut PartWorld) {
        match self {
            Self::WrittenIsEffective => world.flow = Flow::AsAsked,
            Self::AnyRevisionIsReady => {
                for track in Track::ALL {
                    world.tracks.of_mut(track).running = Running::Written;
                }
            }
            Self::ForeignIsOurs => {
                for track in Track::ALL {
                    if let Some((runs @ Runs::Foreign, _)) = world.content.tracks.of_mut(track) {
                        *runs = Runs::Release;
                    }
                    let running = &mut world.tracks.of_mut(track).running;
                    *running = match *running {
                        Running::Mixed(Runs::Foreign) => Running::Mixed(Runs::Release),
                        Running::Old(Runs::Foreign) => Running::Old(Runs::Release),
                        other @ (Running::Written | Running::Mixed(_) | Running::Old(_)) => other,
                    };
                }
            }
            Self::EveryPodIsReady => {
                for track in Track::ALL {
                    world.tracks.of_mut(track).readiness = Readiness::Enough;
                }
            }
            Self::RecordedIsMistaken => {
                if let Some((runs @ Runs::Start, _)) = &mut world.content.tracks.stable {
                    *runs = Runs::Recorded;
                }
            }
            Self::AtWorkIsAsking => {
                if world.deploys == Some(Deploys::AtWork) {
                    world.deploys = Some(Deploys::Asks);
                }
            }
            Self::NothingDrains
            | Self::OldIsFresh
            | Self::ClaimIsNotChecked
            | Self::ContentIsNotChecked
            | Self::FenceIsDropped
            | Self::NoDataIsPass
            | Self::DecisionsAreNotKept
            | Self::AnswersAreRepeated
            | Self::WritesAreRepeated
            | Self::AbortsWait
            | Self::AbortsAreRefused
            | Self::CommandsAreLost
            | Self::AdvanceIsRetry
            | Self::TimeStands
            | Self::LastIsRepeated => {}
        }
    }

    /// The look that comes of it.
    pub(super) const fn tells(self, seen: &mut Observation) {
        if matches!(self, Self::NothingDrains) {
            seen.traffic.drain = std::time::Duration::ZERO;
            seen.traffic.sticky = std::time::Duration::ZERO;
        }
    }
}
