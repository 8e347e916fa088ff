//! Selectors of what well-known exporters tell of requests, so that nobody has to write them.
//!
//! Sources of names and labels:
//! - Istio: <https://istio.io/latest/docs/reference/config/metrics/>
//! - ingress-nginx: <https://kubernetes.github.io/ingress-nginx/user-guide/monitoring/>, and
//!   `internal/ingress/metric/collectors/socket.go` of its repository
//! - Traefik: <https://doc.traefik.io/traefik/observability/metrics/overview/>
//!   Statuses: `pkg/proxy/httputil/proxy.go` and `pkg/middlewares/capture` of its repository
//!   Names of services: `pkg/provider/kubernetes` of its repository, and for Gateway API its pull requests 11222 and
//!   13367
//! - Envoy's status where no answer began: <https://www.envoyproxy.io/docs/envoy/latest/configuration/observability/access_log/usage>
//! - `http_requests_total`: <https://prometheus.io/docs/practices/naming/>, with the labels of
//!   `promhttp.InstrumentHandlerCounter` of the client library for Go
//!
//! Which pods a Deployment has is in their names: its own, the hash of the template and five characters, the last
//! two of an alphabet without vowels (`SafeEncodeString` of `k8s.io/apimachinery`). The hash is a number of 32 bits,
//! and what comes before the five characters is cut (`GenerateName` of `k8s.io/apiserver`, `pkg/storage/names`).

use std::collections::BTreeMap;

use serde::Deserialize;
use strategy_core::Track;

use crate::source::SourceError;
use crate::source::template::{Mistake, fill, fill_pattern, label};

/// Whose series are selected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Exporter {
    Istio,
    IngressNginx,
    Traefik,
    Http,
}

/// What a check says beside the exporter's name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Details<'a> {
    pub(super) ingress: Option<&'a str>,
    pub(super) service: Option<&'a str>,
    pub(super) reporter: Option<&'a str>,
    pub(super) status: Option<&'a str>,
    pub(super) exported: bool,
    /// Requests that clients gave up before an answer began do not count as failed.
    pub(super) bears_abandoned: bool,
}

/// A selector for each of what a judge may ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Selectors {
    pub(super) requests: String,
    pub(super) failed: String,
    pub(super) histogram: String,
}

impl Exporter {
    const fn name(self) -> &'static str {
        match self {
            Self::Istio => "istio",
            Self::IngressNginx => "ingress-nginx",
            Self::Traefik => "traefik",
            Self::Http => "http",
        }
    }

    /// Counter of requests, `_bucket` series of their durations, label of the status.
    const fn series(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Istio => (
                "istio_requests_total",
                "istio_request_duration_milliseconds_bucket",
                "response_code",
            ),
            Self::IngressNginx => (
                "nginx_ingress_controller_requests",
                "nginx_ingress_controller_request_duration_seconds_bucket",
                "status",
            ),
            Self::Traefik => (
                "traefik_service_requests_total",
                "traefik_service_request_duration_seconds_bucket",
                "code",
            ),
            Self::Http => (
                "http_requests_total",
                "http_request_duration_seconds_bucket",
                "code",
            ),
        }
    }

    /// Statuses of requests that failed, as a regular expression.
    ///
    /// A client that gives up before an answer begins is what is seen of a service that hangs: 499 by nginx, Traefik
    /// and many a framework, 0 by Envoy. For Traefik 0 is a connection that changed its protocol, as of WebSockets.
    const fn failed(self, bears_abandoned: bool) -> &'static str {
        match (self, bears_abandoned) {
            (_, true) => "5..",
            (Self::Istio, false) => "5..|499|0",
            (Self::IngressNginx | Self::Traefik | Self::Http, false) => "5..|499",
        }
    }

    /// The label that tells units apart, where the selectors need it themselves.
    pub(super) const fn unit(self) -> Option<&'static str> {
        match self {
            Self::Http => Some("pod"),
            Self::Istio | Self::IngressNginx | Self::Traefik => None,
        }
    }

    /// What to write where no service has the name that is asked for.
    pub(super) const fn mend_silence(self) -> Option<&'static str> {
        match self {
            Self::Traefik => Some(
                "see that stable is used, and which label `service` its requests have: where none is as asked for, \
                 write it as `service` of the metric",
            ),
            Self::Istio | Self::IngressNginx | Self::Http => None,
        }
    }

    /// Refuses what means nothing to this exporter, and what is missing.
    pub(super) fn check(self, details: &Details<'_>) -> Result<(), SourceError> {
        let name = self.name();
        let Details {
            ingress,
            service,
            reporter,
            status,
            exported,
            bears_abandoned: _,
        } = details;
        for (field, given, of) in [
            ("ingress", ingress.is_some(), &[Self::IngressNginx][..]),
            (
                "service",
                service.is_some(),
                &[Self::IngressNginx, Self::Traefik],
            ),
            ("reporter", reporter.is_some(), &[Self::Istio]),
            ("exported", *exported, &[Self::IngressNginx, Self::Traefik]),
        ] {
            if given && !of.contains(&self) {
                return Err(SourceError::invalid(
                    format!("metric.{field}"),
                    format!("it means nothing to the ready-made `{name}`"),
                    "leave it out".to_owned(),
                ));
            }
        }
        if self == Self::IngressNginx && ingress.is_none() && service.is_none() {
            return Err(SourceError::invalid(
                "metric.ingress",
                format!("the ready-made `{name}` needs it or `service`, and both are missing"),
                "write the name of the Ingress that is not the canary's, or, where an Ingress is made to name \
                 another Service, the track's Service"
                    .to_owned(),
            ));
        }
        if reporter
            .is_some_and(|reporter| !["destination", "source", "waypoint"].contains(&reporter))
        {
            return Err(SourceError::invalid(
                "metric.reporter",
                "it is none of Istio's".to_owned(),
                "write destination, source or waypoint, or leave it out".to_owned(),
            ));
        }
        if *status == Some("grpc_response_status") {
            return Err(SourceError::invalid(
                "metric.status",
                "it has statuses of gRPC, and those of HTTP are looked for".to_owned(),
                "write `requests`, and `failed` with the statuses that are failures to you"
                    .to_owned(),
            ));
        }
        let is_name = |text: &str| {
            let mut bytes = text.bytes();
            bytes
                .next()
                .is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
                && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        };
        if status.is_some_and(|status| !is_name(status)) {
            return Err(SourceError::invalid(
                "metric.status",
                "it is no name of a label".to_owned(),
                "write the label that has the status, or leave it out".to_owned(),
            ));
        }
        Ok(())
    }

    /// The selectors of a track with these labels.
    pub(super) fn selectors(
        self,
        details: &Details<'_>,
        track: Track,
        labels: &BTreeMap<String, String>,
    ) -> Result<Selectors, SourceError> {
        let (requests, histogram, status) = self.series();
        let status = details.status.unwrap_or(status);
        let failed = self.failed(details.bears_abandoned);
        let of_track = self.matchers(details, track, labels)?.join(",");
        Ok(Selectors {
            requests: format!("{requests}{{{of_track}}}"),
            failed: format!("{requests}{{{of_track},{status}=~\"{failed}\"}}"),
            histogram: format!("{histogram}{{{of_track}}}"),
        })
    }

    fn matchers(
        self,
        details: &Details<'_>,
        track: Track,
        labels: &BTreeMap<String, String>,
    ) -> Result<Vec<String>, SourceError> {
        let refused = |mistake: Mistake| mistake.at("metric.ready-made");
        let equals_at = |place: &str, name: &str, template: &str| {
            fill(template, labels)
                .map(|value| format!("{name}=\"{value}\""))
                .map_err(|mistake| mistake.at(place))
        };
        let equals = |name: &str, template: &str| equals_at("metric.ready-made", name, template);
        let like = |name: &str, template: &str| {
            fill_pattern(template, labels)
                .map(|value| format!("{name}=~\"{value}\""))
                .map_err(refused)
        };
        // What the exporter calls so is set apart where the scrape has a label of that name too.
        let own = |name: &str| {
            if details.exported {
                format!("exported_{name}")
            } else {
                name.to_owned()
            }
        };
        Ok(match self {
            Self::Istio => vec![
                format!("reporter=\"{}\"", details.reporter.unwrap_or("destination")),
                equals("destination_workload_namespace", "{{namespace}}")?,
                equals("destination_workload", "{{deployment}}")?,
            ],
            Self::IngressNginx => {
                let mut matchers = vec![equals(&own("namespace"), "{{namespace}}")?];
                if let Some(service) = details.service {
                    matchers.push(equals_at("metric.service", &own("service"), service)?);
                }
                if let Some(ingress) = details.ingress {
                    matchers.push(equals_at("metric.ingress", "ingress", ingress)?);
                }
                // A canary's requests have the Service of the other Ingress, so that Services tell no tracks apart.
                if details.service.is_none() {
                    matchers.push(match track {
                        Track::Stable => "canary=\"\"".to_owned(),
                        Track::Candidate => "canary!=\"\"".to_owned(),
                    });
                }
                matchers
            }
            Self::Traefik => vec![match details.service {
                Some(service) => equals_at("metric.service", &own("service"), service)?,
                None => like(&own("service"), TRAEFIK)?,
            }],
            Self::Http => vec![
                equals("namespace", "{{namespace}}")?,
                like("pod", &pods(labels).map_err(refused)?)?,
            ],
        })
    }
}

/// How Traefik names the Service of a track: by Ingress and its own resources, by HTTPRoute since 3.2, and by
/// HTTPRoute as it is since the summer of 2026, behind the name of the router, which ends with a hash.
///
/// Only where an HTTPRoute names it, `http` stands before the port: elsewhere that is a Service of another name. So
/// names by HTTPRoute from before 3.2, which had none, are not among these.
const TRAEFIK: &str = "{{namespace}}-{{deployment}}-([0-9]+@kubernetes(crd)?|http-[0-9]+@kubernetesgateway)|\
     httproute-.+-[0-9a-f]{20}-svc-{{namespace}}-{{deployment}}-[0-9]+@kubernetesgateway";

/// How long that may be which comes before the five characters of a pod's name.
const BASE: usize = 58;

/// How the pods of a Deployment are named, as a regular expression.
///
/// Hashes have 6 to 10 characters, but for one of 43 000: with fewer, pods of a Job or DaemonSet whose name is longer
/// than the Deployment's by a word without vowels would match.
fn pods(labels: &BTreeMap<String, String>) -> Result<String, Mistake> {
    const LETTER: &str = "[bcdfghjklmnpqrstvwxz2456789]";
    const SHORTEST: usize = 6;
    const LONGEST: usize = 10;
    let name = label(labels, "deployment")?;
    let Some(room) = BASE.checked_sub(name.len()).filter(|room| *room > 0) else {
        let problem = format!(
            "the Deployment's name has {} characters, and Kubernetes cuts names of pods after {BASE}",
            name.len()
        );
        let mend = "write `requests` and `failed` with labels that tell its pods";
        return Err(Mistake::new(problem, mend));
    };
    // Between two hyphens, the second of which is gone where there is no room for it.
    let most = room.saturating_sub(2).min(LONGEST);
    let whole = (SHORTEST <= most).then(|| format!("{LETTER}{{{SHORTEST},{most}}}-{LETTER}{{5}}"));
    let cut = (room < LONGEST + 2).then(|| format!("{LETTER}{{{}}}", room - 1 + 5));
    let either: Vec<_> = whole.into_iter().chain(cut).collect();
    Ok(format!("{{{{deployment}}}}-({})", either.join("|")))
}
