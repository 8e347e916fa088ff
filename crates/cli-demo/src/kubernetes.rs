//! From the rollout file's target to Kubernetes targets, and the connection to the cluster.

use std::collections::BTreeMap;
use std::sync::Arc;

use http::HeaderValue;
use http::header::USER_AGENT;
use kube::config::{KubeConfigOptions, Kubeconfig, KubeconfigError};
use kube::{Client, Config as Connection};
use strategy_core::target::Capabilities;
use strategy_core::{Part, Target};
use target_k8s::config::{
    Canary, Config, Follow, GatewayBackend, GatewayRouter, IngressRouter, IstioDestination,
    IstioRouter, NameField, RouterConfig, ServiceSelectorRouter, Slot, WorkloadConfig,
};
use target_k8s::{KubernetesTarget, Role, Watches};
use thiserror::Error;

use crate::args::Cluster;
use crate::file::{Mistake, Shorthand, target};

/// A cluster that cannot be reached.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The kubeconfig is missing or wrong.
    #[error(
        "cannot read the kubeconfig; name one with --kubeconfig, and its context with --context"
    )]
    Kubeconfig(#[source] Box<KubeconfigError>),
    /// Neither a kubeconfig nor a service account.
    #[error(
        "found neither a kubeconfig nor a service account; name a kubeconfig with --kubeconfig"
    )]
    Nowhere(#[source] Box<kube::config::InferConfigError>),
    /// The client could not be made.
    #[error("cannot make a client for the cluster")]
    Client(#[source] Box<kube::Error>),
}

/// As the program calls itself to the API server, whose audit log names it.
const AGENT: &str = concat!("rollway/", env!("CARGO_PKG_VERSION"));

/// Where the cluster is, and which namespace is its default.
///
/// # Errors
/// [`ConnectError`] when no configuration of a cluster is found, or it is wrong.
pub async fn connection(cluster: &Cluster) -> Result<Connection, ConnectError> {
    let options = KubeConfigOptions {
        context: cluster.context.clone(),
        ..KubeConfigOptions::default()
    };
    let kubeconfig = |error| ConnectError::Kubeconfig(Box::new(error));
    let mut connection = match (&cluster.kubeconfig, &cluster.context) {
        (Some(path), _) => {
            let file = Kubeconfig::read_from(path).map_err(kubeconfig)?;
            Connection::from_custom_kubeconfig(file, &options)
                .await
                .map_err(kubeconfig)?
        }
        (None, Some(_)) => Connection::from_kubeconfig(&options)
            .await
            .map_err(kubeconfig)?,
        (None, None) => Connection::infer()
            .await
            .map_err(|error| ConnectError::Nowhere(Box::new(error)))?,
    };
    let agent = HeaderValue::from_static(AGENT);
    connection.headers.push((USER_AGENT, agent));
    Ok(connection)
}

/// The namespace: the option's, else the file's, else the connection's.
pub fn namespace(
    cluster: &Cluster,
    file: &target::Kubernetes,
    connection: Option<&Connection>,
) -> Option<String> {
    let of_connection = || connection.map(|connection| connection.default_namespace.clone());
    let given = cluster.namespace.clone().or_else(|| file.namespace.clone());
    given.or_else(of_connection)
}

/// What each part of the target is told.
///
/// # Errors
/// [`Mistake`] when the target names its objects twice or not at all, or as no object can be named.
pub fn configs(
    file: &target::Kubernetes,
    namespace: &str,
) -> Result<BTreeMap<Part, Config>, Mistake> {
    let mut configs = BTreeMap::new();
    for (part, objects) in file.objects()? {
        let config = config(file, &objects, namespace);
        let of_part = if file.parts.is_empty() {
            "target.kubernetes".to_owned()
        } else {
            format!("target.kubernetes.parts.{part}")
        };
        config.check_names().map_err(|error| {
            // The namespace is one for all parts.
            let of = if error.field == NameField::Namespace {
                "target.kubernetes"
            } else {
                &of_part
            };
            Mistake::new(format!("{of}.{}", error.field), error.to_string())
        })?;
        config
            .check_router()
            .map_err(|problem| Mistake::new(format!("{of_part}.router"), problem))?;
        if let WorkloadConfig::Slots([one, other]) = &config.workload
            && one.deployment == other.deployment
        {
            let problem = format!(
                "both slots are the Deployment `{}`; name two, as one keeps the traffic while the \
                 other gets the release",
                one.deployment
            );
            return Err(Mistake::new(format!("{of_part}.workload.slots"), problem));
        }
        configs.insert(part, config);
    }
    Ok(configs)
}

fn config(file: &target::Kubernetes, objects: &target::KubernetesPart, namespace: &str) -> Config {
    let mut config = Config::new(
        namespace,
        workload(&objects.workload),
        router(&objects.router),
    );
    if let Some(follow) = file.follow {
        config = config.follow(match follow {
            target::Follow::Nobody => Follow::Nobody,
            target::Follow::InitContainers => Follow::InitContainers,
            target::Follow::AllContainers => Follow::AllContainers,
        });
    }
    if let Some(drain) = file.drain {
        config = config.drain(drain.0);
    }
    if let Some(settle) = file.settle {
        config = config.settle(settle.0);
    }
    if let Some(fatal) = file.unschedulable_is_fatal {
        config = config.unschedulable_is_fatal(fatal);
    }
    config
}

fn workload(given: &target::Workload) -> WorkloadConfig {
    match given {
        target::Workload::Slots(slots) => slots.each_ref().map(slot).into(),
        target::Workload::Canary(given) => {
            let mut canary = Canary::of(&given.stable);
            if let Some(name) = &given.canary {
                canary = canary.named(name);
            }
            if let Some(create) = given.create {
                canary = canary.create(create);
            }
            if let Some(labels) = &given.labels {
                canary = canary.labels(labels.clone());
            }
            if let Some(preview) = &given.preview {
                canary = canary.preview(preview);
            }
            canary.into()
        }
    }
}

fn slot(given: &Shorthand<String, target::Slot>) -> Slot {
    match given {
        Shorthand::Word(deployment) => Slot::new(deployment),
        Shorthand::Mapping(given) => {
            let slot = Slot::new(&given.deployment);
            match &given.preview {
                Some(preview) => slot.preview(preview),
                None => slot,
            }
        }
    }
}

/// What a plan can ask of each part. Nothing is asked for it, so no cluster is needed.
pub fn capabilities(configs: &BTreeMap<Part, Config>) -> BTreeMap<Part, Capabilities> {
    let each = configs.iter();
    each.map(|(part, config)| (part.clone(), KubernetesTarget::capabilities(config)))
        .collect()
}

fn router(given: &target::Router) -> RouterConfig {
    match given {
        target::Router::ServiceSelector(given) => {
            let router = ServiceSelectorRouter::new(&given.service);
            match &given.key {
                Some(key) => router.key(key).into(),
                None => router.into(),
            }
        }
        target::Router::Istio(given) => {
            let mut router = IstioRouter::new(&given.virtual_service, "");
            router.destination_rule.clone_from(&given.destination_rule);
            router.routes.clone_from(&given.routes);
            if let Some(stable) = &given.stable {
                router.stable = destination(stable);
            }
            if let Some(canary) = &given.canary {
                router.canary = destination(canary);
            }
            if let Some(add) = given.add_canary {
                router.add_canary = add;
            }
            router.into()
        }
        target::Router::Gateway(given) => {
            let mut router = GatewayRouter::new("", "", "");
            router.http_routes.clone_from(&given.http_routes);
            router.grpc_routes.clone_from(&given.grpc_routes);
            router.rules.clone_from(&given.rules);
            router.stable = backend(&given.stable);
            router.canary = backend(&given.canary);
            router.add_canary = given.add_canary.unwrap_or(router.add_canary);
            router.into()
        }
        target::Router::Ingress(given) => {
            let mut router = IngressRouter::new("", given.services.each_ref().map(String::as_str));
            router.ingresses.clone_from(&given.ingresses);
            router.hosts.clone_from(&given.hosts);
            router.into()
        }
    }
}

fn backend(given: &Shorthand<String, target::GatewayBackend>) -> GatewayBackend {
    match given {
        Shorthand::Word(service) => GatewayBackend::service(service),
        Shorthand::Mapping(given) => {
            let mut backend = GatewayBackend::service(&given.service);
            backend.namespace.clone_from(&given.namespace);
            backend.port = given.port;
            backend
        }
    }
}

fn destination(given: &target::Destination) -> IstioDestination {
    let mut destination = IstioDestination::default();
    destination.host.clone_from(&given.host);
    destination.subset.clone_from(&given.subset);
    destination
}

/// The targets, with one set of watches for each namespace. Begins to watch with the first call.
///
/// # Errors
/// [`ConnectError::Client`].
pub fn targets(
    connection: Connection,
    configs: &BTreeMap<Part, Config>,
) -> Result<BTreeMap<Part, Arc<dyn Target>>, ConnectError> {
    let client =
        Client::try_from(connection).map_err(|error| ConnectError::Client(Box::new(error)))?;
    let mut watches: BTreeMap<&str, Watches> = BTreeMap::new();
    Ok(configs
        .iter()
        .map(|(part, config)| {
            let watches = watches
                .entry(&config.namespace)
                .or_insert_with(|| Watches::new(client.clone(), &config.namespace));
            let target = KubernetesTarget::sharing(watches, config.clone());
            (part.clone(), Arc::new(target) as Arc<dyn Target>)
        })
        .collect())
}

/// The least Role for all parts together.
pub fn permissions(configs: &BTreeMap<Part, Config>) -> Option<Role> {
    configs
        .values()
        .map(KubernetesTarget::permissions)
        .reduce(|mut role, other| {
            for rule in other.rules {
                let same = role.rules.iter_mut().find(|old| {
                    old.api_groups == rule.api_groups && old.resources == rule.resources
                });
                match same {
                    Some(old) => {
                        old.verbs.extend(rule.verbs);
                        old.verbs.sort();
                        old.verbs.dedup();
                    }
                    None => role.rules.push(rule),
                }
            }
            role
        })
}

#[cfg(test)]
mod tests;
