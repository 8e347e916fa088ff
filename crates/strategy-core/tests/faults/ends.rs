//! Where a rollout ended, told from how the parts really are: as they were found, as the release should
//! have them, or neither. Knows nothing of the machine.

use std::collections::BTreeMap;
use std::sync::Arc;

use strategy_core::world::{Entry, Fact, Life, Scene, TrackScene};
use strategy_core::{Images, Part, Track, Weight};

/// How a promoted part is; `stable` is what was live at the beginning.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Goal {
    pub(crate) stable: Side,
    pub(crate) candidate: Side,
    pub(crate) weight: Weight,
}

/// How a promoted track is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// Template and count as they were found; absent, if it was absent.
    AsFound,
    /// The release, as many as were live at the beginning.
    Released,
}

/// A part before anything was claimed, and at last.
#[derive(Clone, Debug)]
pub(crate) struct Ends {
    pub(crate) first: Arc<Scene>,
    pub(crate) last: Arc<Scene>,
}

pub(crate) fn ends(log: &[Entry]) -> BTreeMap<Part, Ends> {
    let mut ends: BTreeMap<Part, Ends> = BTreeMap::new();
    let mut has_begun = false;
    for entry in log {
        match &entry.fact {
            Fact::Changed { part, scene } => {
                let known = ends.entry(part.clone()).or_insert_with(|| Ends {
                    first: Arc::clone(scene),
                    last: Arc::clone(scene),
                });
                if !has_begun {
                    known.first = Arc::clone(scene);
                }
                known.last = Arc::clone(scene);
            }
            Fact::Claimed { .. }
            | Fact::Lives {
                life: Life::Began, ..
            } => has_begun = true,
            _ => {}
        }
    }
    ends
}

impl Ends {
    /// What differs from the start; nothing: it is as it was found, and well.
    pub(crate) fn off_start(&self) -> Vec<String> {
        let mut off = Vec::new();
        for track in Track::ALL {
            self.is_as_found(track, &mut off);
        }
        let (was, is) = (&self.first.traffic, &self.last.traffic);
        if was != is {
            off.push(format!("traffic is {is} and was {was}"));
        }
        self.is_well(&mut off);
        off
    }

    /// What differs from where the release should be; nothing: it is there, and well.
    pub(crate) fn off_goal(&self, goal: Goal, released: &Images) -> Vec<String> {
        let mut off = Vec::new();
        let is_turned = self.first.traffic.weight == Weight::FULL;
        let sides = if is_turned {
            [
                (Track::Candidate, goal.stable),
                (Track::Stable, goal.candidate),
            ]
        } else {
            [
                (Track::Stable, goal.stable),
                (Track::Candidate, goal.candidate),
            ]
        };
        let live = track(&self.first, sides[0].0);
        for (name, side) in sides {
            match (side, track(&self.last, name)) {
                (Side::AsFound, _) => self.is_as_found(name, &mut off),
                (Side::Released, None) => off.push(format!("{name} is gone")),
                (Side::Released, Some(is)) => {
                    if is.images != *released {
                        off.push(format!("{name} runs {} and not {released}", is.images));
                    }
                    if Some(is.replicas) != live.map(|live| live.replicas) {
                        off.push(format!("{name} has {} replicas", is.replicas));
                    }
                }
            }
        }
        let weight = if is_turned {
            goal.weight.rest()
        } else {
            goal.weight
        };
        let is = &self.last.traffic;
        if is.weight != weight || !is.routes.is_empty() || !is.mirror.is_zero() {
            off.push(format!("traffic is {is}"));
        }
        self.is_well(&mut off);
        off
    }

    fn is_as_found(&self, name: Track, off: &mut Vec<String>) {
        let written = |scene| track(scene, name).map(|track| (&track.template, track.replicas));
        let (was, is) = (written(&self.first), written(&self.last));
        if was != is {
            off.push(format!("{name} is {is:?} and was {was:?}"));
        }
    }

    /// Traffic flows as it is written, and all pods are there, ready, and of the one template.
    fn is_well(&self, off: &mut Vec<String>) {
        if !self.last.effective {
            off.push("traffic does not flow as it is written".to_owned());
        }
        for name in Track::ALL {
            let Some(is) = track(&self.last, name) else {
                continue;
            };
            let total: u32 = is.pods.iter().map(|pods| pods.total).sum();
            if total != is.wanted || is.ready_of(&is.template) != is.wanted {
                off.push(format!(
                    "{name} wants {} pods and has {:?}",
                    is.wanted, is.pods
                ));
            }
        }
    }
}

fn track(scene: &Scene, name: Track) -> Option<&TrackScene> {
    scene.tracks.of(name).as_ref()
}
