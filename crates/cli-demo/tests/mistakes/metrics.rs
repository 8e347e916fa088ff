//! Mistakes in what a file says of metrics: its sources, and the checks that ask them.

use crate::says;

const GOOD: &str = r#"version: 1
name: shop-api
target:
  kubernetes:
    workload:
      canary: {stable: api}
    router:
      istio: {virtual-service: api}
strategy:
  canary: {stages: [10%, 100%]}
release: {api: "registry.example/api:2.4.1"}
metrics:
  shop:
    prometheus:
      url: https://prometheus.example/shop
      bearer-token: {env: PROMETHEUS_TOKEN}
      tls: {ca: ca.pem}
checks:
  errors:
    source: shop
    metric:
      requests: http_requests_total{deployment="{{deployment}}"}
      failed: http_requests_total{deployment="{{deployment}}",code=~"5.."}
      unit: pod
    judge:
      kind: sequential-ratio
      tolerated: 1.25
      minimum-events: 500
    interval: 30s
"#;

/// What is written in place of what, how the message begins, and a word of how to mend it.
const MISTAKES: [(&str, &str, &str, &str); 42] = [
    // Sources.
    (
        "  shop:\n    prometheus:",
        "  Shop:\n    prometheus:",
        "13:3: metrics.Shop: ",
        "use 1 to 40",
    ),
    (
        "  shop:\n    prometheus:",
        "  failure-share:\n    prometheus:",
        "13:3: metrics.failure-share: ",
        "another name",
    ),
    (
        "    prometheus:\n",
        "    graphite:\n",
        "14:5: metrics.shop.graphite: ",
        "`prometheus`",
    ),
    (
        "      url: https://prometheus.example/shop\n",
        "",
        "16:7: metrics.shop.prometheus: ",
        "`url` is missing",
    ),
    (
        "      url:",
        "      address:",
        "15:7: metrics.shop.prometheus.address: ",
        "`url`",
    ),
    (
        "https://prometheus.example/shop",
        "prometheus.example",
        "15:7: metrics.shop.prometheus.url: ",
        "`http://prometheus.monitoring:9090`",
    ),
    (
        "https://prometheus.example/shop",
        "ftp://prometheus.example",
        "15:7: metrics.shop.prometheus.url: ",
        "address of a server",
    ),
    (
        "https://prometheus.example/shop",
        "https://prometheus.example?query=up",
        "15:7: metrics.shop.prometheus.url: ",
        "before `?`",
    ),
    (
        "https://prometheus.example/shop",
        "https://ann:open-sesame@prometheus.example",
        "15:7: metrics.shop.prometheus.url: ",
        "`basic: {user: ..., password: {env: NAME}}`",
    ),
    (
        "https://prometheus.example/shop",
        "http://prometheus.example",
        "17:7: metrics.shop.prometheus.tls: ",
        "`https://`",
    ),
    (
        "{env: PROMETHEUS_TOKEN}",
        "open-sesame",
        "16:21: metrics.shop.prometheus.bearer-token: ",
        "write `{env: NAME}`",
    ),
    (
        "{env: PROMETHEUS_TOKEN}",
        "{value: open-sesame}",
        "16:22: metrics.shop.prometheus.bearer-token.value: ",
        "`env`",
    ),
    (
        "{env: PROMETHEUS_TOKEN}",
        "[open-sesame]",
        "16:21: metrics.shop.prometheus.bearer-token: ",
        "write `{env: NAME}`",
    ),
    (
        "{env: PROMETHEUS_TOKEN}",
        "{env: \"A B\"}",
        "16:7: metrics.shop.prometheus.bearer-token: ",
        "`PROMETHEUS_TOKEN`",
    ),
    (
        "{env: PROMETHEUS_TOKEN}",
        "{file: \"\"}",
        "16:7: metrics.shop.prometheus.bearer-token: ",
        "write a path",
    ),
    (
        "      tls:",
        "      basic: {user: ann, password: {env: P}}\n      tls:",
        "17:7: metrics.shop.prometheus.basic: ",
        "keep one",
    ),
    (
        "bearer-token: {env: PROMETHEUS_TOKEN}",
        "basic: {user: \"a:b\", password: {env: P}}",
        "16:15: metrics.shop.prometheus.basic.user: ",
        "`:`",
    ),
    (
        "{ca: ca.pem}",
        "{certificate: me.pem}",
        "17:7: metrics.shop.prometheus.tls: ",
        "add it",
    ),
    (
        "{ca: ca.pem}",
        "{key: me.key}",
        "17:7: metrics.shop.prometheus.tls: ",
        "add it",
    ),
    (
        "      tls:",
        "      headers: {Authorization: {env: A}}\n      tls:",
        "17:17: metrics.shop.prometheus.headers.Authorization: ",
        "keep one",
    ),
    (
        "bearer-token: {env: PROMETHEUS_TOKEN}",
        "headers: {Authorization: Bearer open-sesame}",
        "16:17: metrics.shop.prometheus.headers.Authorization: ",
        "`{env: NAME}`",
    ),
    (
        "bearer-token: {env: PROMETHEUS_TOKEN}",
        "headers: {\"a b\": c}",
        "16:17: metrics.shop.prometheus.headers.a b: ",
        "`X-Scope-OrgID`",
    ),
    (
        "      tls:",
        "      timeout: 0s\n      tls:",
        "17:7: metrics.shop.prometheus.timeout: ",
        "`10s`",
    ),
    // Which source is asked, and of what.
    (
        "source: shop",
        "source: shopp",
        "20:5: checks.errors.source: ",
        "write one of `shop`",
    ),
    (
        "checks:\n  errors:\n    source: shop\n",
        "  other: {prometheus: {url: \"http://a:1\"}}\nchecks:\n  errors:\n",
        "20:3: checks.errors: ",
        "`other`, `shop`",
    ),
    (
        "metrics:\n  shop:\n    prometheus:\n      url: https://prometheus.example/shop\n      bearer-token: {env: PROMETHEUS_TOKEN}\n      tls: {ca: ca.pem}\n",
        "",
        "15:5: checks.errors.metric: ",
        "`metrics: {shop: {prometheus: ",
    ),
    (
        "    source: shop\n",
        "    part: backend\n    source: shop\n",
        "20:5: checks.errors.part: ",
        "write one of `main`",
    ),
    (
        "    source: shop\n",
        "    failure-share: {limit: 1%, command: [sh]}\n    source: shop\n",
        "20:5: checks.errors.failure-share: ",
        "keep one of the two",
    ),
    (
        "checks:\n  errors:\n",
        "checks:\n  empty: {interval: 1m}\n  errors:\n",
        "19:3: checks.empty: ",
        "add `metric`",
    ),
    (
        "checks:\n  errors:\n",
        "checks:\n  old: {judge: slo, failure-share: {limit: 1%, command: [sh]}}\n  errors:\n",
        "19:9: checks.old.judge: ",
        "leave it out",
    ),
    (
        "    source: shop\n",
        "    compares-with-stable: true\n    source: shop\n",
        "20:5: checks.errors.compares-with-stable: ",
        "leave this out",
    ),
    // The metric, as its source understands it.
    (
        "      unit: pod",
        "      units: pod",
        "24:7: checks.errors.metric.units: ",
        "`unit`",
    ),
    (
        "      unit: pod",
        "      unit: [pod]",
        "24:7: checks.errors.metric.unit: ",
        "reference of sources",
    ),
    (
        "      unit: pod",
        "      stale-after: 10ms",
        "24:7: checks.errors.metric.stale-after: ",
        "longer",
    ),
    (
        "kind: sequential-ratio\n      tolerated: 1.25\n      minimum-events: 500",
        "kind: stochastic-order",
        "21:5: checks.errors.metric.histogram: ",
        "choose another judge",
    ),
    // The judge.
    (
        "kind: sequential-ratio",
        "kind: sequential",
        "26:7: checks.errors.judge.kind: ",
        "`sequential` is no kind of judge; write ",
    ),
    (
        "      kind: sequential-ratio\n",
        "",
        "25:5: checks.errors.judge: ",
        "`kind` is missing",
    ),
    (
        "tolerated: 1.25",
        "tolerted: 1.25",
        "27:7: checks.errors.judge.tolerted: ",
        "`tolerated`",
    ),
    (
        "tolerated: 1.25",
        "tolerated: much",
        "27:7: checks.errors.judge.tolerated: ",
        "a number",
    ),
    (
        "tolerated: 1.25",
        "tolerated: .inf",
        "27:18: checks.errors.judge.tolerated: ",
        "write one",
    ),
    (
        "kind: sequential-ratio\n      tolerated: 1.25\n      minimum-events: 500",
        "kind: slo",
        "25:5: checks.errors.judge: ",
        "`tolerated`",
    ),
    (
        "kind: sequential-ratio\n      tolerated: 1.25\n      minimum-events: 500",
        "kind: threshold\n      bound: {absolute: {max: 0.01, mxa: 1}}",
        "27:37: checks.errors.judge.bound.absolute.mxa: ",
        "`min`",
    ),
];

#[test]
fn every_mistake_about_metrics_is_told_with_its_place_and_how_to_mend_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut wrong = Vec::new();
    for (from, to, start, mend) in MISTAKES {
        let text = GOOD.replacen(from, to, 1);
        assert_ne!(text, GOOD, "{from}");
        let said = says(folder.path(), &text, &[]);
        let is_one_line = !said.contains(|char: char| char.is_control());
        let speaks_of_code = [
            "::", "`.s", "()", "serde", "enum", "variant", "scalar", "f64",
        ];
        let is_ours = !speaks_of_code.iter().any(|word| said.contains(word));
        let keeps_secrets = !said.contains("sesame");
        let begins = said.starts_with(&format!("error: api.yaml:{start}"));
        if !(begins && said.contains(mend) && is_one_line && is_ours && keeps_secrets) {
            wrong.push(format!(
                "{to:?}\n  said   {said}\n  wanted {start} ... {mend}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn of_several_parts_a_metric_says_of_which_it_is() {
    let parts = "    workload:\n      canary: {stable: api}\n    router:\n      istio: {virtual-service: api}\n";
    let two = GOOD.replacen(
        parts,
        "    parts:
      backend: {workload: {canary: {stable: api}}, router: {istio: {virtual-service: api}}}
      frontend: {workload: {canary: {stable: web}}, router: {istio: {virtual-service: web}}}
",
        1,
    );
    let two = two.replace(
        "release: {api: \"registry.example/api:2.4.1\"}",
        "release: {backend: {api: \"a:1\"}, frontend: {web: \"b:1\"}}",
    );
    let folder = tempfile::tempdir().unwrap();
    let said = says(folder.path(), &two, &[]);
    assert!(said.contains(": checks.errors: "), "{said}");
    assert!(
        said.contains("in a check for each of `backend`, `frontend`"),
        "{said}"
    );
    let other = two.replace("    source: shop\n", "    source: shop\n    part: web\n");
    let said = says(folder.path(), &other, &[]);
    assert!(
        said.contains(": checks.errors.part: the target has no part `web`"),
        "{said}"
    );
}
