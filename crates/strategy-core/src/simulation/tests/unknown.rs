//! What a simulation does not know is refused, wherever it stands.

use serde_json::{Value, json};

use super::data::everything;
use super::*;
use crate::rollout::Wish;
use crate::simulation::random::{Drawn, rollouts};
use crate::target::{Capabilities, Effectiveness};
use crate::track::Track;
use crate::weight::Weight;
use crate::world::{Ailment, Happening, MetricFault};
use crate::{Image, Part};

const SOON: Duration = Duration::from_secs(5);

/// Everything that a scenario can say, in every variant of it; no world that anybody wants.
fn every_variant() -> Vec<Simulation> {
    let image = |name: &str| name.parse::<Image>().unwrap();
    let plan = || "0".repeat(64).parse().unwrap();
    let mut whole = everything();
    let (part, by) = (Part::main(), "eve".to_owned());
    let track = Track::Stable;
    let more = [
        Happening::WeightMoved {
            part: part.clone(),
            weight: Weight::HALF,
            by: by.clone(),
        },
        Happening::ImageChanged {
            part: part.clone(),
            track,
            container: "app".into(),
            image: image("app:v3"),
            by: by.clone(),
        },
        Happening::Deleted { part, track, by },
        Happening::metrics_fail(MetricFault::Empty, SOON),
    ];
    for happening in more {
        whole = whole.at(SOON, happening.clone());
        whole = whole.mishap(When::BeforeCall(1), Trouble::World(happening));
    }
    let stage = crate::plan::StageName::from("25%");
    let asks = [
        Ask::Approve,
        Ask::Promote,
        Ask::Alarm("pager".into()),
        Ask::Wish(Wish::Abort { force: false }),
        Ask::Wish(Wish::Promote { plan: plan() }),
        Ask::Wish(Wish::Approve {
            stage: stage.clone(),
            plan: plan(),
        }),
        Ask::Wish(Wish::Advance {
            stage,
            plan: plan(),
        }),
        Ask::Wish(Wish::Supersede {
            by: "next".parse().unwrap(),
        }),
    ];
    for ask in asks {
        whole = whole.asks(SOON, "ann", ask);
    }
    whole = whole.world(|world| {
        let can =
            |can: &mut Capabilities| can.effectiveness = Effectiveness::Assumed { after: SOON };
        world
            .part("slots")
            .slots("a:1", 2, "a:0", 1)
            .capabilities(can)
    });
    let ailments = [
        Ailment::CrashesAfter(SOON),
        Ailment::OutOfMemoryAfter(SOON),
        Ailment::Flaps {
            up: SOON,
            down: SOON,
            restarts: true,
        },
        Ailment::Hangs,
    ];
    let ill = ailments.map(|ailment| {
        let mut ill = Simulation::default();
        ill.candidate.ailment = Some(ailment);
        ill
    });
    [whole].into_iter().chain(ill).collect()
}

/// The same with a key that nobody knows, once in every object.
fn with_an_unknown_key(value: &Value) -> Vec<(String, Value)> {
    let mut all = Vec::new();
    match value {
        Value::Object(map) => {
            let mut more = map.clone();
            more.insert("unheard-of".into(), Value::Null);
            all.push((String::new(), Value::Object(more)));
            for (key, child) in map {
                for (at, child) in with_an_unknown_key(child) {
                    let mut map = map.clone();
                    map.insert(key.clone(), child);
                    all.push((format!(".{key}{at}"), Value::Object(map)));
                }
            }
        }
        Value::Array(items) => {
            for (index, child) in items.iter().enumerate() {
                for (at, child) in with_an_unknown_key(child) {
                    let mut items = items.clone();
                    items[index] = child;
                    all.push((format!("[{index}]{at}"), Value::Array(items)));
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    all
}

#[test]
fn a_key_that_nobody_knows_is_refused_wherever_it_stands() {
    let mut objects = 0;
    let mut taken = Vec::new();
    for simulation in every_variant() {
        let value = serde_json::to_value(&simulation).unwrap();
        let read: Simulation = serde_json::from_value(value.clone()).unwrap();
        assert_eq!(read, simulation);
        for (at, value) in with_an_unknown_key(&value) {
            objects += 1;
            if serde_json::from_value::<Simulation>(value).is_ok() {
                taken.push(at);
            }
        }
    }
    assert!(taken.is_empty(), "{taken:#?}");
    assert!(objects > 80, "{objects}");
}

#[test]
fn a_key_that_nobody_knows_is_refused_in_what_is_drawn_too() {
    for drawn in rollouts(1).take(60) {
        let value = serde_json::to_value(&drawn).unwrap();
        for (at, changed) in with_an_unknown_key(&value["simulation"]) {
            let mut value = value.clone();
            value["simulation"] = changed;
            assert!(serde_json::from_value::<Drawn>(value).is_err(), "{at}");
        }
        if let Value::Array(_) = value["policy"]["way"]["canary"]["stages"] {
            let mut value = value;
            value["policy"]["way"]["canary"]["stages"][0]["unheard-of"] = Value::Null;
            assert!(serde_json::from_value::<Drawn>(value).is_err());
        }
    }
}

#[test]
fn what_is_not_known_is_named() {
    for (text, key) in [
        (
            json!({"sayings": [{"after": "5s", "actor": "ann", "role": ["ops"], "ask": "approve"}]}),
            "role",
        ),
        (
            json!({"mishaps": [{"when": {"after": "5s"}, "trouble": {"crash":
                {"resumed_after": "5s", "resumes": 1}}}]}),
            "resumes",
        ),
        (
            json!({"sayings": [{"after": "5s", "actor": "ann", "ask": {"wish": {"abort":
                {"force": true, "forced": true}}}}]}),
            "forced",
        ),
    ] {
        let error = serde_json::from_value::<Simulation>(text)
            .unwrap_err()
            .to_string();
        assert!(error.contains(&format!("unknown field `{key}`")), "{error}");
    }
}
