//! The pages of the reference, held against the code: parameters, defaults, words, sizes.
#![allow(clippy::unwrap_used, clippy::panic, reason = "test")]

mod looks;
mod pages;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use strategy_core::analysis::Count;
use strategy_core::{Tracks, Weight};
use strategy_metrics::judge::threshold::bound::{BurnRate, Range, Relative};
use strategy_metrics::judge::threshold::peers::{Argo, Flagger};
use strategy_metrics::judge::{Grid, Judge, Kinds, Ratio, Share, Sight, Smoothing};
use strategy_metrics::reading::{Data, Events, Reading, Shape};
use strategy_metrics::state::State;

use looks::*;
use pages::*;

const JUDGES: &str = include_str!("../../../docs/reference/judges.md");

const SOURCES: &str = include_str!("../../../docs/reference/sources.md");

const MANIFEST: &str = include_str!("../Cargo.toml");

const PEERS: &str = include_str!("../../../docs/guides/from-argo-and-flagger.md");

const NOT_THERE: &str = "not-there";

/// Holds a table of parameters against what reads them: `required` are values for those without a default.
fn holds(
    page: &str,
    heading: &str,
    required: &Value,
    read: impl Fn(Value) -> Result<String, String>,
) {
    let rows = table(page, heading);
    let required = required.as_object().unwrap();
    let with = |name: &str, value: Value| {
        let mut params = required.clone();
        params.insert(name.to_owned(), value);
        read(Value::Object(params))
    };
    let error = with(NOT_THERE, json!(0)).unwrap_err();
    let name = |row: &Row| quoted(&row["parameter"])[0].to_owned();
    let named: Vec<_> = rows.iter().map(name).collect();
    let on_page = named.iter().map(String::as_str).collect::<BTreeSet<_>>();
    assert_eq!(on_page, expected(&error), "{heading}: {error}");

    let mut written = Map::new();
    for row in &rows {
        let name = name(row);
        assert_eq!(
            row["default"] == "required",
            required.contains_key(&name),
            "{heading} {name}"
        );
        let default = match row["default"].as_str() {
            "required" => {
                let mut without = required.clone();
                let sample = without.remove(&name).unwrap();
                let error = read(Value::Object(without)).unwrap_err();
                let missing = error.contains(&format!("missing field `{name}`"));
                assert!(missing, "{heading} {name}: {error}");
                sample
            }
            "none" => Value::Null,
            text => value(quoted(text)[0]),
        };
        written.insert(name.clone(), default);
        let words: BTreeSet<_> = quoted(&row["type"])
            .into_iter()
            .map(|word| word.trim_matches(['{', '}']))
            .map(|word| word.split(':').next().unwrap_or_default())
            .collect();
        let chooses = row["type"].starts_with('`');
        if chooses {
            let error = with(&name, json!(NOT_THERE)).unwrap_err();
            assert_eq!(words, expected(&error), "{heading} {name}: {error}");
        }
    }
    let implied = read(Value::Object(required.clone()));
    assert_eq!(read(Value::Object(written)), implied, "{heading}");
}

fn debugged<T: DeserializeOwned + Debug>(params: Value) -> Result<String, String> {
    let read = serde_json::from_value::<T>(params);
    read.map(|read| format!("{read:?}"))
        .map_err(|error| error.to_string())
}

/// A judge with what it must be told.
fn required(kind: &str) -> Value {
    match kind {
        "slo" => json!({ "tolerated": 0.01 }),
        "quantile" => json!({ "limit": { "times-stable": 1.1 } }),
        "threshold" => json!({ "bound": { "absolute": { "max": 1.0 } } }),
        _ => json!({}),
    }
}

fn made(kind: &str, mut params: Value) -> Result<Box<dyn Judge>, String> {
    params["kind"] = json!(kind);
    let made = Kinds::built_in().make(&params);
    made.map_err(|wrong| wrong.to_string())
}

/// Every judge there is, as the table of all of them has it.
fn kinds() -> BTreeMap<String, Row> {
    let rows = table(JUDGES, "## All of them").into_iter();
    rows.map(|row| (quoted(&row["kind"])[0].to_owned(), row))
        .collect()
}

#[test]
fn the_page_has_every_judge() {
    let error = made(NOT_THERE, json!({})).unwrap_err();
    let (_, named) = error.split_once("write ").unwrap();
    let named: BTreeSet<_> = named.split(", ").map(str::to_owned).collect();
    assert_eq!(kinds().into_keys().collect::<BTreeSet<_>>(), named);
    let choosing = table(JUDGES, "## Choosing a judge");
    let chosen: BTreeSet<_> = choosing
        .iter()
        .map(|row| quoted(&row["judge"])[0].to_owned())
        .collect();
    assert_eq!(chosen, named);
}

#[test]
fn the_page_has_every_parameter_with_its_default() {
    for kind in kinds().keys() {
        let read = |params| made(kind, params).map(|judge| format!("{judge:?}"));
        holds(JUDGES, &format!("## `{kind}`"), &required(kind), read);
    }
    let end = json!({});
    holds(
        JUDGES,
        "### `absolute` and `delta`",
        &end,
        debugged::<Range>,
    );
    holds(JUDGES, "### `relative`", &end, debugged::<Relative>);
    let burn = json!({ "objective": 0.999, "max": 14.4 });
    holds(JUDGES, "### `burn-rate`", &burn, debugged::<BurnRate>);
    holds(JUDGES, "### `argo`", &end, debugged::<Argo>);
    holds(JUDGES, "### `flagger`", &end, debugged::<Flagger>);
}

#[test]
fn kinds_of_values_take_what_the_page_says() {
    type Read = fn(Value) -> Result<String, String>;
    let reads: BTreeMap<&str, Read> = [
        ("ratio", debugged::<Ratio> as Read),
        ("share", debugged::<Share>),
        ("grid", debugged::<Grid>),
        ("smoothing", debugged::<Smoothing>),
    ]
    .into();
    let rows = table(JUDGES, "### Kinds of values");
    assert_eq!(rows.len(), reads.len());
    for row in rows {
        let read = reads[row["type"].as_str()];
        for accepted in quoted(&row["accepted"]) {
            assert!(read(value(accepted)).is_ok(), "{row:?}: {accepted}");
        }
        for refused in quoted(&row["refused"]) {
            assert!(read(value(refused)).is_err(), "{row:?}: {refused}");
        }
    }
}

#[test]
fn the_page_says_what_each_judge_is() {
    let yes = |is: bool| if is { "yes" } else { "no" };
    for (kind, row) in kinds() {
        let judge = made(&kind, required(&kind)).unwrap();
        assert_eq!(row["shape"], judge.shape().to_string(), "{kind}");
        assert_eq!(row["compares with stable"], yes(judge.compares()), "{kind}");
        assert_eq!(row["has a bound"], yes(judge.bounded()), "{kind}");
    }
    let of_measure = table(JUDGES, "### `measure`");
    assert_eq!(of_measure.len(), 6);
    for row in of_measure {
        let measure = match quoted(&row["measure"])[0] {
            "quantile" => json!({ "quantile": 0.95 }),
            word => json!(word),
        };
        let mut params = required("threshold");
        params["measure"] = measure;
        let judge = made("threshold", params).unwrap();
        assert_eq!(row["shape"], judge.shape().to_string(), "{row:?}");
    }
}

/// The parameters with which a judge remembers most.
fn largest(kind: &str) -> Value {
    let multiples = |count: u32| -> Vec<f64> { (0..count).map(|at| 1.5 + f64::from(at)).collect() };
    let mut params = required(kind);
    match kind {
        "sequential-ratio" | "slo" => params["grid"] = json!(multiples(32)),
        "exchangeable-units" => params["smoothing"] = json!(multiples(8)),
        "stochastic-order" => params["bounds"] = json!(bounds()[..8]),
        "quantile" => {
            params["limit"] = json!({ "times-stable": 1.01 });
            params["grid"] = json!(multiples(25));
        }
        "threshold" => params["limits"] = json!({ "argo": {} }),
        "drained" | "split-ratio" | "mann-whitney" => {}
        other => panic!("{other} is a new judge: say when it remembers most"),
    }
    params
}

fn bounds() -> Vec<f64> {
    (0..80).map(|at| 1.01_f64.powi(at)).collect()
}

/// Something to judge.
fn told(shape: Shape) -> Reading {
    match shape {
        Shape::Events => {
            let (total, failed) = (1_000, 4);
            let unit = ("one".to_owned(), Count { total, failed });
            Reading::Told(Data::Events(Events::of_units([unit])))
        }
        Shape::Histogram => {
            let mut counts = vec![10; 81];
            counts[0] = 40_000;
            histogram(&bounds(), &counts)
        }
        Shape::Values => values(&[1.0; 100]),
        Shape::Units => Reading::Told(Data::Units([("one".to_owned(), 1.0)].into())),
        other => panic!("{other} is a new shape"),
    }
}

#[test]
fn the_page_says_how_large_a_state_is() {
    for (kind, row) in kinds() {
        let judge = made(&kind, largest(&kind)).unwrap();
        let readings = Tracks {
            stable: told(judge.shape()),
            candidate: told(judge.shape()),
        };
        let mut sight = Sight::new(window(0), readings, 0.01);
        sight.share = Weight::from_percent(50).ok();
        let said = judge.judge(&sight, &State::default()).unwrap();
        let bytes = said.state.bytes().len();
        assert_eq!(row["state, bytes at most"], bytes.to_string(), "{kind}");
    }
    let limit = format!("at most {} bytes", State::LIMIT);
    assert!(JUDGES.contains(&limit), "the page does not say {limit}");
}

/// Runs the rows of a table: rules of a peer, windows, and verdicts.
fn runs(heading: &str, peer: &str) {
    let rows = table(PEERS, heading);
    assert!(rows.len() > 2, "{rows:?}");
    for row in rows {
        let rules = value(quoted(&row["rules"])[0]);
        let mut params = required("threshold");
        params["bound"]["absolute"]["max"] = json!(0.01);
        params["limits"] = json!({ peer: rules });
        let judge = made("threshold", params).unwrap();
        let letter = |word: &str| match word {
            "good" => 'g',
            "between" => 'm',
            "bad" => 'b',
            "NaN" => 'x',
            "empty" => 'e',
            "stale" => 's',
            "pass" => 'P',
            "fail" => 'F',
            "undecided" => 'U',
            "no data" => 'n',
            other => panic!("{other}"),
        };
        let letters = |cell: &str| cell.split(", ").map(letter).collect::<String>();
        let said = run(&*judge, &windows(&letters(&row["windows"])));
        assert_eq!(said, letters(&row["verdicts"]), "{row:?}");
    }
}

#[test]
fn the_rules_of_the_peers_are_as_the_guide_has_them() {
    runs("### Argo's rules on windows", "argo");
    runs("### Flagger's rules on windows", "flagger");
}

/// Those that are no source.
const OTHER_FEATURES: [&str; 2] = ["default", "conformance"];

#[test]
fn the_page_of_sources_has_every_feature_that_is_one_and_says_which_are_on() {
    let (_, section) = MANIFEST.split_once("[features]\n").unwrap();
    let lines = section.lines().take_while(|line| !line.starts_with('['));
    let features: BTreeMap<_, _> = lines.filter_map(|line| line.split_once(" = ")).collect();
    let rows = table(SOURCES, "# Sources");
    let named = |feature: &str| {
        let feature = format!("with the feature `{feature}`");
        rows.iter().find(|row| row["what"].contains(&feature))
    };
    for feature in features
        .keys()
        .filter(|name| !OTHER_FEATURES.contains(name))
    {
        let Some(row) = named(feature) else {
            panic!("no source of the page has the feature `{feature}`");
        };
        let is_on = features["default"].contains(&format!("\"{feature}\""));
        assert_eq!(row["what"].contains("on by default"), is_on, "{row:?}");
    }
}
