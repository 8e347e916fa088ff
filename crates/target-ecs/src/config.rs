//! What a target is told about the services, target groups and rules it works with.

mod names;
mod native_gated;
mod owned;
mod rolling;
mod workload;

use std::time::Duration;

use serde::{Deserialize, Serialize};
use strategy_core::duration;

pub(crate) use self::names::{OneService, Place};
pub use self::native_gated::NativeGated;
pub(crate) use self::owned::Owned;
pub use self::rolling::Rolling;
pub(crate) use self::workload::resource;
pub use self::workload::{Canary, RuleConfig, Slot, WorkloadConfig};

/// How many rules can move as one: what is noted about each must fit into one tag.
pub(crate) const MOST_RULES: usize = 5;

/// Which services one part of a rollout works with, and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub struct Config {
    /// The name of the cluster, not its ARN.
    pub cluster: String,
    /// Who shifts the traffic, and on what.
    pub mode: Mode,
}

/// Who shifts the traffic.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Mode {
    /// We do: two services, two target groups, and the weights of the rules that forward to them.
    OwnedWeights(OwnedWeights),
    /// Amazon ECS does, task by task: one service, whose own rolling deployment is begun and followed.
    Rolling(Rolling),
    /// Amazon ECS does, step by step, and each step waits for our answer: one service, whose own blue-green,
    /// canary or linear deployment is begun.
    NativeGated(NativeGated),
}

/// Two services behind one Application Load Balancer, whose weights are written by us.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub struct OwnedWeights {
    /// The services, with the target group of each.
    pub workload: WorkloadConfig,
    /// The rules that forward to the target groups: 1 to 5, and they move as one.
    pub rules: Vec<RuleConfig>,
    /// How long after a write the load balancer is taken to send as written: nothing tells when it
    /// does. Default: 30 seconds.
    #[serde(default = "OwnedWeights::default_settle", with = "duration")]
    pub settle: Duration,
    /// How long a request that began before a change of traffic may still be under way. Default
    /// (`None`): the longer deregistration delay of the two target groups.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "optional")]
    pub drain: Option<Duration>,
    /// Whether requests may be sent to the candidate by a header or a cookie, by rules of our own before yours, which
    /// are taken away again. Without it nothing is made or looked for, and the least policy has no right to. Default:
    /// yes.
    #[serde(default = "yes")]
    pub previews: bool,
}

const fn yes() -> bool {
    true
}

impl Config {
    /// These services of a cluster.
    pub fn new(cluster: impl Into<String>, mode: impl Into<Mode>) -> Self {
        Self {
            cluster: cluster.into(),
            mode: mode.into(),
        }
    }
}

impl From<OwnedWeights> for Mode {
    fn from(owned: OwnedWeights) -> Self {
        Self::OwnedWeights(owned)
    }
}

impl OwnedWeights {
    /// These services behind these rules, with defaults for everything else.
    pub fn new(
        workload: impl Into<WorkloadConfig>,
        rules: impl IntoIterator<Item = RuleConfig>,
    ) -> Self {
        Self {
            workload: workload.into(),
            rules: rules.into_iter().collect(),
            settle: Self::default_settle(),
            drain: None,
            previews: true,
        }
    }

    /// Another time after which a write is taken to be effective.
    #[must_use]
    pub const fn settle(mut self, settle: Duration) -> Self {
        self.settle = settle;
        self
    }

    /// Another time for requests that are under way.
    #[must_use]
    pub const fn drain(mut self, drain: Duration) -> Self {
        self.drain = Some(drain);
        self
    }

    /// Whether requests may be sent to the candidate by a header or a cookie.
    #[must_use]
    pub const fn previews(mut self, previews: bool) -> Self {
        self.previews = previews;
        self
    }

    const fn default_settle() -> Duration {
        Duration::from_secs(30)
    }
}

/// A duration that may be left out.
mod optional {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use strategy_core::duration;

    #[derive(Serialize, Deserialize)]
    #[serde(transparent)]
    struct Text(#[serde(with = "duration")] Duration);

    #[expect(clippy::ref_option, reason = "the signature serde asks for")]
    pub(super) fn serialize<S: Serializer>(
        duration: &Option<Duration>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        duration.map(Text).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Duration>, D::Error> {
        let text = Option::<Text>::deserialize(deserializer)?;
        Ok(text.map(|Text(duration)| duration))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const GROUP: &str =
        "arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/blue/0123456789abcdef";
    const RULE: &str = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:listener-rule/app/shop/0123456789abcdef/0123456789abcdef/0123456789abcdef";

    #[test]
    fn a_short_file_has_the_documented_defaults() {
        let slot = |service: &str| json!({"service": service, "target-group": GROUP});
        let read: Config = serde_json::from_value(json!({
            "cluster": "shop",
            "mode": {"owned-weights": {
                "workload": {"canary": {"stable": slot("api"), "candidate": slot("api-canary")}},
                "rules": [{"rule": RULE}],
            }},
        }))
        .unwrap();
        let canary = Canary::new(Slot::new("api", GROUP), Slot::new("api-canary", GROUP));
        let owned = OwnedWeights::new(canary, [RuleConfig::Rule(RULE.to_owned())]);
        assert_eq!(owned.settle, Duration::from_secs(30));
        assert_eq!(read, Config::new("shop", owned.clone()));
        let drained = Config::new("shop", owned.drain(Duration::from_secs(90)));
        for config in [read, drained] {
            let text = serde_json::to_string(&config).unwrap();
            assert_eq!(serde_json::from_str::<Config>(&text).unwrap(), config);
        }
    }

    #[test]
    fn a_misspelt_field_is_refused() {
        let wrong = json!({"cluster": "shop", "mode": {"owned-weights": {
            "workload": {"pair": [
                {"service": "a", "target-group": GROUP},
                {"service": "b", "target-group": GROUP},
            ]},
            "rules": [],
            "drian": "5s",
        }}});
        let error = serde_json::from_value::<Config>(wrong).unwrap_err();
        assert!(error.to_string().contains("drian"), "{error}");
    }

    #[test]
    fn a_rule_is_named_by_the_end_of_its_arn() {
        let rule = RuleConfig::Rule(RULE.to_owned());
        assert!(rule.resource().starts_with("listener-rule/app/shop/"));
    }
}
