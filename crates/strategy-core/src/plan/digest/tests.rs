//! Every field of a plan is in its digest.

use std::time::Duration;

use serde_json::{Value, json};

use crate::plan::*;
use crate::release::{Images, Part, Release};
use crate::track::{Capacity, Revision};
use crate::traffic::{Route, RouteBy, Stickiness, Traffic};
use crate::weight::Weight;

/// A plan in which no field has a value that is left out when it is written.
fn full() -> Plan {
    let images = Images::parse([("api", "shop/api:2")]).unwrap();
    let half = Goal {
        stable: GoalTrack::recorded(),
        candidate: GoalTrack {
            revision: Revision::Release(images.clone()),
            capacity: Capacity::Share(Weight::HALF),
        },
        traffic: Traffic {
            weight: Weight::HALF,
            routes: vec![Route {
                by: RouteBy::Header,
                name: "x-canary".to_owned(),
                value: "yes".to_owned(),
            }],
            mirror: Weight::from_percent(10).unwrap(),
            stickiness: Stickiness::Suspended,
        },
    };
    let all = Goal {
        stable: GoalTrack::recorded(),
        candidate: GoalTrack {
            revision: Revision::Release(images),
            capacity: Capacity::Count(4),
        },
        traffic: Traffic::weight(Weight::FULL),
    };
    let hour = Duration::from_secs(3600);
    let mut first = Stage::new("half", StageKind::Expose, [(Part::main(), half)]);
    first.checks = ["errors".into()].into();
    first.gates = vec![
        Gate::approval("release", ["lead".to_owned()], 1),
        Gate::external("window", Extension::new("calendar").with("zone", "UTC")),
    ];
    first.hooks = vec![
        HookPlan::new(
            "smoke",
            HookPoint::Ready,
            Extension::new("http").with("path", "/"),
        )
        .part(Part::main())
        .undo(Undo::By(Extension::new("clean").with("deep", true))),
    ];
    first.on_failure = OnFailure::Hold {
        at_most: hour,
        then: Then::Abandon,
    };
    first.bake.undecided = Undecided::Hold {
        at_most: hour,
        then: Then::Abandon,
    };
    let mut last = Stage::new("all", StageKind::Expose, [(Part::main(), all)]);
    last.checks = ["errors".into()].into();
    let mut check = Check::new(Extension::new("errors").with("limit", 1));
    check.limits.consecutive_failures = Some(2);
    Plan::new(
        "by-hand",
        Release::of([("api", "shop/api:2")]).unwrap(),
        vec![first, last],
        [("errors".into(), check)].into(),
        Policies::default(),
    )
    .unwrap()
}

/// Values that some field or other takes; the first one that makes another plan of a leaf is used.
fn others(leaf: &Value) -> Vec<Value> {
    let mut others = vec![
        json!("7%"),
        json!("1m7s"),
        json!("shop/api:3"),
        json!("other"),
    ];
    others.extend([json!(7), json!(true), json!(false), json!({"count": 9})]);
    others.push(json!({"hold": {"at_most": "1m", "then": "abandon"}}));
    // Enums in plans have no value in common with another enum that a leaf could be, so trying all is enough.
    for word in [
        "promote",
        "before",
        "warn",
        "safe",
        "not-needed",
        "cookie",
        "kept",
        "go-on",
        "roll-back",
        "yield",
        "recorded",
        "absent",
    ] {
        others.push(json!(word));
    }
    others.retain(|other| other != leaf);
    others
}

fn leaves(value: &Value, path: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                let key = key.replace('~', "~0").replace('/', "~1");
                leaves(value, &format!("{path}/{key}"), found);
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                leaves(value, &format!("{path}/{index}"), found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            found.push(path.to_owned());
        }
    }
}

#[test]
fn a_change_of_any_leaf_changes_the_digest() {
    let plan = full();
    let written = serde_json::to_value(&plan).unwrap();
    let mut paths = Vec::new();
    leaves(&written, "", &mut paths);
    assert!(paths.len() > 80, "only {} leaves", paths.len());
    let mut digests = std::collections::BTreeSet::from([plan.digest()]);
    for path in &paths {
        let leaf = written.pointer(path).unwrap();
        let changed = others(leaf).into_iter().find_map(|other| {
            let mut changed = written.clone();
            *changed.pointer_mut(path).unwrap() = other;
            let changed: Plan = serde_json::from_value(changed).ok()?;
            (changed != plan).then_some(changed)
        });
        let changed = changed.unwrap_or_else(|| panic!("{path}: no other value than {leaf} fits"));
        assert!(
            digests.insert(changed.digest()),
            "{path} is not in the digest"
        );
    }
}

#[test]
fn adding_or_taking_anything_away_changes_the_digest() {
    let plan = full();
    let mut without = plan.clone();
    without.stages.pop();
    assert_ne!(without.digest(), plan.digest());
    let mut without = plan.clone();
    without.checks.clear();
    assert_ne!(without.digest(), plan.digest());
    let mut swapped = plan.clone();
    swapped.stages.swap(0, 1);
    assert_ne!(swapped.digest(), plan.digest());
}

#[test]
fn a_plan_survives_text_with_its_digest() {
    let plan = full();
    let text = serde_json::to_string(&plan).unwrap();
    let read: Plan = serde_json::from_str(&text).unwrap();
    assert_eq!(read, plan);
    assert_eq!(read.digest(), plan.digest());
    let named = plan.digest().as_str().to_owned();
    assert!(plan.digest().is_named_by(&named[..8]));
    assert!(!plan.digest().is_named_by(&named[..7]));
    assert_eq!(named.parse::<PlanDigest>().unwrap(), plan.digest());
}

#[test]
fn a_digest_is_64_hexadecimal_digits_and_nothing_else() {
    let digest = |text: &str| text.parse::<PlanDigest>();
    assert!(digest(&"A1".repeat(32)).is_ok());
    assert_eq!(digest(&"A1".repeat(32)), digest(&"a1".repeat(32)));
    for wrong in [
        "a".repeat(63),
        "a".repeat(65),
        "x".repeat(64),
        String::new(),
    ] {
        let error = digest(&wrong).unwrap_err();
        assert!(error.contains("64 hexadecimal digits"), "{error}");
    }
    let shown = digest(&"a1".repeat(32)).unwrap().to_string();
    assert_eq!(shown, "a1a1a1a1a1a1");
}
