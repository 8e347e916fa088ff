//! Who judges: our judges, the rules of others, and rules that stand for a bound or for a mistake.

use serde_json::{Value, json};
use strategy_metrics::Judge;
use strategy_metrics::judge::Kinds;

/// One that says when a release is to be taken back.
#[derive(Debug)]
pub(crate) struct Contestant {
    pub(crate) name: &'static str,
    pub(crate) rule: Rule,
}

#[derive(Debug)]
pub(crate) enum Rule {
    /// A judge of the crate, and how it is shown what happens.
    Judge(Box<dyn Judge>, View),
    /// The share of failures in the last minute is at least `limit` for more than `tolerated` looks, one each
    /// `every` seconds. Windows overlap where these are fewer than 60.
    Rolling {
        limit: f64,
        tolerated: u32,
        every: u64,
    },
    /// The p-value of all failures so far is below 1% at any tick: the mistake.
    Peeking,
    /// Evidence of units by [all ways to choose them](crate::choice::choice_evidence), in
    /// windows of so many seconds: no judge does that yet.
    Choice { window: u64 },
    /// Wald's test, which knows the shares of failures that a good and a bad candidate have: the bound.
    Wald { good: f64, bad: f64 },
}

/// In which shape, and how often in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum View {
    /// Counts by unit.
    Events { every: u64 },
    /// The share of failures of each minute.
    Shares { every: u64 },
    /// Latencies in one of the [sets of buckets](crate::latencies::bounds).
    Histogram { every: u64, buckets: usize },
    /// The p95 of each minute, interpolated.
    P95 { every: u64, buckets: usize },
}

impl View {
    pub(crate) const fn every(self) -> u64 {
        match self {
            Self::Events { every }
            | Self::Shares { every }
            | Self::Histogram { every, .. }
            | Self::P95 { every, .. } => every,
        }
    }
}

/// A judge of the crate by its parameters.
pub(crate) fn made(params: &Value) -> Box<dyn Judge> {
    match Kinds::built_in().make(params) {
        Ok(judge) => judge,
        Err(problem) => panic!("{params}: {problem}"),
    }
}

pub(crate) fn judged(name: &'static str, view: View, params: &Value) -> Contestant {
    let rule = Rule::Judge(made(params), view);
    Contestant { name, rule }
}

/// The numbers that a calibration chose.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Chosen {
    /// Failed checks that take it back.
    pub(crate) flagger: u32,
    /// Failed measurements that are tolerated.
    pub(crate) argo: u32,
    /// Limit, and how many more are tolerated, of the tuned rules that look each 60 and each 10 seconds.
    pub(crate) minute: (f64, u32),
    pub(crate) often: (f64, u32),
}

impl Chosen {
    /// For what does not depend on them.
    pub(crate) const ANY: Self = Self {
        flagger: 1,
        argo: 0,
        minute: (0.0, 0),
        often: (0.0, 0),
    };
}

/// What the documentation of the peers has.
pub(crate) const FLAGGER: u32 = 5;
pub(crate) const ARGO: u32 = 3;

pub(crate) fn flagger(name: &'static str, threshold: u32) -> Contestant {
    let params = json!({
        "kind": "threshold", "bound": { "absolute": { "max": 0.01 } },
        "limits": { "flagger": { "threshold": threshold } },
    });
    judged(name, View::Events { every: 60 }, &params)
}

pub(crate) fn argo(name: &'static str, failure_limit: u32) -> Contestant {
    // `result[0] < 0.01`, so 1% itself fails.
    let params = json!({
        "kind": "threshold", "bound": { "absolute": { "max": 0.009_999_999 } },
        "limits": { "argo": { "failure-limit": failure_limit } },
    });
    judged(name, View::Events { every: 60 }, &params)
}

pub(crate) fn ratio(name: &'static str, every: u64, more: &Value) -> Contestant {
    let mut params = json!({ "kind": "sequential-ratio" });
    for (field, value) in more.as_object().into_iter().flatten() {
        params[field] = value.clone();
    }
    judged(name, View::Events { every }, &params)
}

pub(crate) fn units(name: &'static str, every: u64, window: &str) -> Contestant {
    let params = json!({ "kind": "exchangeable-units", "unit-window": window });
    judged(name, View::Events { every }, &params)
}

pub(crate) fn slo(name: &'static str, every: u64) -> Contestant {
    let params = json!({ "kind": "slo", "tolerated": 0.01 });
    judged(name, View::Events { every }, &params)
}

/// Names of the rows, which tables and texts have in common.
pub(crate) const UNGATED: &str = "`sequential-ratio`, not gated";
pub(crate) const GATED_10: &str = "`sequential-ratio`, gated, 10 s";
pub(crate) const GATED_30: &str = "`sequential-ratio`, gated, 30 s";
pub(crate) const GATED_60: &str = "`sequential-ratio`, gated, 60 s";
pub(crate) const TOLERANT: &str = "`sequential-ratio`, gated, 30 s, tolerates 1.25";
pub(crate) const UNITS_10: &str = "`exchangeable-units`, 10 s";
pub(crate) const UNITS_30: &str = "`exchangeable-units`, 30 s";
pub(crate) const UNITS_60: &str = "`exchangeable-units`, 60 s";
pub(crate) const CHOICE_10: &str = "units by all choices, 10 s (not built)";
pub(crate) const CHOICE_30: &str = "units by all choices, 30 s (not built)";
pub(crate) const CHOICE_60: &str = "units by all choices, 60 s (not built)";
pub(crate) const SLO: &str = "`slo`, 1%";
pub(crate) const KAYENTA: &str = "Kayenta";
pub(crate) const FLAGGER_DOCS: &str = "Flagger, threshold 5";
pub(crate) const ARGO_DOCS: &str = "Argo Rollouts, failureLimit 3";
pub(crate) const FLAGGER_AT: &str = "Flagger, calibrated to 1%";
pub(crate) const ARGO_AT: &str = "Argo Rollouts, calibrated to 1%";
pub(crate) const TUNED_60: &str = "limit tuned for 2%, each 60 s";
pub(crate) const TUNED_10: &str = "limit tuned for 2%, each 10 s";
pub(crate) const PEEKING: &str = "p-value below 1%, each 5 s";
pub(crate) const WALD: &str = "Wald's test, told both rates";

/// Everybody who judges failures, ours looking each `every` seconds.
pub(crate) fn of_failures(chosen: Chosen, every: u64) -> Vec<Contestant> {
    let kayenta = json!({ "kind": "mann-whitney", "direction": "increase" });
    let tuned = |name, (limit, tolerated), every| Contestant {
        name,
        rule: Rule::Rolling {
            limit,
            tolerated,
            every,
        },
    };
    vec![
        ratio(UNGATED, every, &json!({ "gate": "never" })),
        ratio(GATED_10, every, &json!({ "unit-window": "10s" })),
        ratio(GATED_30, every, &json!({ "unit-window": "30s" })),
        ratio(GATED_60, every, &json!({ "unit-window": "60s" })),
        ratio(
            TOLERANT,
            every,
            &json!({ "unit-window": "30s", "tolerated": 1.25 }),
        ),
        units(UNITS_10, every, "10s"),
        units(UNITS_30, every, "30s"),
        units(UNITS_60, every, "60s"),
        choice(CHOICE_10, 10),
        choice(CHOICE_30, 30),
        choice(CHOICE_60, 60),
        slo(SLO, every),
        judged(KAYENTA, View::Shares { every: 300 }, &kayenta),
        flagger(FLAGGER_DOCS, FLAGGER),
        argo(ARGO_DOCS, ARGO),
        flagger(FLAGGER_AT, chosen.flagger),
        argo(ARGO_AT, chosen.argo),
        tuned(TUNED_60, chosen.minute, 60),
        tuned(TUNED_10, chosen.often, 10),
        Contestant {
            name: PEEKING,
            rule: Rule::Peeking,
        },
    ]
}

const fn choice(name: &'static str, window: u64) -> Contestant {
    Contestant {
        name,
        rule: Rule::Choice { window },
    }
}

/// The bound on how soon anybody can know, where it is known how bad a candidate would be.
pub(crate) const fn wald(good: f64, bad: f64) -> Contestant {
    Contestant {
        name: WALD,
        rule: Rule::Wald { good, bad },
    }
}
