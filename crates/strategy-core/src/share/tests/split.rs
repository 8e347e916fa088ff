//! Counts that come nearest to a weight.

use super::*;

/// Source, replicas, surge, weights in percent, candidate, stable, and what the peer says.
type Row = (
    &'static str,
    u32,
    u32,
    &'static [u16],
    u32,
    u32,
    Peer<(u32, u32)>,
);

const ARGO: &str = "argo-rollouts TestApproximateWeightedNewStableReplicaCounts";
const ONE_REPLICA: &str = "one replica cannot be shared: theirs gives 0% or 100%, and a stage at 50% that takes everything is no stage";

#[test]
fn the_nearest_split_is_the_peers_nearest_split() {
    // source, replicas, surge, weights in percent, candidate, stable, peer
    #[rustfmt::skip]
    let rows: &[Row] = &[
        (ARGO, 0, 0, &[0, 50, 100], 0, 0, Agrees),
        (ARGO, 0, 1, &[0, 50, 100], 0, 0, Agrees),
        (ARGO, 1, 0, &[0], 0, 1, Agrees),
        (ARGO, 1, 0, &[1, 49], 1, 1, Differs { theirs: (0, 1), why: ONE_REPLICA }),
        (ARGO, 1, 0, &[50, 99], 1, 1, Differs { theirs: (1, 0), why: ONE_REPLICA }),
        (ARGO, 1, 0, &[100], 1, 0, Agrees),
        (ARGO, 1, 1, &[0], 0, 1, Agrees),
        (ARGO, 1, 1, &[1, 49, 50, 99], 1, 1, Agrees),
        (ARGO, 1, 1, &[100], 1, 0, Agrees),
        (ARGO, 2, 0, &[0], 0, 2, Agrees),
        (ARGO, 2, 0, &[1, 50, 99], 1, 1, Agrees),
        (ARGO, 2, 0, &[100], 2, 0, Agrees),
        (ARGO, 2, 1, &[0], 0, 2, Agrees),
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
        ("EstateWise script, pool of 3", 3, 0, &[100], 3, 0, Agrees),
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
            let row = format!("{source}: {weight}% of {total}+{surge}");
            let ours = (split.candidate, split.stable);
            peer.check(&row, ours, (*candidate, *stable));
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
