//! Replicas behind a routed weight, and how many of them must be ready.

use super::*;

/// Source, baseline, weight in percent, replicas, and what the peer says.
type Row = (&'static str, u32, u16, u32, Peer<u32>);

#[test]
fn the_need_behind_a_routed_weight() {
    const WEIGHT_TO_REPLICAS: &str = "argo-rollouts TestTrafficWeightToReplicas";
    const PETSWIPE: &str = "PetSwipe canary-deploy.sh";
    const STRAINED: &str = "theirs keeps the first count up to 50%: at 25% two tasks of 22 carry a quarter, 3.3 times their load";
    // source, baseline, weight in percent, replicas, peer
    #[rustfmt::skip]
    let rows: &[Row] = &[
        (WEIGHT_TO_REPLICAS, 10, 0, 0, Agrees),
        (WEIGHT_TO_REPLICAS, 10, 20, 2, Agrees),
        (WEIGHT_TO_REPLICAS, 10, 25, 3, Agrees),
        (WEIGHT_TO_REPLICAS, 10, 33, 4, Agrees),
        (WEIGHT_TO_REPLICAS, 10, 99, 10, Agrees),
        (WEIGHT_TO_REPLICAS, 10, 100, 10, Agrees),
        (WEIGHT_TO_REPLICAS, 23, 100, 23, Agrees),
        (PETSWIPE, 4, 5, 1, Agrees),
        (PETSWIPE, 4, 10, 1, Agrees),
        (PETSWIPE, 4, 25, 1, Agrees),
        (PETSWIPE, 4, 50, 2, Agrees),
        (PETSWIPE, 4, 100, 4, Agrees),
        (PETSWIPE, 20, 5, 1, Differs { theirs: 2, why: "theirs starts at a tenth of blue; one task covers 5% of 20" }),
        (PETSWIPE, 20, 10, 2, Agrees),
        (PETSWIPE, 20, 25, 5, Differs { theirs: 2, why: STRAINED }),
        (PETSWIPE, 20, 50, 10, Agrees),
        (PETSWIPE, 20, 100, 20, Agrees),
        ("EstateWise pool of 4", 4, 75, 3, Agrees),
    ];
    for (source, baseline, weight, replicas, peer) in rows {
        let row = format!("{source}: {weight}% of {baseline}");
        peer.check(&row, need(percent(*weight), *baseline), *replicas);
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
fn the_share_that_must_be_ready() {
    const PROGRESS: &str = "argo-rollouts TestAllReplicaProgressThresholdMet";
    const AVAILABLE: &str = "argo-rollouts TestCheckReplicaSetAvailable";
    const PERCENT: &str = "flagger deployment_ready_test.go";
    // source, share in percent, wanted, ready, enough
    #[rustfmt::skip]
    let rows: &[(&str, u16, u32, u32, bool)] = &[
        (PROGRESS, 90, 10, 9, true),
        (PROGRESS, 90, 10, 8, false),
        // None is given: all of them.
        (PROGRESS, 100, 10, 5, false),
        (PROGRESS, 90, 0, 0, true),
        (AVAILABLE, 80, 5, 4, true),
        (AVAILABLE, 80, 5, 3, false),
        (AVAILABLE, 50, 2, 1, true),
        (AVAILABLE, 50, 2, 0, false),
        (AVAILABLE, 100, 2, 2, true),
        (AVAILABLE, 0, 2, 0, true),
        (PERCENT, 50, 4, 2, true),
        (PERCENT, 50, 4, 1, false),
    ];
    for (source, share, wanted, ready, enough) in rows {
        let ours = *ready >= percent(*share).ceil_of(*wanted);
        assert_eq!(ours, *enough, "{source}: {ready} of {wanted} at {share}%");
    }
    // Theirs takes a negative threshold as 100%, ours has no way to say it.
    assert!("-1%".parse::<Weight>().is_err());
}
