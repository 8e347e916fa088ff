//! The services and the rules in front of them.

use serde::{Deserialize, Serialize};

/// A service and the target group that its tasks are registered in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub struct Slot {
    /// The name of the service, not its ARN.
    pub service: String,
    /// The ARN of its target group. It is no other service's.
    pub target_group: String,
}

impl Slot {
    /// This service, registered in this target group.
    pub fn new(service: impl Into<String>, target_group: impl Into<String>) -> Self {
        Self {
            service: service.into(),
            target_group: target_group.into(),
        }
    }
}

/// The services of a part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum WorkloadConfig {
    /// Two services that take turns: the one that carries the traffic is stable.
    Pair([Slot; 2]),
    /// A service that stays, and a candidate beside it.
    Canary(Canary),
}

impl WorkloadConfig {
    /// Both slots; of a canary stable comes first.
    pub(crate) const fn slots(&self) -> [&Slot; 2] {
        match self {
            Self::Pair([one, other]) => [one, other],
            Self::Canary(canary) => [&canary.stable, &canary.candidate],
        }
    }
}

impl From<[Slot; 2]> for WorkloadConfig {
    fn from(slots: [Slot; 2]) -> Self {
        Self::Pair(slots)
    }
}

impl From<Canary> for WorkloadConfig {
    fn from(canary: Canary) -> Self {
        Self::Canary(canary)
    }
}

/// A service that stays, and a candidate beside it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub struct Canary {
    /// What carries the traffic.
    pub stable: Slot,
    /// What a release is tried on.
    pub candidate: Slot,
    /// Whether the candidate's service is made from stable's where there is none, and removed again
    /// afterwards. Its target group must be there. Default: yes.
    #[serde(default = "yes")]
    pub create: bool,
}

impl Canary {
    /// A candidate beside stable, made where there is none.
    pub const fn new(stable: Slot, candidate: Slot) -> Self {
        Self {
            stable,
            candidate,
            create: true,
        }
    }

    /// Whether the candidate's service is made where there is none.
    #[must_use]
    pub const fn create(mut self, create: bool) -> Self {
        self.create = create;
        self
    }
}

const fn yes() -> bool {
    true
}

/// A rule of an Application Load Balancer that forwards to the target groups.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum RuleConfig {
    /// A rule with conditions, by its ARN (`...:listener-rule/app/...`).
    Rule(String),
    /// The default rule of a listener, by the ARN of the listener (`...:listener/app/...`).
    ListenerDefault(String),
}

impl RuleConfig {
    /// Its ARN, or its listener's.
    pub fn arn(&self) -> &str {
        match self {
            Self::Rule(arn) | Self::ListenerDefault(arn) => arn,
        }
    }

    /// As errors and findings name it.
    pub(crate) fn resource(&self) -> String {
        resource(self.arn()).to_owned()
    }
}

/// The end of an ARN, which names the resource within its account; the whole text where it is none.
pub(crate) fn resource(arn: &str) -> &str {
    arn.splitn(6, ':').nth(5).unwrap_or(arn)
}
