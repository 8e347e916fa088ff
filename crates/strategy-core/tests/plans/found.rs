//! Discoveries made by hand: what a target would have found.

use std::time::Duration;

use strategy_core::target::{
    Autoscaler, Binding, Capabilities, Discovery, Effective, Effectiveness, Found, Observation,
    ObservedTrack, ObservedTraffic, Pods, Promotion, Routing, Written,
};
use strategy_core::{Images, Part, Replicas, SeenRevision, Tracks, Traffic, Weight};

/// One part in the making.
#[derive(Clone)]
pub(crate) struct Place {
    pub(crate) capabilities: Capabilities,
    stable: ObservedTrack,
    candidate: ObservedTrack,
}

fn track(container: &str, image: &str, replicas: u32) -> ObservedTrack {
    let images = Images::parse([(container, image)]).unwrap();
    let mut revision = SeenRevision::new(image, images);
    revision.recorded = true;
    let mut pods = Pods::of(revision.clone());
    pods.total = replicas;
    pods.ready = replicas;
    pods.available = replicas;
    ObservedTrack::new(
        Written::new(revision, Replicas::Count(replicas)),
        vec![pods],
    )
}

impl Place {
    /// A workload with a router in front, whole percents, nothing on the other side.
    pub(crate) fn routed(container: &str, replicas: u32) -> Self {
        Self {
            capabilities: Capabilities::routed(),
            stable: track(container, "old:1", replicas),
            candidate: ObservedTrack::default(),
        }
    }

    /// Two slots behind a Service selector: all or nothing, roles are swapped.
    pub(crate) fn slots(container: &str, replicas: u32, idle: u32) -> Self {
        let mut place = Self::routed(container, replicas).with_candidate(container, idle);
        place.capabilities.granularity = Weight::FULL;
        place.promoting([Promotion::Swap])
    }

    /// Replicas behind one Service: traffic follows readiness.
    pub(crate) fn replicas(container: &str, replicas: u32) -> Self {
        let mut place = Self::routed(container, replicas);
        place.capabilities.granularity = Weight::from_basis_points(1).unwrap();
        place.capabilities.routing = Routing::FollowsReadiness;
        place.capabilities.effectiveness = Effectiveness::Assumed {
            after: Duration::from_secs(5),
        };
        place
    }

    pub(crate) fn with_candidate(mut self, container: &str, replicas: u32) -> Self {
        self.candidate = track(container, "older:1", replicas);
        self
    }

    pub(crate) fn promoting(mut self, promotions: impl IntoIterator<Item = Promotion>) -> Self {
        self.capabilities.promotions = promotions.into_iter().collect();
        self
    }

    pub(crate) fn routing(mut self, routing: Routing) -> Self {
        self.capabilities.routing = routing;
        self
    }

    pub(crate) fn header_routes(mut self) -> Self {
        self.capabilities.header_routes = true;
        self
    }

    pub(crate) fn mirror(mut self) -> Self {
        self.capabilities.mirror = true;
        self
    }

    pub(crate) fn unfenced(mut self) -> Self {
        self.capabilities.fenced = false;
        self
    }

    /// An autoscaler on every track that there is.
    pub(crate) fn scaled(mut self, min: u32, max: u32) -> Self {
        for track in [&mut self.stable, &mut self.candidate] {
            if let Some(written) = &mut track.written {
                track.autoscaler = Some(Autoscaler {
                    min,
                    max,
                    wanted: written.replicas.number(),
                });
                written.replicas = Replicas::Floor(min);
            }
        }
        self
    }

    /// The candidate's autoscaler is switched off: it is told to run nothing.
    pub(crate) fn candidate_off(mut self) -> Self {
        if let Some(written) = &mut self.candidate.written {
            written.replicas = Replicas::Floor(0);
        }
        self
    }

    /// One container more on stable, such as an init container.
    pub(crate) fn and_container(mut self, container: &str) -> Self {
        if let Some(written) = &mut self.stable.written {
            let images = written
                .revision
                .images
                .iter()
                .map(|(c, i)| (c.to_owned(), i.clone()));
            let more = (container.to_owned(), "old:1".parse().unwrap());
            written.revision.images = images.chain([more]).collect();
        }
        self
    }

    pub(crate) fn without_stable(mut self) -> Self {
        self.stable = ObservedTrack::default();
        self
    }

    pub(crate) fn discovery(self) -> Discovery {
        let written = Traffic::weight(Weight::ZERO);
        let mut traffic = ObservedTraffic::new(written.clone(), Effective::Verified(written));
        traffic.drain = Duration::from_secs(30);
        let names = Tracks {
            stable: "deployment/stable".to_owned(),
            candidate: "deployment/candidate".to_owned(),
        };
        Discovery::new(
            Binding::new(&()).unwrap(),
            self.capabilities,
            Observation::new(self.stable, self.candidate, traffic),
            names,
        )
    }

    /// As the only part.
    pub(crate) fn found(self) -> Found {
        Found::main(self.discovery())
    }
}

/// Several parts.
pub(crate) fn parts<const N: usize>(places: [(&str, Place); N]) -> Found {
    places
        .into_iter()
        .map(|(name, place)| (part(name), place.discovery()))
        .collect()
}

pub(crate) fn part(name: &str) -> Part {
    name.parse().unwrap()
}

pub(crate) fn percent(percent: u16) -> Weight {
    Weight::from_percent(percent).unwrap()
}

pub(crate) const fn minutes(minutes: u64) -> Duration {
    Duration::from_secs(60 * minutes)
}
