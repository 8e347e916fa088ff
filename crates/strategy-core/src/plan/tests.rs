//! What a builder sets is set, and nothing else is; what is not set has the default that is documented.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{
    Bake, Check, CheckName, Extension, Gate, GateKind, Health, HookPlan, HookPoint, Limits,
    OnHookFailure, Policies, ReadyRule, Rerun, StageName, Then, Undecided, Undo, Unreachable,
};
use crate::release::Part;
use crate::weight::Weight;

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn each_limit_of_a_check_is_its_own() {
    let limits = Limits::default()
        .failures(1)
        .consecutive_failures(2)
        .consecutive_errors(3)
        .consecutive_inconclusive(5);
    let expected = Limits {
        failures: 1,
        consecutive_failures: Some(2),
        consecutive_errors: 3,
        consecutive_inconclusive: 5,
    };
    assert_eq!(limits, expected);
    let untold = Limits {
        failures: 0,
        consecutive_failures: None,
        consecutive_errors: 4,
        consecutive_inconclusive: 10,
    };
    assert_eq!(Limits::default(), untold);
}

#[test]
fn a_check_looks_every_half_minute_unless_told() {
    let check = Check::new(Extension::new("errors"));
    assert_eq!(
        (check.interval, check.timeout, check.compares_with_stable),
        (seconds(30), seconds(30), false)
    );
    let limits = Limits::default().failures(7);
    let check = check.every(seconds(5)).timeout(seconds(3)).limits(limits);
    assert_eq!(
        (check.interval, check.timeout, check.limits),
        (seconds(5), seconds(3), limits)
    );
    assert!(!check.compares_with_stable);
    assert!(check.compares_with_stable().compares_with_stable);
}

#[test]
fn a_bake_has_an_hour_of_slack_unless_told() {
    let bake = Bake::from(seconds(60));
    let expected = Bake {
        at_least: seconds(60),
        at_most: seconds(3660),
        looks: 1,
        undecided: Undecided::Then(Then::RollBack),
    };
    assert_eq!(bake, expected);
    assert_eq!(Bake::default().at_least, Duration::ZERO);
    let undecided = Undecided::Then(Then::GoOn);
    let told = bake.at_most(seconds(90)).looks(4).undecided(undecided);
    let expected = Bake {
        at_most: seconds(90),
        looks: 4,
        undecided,
        ..expected
    };
    assert_eq!(told, expected);
}

#[test]
fn readiness_is_of_all_at_once_with_ten_seconds_of_grace_unless_told() {
    let rule = ReadyRule::default();
    let expected = ReadyRule {
        share: Weight::FULL,
        settle: Duration::ZERO,
        grace: seconds(10),
    };
    assert_eq!(rule, expected);
    let told = rule
        .share(Weight::HALF)
        .settle(seconds(1))
        .grace(seconds(2));
    let expected = ReadyRule {
        share: Weight::HALF,
        settle: seconds(1),
        grace: seconds(2),
    };
    assert_eq!(told, expected);
}

#[test]
fn a_hook_blocks_and_never_runs_twice_unless_told() {
    let hook = HookPlan::new("migrate", HookPoint::Ready, Extension::new("job"));
    let expected = HookPlan {
        name: "migrate".to_owned(),
        point: HookPoint::Ready,
        part: None,
        run: Extension::new("job"),
        timeout: seconds(600),
        on_failure: OnHookFailure::Block,
        rerun: Rerun::Never,
        undo: Undo::NotNeeded,
    };
    assert_eq!(hook, expected);
    let told = hook
        .part(Part::main())
        .timeout(seconds(5))
        .warns()
        .rerun(Rerun::Safe)
        .undo(Undo::Impossible);
    let expected = HookPlan {
        part: Some(Part::main()),
        timeout: seconds(5),
        on_failure: OnHookFailure::Warn,
        rerun: Rerun::Safe,
        undo: Undo::Impossible,
        ..expected
    };
    assert_eq!(told, expected);
}

#[test]
fn a_gate_waits_a_day_and_rolls_back_unless_told() {
    let roles = ["lead".to_owned(), "owner".to_owned()];
    let gate = Gate::approval("go", roles.clone(), 2);
    let kind = GateKind::Approval {
        roles: roles.into(),
        quorum: 2,
    };
    assert_eq!(gate.kind, kind);
    assert_eq!((gate.limit, gate.then), (seconds(86_400), Then::RollBack));
    let gate = gate.within(seconds(60), Then::GoOn);
    assert_eq!((gate.limit, gate.then), (seconds(60), Then::GoOn));
    assert_eq!((gate.name.as_str(), &gate.kind), ("go", &kind));
    let asked = Gate::external("calm", Extension::new("window"));
    let kind = GateKind::External {
        ask: Extension::new("window"),
        every: seconds(30),
    };
    assert_eq!(asked.kind, kind);
}

#[test]
fn health_watches_everything_unless_it_is_off() {
    let on = Health::default();
    assert!(on.fatal && on.readiness);
    assert_eq!(on.restarts, Some(2));
    assert_eq!(on.share_deviation, Weight::from_percent(15).ok());
    let off = Health::off();
    assert!(!off.fatal && !off.readiness);
    assert_eq!((off.restarts, off.share_deviation), (None, None));
}

#[test]
fn what_cannot_be_reached_is_decided_on_after_five_minutes_unless_told() {
    let unreachable = Policies::default().unreachable;
    assert_eq!(
        unreachable,
        Unreachable::after(seconds(300), Then::RollBack)
    );
    let told = Unreachable::after(seconds(9), Then::Abandon);
    assert_eq!((told.limit, told.then), (seconds(9), Then::Abandon));
}

#[test]
fn an_extension_shows_its_kind_and_the_names_of_its_parameters_only() {
    let extension = Extension::new("prometheus")
        .with("query", "sum(up)")
        .with("token", "secret");
    let params = BTreeMap::from([
        ("query".to_owned(), "sum(up)".into()),
        ("token".to_owned(), "secret".into()),
    ]);
    assert_eq!(extension.params, params);
    assert_eq!(format!("{extension:?}"), "prometheus(query, token)");
}

#[test]
fn names_read_as_they_were_written() {
    assert_eq!(StageName::from("eu-25%").as_str(), "eu-25%");
    assert_eq!(StageName::from("eu-25%").to_string(), "eu-25%");
    assert_eq!(CheckName::from("errors").as_str(), "errors");
    assert_eq!(CheckName::from("errors").to_string(), "errors");
}
