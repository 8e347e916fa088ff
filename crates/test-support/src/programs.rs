//! Where the programs of the test bed are found.

use std::env;
use std::path::{Path, PathBuf};

use crate::child::target_dir;

/// The command that builds what is missing; part of every error that reports it.
pub const BUILD_COMMAND: &str = "cargo xtask testbed build";

/// The programs of a control plane, all of them present.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Programs {
    /// The store of the API server.
    pub etcd: PathBuf,
    /// The API server.
    pub kube_apiserver: PathBuf,
    /// Deployments, ReplicaSets, EndpointSlices, autoscalers, garbage collection.
    pub kube_controller_manager: PathBuf,
    /// Gives pods a node.
    pub kube_scheduler: PathBuf,
    /// Stands in for the kubelets.
    pub kwok: PathBuf,
    /// Istio's CustomResourceDefinitions, one YAML stream.
    pub istio_crds: PathBuf,
    /// The newest CustomResourceDefinitions of Gateway API, one YAML stream.
    pub gateway_crds: PathBuf,
    /// The oldest with a version that is understood.
    pub oldest_gateway_crds: PathBuf,
}

/// A program or file of the test bed that is not there.
#[derive(Debug, thiserror::Error)]
#[error("the test bed lacks {path}: build it with `{BUILD_COMMAND}`")]
pub struct Missing {
    /// The file that was looked for last.
    pub path: PathBuf,
}

/// Finds Traefik, the gateway of the lab.
///
/// # Errors
/// [`Missing`] names where it was looked for and the command that builds it.
pub fn traefik() -> Result<PathBuf, Missing> {
    present(testbed_dir().join("bin/traefik"))
}

/// Finds Prometheus, which is installed in a folder of its own.
///
/// # Errors
/// [`Missing`] names where it was looked for and the command that installs it.
pub fn prometheus() -> Result<PathBuf, Missing> {
    present(target_dir().join("prometheus/usr/bin/prometheus"))
}

/// Finds the programs: etcd and kube-apiserver in the folder that `KUBEBUILDER_ASSETS` names, if it
/// is set; everything else in `testbed/bin` of the target folder.
///
/// # Errors
/// [`Missing`] names the first file that is not there and the command that builds it.
pub fn programs() -> Result<Programs, Missing> {
    let assets = env::var_os("KUBEBUILDER_ASSETS").filter(|value| !value.is_empty());
    find(&testbed_dir(), assets.map(PathBuf::from).as_deref())
}

fn find(testbed: &Path, assets: Option<&Path>) -> Result<Programs, Missing> {
    let built = testbed.join("bin");
    let server_side = assets.unwrap_or(&built);
    Ok(Programs {
        etcd: present(server_side.join("etcd"))?,
        kube_apiserver: present(server_side.join("kube-apiserver"))?,
        kube_controller_manager: present(built.join("kube-controller-manager"))?,
        kube_scheduler: present(built.join("kube-scheduler"))?,
        kwok: present(built.join("kwok"))?,
        istio_crds: present(testbed.join("crds/istio.yaml"))?,
        gateway_crds: present(testbed.join("crds/gateway-newest.yaml"))?,
        oldest_gateway_crds: present(testbed.join("crds/gateway-oldest.yaml"))?,
    })
}

fn present(path: PathBuf) -> Result<PathBuf, Missing> {
    if path.is_file() {
        Ok(path)
    } else {
        Err(Missing { path })
    }
}

/// The folder of the test bed in the target folder: programs in `bin`, definitions in `crds`, the
/// data of running control planes in `run`.
#[must_use]
pub fn testbed_dir() -> PathBuf {
    target_dir().join("testbed")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn folder_with(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        folder
    }

    const BUILT: [&str; 8] = [
        "bin/etcd",
        "bin/kube-apiserver",
        "bin/kube-controller-manager",
        "bin/kube-scheduler",
        "bin/kwok",
        "crds/istio.yaml",
        "crds/gateway-newest.yaml",
        "crds/gateway-oldest.yaml",
    ];

    #[test]
    fn everything_built_is_found() {
        let folder = folder_with(&BUILT);
        let programs = find(folder.path(), None).unwrap();
        assert_eq!(programs.kwok, folder.path().join("bin/kwok"));
        assert_eq!(programs.istio_crds, folder.path().join("crds/istio.yaml"));
    }

    #[test]
    fn a_missing_program_is_named_with_the_command_that_builds_it() {
        for left_out in BUILT {
            let others: Vec<&str> = BUILT.into_iter().filter(|file| *file != left_out).collect();
            let folder = folder_with(&others);
            let message = find(folder.path(), None).unwrap_err().to_string();
            assert!(message.contains(left_out), "{message}");
            assert!(message.contains("cargo xtask testbed build"), "{message}");
        }
    }

    #[test]
    fn assets_of_envtest_replace_etcd_and_the_api_server() {
        let built = folder_with(&BUILT[2..]);
        let assets = folder_with(&["etcd", "kube-apiserver"]);
        let programs = find(built.path(), Some(assets.path())).unwrap();
        assert_eq!(programs.etcd, assets.path().join("etcd"));
        assert_eq!(
            programs.kube_apiserver,
            assets.path().join("kube-apiserver")
        );
        assert_eq!(
            programs.kube_scheduler,
            built.path().join("bin/kube-scheduler")
        );
    }
}
