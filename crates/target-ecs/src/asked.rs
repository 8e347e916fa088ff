//! What a desired revision asks of a track, before it is looked up. Pure.

use strategy_core::target::{TargetError, TargetErrorKind};
use strategy_core::{Images, Revision, Track};

use crate::binding::Bound;
use crate::error::found;

/// What is asked of a track.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Asked<'a> {
    Nothing,
    Recorded(&'a str),
    Release(&'a Images),
    Named(&'a str),
}

/// What a revision means on a track.
///
/// # Errors
/// When the track was there and is to be absent, or the revision means nothing here.
pub(crate) fn asked<'a>(
    bound: &'a Bound,
    track: Track,
    revision: &'a Revision,
) -> Result<Asked<'a>, TargetError> {
    let refuse = |message: String| {
        let (kind, resource) = (TargetErrorKind::Unsupported, bound.service(track));
        Err(found(kind, "ecs:UpdateService", &resource, message))
    };
    match (revision, bound.tracks.of(track).recorded()) {
        (Revision::Release(images), _) => Ok(Asked::Release(images)),
        (Revision::Recorded, Some(arn)) => Ok(Asked::Recorded(arn)),
        (Revision::Absent, Some(_)) => refuse(
            "it was there when the rollout began and is never removed; scale it to 0".to_owned(),
        ),
        (Revision::Recorded | Revision::Absent, None) => Ok(Asked::Nothing),
        (Revision::Named(name), _) => Ok(Asked::Named(name)),
        (other, _) => refuse(format!("{other} means nothing here")),
    }
}
