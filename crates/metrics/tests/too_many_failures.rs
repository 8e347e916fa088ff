//! A source of somebody's own that tells more failures than events: as many failed as there were.
#![allow(clippy::unwrap_used, reason = "test")]

mod looks;

use serde_json::json;
use strategy_core::Weight;
use strategy_metrics::judge::Sight;
use strategy_metrics::reading::{Data, Events, Reading};
use strategy_metrics::state::State;

use looks::*;

/// Not clamped, as `Events::counted` would.
fn told(total: u64, failed: u64) -> Reading {
    let mut events = Events::counted(total, 0);
    events.all.failed = failed;
    Reading::Told(Data::Events(events))
}

#[test]
fn more_failures_than_events_count_as_so_many_as_there_were_events() {
    for params in [
        json!({ "kind": "sequential-ratio" }),
        json!({ "kind": "sequential-ratio", "gate": "always" }),
        json!({ "kind": "slo", "tolerated": 0.5 }),
        json!({ "kind": "split-ratio" }),
        json!({ "kind": "threshold", "bound": { "absolute": { "max": 1.0 } } }),
    ] {
        let judge = judge(&params);
        let said = |failed: u64| {
            let mut sight = Sight::new(window(0), tracks(told(200, failed), told(900, 900)), 0.01);
            sight.share = Weight::from_percent(10).ok();
            let said = judge.judge(&sight, &State::default()).unwrap();
            (
                said.verdict,
                said.log_evidence.map(f64::to_bits),
                said.state,
            )
        };
        assert_eq!(said(5_000), said(200), "{params}");
    }
}
