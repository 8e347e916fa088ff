//! Whether the objects that a configuration names can exist at all: names go into addresses.

use std::fmt;

use strategy_core::target::{TargetError, TargetErrorKind};
use thiserror::Error;

use super::{Config, RouterConfig, WorkloadConfig};

/// A name that no object can have.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{name:?} cannot name {what}; {mend}")]
#[non_exhaustive]
pub struct InvalidName {
    /// In which field of the [`Config`] it stands.
    pub field: NameField,
    /// Its first 80 characters. In messages control characters are shown as escapes.
    pub name: String,
    what: &'static str,
    mend: &'static str,
}

/// A field of a [`Config`] that names objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum NameField {
    /// [`Config::namespace`].
    Namespace,
    /// [`Config::workload`].
    Workload,
    /// [`Config::router`], with the namespaces that it names.
    Router,
}

/// As it is written: `workload`.
impl fmt::Display for NameField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Namespace => "namespace",
            Self::Workload => "workload",
            Self::Router => "router",
        })
    }
}

impl From<InvalidName> for TargetError {
    fn from(error: InvalidName) -> Self {
        Self::new(TargetErrorKind::InvalidConfig, "read", "the configuration")
            .certainly_not_taken()
            .because(error)
    }
}

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
    /// [`InvalidName`] with the first name that no object can have; as a [`TargetError`] it is `InvalidConfig`.
    pub fn check_names(&self) -> Result<(), InvalidName> {
        let of_namespace = vec![("a namespace", self.namespace.as_str(), Form::Label)];
        let canary_name;
        let of_workload = match &self.workload {
            WorkloadConfig::Slots([one, other]) => vec![&one.deployment, &other.deployment],
            WorkloadConfig::Canary(canary) => {
                canary_name = canary.canary_name();
                vec![&canary.stable, &canary_name]
            }
        };
        let of_workload = of_workload.into_iter();
        let of_workload = of_workload
            .map(|name| ("a Deployment", name.as_str(), Form::Subdomain))
            .collect();
        for (field, names) in [
            (NameField::Namespace, of_namespace),
            (NameField::Workload, of_workload),
            (NameField::Router, self.router.names()),
        ] {
            let wrong = names.into_iter().find(|(_, name, form)| !form.fits(name));
            if let Some((what, name, form)) = wrong {
                return Err(InvalidName {
                    field,
                    name: name.chars().take(80).collect(),
                    what,
                    mend: form.words(),
                });
            }
        }
        Ok(())
    }
}

impl RouterConfig {
    /// Each with what it names.
    fn names(&self) -> Vec<(&'static str, &str, Form)> {
        let mut names: Vec<(&'static str, &str, Form)> = Vec::new();
        match self {
            Self::ServiceSelector(router) => {
                names.push(("a Service", &router.service, Form::Label));
            }
            Self::Istio(router) => {
                names.push(("a VirtualService", &router.virtual_service, Form::Subdomain));
                if let Some(rule) = &router.destination_rule {
                    names.push(("a DestinationRule", rule, Form::Subdomain));
                }
            }
            Self::Gateway(router) => {
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
            Self::Ingress(router) => {
                for ingress in &router.ingresses {
                    names.push(("an Ingress", ingress, Form::Subdomain));
                }
                for service in &router.services {
                    names.push(("a Service", service, Form::Label));
                }
            }
        }
        names
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
                let error = TargetError::from(config.check_names().unwrap_err());
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

    #[test]
    fn the_field_that_a_wrong_name_stands_in_is_told() {
        let field = |config: &Config| config.check_names().unwrap_err().field;
        assert_eq!(field(&slots("A", "api-green", "api")), NameField::Namespace);
        assert_eq!(field(&slots("shop", "A", "api")), NameField::Workload);
        assert_eq!(field(&slots("shop", "api-green", "A")), NameField::Router);
        let mut router = GatewayRouter::new("api", "api", "api-canary");
        router.canary.namespace = Some("A".to_owned());
        let config = Config::new("shop", Canary::of("api"), router);
        assert_eq!(field(&config), NameField::Router);
    }
}
