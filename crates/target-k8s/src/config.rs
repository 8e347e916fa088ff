//! What a target is told about the objects it works with.

mod gateway;
mod ingress;
pub(crate) mod names;
mod router;
mod workload;

use std::time::Duration;

use serde::{Deserialize, Serialize};
use strategy_core::duration;

pub use self::gateway::{GatewayBackend, GatewayRouter};
pub use self::ingress::IngressRouter;
pub use self::names::{InvalidName, NameField};
pub use self::router::{IstioDestination, IstioRouter, RouterConfig, ServiceSelectorRouter};
pub use self::workload::{Canary, Follow, Slot, WorkloadConfig};

/// Which objects one part of a rollout works with, and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub struct Config {
    /// Where everything is.
    pub namespace: String,
    /// The Deployments.
    pub workload: WorkloadConfig,
    /// What shares the requests between them.
    pub router: RouterConfig,
    /// Which containers take a released image without being named. Default: init containers.
    #[serde(default)]
    pub follow: Follow,
    /// How long a request that began before a change of traffic may still be under way, proxies that
    /// hear of the change late included. Default: 10 seconds.
    #[serde(default = "Config::default_drain", with = "duration")]
    pub drain: Duration,
    /// Where the platform cannot be asked (a mesh, an Ingress), how long after a write traffic is taken
    /// to flow as written. Default: 5 seconds, more than a mesh of some hundred proxies takes.
    #[serde(default = "Config::default_settle", with = "duration")]
    pub settle: Duration,
    /// Whether a pod that no node takes is reported among what will not mend itself. It is shown in
    /// what the rollout waits for; since a node may yet be added, only the stage's deadline acts on
    /// it. Default: yes.
    #[serde(default = "yes")]
    pub unschedulable_is_fatal: bool,
}

impl Config {
    /// These objects, with defaults for everything else.
    pub fn new(
        namespace: impl Into<String>,
        workload: impl Into<WorkloadConfig>,
        router: impl Into<RouterConfig>,
    ) -> Self {
        Self {
            namespace: namespace.into(),
            workload: workload.into(),
            router: router.into(),
            follow: Follow::default(),
            drain: Self::default_drain(),
            settle: Self::default_settle(),
            unschedulable_is_fatal: true,
        }
    }

    /// Another set of containers that take a released image without being named.
    #[must_use]
    pub const fn follow(mut self, follow: Follow) -> Self {
        self.follow = follow;
        self
    }

    /// Another time for requests that are under way.
    #[must_use]
    pub const fn drain(mut self, drain: Duration) -> Self {
        self.drain = drain;
        self
    }

    /// Another time after which a write to a mesh is taken to be effective.
    #[must_use]
    pub const fn settle(mut self, settle: Duration) -> Self {
        self.settle = settle;
        self
    }

    /// Whether a pod that no node takes is reported among what will not mend itself.
    #[must_use]
    pub const fn unschedulable_is_fatal(mut self, fatal: bool) -> Self {
        self.unschedulable_is_fatal = fatal;
        self
    }

    /// Whether its workload can stand behind its router. `discover` asks the same.
    ///
    /// # Errors
    /// In words with what to do: slots that take turns need a router that switches, and a mesh or Gateway API shares.
    pub const fn check_router(&self) -> Result<(), &'static str> {
        match (&self.workload, &self.router) {
            (WorkloadConfig::Slots(_), RouterConfig::Istio(_) | RouterConfig::Gateway(_)) => Err(
                "slots that take turns need a Service selector or an Ingress as their router; use `canary` with this router",
            ),
            (
                WorkloadConfig::Slots(_),
                RouterConfig::ServiceSelector(_) | RouterConfig::Ingress(_),
            )
            | (WorkloadConfig::Canary(_), _) => Ok(()),
        }
    }

    const fn default_drain() -> Duration {
        Duration::from_secs(10)
    }

    const fn default_settle() -> Duration {
        Duration::from_secs(5)
    }
}

const fn yes() -> bool {
    true
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_short_file_has_the_documented_defaults() {
        let read: Config = serde_json::from_value(json!({
            "namespace": "shop",
            "workload": {"slots": [{"deployment": "api-blue"}, {"deployment": "api-green"}]},
            "router": {"service-selector": {"service": "api"}},
        }))
        .unwrap();
        let slots = [Slot::new("api-blue"), Slot::new("api-green")];
        let built = Config::new("shop", slots, ServiceSelectorRouter::new("api"));
        assert_eq!(read, built);
        assert_eq!(built.drain, Duration::from_secs(10));
        let text = serde_json::to_string(&built).unwrap();
        assert_eq!(serde_json::from_str::<Config>(&text).unwrap(), built);
    }

    #[test]
    fn a_canary_is_named_after_stable() {
        let read: Config = serde_json::from_value(json!({
            "namespace": "shop",
            "workload": {"canary": {"stable": "api"}},
            "router": {"istio": {"virtual-service": "api", "destination-rule": "api"}},
        }))
        .unwrap();
        let built = Config::new("shop", Canary::of("api"), IstioRouter::new("api", "api"));
        assert_eq!(read, built);
        let WorkloadConfig::Canary(canary) = built.workload else {
            panic!("{read:?}");
        };
        assert_eq!(canary.canary_name(), "api-canary");
        assert!(canary.create);
    }

    #[test]
    fn a_misspelt_field_is_refused() {
        let wrong = json!({
            "namespace": "shop",
            "workload": {"canary": {"stable": "api"}},
            "router": {"service-selector": {"service": "api"}},
            "drian": "5s",
        });
        let error = serde_json::from_value::<Config>(wrong).unwrap_err();
        assert!(error.to_string().contains("drian"), "{error}");
    }
}
