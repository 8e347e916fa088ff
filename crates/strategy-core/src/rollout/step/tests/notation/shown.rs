//! The notation, written.

use super::parse::recorded;
use crate::rollout::step::{Kind, Step, Waiting};
use crate::target::DesiredTrack;
use crate::track::{Replicas, Revision, Track};
use crate::traffic::{Stickiness, Traffic};

fn shown_track(track: &DesiredTrack, side: Track) -> String {
    let version = match &track.revision {
        Revision::Absent => return "-".into(),
        Revision::Recorded => recorded(side).to_owned(),
        Revision::Named(name) => name.clone(),
        Revision::Release(images) => images.get("api").unwrap().tag().unwrap().to_owned(),
    };
    match track.replicas {
        Replicas::Count(count) => format!("{version}x{count}"),
        Replicas::Floor(floor) => format!("{version}~{floor}"),
    }
}

/// A step in the notation: `up: S v0x2; C v1x2; w0`, `wait ready C`, `reached`, `never: ...`.
pub(super) fn shown(step: &Step) -> String {
    let short = |track: &Track| match track {
        Track::Stable => "S",
        Track::Candidate => "C",
    };
    match step {
        Step::Apply { desired, kind } => {
            let kind = match kind {
                Kind::Prepare => "prepare",
                Kind::Up => "up",
                Kind::Traffic => "traffic",
                Kind::Down => "down",
                Kind::Native => "native",
            };
            let Traffic {
                weight,
                routes,
                mirror,
                stickiness,
            } = &desired.traffic;
            let points = weight.basis_points();
            let mut shared = format!("w{}", f64::from(points) / 100.0);
            if !mirror.is_zero() {
                shared += &format!(" m{}", mirror.basis_points() / 100);
            }
            if !routes.is_empty() {
                shared += " h";
            }
            if *stickiness == Stickiness::Suspended {
                shared += " u";
            }
            format!(
                "{kind}: S {}; C {}; {shared}",
                shown_track(&desired.stable, Track::Stable),
                shown_track(&desired.candidate, Track::Candidate),
            )
        }
        Step::Wait { what, until } => {
            let what = match what {
                Waiting::Ready(track) => format!("wait ready {}", short(track)),
                Waiting::Cover(track) => format!("wait cover {}", short(track)),
                Waiting::Effective => "wait effective".into(),
                Waiting::Drain(track) => format!("wait drain {}", short(track)),
                Waiting::Platform => "wait platform".into(),
            };
            match until {
                Some(until) => format!("{what} until {}", until.as_millis()),
                None => what,
            }
        }
        Step::Reached => "reached".into(),
        Step::Never { why } => format!("never: {why}"),
    }
}
