//! What the searched plans run on: two replicas of `app:v0`, and where there is one, a slot in use.

use std::time::Duration;

use crate::release::{Images, InvalidRelease, Part, Release};
use crate::target::{
    Autoscaler, Binding, Capabilities, Discovery, Effective, Found, Observation, ObservedTrack,
    ObservedTraffic, PlatformDeployment, PlatformState, Pods, Promotion, Routing, Written,
};
use crate::track::{Replicas, SeenRevision, Tracks};
use crate::traffic::Traffic;

/// Enough for a part of them to be ready.
const REPLICAS: u32 = 2;
/// Less than a tick.
const DRAIN: Duration = Duration::from_secs(5);

fn images(tag: &str) -> Result<Images, InvalidRelease> {
    Images::parse([("app", format!("app:{tag}"))])
}

pub(in crate::explore) fn release() -> Result<Release, InvalidRelease> {
    Release::parts([(Part::main(), images("v1")?)])
}

/// Two parts of one release.
pub(super) fn two_releases() -> Result<Release, InvalidRelease> {
    Release::parts([
        ("eu".parse()?, images("v1")?),
        ("us".parse()?, images("v1")?),
    ])
}

/// One part, whose candidate runs so many of an older release, or is not there.
pub(super) fn found(
    routing: Routing,
    promotion: Promotion,
    slot: Option<u32>,
) -> Result<Found, InvalidRelease> {
    Ok(Found::main(discovery(routing, promotion, slot, REPLICAS)?))
}

/// Stable's count belongs to an autoscaler.
pub(super) fn found_owned() -> Result<Found, InvalidRelease> {
    let mut found = discovery(Routing::Routed, Promotion::Update, None, REPLICAS)?;
    let stable = &mut found.observation.stable;
    stable.autoscaler = Some(Autoscaler {
        min: 1,
        max: 3,
        wanted: REPLICAS,
    });
    if let Some(written) = &mut stable.written {
        written.replicas = Replicas::Floor(1);
    }
    Ok(Found::main(found))
}

/// A platform that shifts by itself and asks before each step.
pub(super) fn found_asking() -> Result<Found, InvalidRelease> {
    let mut found = discovery(Routing::Native, Promotion::Native, None, REPLICAS)?;
    found.observation.platform = Some(PlatformDeployment::new("d-0", PlatformState::Won));
    Ok(Found::main(found))
}

/// Two parts, each with a stable of its own: of one replica, and of more.
pub(super) fn two_found() -> Result<Found, InvalidRelease> {
    let eu = discovery(Routing::Routed, Promotion::Swap, None, 1)?;
    // Of two some can be ready and others not.
    let us = discovery(Routing::Routed, Promotion::Swap, None, REPLICAS)?;
    Ok([("eu".parse()?, eu), ("us".parse()?, us)]
        .into_iter()
        .collect())
}

fn discovery(
    routing: Routing,
    promotion: Promotion,
    slot: Option<u32>,
    replicas: u32,
) -> Result<Discovery, InvalidRelease> {
    let mut capabilities = Capabilities::routed();
    capabilities.routing = routing;
    capabilities.promotions = vec![promotion];
    let stable = track(images("v0")?, replicas);
    let candidate = match slot {
        Some(count) => track(images("older")?, count),
        None => ObservedTrack::default(),
    };
    let weight = Traffic::default();
    let mut traffic = ObservedTraffic::new(weight.clone(), Effective::Verified(weight));
    traffic.drain = DRAIN;
    let observation = Observation::new(stable, candidate, traffic);
    let names = Tracks {
        stable: "deployment/app-stable".to_owned(),
        candidate: "deployment/app-candidate".to_owned(),
    };
    Ok(Discovery::new(
        Binding::default(),
        capabilities,
        observation,
        names,
    ))
}

fn track(images: Images, replicas: u32) -> ObservedTrack {
    let mut revision = SeenRevision::new("recorded", images);
    revision.recorded = true;
    let pods = Pods {
        total: replicas,
        ready: replicas,
        available: replicas,
        ..Pods::of(revision.clone())
    };
    ObservedTrack::new(
        Written::new(revision, Replicas::Count(replicas)),
        vec![pods],
    )
}
