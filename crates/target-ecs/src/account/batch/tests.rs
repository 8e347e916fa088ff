//! Who is in a batch waits as long as alone, and what fails there is remembered no longer than is useful.

use std::sync::Arc;

use futures::future::{join, join_all};
use strategy_core::Timestamp;
use strategy_core::target::TargetErrorKind;
use strategy_core::world::{VirtualClock, block_on};

use super::*;
use crate::account::virtual_time::config;
use crate::error::found;

fn clock() -> VirtualClock {
    VirtualClock::starting_at(Timestamp::from_millis(50_000))
}

/// With two targets in it, so that who asks waits for company.
fn account(clock: &VirtualClock) -> Account {
    use aws_sdk_applicationautoscaling::config::BehaviorVersion;
    use aws_sdk_elasticloadbalancingv2::config::BehaviorVersion as Version;
    let balancers = aws_sdk_elasticloadbalancingv2::Config::builder();
    let scaling = aws_sdk_applicationautoscaling::Config::builder();
    let account = Account::new(
        &aws_sdk_ecs::Client::from_conf(config(clock)),
        &aws_sdk_elasticloadbalancingv2::Client::from_conf(
            balancers.behavior_version(Version::latest()).build(),
        ),
        &aws_sdk_applicationautoscaling::Client::from_conf(
            scaling.behavior_version(BehaviorVersion::latest()).build(),
        ),
    );
    account.joined();
    account.joined();
    account
}

/// AWS says that these calls were too many, so many times in a row.
fn throttled(account: &Account, clock: &VirtualClock, category: CallCategory, times: u32) {
    for time in 0..times {
        if time > 0 {
            clock.advance_to(clock.now() + Duration::from_secs(17));
        }
        account.0.buckets[&category].throttled(account.time().now());
    }
}

type Sending<T> = BoxFuture<'static, Result<Answers<T>, TargetError>>;

fn send(_: Account, scope: String, keys: Vec<String>, _: Turn) -> Sending<String> {
    let answers = keys.into_iter().map(move |key| {
        let answer = format!("{scope}/{key}");
        (key, answer)
    });
    let answers: Answers<String> = answers.collect();
    async move { Ok(answers) }.boxed()
}

/// Answers as long as nobody asks for `wrong`.
fn send_unless_wrong(
    account: Account,
    scope: String,
    keys: Vec<String>,
    turn: Turn,
) -> Sending<String> {
    if keys.iter().any(|key| key.starts_with("wrong")) {
        let about = keys.join(",");
        let kind = TargetErrorKind::Unexpected;
        let error = found(kind, "ecs:DescribeServices", &about, "no");
        return async move { Err(error) }.boxed();
    }
    send(account, scope, keys, turn)
}

/// Answers after five seconds.
fn send_slowly(account: Account, scope: String, keys: Vec<String>, turn: Turn) -> Sending<String> {
    let answer = async move {
        if let Some(sleep) = account.time().sleep(Duration::from_secs(5)) {
            sleep.await;
        }
        send(account, scope, keys, turn).await
    };
    answer.boxed()
}

fn services(send: Call<String>) -> Arc<Batch<String>> {
    Arc::new(Batch::new("ecs:DescribeServices", 10, send))
}

fn ask(account: &Account, key: &str, left: Duration) -> Ask {
    Ask {
        scope: "shop".to_owned(),
        keys: vec![key.to_owned()],
        turn: Turn {
            urgency: Urgency::Look,
            until: account.time().now() + left,
            company: Duration::from_millis(50),
        },
    }
}

const SOON: Duration = Duration::from_secs(1);
const LATER: Duration = Duration::from_secs(20);

/// A look at its end opens a batch, and one that has just begun joins it: the bucket is empty for 2 seconds.
#[test]
fn who_joins_a_batch_keeps_its_own_patience() {
    let clock = clock();
    let account = account(&clock);
    let batch = services(send);
    throttled(&account, &clock, CallCategory::ServiceReads, 1);
    let old = batch.ask(&account, ask(&account, "old", SOON));
    let young = batch.ask(&account, ask(&account, "young", LATER));
    let (old, young) = block_on(&clock, join(old, young)).unwrap();
    let old = old.unwrap_err();
    assert_eq!(old.kind, TargetErrorKind::RateLimited);
    assert_eq!(old.resource, "old");
    assert_eq!(young.unwrap()["young"], "shop/young");
}

/// And who joins late is not held longer than it may wait.
#[test]
fn who_joins_a_batch_is_not_kept_longer_than_it_may_wait() {
    let clock = clock();
    let account = account(&clock);
    let batch = services(send);
    throttled(&account, &clock, CallCategory::ServiceReads, 5);
    let began = clock.now();
    let young = batch.ask(&account, ask(&account, "young", LATER));
    let old = async {
        let old = batch.ask(&account, ask(&account, "old", SOON)).await;
        (old, clock.now().since(began))
    };
    let (young, (old, took)) = block_on(&clock, join(young, old)).unwrap();
    let old = old.unwrap_err();
    assert_eq!(old.kind, TargetErrorKind::RateLimited);
    assert_eq!(old.resource, "old");
    assert!(took <= SOON, "{took:?}");
    young.unwrap();
}

/// What is on its way is answered, however long that takes.
#[test]
fn patience_is_for_the_turn_and_not_for_the_answer() {
    let clock = clock();
    let account = account(&clock);
    let batch = services(send_slowly);
    let answer = batch.ask(&account, ask(&account, "web", SOON));
    let answer = block_on(&clock, answer).unwrap().unwrap();
    assert_eq!(answer["web"], "shop/web");
    assert_eq!(clock.now().as_millis(), 55_050);
}

/// A batch goes when the turn of the one in it has come that began first.
#[test]
fn a_batch_stands_where_its_oldest_look_stands() {
    let clock = clock();
    let account = account(&clock);
    let batch = services(send);
    throttled(&account, &clock, CallCategory::ServiceReads, 1);
    let when = async |future: BoxFuture<'_, bool>| (future.await, clock.now().as_millis());
    let until = account.time().now() + Duration::from_secs(15);
    let other = account.turn("ecs:DescribeServices", "other", Urgency::Look, until);
    let other = other.map(|taken| taken.is_ok()).boxed();
    let young = batch.ask(&account, ask(&account, "young", LATER));
    let young = young.map(|answer| answer.is_ok()).boxed();
    let old = batch.ask(&account, ask(&account, "old", Duration::from_secs(10)));
    let old = old.map(|answer| answer.is_ok()).boxed();
    let all = async { futures::join!(when(other), when(young), when(old)) };
    let (other, young, old) = block_on(&clock, all).unwrap();
    // Held for 2 s, and then a token each 50 ms.
    assert_eq!((young, old), ((true, 52_050), (true, 52_050)));
    assert_eq!(other, (true, 52_100));
}

/// One that is wrong fails by itself, the other is answered.
#[test]
fn what_fails_for_one_is_asked_for_each_alone() {
    let clock = clock();
    let account = account(&clock);
    let batch = services(send_unless_wrong);
    let wrong = batch.ask(&account, ask(&account, "wrong", LATER));
    let right = batch.ask(&account, ask(&account, "web", LATER));
    let (wrong, right) = block_on(&clock, join(wrong, right)).unwrap();
    assert_eq!(wrong.unwrap_err().resource, "wrong");
    assert_eq!(right.unwrap()["web"], "shop/web");
    let spent = account.spent()[&CallCategory::ServiceReads];
    assert_eq!(spent, 3, "together, and each alone");
    let alone = lock(&batch.state).alone.clone();
    assert_eq!(alone, [["wrong"]]);
}

/// A set of tasks is never asked for again once one has changed.
#[test]
fn asks_that_are_never_made_again_are_not_kept_for_ever() {
    let clock = clock();
    let account = account(&clock);
    let batch = services(send_unless_wrong);
    for index in 0..2 * MOST_ALONE {
        let ask = ask(&account, &format!("wrong/{index}"), LATER);
        let answer = block_on(&clock, batch.ask(&account, ask)).unwrap();
        answer.unwrap_err();
    }
    let alone = lock(&batch.state).alone.clone();
    assert_eq!(alone.len(), MOST_ALONE);
    assert_eq!(alone[0], [format!("wrong/{MOST_ALONE}")], "the newest stay");
}

#[test]
fn a_call_that_is_not_sent_spends_nothing() {
    let clock = clock();
    let account = account(&clock);
    throttled(&account, &clock, CallCategory::Balancing, 1);
    let until = account.time().now();
    let (action, urgency) = ("elasticloadbalancing:ModifyRule", Urgency::Write);
    // More of them than there are tokens for writes.
    for _ in 0..30 {
        let turn = account.turn(action, "rule", urgency, until);
        block_on(&clock, turn).unwrap().unwrap_err();
    }
    assert_eq!(account.spent()[&CallCategory::BalancingWrites], 0);
    clock.advance_to(clock.now() + Duration::from_secs(3));
    let until = account.time().now();
    let turn = account.turn(action, "rule", urgency, until);
    block_on(&clock, turn).unwrap().unwrap();
    assert_eq!(account.spent()[&CallCategory::BalancingWrites], 1);
    assert_eq!(account.spent()[&CallCategory::Balancing], 1);
}

#[test]
fn names_of_two_clusters_are_never_asked_for_together() {
    let clock = clock();
    let account = account(&clock);
    let batch = services(send);
    let ours = batch.ask(&account, ask(&account, "api", LATER));
    let mut other = ask(&account, "api", LATER);
    other.scope = "yard".to_owned();
    let theirs = batch.ask(&account, other);
    let (ours, theirs) = block_on(&clock, join(ours, theirs)).unwrap();
    assert_eq!(ours.unwrap()["api"], "shop/api");
    assert_eq!(theirs.unwrap()["api"], "yard/api");
}

/// Says too many, whoever asks.
fn send_too_many(_: Account, _: String, keys: Vec<String>, _: Turn) -> Sending<String> {
    let kind = TargetErrorKind::RateLimited;
    async move {
        let about = keys.join(",");
        Err(found(kind, "ecs:DescribeServices", &about, "too many"))
    }
    .boxed()
}

/// It is nobody's own fault, and asking each alone would make it worse.
#[test]
fn what_the_account_is_refused_is_not_asked_for_each_alone() {
    let clock = clock();
    let account = account(&clock);
    let batch = services(send_too_many);
    let one = batch.ask(&account, ask(&account, "one", LATER));
    let other = batch.ask(&account, ask(&account, "other", LATER));
    let (one, other) = block_on(&clock, join(one, other)).unwrap();
    for answer in [one, other] {
        assert_eq!(answer.unwrap_err().kind, TargetErrorKind::RateLimited);
    }
    assert_eq!(account.spent()[&CallCategory::ServiceReads], 1);
    assert!(lock(&batch.state).alone.is_empty());
}

/// Tells with how many others a name was asked for.
fn send_count(_: Account, _: String, keys: Vec<String>, _: Turn) -> Sending<String> {
    let count = keys.len().to_string();
    let answers = keys.into_iter().map(|key| (key, count.clone()));
    let answers: Answers<String> = answers.collect();
    async move { Ok(answers) }.boxed()
}

/// So many names, each by a look of its own; the answers, and when each was there.
fn counted(names: usize) -> Vec<(String, u64)> {
    let clock = clock();
    let account = account(&clock);
    let batch = services(send_count);
    let looks = (0..names).map(|name| {
        let name = format!("{name:02}");
        let ask = ask(&account, &name, LATER);
        let answer = batch.ask(&account, ask);
        let clock = clock.clone();
        async move {
            let answer = answer.await.unwrap()[&name].clone();
            (answer, clock.now().as_millis() - 50_000)
        }
    });
    block_on(&clock, join_all(looks)).unwrap()
}

/// The eleventh has no room: those that fill a call are sent at once, and it waits for company of its own.
#[test]
fn a_batch_that_is_full_goes_at_once() {
    let answers = counted(11);
    assert_eq!(answers[..10], vec![("10".to_owned(), 0); 10]);
    assert_eq!(answers[10], ("1".to_owned(), 50));
}

#[test]
fn who_comes_while_company_is_waited_for_is_in_the_same_call() {
    let clock = clock();
    let account = account(&clock);
    let batch = services(send_count);
    let later = async {
        clock
            .sleep_until(clock.now() + Duration::from_millis(40))
            .await;
        batch.ask(&account, ask(&account, "b", LATER)).await
    };
    let first = batch.ask(&account, ask(&account, "a", LATER));
    let (first, later) = block_on(&clock, join(first, later)).unwrap();
    assert_eq!((&*first.unwrap()["a"], &*later.unwrap()["b"]), ("2", "2"));
    assert_eq!(clock.now().as_millis(), 50_050, "the first waits no longer");
}

/// A read of a write goes before all looks, so it waits with none of them.
#[test]
fn a_read_of_a_write_does_not_wait_with_looks() {
    let clock = clock();
    let account = account(&clock);
    let batch = services(send_count);
    let look = batch.ask(&account, ask(&account, "web", LATER));
    let mut of_a_write = ask(&account, "web", LATER);
    of_a_write.turn.urgency = Urgency::Write;
    of_a_write.turn.company = Duration::ZERO;
    let write = async {
        let answer = batch.ask(&account, of_a_write).await;
        (answer, clock.now().as_millis())
    };
    let (look, (write, at)) = block_on(&clock, join(look, write)).unwrap();
    look.unwrap();
    write.unwrap();
    assert_eq!(at, 50_000);
    assert_eq!(account.spent()[&CallCategory::ServiceReads], 2);
}
