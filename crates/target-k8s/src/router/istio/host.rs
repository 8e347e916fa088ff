//! Host names of destinations: the short and the long forms of one Service are one host.

use std::fmt;

/// A host as a route names it, with the namespace it is read in.
#[derive(Clone, Debug)]
pub(super) struct Host {
    written: String,
    identity: Identity,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Identity {
    Service { name: String, namespace: String },
    Other(String),
}

impl Host {
    /// `api`, `api.shop` and `api.shop.svc.cluster.local` (under any cluster domain) are one Service
    /// when read in the namespace `shop`.
    pub(super) fn new(written: &str, namespace: &str) -> Self {
        let host = written.trim_end_matches('.').to_ascii_lowercase();
        let labels: Vec<&str> = host.split('.').collect();
        let service = |name: &str, namespace: &str| Identity::Service {
            name: name.to_owned(),
            namespace: namespace.to_owned(),
        };
        let identity = match labels.as_slice() {
            ["*"] => Identity::Other(host),
            [name] => service(name, namespace),
            [name, of] => service(name, of),
            [name, of, "svc", ..] => service(name, of),
            [..] => Identity::Other(host),
        };
        Self {
            written: written.to_owned(),
            identity,
        }
    }

    /// The Service of this name in the same namespace, if it can be one.
    pub(super) fn service_in(&self, in_namespace: &str) -> Option<&str> {
        match &self.identity {
            Identity::Service { name, namespace } if namespace == in_namespace => Some(name),
            Identity::Service { .. } | Identity::Other(_) => None,
        }
    }

    /// Written as `name.namespace`, which Istio takes for a whole host name: it completes a name only
    /// when there is no dot in it.
    pub(super) fn is_half_qualified(&self) -> bool {
        self.written.trim_end_matches('.').split('.').count() == 2
    }
}

impl PartialEq for Host {
    fn eq(&self, other: &Self) -> bool {
        self.identity == other.identity
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

#[cfg(test)]
mod tests {
    use super::Host;

    #[test]
    fn all_forms_of_a_service_are_one_host_and_others_are_not() {
        let api = Host::new("api", "shop");
        for same in [
            "api.shop",
            "API.shop",
            "api.shop.svc",
            "api.shop.svc.cluster.local",
            "api.shop.svc.cluster.local.",
            "api.shop.svc.example.internal",
        ] {
            assert_eq!(api, Host::new(same, "shop"), "{same}");
        }
        for other in [
            "ap",
            "api-canary",
            "api.other",
            "api.other.svc.cluster.local",
            "api.shop.example.com",
            "*",
            "*.shop",
        ] {
            assert_ne!(api, Host::new(other, "shop"), "{other}");
        }
        assert_ne!(api, Host::new("api", "other"));
    }

    #[test]
    fn a_service_is_named_only_within_its_namespace() {
        assert_eq!(Host::new("api", "shop").service_in("shop"), Some("api"));
        assert_eq!(Host::new("api.other", "shop").service_in("shop"), None);
        assert_eq!(
            Host::new("api.example.com", "shop").service_in("shop"),
            None
        );
    }
}
