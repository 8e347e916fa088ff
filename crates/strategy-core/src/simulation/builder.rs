//! The methods that make a simulation, one fact after the other.

use std::time::Duration;

use super::{Ask, Mishap, Saying, SimulatedGate, SimulatedHook, Simulation, Trouble, When};
use crate::release::{InvalidRelease, Part, Release};
use crate::world::{Behavior, Happening, Scenario};

/// The image of the release where nothing else is said.
const RELEASED: &str = "app:v2";

impl Simulation {
    /// A simulation in which everything that varies is decided by this seed; else as the default.
    #[must_use]
    pub fn seed(seed: u64) -> Self {
        let mut simulation = Self::default();
        simulation.world.seed = seed;
        simulation
    }

    /// Changes the world at the beginning, by the methods of [`Scenario`].
    #[must_use]
    pub fn world(mut self, change: impl FnOnce(Scenario) -> Scenario) -> Self {
        self.world = change(std::mem::take(&mut self.world));
        self
    }

    /// Stable runs so many pods of this image; a tag alone, such as `v1`, is one of the image `app`.
    #[must_use]
    pub fn stable(self, image: impl AsRef<str>, count: u32) -> Self {
        let image = reference(image.as_ref());
        self.world(|world| world.stable(image, count))
    }

    /// Blue-green: the live slot and the idle one, with their counts.
    #[must_use]
    pub fn slots(
        self,
        live: impl AsRef<str>,
        live_count: u32,
        idle: impl AsRef<str>,
        idle_count: u32,
    ) -> Self {
        let (live, idle) = (reference(live.as_ref()), reference(idle.as_ref()));
        self.world(|world| world.slots(live, live_count, idle, idle_count))
    }

    /// How the release behaves.
    #[must_use]
    pub fn candidate(self, candidate: Behavior) -> Self {
        Self { candidate, ..self }
    }

    /// What is released. Default: `app:v2` in the container `app` of every part.
    #[must_use]
    pub fn release(self, release: Release) -> Self {
        Self {
            release: Some(release),
            ..self
        }
    }

    /// Users send so many requests a second.
    #[must_use]
    pub fn requests_per_second(self, requests: u32) -> Self {
        self.world(|world| world.requests_per_second(requests))
    }

    /// Something happens in the world, so long after the beginning.
    #[must_use]
    pub fn at(self, after: Duration, happening: Happening) -> Self {
        self.world(|world| world.at(after, happening))
    }

    /// Something befalls the processes or their journal.
    #[must_use]
    pub fn mishap(mut self, when: When, trouble: Trouble) -> Self {
        self.mishaps.push(Mishap::new(when, trouble));
        self
    }

    /// Whoever carries the rollout then crashes, so long after the beginning, and another takes up its
    /// journal after `resumed_after`.
    #[must_use]
    pub fn crash(self, after: Duration, resumed_after: Duration) -> Self {
        self.mishap(When::After(after), Trouble::Crash { resumed_after })
    }

    /// A person in this role asks something, so long after the beginning: an approval may ask for one.
    #[must_use]
    pub fn asks_in_role(
        mut self,
        after: Duration,
        actor: impl Into<String>,
        role: impl Into<String>,
        ask: Ask,
    ) -> Self {
        let mut saying = Saying::new(after, actor, ask);
        saying.roles.push(role.into());
        self.sayings.push(saying);
        self
    }

    /// A person without a role asks something, so long after the beginning.
    #[must_use]
    pub fn asks(mut self, after: Duration, actor: impl Into<String>, ask: Ask) -> Self {
        self.sayings.push(Saying::new(after, actor, ask));
        self
    }

    /// By how many milliseconds the clocks of the processes differ from the world's, in the order in
    /// which they begin; the last one holds for all that follow.
    #[must_use]
    pub fn clock_offsets(self, milliseconds: impl IntoIterator<Item = i64>) -> Self {
        Self {
            clock_offsets: milliseconds.into_iter().collect(),
            ..self
        }
    }

    /// Hooks of this kind behave like this.
    #[must_use]
    pub fn hook(mut self, kind: impl Into<String>, hook: SimulatedHook) -> Self {
        self.hooks.insert(kind.into(), hook);
        self
    }

    /// External gates of this kind behave like this.
    #[must_use]
    pub fn gate(mut self, kind: impl Into<String>, gate: SimulatedGate) -> Self {
        self.gates.insert(kind.into(), gate);
        self
    }

    /// What is released, for every part there is.
    pub(super) fn released(&self) -> Result<Release, InvalidRelease> {
        if let Some(release) = &self.release {
            return Ok(release.clone());
        }
        let images = crate::release::Images::parse([("app", RELEASED)])?;
        let parts = self.world.parts.keys().map(|name| {
            let part: Part = name.parse()?;
            Ok((part, images.clone()))
        });
        Release::parts(parts.collect::<Result<Vec<_>, InvalidRelease>>()?)
    }

    /// The world, with what the release does in it.
    pub(super) fn scenario(&self, release: &Release) -> Scenario {
        let images = release.iter().flat_map(|(_, images)| images.iter());
        images.fold(self.world.clone(), |mut world, (_, image)| {
            let known = world.images.entry(image.as_str().to_owned());
            known.or_insert_with(|| self.candidate.clone());
            world
        })
    }
}

/// An image by its tag alone, or by its whole name.
fn reference(text: &str) -> String {
    if text.contains([':', '/', '@']) {
        text.to_owned()
    } else {
        format!("app:{text}")
    }
}
