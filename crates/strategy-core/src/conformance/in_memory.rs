//! The in-memory target as a subject, alone or inside a wrapper.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::Subject;
use crate::release::{Images, Part};
use crate::target::{ForeignField, Routing, Target};
use crate::track::Track;
use crate::weight::Weight;
use crate::world::{ApiFault, Happening, InMemoryTarget, World};

/// The part `main` of a [`World`] as a [`Subject`]. The containers of stable are expected to include
/// `app`, and the image `app:conformance` to be healthy.
#[derive(Debug)]
pub struct InMemory {
    world: World,
    target: Arc<dyn Target>,
    has_candidate: bool,
}

impl InMemory {
    /// The in-memory target itself.
    pub fn new(world: World) -> Self {
        Self::wrapped(world, |target| target)
    }

    /// The in-memory target inside something else.
    pub fn wrapped<T: Target>(world: World, wrap: impl FnOnce(InMemoryTarget) -> T) -> Self {
        let target = Arc::new(wrap(world.target()));
        let has_candidate = world.has_workload(&Part::main(), Track::Candidate);
        Self {
            world,
            target,
            has_candidate,
        }
    }

    /// The world.
    pub const fn world(&self) -> &World {
        &self.world
    }

    fn happen(&self, happening: Happening) -> bool {
        self.world.happen(happening);
        true
    }
}

const SOMEBODY: &str = "somebody";

#[async_trait]
impl Subject for InMemory {
    fn target(&self) -> Arc<dyn Target> {
        Arc::clone(&self.target)
    }

    fn release(&self) -> Images {
        Images::parse([("app", "app:conformance")]).unwrap_or_default()
    }

    fn has_candidate(&self) -> bool {
        self.has_candidate
    }

    fn steps(&self) -> Vec<Weight> {
        vec![Weight::HALF, Weight::FULL]
    }

    async fn settle(&self) {
        let clock = self.world.clock();
        clock
            .sleep_until(clock.now() + Duration::from_secs(120))
            .await;
    }

    async fn stored(&self) -> String {
        self.world.stored(&Part::main())
    }

    async fn somebody_writes(&self, field: ForeignField) -> Option<String> {
        let (part, track, by) = (Part::main(), Track::Stable, SOMEBODY.to_owned());
        let can = self.world.capabilities(&part)?;
        let happening = match field {
            ForeignField::Traffic if can.routing == Routing::FollowsReadiness => return None,
            ForeignField::Traffic => Happening::WeightMoved {
                part,
                weight: Weight::FULL,
                by,
            },
            ForeignField::Capacity => Happening::Scaled {
                part,
                track,
                count: 7,
                by,
            },
            ForeignField::Revision => Happening::ImageChanged {
                part,
                track,
                container: "app".to_owned(),
                image: "app:somebody".parse().ok()?,
                by,
            },
        };
        self.happen(happening).then(|| SOMEBODY.to_owned())
    }

    async fn take_away(&self) -> bool {
        self.happen(Happening::Deleted {
            part: Part::main(),
            track: Track::Stable,
            by: SOMEBODY.to_owned(),
        })
    }

    async fn cut_off(&self) -> bool {
        self.happen(Happening::api_fails(
            ApiFault::Unreachable,
            Duration::from_secs(3600),
        ))
    }
}
