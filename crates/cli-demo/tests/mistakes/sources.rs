//! Mistakes in what a file says of sources of metrics other than Prometheus.

use crate::says;

/// A file with this source, and a check that asks it for that.
fn file(source: &str, metric: &str) -> String {
    format!(
        r#"version: 1
name: shop-api
target:
  kubernetes:
    workload:
      canary: {{stable: api}}
    router:
      istio: {{virtual-service: api}}
strategy:
  canary: {{stages: [10%, 100%]}}
release: {{api: "registry.example/api:2.4.1"}}
metrics:
  shop:
    {source}
checks:
  errors:
    metric: {metric}
    judge: {{kind: slo, tolerated: 0.05}}
"#
    )
}

const DATADOG: &str = "datadog: {api-key: {env: A}, application-key: {file: key}}";
const COUNTS: &str = "{requests: \"sum:trace.http.request.hits{track:{{deployment}}}.as_count()\", failed: \"sum:trace.http.request.errors{track:{{deployment}}}.as_count()\"}";
const PROBE: &str = "http-probe: {}";
const PROBED: &str = "{candidate: \"http://{{deployment}}:80/health\"}";
const CLOUDWATCH: &str = "cloudwatch: {}";
const BALANCED: &str = "{application-load-balancer: {}}";

/// The source, the metric, how the message begins, and a word of how to mend it.
const MISTAKES: [(&str, &str, &str, &str); 22] = [
    // Datadog.
    (
        "datadog: {application-key: {env: B}}",
        COUNTS,
        "14:15: metrics.shop.datadog: ",
        "`api-key` is missing",
    ),
    (
        "datadog: {api-key: {env: A}}",
        COUNTS,
        "14:15: metrics.shop.datadog: ",
        "`application-key` is missing",
    ),
    (
        "datadog: {api-key: open-sesame, application-key: {env: B}}",
        COUNTS,
        "14:24: metrics.shop.datadog.api-key: ",
        "write `{env: NAME}`",
    ),
    (
        "datadog: {api-key: {env: A}, application-key: {env: \"\"}}",
        COUNTS,
        "14:34: metrics.shop.datadog.application-key: ",
        "`DATADOG_API_KEY`",
    ),
    (
        "datadog: {api-key: {file: \"\"}, application-key: {env: B}}",
        COUNTS,
        "14:15: metrics.shop.datadog.api-key: ",
        "write a path",
    ),
    (
        "datadog: {site: \"https://datadoghq.eu\", api-key: {env: A}, application-key: {env: B}}",
        COUNTS,
        "14:15: metrics.shop.datadog.site: ",
        "`datadoghq.eu`",
    ),
    (
        "datadog: {site: api.datadoghq.eu, api-key: {env: A}, application-key: {env: B}}",
        COUNTS,
        "14:15: metrics.shop.datadog.site: ",
        "`datadoghq.eu`",
    ),
    (
        "datadog: {url: \"datadoghq.eu\", api-key: {env: A}, application-key: {env: B}}",
        COUNTS,
        "14:15: metrics.shop.datadog.url: ",
        "`https://api.datadoghq.com`",
    ),
    (
        "datadog: {url: \"https://ann:open-sesame@a\", api-key: {env: A}, application-key: {env: B}}",
        COUNTS,
        "14:15: metrics.shop.datadog.url: ",
        "`api-key: {env: NAME}`",
    ),
    (
        "datadog: {site: datadoghq.eu, url: \"https://a\", api-key: {env: A}, application-key: {env: B}}",
        COUNTS,
        "14:35: metrics.shop.datadog.url: ",
        "keep one",
    ),
    (
        "datadog: {timeout: 0s, api-key: {env: A}, application-key: {env: B}}",
        COUNTS,
        "14:15: metrics.shop.datadog.timeout: ",
        "`10s`",
    ),
    (
        "datadog: {keys: 1, api-key: {env: A}, application-key: {env: B}}",
        COUNTS,
        "14:15: metrics.shop.datadog.keys: ",
        "`api-key`",
    ),
    (
        DATADOG,
        "{requests: 1}",
        "17:14: checks.errors.metric",
        "reference of sources",
    ),
    // A prober.
    (
        "http-probe: {header: {}}",
        PROBED,
        "14:18: metrics.shop.http-probe.header: ",
        "`headers`",
    ),
    (
        "http-probe: {headers: {Authorization: open-sesame}}",
        PROBED,
        "14:28: metrics.shop.http-probe.headers.Authorization: ",
        "`{env: NAME}`",
    ),
    (
        "http-probe: {headers: {Content-Length: {env: A}}}",
        PROBED,
        "14:28: metrics.shop.http-probe.headers.Content-Length: ",
        "leave it out",
    ),
    (
        "http-probe: {headers: {X-Key: {env: \"A B\"}}}",
        PROBED,
        "14:18: metrics.shop.http-probe.headers: ",
        "`PROBE_TOKEN`",
    ),
    (
        "http-probe: {tls: {certificate: me.pem}}",
        PROBED,
        "14:18: metrics.shop.http-probe.tls: ",
        "add it",
    ),
    (
        "http-probe: {tls: {key: me.key}}",
        PROBED,
        "14:18: metrics.shop.http-probe.tls: ",
        "add it",
    ),
    (
        PROBE,
        "{headers: {authorization: open-barley}}",
        "17:",
        "write it under `headers` of the source",
    ),
    (PROBE, "{url: \"http://a\"}", "17:", "`candidate`"),
    (
        PROBE,
        "{requests: 1000}",
        "17:",
        "checks.errors.metric.requests",
    ),
];

/// Those of Amazon CloudWatch, in a program that has it.
#[cfg(feature = "ecs")]
const OF_CLOUDWATCH: [(&str, &str, &str, &str); 6] = [
    (
        "cloudwatch: {region: \"EU Central\"}",
        BALANCED,
        "14:18: metrics.shop.cloudwatch.region: ",
        "`eu-central-1`",
    ),
    (
        "cloudwatch: {profile: \"\"}",
        BALANCED,
        "14:18: metrics.shop.cloudwatch.profile: ",
        "AWS configuration",
    ),
    (
        "cloudwatch: {timeout: 0s}",
        BALANCED,
        "14:18: metrics.shop.cloudwatch.timeout: ",
        "`10s`",
    ),
    (
        "cloudwatch: {account: 1}",
        BALANCED,
        "14:18: metrics.shop.cloudwatch.account: ",
        "`region`",
    ),
    (CLOUDWATCH, "{}", "17:", "application-load-balancer"),
    (
        CLOUDWATCH,
        "{application-load-balancer: {}, period: 7s}",
        "17:",
        "CloudWatch has no period of 7s",
    ),
];

#[cfg(not(feature = "ecs"))]
const OF_CLOUDWATCH: [(&str, &str, &str, &str); 1] = [(
    CLOUDWATCH,
    BALANCED,
    "14:5: metrics.shop.cloudwatch: ",
    "build it with the feature `ecs`",
)];

#[test]
fn every_mistake_about_a_source_is_told_with_its_place_and_how_to_mend_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut wrong = Vec::new();
    for (source, metric, start, mend) in MISTAKES.into_iter().chain(OF_CLOUDWATCH) {
        let said = says(folder.path(), &file(source, metric), &[]);
        let is_one_line = !said.contains(|char: char| char.is_control());
        let speaks_of_code = ["::", "serde", "enum", "variant", "f64"];
        let is_ours = !speaks_of_code.iter().any(|word| said.contains(word));
        let keeps_secrets = !said.contains("sesame") && !said.contains("barley");
        let begins = said.starts_with(&format!("error: api.yaml:{start}"));
        if !(begins && said.contains(mend) && is_one_line && is_ours && keeps_secrets) {
            wrong.push(format!(
                "{source}\n  said   {said}\n  wanted {start} ... {mend}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Nothing is read and nobody is asked.
#[test]
fn a_source_of_each_kind_is_planned_offline() {
    let folder = tempfile::tempdir().unwrap();
    let all = [
        (DATADOG, COUNTS),
        (PROBE, PROBED),
        #[cfg(feature = "ecs")]
        (CLOUDWATCH, BALANCED),
    ];
    for (source, metric) in all {
        std::fs::write(folder.path().join("api.yaml"), file(source, metric)).unwrap();
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_rollway"))
            .args(["plan", "api.yaml", "--offline"])
            .current_dir(folder.path())
            .output()
            .unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        assert_eq!(
            output.status.code(),
            Some(0),
            "{source}: {said} {:?}",
            output.stderr
        );
        assert!(said.contains("shares the budget: 1%"), "{source}: {said}");
    }
}
