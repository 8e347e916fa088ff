//! A test that failed while a part of the lab was away fails no other.

use crate::shop::{Shop, check_refused, check_silent};

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn what_a_test_left_stopped_or_suspended_goes_on_for_the_next_one() {
    let shop = Shop::empty_alone().await;
    let lab = shop.lab;
    let (plane, gateway, prometheus) = (lab.plane(), lab.gateway(), lab.prometheus());
    plane.pause_controllers().unwrap();
    plane.pause_api_server().unwrap();
    gateway.pause().unwrap();
    prometheus.pause().unwrap();
    check_silent(&gateway.url()).await;
    check_silent(&prometheus.url()).await;
    drop(shop);
    let shop = Shop::empty_alone().await;
    shop.check_whole().await;

    // Soon: whoever watches it waits for longer after each attempt that failed.
    plane.stop_api_server().unwrap();
    gateway.stop().unwrap();
    prometheus.stop().unwrap();
    for url in [plane.url(), gateway.url(), prometheus.url()] {
        check_refused(&url);
    }
    drop(shop);
    let shop = Shop::empty_alone().await;
    shop.check_whole().await;
}

impl Shop {
    /// Pods come of the controllers, answers through the gateway.
    async fn check_whole(&self) {
        self.deploy("stable").await;
        self.service("stable", "stable").await;
        self.route(&[("stable", 1)]).await;
        self.until("stable").await;
        self.until_prometheus_answers().await;
    }
}
