//! The tables of latency: what is found, by the buckets that there are.

use serde_json::json;

use crate::contestants::{Contestant, View, judged};
use crate::dice::{Dice, number, paths};
use crate::figure::{Goal, tell};
use crate::latencies::{CLASSIC, NATIVE, Path, Slower};
use crate::run::outcomes;
use crate::table::{Table, percent};
use crate::tally::by_contestant;

pub(crate) const SEED: u64 = 200_001;

pub(crate) const CLASSIC_TABLE: &str = "latency in default buckets";
pub(crate) const NATIVE_TABLE: &str = "latency in a native histogram";

const ORDER: &str = "`stochastic-order`";

const WORLDS: [(&str, Slower); 7] = [
    ("nothing wrong", Slower::Times(1.0)),
    ("1.1 times", Slower::Times(1.1)),
    ("1.2 times", Slower::Times(1.2)),
    ("1.5 times", Slower::Times(1.5)),
    ("2 times", Slower::Times(2.0)),
    ("5% take 300 ms more", Slower::Some(0.05)),
    ("1% takes 300 ms more", Slower::Some(0.01)),
];

fn contestants(buckets: usize) -> Vec<Contestant> {
    let ours = View::Histogram { every: 5, buckets };
    let theirs = View::Histogram { every: 60, buckets };
    let points = View::P95 {
        every: 300,
        buckets,
    };
    // 1.1 times the p95 of 215 ms, as it was known before.
    let limit = 236.5;
    let argo = |times: f64| {
        json!({
            "kind": "threshold", "measure": { "quantile": 0.95 },
            "bound": { "relative": { "max": times } }, "limits": { "argo": { "failure-limit": 3 } },
        })
    };
    let kayenta = |allowed: f64| json!({ "kind": "mann-whitney", "direction": "increase", "allowed-increase": allowed });
    let flagger = json!({
        "kind": "threshold", "measure": { "quantile": 0.99 },
        "bound": { "absolute": { "max": 500 } }, "limits": { "flagger": { "threshold": 5 } },
    });
    vec![
        judged(ORDER, ours, &json!({ "kind": "stochastic-order" })),
        judged(
            "`quantile`, p95, fixed 236.5 ms",
            ours,
            &json!({ "kind": "quantile", "limit": { "fixed": limit } }),
        ),
        judged(
            "`quantile`, p95, 1.1 times stable's",
            ours,
            &json!({ "kind": "quantile", "limit": { "times-stable": 1.1 } }),
        ),
        judged("Flagger, p99 above 500 ms, threshold 5", theirs, &flagger),
        judged(
            "Argo Rollouts, p95 above 1.1 times, failureLimit 3",
            theirs,
            &argo(1.1),
        ),
        judged(
            "Argo Rollouts, p95 above 1.2 times, failureLimit 3",
            theirs,
            &argo(1.2),
        ),
        judged(
            "Argo Rollouts, p95 above 1.5 times, failureLimit 3",
            theirs,
            &argo(1.5),
        ),
        judged("Kayenta, p95", points, &kayenta(1.0)),
        judged("Kayenta, p95, allowedIncrease 1.1", points, &kayenta(1.1)),
    ]
}

/// The tables without figures.
pub(crate) fn layouts() -> Vec<Table> {
    let mut columns = vec!["judge"];
    columns.extend(WORLDS.map(|(heading, _)| heading));
    let table = |(name, buckets)| {
        let mut table = Table::new(name, &columns);
        let named = contestants(buckets).into_iter();
        table.rows = named.map(|one| vec![one.name.to_owned()]).collect();
        table
    };
    [(CLASSIC_TABLE, CLASSIC), (NATIVE_TABLE, NATIVE)]
        .map(table)
        .to_vec()
}

/// Fills the tables.
pub(crate) fn measure(count: u64) -> Vec<Table> {
    let mut tables = layouts();
    let both: Vec<Contestant> = [CLASSIC, NATIVE]
        .into_iter()
        .flat_map(contestants)
        .collect();
    for ((heading, slower), seed) in WORLDS.into_iter().zip(SEED..) {
        let courses = paths(count, |path| {
            outcomes(&both, Path::new(slower, Dice::of_path(seed, path)))
        });
        let tallies = by_contestant(&courses, both.len(), 0);
        let rows = tables.iter_mut().flat_map(|table| &mut table.rows);
        for ((row, contestant), tally) in rows.zip(&both).zip(&tallies) {
            let share = number(tally.acted) / number(tally.courses);
            if slower == Slower::Times(1.0) {
                row.push(percent(share));
                if contestant.name == ORDER {
                    let name = format!("latency, {heading}: {ORDER}: false alarms");
                    tell(&name, share * 100.0, "%", Goal::AtMost(1.0));
                }
            } else {
                row.push(tally.found_in());
            }
        }
    }
    tables
}
