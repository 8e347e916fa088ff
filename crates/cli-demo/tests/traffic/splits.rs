//! What clients see of the weights of an HTTPRoute and of the selector of a Service.

use std::time::Duration;

use test_support::lab::load::Load;

use crate::checks::PROPAGATION;
use crate::shop::{LIMIT, Shop, now, pause};

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn requests_are_split_as_the_route_weighs_them() {
    let shop = Shop::open().await;
    for (stable, candidate) in [(90, 10), (50, 50)] {
        shop.route(&[("stable", stable), ("candidate", candidate)])
            .await;
        shop.until("candidate").await;
        pause(PROPAGATION).await;
        let answers = shop.ask_often(1000).await;
        println!("{stable}:{candidate}: {answers:?}");
        assert_eq!(answers.values().sum::<u32>(), 1000);
        assert_eq!(answers.len(), 2, "{answers:?}");
        // Five standard deviations of a draw for each request.
        let (expected, share) = (10.0 * f64::from(candidate), f64::from(candidate) / 100.0);
        let deviation = (expected * (1.0 - share)).sqrt();
        let off = (f64::from(answers["candidate"]) - expected).abs();
        assert!(off < 5.0 * deviation, "{answers:?}");
    }
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn nothing_reaches_the_candidate_once_its_weight_is_zero() {
    let shop = Shop::open().await;
    shop.route(&[("stable", 50), ("candidate", 50)]).await;
    shop.until("candidate").await;
    shop.until("stable").await;
    let load = Load::start(&shop.lab.requests(&shop.host(), 100.0)).unwrap();
    // A first change is carried out at once, one that comes soon after another waits.
    for since_the_last_change in [2 * PROPAGATION, Duration::ZERO] {
        pause(since_the_last_change).await;
        shop.route(&[("stable", 100), ("candidate", 0)]).await;
        let (written, mut said, mut last) = (now(), None, Duration::ZERO);
        let mut reached = load.report().counts().of("candidate");
        while written.elapsed() < 2 * PROPAGATION {
            if said.is_none() && shop.is_said().await {
                said = Some(written.elapsed());
            }
            let counted = load.report().counts().of("candidate");
            if counted != reached {
                (reached, last) = (counted, written.elapsed());
            }
            pause(Duration::from_millis(10)).await;
        }
        println!(
            "{since_the_last_change:?} after the last change: the route says so after {said:?}, the candidate has \
             answered for {last:?}"
        );
        assert!(said.is_some(), "the route never said so");
        assert!(last < PROPAGATION, "{last:?}");
        shop.route(&[("stable", 50), ("candidate", 50)]).await;
        shop.until("candidate").await;
    }
    let report = load.stop();
    assert_eq!(report.counts().failed(), 0, "{report}");
    shop.lab.pods().check().unwrap();
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn pods_that_are_deleted_while_they_serve_make_requests_fail() {
    let shop = Shop::open().await;
    shop.route(&[("stable", 1)]).await;
    shop.until("stable").await;
    let load = Load::start(&shop.lab.requests(&shop.host(), 100.0)).unwrap();
    pause(Duration::from_secs(1)).await;
    assert_eq!(load.report().counts().failed(), 0, "{}", load.report());
    shop.kill("stable").await;
    let began = now();
    while load.report().counts().failed() == 0 {
        assert!(began.elapsed() < LIMIT, "{}", load.report());
        pause(Duration::from_millis(20)).await;
    }
    pause(PROPAGATION).await;
    let report = load.stop();
    println!(
        "failed while pods were replaced: {} of {}",
        report.counts().failed(),
        report.sent()
    );
    shop.until("stable").await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn another_selector_of_a_service_moves_all_requests() {
    let shop = Shop::open().await;
    shop.service("shop", "stable").await;
    shop.route(&[("shop", 1)]).await;
    shop.until("stable").await;
    let answers = shop.ask_often(50).await;
    assert_eq!(answers.get("stable"), Some(&50), "{answers:?}");
    shop.service("shop", "candidate").await;
    println!(
        "the first answer of the other version after {:?}",
        shop.until("candidate").await
    );
    pause(PROPAGATION).await;
    let answers = shop.ask_often(50).await;
    assert_eq!(answers.get("candidate"), Some(&50), "{answers:?}");
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn prometheus_has_the_requests_of_each_service() {
    let shop = Shop::open().await;
    shop.route(&[("stable", 90), ("candidate", 10)]).await;
    shop.until("candidate").await;
    pause(PROPAGATION).await;
    let before = counted(&shop, "candidate").await;
    let answers = shop.ask_often(200).await;
    let began = now();
    let expected = before + f64::from(answers["candidate"]);
    loop {
        let seen = counted(&shop, "candidate").await;
        if (seen - expected).abs() < 0.5 {
            return;
        }
        assert!(began.elapsed() < LIMIT, "{seen} in place of {expected}");
        pause(Duration::from_millis(200)).await;
    }
}

/// The requests to a Service of the shop that Prometheus knows of.
async fn counted(shop: &Shop, service: &str) -> f64 {
    let service = format!("{}-{service}-http-80@kubernetesgateway", shop.namespace);
    let of_service = format!("traefik_service_requests_total{{service=\"{service}\"}}");
    shop.told_by_prometheus(&format!("sum({of_service})")).await
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_gateway_that_was_started_again_carries_out_what_is_written() {
    let shop = Shop::open_alone().await;
    shop.route(&[("stable", 1)]).await;
    shop.until("stable").await;
    let gateway = shop.lab.gateway();
    gateway.stop().unwrap();
    let answer = shop.ask().await;
    assert!(answer.contains("Error"), "{answer}");
    shop.route(&[("candidate", 1)]).await;
    gateway.start_again().unwrap();
    shop.until("candidate").await;
    let answers = shop.ask_often(50).await;
    assert_eq!(answers.get("candidate"), Some(&50), "{answers:?}");
    let counts = gateway.metrics().await.unwrap();
    assert!(
        counts.contains("traefik_service_requests_total"),
        "{counts}"
    );
}
