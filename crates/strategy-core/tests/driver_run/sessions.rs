//! Sessions that stay with a track for longer than a stage may take.

use strategy_core::rollout::Reason;

use super::*;

fn of_an_hour() -> World {
    World::seeded(7)
        .stable("registry.example/app:1", 4)
        .requests_per_second(50)
        .sessions("10%".parse().unwrap(), Duration::from_secs(3600))
        .build()
        .unwrap()
}

/// What the plan says of them, and how its rollout ends.
fn told(canary: &Canary) -> (Vec<String>, Outcome) {
    let world = of_an_hour();
    let planned = async { driver(&world).plan(canary, release()).await.unwrap() };
    let planned = world.block_on(planned).unwrap();
    let said = planned.findings.iter().map(|finding| finding.code.clone());
    let run = async {
        driver(&world)
            .start(canary, release())
            .await
            .unwrap()
            .1
            .await
    };
    (said.collect(), world.block_on(run).unwrap().unwrap())
}

#[test]
fn sessions_that_outlast_the_deadline_are_told_of_before_the_rollout_begins() {
    let (said, outcome) = told(&canary());
    assert!(matches!(outcome, Outcome::RolledBack { .. }), "{outcome}");
    // Where stable is given the release, and where the candidate is removed.
    assert_eq!(said, ["requests-outlast-stage"; 2]);
    let patient = canary().deadline(Duration::from_secs(2 * 3600));
    assert_eq!(told(&patient), (Vec::new(), Outcome::Promoted));
    // Who watches for an hour has waited for stable's, and not for those of the candidate that return.
    let (said, outcome) = told(&canary().bake(Duration::from_secs(3600)));
    assert_eq!(said, ["requests-outlast-stage"; 1]);
    let at = |stage: &str| matches!(&outcome, Outcome::RolledBack { reason: Reason::Deadline { stage: of, .. } } if of.as_str() == stage);
    assert!(at("retire"), "{outcome}");
}
