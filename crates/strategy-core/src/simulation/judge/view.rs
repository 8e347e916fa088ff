//! A part as it was at a moment, with its tracks as the rollout names them.

use crate::track::{Replicas, Track};
use crate::world::{Scene, TrackScene};

/// A share of requests, in the unit of [`Scene::reach`].
pub(super) const ALL: u64 = Scene::ALL;
const BASIS_POINT: u64 = ALL / 10_000;

/// A scene, with `stable` and `candidate` as the rollout means them: where both slots changed roles before
/// it began, they are the other way round than in the world.
#[derive(Clone, Copy, Debug)]
pub(super) struct View<'a> {
    scene: &'a Scene,
    is_swapped: bool,
}

impl<'a> View<'a> {
    pub(super) const fn new(scene: &'a Scene, is_swapped: bool) -> Self {
        Self { scene, is_swapped }
    }

    pub(super) const fn track(self, track: Track) -> Option<&'a TrackScene> {
        let track = if self.is_swapped {
            track.other()
        } else {
            track
        };
        self.scene.tracks.of(track).as_ref()
    }

    /// The candidate's share of requests as it is written, in basis points.
    pub(super) const fn weight(self) -> u16 {
        let weight = self.scene.traffic.weight;
        if self.is_swapped {
            weight.rest().basis_points()
        } else {
            weight.basis_points()
        }
    }

    /// The share that is written for a track. A mirror asks as much of pods as a weight; a route for
    /// anybody is some share.
    pub(super) fn written(self, track: Track) -> u64 {
        let weight = u64::from(self.weight()) * BASIS_POINT;
        match track {
            Track::Stable => ALL - weight,
            Track::Candidate => {
                let traffic = &self.scene.traffic;
                let mirror = u64::from(traffic.mirror.basis_points()) * BASIS_POINT;
                let routed = u64::from(!traffic.routes.is_empty());
                weight.max(mirror).max(routed)
            }
        }
    }

    /// The share that really reaches a track.
    pub(super) const fn reach(self, track: Track) -> u64 {
        let track = if self.is_swapped {
            track.other()
        } else {
            track
        };
        *self.scene.reach.of(track)
    }

    /// The most that a track must bear: what is written, or what still comes.
    pub(super) fn load(self, track: Track) -> u64 {
        self.written(track).max(self.reach(track))
    }

    /// Whether any request may reach a track.
    pub(super) fn is_exposed(self, track: Track) -> bool {
        self.load(track) > 0
    }

    pub(super) const fn is_effective(self) -> bool {
        self.scene.effective
    }

    pub(super) const fn scene(self) -> &'a Scene {
        self.scene
    }

    pub(super) fn ready(self, track: Track) -> u32 {
        self.track(track).map_or(0, TrackScene::ready)
    }

    pub(super) fn ready_of(self, track: Track, template: &str) -> u32 {
        self.track(track)
            .map_or(0, |track| track.ready_of(template))
    }

    pub(super) fn template(self, track: Track) -> Option<&'a str> {
        self.track(track).map(|track| track.template.as_str())
    }

    pub(super) fn replicas(self, track: Track) -> Option<Replicas> {
        self.track(track).map(|track| track.replicas)
    }

    /// Whether no pod of another template than this is left in a track.
    pub(super) fn is_whole(self, track: Track, template: &str) -> bool {
        let pods = self.track(track).into_iter().flat_map(|track| &track.pods);
        pods.filter(|pods| pods.template != template)
            .all(|pods| pods.total == 0)
    }
}

/// How many ready pods a share of requests needs: its part of the baseline, rounded up, at least one; none
/// for none.
pub(super) fn need(share: u64, baseline: u32) -> u32 {
    let pods = (u128::from(share) * u128::from(baseline)).div_ceil(u128::from(ALL));
    let pods = u32::try_from(pods).unwrap_or(u32::MAX);
    if share == 0 { 0 } else { pods.max(1) }
}
