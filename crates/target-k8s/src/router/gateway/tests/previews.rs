//! Header routes to the candidate.

use strategy_core::{Route, RouteBy};

use super::*;

fn header(name: &str, value: &str) -> Route {
    Route {
        by: RouteBy::Header,
        name: name.to_owned(),
        value: value.to_owned(),
    }
}

fn previewed(routes: &[Route]) -> Traffic {
    let mut traffic = share("10%");
    traffic.routes = routes.to_vec();
    traffic
}

#[test]
fn each_rule_that_is_split_gets_a_more_specific_one_behind_all_others() {
    let before = objects(MANIFEST);
    let start = one().read(&before, &labels()).unwrap();
    let mut traffic = previewed(&[header("X-Preview", "yes")]);
    traffic.mirror = "5%".parse().unwrap();
    let mut now = write(&one(), &before, &traffic);
    let rules = http(&mut now).as_array().unwrap().clone();
    assert_eq!(rules.len(), 6);
    let asked = json!({"type": "Exact", "name": "X-Preview", "value": "yes"});
    let original = &objects(MANIFEST)[&ObjectRef::http_route("api")]["spec"]["rules"][1];
    let mut expected = original.clone();
    expected["name"] = json!("rollway-1-0-header");
    expected["matches"][0]["headers"] = json!([asked]);
    expected["matches"][1]["headers"]
        .as_array_mut()
        .unwrap()
        .push(asked.clone());
    expected["backendRefs"] =
        json!([{"group": "", "kind": "Service", "name": "api-canary", "port": 80, "weight": 1}]);
    assert_eq!(
        rules[4], expected,
        "filters, timeouts and matches are those of the rule"
    );
    assert_eq!(rules[5]["name"], "rollway-2-0-header");
    assert_eq!(rules[5]["retry"], json!({"attempts": 2}));
    assert_eq!(rules[5]["matches"][0]["headers"], json!([asked]));
    let back = after(&now, one().restore(&now, &start.owned).unwrap());
    assert_eq!(back, before);
}

#[test]
fn previews_come_change_and_go_in_every_kind_of_route() {
    let before = objects(MANIFEST);
    let mut now = before.clone();
    for routes in [
        vec![header("x-a", "1")],
        vec![header("x-b", "2"), header("x-a", "1")],
        vec![],
        vec![header("x-b", "3")],
    ] {
        now = write(&three(), &now, &previewed(&routes));
    }
    let grpc = &now[&ObjectRef::grpc_route("api")]["spec"]["rules"][1];
    let asked = json!({"type": "Exact", "name": "x-b", "value": "3"});
    assert_eq!(grpc["matches"], json!([{"headers": [asked]}]));
    let mesh = &now[&ObjectRef::http_route("api-mesh")]["spec"]["rules"][1];
    let any = json!({"type": "PathPrefix", "value": "/"});
    assert_eq!(mesh["matches"], json!([{"path": any, "headers": [asked]}]));
    let start = three().read(&before, &labels()).unwrap();
    assert_eq!(
        after(&now, three().restore(&now, &start.owned).unwrap()),
        before
    );
}

#[test]
fn previews_of_an_earlier_rollout_are_what_was_there() {
    let mut before = write(
        &one(),
        &objects(MANIFEST),
        &previewed(&[header("x-a", "1")]),
    );
    // Somebody put a rule of his own behind them.
    let own = json!({"matches": [{"path": {"type": "Exact", "value": "/x"}}]});
    http(&mut before).as_array_mut().unwrap().push(own);
    let start = one().read(&before, &labels()).unwrap();
    assert_eq!(start.traffic, previewed(&[header("x-a", "1")]));
    let now = write(&one(), &before, &previewed(&[header("x-b", "2")]));
    assert_eq!(
        after(&now, one().restore(&now, &start.owned).unwrap()),
        before
    );
}

#[test]
fn rules_of_ours_that_somebody_changed_are_an_error() {
    let written = || {
        write(
            &one(),
            &objects(MANIFEST),
            &previewed(&[header("x-a", "1")]),
        )
    };
    let changes: [fn(&mut Value); 5] = [
        |rules| rules[4]["backendRefs"][0]["name"] = json!("api"),
        |rules| rules[4]["backendRefs"][0]["weight"] = json!(0),
        |rules| rules[4]["matches"][0]["headers"] = json!([]),
        |rules| rules[4]["matches"][0]["headers"][0]["type"] = json!("RegularExpression"),
        |rules| {
            rules.as_array_mut().unwrap().remove(4);
        },
    ];
    for change in changes {
        let mut objects = written();
        change(http(&mut objects));
        refused(&objects, TargetErrorKind::Ambiguous, &["rollway-"]);
    }
}

#[test]
fn what_cannot_be_told_apart_is_refused() {
    let cookie = Route {
        by: RouteBy::Cookie,
        ..header("preview", "1")
    };
    let before = objects(MANIFEST);
    assert!(!one().capabilities().cookie_routes);
    for (route, word) in [
        (cookie, "regular expression"),
        (header("X-Tenant", "two"), "already"),
        (header("x-a", ""), "empty"),
    ] {
        let error = one()
            .write(&before, &labels(), &previewed(&[route]))
            .unwrap_err();
        assert_eq!(error.kind, TargetErrorKind::Unsupported);
        assert!(error.to_string().contains(word), "{error}");
    }
    let many: Vec<Route> = (0..7)
        .map(|number| header("x-a", &number.to_string()))
        .collect();
    let error = one()
        .write(&before, &labels(), &previewed(&many))
        .unwrap_err();
    assert!(error.to_string().contains("more than 16"), "{error}");
}

#[test]
fn previews_need_names_of_rules() {
    let needed = three().needs(&previewed(&[header("x-a", "1")]));
    assert_eq!(needed.len(), 3);
    assert!(
        needed
            .iter()
            .all(|needed| needed.field == "spec.rules[].name")
    );
}
