//! Preview routes by header and cookie.

use strategy_core::{Route, RouteBy};

use super::*;

fn route(by: RouteBy, name: &str, value: &str) -> Route {
    Route {
        by,
        name: name.to_owned(),
        value: value.to_owned(),
    }
}

fn previewed() -> Traffic {
    let mut traffic = Traffic::default();
    traffic.routes = vec![
        route(RouteBy::Header, "X-Preview", "yes, please"),
        route(RouteBy::Cookie, "session.kind", "beta(1)=\\x"),
    ];
    traffic
}

#[test]
fn a_preview_is_a_copy_of_the_route_whose_requests_it_takes() {
    let before = objects(SUBSETS);
    let now = write(&subsets(), &before, &previewed());
    let routes = http(&now, "catalog");
    let names: Vec<&str> = routes
        .iter()
        .map(|route| route["name"].as_str().unwrap_or("-"))
        .collect();
    assert_eq!(
        names,
        [
            "staff",
            "images",
            "rollway-1-0-header-X-Preview",
            "rollway-1-1-cookie-session.kind",
            "-",
            "rollway-2-0-header-X-Preview",
            "rollway-2-1-cookie-session.kind",
            "everything",
        ]
    );
    let preview = &routes[2];
    assert_eq!(
        preview["match"],
        json!([
            {"uri": {"prefix": "/v2/"}, "name": "second", "headers": {"x-preview": {"exact": "yes, please"}}},
            {
                "uri": {"prefix": "/beta/"},
                "headers": {"x-tenant": {"prefix": "eu-"}, "x-preview": {"exact": "yes, please"}},
            },
        ])
    );
    assert_eq!(
        preview["route"],
        json!([{
            "destination": {
                "host": "catalog.shop.svc.cluster.local", "subset": "canary", "port": {"number": 8080}
            },
            "headers": {"response": {"set": {"x-served-by": "canary"}}},
        }])
    );
    for field in ["rewrite", "futureField"] {
        assert_eq!(preview[field], routes[4][field], "{field}");
    }
    assert_eq!(routes[5]["timeout"], "5s");
    assert_eq!(
        routes[6]["match"],
        json!([{"headers": {"cookie": {
            "regex": r"^(.*;\s*)?session\.kind=beta\(1\)=\\x(;.*)?$"
        }}}])
    );
    assert_eq!(
        write(&subsets(), &now, &Traffic::default()),
        before,
        "taken out again"
    );
}

#[test]
fn previews_stay_while_the_weight_moves_and_go_on_the_way_back() {
    for (manifest, router) in [(SUBSETS, subsets()), (HOSTS, hosts())] {
        let before = objects(manifest);
        let start = router.read(&before, &labels("any")).unwrap();
        let mut traffic = previewed();
        traffic.mirror = Weight::HALF;
        let mut now = write(&router, &before, &traffic);
        traffic.weight = Weight::HALF;
        now = write(&router, &now, &traffic);
        let weighted_only = write(&router, &now, &percent(20));
        assert_eq!(weighted_only, write(&router, &before, &percent(20)));
        assert_eq!(
            after(&now, router.restore(&now, &start.owned).unwrap()),
            before
        );
    }
}

#[test]
fn previews_that_were_there_come_back() {
    let before = write(&subsets(), &objects(SUBSETS), &previewed());
    let start = subsets().read(&before, &labels("catalog")).unwrap();
    let now = write(&subsets(), &before, &percent(20));
    assert_eq!(
        after(&now, subsets().restore(&now, &start.owned).unwrap()),
        before
    );
}

#[test]
fn a_header_that_the_route_matches_on_already_is_refused() {
    let before = objects(SUBSETS);
    let mut traffic = Traffic::default();
    traffic.routes = vec![route(RouteBy::Header, "X-Tenant", "eu-1")];
    let error = subsets()
        .write(&before, &labels("catalog"), &traffic)
        .unwrap_err();
    assert_eq!(error.kind, TargetErrorKind::Unsupported);
    assert!(error.message.contains("x-tenant"), "{error}");
}

#[test]
fn a_preview_changed_or_moved_by_hand_is_an_error() {
    let now = write(&subsets(), &objects(SUBSETS), &previewed());

    let mut changed = now.clone();
    http_mut(&mut changed, "catalog")[5]["route"][0]["destination"]["subset"] = json!("stable");
    refused(
        &subsets(),
        &changed,
        TargetErrorKind::Ambiguous,
        &["rollway-2-0-header-X-Preview"],
    );

    let mut moved = now.clone();
    http_mut(&mut moved, "catalog")
        .as_array_mut()
        .unwrap()
        .swap(1, 2);
    refused(
        &subsets(),
        &moved,
        TargetErrorKind::Ambiguous,
        &["rollway-"],
    );

    let mut half = now;
    http_mut(&mut half, "catalog")
        .as_array_mut()
        .unwrap()
        .remove(2);
    refused(
        &subsets(),
        &half,
        TargetErrorKind::Ambiguous,
        &["same weights"],
    );
}

#[test]
fn a_route_of_the_users_with_a_similar_name_is_not_ours() {
    let mut before = objects(SUBSETS);
    http_mut(&mut before, "catalog")[0]["name"] = json!("rollway-staff");
    let now = write(&subsets(), &before, &previewed());
    assert_eq!(http(&now, "catalog")[0], http(&before, "catalog")[0]);
    assert_eq!(write(&subsets(), &now, &Traffic::default()), before);
}

#[test]
fn what_a_preview_takes_is_not_mirrored_to_the_canary_as_well() {
    let mut traffic = Traffic::default();
    traffic.mirror = Weight::HALF;
    let mirrored = write(&subsets(), &objects(SUBSETS), &traffic);
    traffic.routes = previewed().routes;
    let now = write(&subsets(), &mirrored, &traffic);
    for route in http(&now, "catalog") {
        let ours = route["name"]
            .as_str()
            .is_some_and(|name| name.starts_with("rollway-"));
        let copied = route
            .get("mirror")
            .or_else(|| route.get("mirrorPercentage"));
        assert!(!ours || copied.is_none(), "{route}");
    }
}
