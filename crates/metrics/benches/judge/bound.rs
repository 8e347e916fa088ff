//! The table of false alarms where everything is done that a bound must survive.

use serde_json::{Value, json};
use strategy_core::analysis::{Verdict, Window};
use strategy_core::{Timestamp, Tracks, Weight};
use strategy_metrics::judge::{Judge, Judgement, Sight};
use strategy_metrics::{Data, Events, Histogram, Reading, State};

use crate::contestants::{GATED_30, UNGATED, UNITS_30, made};
use crate::dice::{Dice, paths, whole};
use crate::figure::{Goal, tell};
use crate::run::{ALPHA, events};
use crate::table::{Table, interval, with_interval};

pub(crate) const SEED: u64 = 400_001;

pub(crate) const NAME: &str = "false alarms whatever is done";

/// What is done. None of it knows more than what was seen before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// A look each 15 s for half an hour.
    Plainly,
    /// The candidate has a half of the traffic while the evidence is high, and a twentieth while it is low.
    Weights,
    /// It goes on for up to two hours while there is evidence.
    Stopping,
    /// A look after 1 to 60 s, which is drawn.
    Moments,
    /// Before every third look the judge is made anew and its state read from bytes.
    Restarts,
}

const WAYS: [(&str, Way); 5] = [
    ("each 15 s, half an hour", Way::Plainly),
    ("weights by the evidence", Way::Weights),
    ("on while there is evidence", Way::Stopping),
    ("drawn moments", Way::Moments),
    ("restarted from its state", Way::Restarts),
];

/// What nothing is wrong with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Good {
    /// 0.5% of the requests of both tracks fail, each by itself.
    Independent,
    /// The same in bursts of 5 in the mean, within a look.
    Bursts,
    /// 5% of both tracks' requests are above a bound.
    Slow,
}

fn rows() -> Vec<(&'static str, Value, Good)> {
    let slo = json!({ "kind": "slo", "tolerated": 0.005 });
    vec![
        (
            UNGATED,
            json!({ "kind": "sequential-ratio", "gate": "never" }),
            Good::Independent,
        ),
        (
            GATED_30,
            json!({ "kind": "sequential-ratio", "unit-window": "30s" }),
            Good::Bursts,
        ),
        (
            UNITS_30,
            json!({ "kind": "exchangeable-units", "unit-window": "30s" }),
            Good::Bursts,
        ),
        ("`slo`, at its limit", slo, Good::Independent),
        (
            "`stochastic-order`",
            json!({ "kind": "stochastic-order", "bounds": [100.0] }),
            Good::Slow,
        ),
    ]
}

/// The table without figures.
pub(crate) fn layout() -> Table {
    let mut columns = vec!["judge", "where"];
    columns.extend(WAYS.map(|(heading, _)| heading));
    let mut table = Table::new(NAME, &columns);
    let row = |(name, _, good): (&str, Value, Good)| {
        let world = match good {
            Good::Independent => "0.5% fail",
            Good::Bursts => "0.5% fail, in bursts of 5",
            Good::Slow => "5% are slow",
        };
        vec![name.to_owned(), world.to_owned()]
    };
    table.rows = rows().into_iter().map(row).collect();
    table
}

/// Fills the table.
pub(crate) fn measure(count: u64) -> Table {
    let mut table = layout();
    for (row, (name, params, good)) in table.rows.iter_mut().zip(rows()) {
        for ((heading, way), seed) in WAYS.into_iter().zip(SEED..) {
            let judge = made(&params);
            let courses = paths(count, |path| {
                course(&*judge, &params, good, way, Dice::of_path(seed, path))
            });
            let alarms = courses.iter().filter(|failed| **failed).count();
            let alarms = u64::try_from(alarms).unwrap_or(u64::MAX);
            row.push(with_interval(alarms, count));
            let least = interval(alarms, count).0 * 100.0;
            let name = format!("{heading}: {name}: least false alarms");
            tell(&name, least, "%", Goal::AtMost(ALPHA * 100.0));
        }
    }
    table
}

/// Whether a good release was failed.
fn course(judge: &dyn Judge, params: &Value, good: Good, way: Way, mut dice: Dice) -> bool {
    let mut state = State::default();
    let (mut second, mut evidence, mut looks) = (0, 0.0, 0_u64);
    let goes_on = |second: u64, evidence: f64| match way {
        Way::Stopping => second < 1800 || (second < 7200 && evidence > 0.0),
        Way::Plainly | Way::Weights | Way::Moments | Way::Restarts => second < 1800,
    };
    while goes_on(second, evidence) {
        let seconds = if way == Way::Moments {
            1 + dice.below(60)
        } else {
            15
        };
        let share = match way {
            Way::Weights if evidence > 0.5 => 0.5,
            Way::Weights => 0.05,
            Way::Plainly | Way::Stopping | Way::Moments | Way::Restarts => 0.1,
        };
        let sight = sight(judge, good, &mut dice, second, seconds, share);
        let judgement = judged(judge, &sight, &state);
        if way == Way::Restarts && looks % 3 == 0 {
            let again = judged(
                &*made(params),
                &sight,
                &State::from_bytes(state.bytes().to_vec()),
            );
            assert_eq!(again, judgement, "it goes on bit for bit");
            let bits = |judgement: &Judgement| judgement.log_evidence.map(f64::to_bits);
            assert_eq!(bits(&again), bits(&judgement), "it goes on bit for bit");
        }
        if judgement.verdict == Verdict::Fail {
            return true;
        }
        evidence = judgement.log_evidence.unwrap_or_default();
        state = judgement.state;
        second += seconds;
        looks += 1;
    }
    false
}

fn judged(judge: &dyn Judge, sight: &Sight, state: &State) -> Judgement {
    match judge.judge(sight, state) {
        Ok(judgement) => judgement,
        Err(error) => panic!("{error}"),
    }
}

fn sight(
    judge: &dyn Judge,
    good: Good,
    dice: &mut Dice,
    second: u64,
    seconds: u64,
    share: f64,
) -> Sight {
    let requests = 50 * seconds;
    let candidate = dice.binomial(requests, share);
    let mut told = |track, requests: u64, units: u64| {
        let failed = |dice: &mut Dice, requests: u64| match good {
            Good::Independent => dice.binomial(requests, 0.005),
            Good::Slow => dice.binomial(requests, 0.05),
            Good::Bursts => {
                let bursts = dice.binomial(requests, 0.001);
                (0..bursts)
                    .map(|_| dice.geometric(5.0))
                    .sum::<u64>()
                    .min(requests)
            }
        };
        Reading::Told(match good {
            Good::Slow => {
                let slow = failed(dice, requests);
                match Histogram::new(vec![100.0], vec![requests - slow, slow]) {
                    Ok(histogram) => Data::Histogram(histogram),
                    Err(error) => panic!("{error}"),
                }
            }
            Good::Independent => Data::Events(Events::counted(requests, failed(dice, requests))),
            Good::Bursts => {
                let units: Vec<_> = (0..units)
                    .map(|unit| {
                        let requests = requests / units + u64::from(unit < requests % units);
                        [requests, failed(dice, requests)]
                    })
                    .collect();
                Data::Events(events(track, &units))
            }
        })
    };
    let mut readings = Tracks {
        candidate: told("c", candidate, 1),
        stable: told("s", requests - candidate, 9),
    };
    if !judge.compares() {
        readings.stable = Reading::Empty;
    }
    let window = Window {
        from: Timestamp::from_millis(second * 1000),
        to: Timestamp::from_millis((second + seconds) * 1000),
    };
    let mut sight = Sight::new(window, readings, ALPHA);
    let points = u16::try_from(whole(share.mul_add(10_000.0, 0.5))).unwrap_or(u16::MAX);
    sight.share = Weight::from_basis_points(points).ok();
    sight
}
