//! What is refused before anything is written, and what is said of other hands.

use strategy_core::target::{Desired, ForeignChange, ForeignField, TargetError, TargetErrorKind};
use strategy_core::{Images, Revision, Track};

use super::platform::State;
use super::target::refused;

/// What the platform cannot do, and what would remove something that was there before.
pub(crate) fn impossible(desired: &Desired, template: &Images) -> Result<(), TargetError> {
    for track in Track::ALL {
        let why = match &desired.track(track).revision {
            Revision::Release(images) => images
                .iter()
                .find(|(name, _)| template.get(name).is_none())
                .map(|(name, _)| format!("there is no container {name}")),
            Revision::Named(name) => Some(format!("there is no revision {name}")),
            Revision::Absent if track == Track::Stable => Some("stable was found, not made".into()),
            Revision::Recorded | Revision::Absent => None,
            _ => Some("there is no such revision".into()), // a later version may know more
        };
        if let Some(why) = why {
            return Err(refused(TargetErrorKind::Unsupported, "update", why));
        }
    }
    Ok(())
}

/// The law: what is neither as it was seen nor as it should be is somebody else's work.
///
/// Field by field, because half of a write may have landed.
pub(crate) fn somebody_elses(
    is: &Desired,
    seen: &Desired,
    desired: &Desired,
) -> Result<(), TargetError> {
    let theirs = [
        is.stable != seen.stable && is.stable != desired.stable,
        is.candidate != seen.candidate && is.candidate != desired.candidate,
        is.traffic != seen.traffic && is.traffic != desired.traffic,
    ];
    if theirs.contains(&true) {
        let why = format!("it is: {is}");
        return Err(refused(TargetErrorKind::Conflict, "update", why));
    }
    Ok(())
}

/// What differs from what we wrote last, and who wrote since.
pub(crate) fn foreign(state: &State) -> Vec<ForeignChange> {
    let (is, ours) = (&state.is, &state.ours);
    let tracks = || Track::ALL.map(|track| (is.track(track), ours.track(track)));
    let differs = [
        (ForeignField::Traffic, is.traffic != ours.traffic),
        (
            ForeignField::Capacity,
            tracks()
                .iter()
                .any(|(is, ours)| is.replicas != ours.replicas),
        ),
        (
            ForeignField::Revision,
            tracks()
                .iter()
                .any(|(is, ours)| is.revision != ours.revision),
        ),
    ];
    let theirs = differs.into_iter().filter(|(_, differs)| *differs);
    theirs
        .map(|(field, _)| ForeignChange::new(&state.by, field, format!("it is: {is}")))
        .collect()
}
