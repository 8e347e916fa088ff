//! What a search stands on and what never changes in it: the plan, what was found, and the revisions
//! that its small world knows.

use std::time::Duration;

use super::world::PartWorld;
use crate::plan::{Plan, PlanDigest};
use crate::release::{Images, Part};
use crate::target::{Desired, Discovery, Found, Routing};
use crate::track::{Replicas, Revision, SeenRevision, Track, Tracks};
use crate::traffic::Traffic;

/// What never changes in a search.
#[derive(Debug)]
pub(super) struct Ground {
    pub(super) plan: Plan,
    pub(super) digest: PlanDigest,
    pub(super) found: Found,
    /// The clock of a search shows only multiples of this: the plan's resync interval.
    pub(super) tick: Duration,
    pub(super) parts: Vec<GroundPart>,
    /// How many classes may change before a look that is under way is answered.
    pub(super) unread: u8,
    pub(super) mischief: Option<u8>,
    /// What is not seen at once is a step of its own: to see that it need not be.
    pub(super) eager: bool,
}

/// What never changes about a part.
#[derive(Debug)]
pub(super) struct GroundPart {
    pub(super) name: Part,
    pub(super) found: Discovery,
    pub(super) start: Content,
    pub(super) routing: Routing,
    release: Images,
    named: Vec<String>,
    seen: Tracks<Seen>,
    /// The first part has every class; the others readiness, fatal, traffic and freshness only.
    pub(super) is_whole: bool,
    /// Its platform has deployments of its own, and asks before each step of one.
    pub(super) asks: bool,
}

/// What a track can be told to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Runs {
    /// What discovery found on it.
    Recorded,
    /// The release: ours.
    Release,
    /// What stable ran at the start, given to a candidate.
    Start,
    /// What somebody else gave it.
    Foreign,
    /// A revision that the plan calls by its name.
    Named(u8),
}

/// A track's revisions as a platform shows them.
#[derive(Debug)]
struct Seen {
    recorded: Option<SeenRevision>,
    release: SeenRevision,
    start: SeenRevision,
    foreign: SeenRevision,
    named: Vec<SeenRevision>,
}

/// Everything that is written on a part.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Content {
    pub(super) tracks: Tracks<Option<(Runs, Replicas)>>,
    pub(super) traffic: Traffic,
}

impl Ground {
    pub(super) fn new(plan: Plan, found: &Found, unread: u8, mischief: Option<u8>) -> Self {
        let tick = plan.policies().resync;
        let names = |part: &Part| {
            let stages = plan.stages().iter();
            let goals = stages.filter_map(|stage| stage.goals.get(part));
            let named = goals.flat_map(|goal| [&goal.stable.revision, &goal.candidate.revision]);
            let mut names: Vec<String> = named
                .filter_map(|revision| match revision {
                    Revision::Named(name) => Some(name.clone()),
                    Revision::Release(_) | Revision::Recorded | Revision::Absent => None,
                })
                .collect();
            names.sort_unstable();
            names.dedup();
            names
        };
        let parts = found.iter().enumerate().map(|(index, (part, found))| {
            let release = plan.release().images(part).cloned().unwrap_or_default();
            GroundPart::new(part, found, release, names(part), index == 0)
        });
        let parts: Vec<GroundPart> = parts.collect();
        // What is owned is told in the words of this world, from the start.
        let found = parts
            .iter()
            .map(|part| (part.name.clone(), part.found.clone()))
            .collect();
        Self {
            digest: plan.digest(),
            tick,
            parts,
            unread,
            mischief,
            eager: false,
            plan,
            found,
        }
    }

    pub(super) fn index(&self, part: &Part) -> Option<usize> {
        self.parts.iter().position(|ground| ground.name == *part)
    }
}

impl GroundPart {
    fn new(
        name: &Part,
        found: &Discovery,
        release: Images,
        named: Vec<String>,
        is_whole: bool,
    ) -> Self {
        let start_images = found.images(Track::Stable).cloned().unwrap_or_default();
        let seen = |track: Track| {
            let called = |name: &String| {
                let mut seen = SeenRevision::new(format!("named {name}"), Images::default());
                seen.name = Some(name.clone());
                seen
            };
            let foreign = Images::parse([("app", "somebody/elses:1")]).unwrap_or_default();
            let written = &found.observation.track(track).written;
            Seen {
                recorded: written.as_ref().map(|written| written.revision.clone()),
                release: SeenRevision::new("release", release.clone()),
                start: SeenRevision::new("start", start_images.clone()),
                foreign: SeenRevision::new("foreign", foreign),
                named: named.iter().map(called).collect(),
            }
        };
        let seen = Tracks {
            stable: seen(Track::Stable),
            candidate: seen(Track::Candidate),
        };
        let start = |track: Track| {
            let written = found.observation.track(track).written.as_ref();
            written.map(|written| (Runs::Recorded, written.replicas))
        };
        let start = Content {
            tracks: Tracks {
                stable: start(Track::Stable),
                candidate: start(Track::Candidate),
            },
            traffic: found.observation.traffic.written.clone(),
        };
        let mut ground = Self {
            name: name.clone(),
            routing: found.capabilities.routing,
            asks: found.capabilities.routing == Routing::Native
                && found.observation.platform.is_some(),
            found: found.clone(),
            start,
            release,
            named,
            seen,
            is_whole,
        };
        ground.found.observation.owned = PartWorld::new(&ground).owned();
        ground
    }

    /// How the platform shows a revision.
    pub(super) fn seen(&self, track: Track, runs: Runs) -> &SeenRevision {
        let seen = self.seen.of(track);
        match runs {
            Runs::Recorded => seen.recorded.as_ref().unwrap_or(&seen.start),
            Runs::Release => &seen.release,
            Runs::Start => &seen.start,
            Runs::Foreign => &seen.foreign,
            Runs::Named(name) => seen.named.get(usize::from(name)).unwrap_or(&seen.foreign),
        }
    }

    /// What an order asks for, as it would be written.
    pub(super) fn content(&self, desired: &Desired) -> Content {
        let track = |track: Track| {
            let asked = desired.track(track);
            let recorded = self.seen.of(track).recorded.as_ref();
            let runs = match &asked.revision {
                Revision::Absent => return None,
                Revision::Recorded => Runs::Recorded,
                Revision::Release(images)
                    if recorded.is_some_and(|recorded| recorded.images == *images) =>
                {
                    Runs::Recorded
                }
                Revision::Release(images) if *images == self.release => Runs::Release,
                // What somebody wrote is kept as it is, until its turn comes.
                Revision::Release(images) if *images == self.seen.of(track).foreign.images => {
                    Runs::Foreign
                }
                Revision::Release(_) => Runs::Start,
                Revision::Named(name) => {
                    let index = self.named.iter().position(|known| known == name);
                    Runs::Named(u8::try_from(index.unwrap_or_default()).unwrap_or(u8::MAX))
                }
            };
            Some((runs, asked.replicas))
        };
        Content {
            tracks: Tracks {
                stable: track(Track::Stable),
                candidate: track(Track::Candidate),
            },
            traffic: desired.traffic.clone(),
        }
    }
}
