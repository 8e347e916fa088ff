//! Metrics of Amazon CloudWatch.

use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{Dimension, Metric, MetricDataQuery, MetricStat};
use aws_sdk_elasticloadbalancingv2::types::TargetDescription;
use test_support::ecs::Rule;

use crate::scene::{Scene, forward};

impl Scene {
    /// The datapoints of a target group's requests in this span of minutes: when, and how many.
    fn counted(&self, group: &str, minutes: std::ops::Range<i64>) -> Vec<(i64, f64)> {
        let (_, value) = group.rsplit_once(':').unwrap();
        let dimension =
            |name: &str, value: &str| Dimension::builder().name(name).value(value).build();
        let metric = Metric::builder()
            .namespace("AWS/ApplicationELB")
            .metric_name("RequestCount")
            .dimensions(dimension("TargetGroup", value))
            .dimensions(dimension("LoadBalancer", "app/shop/1"))
            .build();
        let stat = MetricStat::builder().metric(metric).period(60).stat("Sum");
        let query = MetricDataQuery::builder()
            .id("requests")
            .metric_stat(stat.build());
        let call = self.fake.alarms_client().get_metric_data();
        let call = call
            .metric_data_queries(query.build())
            .start_time(DateTime::from_secs(minutes.start * 60))
            .end_time(DateTime::from_secs(minutes.end * 60));
        let told = self.ok(call.send());
        let [result] = told.metric_data_results() else {
            panic!("{told:?}");
        };
        assert_eq!(result.id(), Some("requests"));
        let times = result.timestamps().iter().map(|at| at.secs() / 60);
        times.zip(result.values().iter().copied()).collect()
    }
}

#[test]
fn requests_are_counted_by_the_minute_and_told_a_minute_later() {
    let scene = Scene::new();
    let groups = [
        scene.shop.stable_group.clone(),
        scene.shop.canary_group.clone(),
    ];
    for (group, id) in groups.iter().zip(["10.1.0.1", "10.1.0.2"]) {
        let target = TargetDescription::builder().id(id).build();
        let call = scene.elb.register_targets().target_group_arn(group);
        scene.ok(call.targets(target).send());
    }
    let now = |scene: &Scene| i64::try_from(scene.clock.now().as_millis() / 60_000).unwrap();
    let first = now(&scene) + 1;
    scene.wait(600);
    let [stable, canary] = &groups;
    let told = scene.counted(stable, first..first + 2);
    assert_eq!(told, [(first, 600.0), (first + 1, 600.0)]);
    assert_eq!(scene.counted(canary, first..first + 9), []);
    // The minute that is under way is not told of, nor the one before it.
    let last = scene.counted(stable, first..first + 60).pop().unwrap().0;
    assert_eq!(last, now(&scene) - 2);
    let all = forward(&[(stable, 0), (canary, 1)]);
    let rule = scene.elb.modify_rule().rule_arn(&scene.shop.rule);
    scene.ok(rule.actions(all).send());
    scene.wait(600);
    let since = now(&scene) - 4;
    assert_eq!(scene.counted(stable, since..since + 2), []);
    assert_eq!(scene.counted(canary, since..since + 1), [(since, 600.0)]);
    scene.notices(Rule::RequestsByTheMinute);
}
