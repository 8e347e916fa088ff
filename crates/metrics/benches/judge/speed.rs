//! The table of what a look costs, and of what is kept.

use std::hint::black_box;
use std::time::Instant;

use serde_json::{Value, json};
use strategy_core::analysis::Window;
use strategy_core::{Timestamp, Tracks, Weight};
use strategy_metrics::judge::{Judge, Sight};
use strategy_metrics::{Data, Histogram, Reading, State};

use crate::contestants::made;
use crate::dice::number;
use crate::figure::{Goal, tell};
use crate::latencies::{CLASSIC, bounds};
use crate::run::{ALPHA, events};
use crate::table::Table;

pub(crate) const NAME: &str = "cost of a look";

/// So few that now and then nothing else runs meanwhile.
const LOOKS: u32 = 200;
const RUNS: u32 = 300;

const COLUMNS: [&str; 3] = ["judge", "looks a second and core", "state, bytes"];

fn judges() -> Vec<(&'static str, Value, Data)> {
    let counts = || Data::Events(events("c", &[[30, 1]; 10]));
    let latencies = || {
        let counts = [0, 5, 40, 60, 200, 120, 40, 8, 2, 0, 0, 0];
        match Histogram::new(bounds(CLASSIC).to_vec(), counts.to_vec()) {
            Ok(histogram) => Data::Histogram(histogram),
            Err(error) => panic!("{error}"),
        }
    };
    let values = || Data::Values(vec![0.01, 0.02, 0.013, 0.0, 0.01]);
    vec![
        (
            "`sequential-ratio`",
            json!({ "kind": "sequential-ratio" }),
            counts(),
        ),
        (
            "`slo`",
            json!({ "kind": "slo", "tolerated": 0.05 }),
            counts(),
        ),
        (
            "`exchangeable-units`",
            json!({ "kind": "exchangeable-units" }),
            counts(),
        ),
        (
            "`stochastic-order`",
            json!({ "kind": "stochastic-order" }),
            latencies(),
        ),
        (
            "`quantile`",
            json!({ "kind": "quantile", "limit": { "times-stable": 1.1 } }),
            latencies(),
        ),
        ("`split-ratio`", json!({ "kind": "split-ratio" }), counts()),
        (
            "`threshold`",
            json!({ "kind": "threshold", "bound": { "absolute": { "max": 0.1 } } }),
            counts(),
        ),
        (
            "`mann-whitney`",
            json!({ "kind": "mann-whitney" }),
            values(),
        ),
    ]
}

/// The table without figures.
pub(crate) fn layout() -> Table {
    let mut table = Table::new(NAME, &COLUMNS);
    table.rows = judges()
        .iter()
        .map(|(name, _, _)| vec![(*name).to_owned()])
        .collect();
    table
}

/// Fills the table: the best of many short runs, which nothing disturbed.
#[expect(clippy::disallowed_methods, reason = "a bench measures time")]
pub(crate) fn measure() -> Table {
    let mut table = layout();
    for (row, (name, params, data)) in table.rows.iter_mut().zip(judges()) {
        let judge = made(&params);
        let mut fastest = f64::INFINITY;
        let mut state = State::default();
        for run in 0..RUNS {
            let began = Instant::now();
            state = looked(&*judge, &data, u64::from(run * LOOKS), state);
            fastest = fastest.min(began.elapsed().as_secs_f64());
        }
        let a_second = f64::from(LOOKS) / fastest;
        let size = state.bytes().len();
        // Two digits: more would be another machine's.
        let scale = 10_f64.powf(a_second.log10().floor() - 1.0);
        row.push(format!("{}", (a_second / scale).round() * scale));
        row.push(size.to_string());
        tell(
            &format!("{name}: looks a second and core"),
            a_second,
            "1/s",
            Goal::None,
        );
        let size = number(u64::try_from(size).unwrap_or(u64::MAX));
        tell(
            &format!("{name}: state"),
            size,
            "bytes",
            Goal::AtMost(1200.0),
        );
    }
    table
}

fn looked(judge: &dyn Judge, data: &Data, from: u64, mut state: State) -> State {
    for look in from..from + u64::from(LOOKS) {
        let window = Window {
            from: Timestamp::from_millis(look * 5000),
            to: Timestamp::from_millis((look + 1) * 5000),
        };
        let told = || Reading::Told(data.clone());
        let readings = Tracks {
            stable: if judge.compares() {
                told()
            } else {
                Reading::Empty
            },
            candidate: told(),
        };
        let mut sight = Sight::new(window, readings, ALPHA);
        sight.share = Weight::from_percent(50).ok();
        let judgement = judge.judge(&sight, &state);
        match judgement {
            Ok(judgement) => state = black_box(judgement).state,
            Err(error) => panic!("{error}"),
        }
    }
    state
}
