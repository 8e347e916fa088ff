//! What is told before anything is written.

use strategy_core::target::Severity;

use super::*;

fn codes(router: &IstioRouter, objects: &Objects, tracks: &TrackLabels) -> Vec<(String, Severity)> {
    router
        .check(objects, tracks)
        .into_iter()
        .map(|finding| (finding.code, finding.severity))
        .collect()
}

#[track_caller]
fn told(objects: &Objects, tracks: &TrackLabels, code: &str, severity: Severity) {
    let codes = codes(&subsets(), objects, tracks);
    assert!(codes.contains(&(code.to_owned(), severity)), "{codes:?}");
}

fn rule(objects: &mut Objects) -> &mut Value {
    &mut objects
        .get_mut(&ObjectRef::destination_rule("catalog"))
        .unwrap()["spec"]
}

fn selector<'a>(objects: &'a mut Objects, service: &str) -> &'a mut Value {
    &mut objects.get_mut(&ObjectRef::service(service)).unwrap()["spec"]["selector"]
}

#[test]
fn a_sound_set_of_objects_has_only_the_warning_of_its_header_route() {
    assert_eq!(
        codes(&subsets(), &objects(SUBSETS), &labels("catalog")),
        [("route-to-canary".to_owned(), Severity::Warns)]
    );
    assert_eq!(
        codes(&hosts(), &objects(HOSTS), &labels("search")),
        [("destination-will-be-added".to_owned(), Severity::Warns)]
    );
}

#[test]
fn objects_that_are_not_there_block() {
    assert_eq!(
        codes(&subsets(), &Objects::new(), &labels("catalog")),
        [("router-object-not-found".to_owned(), Severity::Blocks)]
    );
    for (missing, code) in [
        (
            ObjectRef::destination_rule("catalog"),
            "router-object-not-found",
        ),
        (ObjectRef::service("catalog"), "host-not-found"),
    ] {
        let mut objects = objects(SUBSETS);
        objects.remove(&missing);
        told(&objects, &labels("catalog"), code, Severity::Blocks);
    }
}

#[test]
fn the_services_behind_the_hosts_are_asked_for() {
    assert_eq!(
        subsets().objects(),
        [
            ObjectRef::virtual_service("catalog"),
            ObjectRef::destination_rule("catalog")
        ]
    );
    assert_eq!(
        subsets().referred(&objects(SUBSETS)),
        [ObjectRef::service("catalog")]
    );
    assert_eq!(
        hosts().referred(&objects(HOSTS)),
        [
            ObjectRef::service("search"),
            ObjectRef::service("search-canary")
        ]
    );
    assert_eq!(subsets().referred(&Objects::new()), []);
}

#[test]
fn stables_subset_that_picks_the_canarys_pods_too_blocks() {
    let mut objects = objects(SUBSETS);
    rule(&mut objects)["subsets"][0]["labels"] = json!({"app": "catalog"});
    told(
        &objects,
        &labels("catalog"),
        "destination-reaches-both-tracks",
        Severity::Blocks,
    );
}

#[test]
fn stables_service_that_picks_the_canarys_pods_too_blocks() {
    let mut objects = objects(HOSTS);
    selector(&mut objects, "search")
        .as_object_mut()
        .unwrap()
        .remove("track");
    let codes = codes(&hosts(), &objects, &labels("search"));
    assert!(
        codes.contains(&(
            "destination-reaches-both-tracks".to_owned(),
            Severity::Blocks
        )),
        "{codes:?}"
    );
}

#[test]
fn a_subset_that_stayed_with_the_colour_while_the_roles_changed_blocks() {
    let slots = tracks(
        &[("app", "catalog"), ("track", "canary")],
        &[("app", "catalog"), ("track", "stable")],
    );
    told(
        &objects(SUBSETS),
        &slots,
        "destination-reaches-other-track",
        Severity::Blocks,
    );
}

#[test]
fn a_selector_left_over_from_a_switch_starves_the_canary_and_blocks() {
    let mut objects = objects(SUBSETS);
    selector(&mut objects, "catalog")["track"] = json!("stable");
    told(
        &objects,
        &labels("catalog"),
        "destination-reaches-nothing",
        Severity::Blocks,
    );

    *selector(&mut objects, "catalog") = json!({"app": "something-else"});
    told(
        &objects,
        &labels("catalog"),
        "destination-reaches-nothing",
        Severity::Blocks,
    );
}

#[test]
fn a_subset_that_only_another_host_has_blocks() {
    let mut objects = objects(SUBSETS);
    rule(&mut objects)["host"] = json!("images");
    told(
        &objects,
        &labels("catalog"),
        "subset-not-found",
        Severity::Blocks,
    );

    let mut without_rule = subsets();
    without_rule.destination_rule = None;
    let codes = codes(&without_rule, &objects, &labels("catalog"));
    assert!(
        codes.contains(&("destination-rule-not-named".to_owned(), Severity::Blocks)),
        "{codes:?}"
    );
}

#[test]
fn tcp_and_tls_routes_to_our_destinations_block() {
    for protocol in ["tcp", "tls"] {
        let mut objects = objects(SUBSETS);
        let spec = &mut objects
            .get_mut(&ObjectRef::virtual_service("catalog"))
            .unwrap()["spec"];
        spec[protocol] =
            json!([{"route": [{"destination": {"host": "catalog", "subset": "canary"}}]}]);
        told(
            &objects,
            &labels("catalog"),
            "not-an-http-route",
            Severity::Blocks,
        );

        let spec = &mut objects
            .get_mut(&ObjectRef::virtual_service("catalog"))
            .unwrap()["spec"];
        spec["http"] = json!([]);
        refused(
            &subsets(),
            &objects,
            TargetErrorKind::Unsupported,
            &[protocol],
        );
    }
}

#[test]
fn routes_that_are_never_taken_are_told() {
    let mut all = objects(SUBSETS);
    let first = json!({"name": "maintenance", "route": [{"destination": {"host": "sorry"}}]});
    http_mut(&mut all, "catalog")
        .as_array_mut()
        .unwrap()
        .insert(0, first.clone());
    told(&all, &labels("catalog"), "route-shadowed", Severity::Blocks);

    let mut one = objects(SUBSETS);
    http_mut(&mut one, "catalog")
        .as_array_mut()
        .unwrap()
        .insert(3, first);
    told(&one, &labels("catalog"), "route-shadowed", Severity::Warns);
}

#[test]
fn weights_for_some_requests_only_are_told() {
    let mut objects = objects(SUBSETS);
    http_mut(&mut objects, "catalog")
        .as_array_mut()
        .unwrap()
        .pop();
    told(
        &objects,
        &labels("catalog"),
        "route-conditional",
        Severity::Warns,
    );
    let messages: Vec<String> = subsets()
        .check(&objects, &labels("catalog"))
        .into_iter()
        .map(|finding| finding.message)
        .collect();
    assert!(
        messages
            .iter()
            .any(|message| message.contains("no route at all")),
        "{messages:?}"
    );
}

#[test]
fn routes_that_keep_one_destination_are_told() {
    let mut objects = objects(SUBSETS);
    http_mut(&mut objects, "catalog")[2]["route"]
        .as_array_mut()
        .unwrap()
        .pop();
    told(
        &objects,
        &labels("catalog"),
        "route-to-stable",
        Severity::Warns,
    );

    let mut named = subsets();
    named.routes = vec!["everything".to_owned()];
    let codes = codes(&named, &super::objects(SUBSETS), &labels("catalog"));
    assert!(
        codes.contains(&("route-not-named".to_owned(), Severity::Warns)),
        "{codes:?}"
    );
}

#[test]
fn a_host_that_istio_does_not_complete_is_told() {
    let mut objects = objects(HOSTS);
    http_mut(&mut objects, "search")[0]["route"][0]["destination"]["host"] = json!("search.shop");
    let codes = codes(&hosts(), &objects, &labels("search"));
    assert!(
        codes.contains(&("host-half-qualified".to_owned(), Severity::Warns)),
        "{codes:?}"
    );
}

#[test]
fn a_header_route_to_any_subset_of_the_canarys_own_host_is_told() {
    let mut objects = objects(HOSTS);
    http_mut(&mut objects, "search")
        .as_array_mut()
        .unwrap()
        .insert(
            0,
            json!({
                "match": [{"headers": {"x-staff": {"exact": "yes"}}}],
                "route": [{"destination": {"host": "search-canary", "subset": "any"}}],
            }),
        );
    let mut router = hosts();
    router.canary.subset = Some("canary".to_owned());
    let codes = codes(&router, &objects, &labels("search"));
    assert!(
        codes.contains(&("route-to-canary".to_owned(), Severity::Warns)),
        "{codes:?}"
    );
    assert!(
        codes.contains(&("destination-rule-not-named".to_owned(), Severity::Blocks)),
        "{codes:?}"
    );
}
