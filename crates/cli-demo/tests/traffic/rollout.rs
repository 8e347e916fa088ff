//! The rollout files of these tests: short bakes, a look every two seconds, the default judge.
#![allow(dead_code, reason = "tests and the bench need some of it each")]

/// How the release is rolled out. Everything else is by default.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// The clauses behind the version in the tag of the image: how the release behaves.
    pub(crate) behaviour: &'static str,
    /// The stages of a canary.
    pub(crate) stages: &'static str,
    /// How long each of them is watched, as the file has it.
    pub(crate) bake: &'static str,
    /// How often there is a look.
    pub(crate) every: &'static str,
    /// How releases are judged; empty: by all checks.
    pub(crate) checks: &'static str,
    /// More lines of the file.
    pub(crate) more: &'static str,
}

impl Plan {
    /// A canary by 5, 25, 50 and 100 %.
    pub(crate) const CANARY: Self = Self {
        behaviour: "",
        stages: "[5%, 25%, 50%, 100%]",
        bake: "{at-least: 8s, at-most: 3m}",
        every: "2s",
        checks: "",
        more: "",
    };

    /// A canary of which each stage is watched for longer, and more so at first.
    pub(crate) const PATIENT: Self = Self {
        stages: "[10%, 50%, 100%]",
        bake: "{at-least: 30s, at-most: 5m}",
        ..Self::CANARY
    };

    /// Whole stable and whole candidate, one after the other.
    pub(crate) const BLUE_GREEN: Self = Self {
        stages: "",
        ..Self::CANARY
    };

    /// The file, asking the Prometheus at `prometheus`.
    pub(crate) fn file(&self, prometheus: &str) -> String {
        let Self {
            behaviour,
            stages,
            bake,
            every,
            checks: own,
            more,
        } = self;
        let (target, strategy, checks) = if stages.is_empty() {
            let strategy = format!("blue-green: {{bake: {bake}}}");
            (SLOTS, strategy, CHECKS_OF_ONE_SERVICE)
        } else {
            let strategy = format!(
                "canary: {{stages: {stages}, bake: {bake}, bake-after-return: 4s, \
                 capacity: {{follows-weight: {{at-least: 2}}}}}}"
            );
            (ROUTE, strategy, CHECKS)
        };
        let checks = if own.is_empty() { checks } else { own };
        let checks = checks.replace("EVERY", every);
        format!(
            "version: 1
name: shop-api
target:
  kubernetes:
{target}
    drain: 5s
    # Traefik carries out a change at once, and the next one up to two seconds after it.
    settle: 3s
strategy:
  {strategy}
metrics:
  lab: {{prometheus: {{url: \"{prometheus}\"}}}}
checks:
{checks}
release: {{api: \"shop/api:v2{behaviour}\"}}
{more}
"
        )
    }
}

const ROUTE: &str = "    workload: {canary: {stable: api}}
    router: {gateway: {http-routes: [api], stable: api, canary: api-canary}}";

const SLOTS: &str = "    workload: {slots: [api-blue, api-green]}
    router: {service-selector: {service: api, key: slot}}";

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
const CHECKS_OF_ONE_SERVICE: &str = r#"  limit:
    metric: {ready-made: traefik, service: "{{namespace}}-api-http-80@kubernetesgateway", settle: 2s}
    judge: {kind: slo, tolerated: 0.01}
    interval: EVERY"#;
