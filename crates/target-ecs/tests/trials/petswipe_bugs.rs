//! PetSwipe's faults by name: the situation of each, and what happens with Rollway instead.
//!
//! | fault | test |
//! |---|---|
//! | P1: the image tag is only logged, one task definition is shared | `p1_the_image_is_what_runs_and_a_restart_brings_no_other` |
//! | P2: a rule of a higher priority takes all requests | `p2_a_rule_that_carries_no_traffic_is_refused` |
//! | P3: the way back has its arguments swapped | `p3_the_way_back_keeps_the_good_side` |
//! | P4: no tasks at all in the end, roles that are never swapped | `p4_there_are_tasks_at_every_moment_and_the_next_release_begins_with_them` |
//! | P5: the gate passes only when it is blind | `p5_no_data_is_no_pass_and_failures_are_counted` |
//! | P6: targets that are not yet checked fail it, none at all pass | `p6_new_targets_are_waited_for_and_none_is_not_all` |
//! | P7: calls with an empty ARN | `p7_names_that_are_missing_are_errors_before_anything_is_written` |
//! | P8: the live side is guessed | `p8_what_is_live_is_read_or_refused` |
//! | P9: stable is whatever comes to rest | `p9_a_service_that_went_back_by_itself_is_no_success` |
//! | P10: stickiness outlives the weight | `p10_a_canary_is_kept_as_long_as_clients_stick_to_it` |
//! | P11: every stage is the whole script | `p11_a_part_of_the_stages_is_no_plan_and_a_second_run_takes_nothing_back` |
//! | P12: alarm and script do not know of each other | `p12_an_alarm_is_heard_and_a_hand_is_not_overwritten` |
//! | P13: another controller works on the service | `p13_a_service_that_codedeploy_moves_is_refused` |
//! | P14: migrations without a way back | `p14_a_migration_that_fails_lets_no_request_in` |
//! | P14: chaos experiments that do nothing; secrets and snapshots of a database | none: those are other programs |
//! | P15: `--rollback` begins a release, scripts that are missing | `p15_the_way_back_is_taken_up_from_the_journal`, `p15_a_script_that_is_missing_is_found_before_anything_is_written` |

mod later;

use std::cell::{Cell, RefCell};
use std::time::Duration;

use async_trait::async_trait;
use strategy_core::analysis::{Count, Counter, FailureShare, Look, MeasureError};
use strategy_core::plan::{Check, Extension};
use strategy_core::rollout::{Outcome, Reason};
use strategy_core::strategy::{BlueGreen, Canary};
use strategy_core::{Part, Registry, Track};
use target_ecs::config::RuleConfig;
use test_support::ecs::{Image, Request};

use crate::life::{End, Life, Told};
use crate::petswipe::{BLUE, CANARY, CLUSTER, GREEN, NEW, OLD, PetSwipe, Setup};
use crate::verdict::{Came, Start, judge, nobody_was_let_down};

/// Two steps and short bakes: enough for each situation.
fn canary() -> Canary {
    Canary::new()
        .stages([25, 100])
        .bake(Duration::from_secs(120))
        .bake_after_return(Duration::from_secs(120))
}

fn blue_green() -> BlueGreen {
    BlueGreen::new().bake(Duration::from_secs(120))
}

fn reason(told: &Told) -> &Reason {
    let End::Over(Outcome::RolledBack { reason }) = &told.end else {
        panic!("{:?}", told.end);
    };
    reason
}

/// Refused before anything is written; gives the words.
fn refused(told: &Told, shop: &PetSwipe) -> String {
    assert!(shop.fake.calls().iter().all(|call| !call.is_write()));
    let End::NotStarted(why) = &told.end else {
        panic!("{:?}", told.end);
    };
    why.clone()
}

#[test]
fn p1_the_image_is_what_runs_and_a_restart_brings_no_other() {
    let shop = PetSwipe::open(Setup::canary().not_sticky());
    let start = Start::of(&shop);
    let seen = RefCell::new(Vec::new());
    let strategy = canary();
    let told = Life::new(&shop, &strategy, NEW).live_while(async |life| {
        shop.until_percent(25).await;
        // One of blue restarts, and blue is scaled out, while the newest of the family is the release.
        shop.fake.tasks_crash(CLUSTER, BLUE, 1, 1);
        shop.after(90).await;
        seen.borrow_mut()
            .push((shop.image(BLUE), shop.image(CANARY)));
        let shares = shop.fake.shares(&shop.rule);
        let blue = shares.iter().find(|of| of.target_group == shop.blue_group);
        seen.borrow_mut().push((
            blue.unwrap().task_definitions.len().to_string(),
            blue.unwrap()
                .task_definitions
                .values()
                .sum::<usize>()
                .to_string(),
        ));
        life.abort();
    });
    assert_eq!(judge(&shop, &start, NEW, &told), Ok(Came::RolledBack));
    let (images, tasks) = (
        (OLD.to_owned(), NEW.to_owned()),
        ("1".to_owned(), "4".to_owned()),
    );
    assert_eq!(seen.into_inner(), [images, tasks]);
    shop.fake.somebody_scales(CLUSTER, BLUE, 6).unwrap();
    shop.wait(300);
    let shares = shop.fake.shares(&shop.rule);
    assert_eq!(shares[0].task_definitions.len(), 1, "{shares:?}");
    assert_eq!(shares[0].task_definitions.values().sum::<usize>(), 6);
}

#[test]
fn p2_a_rule_that_carries_no_traffic_is_refused() {
    for default in [true, false] {
        let shop = PetSwipe::open(Setup::blue_green());
        // Of green's own rule the header is what it asks for; `/*` comes first all the same.
        let request = Request::default().with_header("X-Test-Environment", "green");
        let reached = shop.fake.reach(&shop.listener, &request);
        assert_eq!(reached[0].rule, shop.rule);
        let rule = if default {
            RuleConfig::ListenerDefault(shop.listener.clone())
        } else {
            // By that rule green is what is live.
            shop.fake.somebody_scales(CLUSTER, GREEN, 4).unwrap();
            shop.wait(300);
            RuleConfig::Rule(shop.test_rule.clone())
        };
        let rule = shop.config_by([rule]);
        let strategy = blue_green();
        let told = Life::new(&shop, &strategy, NEW).config(rule).live();
        let why = refused(&told, &shop);
        assert!(why.contains("takes every request"), "{why}");
    }
}

#[test]
fn p3_the_way_back_keeps_the_good_side() {
    let shop = PetSwipe::open(Setup::blue_green());
    let start = Start::of(&shop);
    let least = Cell::new(usize::MAX);
    let strategy = blue_green();
    let told = Life::new(&shop, &strategy, NEW).live_while(async |_| {
        shop.until_percent(100).await;
        shop.after(60).await;
        shop.fake.tasks_crash(CLUSTER, GREEN, 2, 1);
        loop {
            least.set(least.get().min(shop.healthy(&shop.blue_group)));
            shop.after(10).await;
        }
    });
    assert_eq!(judge(&shop, &start, NEW, &told), Ok(Came::RolledBack));
    assert!(matches!(reason(&told), Reason::Fatal { .. }), "{told:?}");
    assert_eq!(least.get(), 4, "the good side was never scaled in");
    assert_eq!((shop.percent(), shop.count(GREEN)), (0, 0));
}

#[test]
fn p4_there_are_tasks_at_every_moment_and_the_next_release_begins_with_them() {
    let shop = PetSwipe::open(Setup::canary().not_sticky());
    let strategy = canary();
    for image in [NEW, "petswipe:3"] {
        let start = Start::of(&shop);
        let told = Life::new(&shop, &strategy, image).live();
        assert_eq!(judge(&shop, &start, image, &told), Ok(Came::Promoted));
        assert_eq!((shop.image(BLUE), shop.count(BLUE)), (image.to_owned(), 4));
    }
    // The watch after everything finds fault.
    let start = Start::of(&shop);
    let least = Cell::new(usize::MAX);
    let told = Life::new(&shop, &strategy, "petswipe:4").live_while(async |_| {
        shop.until_percent(100).await;
        while shop.percent() == 100 {
            shop.after(5).await;
        }
        shop.after(30).await;
        assert_eq!(shop.image(BLUE), "petswipe:4");
        shop.fake.tasks_crash(CLUSTER, BLUE, 1, 1);
        loop {
            let both = shop.healthy(&shop.blue_group) + shop.healthy(&shop.canary_group);
            least.set(least.get().min(both));
            shop.after(5).await;
        }
    });
    assert_eq!(
        judge(&shop, &start, "petswipe:4", &told),
        Ok(Came::RolledBack)
    );
    assert!(least.get() >= 4, "{} tasks at some moment", least.get());
}

/// So many failures of so many requests in every window.
#[derive(Debug)]
struct Counted(Count);

#[async_trait]
impl Counter for Counted {
    async fn count(&self, _: &Look, _: &Part, _: Track) -> Result<Count, MeasureError> {
        Ok(self.0)
    }
}

#[test]
fn p5_no_data_is_no_pass_and_failures_are_counted() {
    let check = Extension::new(FailureShare::KIND).with("limit", "5%");
    let strategy = canary().check("errors", Check::new(check));
    for (total, failed, expected) in [
        (112, 0, Came::Promoted),
        // The sums over which PetSwipe's script ends.
        (112, 12, Came::RolledBack),
        (0, 0, Came::RolledBack),
    ] {
        let shop = PetSwipe::open(Setup::canary().not_sticky());
        let start = Start::of(&shop);
        let counter = Counted(Count { total, failed });
        let registry = Registry::new().analysis(FailureShare::KIND, FailureShare::new(counter));
        let told = Life::new(&shop, &strategy, NEW).registry(registry).live();
        let came = judge(&shop, &start, NEW, &told);
        assert_eq!(came, Ok(expected), "{failed} of {total}: {:?}", told.end);
        if total == 0 {
            let reason = reason(&told);
            let is_undecided = matches!(reason, Reason::Undecided { .. } | Reason::Check { .. });
            assert!(is_undecided, "{reason}");
        }
    }
}

#[test]
fn p6_new_targets_are_waited_for_and_none_is_not_all() {
    // Two minutes from start to health: longer than PetSwipe's 30 seconds.
    let slow = Image::good()
        .starting_in(Duration::from_secs(90))
        .healthy_in(Duration::from_secs(25));
    for (image, expected) in [
        (slow, Came::Promoted),
        (Image::never_healthy(), Came::RolledBack),
    ] {
        let shop = PetSwipe::open(Setup::canary().not_sticky());
        let start = Start::of(&shop);
        shop.fake.set_image(NEW, image);
        let strategy = Canary::new()
            .stages([50, 100])
            .bake(Duration::from_secs(60))
            .bake_after_return(Duration::from_secs(60));
        let told = Life::new(&shop, &strategy, NEW).live();
        assert_eq!(
            judge(&shop, &start, NEW, &told),
            Ok(expected),
            "{:?}",
            told.end
        );
        let reached = shop.fake.requests().contains_key(&shop.canary_group);
        assert_eq!(reached, expected == Came::Promoted);
    }
}

#[test]
fn p7_names_that_are_missing_are_errors_before_anything_is_written() {
    let strategy = canary();
    for (arn, part) in [("", "arn"), ("None", "arn")] {
        let shop = PetSwipe::open(Setup::canary());
        let config = shop.config_by([RuleConfig::Rule(arn.to_owned())]);
        let told = Life::new(&shop, &strategy, NEW).config(config).live();
        let why = refused(&told, &shop);
        assert!(why.to_lowercase().contains(part), "{why}");
        assert_eq!(shop.fake.calls(), [], "nothing is asked by an empty name");
    }
    // A rule that is gone, and one of another load balancer, are named.
    let shop = PetSwipe::open(Setup::canary());
    let gone = format!("{}0", shop.rule);
    let config = shop.config_by([RuleConfig::Rule(gone.clone())]);
    let told = Life::new(&shop, &strategy, NEW).config(config).live();
    let why = refused(&told, &shop);
    assert!(
        why.contains(gone.rsplit_once("listener-rule").unwrap().1),
        "{why}"
    );
}

#[test]
fn p8_what_is_live_is_read_or_refused() {
    let strategy = blue_green();
    // Weighted, all to green: it is green that is live, and blue that gets the release.
    let shop = PetSwipe::open(Setup::blue_green());
    shop.fake.somebody_scales(CLUSTER, GREEN, 4).unwrap();
    shop.wait(300);
    let weights = [
        (shop.blue_group.as_str(), 0),
        (shop.green_group.as_str(), 1),
    ];
    shop.fake.somebody_sets_weights(&shop.rule, &weights);
    shop.wait(300);
    let told = Life::new(&shop, &strategy, NEW).live();
    assert!(matches!(told.end, End::Over(Outcome::Promoted)), "{told:?}");
    assert_eq!(
        (shop.image(BLUE), shop.image(GREEN)),
        (NEW.to_owned(), OLD.to_owned())
    );
    assert_eq!(nobody_was_let_down(&shop), Ok(()));
    // Both at once: nobody guesses.
    let shop = PetSwipe::open(Setup::blue_green());
    let weights = [
        (shop.blue_group.as_str(), 90),
        (shop.green_group.as_str(), 10),
    ];
    shop.fake.somebody_sets_weights(&shop.rule, &weights);
    let told = Life::new(&shop, &strategy, NEW).live();
    let why = refused(&told, &shop);
    assert!(why.contains("not clear which is live"), "{why}");
    assert_eq!(shop.image(BLUE), OLD);
}
