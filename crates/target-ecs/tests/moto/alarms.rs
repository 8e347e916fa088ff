//! Alarms are asked for as AWS's own model says, and an answer that means nothing is no alarm that is well.

use aws_sdk_ecs::types::{DeploymentAlarms, DeploymentConfiguration};
use strategy_core::Release;
use strategy_core::driver::Driver;
use strategy_core::strategy::Canary;

use crate::shop::Shop;

#[tokio::test]
#[ignore = "needs moto: cargo xtask test"]
async fn a_protocol_that_is_not_spoken_is_an_error_that_names_action_and_alarm() {
    let shop = Shop::open("alarms").await;
    let alarms = DeploymentAlarms::builder()
        .alarm_names("web-5xx")
        .enable(true)
        .rollback(false)
        .build()
        .unwrap();
    let update = shop.clients.ecs.update_service();
    update
        .cluster(shop.name)
        .service("web")
        .deployment_configuration(DeploymentConfiguration::builder().alarms(alarms).build())
        .send()
        .await
        .unwrap();
    let plan = async |target| {
        let release = Release::of([("web", "web:2")]).unwrap();
        let strategy = Canary::new().stages([5, 100]);
        Driver::on(target).plan(&strategy, release).await
    };
    let config = shop.canary();
    let planned = plan(shop.clients.target(&config)).await.unwrap();
    let mut codes = planned.findings.iter().map(|of| of.code.as_str());
    assert!(codes.any(|code| code == "alarms-not-looked-at"));

    shop.clients.recorder.take();
    let told = plan(shop.clients.target_with_alarms(&config)).await;
    let error = format!("{:?}", told.unwrap_err());
    println!("{error}");
    for said in ["cloudwatch:DescribeAlarms", "alarm:web-5xx"] {
        assert!(error.contains(said), "{said} is not in {error}");
    }
    let calls = shop.clients.recorder.take();
    let calls = calls.iter().filter(|call| call.starts_with("cloudwatch:"));
    assert_eq!(calls.collect::<Vec<_>>(), ["cloudwatch:DescribeAlarms"]);
}
