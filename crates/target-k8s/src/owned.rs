//! The content of every field the target owns, small enough to be compared and journaled.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use strategy_core::target::{Owned, TargetError, TargetErrorKind};
use strategy_core::{Replicas, Track, Tracks};

use crate::binding::{Bound, BoundTrack};
use crate::error::found;
use crate::hands::Routing;
use crate::mark::{self, Write};
use crate::object::{ObjectRef, Objects, count};
use crate::router::Router;
use crate::workload::template;

/// Field by field; templates and routes as digests. What a claim writes is no part of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Fields {
    pub(crate) tracks: Tracks<TrackFields>,
    /// Digest of the router's part.
    pub(crate) routes: String,
    /// The same by object, where it stands in several: a write of them may end between two.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) parts: BTreeMap<String, String>,
    /// Objects that somebody else wrote, each with the write of ours that they went over: what is as it was seen
    /// before that write is not as it was seen.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) hands: BTreeMap<String, Option<Write>>,
}

/// Of one track; both `None` if there is no Deployment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TrackFields {
    /// The identity of the template.
    pub(crate) template: Option<String>,
    pub(crate) replicas: Option<Replicas>,
    /// Of the autoscaler: a write of its floor is one of two objects, and may end between them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) scaler: Option<Scaler>,
}

/// What tells a floor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Scaler {
    /// By a count of 0.
    pub(crate) off: bool,
    pub(crate) minimum: u32,
}

impl TrackFields {
    /// Each field on its own is as it was seen or as it is wanted.
    fn is_between(&self, seen: &Self, wanted: &Self) -> bool {
        if self.replicas == seen.replicas || self.replicas == wanted.replicas {
            return true;
        }
        match (self.scaler, seen.scaler, wanted.scaler) {
            (Some(now), Some(seen), Some(wanted)) => {
                [seen.off, wanted.off].contains(&now.off)
                    && [seen.minimum, wanted.minimum].contains(&now.minimum)
            }
            (None, _, _) | (_, None, _) | (_, _, None) => false,
        }
    }
}

impl Fields {
    /// As they are.
    pub(crate) fn seen(
        bound: &Bound,
        router: &dyn Router,
        objects: &Objects,
        routing: &Routing,
    ) -> Self {
        let of = |track| TrackFields::of(bound.tracks.of(track), objects);
        let tracks = Tracks {
            stable: of(Track::Stable),
            candidate: of(Track::Candidate),
        };
        // A note on an object that nobody holds is of a rollout that is no more, and the next claim strips it.
        let is_held = |object: &ObjectRef| objects.get(object).is_some_and(|it| !mark::is_free(it));
        let hands = routing.hands.iter().filter(|(object, _)| is_held(object));
        let hands = hands.map(|(object, write)| (object.to_string(), *write));
        Self {
            hands: hands.collect(),
            ..Self::of(bound, router, tracks, &routing.state.owned)
        }
    }

    /// Of a router's part in which nobody else has a hand; by object too, where there are several.
    pub(crate) fn of(
        bound: &Bound,
        router: &dyn Router,
        tracks: Tracks<TrackFields>,
        routes: &Value,
    ) -> Self {
        let part = |object: &ObjectRef| {
            let part = router.part_of(routes, object);
            (object.to_string(), template::digest(part))
        };
        let several = Some(&bound.router).filter(|objects| objects.len() > 1);
        Self {
            tracks,
            routes: template::digest(routes),
            parts: several.into_iter().flatten().map(part).collect(),
            hands: BTreeMap::new(),
        }
    }

    pub(crate) fn wrap(&self) -> Result<Owned, TargetError> {
        let text = serde_json::to_string(self);
        text.map(Owned).map_err(|error| {
            let message = error.to_string();
            found(
                TargetErrorKind::Unexpected,
                "encode",
                &"owned fields",
                message,
            )
        })
    }

    pub(crate) fn read(owned: &Owned) -> Result<Self, TargetError> {
        serde_json::from_str(&owned.0).map_err(|error| {
            let message = error.to_string();
            found(
                TargetErrorKind::InvalidConfig,
                "read",
                &"owned fields",
                message,
            )
        })
    }

    /// The law: every field is as it was seen or as it is wanted, and what is as it was seen has no hand on it that
    /// came since. `Err` names the first that is not.
    pub(crate) fn check(&self, seen: &Self, wanted: &Self) -> Result<(), String> {
        let is_as_seen = self.routes == seen.routes && self.hands == seen.hands;
        let is_whole = is_as_seen || self.routes == wanted.routes;
        let is_between = !self.parts.is_empty()
            && self.parts.iter().all(|(object, part)| {
                let is_in = |fields: &Self| fields.parts.get(object) == Some(part);
                let is_as_seen = is_in(seen) && self.hands.get(object) == seen.hands.get(object);
                is_as_seen || is_in(wanted)
            });
        if !is_whole && !is_between {
            return Err("traffic".to_owned());
        }
        for (track, now) in self.tracks.iter() {
            let (seen, wanted) = (seen.tracks.of(track), wanted.tracks.of(track));
            if now.template != seen.template && now.template != wanted.template {
                return Err(format!("the template of {}", said(track)));
            }
            if !now.is_between(seen, wanted) {
                return Err(format!("the count of {}", said(track)));
            }
        }
        Ok(())
    }
}

const fn said(track: Track) -> &'static str {
    match track {
        Track::Stable => "stable",
        Track::Candidate => "the candidate",
    }
}

impl TrackFields {
    pub(crate) fn of(bound: &BoundTrack, objects: &Objects) -> Self {
        let Some(deployment) = objects.get(&bound.object()) else {
            return Self::default();
        };
        let autoscaler = bound.autoscaler_object();
        let autoscaler = autoscaler.and_then(|object| objects.get(&object));
        Self {
            template: deployment.pointer("/spec/template").map(template::id),
            replicas: Some(replicas(deployment, autoscaler, bound.minimum)),
            scaler: autoscaler.map(|autoscaler| Scaler {
                off: count(deployment, "/spec/replicas") == Some(0),
                minimum: floor(autoscaler),
            }),
        }
    }
}

/// What a Deployment has been told: its count, or the floor of its autoscaler.
///
/// A count of 0 switches an autoscaler off, so it is a floor of 0, but not before the minimum that
/// was held is what it was when it was found.
pub(crate) fn replicas(
    deployment: &Value,
    autoscaler: Option<&Value>,
    found: Option<u32>,
) -> Replicas {
    let told = count(deployment, "/spec/replicas").unwrap_or(1);
    match autoscaler {
        Some(autoscaler) if told == 0 && held_from(autoscaler, found).is_none() => {
            Replicas::Floor(0)
        }
        Some(autoscaler) => Replicas::Floor(floor(autoscaler)),
        None => Replicas::Count(told),
    }
}

/// The minimum to be put back, if it is held at another one by us; one that somebody set since is
/// theirs.
pub(crate) fn held_from(autoscaler: &Value, found: Option<u32>) -> Option<u32> {
    let is = floor(autoscaler);
    let noted = mark::written(autoscaler);
    let is_ours = noted.get("replicas").and_then(Value::as_u64) == Some(u64::from(is));
    found.filter(|found| is_ours && *found != is)
}

/// `spec.minReplicas`, which is 1 where it is not given.
pub(crate) fn floor(autoscaler: &Value) -> u32 {
    count(autoscaler, "/spec/minReplicas").unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(template: &str, replicas: u32) -> Fields {
        let track = |template: &str, number| TrackFields {
            template: Some(template.to_owned()),
            replicas: Some(Replicas::Count(number)),
            scaler: None,
        };
        Fields {
            tracks: Tracks {
                stable: track("a", 3),
                candidate: track(template, replicas),
            },
            routes: "r".to_owned(),
            parts: BTreeMap::new(),
            hands: BTreeMap::new(),
        }
    }

    #[test]
    fn several_routes_may_be_written_halfway() {
        let routes = |one: &str, other: &str| {
            let mut fields = fields("old", 1);
            fields.routes = format!("{one}{other}");
            fields.parts = [("one", one), ("other", other)]
                .map(|(object, part)| (object.to_owned(), part.to_owned()))
                .into();
            fields
        };
        let (seen, wanted) = (routes("a", "a"), routes("b", "b"));
        for now in [routes("a", "a"), routes("b", "a"), routes("b", "b")] {
            assert_eq!(now.check(&seen, &wanted), Ok(()));
        }
        let hand = routes("b", "c").check(&seen, &wanted);
        assert_eq!(hand, Err("traffic".to_owned()));
    }

    #[test]
    fn each_field_may_be_as_seen_or_as_wanted_and_nothing_else() {
        let (seen, wanted) = (fields("old", 1), fields("new", 2));
        for now in [
            fields("old", 1),
            fields("old", 2),
            fields("new", 1),
            fields("new", 2),
        ] {
            assert_eq!(now.check(&seen, &wanted), Ok(()));
        }
        let other = fields("other", 2).check(&seen, &wanted);
        assert_eq!(other, Err("the template of the candidate".to_owned()));
        let other = fields("new", 5).check(&seen, &wanted);
        assert_eq!(other, Err("the count of the candidate".to_owned()));
    }

    #[test]
    fn a_floor_may_be_written_halfway() {
        let fields = |off, minimum| TrackFields {
            template: None,
            replicas: Some(Replicas::Floor(if off { 0 } else { minimum })),
            scaler: Some(Scaler { off, minimum }),
        };
        let (seen, wanted) = (fields(true, 1), fields(false, 3));
        for (off, minimum) in [(true, 1), (true, 3), (false, 1), (false, 3)] {
            assert!(fields(off, minimum).is_between(&seen, &wanted));
        }
        assert!(!fields(false, 2).is_between(&seen, &wanted));
    }

    #[test]
    fn owned_survives_text_and_stays_small() {
        let owned = fields("0123456789abcdef0123", 1).wrap().unwrap();
        assert!(owned.0.len() < 300, "{}", owned.0.len());
        assert_eq!(
            Fields::read(&owned).unwrap(),
            fields("0123456789abcdef0123", 1)
        );
    }
}
