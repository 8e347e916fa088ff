//! What is read is what was written, and what is put back is what was there.

use super::*;
use crate::binding::{BoundTrack, TrackStart};
use crate::forward::Group;
use strategy_core::Replicas;

const BLUE: &str = "arn:aws:elasticloadbalancing:r:1:targetgroup/blue/1";
const GREEN: &str = "arn:aws:elasticloadbalancing:r:1:targetgroup/green/1";
const OTHER: &str = "arn:aws:elasticloadbalancing:r:1:targetgroup/other/1";

fn to(groups: &[(&str, u32)], sticky: Option<(bool, i32)>) -> Forward {
    let groups = groups.iter().map(|(arn, weight)| Group {
        arn: (*arn).to_owned(),
        weight: *weight,
    });
    Forward {
        groups: groups.collect(),
        stickiness: sticky.map(|(enabled, seconds)| Sticky {
            enabled,
            seconds: Some(seconds),
        }),
    }
}

fn rule(index: usize) -> RuleConfig {
    RuleConfig::Rule(format!(
        "arn:aws:elasticloadbalancing:r:1:listener-rule/app/a/1/2/{index}"
    ))
}

fn bound(forwards: &[Forward]) -> Bound {
    let track = |service: &str, group: &str| BoundTrack {
        service: service.to_owned(),
        target_group: group.to_owned(),
        container: "app".to_owned(),
        port: 80,
        scaler: None,
        start: TrackStart::Found {
            task_definition: "web:1".to_owned(),
            replicas: Replicas::Count(1),
        },
    };
    let tracks = Tracks {
        stable: track("blue", BLUE),
        candidate: track("green", GREEN),
    };
    let rules = forwards
        .iter()
        .enumerate()
        .map(|(index, forward)| BoundRule {
            rule: rule(index),
            forward: forward.clone(),
        });
    let home = Traffic::default();
    Bound::new(
        "shop".to_owned(),
        tracks,
        rules.collect(),
        home,
        Duration::ZERO,
    )
}

fn rules(forwards: &[Forward]) -> Vec<(RuleConfig, Forward)> {
    let pairs = forwards.iter().enumerate();
    pairs
        .map(|(index, forward)| (rule(index), forward.clone()))
        .collect()
}

fn groups() -> Tracks<&'static str> {
    Tracks {
        stable: BLUE,
        candidate: GREEN,
    }
}

fn share(percent: u16) -> Traffic {
    Traffic::weight(Weight::from_percent(percent).unwrap())
}

#[test]
fn every_weight_is_read_back_and_everything_else_stays() {
    let start = to(&[(OTHER, 0), (BLUE, 1)], Some((true, 600)));
    let bound = bound(std::slice::from_ref(&start));
    for thousandths in 1..=1000 {
        let weight = Weight::from_basis_points(thousandths * 10).unwrap();
        let wanted = wanted(&bound, 0, &start, &Traffic::weight(weight), true).unwrap();
        let read = read(groups(), &rules(std::slice::from_ref(&wanted))).unwrap();
        assert_eq!((read.weight, read.agree), (weight, true));
        assert_eq!(wanted.weight(OTHER), Some(0));
        assert_eq!(wanted.stickiness, start.stickiness);
    }
}

#[test]
fn home_is_what_was_there_and_the_candidate_is_wired_only_while_it_has_tasks() {
    let start = to(&[(BLUE, 7)], Some((true, 600)));
    let bound = bound(std::slice::from_ref(&start));
    let now = to(&[(BLUE, 500), (GREEN, 500)], Some((false, 600)));
    let home = |wired| wanted(&bound, 0, &now, &Traffic::default(), wired).unwrap();
    assert_eq!(home(false), start);
    assert_eq!(home(true), to(&[(BLUE, 7), (GREEN, 0)], Some((true, 600))));
}

#[test]
fn stickiness_is_suspended_and_read_back_as_that() {
    let start = to(&[(BLUE, 1)], Some((true, 600)));
    let bound = bound(std::slice::from_ref(&start));
    let mut traffic = share(50);
    traffic.stickiness = Stickiness::Suspended;
    let written = wanted(&bound, 0, &start, &traffic, true).unwrap();
    let pairs = rules(&[written]);
    let read_back = read(groups(), &pairs).unwrap();
    assert_eq!(read_back.traffic(&bound.rules, &pairs), traffic);
    assert_eq!(read_back.sticky, Duration::ZERO);
    let kept = rules(&[wanted(&bound, 0, &start, &share(50), true).unwrap()]);
    let read_back = read(groups(), &kept).unwrap();
    assert_eq!(read_back.traffic(&bound.rules, &kept), share(50));
    assert_eq!(read_back.sticky, Duration::from_secs(600));
}

#[test]
fn of_rules_that_differ_the_largest_share_counts() {
    let forwards = [
        to(&[(BLUE, 9), (GREEN, 1)], None),
        to(&[(BLUE, 1), (GREEN, 0)], None),
    ];
    let read = read(groups(), &rules(&forwards)).unwrap();
    assert_eq!(read.weight, Weight::from_percent(10).unwrap());
    assert!(!read.agree);
}

#[test]
fn what_sends_to_nobody_or_somebody_else_is_said() {
    for nobody in [
        to(&[], None),
        to(&[(OTHER, 1)], None),
        to(&[(BLUE, 0), (GREEN, 0)], None),
    ] {
        let error = read(groups(), &rules(&[nobody])).unwrap_err();
        assert_eq!(error.kind, TargetErrorKind::Ambiguous);
        assert!(
            error.to_string().contains("listener-rule/app/a/1/2/0"),
            "{error}"
        );
    }
    let shared = to(&[(BLUE, 1), (OTHER, 1)], None);
    let strangers = read(groups(), &rules(std::slice::from_ref(&shared)))
        .unwrap()
        .strangers;
    assert_eq!(strangers[0].1, OTHER);
    let bound = bound(&[to(&[(BLUE, 1)], None)]);
    let error = wanted(&bound, 0, &shared, &share(50), true).unwrap_err();
    assert_eq!(error.kind, TargetErrorKind::Conflict);
    assert!(
        wanted(&bound, 0, &shared, &Traffic::default(), false).is_ok(),
        "the way home"
    );
}

#[test]
fn a_live_candidate_alone_has_everything() {
    let read = read(groups(), &rules(&[to(&[(GREEN, 5)], None)])).unwrap();
    assert_eq!(read.weight, Weight::FULL);
}

#[test]
fn what_cannot_be_written_is_refused_before_anything_is() {
    let start = to(&[(BLUE, 1)], None);
    let bound = bound(std::slice::from_ref(&start));
    let fine = Traffic::weight(Weight::from_basis_points(333).unwrap());
    let mut mirrored = share(10);
    mirrored.mirror = Weight::HALF;
    for traffic in [fine, mirrored] {
        let error = wanted(&bound, 0, &start, &traffic, true).unwrap_err();
        assert_eq!(error.kind, TargetErrorKind::Unsupported);
    }
}

#[test]
fn the_longest_time_that_clients_stay_counts_whichever_rule_it_is_of() {
    let sticky = |seconds| to(&[(BLUE, 1)], Some((true, seconds)));
    for forwards in [[sticky(600), sticky(60)], [sticky(60), sticky(600)]] {
        let read = read(groups(), &rules(&forwards)).unwrap();
        assert_eq!(read.sticky, Duration::from_secs(600));
    }
}
