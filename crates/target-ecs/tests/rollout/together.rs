//! Targets that share an account: calls made together, and the calls that AWS allows.

use std::collections::BTreeMap;
use std::time::Duration;

use futures::future::{join, join_all};
use serde_json::json;
use strategy_core::driver::Driver;
use strategy_core::rollout::Outcome;
use strategy_core::target::{Binding, Certainty, Observation, TargetError, TargetErrorKind};
use strategy_core::world::block_on;
use strategy_core::{Release, Target};
use target_ecs::EcsTarget;
use test_support::ecs::{Fault, Service, Settings};

use crate::crowd::{Crowd, account, builder};
use crate::scene::{Scene, five_steps};

impl Crowd {
    fn run<T>(&self, future: impl Future<Output = T>) -> T {
        block_on(&self.clock, future).unwrap()
    }

    fn found(&self, targets: &[EcsTarget]) -> Vec<Binding> {
        let found = targets.iter().map(Target::discover);
        let found = self.run(join_all(found)).into_iter();
        found.map(|found| found.unwrap().binding).collect()
    }

    /// All look at once.
    fn look(
        &self,
        targets: &[EcsTarget],
        bindings: &[Binding],
    ) -> Vec<Result<Observation, TargetError>> {
        let looks = targets.iter().zip(bindings);
        let looks = looks.map(|(target, binding)| target.observe(binding));
        self.run(join_all(looks))
    }
}

fn counted(counts: &BTreeMap<String, usize>, operation: &str) -> usize {
    counts.get(operation).copied().unwrap_or_default()
}

#[test]
fn looks_that_happen_together_are_made_together() {
    let crowd = Crowd::open(10, Settings::default());
    let targets = crowd.targets();
    let bindings = crowd.found(&targets);
    let before = crowd.fake.next_index();
    for seen in crowd.look(&targets, &bindings) {
        assert_eq!(seen.unwrap().stable.written.unwrap().replicas.number(), 2);
    }
    let counts = crowd.since(before);
    println!("ten looks: {counts:?}");
    // Ten services and ten that are not there yet, ten of which one call describes.
    assert_eq!(counted(&counts, "DescribeServices"), 2);
    assert_eq!(counted(&counts, "DescribeRules"), 1);
    assert_eq!(counted(&counts, "DescribeTasks"), 1);
    assert_eq!(counted(&counts, "ListTasks"), 10);
}

#[test]
fn nobody_waits_for_company_that_cannot_come() {
    let crowd = Crowd::open(1, Settings::default());
    let targets = crowd.targets();
    let bindings = crowd.found(&targets);
    let before = crowd.clock.now();
    crowd.look(&targets, &bindings).pop().unwrap().unwrap();
    assert_eq!(crowd.clock.now(), before);
}

/// The law of looks: one that begins after a write is not answered by a call that began before it.
#[test]
fn a_look_joins_no_call_that_is_under_way() {
    let latency = Duration::from_millis(500);
    let crowd = Crowd::open(
        2,
        Settings {
            latency,
            ..Settings::default()
        },
    );
    let targets = crowd.targets();
    let bindings = crowd.found(&targets);
    let look = |index: usize| targets[index].observe(&bindings[index]);
    let later = |after: u64| {
        let (clock, look) = (crowd.clock.clone(), look(1));
        async move {
            let at = clock.now() + Duration::from_millis(after);
            clock.sleep_until(at).await;
            look.await
        }
    };
    for (after, calls) in [(20, 1), (70, 2), (300, 2)] {
        let before = crowd.fake.next_index();
        let (one, other) = crowd.run(join(look(0), later(after)));
        one.unwrap();
        other.unwrap();
        let counts = crowd.since(before);
        assert_eq!(counted(&counts, "DescribeServices"), calls, "{after} ms");
        assert_eq!(counted(&counts, "DescribeRules"), calls, "{after} ms");
    }
}

#[test]
fn what_cannot_be_told_of_one_is_told_of_the_others() {
    let crowd = Crowd::open(4, Settings::default());
    let targets = crowd.targets();
    let bindings = crowd.found(&targets);
    let rule = json!({"RuleArn": crowd.rules[2]});
    let deleted = crowd
        .fake
        .as_somebody_else(Service::LoadBalancing, "DeleteRule", rule);
    deleted.unwrap();
    // The first time the call that they share fails; then the one that failed is asked alone.
    for calls in [1 + 4, 1 + 1] {
        let before = crowd.fake.next_index();
        for (index, seen) in crowd.look(&targets, &bindings).into_iter().enumerate() {
            match seen {
                Ok(_) => assert_ne!(index, 2),
                Err(error) => {
                    assert_eq!((index, error.kind), (2, TargetErrorKind::NotFound));
                    assert!(error.to_string().contains(&crowd.rules[2][60..]), "{error}");
                }
            }
        }
        assert_eq!(counted(&crowd.since(before), "DescribeRules"), calls);
    }
}

#[test]
fn who_gives_up_takes_nothing_from_the_others() {
    let crowd = Crowd::open(3, Settings::default());
    let targets = crowd.targets();
    let bindings = crowd.found(&targets);
    let look = |index: usize| targets[index].observe(&bindings[index]);
    let all = async {
        let mut first = look(0);
        let others = join(look(1), look(2));
        // It opens the call that the others join, and is gone before that is sent.
        let opened = futures::poll!(first.as_mut());
        assert!(opened.is_pending());
        let leave = async {
            let at = crowd.clock.now() + Duration::from_millis(10);
            crowd.clock.sleep_until(at).await;
            drop(first);
        };
        join(others, leave).await.0
    };
    let (one, other) = crowd.run(all);
    one.unwrap();
    other.unwrap();
}

async fn promoted(target: EcsTarget, crowd: &Crowd) {
    let driver = Driver::on(target).clock(crowd.clock.clone());
    let release = Release::of([("web", "web:2")]).unwrap();
    let (_, run) = driver.start(&five_steps(), release).await.unwrap();
    assert_eq!(run.await.unwrap(), Outcome::Promoted);
}

#[test]
fn rollouts_that_share_an_account_are_never_throttled() {
    let published = || Settings {
        published_buckets: true,
        ..Settings::default()
    };
    let crowd = Crowd::open(20, published());
    let all = crowd.targets().into_iter();
    crowd.run(join_all(all.map(|target| promoted(target, &crowd))));
    assert_eq!(crowd.refused(), 0);
    // Without it they are.
    let crowd = Crowd::open(20, published());
    let targets = crowd.strangers();
    let found = crowd.run(join_all(targets.iter().map(Target::discover)));
    let refused = crowd.refused();
    println!("{refused} calls of strangers were refused");
    assert!(refused > 0);
    assert!(found.iter().any(Result::is_err));
}

#[test]
fn every_call_spends_its_tokens() {
    let scene = Scene::canary();
    let account = account(&scene.fake);
    let target = EcsTarget::on(&account, scene.config());
    let driver = Driver::on(target).clock(scene.clock.clone());
    let release = Release::of([("web", "web:2")]).unwrap();
    let whole = async {
        let (_, run) = driver.start(&five_steps(), release).await.unwrap();
        run.await.unwrap()
    };
    assert_eq!(block_on(&scene.clock, whole).unwrap(), Outcome::Promoted);
    let calls = scene.calls();
    let spent = account.spent();
    println!("{spent:?}");
    let writes = |call: &&test_support::ecs::CallRecord| {
        call.service == Service::LoadBalancing && call.is_write()
    };
    let twice = calls.iter().filter(writes).count();
    let sum: u64 = spent.values().sum();
    assert_eq!(sum, u64::try_from(calls.len() + twice).unwrap());
}

#[test]
fn what_aws_refuses_is_not_asked_again_at_once() {
    let crowd = Crowd::open(2, Settings::default());
    let targets = crowd.targets();
    let bindings = crowd.found(&targets);
    crowd.fake.fault_next("DescribeRules", 1, Fault::Throttled);
    let seen = crowd.look(&targets[..1], &bindings[..1]).pop().unwrap();
    let error = seen.unwrap_err();
    assert_eq!(error.kind, TargetErrorKind::RateLimited, "{error}");
    let from = crowd.clock.now();
    let before = crowd.fake.next_index();
    crowd
        .look(&targets[1..], &bindings[1..])
        .pop()
        .unwrap()
        .unwrap();
    let calls = crowd.fake.calls();
    let rules = calls[before..]
        .iter()
        .find(|call| call.operation == "DescribeRules");
    let waited = rules.unwrap().at.since(from);
    assert!(waited >= Duration::from_millis(1900), "{waited:?}");
}

#[test]
fn what_does_not_get_its_turn_was_certainly_not_sent() {
    let scene = Scene::canary();
    let account = builder(&scene.fake)
        .share(1)
        .patience(Duration::from_secs(5))
        .build();
    let target = EcsTarget::on(&account, scene.config());
    // One token of a hundred, and a tenth of one each second.
    let error = block_on(&scene.clock, async {
        loop {
            if let Err(error) = target.discover().await {
                return error;
            }
        }
    });
    let error = error.unwrap();
    let calls = scene.calls().len();
    assert_eq!(error.kind, TargetErrorKind::RateLimited, "{error}");
    assert_eq!(error.certainty, Certainty::NotTaken);
    assert!(error.to_string().contains("AWS Support"), "{error}");
    assert_eq!(
        calls,
        usize::try_from(account.spent().values().sum::<u64>()).unwrap()
    );
}
