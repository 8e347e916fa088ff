//! Written is not effective: what parents and Gateways say, and of which generation.

use super::*;

fn route(objects: &mut Objects) -> &mut Value {
    objects.get_mut(&ObjectRef::http_route("api")).unwrap()
}

fn gateway(objects: &mut Objects) -> &mut Value {
    objects.get_mut(&ObjectRef::gateway("shop")).unwrap()
}

/// Not effective, and this is why.
#[track_caller]
fn doubted(objects: &Objects, code: &str, word: &str) {
    assert!(!one().is_carried(objects));
    let findings = one().check(objects, &labels());
    let told = findings.iter().find(|finding| finding.code == code);
    let told = told.unwrap_or_else(|| panic!("{code} is not among {findings:?}"));
    assert!(told.message.contains(word), "{told:?}");
}

#[test]
fn all_that_is_asked_says_so() {
    let objects = objects(MANIFEST);
    assert!(one().is_carried(&objects));
    assert!(three().is_carried(&objects));
}

#[test]
fn a_write_is_not_effective_before_its_generation_was_seen() {
    let mut objects = objects(MANIFEST);
    route(&mut objects)["metadata"]["generation"] = json!(8);
    doubted(
        &objects,
        "route-not-accepted",
        "Accepted of generation 7, and it is at 8",
    );
    let conditions = &mut route(&mut objects)["status"]["parents"][0]["conditions"];
    conditions[0]["observedGeneration"] = json!(8);
    doubted(
        &objects,
        "route-not-accepted",
        "ResolvedRefs of generation 7",
    );
    let conditions = &mut route(&mut objects)["status"]["parents"][0]["conditions"];
    conditions[1]["observedGeneration"] = json!(8);
    assert!(one().is_carried(&objects));
}

#[test]
fn what_a_controller_does_not_say_or_denies_is_not_effective() {
    let silent = |change: fn(&mut Value)| {
        let mut objects = objects(MANIFEST);
        change(&mut route(&mut objects)["status"]);
        objects
    };
    let nothing = silent(|status| *status = json!(null));
    doubted(
        &nothing,
        "route-not-accepted",
        "no controller has said anything of it for gateway/shop (web)",
    );
    let other = silent(|status| status["parents"][0]["parentRef"]["sectionName"] = json!("tls"));
    doubted(&other, "route-not-accepted", "no controller");
    let half = silent(|status| {
        status["parents"][0]["conditions"]
            .as_array_mut()
            .unwrap()
            .pop();
    });
    doubted(&half, "route-not-accepted", "has no condition ResolvedRefs");
    let denied = silent(|status| {
        let condition = &mut status["parents"][0]["conditions"][1];
        condition["status"] = json!("False");
        condition["reason"] = json!("BackendNotFound");
    });
    doubted(&denied, "route-not-accepted", "BackendNotFound");
    let bare = silent(|status| {
        let condition = &mut status["parents"][0]["conditions"][0];
        condition
            .as_object_mut()
            .unwrap()
            .remove("observedGeneration");
    });
    doubted(&bare, "route-not-accepted", "of no generation");
    let partly = silent(|status| {
        let condition = json!({"type": "PartiallyInvalid", "status": "True"});
        status["parents"][0]["conditions"]
            .as_array_mut()
            .unwrap()
            .push(condition);
    });
    doubted(&partly, "route-not-accepted", "only some of its rules");
}

#[test]
fn of_several_parents_all_count() {
    let mut objects = objects(MANIFEST);
    let parents = route(&mut objects)["spec"]["parentRefs"]
        .as_array_mut()
        .unwrap();
    parents.push(json!({"name": "shop", "sectionName": "tls"}));
    doubted(&objects, "route-not-accepted", "gateway/shop (tls)");
    let said = route(&mut objects)["status"]["parents"]
        .as_array_mut()
        .unwrap();
    let mut other = said[0].clone();
    other["parentRef"] = json!({"name": "shop", "namespace": "shop", "sectionName": "tls"});
    said.push(other);
    assert!(one().is_carried(&objects));
}

#[test]
fn a_gateway_must_be_programmed_at_its_own_generation() {
    let mut behind = objects(MANIFEST);
    gateway(&mut behind)["metadata"]["generation"] = json!(4);
    doubted(
        &behind,
        "gateway-not-programmed",
        "Programmed of generation 3",
    );
    let mut never = objects(MANIFEST);
    gateway(&mut never)["status"]["conditions"][1]["status"] = json!("False");
    doubted(&never, "gateway-not-programmed", "is not Programmed");
    let mut silent = objects(MANIFEST);
    gateway(&mut silent)["status"] = json!(null);
    doubted(&silent, "gateway-not-programmed", "no condition Programmed");
    let mut early = objects(MANIFEST);
    gateway(&mut early)["status"]["conditions"][1]["type"] = json!("Ready");
    assert!(
        one().is_carried(&early),
        "as definitions before v0.6 called it"
    );
}

#[test]
fn parents_that_are_not_known_are_refused() {
    let mut none = objects(MANIFEST);
    route(&mut none)["spec"]["parentRefs"] = json!([]);
    doubted(&none, "parent-missing", "nobody");
    let mut other = objects(MANIFEST);
    route(&mut other)["spec"]["parentRefs"][0]["kind"] = json!("ListenerSet");
    doubted(&other, "parent-not-known", "ListenerSet");
}

#[test]
fn a_gateway_of_another_namespace_is_not_read() {
    let mut objects = objects(MANIFEST);
    for pointer in ["/spec/parentRefs/0", "/status/parents/0/parentRef"] {
        let parent = route(&mut objects).pointer_mut(pointer).unwrap();
        parent["namespace"] = json!("edge");
    }
    objects.remove(&ObjectRef::gateway("shop"));
    assert!(one().is_carried(&objects));
    assert_eq!(one().carriers(&objects), []);
    let findings = one().check(&objects, &labels());
    assert!(
        findings
            .iter()
            .any(|finding| finding.code == "gateway-not-checked"),
        "{findings:?}"
    );
}

/// What a controller said that was uninstalled stays in the status and never follows a write.
#[test]
fn of_several_controllers_of_a_gateway_the_one_that_follows_counts() {
    let both = |theirs: fn(&mut Value)| {
        let mut objects = objects(MANIFEST);
        let said = route(&mut objects)["status"]["parents"]
            .as_array_mut()
            .unwrap();
        let mut other = said[0].clone();
        other["controllerName"] = json!("example.com/uninstalled");
        theirs(&mut other["conditions"]);
        said.push(other);
        objects
    };
    let left = |conditions: &mut Value| {
        for place in [0, 1] {
            conditions[place]["observedGeneration"] = json!(6);
        }
    };
    assert!(one().is_carried(&both(left)));
    assert!(
        one().is_carried(&both(|conditions| *conditions = json!([]))),
        "it is for something else"
    );
    let denied = both(|conditions| conditions[1]["status"] = json!("False"));
    doubted(&denied, "route-not-accepted", "example.com/uninstalled");
    // Neither has seen the route as it is now.
    let mut behind = both(left);
    route(&mut behind)["metadata"]["generation"] = json!(8);
    doubted(&behind, "route-not-accepted", "it is at 8");
    // A mesh is carried out by all who say anything.
    let mut mesh = both(left);
    for pointer in [
        "/spec/parentRefs/0",
        "/status/parents/0/parentRef",
        "/status/parents/1/parentRef",
    ] {
        let parent = route(&mut mesh).pointer_mut(pointer).unwrap();
        *parent = json!({"group": "", "kind": "Service", "name": "api"});
    }
    doubted(&mesh, "route-not-accepted", "of generation 6");
}
