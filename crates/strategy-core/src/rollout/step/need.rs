//! How much ready capacity a share of traffic needs, and which share a capacity covers.

use crate::track::Track;
use crate::traffic::Traffic;
use crate::weight::Weight;

/// Ready pods that `track` needs for its part of `traffic`: `ceil(share × baseline)`, at least 1 where
/// any request may reach it, 0 where none does.
///
/// A copied request costs the candidate as much as a real one, so a mirror counts like weight.
pub(in crate::rollout) fn need(traffic: &Traffic, track: Track, baseline: u32) -> u32 {
    let (reached, share) = match track {
        Track::Stable => (traffic.reaches_stable(), traffic.weight.rest()),
        Track::Candidate => (traffic.reaches_candidate(), traffic.candidate_share()),
    };
    if reached {
        share.ceil_of(baseline).max(1)
    } else {
        0
    }
}

/// What all of the traffic needs of one side.
pub(super) fn need_of_all(baseline: u32) -> u32 {
    baseline.max(1)
}

/// Whether new requests may reach `track` under `traffic`.
pub(super) const fn reaches(traffic: &Traffic, track: Track) -> bool {
    match track {
        Track::Stable => traffic.reaches_stable(),
        Track::Candidate => traffic.reaches_candidate(),
    }
}

/// What `track` must have ready for the change from `written` to `target`; `None` if the change brings
/// no request to it that did not go there before.
pub(super) fn need_of_gain(
    written: &Traffic,
    target: &Traffic,
    track: Track,
    baseline: u32,
) -> Option<u32> {
    let more_weight = match track {
        Track::Stable => target.weight < written.weight,
        Track::Candidate => target.weight > written.weight || target.mirror > written.mirror,
    };
    let routed = match track {
        // Routes never lowered what stable needs, so giving them up asks only that somebody answers.
        Track::Stable => written
            .routes
            .iter()
            .any(|route| !target.routes.contains(route)),
        Track::Candidate => target
            .routes
            .iter()
            .any(|route| !written.routes.contains(route)),
    };
    match (more_weight, routed, track) {
        (true, _, _) | (false, true, Track::Candidate) => Some(need(target, track, baseline)),
        (false, true, Track::Stable) => Some(1),
        (false, false, _) => None,
    }
}

/// The weight nearest to `target` on the way from `written` that `ready` pods of the gaining `track`
/// cover, as a multiple of `granularity`; `None` if none is nearer than what is written.
pub(super) fn covered_weight(
    written: Weight,
    target: Weight,
    track: Track,
    ready: u32,
    baseline: u32,
    granularity: Weight,
) -> Option<Weight> {
    let share = share_covered_by(ready, baseline);
    match track {
        Track::Candidate => {
            let weight = share.floor_to(granularity).min(target);
            (weight > written).then_some(weight)
        }
        Track::Stable => {
            let weight = ceil_to(share.rest(), granularity).max(target);
            (weight < written).then_some(weight)
        }
    }
}

/// The largest share whose need is met, rounded down: a share that is a hair too large needs a pod more.
fn share_covered_by(ready: u32, baseline: u32) -> Weight {
    let full = Weight::FULL.basis_points();
    let points = u64::from(ready) * u64::from(full) / u64::from(need_of_all(baseline));
    u16::try_from(points)
        .ok()
        .and_then(|points| Weight::from_basis_points(points).ok())
        .unwrap_or(Weight::FULL)
}

fn ceil_to(weight: Weight, step: Weight) -> Weight {
    let floor = weight.floor_to(step);
    if floor == weight {
        return weight;
    }
    Weight::from_basis_points(floor.basis_points().saturating_add(step.basis_points()))
        .unwrap_or(Weight::FULL)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::traffic::{Route, RouteBy};

    fn percent(percent: u16) -> Weight {
        Weight::from_percent(percent).unwrap()
    }

    fn route() -> Route {
        Route {
            by: RouteBy::Header,
            name: "x-canary".into(),
            value: "1".into(),
        }
    }

    #[test]
    fn need_rounds_up_and_is_at_least_one_where_requests_come() {
        let check = |traffic: &Traffic, baseline, stable, candidate| {
            assert_eq!(
                (
                    need(traffic, Track::Stable, baseline),
                    need(traffic, Track::Candidate, baseline)
                ),
                (stable, candidate),
                "{traffic} of {baseline}"
            );
        };
        check(&Traffic::weight(percent(0)), 3, 3, 0);
        check(&Traffic::weight(percent(1)), 3, 3, 1);
        check(&Traffic::weight(percent(34)), 3, 2, 2);
        check(&Traffic::weight(percent(100)), 3, 0, 3);
        check(&Traffic::weight(percent(50)), 0, 1, 1);
        let mirrored = Traffic {
            mirror: percent(100),
            ..Traffic::weight(percent(0))
        };
        check(&mirrored, 3, 3, 3);
        let routed = Traffic {
            routes: vec![route()],
            ..Traffic::weight(percent(0))
        };
        check(&routed, 3, 3, 1);
    }

    #[test]
    fn only_a_side_that_is_brought_requests_gains() {
        let gains = |written: &Traffic, target: &Traffic| {
            Track::ALL.map(|track| need_of_gain(written, target, track, 4))
        };
        let (none, half) = (Traffic::weight(percent(0)), Traffic::weight(percent(50)));
        assert_eq!(gains(&none, &half), [None, Some(2)]);
        assert_eq!(gains(&half, &none), [Some(4), None]);
        assert_eq!(gains(&half, &half), [None, None]);
        let routed = Traffic {
            routes: vec![route()],
            ..Traffic::weight(percent(0))
        };
        assert_eq!(gains(&none, &routed), [None, Some(1)]);
        assert_eq!(gains(&routed, &none), [Some(1), None]);
        let mirrored = Traffic {
            mirror: percent(75),
            ..Traffic::weight(percent(0))
        };
        assert_eq!(gains(&none, &mirrored), [None, Some(3)]);
        assert_eq!(gains(&mirrored, &none), [None, None]);
    }

    #[test]
    fn a_covered_weight_is_nearer_a_multiple_and_covered() {
        for baseline in 0..=7 {
            for ready in 0..=baseline + 1 {
                for (granularity, from, to) in
                    [1, 5, 10, 30, 50, 100].into_iter().flat_map(|step| {
                        let ends = [0, 10, 30, 50, 90, 100];
                        ends.into_iter()
                            .flat_map(move |a| ends.into_iter().map(move |b| (step, a, b)))
                    })
                {
                    let (step, from, to) = (percent(granularity), percent(from), percent(to));
                    let track = if to < from {
                        Track::Stable
                    } else {
                        Track::Candidate
                    };
                    let found = covered_weight(from, to, track, ready, baseline, step);
                    let Some(weight) = found else {
                        continue;
                    };
                    assert!(weight.distance(to) < from.distance(to), "{found:?}");
                    assert!(need(&Traffic::weight(weight), track, baseline) <= ready);
                    assert!(
                        weight == to || weight == Weight::FULL || weight.floor_to(step) == weight,
                        "{weight} is no multiple of {step}"
                    );
                }
            }
        }
        let back = |ready, step| {
            covered_weight(
                percent(50),
                percent(0),
                Track::Stable,
                ready,
                10,
                percent(step),
            )
        };
        assert_eq!(back(6, 1), Some(percent(40)));
        assert_eq!(back(6, 100), None, "all or nothing");
        assert_eq!(back(10, 100), Some(percent(0)));
        assert_eq!(back(5, 1), None);
    }
}
