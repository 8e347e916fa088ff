//! What drawn misfortunes call things: the images and containers of the world that they befall.

use std::time::Duration;

use super::platform::{OLDER, RELEASED, RUNNING};
use crate::release::{Image, Part};
use crate::simulation::Simulation;
use crate::weight::Weight;
use crate::world::{Happening, PartSetup, Shape, WorkloadSetup};

/// What somebody builds in haste: the tag of an image that no plan knows.
const HOTFIX: &str = "hotfix";
/// The tag of what ran before, where no workload says it.
const BEFORE: &str = "v0";

/// An image as it is drawn, whatever it is called in the world that it comes to.
#[derive(Clone, Copy, Debug)]
pub(super) enum Drawn {
    Hotfix,
    Older,
    Released,
}

/// One container of a part, and the images that it runs, ran and is to run.
pub(super) struct Names {
    pub(super) container: String,
    running: String,
    older: String,
    released: String,
    hotfix: String,
}

impl Names {
    /// Of the first container that the release changes; `None` where a part runs none of them.
    pub(super) fn of(simulation: &Simulation, part: &Part, setup: &PartSetup) -> Option<Self> {
        let (stable, candidate) = tracks(simulation, part, setup);
        let release = simulation.released().ok();
        let released = release.iter().flat_map(|release| release.iter());
        let (_, released) = released.into_iter().find(|(of, _)| *of == part)?;
        let mut images = released.iter();
        let (container, released) = images.find(|(name, _)| stable.images.contains_key(*name))?;
        let running = stable.images.get(container)?;
        let repository = running.parse::<Image>().ok()?.repository().to_owned();
        let older = candidate.and_then(|candidate| candidate.images.get(container));
        let before = || format!("{repository}:{BEFORE}");
        Some(Self {
            container: container.to_owned(),
            running: running.clone(),
            older: older.map_or_else(before, Clone::clone),
            released: released.as_str().to_owned(),
            hotfix: format!("{repository}:{HOTFIX}"),
        })
    }

    /// What a drawn image is called here.
    pub(super) fn image(&self, drawn: Drawn) -> &str {
        match drawn {
            Drawn::Hotfix => &self.hotfix,
            Drawn::Older => &self.older,
            Drawn::Released => &self.released,
        }
    }

    /// What is called so on the platform that is drawn, by its name here.
    pub(super) fn here(&self, drawn: &str) -> String {
        match drawn {
            RUNNING => &self.running,
            RELEASED => &self.released,
            OLDER => &self.older,
            other => other,
        }
        .to_owned()
    }
}

/// What users get as the rollout begins, and what else there is.
fn tracks<'a>(
    simulation: &Simulation,
    part: &Part,
    setup: &'a PartSetup,
) -> (&'a WorkloadSetup, Option<&'a WorkloadSetup>) {
    match &setup.shape {
        Shape::Tracks { stable, candidate } => (stable, candidate.as_ref()),
        Shape::Slots { live, idle } if is_swapped(simulation, part) => (idle, Some(live)),
        Shape::Slots { live, idle } => (live, Some(idle)),
    }
}

/// Whether the second slot is the live one by the time that a rollout begins.
fn is_swapped(simulation: &Simulation, of: &Part) -> bool {
    let first = simulation.world.happenings.iter();
    let mut first = first.filter(|timed| timed.after == Duration::ZERO);
    first.any(|timed| {
        matches!(&timed.happening, Happening::WeightMoved { part, weight, .. }
            if part == of && *weight == Weight::FULL)
    })
}
