//! How long is waited for news, and what is some.

use aws_sdk_elasticloadbalancingv2::types::{TargetDescription, TargetHealth};
use strategy_core::Track;

use super::*;

const SECOND: Duration = Duration::from_secs(1);

/// For how long traffic that was moved is on its way.
const MOVES: Duration = Duration::from_secs(60);

fn of(service: &str) -> News {
    News::new(service, Intervals::default())
}

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + SECOND * u32::try_from(seconds).unwrap()
}

/// A service of so many tasks, of which so many run, and a target in this state.
fn asked(desired: i32, running: i32, target: TargetHealthStateEnum, began: u64) -> Asked {
    let service = Service::builder()
        .status("ACTIVE")
        .desired_count(desired)
        .running_count(running);
    let mut state = State::default();
    *state.services.of_mut(Track::Stable) = Some(service.build());
    let target = TargetHealthDescription::builder()
        .target(TargetDescription::builder().id("10.0.0.1").port(80).build())
        .target_health(TargetHealth::builder().state(target).build());
    let mut health = Tracks::<Vec<TargetHealthDescription>>::default();
    health.of_mut(Track::Stable).push(target.build());
    Asked::new(&state, &health, at(began))
}

fn version(text: &str) -> Version {
    Version(text.to_owned())
}

fn resting(began: u64) -> Asked {
    asked(2, 2, TargetHealthStateEnum::Healthy, began)
}

fn wait(news: &News, now: u64) -> Duration {
    match news.next(&version("a"), at(now), MOVES) {
        Question::Cheap { wait, .. } => wait,
        other @ (Question::Answered | Question::Whole { .. }) => panic!("{other:?}"),
    }
}

#[test]
fn what_moves_is_asked_for_every_5_seconds_and_what_rests_every_100() {
    let news = of("api");
    news.saw(&version("a"), resting(10));
    let rest = wait(&news, 10);
    assert!(rest >= SECOND * 100 && rest <= SECOND * 110, "{rest:?}");
    assert_eq!(wait(&news, 40), rest - SECOND * 30);
    assert_eq!(wait(&news, 200), Duration::ZERO);
    for moving in [
        asked(2, 1, TargetHealthStateEnum::Healthy, 20),
        asked(2, 2, TargetHealthStateEnum::Initial, 20),
        asked(2, 2, TargetHealthStateEnum::Draining, 20),
        asked(2, 2, TargetHealthStateEnum::Unhealthy, 20),
    ] {
        news.saw(&version("a"), moving);
        assert_eq!(wait(&news, 20), SECOND * 5);
        assert_eq!(wait(&news, 23), SECOND * 2);
    }
}

#[test]
fn equal_services_wait_alike_and_others_do_not() {
    let rest = |service: &str| {
        let news = of(service);
        news.saw(&version("a"), resting(0));
        wait(&news, 0)
    };
    assert_eq!(rest("api"), rest("api"));
    let waits: BTreeSet<Duration> = ["a", "b", "c", "d"].into_iter().map(rest).collect();
    assert_eq!(waits.len(), 4, "{waits:?}");
}

#[test]
fn intervals_have_bounds() {
    let rest = |in_motion: u64, at_rest: u64| {
        let seconds = |number: u64| SECOND * u32::try_from(number).unwrap();
        let intervals = Intervals::new(seconds(in_motion), seconds(at_rest));
        let news = News::new("a", intervals);
        (news.in_motion.as_secs(), news.at_rest.as_secs())
    };
    assert_eq!(rest(0, 0), (1, 1));
    let (in_motion, at_rest) = rest(100, 10_000);
    assert_eq!(in_motion, 60);
    assert!((3600..=3960).contains(&at_rest), "{at_rest}");
}

#[test]
fn traffic_that_was_moved_is_in_motion_until_it_has_settled_and_drained() {
    let news = of("api");
    news.saw(&version("a"), resting(0));
    assert!(wait(&news, 0) > SECOND * 99, "nobody knows what was before");
    let mut moved = resting(10);
    let rule = RuleConfig::Rule("rule".to_owned());
    moved.facts.rules.push((rule, Vec::new()));
    news.saw(&version("a"), moved.clone());
    assert_eq!(wait(&news, 10), SECOND * 5);
    for (began, is_moving) in [(40, true), (69, true), (70, false)] {
        moved.began = at(began);
        news.saw(&version("a"), moved.clone());
        assert_eq!(wait(&news, began) == SECOND * 5, is_moving, "{began}");
    }
}

#[test]
fn what_is_known_is_told_and_what_is_equal_is_not() {
    let news = of("api");
    let (a, b) = (version("a"), version("b"));
    let unknown = Question::Whole { wait: SECOND * 5 };
    assert_eq!(news.next(&a, at(0), MOVES), unknown);
    // Whoever gives up waiting and comes back has not to wait from the beginning.
    let later = Question::Whole { wait: SECOND };
    assert_eq!(news.next(&a, at(4), MOVES), later);
    news.saw(&a, resting(5));
    assert_eq!(news.next(&b, at(5), MOVES), Question::Answered);
    assert!(news.is_old(&a, &resting(50)));
    assert!(wait(&news, 50) > SECOND * 99, "it was asked for just now");
    assert!(!news.is_old(&b, &resting(60)));
    assert!(!news.is_old(&a, &asked(2, 1, TargetHealthStateEnum::Healthy, 70)));
    assert!(!news.is_old(&a, &asked(2, 2, TargetHealthStateEnum::Draining, 80)));
    // A look that began before the newest one says nothing new.
    news.saw(&b, resting(4));
    assert_eq!(news.next(&b, at(90), MOVES), Question::Answered);
}

#[test]
fn what_failed_is_asked_for_again_in_time() {
    let news = of("api");
    news.saw(
        &version("a"),
        asked(2, 1, TargetHealthStateEnum::Healthy, 0),
    );
    assert_eq!(wait(&news, 6), Duration::ZERO);
    news.failed(at(6));
    assert_eq!(wait(&news, 6), SECOND * 5);
}

/// Two looks may end in another order than they began.
#[test]
fn an_older_look_that_ends_later_is_not_the_newest() {
    let news = of("api");
    news.saw(&version("b"), resting(20));
    news.saw(&version("a"), resting(10));
    let next = |after: &str| news.next(&version(after), at(20), MOVES);
    assert_eq!(next("a"), Question::Answered);
    assert!(matches!(next("b"), Question::Cheap { .. }));
}
