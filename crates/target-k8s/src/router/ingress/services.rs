//! Which of the two Services stands for which track: told by what they select.

use strategy_core::Track;
use strategy_core::target::TargetErrorKind;

use crate::config::IngressRouter;
use crate::object::{ObjectRef, Objects};
use crate::router::TrackLabels;
use crate::router::destination::labels;
use crate::router::problem::Problem;
use crate::router::service_selector::unmatched;

/// The Services by track.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Services<'a> {
    stable: &'a str,
    candidate: &'a str,
}

impl<'a> Services<'a> {
    pub(super) fn of(
        config: &'a IngressRouter,
        objects: &Objects,
        tracks: &TrackLabels,
    ) -> Result<Self, Problem> {
        let [one, other] = &config.services;
        if one == other {
            return Err(alike(
                &ObjectRef::service(one),
                "both Services are this one",
            ));
        }
        match (track(one, objects, tracks)?, track(other, objects, tracks)?) {
            (Track::Stable, Track::Candidate) => Ok(Self {
                stable: one,
                candidate: other,
            }),
            (Track::Candidate, Track::Stable) => Ok(Self {
                stable: other,
                candidate: one,
            }),
            (Track::Stable, Track::Stable) | (Track::Candidate, Track::Candidate) => Err(alike(
                &ObjectRef::service(other),
                &format!("it reaches the pods of the same workload as service/{one}"),
            )),
        }
    }

    pub(super) const fn of_track(&self, track: Track) -> &'a str {
        match track {
            Track::Stable => self.stable,
            Track::Candidate => self.candidate,
        }
    }
}

fn alike(object: &ObjectRef, message: &str) -> Problem {
    Problem::new(
        TargetErrorKind::InvalidConfig,
        "destinations-alike",
        object,
        message,
        "name two Services in `services`, each of which selects the pods of one workload",
    )
}

/// The track whose pods a Service selects, and no other's.
fn track(name: &str, objects: &Objects, tracks: &TrackLabels) -> Result<Track, Problem> {
    let object = ObjectRef::service(name);
    let problem = |code, message: String, mend: &str| {
        Problem::new(TargetErrorKind::InvalidConfig, code, &object, message, mend)
    };
    let service = objects
        .get(&object)
        .ok_or_else(|| Problem::not_found(&object))?;
    let asked = labels(&service["spec"]["selector"]);
    if asked.is_empty() {
        return Err(problem(
            "selector-absent",
            "it has no selector, so which workload it stands for is not known".to_owned(),
            "give it one, or name the Service that the pods stand behind",
        ));
    }
    let of = |track| unmatched(&asked, &tracks.of(track).labels);
    let (stable, candidate) = (of(Track::Stable), of(Track::Candidate));
    match (stable.is_empty(), candidate.is_empty()) {
        (true, false) => Ok(Track::Stable),
        (false, true) => Ok(Track::Candidate),
        (true, true) => Err(problem(
            "destination-reaches-both-tracks",
            "its selector reaches the pods of both workloads".to_owned(),
            "add a label to it that only the pods of one workload carry",
        )),
        (false, false) => Err(problem(
            "destination-reaches-nothing",
            format!(
                "its selector reaches the pods of neither workload: {}",
                stable.join(" and ")
            ),
            "mend it, or the labels of the pods",
        )),
    }
}
