//! The notation, read.

use std::time::Duration;

use crate::release::Images;
use crate::target::{
    Autoscaler, Desired, DesiredTrack, Effective, Observation, ObservedTrack, ObservedTraffic,
    Owned, Pods, Version, Writer, Written,
};
use crate::track::{Replicas, Revision, SeenRevision, Track};
use crate::traffic::{Route, RouteBy, Stickiness, Traffic};
use crate::weight::Weight;

pub(in super::super) fn images(version: &str) -> Images {
    Images::parse([("api", format!("shop/api:{version}"))]).unwrap()
}

/// The revision that was found on a track at the start.
pub(super) fn recorded(track: Track) -> &'static str {
    match track {
        Track::Stable => "v0",
        Track::Candidate => "v2",
    }
}

pub(in super::super) fn seen(track: Track, version: &str) -> SeenRevision {
    SeenRevision {
        id: version.to_owned(),
        images: images(version),
        recorded: version == recorded(track),
        name: None,
    }
}

fn revision(track: Track, version: &str) -> Revision {
    if version == recorded(track) {
        Revision::Recorded
    } else {
        Revision::Release(images(version))
    }
}

pub(super) fn percent(text: &str) -> Weight {
    Weight::from_percent(text.parse().unwrap()).unwrap()
}

/// `v0x2`, `v0~2`, `v0~2:3`: version, number, and what an autoscaler wants.
fn told(text: &str) -> (&str, Replicas, Option<u32>) {
    if let Some((version, count)) = text.split_once('x') {
        return (version, Replicas::Count(count.parse().unwrap()), None);
    }
    let (version, numbers) = text.split_once('~').unwrap();
    let (floor, wants) = numbers.split_once(':').unwrap_or((numbers, numbers));
    (
        version,
        Replicas::Floor(floor.parse().unwrap()),
        Some(wants.parse().unwrap()),
    )
}

pub(super) fn observed_track(track: Track, text: &str) -> ObservedTrack {
    let mut words = text.split_whitespace();
    let first = words.next().unwrap();
    if first == "-" {
        return ObservedTrack::default();
    }
    let (written, replicas, wants) = told(first);
    let mut version = written;
    let mut pods = Vec::new();
    for word in words {
        match word.split_once('/') {
            None => version = word,
            Some((ready, total)) => pods.push(Pods {
                revision: seen(track, version),
                total: total.parse().unwrap(),
                ready: ready.parse().unwrap(),
                ..Pods::default()
            }),
        }
    }
    ObservedTrack {
        written: Some(Written {
            revision: seen(track, written),
            replicas,
        }),
        pods,
        autoscaler: wants.map(|wanted| Autoscaler {
            min: replicas.number(),
            max: 9,
            wanted,
        }),
        ..ObservedTrack::default()
    }
}

fn desired_track(track: Track, text: &str) -> DesiredTrack {
    if text == "-" {
        return DesiredTrack::absent();
    }
    let (version, replicas, _) = told(text);
    DesiredTrack {
        revision: revision(track, version),
        replicas,
    }
}

/// The parts of `S ...; C ...; w...`.
pub(super) fn parts(text: &str) -> [&str; 3] {
    let parts: Vec<_> = text.split(';').map(str::trim).collect();
    let [stable, candidate, traffic] = parts[..] else {
        panic!("`{text}` is not `S ...; C ...; w...`")
    };
    [
        stable.strip_prefix("S ").unwrap(),
        candidate.strip_prefix("C ").unwrap(),
        traffic,
    ]
}

pub(super) fn traffic(text: &str) -> Traffic {
    let mut traffic = Traffic::default();
    for word in text.split_whitespace() {
        match word.split_at(1) {
            ("w", weight) => traffic.weight = percent(weight),
            ("m", mirror) => traffic.mirror = percent(mirror),
            ("h", "") => traffic.routes.push(Route {
                by: RouteBy::Header,
                name: "x-canary".into(),
                value: "1".into(),
            }),
            ("u", "") => traffic.stickiness = Stickiness::Suspended,
            ("e" | "d", _) => {}
            (other, _) => panic!("`{other}` in `{text}`"),
        }
    }
    traffic
}

pub(in super::super) fn desired(text: &str) -> Desired {
    let [stable, candidate, shared] = parts(text);
    Desired {
        stable: desired_track(Track::Stable, stable),
        candidate: desired_track(Track::Candidate, candidate),
        traffic: traffic(shared),
    }
}

pub(in super::super) fn observation(
    stable: ObservedTrack,
    candidate: ObservedTrack,
    written: Traffic,
) -> Observation {
    Observation {
        stable,
        candidate,
        traffic: ObservedTraffic {
            written,
            effective: Effective::Unverified,
            drain: Duration::ZERO,
            sticky: Duration::ZERO,
            writer: Writer::Us,
        },
        platform: None,
        foreign: Vec::new(),
        owned: Owned::default(),
        version: Version::default(),
        age: Duration::ZERO,
    }
}
