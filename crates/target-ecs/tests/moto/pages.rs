//! Answers that come in pages are read to their end.

use strategy_core::Release;
use strategy_core::driver::Driver;
use strategy_core::strategy::Canary;
use strategy_core::target::Severity;

use crate::shop::{Shop, forward, path};

/// A listener may have a hundred rules; ours is on the second page of fifty, and the one in its way on the first.
#[tokio::test]
#[ignore = "needs moto: cargo xtask test"]
async fn a_rule_on_the_second_page_is_found_shadowed() {
    let mut shop = Shop::open("pages").await;
    let to_stable = || forward(&[(&shop.stable_group, 1)]);
    let first = shop.add_rule(1, path("/*"), to_stable()).await;
    for number in 0..55 {
        let other = path(&format!("/{number}/*"));
        shop.add_rule(101 + number, other, to_stable()).await;
    }
    shop.rule = shop.add_rule(200, path("/last/*"), to_stable()).await;
    shop.clients.recorder.take();
    let driver = Driver::on(shop.clients.target(&shop.canary()));
    let release = Release::of([("web", "web:2")]).unwrap();
    let planned = driver
        .plan(&Canary::new().stages([5, 100]), release)
        .await
        .unwrap();
    let mut shadowed = planned
        .findings
        .iter()
        .filter(|of| of.code == "rule-shadowed");
    let finding = shadowed.next().unwrap();
    assert_eq!(finding.severity, Severity::Blocks);
    let name = first.splitn(6, ':').nth(5).unwrap();
    assert!(finding.message.contains(name), "{finding}");
    let calls = shop.clients.recorder.take();
    let pages = calls.iter().filter(|call| call.ends_with(":DescribeRules"));
    // Our rule alone, twice, and the pages of the listener.
    assert_eq!(pages.count(), 4);
}
