//! What a file says of Deployments and routers reaches the target.

use serde_json::json;

use super::*;

fn read(target: serde_json::Value) -> BTreeMap<Part, Config> {
    let file: target::Kubernetes = serde_json::from_value(target).unwrap();
    configs(&file, "shop").unwrap()
}

fn expected(config: serde_json::Value) -> Config {
    serde_json::from_value(config).unwrap()
}

#[test]
fn every_field_reaches_the_target() {
    let slots = json!([
        {"deployment": "api-blue"},
        {"deployment": "api-green", "preview": "http://api-green"}
    ]);
    let mut given = json!({
        "workload": {"slots": ["api-blue", slots[1]]},
        "router": {"service-selector": {"service": "api", "key": "environment"}},
        "follow": "all-containers", "drain": "7s", "settle": "8s",
        "unschedulable-is-fatal": false,
    });
    let read_back = read(given.clone());
    given["namespace"] = json!("shop");
    given["workload"]["slots"] = slots;
    assert_eq!(read_back[&Part::main()], expected(given));

    let mut given = json!({
        "workload": {"canary": {
            "stable": "api", "canary": "api-next", "create": false,
            "labels": {"version": "next"}, "preview": "http://api-next"
        }},
        "router": {"istio": {
            "virtual-service": "api", "destination-rule": "rule", "routes": ["split"],
            "stable": {"host": "api"}, "canary": {"host": "api-next", "subset": "b"},
            "add-canary": true
        }},
    });
    let read_back = read(given.clone());
    given["namespace"] = json!("shop");
    assert_eq!(read_back[&Part::main()], expected(given));
}

#[test]
fn every_field_of_routes_of_gateway_api_reaches_the_target() {
    let backends = json!([
        {"service": "api"},
        {"service": "api-next", "namespace": "next", "port": 81}
    ]);
    let mut given = json!({
        "workload": {"canary": {"stable": "api"}},
        "router": {"gateway": {
            "http-routes": ["api", "internal"], "grpc-routes": ["api"], "rules": ["main"],
            "stable": "api", "canary": backends[1], "add-canary": true
        }},
    });
    let read_back = read(given.clone());
    given["namespace"] = json!("shop");
    given["router"]["gateway"]["stable"] = backends[0].clone();
    assert_eq!(read_back[&Part::main()], expected(given));
}

#[test]
fn every_field_of_ingresses_reaches_the_target() {
    let mut given = json!({
        "workload": {"slots": [{"deployment": "api-blue"}, {"deployment": "api-green"}]},
        "router": {"ingress": {
            "ingresses": ["api", "intern"], "services": ["one", "other"], "hosts": ["shop.example.org", "*"]
        }},
    });
    let read_back = read(given.clone());
    given["namespace"] = json!("shop");
    assert_eq!(read_back[&Part::main()], expected(given));
}

#[test]
fn defaults_are_the_target_s_own() {
    let mut given = json!({
        "workload": {"canary": {"stable": "api"}},
        "router": {"istio": {"virtual-service": "api"}},
    });
    let read_back = read(given.clone());
    given["namespace"] = json!("shop");
    assert_eq!(read_back[&Part::main()], expected(given));
}

#[test]
fn one_role_for_all_parts() {
    let configs = read(json!({"parts": {
        "backend": {
            "workload": {"slots": ["b-blue", "b-green"]},
            "router": {"service-selector": {"service": "backend"}},
        },
        "frontend": {
            "workload": {"canary": {"stable": "web"}},
            "router": {"istio": {"virtual-service": "web", "destination-rule": "web"}},
        },
    }}));
    let role = permissions(&configs).unwrap();
    let verbs = |resource: &str| -> Vec<_> {
        let rules = role.rules.iter();
        rules
            .filter(|rule| rule.resources == [resource])
            .map(|rule| rule.verbs.join(","))
            .collect()
    };
    assert_eq!(
        verbs("deployments"),
        ["create,delete,get,list,update,watch"]
    );
    assert_eq!(verbs("services"), ["get,list,update,watch"]);
    assert_eq!(verbs("virtualservices").len(), 1);
    let yaml = role.to_string();
    assert!(
        yaml.contains("kind: Role") && yaml.contains("namespace: shop"),
        "{yaml}"
    );
}

#[test]
fn a_name_that_cannot_be_is_told_with_its_field() {
    let field = |namespace: &str, target: serde_json::Value| {
        let file: target::Kubernetes = serde_json::from_value(target).unwrap();
        configs(&file, namespace).unwrap_err().field().to_owned()
    };
    let canary = json!({"canary": {"stable": "api"}});
    let istio = |name: &str| json!({"istio": {"virtual-service": name}});
    let plain = json!({"workload": canary, "router": istio("api")});
    assert_eq!(field("A", plain), "target.kubernetes.namespace");
    let workload = json!({"workload": {"canary": {"stable": "A"}}, "router": istio("api")});
    assert_eq!(field("shop", workload), "target.kubernetes.workload");
    // The namespace of a backend is none of the target's.
    let router = json!({"gateway": {
        "http-routes": ["api"], "stable": "api",
        "canary": {"service": "api-canary", "namespace": "A"},
    }});
    let of_backend = json!({"parts": {"web": {"workload": canary, "router": router}}});
    assert_eq!(
        field("shop", of_backend),
        "target.kubernetes.parts.web.router"
    );
}

/// Without a cluster too: a plan for them would be one that no cluster carries out.
#[test]
fn slots_behind_a_router_that_shares_are_refused() {
    let of = |router: serde_json::Value| {
        let target = json!({"workload": {"slots": ["api-blue", "api-green"]}, "router": router});
        let file: target::Kubernetes = serde_json::from_value(target).unwrap();
        configs(&file, "shop")
    };
    let istio = json!({"istio": {"virtual-service": "api"}});
    let gateway =
        json!({"gateway": {"http-routes": ["api"], "stable": "api-blue", "canary": "api-green"}});
    for router in [istio, gateway] {
        let mistake = of(router).unwrap_err();
        assert_eq!(mistake.field(), "target.kubernetes.router");
        assert!(mistake.problem().contains("use `canary`"), "{mistake:?}");
    }
    let ingress = json!({"ingress": {"ingresses": ["api"], "services": ["blue", "green"]}});
    of(ingress).unwrap();
}

#[test]
fn the_option_goes_before_the_file() {
    let file: target::Kubernetes = serde_json::from_value(json!({"namespace": "shop"})).unwrap();
    let mut cluster = Cluster::default();
    assert_eq!(namespace(&cluster, &file, None).as_deref(), Some("shop"));
    cluster.namespace = Some("other".to_owned());
    assert_eq!(namespace(&cluster, &file, None).as_deref(), Some("other"));
}
