//! The peers' oracle tables and the tables of five real systems, as data; `source` says whose.
//!
//! Where a row ends in `Differs`, the peer gives another number and the text says why ours is ours.

use super::*;

/// Agrees with the source, or differs from it on purpose.
#[derive(Clone, Copy)]
enum Peer {
    Agrees,
    Differs {
        theirs: (u32, u32),
        why: &'static str,
    },
}
use Peer::{Agrees, Differs};

/// Source, replicas, surge, weights in percent, candidate, stable, and what the peer says.
type Split = (&'static str, u32, u32, &'static [u16], u32, u32, Peer);
/// Source, baseline, weight in percent, replicas, and the other number that the peer has, with why.
type Need = (&'static str, u32, u16, u32, Option<(u32, &'static str)>);

fn percent(percent: u16) -> Weight {
    Weight::from_percent(percent).unwrap()
}

const ARGO: &str = "argo-rollouts TestApproximateWeightedNewStableReplicaCounts";
const ONE_REPLICA: &str = "one replica cannot be shared: theirs gives 0% or 100%, and a stage at 50% that takes everything is no stage";

#[test]
fn the_nearest_split_is_the_peers_nearest_split() {
    // source, replicas, surge, weights in percent, candidate, stable, peer
    #[rustfmt::skip]
    let rows: &[Split] = &[
        (ARGO, 0, 0, &[0, 50, 100], 0, 0, Agrees),
        (ARGO, 1, 0, &[0], 0, 1, Agrees),
        (ARGO, 1, 0, &[1, 49], 1, 1, Differs { theirs: (0, 1), why: ONE_REPLICA }),
        (ARGO, 1, 0, &[50, 99], 1, 1, Differs { theirs: (1, 0), why: ONE_REPLICA }),
        (ARGO, 1, 0, &[100], 1, 0, Agrees),
        (ARGO, 1, 1, &[1, 49, 50, 99], 1, 1, Agrees),
        (ARGO, 1, 1, &[100], 1, 0, Agrees),
        (ARGO, 2, 0, &[0], 0, 2, Agrees),
        (ARGO, 2, 0, &[1, 50, 99], 1, 1, Agrees),
        (ARGO, 2, 0, &[100], 2, 0, Agrees),
        (ARGO, 2, 1, &[1], 1, 2, Agrees),
        (ARGO, 2, 1, &[50], 1, 1, Agrees),
        (ARGO, 2, 1, &[99], 2, 1, Agrees),
        (ARGO, 2, 1, &[100], 2, 0, Agrees),
        (ARGO, 3, 0, &[10, 25, 33, 34, 49], 1, 2, Agrees),
        (ARGO, 3, 0, &[50], 2, 1, Agrees),
        (ARGO, 3, 1, &[10, 25], 1, 3, Agrees),
        (ARGO, 3, 1, &[33, 34], 1, 2, Agrees),
        (ARGO, 3, 1, &[49, 50], 2, 2, Agrees),
        (ARGO, 10, 0, &[1, 14], 1, 9, Agrees),
        (ARGO, 10, 0, &[15, 16], 2, 8, Agrees),
        (ARGO, 10, 0, &[99], 9, 1, Agrees),
        (ARGO, 10, 1, &[0], 0, 10, Agrees),
        (ARGO, 10, 1, &[1], 1, 10, Agrees),
        (ARGO, 10, 1, &[18, 19], 2, 9, Agrees),
        (ARGO, 10, 1, &[20, 23], 2, 8, Agrees),
        (ARGO, 10, 1, &[24, 25], 3, 8, Agrees),
        (ARGO, 10, 1, &[99], 10, 1, Agrees),
        (ARGO, 10, 1, &[100], 10, 0, Agrees),
        ("EstateWise documented pool of 4", 4, 0, &[10, 25], 1, 3, Agrees),
        ("EstateWise documented pool of 4", 4, 0, &[50], 2, 2, Agrees),
        ("EstateWise documented pool of 4", 4, 0, &[75], 3, 1, Agrees),
        ("EstateWise documented pool of 4", 4, 0, &[100], 4, 0, Agrees),
        ("EstateWise script, pool of 3", 3, 0, &[10, 25], 1, 2, Agrees),
        ("EstateWise script, pool of 3", 3, 0, &[50], 2, 1,
            Differs { theirs: (1, 2), why: "floor makes its 10, 25 and 50 one and the same stage" }),
        ("EstateWise script, pool of 3", 3, 0, &[75], 2, 1, Agrees),
        ("Fusion script, pool of 10", 10, 0, &[10], 1, 9, Agrees),
        ("Fusion script, pool of 10", 10, 0, &[25], 3, 7,
            Differs { theirs: (2, 8), why: "equally near; the larger share has the larger capacity" }),
        ("Fusion script, pool of 10", 10, 0, &[50], 5, 5, Agrees),
        ("Fusion script, pool of 10", 10, 0, &[75], 8, 2,
            Differs { theirs: (7, 3), why: "equally near; the larger share has the larger capacity" }),
        ("Fusion script, pool of 10", 10, 0, &[100], 10, 0, Agrees),
        ("a pool of 20 is exact", 20, 0, &[5], 1, 19, Agrees),
        ("a pool of 20 is exact", 20, 0, &[10], 2, 18, Agrees),
        ("a pool of 20 is exact", 20, 0, &[25], 5, 15, Agrees),
        ("a pool of 20 is exact", 20, 0, &[50], 10, 10, Agrees),
        ("a pool of 20 is exact", 20, 0, &[75], 15, 5, Agrees),
        ("a pool of 20 is exact", 20, 0, &[100], 20, 0, Agrees),
    ];
    for (source, total, surge, weights, candidate, stable, peer) in rows {
        for weight in *weights {
            let split = ShareSplit::nearest(percent(*weight), *total, *surge);
            let ours = (split.candidate, split.stable);
            assert_eq!(
                ours,
                (*candidate, *stable),
                "{source}: {weight}% of {total}+{surge}"
            );
            if let Differs { theirs, why } = peer {
                assert_ne!(ours, *theirs, "{source}: no longer differs ({why})");
            }
        }
    }
}

#[test]
fn the_achieved_share_and_its_deviation_are_stated() {
    for (total, surge, weight, said) in [
        (3, 0, 10, "33.33%, 23.33% off"),
        (3, 1, 10, "25%, 15% off"),
        (4, 0, 10, "25%, 15% off"),
        (4, 0, 25, "25%"),
        (10, 0, 25, "30%, 5% off"),
        (10, 0, 75, "80%, 5% off"),
        (10, 1, 25, "27.27%, 2.27% off"),
        (1, 0, 10, "50%, 40% off"),
    ] {
        let split = ShareSplit::nearest(percent(weight), total, surge);
        assert_eq!(split.to_string(), said, "{weight}% of {total}+{surge}");
    }
    for weight in [5, 10, 25, 50, 75, 100] {
        let split = ShareSplit::nearest(percent(weight), 20, 0);
        assert_eq!(split.deviation, Weight::ZERO, "{weight}% of 20");
    }
}

#[test]
fn no_other_split_of_the_same_total_is_nearer() {
    for total in 2..=40u32 {
        for points in (0..=10_000).step_by(50) {
            let planned = Weight::from_basis_points(points).unwrap();
            let split = ShareSplit::nearest(planned, total, 0);
            assert_eq!(split.total(), total);
            assert_eq!(split.candidate == 0, planned.is_zero());
            assert_eq!(split.stable == 0, planned == Weight::FULL);
            for candidate in 1..total {
                assert!(
                    planned.is_zero()
                        || planned == Weight::FULL
                        || distance(planned, split.candidate, total)
                            <= distance(planned, candidate, total),
                    "{planned} of {total}: {candidate} is nearer than {}",
                    split.candidate
                );
            }
        }
    }
}

#[test]
fn a_larger_weight_never_means_fewer_replicas() {
    for (total, surge) in [(1, 0), (3, 0), (4, 0), (10, 0), (23, 0)] {
        let mut last = 0;
        for points in 0..=10_000 {
            let planned = Weight::from_basis_points(points).unwrap();
            let candidate = ShareSplit::nearest(planned, total, surge).candidate;
            assert!(candidate >= last, "{planned} of {total}");
            last = candidate;
        }
        assert_eq!(last, total);
    }
}

#[test]
fn the_need_behind_a_routed_weight() {
    const WEIGHT_TO_REPLICAS: &str = "argo-rollouts TestTrafficWeightToReplicas";
    const PETSWIPE: &str = "PetSwipe canary-deploy.sh";
    const STRAINED: &str = "theirs keeps the first count up to 50%: at 25% two tasks of 22 carry a quarter, 3.3 times their load";
    // source, baseline, weight in percent, replicas, peer
    #[rustfmt::skip]
    let rows: &[Need] = &[
        (WEIGHT_TO_REPLICAS, 10, 0, 0, None),
        (WEIGHT_TO_REPLICAS, 10, 20, 2, None),
        (WEIGHT_TO_REPLICAS, 10, 25, 3, None),
        (WEIGHT_TO_REPLICAS, 10, 33, 4, None),
        (WEIGHT_TO_REPLICAS, 10, 99, 10, None),
        (WEIGHT_TO_REPLICAS, 10, 100, 10, None),
        (WEIGHT_TO_REPLICAS, 23, 100, 23, None),
        (PETSWIPE, 4, 5, 1, None),
        (PETSWIPE, 4, 10, 1, None),
        (PETSWIPE, 4, 25, 1, None),
        (PETSWIPE, 4, 50, 2, None),
        (PETSWIPE, 4, 100, 4, None),
        (PETSWIPE, 20, 5, 1, Some((2, "theirs starts at a tenth of blue; one task covers 5% of 20"))),
        (PETSWIPE, 20, 10, 2, None),
        (PETSWIPE, 20, 25, 5, Some((2, STRAINED))),
        (PETSWIPE, 20, 50, 10, None),
        (PETSWIPE, 20, 100, 20, None),
        ("EstateWise pool of 4", 4, 75, 3, None),
        ("OpenKruise batch control", 10, 20, 2, None),
        ("OpenKruise batch control", 10, 100, 10, None),
    ];
    for (source, baseline, weight, replicas, differs) in rows {
        let ours = need(percent(*weight), *baseline);
        assert_eq!(ours, *replicas, "{source}: {weight}% of {baseline}");
        if let Some((theirs, why)) = differs {
            assert_ne!(ours, *theirs, "{source}: no longer differs ({why})");
        }
    }
}

#[test]
fn the_smallest_share_still_needs_one() {
    let least = Weight::from_basis_points(1).unwrap();
    for baseline in [0, 1, 2, 9_999, 10_000] {
        assert_eq!(need(least, baseline), 1, "{baseline}");
    }
    assert_eq!(need(least, 10_001), 2);
    assert_eq!(need(Weight::FULL, u32::MAX), u32::MAX);
    assert_eq!(count(Capacity::Recorded, 9, 4), 4);
    assert_eq!(count(Capacity::Count(3), 9, 4), 3);
    assert_eq!(count(Capacity::Share(Weight::HALF), 9, 4), 5);
}

#[test]
fn bounds_of_a_rolling_update() {
    const FENCEPOSTS: &str = "argo-rollouts TestResolveFenceposts";
    const UNAVAILABLE: &str = "argo-rollouts TestMaxUnavailable";
    // source, surge, unavailable, replicas, surge in replicas, unavailable in replicas
    #[rustfmt::skip]
    let rows = [
        (FENCEPOSTS, "39%", "39%", 10, 4, 3),
        (FENCEPOSTS, "0", "39%", 10, 0, 3),
        (FENCEPOSTS, "39%", "0", 10, 4, 0),
        (UNAVAILABLE, "0", "5", 10, 0, 5),
        (UNAVAILABLE, "0", "10", 5, 0, 5),
        (UNAVAILABLE, "0", "1", 0, 0, 0),
        (UNAVAILABLE, "0", "50%", 10, 0, 5),
        (UNAVAILABLE, "0", "100%", 5, 0, 5),
    ];
    for (source, surge, unavailable, replicas, up, down) in rows {
        let surge: Amount = surge.parse().unwrap();
        let unavailable: Amount = unavailable.parse().unwrap();
        assert_eq!(
            (
                surge.rounded_up(replicas),
                unavailable.rounded_down(replicas)
            ),
            (up, down),
            "{source}: {surge} and {unavailable} of {replicas}"
        );
    }
    // Both zero: they take one replica away; `Rolling` adds one instead (see its tests), since a write
    // of ours never lets the ready replicas fall below the baseline.
    for text in ["oops", "", "-1", "101%", "%5", "1.5"] {
        assert!(text.parse::<Amount>().is_err(), "{text}");
    }
}

#[test]
fn replicas_to_percent_and_back() {
    // OpenKruise's util_test.go: whole percents, cut off. Ours are basis points, rounded: a third is
    // 33.33% and not 33%, 98 of 99 is 98.99% and not 97%.
    for (part, whole, text) in [(1, 3, "33.33%"), (98, 99, "98.99%"), (1, 101, "0.99%")] {
        assert_eq!(Weight::of(part, whole).to_string(), text);
    }
    for whole in (1..=10_000u32).step_by(7) {
        for points in (0..=100).map(|p| p * 100) {
            let part = Weight::from_basis_points(points).unwrap().ceil_of(whole);
            let exact = f64::from(part) / f64::from(whole) * 10_000.0;
            let ours = f64::from(Weight::of(part, whole).basis_points());
            assert!((exact - ours).abs() <= 0.5, "{part} of {whole}");
        }
    }
}
