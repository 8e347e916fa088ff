//! What a rollout must be wired to again when it is taken up: targets, cluster, programs, roles.
//!
//! A journal knows what was decided, not how the cluster is reached. That lies in `NAME.wiring.json`
//! beside it. It holds no credentials: a kubeconfig by its path only, a profile of AWS by its name, and a token of a
//! source of metrics by the variable or file it is in.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use strategy_core::Part;
use strategy_core::analysis::FailureShare;
use strategy_core::driver::Driver;
use strategy_core::plan::CheckName;
use strategy_metrics::{MetricAnalysis, MetricSource};
use target_k8s::Config;

use crate::args::Cluster;
use crate::ecs;
use crate::error::CliError;
use crate::file::Metrics;
use crate::kubernetes;
use crate::metrics;
use crate::ours::is_ours;
use crate::program::{COMMAND, Program, ProgramCounter};

/// What a rollout must be wired to again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Wiring {
    /// The kubeconfig that was named; `None`: the usual places.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kubeconfig: Option<PathBuf>,
    /// The context that was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<String>,
    /// The profile of the AWS configuration that was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// What each part of a target on Kubernetes is told.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parts: BTreeMap<Part, Config>,
    /// What each part of a target on Amazon ECS is told.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub ecs_parts: BTreeMap<Part, ecs::Config>,
    /// The program that counts for each check.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub counters: BTreeMap<CheckName, Vec<String>>,
    /// Where metrics are asked for, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub metrics: BTreeMap<String, Metrics>,
    /// The members of each role.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub roles: BTreeMap<String, BTreeSet<String>>,
}

/// Where the platform is reached, and as whom.
#[derive(Debug)]
pub enum Connection {
    /// A cluster of Kubernetes.
    Kubernetes(Box<kube::Config>),
    /// Amazon ECS.
    Ecs(ecs::Connection),
}

/// Refuses options that say nothing of Kubernetes.
///
/// # Errors
/// [`CliError::Usage`].
pub fn for_kubernetes(options: &Cluster) -> Result<(), CliError> {
    match &options.profile {
        None => Ok(()),
        Some(_) => Err(CliError::Usage(
            "--profile is of AWS, and the rollout works on Kubernetes; leave it out".to_owned(),
        )),
    }
}

/// Refuses options that say nothing of Amazon ECS.
///
/// # Errors
/// [`CliError::Usage`].
pub fn for_ecs(options: &Cluster) -> Result<(), CliError> {
    let given = [
        ("--kubeconfig", options.kubeconfig.is_some()),
        ("--context", options.context.is_some()),
        ("--namespace", options.namespace.is_some()),
    ];
    match given.into_iter().find(|(_, is_given)| *is_given) {
        None => Ok(()),
        Some((option, _)) => Err(CliError::Usage(format!(
            "{option} is of Kubernetes, and the rollout works on Amazon ECS; leave it out"
        ))),
    }
}

impl Wiring {
    /// Where it lies: `NAME.wiring.json` for `NAME.journal`.
    pub fn beside(journal: &Path) -> PathBuf {
        journal.with_extension("wiring.json")
    }

    /// Writes it beside a journal, for its owner only as the journal is; durable when it returns.
    ///
    /// # Errors
    /// When the disk says no.
    pub fn write(&self, journal: &Path) -> io::Result<()> {
        let path = Self::beside(journal);
        let new = path.with_extension("json.new");
        // One that a crash left would keep its mode.
        match fs::remove_file(&new) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt as _;
            options.mode(0o600);
        }
        let mut file = options.open(&new)?;
        file.write_all(&serde_json::to_vec_pretty(self)?)?;
        file.sync_all()?;
        fs::rename(new, &path)?;
        // Elsewhere a folder cannot be opened, and a rename is as durable as it gets.
        if cfg!(unix) {
            let folder = path.parent().filter(|folder| *folder != Path::new(""));
            fs::File::open(folder.unwrap_or_else(|| Path::new(".")))?.sync_all()?;
        }
        Ok(())
    }

    /// Reads the one beside a journal.
    ///
    /// # Errors
    /// When there is none, or it does not read back.
    pub fn read(journal: &Path) -> Result<Self, CliError> {
        let path = Self::beside(journal);
        let failed = |source| CliError::Io {
            what: format!("read {}, which `rollway run` writes", path.display()),
            source,
        };
        let mut file = fs::File::open(&path).map_err(|error| {
            if error.kind() != io::ErrorKind::NotFound {
                return failed(error);
            }
            let words = format!(
                "it is not there; it says how the cluster is reached, and belongs together with \
                 {}: where the journal was copied, copy both",
                journal.display()
            );
            failed(io::Error::new(error.kind(), words))
        })?;
        is_ours(&file).map_err(failed)?;
        let mut text = String::new();
        file.read_to_string(&mut text).map_err(failed)?;
        serde_json::from_str(&text).map_err(|error| failed(error.into()))
    }

    /// The roles of an actor.
    pub fn roles_of(&self, actor: &str) -> BTreeSet<String> {
        let having = self.roles.iter();
        having
            .filter(|(_, members)| members.contains(actor))
            .map(|(role, _)| role.clone())
            .collect()
    }

    /// The cluster it was started on, where the options do not name another way to it.
    pub fn cluster(&self, options: &Cluster) -> Cluster {
        Cluster {
            kubeconfig: options
                .kubeconfig
                .clone()
                .or_else(|| self.kubeconfig.clone()),
            context: options.context.clone().or_else(|| self.context.clone()),
            namespace: options.namespace.clone(),
            profile: options.profile.clone().or_else(|| self.profile.clone()),
        }
    }

    /// The platform that it was started on, reached as the options say, else as it was then.
    ///
    /// # Errors
    /// When no way to it is found, or an option is for another platform.
    pub async fn connect(&self, options: &Cluster) -> Result<Connection, CliError> {
        let options = self.cluster(options);
        if self.ecs_parts.is_empty() {
            for_kubernetes(&options)?;
            let connection = kubernetes::connection(&options).await?;
            Ok(Connection::Kubernetes(Box::new(connection)))
        } else {
            for_ecs(&options)?;
            let connection = ecs::connect(options.profile.as_deref(), &self.ecs_parts).await?;
            Ok(Connection::Ecs(connection))
        }
    }

    /// A driver with targets, checks, hooks and gates, and nothing else.
    ///
    /// # Errors
    /// When the cluster cannot be reached, or what a source of metrics is shown cannot be read.
    pub async fn driver(&self, connection: Connection) -> Result<Driver, CliError> {
        let aws = match &connection {
            Connection::Kubernetes(_) => None,
            Connection::Ecs(connection) => Some(connection.clone()),
        };
        let sources = metrics::connected(&self.metrics, &aws).await?;
        let targets = match connection {
            Connection::Kubernetes(connection) => kubernetes::targets(*connection, &self.parts)?,
            Connection::Ecs(connection) => ecs::targets(&connection, &self.ecs_parts),
        };
        let counter = ProgramCounter::new(self.counters.clone());
        let driver = Driver::parts(
            targets
                .iter()
                .map(|(part, target)| (part.as_str(), target.clone())),
        )
        .hook(COMMAND, Program)
        .gate(COMMAND, Program)
        .analysis(FailureShare::KIND, FailureShare::new(counter));
        Ok(asking(driver, sources))
    }
}

/// The driver with sources of metrics, each under its name as the kind of the checks that ask it.
pub fn asking(driver: Driver, sources: BTreeMap<String, Arc<dyn MetricSource>>) -> Driver {
    sources.into_iter().fold(driver, |driver, (name, source)| {
        let analysis = MetricAnalysis::new(name.as_str(), source);
        driver.analysis(name, analysis)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wiring() -> Wiring {
        serde_json::from_value(serde_json::json!({
            "kubeconfig": "clusters/shop.kubeconfig",
            "parts": {"main": {
                "namespace": "shop",
                "workload": {"slots": [{"deployment": "a"}, {"deployment": "b"}]},
                "router": {"service-selector": {"service": "api"}},
            }},
            "counters": {"errors": ["./count"]},
            "roles": {"sre": ["ann", "bob"], "cto": ["ann"]},
        }))
        .unwrap()
    }

    #[test]
    fn it_survives_the_disk() {
        let folder = tempfile::tempdir().unwrap();
        let journal = folder.path().join("api.journal");
        wiring().write(&journal).unwrap();
        assert!(folder.path().join("api.wiring.json").exists());
        assert_eq!(Wiring::read(&journal).unwrap(), wiring());
        let missing = Wiring::read(&folder.path().join("other.journal")).unwrap_err();
        let words = missing.in_words();
        for word in ["other.wiring.json", "other.journal", "copy both"] {
            assert!(words.contains(word), "{words}");
        }
    }

    #[cfg(feature = "ecs")]
    #[test]
    fn one_of_amazon_ecs_survives_the_disk() {
        let at = "arn:aws:elasticloadbalancing:eu-central-1:123456789012";
        let slot = |name: &str| serde_json::json!({"service": name, "target-group": format!("{at}:targetgroup/{name}/a1")});
        let wiring: Wiring = serde_json::from_value(serde_json::json!({
            "profile": "shop",
            "ecs-parts": {"main": {"cluster": "shop", "mode": {"owned-weights": {
                "workload": {"pair": [slot("blue"), slot("green")]},
                "rules": [{"listener-default": format!("{at}:listener/app/shop/a1/b2")}],
            }}}},
        }))
        .unwrap();
        let folder = tempfile::tempdir().unwrap();
        let journal = folder.path().join("web.journal");
        wiring.write(&journal).unwrap();
        assert_eq!(Wiring::read(&journal).unwrap(), wiring);
        let text = fs::read_to_string(Wiring::beside(&journal)).unwrap();
        assert!(!text.contains("\"parts\""), "{text}");
    }

    #[cfg(unix)]
    #[test]
    fn one_that_others_may_write_is_not_obeyed() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let journal = folder.path().join("api.journal");
        wiring().write(&journal).unwrap();
        for (mode, is_fine) in [
            (0o644, true),
            (0o620, false),
            (0o602, false),
            (0o666, false),
        ] {
            let mode_of = fs::Permissions::from_mode(mode);
            fs::set_permissions(Wiring::beside(&journal), mode_of).unwrap();
            let read = Wiring::read(&journal);
            assert_eq!(read.is_ok(), is_fine, "{mode:o}");
            if let Err(error) = read {
                let words = error.in_words();
                assert!(words.contains("chmod go-w"), "{words}");
                assert!(words.contains("api.wiring.json"), "{words}");
            }
        }
        // Root may give a file away, and nobody else may.
        if rustix::process::geteuid().is_root() {
            let mode_of = fs::Permissions::from_mode(0o600);
            fs::set_permissions(Wiring::beside(&journal), mode_of).unwrap();
            std::os::unix::fs::chown(Wiring::beside(&journal), Some(65534), None).unwrap();
            let words = Wiring::read(&journal).unwrap_err().in_words();
            assert!(words.contains("another user"), "{words}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn it_is_its_owner_s_only() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let journal = folder.path().join("api.journal");
        // What a crash left behind says nothing about the mode.
        let left = folder.path().join("api.wiring.json.new");
        fs::write(&left, "half").unwrap();
        fs::set_permissions(&left, fs::Permissions::from_mode(0o666)).unwrap();
        wiring().write(&journal).unwrap();
        let metadata = fs::metadata(Wiring::beside(&journal)).unwrap();
        assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
        assert!(!left.exists());
    }

    #[test]
    fn an_actor_has_the_roles_that_name_them() {
        let roles = |actor| {
            wiring()
                .roles_of(actor)
                .into_iter()
                .collect::<Vec<_>>()
                .join(" ")
        };
        assert_eq!(
            [roles("ann"), roles("bob"), roles("eve")],
            ["cto sre", "sre", ""]
        );
    }

    #[test]
    fn an_option_goes_before_what_was_written() {
        let options = Cluster {
            context: Some("staging".to_owned()),
            ..Cluster::default()
        };
        let cluster = wiring().cluster(&options);
        assert_eq!(cluster.context.as_deref(), Some("staging"));
        assert_eq!(cluster.kubeconfig, wiring().kubeconfig);
    }
}
