//! Every call that the target makes is understood, and so are the answers.

use std::collections::BTreeSet;

use aws_sdk_applicationautoscaling::types::{ScalableDimension, ServiceNamespace};
use aws_sdk_ecs::types::LaunchType;
use aws_sdk_elasticloadbalancingv2::types::TargetDescription;
use strategy_core::driver::Driver;
use strategy_core::strategy::Canary;
use strategy_core::target::{DesiredTrack, Finding, Severity};
use strategy_core::{
    Images, Part, Release, Replicas, Revision, Route, RouteBy, Target as _, Track, Traffic, Weight,
};
use target_ecs::EcsTarget;
use target_ecs::config::RuleConfig;

use crate::hand::{Hand, release};
use crate::server::RUNNING;
use crate::shop::{PORT, Shop};

/// A task of stable that is healthy: moto starts none for a service.
async fn run_a_task(shop: &Shop) {
    let run = shop.clients.ecs.run_task().cluster(shop.name);
    let run = run
        .task_definition(shop.name)
        .launch_type(LaunchType::Fargate);
    let ran = run.network_configuration(shop.network()).send().await;
    let ran = ran.unwrap();
    let details = ran.tasks()[0].attachments()[0].details().iter();
    let mut addresses = details.filter(|detail| detail.name() == Some("privateIPv4Address"));
    let address = addresses.next().unwrap().value().unwrap();
    let target = TargetDescription::builder().id(address).port(PORT).build();
    let register = shop.clients.balancers.register_targets().targets(target);
    let register = register.target_group_arn(&shop.stable_group);
    register.send().await.unwrap();
}

async fn scale(shop: &Shop) {
    let target = shop.clients.scaling.register_scalable_target();
    let target = target
        .service_namespace(ServiceNamespace::Ecs)
        .resource_id(format!("service/{}/web", shop.name))
        .scalable_dimension(ScalableDimension::EcsServiceDesiredCount);
    let target = target.min_capacity(2).max_capacity(10);
    target.send().await.unwrap();
}

/// From the plan to the claim that is given up, by a rule, a default rule, a header and an autoscaler: each call of the
/// policy, and no other.
#[tokio::test]
#[ignore = "needs moto: cargo xtask test"]
async fn a_canary_makes_each_call_of_its_policy_and_no_other() {
    let shop = Shop::open("calls").await;
    run_a_task(&shop).await;
    scale(&shop).await;
    shop.clients.recorder.take();
    let rules = [
        RuleConfig::Rule(shop.rule.clone()),
        RuleConfig::ListenerDefault(shop.listener.clone()),
    ];
    let config = shop.config(shop.candidate(), rules);
    let mut called = BTreeSet::new();

    let canary = Canary::new().header_route("x-preview", "yes");
    let canary = canary.stages([5, 100]);
    let driver = Driver::on(shop.clients.target(&config));
    let release_of = Release::of([("web", "web:2")]).unwrap();
    let planned = driver.plan(&canary, release_of).await.unwrap();
    let blocks = |of: &&Finding| of.severity == Severity::Blocks;
    let blocking: Vec<_> = planned.findings.iter().filter(blocks).collect();
    assert!(blocking.is_empty(), "{blocking:?}");
    called.extend(shop.clients.recorder.take());
    assert!(
        called
            .iter()
            .all(|action| { action.contains(":Describe") || action.contains(":List") })
    );

    let recorder = shop.clients.recorder.clone();
    let target = shop.clients.target(&config);
    let found = target.discover().await.unwrap();
    let stable = &found.observation.stable;
    assert_eq!(
        stable.written.as_ref().unwrap().replicas,
        Replicas::Floor(2)
    );
    let scaler = stable.autoscaler.as_ref().unwrap();
    assert_eq!((scaler.min, scaler.max, scaler.wanted), (2, 10, 2));
    let images = Images::parse([("web", "web:1")]).unwrap();
    assert_eq!(found.images(Track::Stable), Some(&images));
    let [pods] = &stable.pods[..] else {
        panic!("{:?}", stable.pods);
    };
    assert_eq!((pods.total, pods.ready), (1, 1), "by address and port");
    assert_eq!(found.observation.candidate.written, None);

    let mut hand = Hand::on(&shop, config.clone()).await;
    let part = Part::main();
    let admitted = hand.target.admit(&part, &hand.found, &planned.plan);
    hand.found.binding = admitted.await.unwrap().binding;
    hand.apply(hand.candidate("web:2", 0)).await;
    called.extend(recorder.take());
    let seen = hand.look().await.candidate.written.unwrap();
    assert_eq!(
        seen.revision.images,
        Images::parse([("web", "web:2")]).unwrap()
    );
    assert_eq!(
        seen.replicas,
        Replicas::Count(u32::try_from(RUNNING).unwrap())
    );

    let mut previewed = hand.candidate("web:2", 0);
    previewed.traffic.routes.push(Route {
        by: RouteBy::Header,
        name: "x-preview".to_owned(),
        value: "yes".to_owned(),
    });
    hand.apply(previewed.clone()).await;
    called.extend(recorder.take());
    assert_eq!(hand.look().await.traffic.written, previewed.traffic);

    hand.apply(hand.candidate("web:2", 5)).await;
    called.extend(recorder.take());
    let share = Weight::from_basis_points(50).unwrap();
    assert_eq!(hand.look().await.traffic.written, Traffic::weight(share));

    hand.apply(hand.candidate("web:2", 1000)).await;
    called.extend(recorder.take());
    let mut more = hand.candidate("web:2", 1000);
    more.stable = DesiredTrack {
        revision: release("web:2"),
        replicas: Replicas::Floor(4),
    };
    hand.apply(more).await;
    called.extend(recorder.take());
    let seen = hand.look().await;
    assert_eq!(seen.traffic.written, Traffic::weight(Weight::FULL));
    let stable = seen.stable.written.unwrap();
    assert_eq!(stable.replicas, Replicas::Floor(4));
    assert_eq!(
        stable.revision.images,
        Images::parse([("web", "web:2")]).unwrap()
    );
    assert!(!stable.revision.recorded);

    let mut home = hand.start();
    home.candidate = DesiredTrack {
        revision: Revision::Absent,
        replicas: Replicas::Count(0),
    };
    hand.apply(home).await;
    called.extend(recorder.take());
    let seen = hand.look().await;
    assert_eq!(seen.traffic.written, Traffic::default());
    assert_eq!(seen.candidate.written, None);
    assert!(seen.stable.written.unwrap().revision.recorded);
    hand.set_claim(Some(&hand.claim), None).await.unwrap();
    called.extend(recorder.take());

    let policy = EcsTarget::permissions(&config).unwrap();
    let allowed = policy.statement.iter().flat_map(|of| of.action.iter());
    let mut allowed: BTreeSet<String> = allowed.map(ToString::to_string).collect();
    assert!(
        allowed.remove("iam:PassRole"),
        "that is asked for by AWS itself"
    );
    assert!(
        allowed.remove("cloudwatch:DescribeAlarms"),
        "no service here goes by alarms"
    );
    assert_eq!(called, allowed);
}

/// What a candidate is made with arrives.
#[tokio::test]
#[ignore = "needs moto: cargo xtask test"]
async fn a_candidate_is_made_like_stable() {
    let shop = Shop::open("made").await;
    let mut hand = Hand::on(&shop, shop.canary()).await;
    hand.apply(hand.candidate("web:2", 0)).await;
    let (stable, made) = (shop.service("web").await, shop.service("web-canary").await);
    let [balancer] = made.load_balancers() else {
        panic!("{made:?}");
    };
    assert_eq!(balancer.target_group_arn(), Some(shop.other_group.as_str()));
    let container = (balancer.container_name(), balancer.container_port());
    assert_eq!(container, (Some("web"), Some(PORT)));
    assert_eq!(made.launch_type(), stable.launch_type());
    assert_eq!(made.scheduling_strategy(), stable.scheduling_strategy());
    let network = |of: &aws_sdk_ecs::types::Service| {
        of.deployments()[0]
            .network_configuration()
            .cloned()
            .unwrap()
    };
    assert_eq!(network(&made), network(&stable));
    let tags: Vec<_> = made.tags().iter().filter_map(|tag| tag.key()).collect();
    assert_eq!(tags, ["rollway.dev/claim"]);
}
