//! What is asked for: with the labels of a track, and what is ready-made.

use serde_json::{Value, json};
use strategy_core::Track;
use strategy_metrics::Shape;
use strategy_metrics::source::{MetricSource, SourceError};

use crate::metrics::with;
use crate::server::{Server, labels, question, window};
use crate::wire::{Page, Told};

/// What is asked about a metric: each query as text.
async fn asked(metric: Value, shape: Shape) -> Vec<String> {
    let told = (0..20).map(|index| Told::complete(&format!("m{index}"), &[]));
    let told: Vec<_> = told.collect();
    for count in 1..=told.len() {
        let server = Server::pages([Page::of(told[..count].iter().cloned())]);
        let source = server.source();
        if source
            .read(&question(metric.clone(), shape), window())
            .await
            .is_err()
        {
            continue;
        }
        let asked = &server.asked()[0]["MetricDataQueries"];
        let queries = asked.as_array().unwrap().iter().map(|query| {
            let stat = &query["MetricStat"];
            let metric = &stat["Metric"];
            let dimensions = metric["Dimensions"].as_array().unwrap().iter();
            let dimensions: Vec<_> = dimensions
                .map(|of| {
                    format!(
                        "{}={}",
                        of["Name"].as_str().unwrap(),
                        of["Value"].as_str().unwrap()
                    )
                })
                .collect();
            format!(
                "{} {} {{{}}} {} {}s",
                metric["Namespace"].as_str().unwrap(),
                metric["MetricName"].as_str().unwrap(),
                dimensions.join(","),
                stat["Stat"].as_str().unwrap(),
                stat["Period"],
            )
        });
        return queries.collect();
    }
    panic!("{metric} is never asked for");
}

#[tokio::test]
async fn labels_of_the_track_are_filled_in() {
    let metric = json!({
        "requests": {
            "namespace": "Shop/{{ClusterName}}", "metric": "{{ServiceName}}.Time", "statistic": "SampleCount",
            "dimensions": { "Service": "{{ ServiceName }}", "Fixed": "x" },
        },
        "failed": { "namespace": "Shop", "metric": "Errors" },
        "period": "5s",
    });
    assert_eq!(
        asked(metric, Shape::Events).await,
        [
            "Shop/shop web-canary.Time {Fixed=x,Service=web-canary} SampleCount 5s",
            "Shop Errors {} Sum 5s"
        ]
    );
    let value = json!({ "query": { "namespace": "Shop", "metric": "Heap" } });
    assert_eq!(
        asked(value, Shape::Values).await,
        ["Shop Heap {} Average 60s"]
    );
}

#[tokio::test]
async fn a_label_that_the_target_does_not_tell_is_refused() {
    let server = Server::pages([]);
    let source = server.source();
    for (metric, place) in [
        (
            with(&["failed", "dimensions"], json!({ "Pod": "{{pod}}" })),
            "metric.failed.dimensions",
        ),
        (
            with(&["failed", "metric"], json!("{{pod}}")),
            "metric.failed.metric",
        ),
        (
            with(&["requests", "namespace"], json!("{{pod}}")),
            "metric.requests.namespace",
        ),
        (
            json!({ "application-load-balancer": { "target-group": "{{pod}}" } }),
            "metric.application-load-balancer.target-group",
        ),
    ] {
        let question = question(metric, Shape::Events);
        for error in [
            source.admit(&question).await.map(|_| ()).unwrap_err(),
            source
                .read(&question, window())
                .await
                .map(|_| ())
                .unwrap_err(),
        ] {
            let SourceError::Invalid {
                field,
                problem,
                mend,
                ..
            } = error
            else {
                panic!("{error:?}");
            };
            assert_eq!(field, place);
            assert!(
                problem.contains("`pod`") && mend.contains("TargetGroup"),
                "{mend}"
            );
        }
    }
    let mut unknown = question(json!({ "application-load-balancer": {} }), Shape::Events);
    unknown.labels.remove("LoadBalancer");
    let error = source.admit(&unknown).await.unwrap_err().to_string();
    assert!(
        error.contains("application-load-balancer.load-balancer"),
        "{error}"
    );
    unknown
        .labels
        .insert("LoadBalancer".to_owned(), "x".repeat(1_025));
    let error = source.admit(&unknown).await.unwrap_err().to_string();
    assert!(error.contains("1 to 1024"), "{error}");
    assert!(server.asked().is_empty());
}

#[tokio::test]
async fn a_target_group_behind_a_load_balancer_is_ready_made() {
    let metric = json!({ "application-load-balancer": {} });
    let of = |metric: &str, statistic: &str| {
        format!(
            "AWS/ApplicationELB {metric} {{LoadBalancer=app/shop/50dc6c495c0c9188,\
             TargetGroup=targetgroup/web-canary/73e2d6bc24d8a067}} {statistic} 60s"
        )
    };
    assert_eq!(
        asked(metric.clone(), Shape::Events).await,
        [
            of("RequestCount", "Sum"),
            of("HTTPCode_Target_5XX_Count", "Sum"),
            of("TargetConnectionErrorCount", "Sum"),
        ]
    );
    assert_eq!(
        asked(metric, Shape::Values).await,
        [of("TargetResponseTime", "p95")]
    );
    let written = json!({ "application-load-balancer": {
        "load-balancer": "app/a/1", "target-group": "targetgroup/{{ServiceName}}/2", "statistic": "tm99",
    } });
    assert_eq!(
        asked(written, Shape::Values).await,
        [
            "AWS/ApplicationELB TargetResponseTime {LoadBalancer=app/a/1,TargetGroup=targetgroup/web-canary/2} tm99 60s"
        ]
    );
}

/// The tracks are asked for with the labels of their own.
#[tokio::test]
async fn each_track_is_asked_for_by_its_own_target_group() {
    let metric = json!({ "application-load-balancer": {} });
    let told = || (0..3).map(|index| Told::complete(&format!("m{index}"), &[]));
    let server = Server::pages([Page::of(told()), Page::of(told())]);
    for (track, name) in [(Track::Stable, "web"), (Track::Candidate, "web-canary")] {
        let mut question = question(metric.clone(), Shape::Events);
        question.track = track;
        question.labels = labels(name);
        server.source().read(&question, window()).await.unwrap();
    }
    let groups: Vec<_> = server
        .asked()
        .iter()
        .map(|asked| {
            asked["MetricDataQueries"][0]["MetricStat"]["Metric"]["Dimensions"][1]["Value"].clone()
        })
        .collect();
    assert_eq!(
        groups,
        [
            "targetgroup/web/73e2d6bc24d8a067",
            "targetgroup/web-canary/73e2d6bc24d8a067"
        ]
    );
}
