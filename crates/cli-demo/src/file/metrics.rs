//! The `metrics` section: where measurements are asked for, and by whom.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};

use super::shorthand::Shorthand;
use super::value::Time;
use super::{Mistake, RolloutFile};
use crate::metrics;

/// A source of metrics.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Metrics {
    /// Amazon CloudWatch.
    #[serde(rename = "cloudwatch")]
    CloudWatch(CloudWatch),
    /// Datadog.
    Datadog(Datadog),
    /// Requests of its own to each track.
    HttpProbe(HttpProbe),
    /// Prometheus, and what answers its query API.
    Prometheus(Prometheus),
}

/// Amazon CloudWatch, reached as every program of AWS reaches it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct CloudWatch {
    /// The profile of the AWS configuration. Default: as the target on Amazon ECS is reached, else as the environment says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// The region, such as `eu-central-1`. Default: that of the target on Amazon ECS, else as the environment or the profile says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// How long one request may take, from connecting to the end of its answer. Default: `10s`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Time>,
}

/// Datadog.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Datadog {
    /// Its site, such as `datadoghq.eu`. Default: `datadoghq.com`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<String>,
    /// In place of `site`, the address of what stands before its API, such as a proxy. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The API key that it is shown.
    pub api_key: Secret,
    /// The application key that it is shown, which may `timeseries_query`.
    pub application_key: Secret,
    /// How long one request may take, from connecting to the end of its answer. Default: `10s`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Time>,
}

/// A prober.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct HttpProbe {
    /// Sent with every request, by name; a value that is secret as `{env: NAME}` or `{file: PATH}`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, Shorthand<String, Secret>>,
    /// Certificates. Default: the roots of this machine, and none of one's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<Tls>,
}

/// A Prometheus.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Prometheus {
    /// Its address, such as `http://prometheus.monitoring:9090`; a path before `/api/v1` is kept.
    pub url: String,
    /// The token that it is shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bearer_token: Option<Secret>,
    /// The user and password that it is shown. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basic: Option<Basic>,
    /// More headers, by name; a value that is secret as `{env: NAME}` or `{file: PATH}`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, Shorthand<String, Secret>>,
    /// Certificates. Default: the roots of this machine, and none of one's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<Tls>,
    /// How long one request may take, from connecting to the end of its answer. Default: `10s`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Time>,
}

/// Where a secret stands; it is read when the rollout begins, and never written anywhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Secret {
    /// In the environment variable of this name.
    Env(String),
    /// In this file, which is read again before each question: what is renewed there is used at once.
    File(PathBuf),
}

impl<'de> Deserialize<'de> for Secret {
    /// What is written in clear instead is in no message.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "kebab-case")]
        enum Named {
            Env(String),
            File(PathBuf),
        }

        struct NoText;

        impl<'de> Visitor<'de> for NoText {
            type Value = Secret;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`{env: NAME}` or `{file: PATH}`")
            }

            fn visit_str<E: de::Error>(self, _: &str) -> Result<Secret, E> {
                Err(E::custom(IN_CLEAR))
            }

            fn visit_u64<E: de::Error>(self, _: u64) -> Result<Secret, E> {
                Err(E::custom(IN_CLEAR))
            }

            fn visit_i64<E: de::Error>(self, _: i64) -> Result<Secret, E> {
                Err(E::custom(IN_CLEAR))
            }

            fn visit_f64<E: de::Error>(self, _: f64) -> Result<Secret, E> {
                Err(E::custom(IN_CLEAR))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, _: A) -> Result<Secret, A::Error> {
                Err(de::Error::custom(IN_CLEAR))
            }

            fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<Secret, A::Error> {
                let named = Named::deserialize(MapAccessDeserializer::new(entries))?;
                Ok(match named {
                    Named::Env(name) => Secret::Env(name),
                    Named::File(path) => Secret::File(path),
                })
            }
        }

        deserializer.deserialize_any(NoText)
    }
}

/// What is said of a secret that stands in the file.
const IN_CLEAR: &str =
    "a secret does not stand in a file that many read; write `{env: NAME}` or `{file: PATH}`";

/// A user and a password.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Basic {
    /// The user.
    pub user: String,
    /// The password.
    pub password: Secret,
}

/// Certificates, as files of PEM, which are read again before each question.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Tls {
    /// The authorities that the server's certificate may be of. Default: those of this machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca: Option<PathBuf>,
    /// A certificate of one's own, for mutual TLS, with those between it and its authority.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<PathBuf>,
    /// Its key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<PathBuf>,
}

/// The kind of check that a program counts for; no source is called so.
pub(super) const TAKEN: &str = strategy_core::analysis::FailureShare::KIND;

impl RolloutFile {
    /// Whether the sources can be meant.
    pub(super) fn sources_are_sound(&self) -> Result<(), Mistake> {
        for (name, source) in &self.metrics {
            let field = format!("metrics.{name}");
            named(name, &field)?;
            metrics::sound(source, &field)?;
        }
        Ok(())
    }
}

/// The name stands in the plan as the kind of a check.
fn named(name: &str, field: &str) -> Result<(), Mistake> {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if !(1..=40).contains(&name.len()) || !name.bytes().all(fits) {
        return Err(Mistake::new(
            field,
            "this cannot name a source; use 1 to 40 of a-z, 0-9 and `-`",
        ));
    }
    if name == TAKEN {
        return Err(Mistake::new(
            field,
            format!("`{TAKEN}` is what a program counts; give the source another name"),
        ));
    }
    Ok(())
}
