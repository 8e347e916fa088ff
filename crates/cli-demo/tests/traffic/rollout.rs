//! The rollout files of these tests: short bakes, a look every two seconds, the default judge.
#![allow(dead_code, reason = "tests and the bench need some of it each")]

use std::time::Duration;

/// From when a weight was written to when it counts as effective. Traefik carries out a change at once, and the next one
/// up to two seconds after it.
pub(crate) const SETTLE: Duration = Duration::from_secs(3);

/// How the release is rolled out. Everything else is by default.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// The clauses behind the version in the tag of the image: how the release behaves.
    pub(crate) behaviour: &'static str,
    /// Workloads and router.
    pub(crate) target: &'static str,
    /// The stages of a canary; empty: from one slot to the other.
    pub(crate) stages: &'static str,
    /// How long each of them is watched, as the file has it.
    pub(crate) bake: &'static str,
    /// How often there is a look.
    pub(crate) every: &'static str,
    /// How releases are judged.
    pub(crate) checks: &'static str,
}

impl Plan {
    /// A canary by 5, 25, 50 and 100 %.
    pub(crate) const CANARY: Self = Self {
        behaviour: "",
        target: ROUTE,
        stages: "[5%, 25%, 50%, 100%]",
        bake: "{at-least: 8s, at-most: 3m}",
        every: "2s",
        checks: CHECKS,
    };

    /// A canary of which each stage is watched for longer, and more so at first.
    pub(crate) const PATIENT: Self = Self {
        stages: "[10%, 50%, 100%]",
        bake: "{at-least: 30s, at-most: 5m}",
        ..Self::CANARY
    };

    /// Whole stable and whole candidate, one after the other.
    pub(crate) const BLUE_GREEN: Self = Self {
        target: SLOTS,
        stages: "",
        checks: OF_ONE_SERVICE,
        ..Self::CANARY
    };

    /// The same by an Ingress.
    pub(crate) const BY_INGRESS: Self = Self {
        target: SLOTS_BY_INGRESS,
        checks: OF_INGRESS,
        ..Self::BLUE_GREEN
    };

    /// The file, asking the Prometheus at `prometheus`.
    pub(crate) fn file(&self, prometheus: &str) -> String {
        let Self {
            behaviour,
            target,
            stages,
            bake,
            every,
            checks,
        } = self;
        let strategy = if stages.is_empty() {
            format!("blue-green: {{bake: {bake}}}")
        } else {
            format!(
                "canary: {{stages: {stages}, bake: {bake}, bake-after-return: 4s, \
                 capacity: {{follows-weight: {{at-least: 2}}}}}}"
            )
        };
        let settle = SETTLE.as_secs();
        let checks = checks.replace("EVERY", every);
        format!(
            "version: 1
name: shop-api
target:
  kubernetes:
{target}
    drain: 5s
    settle: {settle}s
strategy:
  {strategy}
metrics:
  lab: {{prometheus: {{url: \"{prometheus}\"}}}}
checks:
{checks}
release: {{api: \"shop/api:v2{behaviour}\"}}
"
        )
    }
}

const ROUTE: &str = "    workload: {canary: {stable: api}}
    router: {gateway: {http-routes: [api], stable: api, canary: api-canary}}";

const SLOTS: &str = "    workload: {slots: [api-blue, api-green]}
    router: {service-selector: {service: api, key: slot}}";

const SLOTS_BY_INGRESS: &str = "    workload: {slots: [api-blue, api-green]}
    router: {ingress: {ingresses: [api], services: [api-blue, api-green]}}";

/// By the default judge alone.
pub(crate) const ERRORS: &str = r#"  errors:
    metric: {ready-made: traefik, service: "{{namespace}}-{{deployment}}-http-80@kubernetesgateway", settle: 2s}
    interval: EVERY"#;

/// By the default judge, the latency beside it at the bounds that Traefik's histogram has by default, and a limit for where there is no stable to be compared with.
const CHECKS: &str = r#"  errors:
    metric: {ready-made: traefik, service: "{{namespace}}-{{deployment}}-http-80@kubernetesgateway", settle: 2s}
    interval: EVERY
  slow:
    metric: {ready-made: traefik, service: "{{namespace}}-{{deployment}}-http-80@kubernetesgateway", settle: 2s}
    judge: {kind: stochastic-order, bounds: [0.1, 0.3, 1.2]}
    interval: EVERY
  limit:
    metric: {ready-made: traefik, service: "{{namespace}}-{{deployment}}-http-80@kubernetesgateway", settle: 2s}
    judge: {kind: slo, tolerated: 0.05}
    interval: EVERY"#;

/// Both slots are behind one Service.
const OF_ONE_SERVICE: &str = r#"  limit:
    metric: {ready-made: traefik, service: "{{namespace}}-api-http-80@kubernetesgateway", settle: 2s}
    judge: {kind: slo, tolerated: 0.01}
    interval: EVERY"#;

/// Each slot has a Service of its own, which Traefik names as the ready-made metric takes it to.
const OF_INGRESS: &str = r#"  limit:
    metric: {ready-made: traefik, settle: 2s}
    judge: {kind: slo, tolerated: 0.01}
    interval: EVERY"#;
