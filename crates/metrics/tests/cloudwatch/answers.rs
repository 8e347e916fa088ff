//! What each answer becomes: told, empty, stale, no number, zero beside requests, pages.

use serde_json::{Value, json};
use strategy_core::analysis::Window;
use strategy_metrics::source::{Answer, MetricSource, SourceError};
use strategy_metrics::{Data, Events, Reading, Shape};

use crate::server::{BEGIN, Server, at, question, window};
use crate::wire::{Page, Told};

pub(crate) fn counters() -> Value {
    json!({
        "requests": { "namespace": "shop", "metric": "Requests", "dimensions": { "Group": "{{TargetGroup}}" } },
        "failed": { "namespace": "shop", "metric": "Errors" },
    })
}

/// A datapoint of the minute that begins so many minutes after [`BEGIN`].
fn minute(minute: u64, value: f64) -> (u64, f64) {
    (BEGIN + minute * 60, value)
}

async fn read(server: &Server, metric: Value, shape: Shape) -> Result<Answer, SourceError> {
    server
        .source()
        .read(&question(metric, shape), window())
        .await
}

async fn events(pages: impl IntoIterator<Item = Page>) -> Answer {
    let server = Server::pages(pages);
    read(&server, counters(), Shape::Events).await.unwrap()
}

fn counted(total: u64, failed: u64) -> Reading {
    Reading::Told(Data::Events(Events::counted(total, failed)))
}

#[tokio::test]
async fn counts_of_all_periods_are_added_up() {
    let requests: Vec<_> = (0..5).map(|of| minute(of, 100.0)).collect();
    let server = Server::pages([Page::of([
        Told::complete("m0", &requests),
        Told::complete("m1", &[minute(1, 2.0), minute(4, 1.0)]),
    ])]);
    let answer = read(&server, counters(), Shape::Events).await.unwrap();
    assert_eq!(answer.reading, counted(500, 3));
    assert_eq!(answer.notes, [""; 0]);
    let asked = server.asked();
    let query = |id: &str, metric: Value| {
        json!({
            "Id": id, "MetricStat": { "Metric": metric, "Period": 60, "Stat": "Sum" },
        })
    };
    let dimensions =
        json!([{ "Name": "Group", "Value": "targetgroup/web-canary/73e2d6bc24d8a067" }]);
    let expected = json!({
        "MetricDataQueries": [
            query("m0", json!({ "Namespace": "shop", "MetricName": "Requests", "Dimensions": dimensions })),
            query("m1", json!({ "Namespace": "shop", "MetricName": "Errors", "Dimensions": [] })),
        ],
        "StartTime": BEGIN, "EndTime": BEGIN + 300, "ScanBy": "TimestampAscending",
    });
    assert_eq!(asked, [expected]);
}

#[tokio::test]
async fn a_counter_of_failures_without_a_datapoint_is_zero_beside_requests() {
    let page = [
        Told::complete("m0", &[minute(0, 7.0)]),
        Told::complete("m1", &[]),
    ];
    let answer = events([Page::of(page)]).await;
    assert_eq!(answer.reading, counted(7, 0));
    assert_eq!(answer.notes, ["4 of 5 periods have no datapoint"]);
}

#[tokio::test]
async fn no_datapoint_of_requests_is_empty_and_no_zero() {
    let none = [Told::complete("m0", &[]), Told::complete("m1", &[])];
    let answer = events([Page::of(none)]).await;
    assert_eq!(answer.reading, Reading::Empty);
    assert_eq!(answer.notes, [""; 0]);
    // Failures of requests that were not told are said, and not judged.
    let torn = [
        Told::complete("m0", &[]),
        Told::complete("m1", &[minute(0, 3.0)]),
    ];
    let answer = events([Page::of(torn)]).await;
    assert_eq!(answer.reading, Reading::Empty);
    assert_eq!(answer.notes, ["outcomes were counted, and no requests"]);
}

#[tokio::test]
async fn a_zero_that_is_told_is_a_zero() {
    let told = [
        Told::complete("m0", &[minute(0, 0.0)]),
        Told::complete("m1", &[]),
    ];
    assert_eq!(events([Page::of(told)]).await.reading, counted(0, 0));
}

#[tokio::test]
async fn what_is_not_good_failed() {
    let mut metric = counters();
    metric["good"] = metric["failed"].take();
    metric.as_object_mut().unwrap().remove("failed");
    for (good, failed) in [(97.0, 3), (103.0, 0)] {
        let server = Server::pages([Page::of([
            Told::complete("m0", &[minute(0, 60.0), minute(1, 40.0)]),
            Told::complete("m1", &[minute(0, good)]),
        ])]);
        let answer = read(&server, metric.clone(), Shape::Events).await.unwrap();
        assert_eq!(answer.reading, counted(100, failed));
    }
}

#[tokio::test]
async fn several_counters_are_one() {
    let of = |metric: &str| json!({ "namespace": "shop", "metric": metric });
    let metric = json!({ "requests": [of("A"), of("B")], "failed": [of("C"), of("D"), of("E")] });
    let told = (0..5).map(|index| Told::complete(&format!("m{index}"), &[minute(0, 10.0)]));
    let server = Server::pages([Page::of(told)]);
    let answer = read(&server, metric, Shape::Events).await.unwrap();
    assert_eq!(answer.reading, counted(20, 20), "30 of 20 is 20");
}

#[tokio::test]
async fn a_count_that_is_none_is_no_number() {
    for value in [f64::NAN, f64::INFINITY, -1.0] {
        for index in 0..2 {
            let mut values = [10.0, 1.0];
            values[index] = value;
            let told = [
                Told::complete("m0", &[minute(0, values[0])]),
                Told::complete("m1", &[minute(0, values[1])]),
            ];
            let answer = events([Page::of(told)]).await;
            assert_eq!(answer.reading, Reading::NotANumber, "{values:?}");
        }
    }
}

#[tokio::test]
async fn numbers_are_told_in_order_of_time() {
    let metric = json!({ "query": { "namespace": "shop", "metric": "Heap", "statistic": "p99" } });
    let told = |points: &[(u64, f64)]| Server::pages([Page::of([Told::complete("m0", points)])]);
    let server = told(&[minute(3, 3.0), minute(1, f64::NAN), minute(0, 1.0)]);
    let answer = read(&server, metric.clone(), Shape::Values).await.unwrap();
    assert_eq!(answer.reading, Reading::Told(Data::Values(vec![1.0, 3.0])));
    assert_eq!(answer.notes, ["2 of 5 periods have no datapoint"]);
    let stat = &server.asked()[0]["MetricDataQueries"][0]["MetricStat"];
    assert_eq!(stat["Stat"], "p99");
    let empty = read(&told(&[]), metric.clone(), Shape::Values).await;
    assert_eq!(empty.unwrap().reading, Reading::Empty);
    let nan = read(&told(&[minute(0, f64::NAN)]), metric, Shape::Values).await;
    assert_eq!(nan.unwrap().reading, Reading::NotANumber);
}

#[tokio::test]
async fn what_ended_early_is_stale_where_that_was_asked_for() {
    let newest = minute(2, 10.0);
    for (stale_after, is_stale) in [("2m", false), ("60s", true)] {
        let mut metric = counters();
        metric["stale-after"] = json!(stale_after);
        let server = Server::pages([Page::of([
            Told::complete("m0", &[minute(0, 5.0), newest]),
            Told::complete("m1", &[minute(4, 1.0)]),
        ])]);
        let answer = read(&server, metric, Shape::Events).await.unwrap();
        let expected = if is_stale {
            Reading::stale(at(180))
        } else {
            counted(15, 1)
        };
        assert_eq!(answer.reading, expected, "{stale_after}");
    }
}

#[tokio::test]
async fn pages_are_read_until_there_are_no_more() {
    let server = Server::pages([
        Page::of([
            Told::with("m0", &[minute(0, 1.0), minute(1, 2.0)], "PartialData"),
            Told::with("m1", &[], "InternalError"),
        ])
        .next("one"),
        Page::of([Told::with(
            "m0",
            &[minute(1, 2.0), minute(2, 4.0)],
            "PartialData",
        )])
        .next("two"),
        Page::of([
            Told::complete("m0", &[minute(3, 8.0)]),
            Told::complete("m1", &[minute(3, 3.0)]),
        ])
        .next(""),
    ]);
    let answer = read(&server, counters(), Shape::Events).await.unwrap();
    assert_eq!(
        answer.reading,
        counted(15, 3),
        "a datapoint that is told again is one"
    );
    let asked = server.asked();
    let tokens: Vec<_> = asked
        .iter()
        .map(|asked| asked["NextToken"].clone())
        .collect();
    assert_eq!(tokens, [Value::Null, json!("one"), json!("two")]);
    let same = |asked: &Value| {
        (
            asked["StartTime"].clone(),
            asked["MetricDataQueries"].clone(),
        )
    };
    assert!(asked.iter().all(|of| same(of) == same(&asked[0])));
}

#[tokio::test]
async fn what_is_said_of_an_answer_is_told_on() {
    let mut page = Page::of([
        Told::complete("m0", &[minute(0, 1.0)]).saying("Slow", "it took a while"),
        Told::complete("m1", &[]),
    ]);
    page.messages.push(("MaxMetricsExceeded", "too many"));
    let answer = events([page]).await;
    assert_eq!(
        answer.notes,
        [
            "MaxMetricsExceeded: too many",
            "Slow: it took a while",
            "4 of 5 periods have no datapoint"
        ]
    );
}

#[tokio::test]
async fn of_many_messages_only_some_are_told_on() {
    const CODES: [&str; 9] = ["a", "b", "c", "d", "e", "f", "g", "h", "i"];
    let points: Vec<_> = (0..5).map(|of| minute(of, 1.0)).collect();
    let mut told = Told::complete("m0", &points);
    for code in CODES {
        told = told.saying(code, "is said");
    }
    let answer = events([Page::of([told, Told::complete("m1", &[])])]).await;
    let expected = CODES.map(|code| format!("{code}: is said"));
    assert_eq!(answer.notes, expected[..5]);
}

/// With a period of a second CloudWatch rounds the begin of what is asked for down to a minute.
#[tokio::test]
async fn datapoints_of_other_windows_are_left_out() {
    let mut metric = counters();
    metric["period"] = json!("1s");
    let points = [
        (BEGIN, 1.0),
        (BEGIN + 9, 2.0),
        (BEGIN + 10, 4.0),
        (BEGIN + 20, 8.0),
    ];
    let server = Server::pages([Page::of([
        Told::complete("m0", &points),
        Told::complete("m1", &points[..1]),
    ])]);
    let window = Window {
        from: at(9),
        to: at(20),
    };
    let source = server.source();
    let question = question(metric, Shape::Events);
    let answer = source.read(&question, window).await.unwrap();
    assert_eq!(answer.reading, counted(6, 0));
}
