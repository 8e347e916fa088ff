//! Copies of requests to the candidate.

use super::*;

fn mirrored(text: &str) -> Traffic {
    let mut traffic = share("0%");
    traffic.mirror = text.parse().unwrap();
    traffic
}

fn filters(objects: &mut Objects, rule: usize) -> Value {
    http(objects)[rule]["filters"].clone()
}

#[test]
fn a_mirror_stands_beside_other_filters_and_goes_again() {
    let before = objects(MANIFEST);
    let start = one().read(&before, &labels()).unwrap();
    let mut now = before.clone();
    for (text, share) in [
        ("20%", json!({"percent": 20})),
        (
            "0.25%",
            json!({"fraction": {"numerator": 25, "denominator": 10_000}}),
        ),
        ("100%", json!({})),
    ] {
        now = write(&one(), &now, &mirrored(text));
        let mut expected = share;
        expected["backendRef"] =
            json!({"group": "", "kind": "Service", "name": "api-canary", "port": 80});
        assert_eq!(filters(&mut now, 1)[2]["requestMirror"], expected);
        assert_eq!(filters(&mut now, 2)[0]["requestMirror"], expected);
        let back = after(&now, one().restore(&now, &start.owned).unwrap());
        assert_eq!(back, before);
    }
    assert_eq!(write(&one(), &now, &mirrored("0%")), before);
}

#[test]
fn a_mirror_of_the_user_s_own_is_read_in_every_form_and_put_back() {
    for (share, weight) in [
        (json!({}), "100%"),
        (json!({"percent": 7}), "7%"),
        (json!({"percent": 0}), "0%"),
        (json!({"fraction": {"numerator": 7}}), "7%"),
        (
            json!({"fraction": {"numerator": 1, "denominator": 3}}),
            "33.33%",
        ),
        (
            json!({"fraction": {"numerator": 1, "denominator": 1_000_000}}),
            "0.01%",
        ),
    ] {
        let mut before = objects(MANIFEST);
        let mut mirror = share;
        mirror["backendRef"] = json!({"name": "api-canary", "port": 80});
        let filter = json!({"type": "RequestMirror", "requestMirror": mirror});
        for rule in [1, 2] {
            http(&mut before)[rule]["filters"] = json!([filter, {"type": "ExtensionRef"}]);
        }
        let start = one().read(&before, &labels()).unwrap();
        assert_eq!(start.traffic.mirror.to_string(), weight);
        let now = write(&one(), &before, &mirrored("50%"));
        assert_eq!(
            after(&now, one().restore(&now, &start.owned).unwrap()),
            before
        );
        let none = write(&one(), &now, &mirrored("0%"));
        assert_eq!(
            after(&none, one().restore(&none, &start.owned).unwrap()),
            before
        );
    }
}

#[test]
fn mirrors_that_mean_nothing_are_an_error() {
    let filter = |share: Value| {
        let mut mirror = share;
        mirror["backendRef"] = json!({"name": "api-canary", "port": 80});
        json!({"type": "RequestMirror", "requestMirror": mirror})
    };
    for wrong in [
        json!([filter(json!({"percent": 101}))]),
        json!([filter(json!({"percent": 1, "fraction": {"numerator": 1}}))]),
        json!([filter(
            json!({"fraction": {"numerator": 3, "denominator": 2}})
        )]),
        json!([filter(
            json!({"fraction": {"numerator": 0, "denominator": 0}})
        )]),
        json!([filter(json!({})), filter(json!({}))]),
    ] {
        let mut objects = objects(MANIFEST);
        http(&mut objects)[2]["filters"] = wrong;
        refused(&objects, TargetErrorKind::Ambiguous, &["`everything` has"]);
    }
}

#[test]
fn a_share_of_a_mirror_needs_a_field_that_older_definitions_lack() {
    let fields = |traffic: &Traffic| -> Vec<&str> {
        let needed = one().needs(traffic).into_iter();
        needed.map(|needed| needed.field).collect()
    };
    assert_eq!(fields(&mirrored("0%")), [""; 0]);
    assert_eq!(fields(&mirrored("100%")), [""; 0]);
    assert_eq!(
        fields(&mirrored("5%")),
        ["spec.rules[].filters[].requestMirror.percent"]
    );
    assert_eq!(
        fields(&mirrored("0.5%")),
        ["spec.rules[].filters[].requestMirror.fraction"]
    );
}
