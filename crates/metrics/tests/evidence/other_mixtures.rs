//! The same evidence with other mixtures of alternatives, as published: not equal to ours, and near.
//!
//! Both are means of the same likelihood ratios, over a grid here and over a Beta or Dirichlet distribution
//! there. So they say the same within what the prior weights differ by.

use serde::Deserialize;
use serde_json::json;
use strategy_core::analysis::Window;
use strategy_core::{Timestamp, Tracks, Weight};
use strategy_metrics::State;
use strategy_metrics::judge::{Judgement, Sight};

use super::{assert_near, cases, events, judged, made};

#[derive(Debug, Deserialize)]
struct TwoRates {
    errors_canary: u64,
    errors_stable: u64,
    w: f64,
}

#[derive(Debug, Deserialize)]
struct Greater {
    one_sided_greater: f64,
}

#[test]
fn failures_weigh_as_with_a_beta_distribution() {
    for (inputs, expected) in cases::<TwoRates, Greater>("poisson_two_process_beta_log_e") {
        assert_near(inputs.w, 0.1, 0.0);
        let judge = made(&json!({ "kind": "sequential-ratio", "restart": "0s" }));
        let look = Tracks {
            stable: events(9_000, inputs.errors_stable),
            candidate: events(1_000, inputs.errors_canary),
        };
        let found = judged(&*judge, [look]).log_evidence.unwrap();
        assert_near(found, expected.one_sided_greater, 1.5);
    }
}

#[derive(Debug, Deserialize)]
struct Counts {
    counts: [u64; 2],
}

#[derive(Debug, Deserialize)]
struct Expected {
    log_e: f64,
}

/// What the judge of the split says where a tenth is written.
fn split(batches: &[[u64; 2]]) -> Vec<Judgement> {
    let judge = made(&json!({ "kind": "split-ratio", "restart": "0s", "tolerance": 0.000_001 }));
    let mut state = State::default();
    let looks = batches.iter().map(|[candidate, stable]| {
        let window = Window {
            from: Timestamp::from_millis(0),
            to: Timestamp::from_millis(60_000),
        };
        let readings = Tracks {
            stable: events(*stable, 0),
            candidate: events(*candidate, 0),
        };
        let mut sight = Sight::new(window, readings, 0.0);
        sight.share = Weight::from_percent(10).ok();
        let said = judge.judge(&sight, &state).unwrap();
        state = said.state.clone();
        said
    });
    looks.collect()
}

#[test]
fn splits_weigh_as_with_a_dirichlet_distribution() {
    for (inputs, expected) in cases::<Counts, Expected>("multinomial_srm_log_e") {
        let said = split(&[inputs.counts]);
        let found = said[0].log_evidence.unwrap();
        assert_near(found, expected.log_e, 1.0);
    }
}

#[derive(Debug, Deserialize)]
struct Batches {
    batches: Vec<[u64; 2]>,
}

#[derive(Debug, Deserialize)]
struct Factors {
    bayes_factors: Vec<f64>,
}

#[test]
fn splits_weigh_as_in_the_published_sequence() {
    for (inputs, expected) in cases::<Batches, Factors>("multinomial_srm_sequence") {
        for (said, factor) in split(&inputs.batches).iter().zip(expected.bayes_factors) {
            let found = said.log_evidence.unwrap();
            assert_near(found, factor.ln(), 0.5);
        }
    }
}
