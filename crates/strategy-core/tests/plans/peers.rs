//! The peers' tables of weights and canary scales, as data; `source` says whose.

use strategy_core::strategy::{Canary, CandidateCapacity};
use strategy_core::{Capacity, Strategy, Weight, share};

use crate::found::{Place, percent};
use crate::shapes::{plan, release};

/// Agrees with the source, or differs from it on purpose.
enum Peer {
    Agrees,
    Differs(&'static str),
}
use Peer::{Agrees, Differs};

#[test]
fn the_share_of_stable_at_each_stage() {
    const STEPS: &str = "flagger scheduler_svc_test.go";
    const TOO_MUCH: &str = "theirs takes a weight above 100% for all; ours refuses it";
    // The weights that its settings come to, stable's share at each, peer.
    let rows: [(&str, &[u16], &[u16], Peer); 4] = [
        // Steps of 20% to at most 50%: the step that passes it is the last before promotion.
        (STEPS, &[20, 40, 60], &[100, 80, 60, 40], Agrees),
        // Steps of 50% to at most 100%.
        (STEPS, &[50, 100], &[100, 50, 0], Agrees),
        (STEPS, &[1, 2, 10, 80], &[100, 99, 98, 90, 20], Agrees),
        (
            STEPS,
            &[1, 2, 10, 200],
            &[100, 99, 98, 90, 0],
            Differs(TOO_MUCH),
        ),
    ];
    for (source, weights, stable, peer) in rows {
        let canary = Canary::new()
            .stages(weights.iter().copied())
            .promote_directly();
        let made = canary.plan(&release(), &Place::routed("api", 10).found());
        match (made, peer) {
            (Ok(made), Agrees) => {
                let goals = made.stages().iter().flat_map(|stage| stage.goals.values());
                let shares = goals.map(|goal| goal.traffic.weight.rest());
                let shares: Vec<Weight> = shares.take(weights.len()).collect();
                let theirs: Vec<Weight> = stable[1..].iter().map(|share| percent(*share)).collect();
                assert_eq!(shares, theirs, "{source}: {weights:?}");
                let next = made.stages()[weights.len()].name.as_str();
                assert_eq!(next, "promote", "{source}: {weights:?}");
            }
            (Err(error), Differs(why)) => {
                assert!(
                    error.to_string().contains("at most 100%"),
                    "{source}: {error}; {why}"
                );
            }
            (made, _) => panic!("{source}: {weights:?}: {made:?}"),
        }
    }
}

#[test]
fn the_replicas_of_a_canary_behind_a_router() {
    const SCALE: &str = "argo-rollouts TestCalculateReplicaCountsForCanary";
    const ROUTED: &str = "argo-rollouts TestCalculateReplicaCountsForCanaryTrafficRouting";
    const TWICE: &str =
        "theirs lets a canary be larger than stable by a percentage; ours by a count";
    const CAPPED: &str =
        "theirs caps the least number by the workload's; ours keeps what was asked for";
    let fixed = |capacity| Some(CandidateCapacity::Fixed(capacity));
    let at_least = |at_least| {
        Some(CandidateCapacity::FollowsWeight {
            headroom: Weight::ZERO,
            at_least,
        })
    };
    // Source, replicas, weight, capacity, candidate and what the peer has; stable keeps all it had.
    #[rustfmt::skip]
    let rows = [
        (ROUTED, 10, 10, None, 1, 1, Agrees),
        (SCALE, 1, 100, fixed(Capacity::Count(9)), 9, 9, Agrees),
        (SCALE, 4, 100, fixed(Capacity::Count(8)), 8, 8, Agrees),
        (SCALE, 4, 100, fixed(Capacity::Share(Weight::FULL)), 4, 8, Differs(TWICE)),
        // The scale follows the traffic.
        (SCALE, 10, 20, None, 2, 2, Agrees),
        (SCALE, 10, 5, at_least(2), 2, 2, Agrees),
        (SCALE, 1, 100, at_least(2), 2, 1, Differs(CAPPED)),
    ];
    for (source, replicas, weight, capacity, candidate, theirs, peer) in rows {
        let mut canary = Canary::new().stages([weight]).promote_directly();
        if let Some(capacity) = capacity {
            canary = canary.capacity(capacity);
        }
        let made = plan(&canary, &Place::routed("api", replicas).found());
        let goal = made.stages()[0].goals.values().next().unwrap();
        let row = format!("{source}: {weight}% of {replicas}");
        let counted = |capacity, recorded| share::count(capacity, replicas, recorded);
        assert_eq!(counted(goal.candidate.capacity, 0), candidate, "{row}");
        assert_eq!(counted(goal.stable.capacity, replicas), replicas, "{row}");
        match peer {
            Agrees => assert_eq!(candidate, theirs, "{row}"),
            Differs(why) => assert_ne!(candidate, theirs, "{row}: no longer differs ({why})"),
        }
    }
    assert!(Weight::from_percent(200).is_err(), "{SCALE}: {TWICE}");
}
