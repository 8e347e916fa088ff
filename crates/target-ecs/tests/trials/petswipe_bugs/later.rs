//! P9 to P15: how a rollout ends, and who else is at work.

use std::cell::Cell;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::json;
use strategy_core::Registry;
use strategy_core::hook::{Hook, HookError, HookReport, HookRequest};
use strategy_core::inbox::Envelope;
use strategy_core::plan::{Extension, HookPlan, HookPoint};
use strategy_core::rollout::{Alarm, Outcome, Reason};
use strategy_core::strategy::Canary;
use test_support::ecs::{Image, Service};

use super::{blue_green, canary, reason, refused};
use crate::life::{Crash, End, Life, Script};
use crate::petswipe::{BLUE, CANARY, CLUSTER, GREEN, NEW, OLD, PetSwipe, Setup};
use crate::verdict::{Came, Start, judge, nobody_was_let_down};

#[test]
fn p9_a_service_that_went_back_by_itself_is_no_success() {
    let shop = PetSwipe::open(Setup::blue_green());
    let start = Start::of(&shop);
    shop.fake.set_image(NEW, Image::exits_at_start(1));
    let strategy = blue_green();
    let began = shop.clock.now();
    let ended = Cell::new(began);
    let told = Life::new(&shop, &strategy, NEW).live_while(async |_| {
        loop {
            ended.set(shop.clock.now());
            shop.after(10).await;
        }
    });
    assert_eq!(judge(&shop, &start, NEW, &told), Ok(Came::RolledBack));
    let reason = reason(&told);
    let is_told = matches!(reason, Reason::Fatal { .. } | Reason::Foreign { .. });
    assert!(is_told, "{reason}");
    assert!(!shop.fake.requests().contains_key(&shop.green_group));
    // The limit that is asked for is the one that counts, not 40 times 15 seconds.
    let shop = PetSwipe::open(Setup::blue_green());
    let slow = Image::good().starting_in(Duration::from_secs(3600));
    shop.fake.set_image(NEW, slow);
    let strategy = blue_green().deadline(Duration::from_secs(240));
    let (began, ended) = (shop.clock.now(), Cell::new(shop.clock.now()));
    let told = Life::new(&shop, &strategy, NEW).live_while(async |_| {
        loop {
            ended.set(shop.clock.now());
            shop.after(10).await;
        }
    });
    let took = ended.get().since(began).as_secs();
    assert!((230..500).contains(&took), "{took}: {:?}", told.end);
}

#[test]
fn p10_a_canary_is_kept_as_long_as_clients_stick_to_it() {
    let shop = PetSwipe::open(Setup::canary());
    let start = Start::of(&shop);
    let strategy = canary();
    let kept = Cell::new(0_i64);
    let told = Life::new(&shop, &strategy, NEW).live_while(async |life| {
        shop.until_percent(25).await;
        shop.after(60).await;
        life.abort();
        shop.until_percent(0).await;
        for _ in 0..3500 / 100 {
            shop.after(100).await;
            kept.set(shop.count(CANARY));
        }
    });
    assert_eq!(judge(&shop, &start, NEW, &told), Ok(Came::RolledBack));
    assert_eq!(
        kept.get(),
        1,
        "an hour later it answers those who stick to it"
    );
    assert!(shop.service(CANARY).is_null());
}

#[test]
fn p11_a_part_of_the_stages_is_no_plan_and_a_second_run_takes_nothing_back() {
    let shop = PetSwipe::open(Setup::canary());
    let strategy = Canary::new().stages([5]);
    let told = Life::new(&shop, &strategy, NEW).live();
    let why = refused(&told, &shop);
    assert!(why.contains("100%"), "{why}");

    let shop = PetSwipe::open(Setup::blue_green());
    let strategy = blue_green();
    for _ in ["once", "again"] {
        let told = Life::new(&shop, &strategy, NEW).live();
        assert!(matches!(told.end, End::Over(Outcome::Promoted)), "{told:?}");
        assert_eq!((shop.weights(), shop.image(GREEN).as_str()), ((0, 1), NEW));
    }
    assert_eq!(nobody_was_let_down(&shop), Ok(()));
}

#[test]
fn p12_an_alarm_is_heard_and_a_hand_is_not_overwritten() {
    // An alarm, before the rollout began or in it.
    for at_once in [true, false] {
        let shop = PetSwipe::open(Setup::canary().not_sticky());
        let start = Start::of(&shop);
        let strategy = canary();
        let told = Life::new(&shop, &strategy, NEW).live_while(async |life| {
            if !at_once {
                shop.until_percent(25).await;
                shop.after(60).await;
            }
            let alarm = Alarm::new("1", "CloudWatch", "canary 5xx > 10 a minute");
            life.inbox.send(Envelope::Alarm(alarm));
        });
        assert_eq!(judge(&shop, &start, NEW, &told), Ok(Came::RolledBack));
        assert!(matches!(reason(&told), Reason::Alarm { .. }), "{told:?}");
    }
    // The Lambda function: everything to blue, and the canary to 0 at once.
    let shop = PetSwipe::open(Setup::canary().not_sticky());
    let strategy = canary();
    let most = Cell::new(0);
    let told = Life::new(&shop, &strategy, NEW).live_while(async |_| {
        shop.until_percent(25).await;
        shop.after(60).await;
        let weights = [
            (shop.blue_group.as_str(), 100),
            (shop.canary_group.as_str(), 0),
        ];
        shop.fake.somebody_sets_weights(&shop.rule, &weights);
        shop.fake.somebody_scales(CLUSTER, CANARY, 0).unwrap();
        loop {
            most.set(most.get().max(shop.percent()));
            shop.after(1).await;
        }
    });
    assert!(matches!(reason(&told), Reason::Foreign { .. }), "{told:?}");
    assert_eq!(most.get(), 0, "the canary never got a weight again");
    assert_eq!((shop.image(BLUE), shop.count(BLUE)), (OLD.to_owned(), 4));
}

#[test]
fn p13_a_service_that_codedeploy_moves_is_refused() {
    let shop = PetSwipe::open(Setup::canary());
    let input = json!({ "cluster": CLUSTER, "service": BLUE, "deploymentController": { "type": "CODE_DEPLOY" } });
    shop.ask(Service::Ecs, "UpdateService", input);
    let strategy = canary();
    let told = Life::new(&shop, &strategy, NEW).live();
    let why = refused(&told, &shop);
    assert!(why.contains("CODE_DEPLOY"), "{why}");
}

/// A migration that fails.
#[derive(Debug)]
struct Migration;

#[async_trait]
impl Hook for Migration {
    async fn run(&self, _: &HookRequest) -> Result<HookReport, HookError> {
        Ok(HookReport::failed(
            "20240101_pets.js: relation \"pets\" exists",
        ))
    }
}

fn migrating() -> Canary {
    let run = Extension::new("knex");
    canary().hook(HookPlan::new("migrate", HookPoint::Before, run))
}

#[test]
fn p14_a_migration_that_fails_lets_no_request_in() {
    let shop = PetSwipe::open(Setup::canary().not_sticky());
    let start = Start::of(&shop);
    let strategy = migrating();
    let registry = Registry::new().hook("knex", Migration);
    let told = Life::new(&shop, &strategy, NEW).registry(registry).live();
    assert_eq!(judge(&shop, &start, NEW, &told), Ok(Came::RolledBack));
    assert!(
        reason(&told).to_string().contains("relation \"pets\""),
        "{told:?}"
    );
    assert!(!shop.fake.requests().contains_key(&shop.canary_group));
}

#[test]
fn p15_a_script_that_is_missing_is_found_before_anything_is_written() {
    let shop = PetSwipe::open(Setup::canary());
    let strategy = migrating();
    let told = Life::new(&shop, &strategy, NEW).live();
    let why = refused(&told, &shop);
    assert!(why.contains("knex"), "{why}");
}

#[test]
fn p15_the_way_back_is_taken_up_from_the_journal() {
    let strategy = canary();
    // A first life tells at which call the canary has its share.
    let shop = PetSwipe::open(Setup::canary().not_sticky());
    let at = Cell::new(0);
    let _ = Life::new(&shop, &strategy, NEW).live_while(async |_| {
        shop.until_percent(25).await;
        shop.after(60).await;
        at.set(shop.fake.next_index());
    });
    let shop = PetSwipe::open(Setup::canary().not_sticky());
    let start = Start::of(&shop);
    let crash = Crash {
        at: at.get(),
        landed: true,
        asleep: Duration::from_secs(600),
    };
    let script = Script {
        crashes: vec![crash],
        back: true,
        ..Script::default()
    };
    let told = Life::new(&shop, &strategy, NEW).script(script).live();
    assert_eq!(judge(&shop, &start, NEW, &told), Ok(Came::RolledBack));
    assert_eq!(*reason(&told), Reason::ResumedToRollBack);
    assert!(shop.fake.requests().contains_key(&shop.canary_group));
}
