//! Whole looks, as a rollout takes them: each closed period is taken exactly once, after it has settled.

use std::time::Duration;

use serde_json::json;
use strategy_core::analysis::{Analysis, Look, Memory, Window};
use strategy_core::plan::Extension;
use strategy_core::{Part, Track, Tracks, Weight};
use strategy_metrics::MetricAnalysis;

use crate::server::{BEGIN, Server, at, labels};
use crate::store::Store;

fn look(from: u64, to: u64, period: &str) -> Look {
    let metric = json!({ "application-load-balancer": {}, "period": period, "settle": "90s" });
    let analysis = Extension::new("cloudwatch").with("metric", metric);
    let window = Window {
        from: at(from),
        to: at(to),
    };
    let mut look = Look::new("errors", analysis, window);
    let labels = Tracks {
        stable: labels("web"),
        candidate: labels("web-canary"),
    };
    look.identities.insert(Part::main(), labels);
    let weight = Weight::from_percent(10).unwrap();
    look.weights.insert(Part::main(), weight);
    look.alpha_millionths = 10_000;
    look
}

/// Which windows were asked for, of each track, with looks of so many seconds over ten minutes.
async fn windows(interval: u64, period: &str) -> Tracks<Vec<(u64, u64)>> {
    let mut store = Store::default();
    for second in 0..600 {
        for (group, share) in [("web", 90.0), ("web-canary", 10.0)] {
            store.count("RequestCount", group, BEGIN + second, share);
        }
    }
    let server = Server::holding(store);
    let analysis = MetricAnalysis::new("cloudwatch", server.source());
    let mut memory = Memory::default();
    let mut begin = 7;
    while begin + interval <= 600 {
        let mut look = look(begin, begin + interval, period);
        look.memory = memory;
        memory = analysis.measure(&look).await.unwrap().memory;
        begin += interval;
    }
    let of = |track: Track| {
        let name = match track {
            Track::Stable => "targetgroup/web/",
            Track::Candidate => "targetgroup/web-canary/",
        };
        let asked = server.asked().into_iter();
        let of_track = asked.filter(|asked| {
            let metric = &asked["MetricDataQueries"][0]["MetricStat"]["Metric"];
            let group = metric["Dimensions"][1]["Value"].as_str().unwrap();
            group.starts_with(name)
        });
        let seconds = |asked: &serde_json::Value, name: &str| asked[name].as_u64().unwrap() - BEGIN;
        of_track
            .map(|asked| (seconds(&asked, "StartTime"), seconds(&asked, "EndTime")))
            .collect()
    };
    Tracks {
        stable: of(Track::Stable),
        candidate: of(Track::Candidate),
    }
}

#[tokio::test]
async fn each_closed_period_is_read_once() {
    for (interval, period, seconds) in [
        (30, "60s", 60),
        (45, "60s", 60),
        (200, "60s", 60),
        (30, "10s", 10),
        (7, "1s", 1),
        (60, "2m", 120),
    ] {
        let asked = windows(interval, period).await;
        assert_eq!(asked.stable, asked.candidate);
        let asked = asked.candidate;
        let (first, last) = (asked[0], asked[asked.len() - 1]);
        // The first whole period after the begin, on CloudWatch's own grid; BEGIN is a multiple of all of these.
        assert_eq!(first.0, 7_u64.next_multiple_of(seconds), "{period}");
        for (from, to) in &asked {
            assert!(from < to && from % seconds == 0 && to % seconds == 0);
        }
        for pair in asked.windows(2) {
            assert_eq!(pair[0].1, pair[1].0, "they adjoin and never overlap");
        }
        // The last look ends before ten minutes, and what ended less than 90 s before waits.
        let end = 7 + (600 - 7) / interval * interval;
        assert_eq!(
            last.1,
            (end - 90) / seconds * seconds,
            "{interval} {period}"
        );
    }
}

/// What was asked for tells the judge exactly what happened in those windows.
#[tokio::test]
async fn what_is_judged_is_what_happened() {
    let mut store = Store::default();
    for second in 0..1_200 {
        store.count("RequestCount", "web", BEGIN + second, 90.0);
        store.count("RequestCount", "web-canary", BEGIN + second, 10.0);
        if second >= 300 {
            store.count(
                "HTTPCode_Target_5XX_Count",
                "web-canary",
                BEGIN + second,
                1.0,
            );
        }
    }
    let analysis = MetricAnalysis::new("cloudwatch", Server::holding(store).source());
    let mut memory = Memory::default();
    let mut failed_at = None;
    for index in 0..20 {
        let mut look = look(index * 60, index * 60 + 60, "60s");
        look.memory = memory;
        let said = analysis.measure(&look).await.unwrap();
        memory = said.memory;
        if said.verdict == strategy_core::analysis::Verdict::Fail {
            failed_at = Some((index + 1) * 60);
            break;
        }
    }
    // Failures begin at 300 s; their first minute has settled 90 s after 360 s, and the next look is at 480 s.
    assert_eq!(
        failed_at.map(Duration::from_secs),
        Some(Duration::from_secs(480))
    );
}
