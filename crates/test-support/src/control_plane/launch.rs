//! The programs and the flags they are started with.

use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};

use super::ControlPlaneError;
use super::access::{ADMIN, kubeconfig_path, user_table, write_kubeconfigs};
use super::credentials::{
    CERTIFICATES, SERVICE_ACCOUNT_KEY, SERVICE_ACCOUNT_PUBLIC_KEY, ServiceAccountKeys, TOKENS,
};
use crate::child::{ChildError, Process, Watchdog, free_port};
use crate::kubelet;
use crate::programs::Programs;

/// The audit log's name in the folder of the run.
pub(crate) const AUDIT_LOG: &str = "audit.log";

const CONTROLLER_MANAGER: &str = "kube-controller-manager";
const AUDIT_POLICY: &str = include_str!("audit-policy.yaml");
const CONTROLLERS: &str = "deployment-controller,replicaset-controller,endpointslice-controller,\
    endpoints-controller,statefulset-controller,horizontal-pod-autoscaler-controller,\
    garbage-collector-controller,namespace-controller,disruption-controller";

/// The processes, in the order in which they end.
#[derive(Debug)]
pub(crate) struct Launched {
    controllers: Vec<Process>,
    pub(crate) api_server: Process,
    etcd: Process,
    pub(crate) api_port: u16,
    etcd_port: u16,
    watchdog: Arc<Mutex<Watchdog>>,
}

impl Launched {
    /// Starts etcd and the API server; the others wait until it answers.
    pub(crate) fn start(programs: &Programs, folder: &Path) -> Result<Self, ControlPlaneError> {
        let watchdog = Watchdog::shared(folder)?;
        write(folder, TOKENS, &user_table())?;
        let keys = ServiceAccountKeys::generate()?;
        write(folder, SERVICE_ACCOUNT_KEY, &keys.private)?;
        write(folder, SERVICE_ACCOUNT_PUBLIC_KEY, &keys.public)?;
        write(folder, "audit-policy.yaml", AUDIT_POLICY)?;
        write(folder, "stages.yaml", &kubelet::stages())?;

        let (etcd_port, peer_port, api_port) = (free_port()?, free_port()?, free_port()?);
        let arguments = etcd_arguments(etcd_port, peer_port, folder);
        let etcd = Process::start("etcd", &programs.etcd, &arguments, folder, &watchdog)?;
        let api_server = start_api_server(programs, folder, api_port, etcd_port, &watchdog)?;
        Ok(Self {
            controllers: Vec::new(),
            api_server,
            etcd,
            api_port,
            etcd_port,
            watchdog,
        })
    }

    pub(crate) fn start_api_server(
        &mut self,
        programs: &Programs,
        folder: &Path,
    ) -> Result<(), ControlPlaneError> {
        self.api_server.stop()?;
        self.api_server = start_api_server(
            programs,
            folder,
            self.api_port,
            self.etcd_port,
            &self.watchdog,
        )?;
        Ok(())
    }

    /// Starts what talks to the API server, which must be answering: some of these end if it is
    /// not.
    pub(crate) fn start_controllers(
        &mut self,
        programs: &Programs,
        folder: &Path,
    ) -> Result<(), ControlPlaneError> {
        write_kubeconfigs(folder, self.api_port)?;
        let kubeconfig = kubeconfig_path(folder, ADMIN).display().to_string();
        let key = folder.join(SERVICE_ACCOUNT_KEY).display().to_string();
        let stages = folder.join("stages.yaml").display().to_string();
        let started = [
            (
                CONTROLLER_MANAGER,
                &programs.kube_controller_manager,
                vec![
                    format!("--kubeconfig={kubeconfig}"),
                    "--leader-elect=false".to_owned(),
                    "--secure-port=0".to_owned(),
                    format!("--service-account-private-key-file={key}"),
                    format!("--controllers={CONTROLLERS}"),
                    // The defaults of 20 and 30 a second would be what a test with many pods
                    // measures.
                    "--kube-api-qps=200".to_owned(),
                    "--kube-api-burst=400".to_owned(),
                ],
            ),
            (
                "kube-scheduler",
                &programs.kube_scheduler,
                vec![
                    format!("--kubeconfig={kubeconfig}"),
                    "--leader-elect=false".to_owned(),
                    "--secure-port=0".to_owned(),
                ],
            ),
            (
                "kwok",
                &programs.kwok,
                vec![
                    format!("--kubeconfig={kubeconfig}"),
                    "--manage-all-nodes".to_owned(),
                    "--node-lease-duration-seconds=40".to_owned(),
                    "--enable-crds=".to_owned(),
                    format!("--cidr={}", kubelet::KWOK_RANGE),
                    format!("--config={stages}"),
                ],
            ),
        ];
        for (name, path, arguments) in started {
            self.controllers.push(Process::start(
                name,
                path,
                &arguments,
                folder,
                &self.watchdog,
            )?);
        }
        Ok(())
    }

    /// # Errors
    /// [`ChildError::Ended`] for a program that has ended by itself.
    pub(crate) fn check_alive(&mut self) -> Result<(), ChildError> {
        // First what the others depend on: its log has the cause.
        self.etcd.check_alive()?;
        self.api_server.check_alive()?;
        self.controllers
            .iter_mut()
            .try_for_each(Process::check_alive)
    }

    /// # Errors
    /// When it has not been started yet.
    pub(crate) fn controller_manager(&self) -> Result<&Process, ChildError> {
        let mut controllers = self.controllers.iter();
        controllers
            .find(|process| process.program() == CONTROLLER_MANAGER)
            .ok_or_else(|| ChildError::Process {
                attempt: "find",
                program: CONTROLLER_MANAGER,
                source: std::io::ErrorKind::NotFound.into(),
            })
    }

    /// The end of the log of the program of that name, or of the API server's.
    pub(crate) fn log_tail(&self, program: &str) -> String {
        let controller = self
            .controllers
            .iter()
            .find(|process| process.program() == program);
        controller.unwrap_or(&self.api_server).log_tail()
    }
}

fn start_api_server(
    programs: &Programs,
    folder: &Path,
    port: u16,
    etcd_port: u16,
    watchdog: &Arc<Mutex<Watchdog>>,
) -> Result<Process, ChildError> {
    let arguments = api_server_arguments(port, etcd_port, folder);
    Process::start(
        "kube-apiserver",
        &programs.kube_apiserver,
        &arguments,
        folder,
        watchdog,
    )
}

fn etcd_arguments(client_port: u16, peer_port: u16, folder: &Path) -> Vec<String> {
    let client = format!("http://127.0.0.1:{client_port}");
    let peer = format!("http://127.0.0.1:{peer_port}");
    vec![
        format!("--data-dir={}", folder.join("etcd").display()),
        "--unsafe-no-fsync".to_owned(),
        format!("--listen-client-urls={client}"),
        format!("--advertise-client-urls={client}"),
        format!("--listen-peer-urls={peer}"),
        format!("--initial-advertise-peer-urls={peer}"),
        format!("--initial-cluster=default={peer}"),
    ]
}

fn api_server_arguments(port: u16, etcd_port: u16, folder: &Path) -> Vec<String> {
    let file = |name: &str| folder.join(name).display().to_string();
    vec![
        format!("--etcd-servers=http://127.0.0.1:{etcd_port}"),
        format!("--secure-port={port}"),
        "--bind-address=127.0.0.1".to_owned(),
        // Nobody is told of it, but without it the server looks for a default route, and a sandbox
        // may have none.
        "--advertise-address=192.0.2.1".to_owned(),
        format!("--cert-dir={}", file(CERTIFICATES)),
        // Room for the Services of all tests of a program: nobody removes them.
        "--service-cluster-ip-range=10.0.0.0/16".to_owned(),
        format!(
            "--service-account-key-file={}",
            file(SERVICE_ACCOUNT_PUBLIC_KEY)
        ),
        format!(
            "--service-account-signing-key-file={}",
            file(SERVICE_ACCOUNT_KEY)
        ),
        "--service-account-issuer=https://kubernetes.default.svc".to_owned(),
        "--authorization-mode=RBAC".to_owned(),
        format!("--token-auth-file={}", file(TOKENS)),
        // No controller here makes service accounts or removes the not-ready taint of a new node.
        "--disable-admission-plugins=ServiceAccount,TaintNodesByCondition".to_owned(),
        format!("--audit-policy-file={}", file("audit-policy.yaml")),
        format!("--audit-log-path={}", file(AUDIT_LOG)),
        // An event is in the log before its answer is sent, so that a test can count what it has
        // just done.
        "--audit-log-mode=blocking-strict".to_owned(),
    ]
}

fn write(folder: &Path, name: &str, text: &str) -> Result<(), ControlPlaneError> {
    let path = folder.join(name);
    fs::write(&path, text).map_err(ControlPlaneError::file("write", &path))
}
