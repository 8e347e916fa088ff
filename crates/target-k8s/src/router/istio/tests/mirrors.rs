//! Mirrors to the canary beside other people's.

use super::*;

fn mirrored(percentage: &str) -> Traffic {
    let mut traffic = Traffic::default();
    traffic.mirror = percentage.parse().unwrap();
    traffic
}

#[test]
fn a_mirror_is_written_with_its_percentage_and_taken_out_again() {
    let before = objects(SUBSETS);
    let now = write(&subsets(), &before, &mirrored("10%"));
    let route = &http(&now, "catalog")[3];
    assert_eq!(
        route["mirror"], route["route"][0]["destination"],
        "the canary's, with its port"
    );
    assert_eq!(route["mirrorPercentage"], json!({"value": 10}));

    let now = write(&subsets(), &now, &mirrored("0.5%"));
    assert_eq!(
        http(&now, "catalog")[3]["mirrorPercentage"],
        json!({"value": 0.5})
    );
    assert_eq!(write(&subsets(), &now, &Traffic::default()), before);
}

#[test]
fn where_there_is_a_list_of_mirrors_ours_becomes_one_of_them() {
    let before = objects(HOSTS);
    let now = write(&hosts(), &before, &mirrored("20%"));
    let route = &http(&now, "search")[0];
    assert_eq!(route.get("mirror"), None, "Istio refuses a route with both");
    assert_eq!(
        route["mirrors"],
        json!([
            {"destination": {"host": "recorder"}, "percentage": {"value": 1.5}},
            {
                "destination": {"host": "search-canary", "port": {"number": 9000}},
                "percentage": {"value": 20},
            },
        ])
    );
    assert_eq!(write(&hosts(), &now, &Traffic::default()), before);
}

#[test]
fn a_mirror_that_was_there_comes_back_in_its_place() {
    let mut before = objects(HOSTS);
    let route = &mut http_mut(&mut before, "search")[0];
    route["mirrors"]
        .as_array_mut()
        .unwrap()
        .insert(0, json!({"destination": {"host": "search-canary"}}));
    let start = hosts().read(&before, &labels("search")).unwrap();
    assert_eq!(
        start.traffic.mirror,
        Weight::FULL,
        "no percentage is all of it"
    );
    for traffic in [mirrored("3%"), Traffic::default(), percent(50)] {
        let now = write(&hosts(), &before, &traffic);
        assert_eq!(
            after(&now, hosts().restore(&now, &start.owned).unwrap()),
            before
        );
    }
}

#[test]
fn all_ways_to_write_a_percentage_are_understood() {
    for (fields, share) in [
        (json!({}), "100%"),
        (json!({"mirrorPercentage": {"value": 12.5}}), "12.5%"),
        (json!({"mirrorPercentage": {}}), "0%"),
        (json!({"mirrorPercent": 7}), "7%"),
        (json!({"mirror_percent": 8}), "8%"),
        (json!({"mirrorPercentage": {"value": 0.001}}), "0.01%"),
    ] {
        let mut before = objects(HOSTS);
        let route = http_mut(&mut before, "search")[0].as_object_mut().unwrap();
        route.remove("mirrors");
        route.insert(
            "mirror".to_owned(),
            json!({"host": "search-canary.shop.svc.cluster.local"}),
        );
        route.extend(fields.as_object().unwrap().clone());
        let start = hosts().read(&before, &labels("search")).unwrap();
        assert_eq!(start.traffic.mirror.to_string(), share, "{fields}");
        let now = write(&hosts(), &before, &mirrored("50%"));
        assert_eq!(
            after(&now, hosts().restore(&now, &start.owned).unwrap()),
            before,
            "{fields}"
        );
    }
}

#[test]
fn somebody_elses_mirror_is_never_replaced() {
    let mut before = objects(SUBSETS);
    http_mut(&mut before, "catalog")[3]["mirror"] = json!({"host": "recorder"});
    http_mut(&mut before, "catalog")[3]["mirrorPercentage"] = json!({"value": 1});
    let error = subsets()
        .write(&before, &labels("catalog"), &mirrored("10%"))
        .unwrap_err();
    assert_eq!(error.kind, TargetErrorKind::Unsupported);

    let start = subsets().read(&before, &labels("catalog")).unwrap();
    let now = write(&subsets(), &before, &percent(10));
    assert_eq!(
        http(&now, "catalog")[3]["mirror"],
        json!({"host": "recorder"})
    );
    assert_eq!(
        after(&now, subsets().restore(&now, &start.owned).unwrap()),
        before
    );
}

#[test]
fn a_percentage_that_is_none_is_an_error() {
    let mut before = objects(SUBSETS);
    let route = &mut http_mut(&mut before, "catalog")[3];
    route["mirror"] = json!({"host": "catalog", "subset": "canary"});
    route["mirrorPercentage"] = json!({"value": 120});
    refused(
        &subsets(),
        &before,
        TargetErrorKind::Ambiguous,
        &["`everything`", "percentage"],
    );
}
