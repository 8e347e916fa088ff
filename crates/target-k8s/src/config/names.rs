//! Whether the objects that a configuration names can exist at all: names go into addresses.

use strategy_core::target::{TargetError, TargetErrorKind};

use super::{Config, RouterConfig, WorkloadConfig};
use crate::error::found;

/// The longest name of an object, and the longest of one that is part of a host.
const LONGEST: usize = 253;
const LONGEST_LABEL: usize = 63;

/// What a name may consist of.
#[derive(Clone, Copy, Debug)]
enum Form {
    /// `a-z 0-9 -`, as in a host up to its first dot.
    Label,
    /// Labels with dots between them.
    Subdomain,
}

impl Form {
    fn fits(self, name: &str) -> bool {
        match self {
            Self::Label => is_label(name) && name.len() <= LONGEST_LABEL,
            Self::Subdomain => name.len() <= LONGEST && name.split('.').all(is_label),
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Self::Label => "use 1 to 63 of a-z, 0-9 and `-`, not at either end",
            Self::Subdomain => {
                "use 1 to 253 of a-z, 0-9, `-` and `.`, each part between letters or digits"
            }
        }
    }
}

/// Whether a cluster can have an object of this name, which goes into an address.
pub(crate) fn is_name(name: &str) -> bool {
    Form::Subdomain.fits(name)
}

fn is_label(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = name.as_bytes();
    bytes.iter().all(|byte| plain(*byte) || *byte == b'-')
        && bytes.first().is_some_and(|byte| plain(*byte))
        && bytes.last().is_some_and(|byte| plain(*byte))
}

impl Config {
    /// Whether objects of these names can exist. `discover` asks the same before anything else.
    ///
    /// # Errors
    /// `InvalidConfig` with the first name that no object can have.
    pub fn check_names(&self) -> Result<(), TargetError> {
        let canary_name;
        let mut names = vec![("a namespace", self.namespace.as_str(), Form::Label)];
        match &self.workload {
            WorkloadConfig::Slots(slots) => {
                for slot in slots {
                    names.push(("a Deployment", &slot.deployment, Form::Subdomain));
                }
            }
            WorkloadConfig::Canary(canary) => {
                canary_name = canary.canary_name();
                names.push(("a Deployment", &canary.stable, Form::Subdomain));
                names.push(("a Deployment", &canary_name, Form::Subdomain));
            }
        }
        match &self.router {
            RouterConfig::ServiceSelector(router) => {
                names.push(("a Service", &router.service, Form::Label));
            }
            RouterConfig::Istio(router) => {
                names.push(("a VirtualService", &router.virtual_service, Form::Subdomain));
                if let Some(rule) = &router.destination_rule {
                    names.push(("a DestinationRule", rule, Form::Subdomain));
                }
            }
            RouterConfig::Gateway(router) => {
                for route in &router.http_routes {
                    names.push(("an HTTPRoute", route, Form::Subdomain));
                }
                for route in &router.grpc_routes {
                    names.push(("a GRPCRoute", route, Form::Subdomain));
                }
                for backend in [&router.stable, &router.canary] {
                    names.push(("a Service", &backend.service, Form::Label));
                    if let Some(namespace) = &backend.namespace {
                        names.push(("a namespace", namespace, Form::Label));
                    }
                }
            }
            RouterConfig::Ingress(router) => {
                for ingress in &router.ingresses {
                    names.push(("an Ingress", ingress, Form::Subdomain));
                }
                for service in &router.services {
                    names.push(("a Service", service, Form::Label));
                }
            }
        }
        match names.iter().find(|(_, name, form)| !form.fits(name)) {
            None => Ok(()),
            Some((what, name, form)) => {
                let shown: String = name.chars().take(80).collect();
                // Control characters are shown as escapes.
                let message = format!("{shown:?} cannot name {what}; {}", form.words());
                let kind = TargetErrorKind::InvalidConfig;
                Err(found(kind, "read", "the configuration", message))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{
        Canary, GatewayRouter, IngressRouter, IstioRouter, ServiceSelectorRouter, Slot,
    };

    fn slots(namespace: &str, slot: &str, service: &str) -> Config {
        let slots = [Slot::new("api-blue"), Slot::new(slot)];
        Config::new(namespace, slots, ServiceSelectorRouter::new(service))
    }

    #[test]
    fn names_that_would_change_an_address_are_refused() {
        assert!(slots("shop", "api.green", "api").check_names().is_ok());
        let long = "a".repeat(64);
        for wrong in [
            "",
            "p0?x=1#",
            "../kube-system",
            "a/b",
            "a%2Fb",
            "A",
            "-a",
            "a-",
            "a b",
            "a\n",
            "a\u{0}",
            "ä",
            "a..b",
            ".a",
        ] {
            for config in [
                slots(wrong, "api-green", "api"),
                slots("shop", wrong, "api"),
                slots("shop", "api-green", wrong),
                Config::new("shop", Canary::of(wrong), IstioRouter::new("api", "api")),
                Config::new(
                    "shop",
                    Canary::of("api").named(wrong),
                    IstioRouter::new("api", "api"),
                ),
                Config::new("shop", Canary::of("api"), IstioRouter::new(wrong, "api")),
                Config::new("shop", Canary::of("api"), IstioRouter::new("api", wrong)),
                Config::new(
                    "shop",
                    Canary::of("api"),
                    GatewayRouter::new(wrong, "a", "b"),
                ),
                Config::new(
                    "shop",
                    Canary::of("api"),
                    GatewayRouter::new("a", wrong, "b"),
                ),
                Config::new(
                    "shop",
                    Canary::of("api"),
                    GatewayRouter::new("a", "b", wrong),
                ),
                Config::new(
                    "shop",
                    Canary::of("api"),
                    IngressRouter::new(wrong, ["a", "b"]),
                ),
                Config::new(
                    "shop",
                    Canary::of("api"),
                    IngressRouter::new("a", ["b", wrong]),
                ),
            ] {
                let error = config.check_names().unwrap_err();
                assert_eq!(error.kind, TargetErrorKind::InvalidConfig);
                let text = error.to_string();
                assert!(text.contains(&format!("{wrong:?} cannot name a")), "{text}");
                assert!(!text.contains(char::is_control), "{text:?}");
            }
        }
        for config in [
            slots(&long, "api-green", "api"),
            slots("a.b", "api-green", "api"),
            slots("shop", "api-green", &long),
            slots("shop", &"a".repeat(254), "api"),
        ] {
            assert!(config.check_names().is_err());
        }
    }
}
