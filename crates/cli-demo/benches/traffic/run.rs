//! One rollout, and what is kept of it.

use std::fs::{OpenOptions, read_to_string};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use test_support::lab::load::Report;

use crate::case::{Case, RATE, SERVES};
use crate::scene::Scene;
use crate::seen::Seen;
use crate::shop::Shop;

/// A run as it is kept, one JSON object a line. Times are seconds since clients began.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Run {
    pub(crate) case: String,
    /// The exit status of `rollway run`.
    pub(crate) status: Option<i32>,
    pub(crate) sent: u64,
    pub(crate) missed: usize,
    /// Requests that failed, and were not answered by the version before.
    pub(crate) failed: usize,
    /// Requests that the release answered, well or not.
    pub(crate) answered: u64,
    pub(crate) first_failure: Option<f64>,
    pub(crate) last_failure: Option<f64>,
    /// When users were first sent to the release: the first write of a weight above 0.
    pub(crate) exposed: Option<f64>,
    pub(crate) decided: Option<f64>,
    pub(crate) restored: Option<f64>,
    pub(crate) reason: String,
    /// From when the API server had the first status that tells of a crash to when it had weight 0.
    pub(crate) status_to_weight: Option<f64>,
    /// Good answers of the version before, good answers of the release, failures, of each second.
    pub(crate) seconds: Vec<[u64; 3]>,
    pub(crate) stages: Vec<(f64, String)>,
}

fn file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/traffic-runs.jsonl")
}

/// All that stand in the file.
pub(crate) fn all() -> Vec<Run> {
    let text = read_to_string(file()).unwrap_or_default();
    let runs = text.lines().map(|line| serde_json::from_str(line).unwrap());
    runs.collect()
}

/// Rolls one release out, and keeps what came of it.
pub(crate) async fn run(case: &Case) {
    let scene = Scene::canary(Shop::empty().await, SERVES).await;
    let pods = scene.shop.lab.pods();
    let rollout = scene.begin(&case.plan(), RATE);
    let ahead = pods.age() - rollout.age();
    let seen = rollout.ended().await;
    let run = kept(case, &scene, &seen, ahead);
    let line = serde_json::to_string(&run).unwrap();
    let mut file = OpenOptions::new()
        .create(true)
        .append(true)
        .open(file())
        .unwrap();
    writeln!(file, "{line}").unwrap();
}

fn kept(case: &Case, scene: &Scene, seen: &Seen, ahead: Duration) -> Run {
    let report = &seen.report;
    let of_release = |version: Option<&str>| version != Some("v1");
    let failures: Vec<_> = report
        .failures()
        .iter()
        .filter(|failure| of_release(failure.version.as_deref()))
        .collect();
    let at = |kind: &str| {
        seen.first(kind)
            .map(|event| seen.moment(event).as_secs_f64())
    };
    let exposed = seen.events.iter().find(|event| {
        let weight = &event["desired"]["traffic"]["weight"];
        event["type"] == "applying" && weight != "0%"
    });
    let entered = seen
        .events
        .iter()
        .filter(|event| event["type"] == "stage-entered");
    Run {
        case: case.name.to_owned(),
        status: seen.ended.status,
        sent: report.sent(),
        missed: report.missed().len(),
        failed: failures.len(),
        answered: report.counts().of("v2"),
        first_failure: failures.first().map(|failure| failure.ended.as_secs_f64()),
        last_failure: failures.last().map(|failure| failure.ended.as_secs_f64()),
        exposed: exposed.map(|event| seen.moment(event).as_secs_f64()),
        decided: at("failed"),
        restored: at("traffic-restored"),
        reason: seen.first("failed").map_or_else(String::new, |event| {
            let reason = &event["reason"];
            let kind = reason["kind"].as_str().unwrap();
            let check = reason["check"].as_str().unwrap_or_default();
            format!("{kind} {check}").trim().to_owned()
        }),
        status_to_weight: status_to_weight(scene, seen, ahead),
        seconds: seconds(report),
        stages: entered
            .map(|event| {
                let name = event["stage"].as_str().unwrap().to_owned();
                (seen.moment(event).as_secs_f64(), name)
            })
            .collect(),
    }
}

/// Both by the API server: the server of pods tells when it had a status, and the audit log when it had a weight.
fn status_to_weight(scene: &Scene, seen: &Seen, ahead: Duration) -> Option<f64> {
    let (lab, namespace) = (scene.shop.lab, &scene.shop.namespace);
    let written = lab.pods().written();
    let told = written.iter().find(|written| {
        let is_ours = written.pod.starts_with(&format!("{namespace}/"));
        is_ours && written.waits_for.is_some()
    })?;
    let told = told.at.saturating_sub(ahead);
    let decided = seen.moment(seen.first("rollback-began")?);
    let began = seen.report.began().duration_since(UNIX_EPOCH).unwrap();
    let events = lab.plane().audit_log().unwrap();
    let written = events.iter().filter_map(|event| {
        let is_write = ["update", "patch"].contains(&event.verb.as_str());
        let is_ours = event.namespace == *namespace && event.resource == "httproutes";
        let is_taken = is_write && is_ours && event.subresource.is_empty() && event.code == 200;
        let at = event.at.0.as_microsecond();
        let at = Duration::from_micros(u64::try_from(at).unwrap()).saturating_sub(began);
        (is_taken && at >= decided).then_some(at)
    });
    let weight = written.min()?;
    Some(weight.as_secs_f64() - told.as_secs_f64())
}

fn seconds(report: &Report) -> Vec<[u64; 3]> {
    let of = |counts: &test_support::lab::load::Counts| {
        let good = |wanted: &str| {
            let counts = counts
                .iter()
                .filter(|(version, outcome, _)| *version == Some(wanted) && !outcome.is_failure());
            counts.map(|(_, _, count)| count).sum()
        };
        [good("v1"), good("v2"), counts.failed()]
    };
    report.seconds().iter().map(of).collect()
}
