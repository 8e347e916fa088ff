//! Discoveries made by hand: what a target would have found.

use std::time::Duration;

use strategy_core::target::{
    Autoscaler, Binding, Capabilities, Discovery, Effective, Effectiveness, Found, Observation,
    ObservedTrack, ObservedTraffic, Owned, Pods, Promotion, Routing, Version, Writer, Written,
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
    let revision = SeenRevision {
        id: image.to_owned(),
        images: Images::parse([(container, image)]).unwrap(),
        recorded: true,
        name: None,
    };
    ObservedTrack {
        written: Some(Written {
            revision: revision.clone(),
            replicas: Replicas::Count(replicas),
        }),
        pods: vec![Pods {
            revision,
            total: replicas,
            ready: replicas,
            available: replicas,
            ..Pods::default()
        }],
        ..ObservedTrack::default()
    }
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
        let traffic = Traffic::weight(Weight::ZERO);
        Discovery {
            binding: Binding::new(&()).unwrap(),
            capabilities: self.capabilities,
            observation: Observation {
                stable: self.stable,
                candidate: self.candidate,
                traffic: ObservedTraffic {
                    written: traffic.clone(),
                    effective: Effective::Verified(traffic),
                    drain: Duration::from_secs(30),
                    sticky: Duration::ZERO,
                    writer: Writer::Unknown,
                },
                platform: None,
                foreign: Vec::new(),
                owned: Owned::default(),
                version: Version::default(),
                age: Duration::ZERO,
            },
            claim: None,
            names: Tracks {
                stable: "deployment/stable".to_owned(),
                candidate: "deployment/candidate".to_owned(),
            },
        }
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
