//! Events: what counters of a real server counted in a window.

use std::collections::BTreeMap;

use serde_json::json;
use strategy_core::analysis::{Analysis as _, Count, Look, Memory, Verdict};
use strategy_core::plan::Extension;
use strategy_core::{Part, Timestamp, Tracks};
use strategy_metrics::{MetricAnalysis, Reading, Shape};

use crate::exporter::{Page, Target};
use crate::question::{self, ask, between, difference, events, later, requests, window};
use crate::server::Prometheus;

pub(crate) const TARGETS: &[Target] = &[
    Target::new("web", "stable", |number| shown(stable(number))),
    Target::new("web", "candidate", |number| shown(candidate(number))),
    Target::new("restarted", "candidate", restarted),
    Target::new("first-failure", "candidate", first_failure),
    Target::new("nan", "candidate", |number| {
        if number < 4 {
            return shown(candidate(number));
        }
        Page::Text("http_requests_total{code=\"200\"} NaN".to_owned())
    }),
];

/// What stable had counted at its scrape of this number; each scrape sees more than the one before.
const fn stable(number: u64) -> Count {
    Count {
        total: 9_000 + 5 * number * number + 90 * number,
        failed: 7 + number * number,
    }
}

const fn candidate(number: u64) -> Count {
    Count {
        total: 1_000 + 3 * number * number + 10 * number,
        failed: 40 + number * (number + 1) / 2,
    }
}

fn shown(counted: Count) -> Page {
    let Count { total, failed } = counted;
    let ok = total - failed;
    Page::Text(format!(
        "# TYPE http_requests_total counter\n\
         http_requests_total{{code=\"200\"}} {ok}\n\
         http_requests_total{{code=\"500\"}} {failed}"
    ))
}

/// Counts as the candidate does, is away at the fourth scrape and begins anew after it.
fn restarted(number: u64) -> Page {
    match number {
        0..3 => shown(candidate(number)),
        3 => Page::HangUp,
        _ => shown(difference(candidate, (3, number))),
    }
}

/// Nothing fails before the fourth scrape, and no counter says so.
fn first_failure(number: u64) -> Page {
    let mut text = format!("http_requests_total{{code=\"200\"}} {}", 100 + 10 * number);
    if number >= 3 {
        text += &format!("\nhttp_requests_total{{code=\"503\"}} {}", number - 1);
    }
    Page::Text(text)
}

#[tokio::test]
#[ignore = "needs Prometheus: cargo xtask test"]
async fn a_window_counts_what_the_exporter_counted_between_its_scrapes() {
    let server = Prometheus::shared();
    for (track, counted) in [
        ("stable", stable as fn(u64) -> Count),
        ("candidate", candidate),
    ] {
        let scrapes = server.scrapes("web", track, 6).await;
        let begin = scrapes[0].0;
        let mut seen = 0;
        for (from, to) in [
            (1_000, 3_000),
            (1_001, 3_001),
            (500, 5_500),
            (2_300, 2_301),
            (0, 6_000),
        ] {
            let window = window(later(begin, from), later(begin, to));
            let found = question::counted(server, requests("web"), track, window).await;
            let expected = difference(counted, between(&scrapes, window));
            assert_eq!(found, expected, "{track}: {from} to {to}");
            seen += found.total;
        }
        assert!(seen > 0);
    }
}

#[tokio::test]
#[ignore = "needs Prometheus: cargo xtask test"]
async fn windows_that_adjoin_add_up() {
    let server = Prometheus::shared();
    for job in ["web", "restarted"] {
        let scrapes = server.scrapes(job, "candidate", 6).await;
        let (first, last) = (scrapes[0], scrapes[scrapes.len() - 1]);
        // Ends between scrapes, at a scrape's own millisecond, and before and after it.
        let steps = (1..).map(|step| later(first.0, step * 370));
        let mut ends: Vec<_> = steps.take_while(|end| *end < last.0).collect();
        for (at, _) in &scrapes[1..] {
            ends.extend([later(*at, 0), later(*at, 1)]);
        }
        ends.sort();
        ends.dedup();
        let (mut from, mut sum) = (
            first.0,
            Count {
                total: 0,
                failed: 0,
            },
        );
        for to in ends {
            let window = window(from, to);
            let found = question::counted(server, requests(job), "candidate", window).await;
            sum.total += found.total;
            sum.failed += found.failed;
            from = to;
        }
        let whole = difference(candidate, (first.1, last.1));
        let unseen = if job == "web" {
            Count {
                total: 0,
                failed: 0,
            }
        } else {
            // Nobody scraped what was counted between the last scrape before the restart and the restart.
            difference(candidate, (2, 3))
        };
        assert_eq!(sum.total, whole.total - unseen.total, "{job}: {scrapes:?}");
        assert_eq!(sum.failed, whole.failed - unseen.failed, "{job}");
    }
}

#[tokio::test]
#[ignore = "needs Prometheus: cargo xtask test"]
async fn what_a_counter_shows_after_a_reset_was_counted_since() {
    let server = Prometheus::shared();
    let scrapes = server.scrapes("restarted", "candidate", 5).await;
    let at = |number| scrapes.iter().find(|scrape| scrape.1 == number).unwrap().0;
    // From the last scrape before the restart to the second one after it.
    let across = window(later(at(2), 1), later(at(5), 1));
    let found = events(server, requests("restarted"), "candidate", across).await;
    assert_eq!(found.all, difference(candidate, (3, 5)));
    let away = window(later(at(2), 1), at(4));
    let told = ask(
        server,
        requests("restarted"),
        Shape::Events,
        "candidate",
        away,
    )
    .await;
    assert_eq!(
        told.unwrap(),
        Reading::stale(at(2)),
        "it was away, and that is not a count of zero"
    );
}

/// Looks are shorter than scrapes are apart, and most windows have no sample: each event is told once all the same,
/// the good release passes, and no look without a sample is a pass.
#[tokio::test]
#[ignore = "needs Prometheus: cargo xtask test"]
async fn looks_shorter_than_scrapes_are_apart_lose_nothing() {
    let server = Prometheus::shared();
    let scrapes = server.scrapes("web", "candidate", 7).await;
    let (first, last) = (scrapes[1], scrapes[6]);
    let mut metric = requests("web");
    metric["settle"] = json!("0s");
    let analysis = MetricAnalysis::new("prometheus", server.source());
    let check = Extension::new("prometheus").with("metric", metric).with(
        "judge",
        json!({ "kind": "slo", "tolerated": 0.25, "minimum-events": 1 }),
    );
    let mut memory = Memory::default();
    let (mut passes, mut waits, mut evidence) = (0, 0, String::new());
    let mut from = first.0;
    while from <= last.0 {
        let to = later(from, 300);
        let mut look = Look::new("errors", check.clone(), window(from, to));
        let labels = [("track".to_owned(), "candidate".to_owned())].into();
        look.identities.insert(
            Part::main(),
            Tracks {
                stable: BTreeMap::new(),
                candidate: labels,
            },
        );
        look.alpha_millionths = 10_000;
        look.memory = memory;
        let told = analysis.measure(&look).await.unwrap();
        if told.verdict == Verdict::Pass {
            passes += 1;
            evidence = told.evidence.to_string();
        } else {
            assert_eq!(told.verdict, Verdict::Undecided, "{}", told.evidence);
            waits += 1;
        }
        memory = told.memory;
        from = to;
    }
    // From the first sample of the first window to the last scrape of all.
    let Count { total, failed } = difference(candidate, (first.1, last.1));
    assert!(
        evidence.contains(&format!("{failed} of {total} ")),
        "{evidence}, and not {failed} of {total}"
    );
    assert!(
        (3..=6).contains(&passes) && waits > 2 * passes,
        "{passes} passes, {waits} waits"
    );
}

#[tokio::test]
#[ignore = "needs Prometheus: cargo xtask test"]
async fn the_first_failure_of_a_target_that_was_there_counts() {
    let server = Prometheus::shared();
    let scrapes = server.scrapes("first-failure", "candidate", 4).await;
    let at = |number| scrapes.iter().find(|scrape| scrape.1 == number).unwrap().0;
    for (from, to, total, failed) in [(1, 2, 10, 0), (2, 3, 12, 2), (3, 4, 11, 1), (1, 4, 33, 3)] {
        let window = window(later(at(from), 1), later(at(to), 1));
        let found = events(server, requests("first-failure"), "candidate", window).await;
        assert_eq!(found.all, Count { total, failed }, "{from} to {to}");
    }
}

#[tokio::test]
#[ignore = "needs Prometheus: cargo xtask test"]
async fn what_was_counted_before_the_first_scrape_belongs_to_no_window() {
    let server = Prometheus::shared();
    let scrapes = server.scrapes("web", "stable", 2).await;
    let first = scrapes[0].0;
    let before = Timestamp::from_millis(first.as_millis() - 5_000);
    let second = window(before, later(scrapes[1].0, 1));
    let found = events(server, requests("web"), "stable", second).await;
    assert_eq!(found.all, difference(stable, (scrapes[0].1, scrapes[1].1)));
    // One sample says from where to count.
    for (to, expected) in [
        (first, Reading::Empty),
        (later(first, 1), Reading::stale(first)),
    ] {
        let window = window(before, to);
        let told = ask(server, requests("web"), Shape::Events, "stable", window).await;
        assert_eq!(told.unwrap(), expected);
    }
}

#[tokio::test]
#[ignore = "needs Prometheus: cargo xtask test"]
async fn units_are_told_apart_by_their_label() {
    let server = Prometheus::shared();
    let stables = server.scrapes("web", "stable", 5).await;
    let candidates = server.scrapes("web", "candidate", 5).await;
    let window = window(later(candidates[1].0, 1), later(candidates[4].0, 1));
    let metric = json!({
        "requests": "http_requests_total{job=\"web\"}",
        "failed": "http_requests_total{job=\"web\",code=\"500\"}",
        "unit": "track",
    });
    let found = events(server, metric, "candidate", window).await;
    let of_stable = difference(stable, between(&stables, window));
    let of_candidate = difference(candidate, between(&candidates, window));
    let expected = [
        ("candidate".to_owned(), of_candidate),
        ("stable".to_owned(), of_stable),
    ];
    assert_eq!(found.by_unit.into_iter().collect::<Vec<_>>(), expected);
    assert_eq!(found.all.total, of_stable.total + of_candidate.total);
    assert_eq!(found.all.failed, of_stable.failed + of_candidate.failed);
}

#[tokio::test]
#[ignore = "needs Prometheus: cargo xtask test"]
async fn a_counter_without_a_number_is_no_counter_that_stands_still() {
    let server = Prometheus::shared();
    let scrapes = server.scrapes("nan", "candidate", 5).await;
    let at = |number| scrapes.iter().find(|scrape| scrape.1 == number).unwrap().0;
    let asked = |from, to| {
        let window = window(later(at(from), 1), later(at(to), 1));
        ask(server, requests("nan"), Shape::Events, "candidate", window)
    };
    let told = asked(1, 3).await.unwrap();
    assert!(matches!(told, Reading::Told(_)), "{told:?}");
    assert_eq!(asked(3, 5).await.unwrap(), Reading::NotANumber);
    assert_eq!(asked(4, 5).await.unwrap(), Reading::NotANumber);
}
