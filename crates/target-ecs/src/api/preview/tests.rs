//! Preview rules that somebody changed or took away while they were written.

use strategy_core::Timestamp;
use strategy_core::world::{VirtualClock, block_on};
use test_support::ecs::{Fake, Settings, Shop};

use super::*;
use crate::account::Account;

struct Scene {
    clock: VirtualClock,
    fake: Fake,
    shop: Shop,
    api: Api,
}

impl Scene {
    fn open() -> Self {
        let clock = VirtualClock::starting_at(Timestamp::from_millis(0));
        let fake = Fake::new(std::sync::Arc::new(clock.clone()), Settings::default());
        let shop = Shop::open(&fake);
        let account = Account::new(
            &fake.ecs_client(),
            &fake.elb_client(),
            &fake.autoscaling_client(),
        );
        Self {
            api: Api::new(&account).writing(),
            clock,
            fake,
            shop,
        }
    }

    fn written(&self, call: Call) -> Result<(), TargetError> {
        block_on(&self.clock, self.api.preview(call)).unwrap()
    }

    fn count(&self, operation: &str) -> usize {
        let calls = self.fake.calls().into_iter();
        calls.filter(|call| call.operation == operation).count()
    }
}

#[test]
fn a_rule_that_was_changed_since_it_was_read_is_not_overwritten() {
    let scene = Scene::open();
    let arn = scene.shop.rule.clone();
    let read = scene.api.account.balancers().describe_rules();
    let read = block_on(&scene.clock, read.rule_arns(&arn).send()).unwrap();
    let now = Content::of(&read.unwrap().rules()[0]);
    let mut read_before = now.clone();
    read_before.actions.clear();
    let call = |from: &Content| Call::Modify {
        arn: arn.clone(),
        from: from.clone(),
        to: now.clone(),
    };
    let before = scene.count("ModifyRule");
    let error = scene.written(call(&read_before)).unwrap_err();
    assert_eq!(error.kind, TargetErrorKind::Conflict, "{error}");
    assert_eq!(scene.count("ModifyRule"), before);
    scene.written(call(&now)).unwrap();
    assert_eq!(scene.count("ModifyRule"), before + 1);
}

#[test]
fn a_rule_that_is_gone_already_is_taken_away() {
    let scene = Scene::open();
    for _ in 0..2 {
        let arn = scene.shop.rule.clone();
        scene.written(Call::Delete { arn }).unwrap();
    }
    assert_eq!(scene.count("DeleteRule"), 2);
}
