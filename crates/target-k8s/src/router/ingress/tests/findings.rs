//! What is found before anything is written.

use serde_json::{Value, json};
use strategy_core::target::{Finding, Severity};

use super::{MANIFEST, both, ingress, labels, name_at, service};
use crate::config::IngressRouter;
use crate::object::{ObjectRef, Objects};
use crate::router::Router;
use crate::router::fixture::objects;

fn found(change: impl FnOnce(&mut Objects)) -> Vec<Finding> {
    let mut objects = objects(MANIFEST);
    change(&mut objects);
    both().check(&objects, &labels())
}

#[track_caller]
fn one(findings: &[Finding], severity: Severity, code: &str, resource: &str, words: &[&str]) {
    let [finding] = findings else {
        panic!("{findings:#?}");
    };
    assert_eq!(
        (
            finding.severity,
            finding.code.as_str(),
            finding.resource.as_str()
        ),
        (severity, code, resource)
    );
    let text = format!("{} {}", finding.message, finding.mend);
    for word in words {
        assert!(text.contains(word), "{text} says nothing of {word}");
    }
    assert!(!finding.mend.is_empty());
}

fn beside(name: &str, annotations: &Value, backend: &str) -> (ObjectRef, Value) {
    let ingress = json!({
        "metadata": {"name": name, "namespace": "shop", "annotations": annotations},
        "spec": {"ingressClassName": "nginx", "rules": [{"host": "shop.example.org", "http": {"paths": [
            {"path": "/", "pathType": "Prefix", "backend": {"service": {"name": backend, "port": {"number": 80}}}},
        ]}}]},
    });
    (ObjectRef::ingress(name), ingress)
}

#[test]
fn a_sound_one_has_none() {
    assert_eq!(found(|_| {}), []);
}

#[test]
fn none_that_names_either_service() {
    let findings = found(|objects| {
        let paths = &mut ingress(objects, "intern")["spec"]["rules"][0]["http"]["paths"];
        paths[0]["backend"]["service"]["name"] = json!("api");
    });
    let words = [
        "api-blue",
        "api-green",
        "path `/` of host api.intern names service/api",
    ];
    one(
        &findings,
        Severity::Blocks,
        "destination-not-found",
        "ingress/intern",
        &words,
    );
}

#[test]
fn some_that_name_one_and_some_the_other() {
    let findings = found(|objects| *name_at(objects, 0, 2) = json!("api-green"));
    let words = [
        "path `/v2` of host shop.example.org names service/api-green",
        "default backend",
    ];
    one(
        &findings,
        Severity::Blocks,
        "routes-disagree",
        "ingress/api",
        &words,
    );
    let findings = found(|objects| {
        let paths = &mut ingress(objects, "intern")["spec"]["rules"][0]["http"]["paths"];
        paths[0]["backend"]["service"]["name"] = json!("api-green");
    });
    one(
        &findings,
        Severity::Blocks,
        "routes-disagree",
        "ingress/intern",
        &["ingress/api"],
    );
}

/// As written, by name or number, both must have it.
#[test]
fn a_port_that_the_other_service_has_not() {
    let green = |ports: Value| {
        move |objects: &mut Objects| service(objects, "api-green")["spec"]["ports"] = ports
    };
    let findings = found(green(json!([{"name": "web", "port": 80}])));
    assert_eq!(findings.len(), 2, "{findings:#?}");
    for finding in &findings {
        let words = ["named \"http\"", "service/api-green"];
        one(
            std::slice::from_ref(finding),
            Severity::Blocks,
            "service-port-not-found",
            "ingress/api",
            &words,
        );
    }
    let findings = found(green(json!([{"name": "http", "port": 8080}])));
    assert_eq!(findings.len(), 4, "{findings:#?}");
    assert!(
        findings
            .iter()
            .all(|finding| finding.message.contains("the port 80"))
    );
}

#[test]
fn a_canary_annotation_that_takes_requests_behind_our_back() {
    let canary = |rest: Value| {
        let mut annotations = json!({"nginx.ingress.kubernetes.io/canary": "true"});
        for (key, value) in rest.as_object().unwrap() {
            annotations[format!("nginx.ingress.kubernetes.io/canary-{key}")] = value.clone();
        }
        move |objects: &mut Objects| {
            objects.extend([beside("api-trial", &annotations, "trial")]);
        }
    };
    for (rest, word) in [
        (json!({"weight": "20"}), "a weight of 20"),
        (json!({"weight": "20%"}), "a weight of 20%"),
        (
            json!({"weight": "0", "by-header": "x-trial"}),
            "header or cookie",
        ),
        (json!({"by-cookie": "trial"}), "header or cookie"),
    ] {
        let findings = found(canary(rest));
        one(
            &findings,
            Severity::Blocks,
            "canary-annotation",
            "ingress/api-trial",
            &[word, "ingress/api"],
        );
    }
    let findings = found(canary(json!({"weight": "0"})));
    one(
        &findings,
        Severity::Warns,
        "canary-annotation",
        "ingress/api-trial",
        &["without a share"],
    );

    // As Go reads what is yes.
    for yes in ["1", "t", "T", "TRUE", "True"] {
        let findings = found(|objects| {
            canary(json!({"weight": "20"}))(objects);
            let annotations = &mut ingress(objects, "api-trial")["metadata"]["annotations"];
            annotations["nginx.ingress.kubernetes.io/canary"] = json!(yes);
        });
        assert_eq!(findings.len(), 1, "{yes}: {findings:#?}");
        assert_eq!(findings[0].code, "canary-annotation", "{yes}");
    }

    // Of another host, of another class, or no canary at all.
    for change in [
        |ingress: &mut Value| ingress["spec"]["rules"][0]["host"] = json!("trial.example.org"),
        |ingress: &mut Value| ingress["spec"]["ingressClassName"] = json!("other"),
        |ingress: &mut Value| {
            ingress["metadata"]["annotations"]["nginx.ingress.kubernetes.io/canary"] =
                json!("false");
        },
    ] {
        let findings = found(|objects| {
            canary(json!({"weight": "20"}))(objects);
            change(ingress(objects, "api-trial"));
        });
        assert_eq!(findings, []);
    }
    let findings = found(|objects| {
        let annotations = &mut ingress(objects, "api")["metadata"]["annotations"];
        annotations["nginx.ingress.kubernetes.io/canary"] = json!("true");
    });
    one(
        &findings,
        Severity::Blocks,
        "canary-annotation",
        "ingress/api",
        &["another Ingress"],
    );
}

/// Told while a rollout runs as well, each time that its share changes.
#[test]
fn what_takes_requests_beside_us_is_known_by_what_it_takes() {
    let keys = |annotations: Value| -> Vec<String> {
        let mut objects = objects(MANIFEST);
        objects.extend([beside("trial", &annotations, "trial")]);
        let read = both().read(&objects, &labels()).unwrap();
        read.beside.into_keys().collect()
    };
    let canary = |weight: &str| {
        json!({
            "nginx.ingress.kubernetes.io/canary": "true",
            "nginx.ingress.kubernetes.io/canary-weight": weight,
        })
    };
    assert!(keys(json!({})).is_empty());
    assert!(keys(canary("0")).is_empty());
    let [little, much] = ["5", "50"].map(|weight| keys(canary(weight)));
    assert_eq!((little.len(), much.len()), (1, 1));
    assert_ne!(little, much);
}

#[test]
fn others_that_name_one_of_the_services_stay() {
    let findings = found(|objects| objects.extend([beside("next", &json!({}), "api-green")]));
    one(
        &findings,
        Severity::Warns,
        "route-not-moved",
        "ingress/next",
        &["service/api-green"],
    );
    let router = IngressRouter::new("intern", ["api-blue", "api-green"]);
    let findings = router.check(&objects(MANIFEST), &labels());
    assert_eq!(findings.len(), 5, "{findings:#?}");
}

#[test]
fn services_that_stand_for_no_single_workload() {
    let select = |selector: Value| {
        move |objects: &mut Objects| service(objects, "api-green")["spec"]["selector"] = selector
    };
    for (selector, code) in [
        (json!({"app": "api"}), "destination-reaches-both-tracks"),
        (
            json!({"app": "api", "version": "red"}),
            "destination-reaches-nothing",
        ),
        (json!({"version": "blue"}), "destinations-alike"),
        (Value::Null, "selector-absent"),
    ] {
        let findings = found(select(selector));
        one(&findings, Severity::Blocks, code, "service/api-green", &[]);
    }
    let mut router = both();
    router.services[1] = "api-blue".to_owned();
    let findings = router.check(&objects(MANIFEST), &labels());
    one(
        &findings,
        Severity::Blocks,
        "destinations-alike",
        "service/api-blue",
        &["`services`"],
    );
    let findings = found(|objects| {
        service(objects, "api-green")["spec"]["publishNotReadyAddresses"] = json!(true);
    });
    one(
        &findings,
        Severity::Warns,
        "not-ready-addresses",
        "service/api-green",
        &[],
    );
}

#[test]
fn objects_that_are_not_there() {
    let findings = found(|objects| {
        objects.remove(&ObjectRef::service("api-green"));
    });
    one(
        &findings,
        Severity::Blocks,
        "router-object-not-found",
        "service/api-green",
        &[],
    );
    let findings = found(|objects| {
        objects.remove(&ObjectRef::ingress("intern"));
    });
    one(
        &findings,
        Severity::Blocks,
        "router-object-not-found",
        "ingress/intern",
        &[],
    );
    let mut router = both();
    router.ingresses.clear();
    let findings = router.check(&objects(MANIFEST), &labels());
    one(
        &findings,
        Severity::Blocks,
        "router-object-not-found",
        "ingress/?",
        &["`ingresses`"],
    );
    let findings = both()
        .host("shop.example.com")
        .check(&objects(MANIFEST), &labels());
    assert!(
        findings
            .iter()
            .any(|finding| finding.code == "route-not-found"
                && finding.message.contains("`shop.example.com`")),
        "{findings:#?}"
    );
}

#[test]
fn classes_are_those_of_the_field_and_one_without_any_is_told() {
    let classes = both().classes(&objects(MANIFEST));
    let expected = (ObjectRef::ingress_class("nginx"), ObjectRef::ingress("api"));
    assert_eq!(classes, [expected].into());
    let findings = found(|objects| {
        let spec = ingress(objects, "api")["spec"].as_object_mut().unwrap();
        spec.remove("ingressClassName");
    });
    one(
        &findings,
        Severity::Warns,
        "ingress-class-missing",
        "ingress/api",
        &["`ingressClassName`"],
    );
}
