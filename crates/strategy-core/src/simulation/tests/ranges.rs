//! Numbers and times that may not be so are refused, with their place and what they may be.

use serde_json::{Value, json};

use super::*;
use crate::Part;
use crate::world::Ailment;

fn never_began(simulation: &Simulation) -> String {
    let end = simulation.run(&canary()).end;
    let End::NeverBegan { why } = end else {
        panic!("{end:?}");
    };
    why
}

#[track_caller]
fn is_refused(text: Value, says: &[&str]) {
    let simulation: Simulation = serde_json::from_value(text).unwrap();
    let why = never_began(&simulation);
    for part in says {
        assert!(why.contains(part), "`{part}` is not in: {why}");
    }
}

#[test]
fn what_happens_to_a_part_that_is_not_there_is_told() {
    let happening = json!({"type": "pods-evicted", "part": "mian", "track": "stable", "pods": 2});
    let stable = json!({"images": {"app": "app:v1"}, "count": 2});
    let parts = json!({"main": {"shape": {"tracks": {"stable": stable}}}});
    is_refused(
        json!({"world": {"parts": parts, "happenings": [{"after": "5s", "happening": happening}]}}),
        &["world.happenings[0].happening", "`mian`", "is `main` alone"],
    );
    is_refused(
        json!({
            "world": {"parts": parts},
            "mishaps": [{"when": {"after-call": 3}, "trouble": {"world": happening}}],
        }),
        &["mishaps[0].trouble", "`mian`"],
    );
}

#[test]
fn a_share_in_percent_is_refused() {
    let why = never_began(&quiet().candidate(errors(5.0)));
    assert!(
        why.contains("candidate.errors") && why.contains("5000000"),
        "{why}"
    );
}

#[test]
fn numbers_out_of_range_are_told_with_their_place_and_what_they_may_be() {
    let stable = |more: Value| {
        let mut stable = json!({"images": {"app": "app:v1"}, "count": 2});
        for (key, value) in more.as_object().unwrap() {
            stable[key] = value.clone();
        }
        json!({"world": {"parts": {"main": {"shape": {"tracks": {"stable": stable}}}}}})
    };
    let flaps = |up: &str, down: &str| json!({"candidate": {"ailment": {"flaps": {"up": up, "down": down, "restarts": false}}}});
    let happens = |happening: Value| json!({"world": {"happenings": [{"after": "5s", "happening": happening}]}});
    let image = |behavior: Value| json!({"world": {"images": {"app:v1": behavior}}});
    is_refused(
        image(json!({"errors": 2_000_000})),
        &["world.images.app:v1.errors", "2000000", "0 to 1000000"],
    );
    is_refused(
        json!({"candidate": {"errors": 1_000_001}}),
        &["candidate.errors", "1000001"],
    );
    is_refused(
        happens(
            json!({"type": "image-behaves", "image": "app:v1", "behavior": {"errors": 2_000_000}}),
        ),
        &["world.happenings[0].happening.behavior.errors", "2000000"],
    );
    is_refused(
        json!({"mishaps": [{"when": {"after-call": 3}, "trouble": {"world":
            {"type": "image-behaves", "image": "app:v1", "behavior": {"errors": 2_000_000}}}}]}),
        &["mishaps[0].trouble.behavior.errors"],
    );
    is_refused(
        stable(json!({"count": 4_000_000_000_u32})),
        &["world.parts.main.shape.stable.count", "4000000000", "10000"],
    );
    is_refused(
        stable(json!({"autoscaler": {"min": 1, "max": 20_000, "per_pod": null}})),
        &["stable.autoscaler.max", "20000", "1 to 10000"],
    );
    is_refused(
        stable(json!({"autoscaler": {"min": 9, "max": 3, "per_pod": null}})),
        &["stable.autoscaler.max", "9 to 10000"],
    );
    is_refused(
        stable(json!({"autoscaler": {"min": 1, "max": 3, "per_pod": 0}})),
        &["stable.autoscaler.per_pod"],
    );
    is_refused(
        happens(
            json!({"type": "scaled", "part": "main", "track": "stable", "count": 10_001, "by": "x"}),
        ),
        &["world.happenings[0].happening.count", "10001"],
    );
    is_refused(
        happens(json!({"type": "autoscaled", "part": "main", "track": "stable", "wanted": 10_001})),
        &["world.happenings[0].happening.wanted", "10001"],
    );
    is_refused(
        flaps("0s", "5s"),
        &["candidate.ailment.flaps.up", "0s", "1s"],
    );
    is_refused(
        flaps("5s", "900us"),
        &["candidate.ailment.flaps.down", "900µs", "1s"],
    );
    is_refused(
        json!({"candidate": {"starts_in": "500000h"}}),
        &["candidate.starts_in", "500000h", "87600h"],
    );
    is_refused(
        json!({"world": {"lasts": "0s"}}),
        &["world.lasts", "0s", "1ms"],
    );
    is_refused(
        json!({"world": {"begins": u64::MAX}}),
        &["world.begins", "18446744073709551615"],
    );
    is_refused(
        json!({"clock_offsets": [0, i64::MIN]}),
        &["clock_offsets[1]", "-9223372036854775808"],
    );
    is_refused(
        json!({"mishaps": [{"when": {"after": "1s"}, "trouble": {"clock-set": {"milliseconds": i64::MAX}}}]}),
        &["mishaps[0].trouble.milliseconds"],
    );
    is_refused(
        json!({"sayings": [{"after": "500000h", "actor": "ann", "ask": "approve"}]}),
        &["sayings[0].after"],
    );
    is_refused(
        json!({"hooks": {"smoke": {"takes": "500000h"}}}),
        &["hooks.smoke.takes"],
    );
}

#[test]
fn what_is_just_in_range_is_a_world() {
    let mut most = Simulation::seed(1);
    most.world = most.world.stable("app:v1", 10_000);
    most.world.begins = crate::Timestamp::from_millis(253_402_300_799_999);
    let second = Duration::from_secs(1);
    most.candidate.errors = 1_000_000;
    most.candidate.ailment = Some(Ailment::Flaps {
        up: second,
        down: second,
        restarts: true,
    });
    let world = most.scenario(&most.released().unwrap()).build().unwrap();
    let report = world.report();
    assert_eq!(report.parts[&Part::main()].ready_at_start, 10_000);
    // A rollout in which every request fails comes to its end.
    let all_fail = Simulation::seed(1).stable("v1", 2).requests_per_second(10);
    let mut all_fail = all_fail.candidate(errors(1.0));
    all_fail.candidate.errors = 1_000_000;
    assert!(all_fail.run(&canary()).is_rolled_back());
}
