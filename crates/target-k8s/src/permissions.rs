//! The least Role under which a target works, printable as YAML.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Serialize;

use crate::config::{Config, WorkloadConfig};
use crate::router::Router;

/// A Role of `rbac.authorization.k8s.io/v1`. [`Display`](fmt::Display) prints it as YAML.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Role {
    api_version: &'static str,
    kind: &'static str,
    metadata: RoleName,
    /// What may be done, sorted by group and resource.
    pub rules: Vec<Rule>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct RoleName {
    name: String,
    namespace: String,
}

/// One rule of a [`Role`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Rule {
    /// The API groups; the core group is the empty text.
    pub api_groups: Vec<String>,
    /// The resources by their names in URLs.
    pub resources: Vec<String>,
    /// What may be done to them.
    pub verbs: Vec<String>,
}

/// Read once and followed.
const FOLLOW: [&str; 2] = ["list", "watch"];
/// Read, followed, and read again after a conflict.
const READ: [&str; 3] = ["get", "list", "watch"];
/// The same, and changed.
const CHANGE: [&str; 4] = ["get", "list", "update", "watch"];

/// The least Role for a target with this configuration: every verb is used, and none is missing.
///
/// It is granted on whole resources of the namespace, since a watch cannot be bound to names.
pub(crate) fn role(config: &Config, router: &dyn Router) -> Role {
    let mut verbs: BTreeMap<(String, String), BTreeSet<&str>> = BTreeMap::new();
    let mut grant = |group: &str, resource: &str, more: &[&'static str]| {
        let key = (group.to_owned(), resource.to_owned());
        verbs.entry(key).or_default().extend(more);
    };
    grant("apps", "deployments", &CHANGE);
    if let WorkloadConfig::Canary(canary) = &config.workload
        && canary.create
    {
        grant("apps", "deployments", &["create", "delete"]);
    }
    grant("apps", "replicasets", &FOLLOW);
    grant("", "pods", &FOLLOW);
    grant("autoscaling", "horizontalpodautoscalers", &CHANGE);
    for object in router.objects() {
        let is_written = !router.managed_paths(&object).is_empty();
        let verbs: &[&'static str] = if is_written { &CHANGE } else { &READ };
        grant(object.group(), &object.plural, verbs);
    }
    for kind in router.carrier_kinds() {
        grant(kind.group(), &kind.plural, &READ);
    }
    for kind in router.kinds().into_iter().chain(router.referred_kinds()) {
        grant(kind.group(), &kind.plural, &FOLLOW);
    }
    if router.capabilities().by_endpoints || router.has_backends(&config.namespace) {
        grant("discovery.k8s.io", "endpointslices", &FOLLOW);
    }
    Role {
        api_version: "rbac.authorization.k8s.io/v1",
        kind: "Role",
        metadata: RoleName {
            name: "rollway".to_owned(),
            namespace: config.namespace.clone(),
        },
        rules: verbs
            .into_iter()
            .map(|((group, resource), verbs)| Rule {
                api_groups: vec![group],
                resources: vec![resource],
                verbs: verbs.into_iter().map(str::to_owned).collect(),
            })
            .collect(),
    }
}

/// As YAML, ready for `kubectl apply -f -`.
impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let yaml = serde_saphyr::to_string(self).map_err(|_| fmt::Error)?;
        f.write_str(&yaml)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Canary, IngressRouter, IstioRouter, ServiceSelectorRouter, Slot};
    use crate::router;

    fn printed(config: &Config) -> String {
        role(config, router::of(&config.router).as_ref()).to_string()
    }

    #[test]
    fn a_switch_may_create_and_delete_nothing() {
        let slots = [Slot::new("api-blue"), Slot::new("api-green")];
        let config = Config::new("shop", slots, ServiceSelectorRouter::new("api"));
        let yaml = printed(&config);
        assert!(
            yaml.starts_with("apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\n"),
            "{yaml}"
        );
        assert!(yaml.contains("namespace: shop"), "{yaml}");
        assert!(yaml.contains("endpointslices"), "{yaml}");
        for word in ["create", "delete", "patch", "istio", "secrets", "*"] {
            assert!(!yaml.contains(word), "{word} in {yaml}");
        }
    }

    #[test]
    fn behind_ingresses_services_are_read_and_never_written() {
        let slots = [Slot::new("api-blue"), Slot::new("api-green")];
        let router = IngressRouter::new("api", ["api-blue", "api-green"]);
        let config = Config::new("shop", slots, router);
        let role = role(&config, router::of(&config.router).as_ref());
        let verbs = |group: &str, resource: &str| -> Vec<_> {
            let of = |rule: &&Rule| rule.api_groups == [group] && rule.resources == [resource];
            role.rules
                .iter()
                .filter(of)
                .map(|rule| rule.verbs.join(","))
                .collect()
        };
        assert_eq!(
            verbs("networking.k8s.io", "ingresses"),
            ["get,list,update,watch"]
        );
        assert_eq!(verbs("", "services"), ["get,list,watch"]);
        // A Role of a namespace could not allow it.
        assert!(verbs("networking.k8s.io", "ingressclasses").is_empty());
        assert_eq!(verbs("discovery.k8s.io", "endpointslices"), ["list,watch"]);
    }

    #[test]
    fn a_canary_that_is_made_may_be_removed_and_routes_be_changed() {
        let router = IstioRouter::new("api", "api");
        let made = printed(&Config::new("shop", Canary::of("api"), router.clone()));
        assert!(made.contains("create") && made.contains("delete"), "{made}");
        assert!(
            made.contains("virtualservices") && made.contains("endpointslices"),
            "{made}"
        );
        let kept = printed(&Config::new(
            "shop",
            Canary::of("api").create(false),
            router,
        ));
        assert!(
            !kept.contains("create") && !kept.contains("delete"),
            "{kept}"
        );
    }
}
