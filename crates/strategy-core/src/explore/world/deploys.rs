//! A platform that shifts by itself: how its deployment stands, and what it takes of what it is told.

use super::{Author, Flow, PartWorld, refused};
use crate::explore::ground::{Content, GroundPart, Runs};
use crate::rollout::Failure;
use crate::target::{PlatformDeployment, PlatformState, TargetErrorKind};
use crate::weight::Weight;

/// How the deployment of a platform stands that asks before each of its steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::explore) enum Deploys {
    /// None is under way, and what was deployed last is live.
    Over,
    /// It is on its way to what it was told, or back to what was.
    AtWork,
    /// It is there, and goes on when it is answered.
    Asks,
    /// It went back to what was.
    WentBack,
    /// It gets nowhere.
    Stalls,
}

impl PartWorld {
    pub(in crate::explore) fn says(&self) -> Option<PlatformDeployment> {
        let why = || "as the search says".to_owned();
        let state = match self.deploys? {
            Deploys::Over => PlatformState::Won,
            Deploys::AtWork => PlatformState::InProgress,
            Deploys::Asks => PlatformState::Waiting,
            Deploys::WentBack => PlatformState::RolledBack(why()),
            Deploys::Stalls => PlatformState::Stalled(why()),
        };
        Some(PlatformDeployment::new("d-1", state))
    }

    /// What it is told, as it is taken: it is brought up first, and goes on when it has asked. An answer
    /// before that is an answer to nothing.
    pub(in crate::explore) fn take(
        &mut self,
        ground: &GroundPart,
        mut asked: Content,
    ) -> Result<(), Failure> {
        let Some(deploys) = self.deploys else {
            self.write(ground, asked, Author::Us);
            return Ok(());
        };
        if self.content == asked {
            return Ok(());
        }
        let begins = self.content.tracks.candidate != asked.tracks.candidate;
        let home = asked.tracks == ground.start.tracks;
        if begins && !home {
            asked.traffic = self.content.traffic.clone();
        } else if !home && matches!(deploys, Deploys::AtWork | Deploys::Stalls) {
            return Err(refused(TargetErrorKind::Conflict));
        }
        self.write(ground, asked, Author::Us);
        self.deploys = Some(Deploys::AtWork);
        Ok(())
    }

    /// How it stands next if nothing goes wrong.
    pub(in crate::explore) fn deploys_next(&self, ground: &GroundPart) -> Option<Deploys> {
        match self.deploys? {
            Deploys::Stalls => Some(Deploys::AtWork),
            Deploys::AtWork if self.flow != Flow::AsAsked => None,
            Deploys::AtWork if self.content.tracks == ground.start.tracks => {
                Some(Deploys::WentBack)
            }
            Deploys::AtWork if self.nothing_is_left() => Some(Deploys::Over),
            Deploys::AtWork => Some(Deploys::Asks),
            Deploys::Over | Deploys::Asks | Deploys::WentBack => None,
        }
    }

    /// Every other way in which it can go on.
    pub(in crate::explore) fn deploys_else(&self) -> Vec<Deploys> {
        let runs_release = matches!(self.content.tracks.candidate, Some((Runs::Release, _)));
        match self.deploys {
            Some(Deploys::AtWork) if runs_release => vec![Deploys::WentBack, Deploys::Stalls],
            // Nobody answered in time: it goes back, or it had to go on.
            Some(Deploys::Asks) if self.content.traffic.weight == Weight::FULL => {
                vec![Deploys::WentBack, Deploys::Over]
            }
            Some(Deploys::Asks) => vec![Deploys::WentBack],
            Some(Deploys::AtWork) => vec![Deploys::Stalls],
            Some(Deploys::Over | Deploys::WentBack | Deploys::Stalls) | None => Vec::new(),
        }
    }

    pub(in crate::explore) fn deploy(&mut self, ground: &GroundPart, to: Deploys) {
        if to == Deploys::WentBack && self.content.tracks != ground.start.tracks {
            self.write(ground, ground.start.clone(), self.author);
        }
        self.deploys = Some(to);
    }

    /// All of the traffic is on the release, and what was is gone.
    fn nothing_is_left(&self) -> bool {
        let stable = self.content.tracks.stable;
        let gone = stable.is_none_or(|(_, replicas)| replicas.number() == 0);
        gone && self.content.traffic.weight == Weight::FULL
    }
}
