//! What is told before anything is written.

use strategy_core::target::Severity;

use super::*;

fn codes(router: &GatewayRouter, objects: &Objects) -> Vec<(String, Severity)> {
    let findings = router.check(objects, &labels()).into_iter();
    findings
        .map(|finding| (finding.code, finding.severity))
        .collect()
}

#[track_caller]
fn told(objects: &Objects, code: &str, severity: Severity) {
    let codes = codes(&one(), objects);
    assert!(codes.contains(&(code.to_owned(), severity)), "{codes:?}");
}

fn blocks(code: &str) -> (String, Severity) {
    (code.to_owned(), Severity::Blocks)
}

fn warns(code: &str) -> (String, Severity) {
    (code.to_owned(), Severity::Warns)
}

#[test]
fn sound_objects_have_only_the_warnings_of_their_own_kind() {
    let objects = objects(MANIFEST);
    assert_eq!(codes(&one(), &objects), [warns("route-to-canary")]);
    assert_eq!(
        codes(&three(), &objects),
        [warns("destination-will-be-added"), warns("route-to-canary")]
    );
    assert_eq!(
        one().referred(&objects),
        [ObjectRef::service("api"), ObjectRef::service("api-canary")]
    );
}

#[test]
fn objects_that_are_not_there_block() {
    assert_eq!(
        codes(&one(), &Objects::new()),
        [blocks("router-object-not-found")]
    );
    let mut nothing = one();
    nothing.http_routes.clear();
    assert_eq!(
        codes(&nothing, &objects(MANIFEST)),
        [blocks("router-object-not-found")]
    );
    for (missing, code) in [
        (ObjectRef::service("api"), "host-not-found"),
        (ObjectRef::service("api-canary"), "host-not-found"),
        (ObjectRef::gateway("shop"), "gateway-not-found"),
    ] {
        let mut objects = objects(MANIFEST);
        objects.remove(&missing);
        assert_eq!(
            codes(&one(), &objects),
            [blocks(code), warns("route-to-canary")],
            "{missing}"
        );
    }
}

#[test]
fn services_must_reach_their_track_and_no_other() {
    for (service, selector, code) in [
        (
            "api",
            json!({"app": "api"}),
            "destination-reaches-both-tracks",
        ),
        (
            "api",
            json!({"track": "canary"}),
            "destination-reaches-other-track",
        ),
        (
            "api-canary",
            json!({"app": "web"}),
            "destination-reaches-nothing",
        ),
    ] {
        let mut objects = objects(MANIFEST);
        objects.get_mut(&ObjectRef::service(service)).unwrap()["spec"]["selector"] = selector;
        told(&objects, code, Severity::Blocks);
    }
    let mut bare = objects(MANIFEST);
    bare.get_mut(&ObjectRef::service("api")).unwrap()["spec"]["selector"] = json!(null);
    told(&bare, "host-not-checked", Severity::Warns);
    let mut portless = objects(MANIFEST);
    portless.get_mut(&ObjectRef::service("api-canary")).unwrap()["spec"]["ports"] =
        json!([{"port": 81}]);
    told(&portless, "service-port-not-found", Severity::Blocks);
}

#[test]
fn rules_that_are_left_alone_are_told() {
    let mut router = one();
    router.rules = vec!["everything".to_owned()];
    let mut objects = objects(MANIFEST);
    let stable = json!({"matches": [{"path": {"type": "Exact", "value": "/x"}}], "backendRefs": [{"name": "api", "port": 80}]});
    http(&mut objects).as_array_mut().unwrap().push(stable);
    assert_eq!(
        codes(&router, &objects),
        [
            warns("route-not-named"),
            warns("route-to-canary"),
            warns("route-to-stable")
        ]
    );
    let beside = router.read(&objects, &labels()).unwrap().beside;
    assert_eq!(beside.len(), 3, "{beside:?}");
}

#[test]
fn weights_that_count_for_some_requests_only_are_told() {
    let mut objects = objects(MANIFEST);
    http(&mut objects)[2]["matches"][0]["path"]["value"] = json!("/api");
    told(&objects, "route-conditional", Severity::Warns);
}

#[test]
fn routes_that_do_not_agree_or_that_cannot_be_read_block() {
    let mut disagree = objects(MANIFEST);
    let mesh = rules(&mut disagree, &ObjectRef::http_route("api-mesh"));
    mesh[0]["backendRefs"][1]["weight"] = json!(1);
    assert!(codes(&three(), &disagree).contains(&blocks("routes-disagree")));
    let mut third = objects(MANIFEST);
    http(&mut third)[2]["backendRefs"][2]["weight"] = json!(1);
    told(&third, "third-destination", Severity::Blocks);
    let mut twice = objects(MANIFEST);
    http(&mut twice)[3]["name"] = json!("everything");
    let mut router = one();
    router.rules = vec!["everything".to_owned()];
    assert!(codes(&router, &twice).contains(&blocks("route-name-twice")));
    router.rules = vec!["nothing".to_owned()];
    assert!(codes(&router, &twice).contains(&blocks("route-not-found")));
}

#[test]
fn sessions_without_an_end_block() {
    let mut objects = objects(MANIFEST);
    http(&mut objects)[2]["sessionPersistence"] = json!({"idleTimeout": "1h"});
    told(&objects, "session-without-end", Severity::Blocks);
    http(&mut objects)[2]["sessionPersistence"]["absoluteTimeout"] = json!("1h");
    assert_eq!(codes(&one(), &objects), [warns("route-to-canary")]);
}

/// As for a Service whose selector is switched, and for those behind an Ingress.
#[test]
fn a_service_that_sends_to_pods_that_are_not_ready_is_warned_of() {
    for service in ["api", "api-canary"] {
        let mut objects = objects(MANIFEST);
        let spec = &mut objects.get_mut(&ObjectRef::service(service)).unwrap()["spec"];
        spec["publishNotReadyAddresses"] = json!(true);
        told(&objects, "not-ready-addresses", Severity::Warns);
    }
}
