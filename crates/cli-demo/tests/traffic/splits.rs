//! What clients see of the weights of an HTTPRoute and of the selector of a Service.

use std::time::Duration;

use test_support::lab::load::{Load, Method, Report};
use test_support::lab::pods::Served;
use test_support::lab::requests;

use crate::checks::{BUSY, PROPAGATION};
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
    let load = Load::start(&requests(&shop.host(), 100.0)).unwrap();
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
        assert!(last < PROPAGATION + BUSY, "{last:?}");
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
    let load = Load::start(&requests(&shop.host(), 100.0)).unwrap();
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

/// The gateway is a proxy of Go, which sends a question again when a connection that it had kept broke under it. Of such
/// failures clients learn by orders alone: so these are what the other tests send.
#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn the_gateway_hides_connections_that_break_under_a_get_and_none_under_a_post() {
    let shop = Shop::empty().await;
    shop.deploy_that("stable", "reset-20").await;
    shop.service("stable", "stable").await;
    shop.route(&[("stable", 1)]).await;
    shop.until("stable").await;
    pause(PROPAGATION).await;
    let (orders, sent, broken) = shop.sent_to_pods(None).await;
    let failed = orders.counts().failed();
    assert!(broken > 0, "{orders}");
    assert_eq!((sent, broken), (orders.sent(), failed), "{orders}");
    let (questions, sent, broken) = shop.sent_to_pods(Some(Method::Get)).await;
    let hidden = broken - questions.counts().failed();
    assert!(hidden > 0, "{broken} broke: {questions}");
    // Each of these was sent once more.
    assert_eq!(sent, questions.sent() + hidden, "{questions}");
    let share = |report: &Report| report.counts().failed() as f64 / report.sent() as f64;
    println!(
        "failed: {:.3} of the orders, {:.3} of the questions",
        share(&orders),
        share(&questions)
    );
    assert!(share(&orders) > share(&questions), "{orders}; {questions}");
}

impl Shop {
    /// Sends some hundred requests, as the load does or of this method: what came of them, how many the pods had, and
    /// under how many of these the connection broke.
    async fn sent_to_pods(&self, method: Option<Method>) -> (Report, u64, u64) {
        let served = || {
            let tally = self.lab.pods().tally();
            let of_shop = |pod: &str| pod.starts_with(&format!("{}/", self.namespace));
            let (mut all, mut broken) = (0, 0);
            for (pod, _, served, count) in tally.iter() {
                if of_shop(pod) && served != Served::Refused {
                    all += count;
                    broken += if served == Served::Reset { count } else { 0 };
                }
            }
            (all, broken)
        };
        let mut options = requests(&self.host(), 100.0);
        if let Some(method) = method {
            options.method = method;
        }
        let before = served();
        let load = Load::start(&options).unwrap();
        while load.report().counts().total() < 400 {
            assert!(load.age() < LIMIT, "{}", load.report());
            pause(Duration::from_millis(50)).await;
        }
        let report = load.stop();
        let after = served();
        (report, after.0 - before.0, after.1 - before.1)
    }
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
