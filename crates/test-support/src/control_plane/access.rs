//! Users, kubeconfigs and clients.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use http::header::USER_AGENT;
use k8s_openapi::api::core::v1::Namespace;
use kube::api::{ObjectMeta, PostParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Api, Client, Config};
use serde_json::json;

use super::credentials::server_certificates;
use super::wait::blocking;
use super::{ControlPlane, ControlPlaneError};

/// May do everything: in the group `system:masters`.
pub(crate) const ADMIN: &str = "admin";

/// Users without any rights, for tests that grant some and see what is refused. Roles are bound to
/// the name.
pub const TEST_USERS: [&str; 8] = [
    "rollway-test-1",
    "rollway-test-2",
    "rollway-test-3",
    "rollway-test-4",
    "rollway-test-5",
    "rollway-test-6",
    "rollway-test-7",
    "rollway-test-8",
];

impl ControlPlane {
    /// Where the API server answers: `https://127.0.0.1:PORT`, also after a restart of it.
    #[must_use]
    pub fn url(&self) -> String {
        url(self.launched().api_port)
    }

    /// The certificates to trust, as PEM.
    ///
    /// # Errors
    /// When the API server has not written them.
    pub fn ca(&self) -> Result<String, ControlPlaneError> {
        server_certificates(&self.folder())
    }

    /// The bearer token of a user in `system:masters`.
    #[must_use]
    pub fn admin_token(&self) -> String {
        token(ADMIN)
    }

    /// A kubeconfig of a user in `system:masters`. The file exists as long as the control plane.
    #[must_use]
    pub fn kubeconfig(&self) -> PathBuf {
        kubeconfig_path(&self.folder(), ADMIN)
    }

    /// A kubeconfig of one of [`TEST_USERS`], who has no rights but those that a test grants. The
    /// file exists as long as the control plane.
    ///
    /// # Errors
    /// When `user` is not among them.
    pub fn kubeconfig_for(&self, user: &str) -> Result<PathBuf, ControlPlaneError> {
        if !TEST_USERS.contains(&user) {
            return Err(ControlPlaneError::NoSuchUser {
                user: user.to_owned(),
            });
        }
        Ok(kubeconfig_path(&self.folder(), user))
    }

    /// The configuration of a client with all rights that calls itself `user_agent`, by which
    /// [`audit_log`](Self::audit_log) tells its calls from others'.
    ///
    /// # Errors
    /// When `user_agent` cannot be the value of a header.
    pub fn config(&self, user_agent: &str) -> Result<Config, ControlPlaneError> {
        self.config_as(ADMIN, user_agent)
    }

    /// As [`config`](Self::config), for one of [`TEST_USERS`].
    ///
    /// # Errors
    /// When `user` is not among them or `user_agent` cannot be the value of a header.
    pub fn config_for(&self, user: &str, user_agent: &str) -> Result<Config, ControlPlaneError> {
        self.kubeconfig_for(user)?;
        self.config_as(user, user_agent)
    }

    /// A client with all rights that calls itself `user_agent`. Must be called within the runtime
    /// of tokio that the client is used in.
    ///
    /// # Errors
    /// As [`config`](Self::config), and when no TLS stack could be set up.
    pub fn client(&self, user_agent: &str) -> Result<Client, ControlPlaneError> {
        connect(self.config(user_agent)?)
    }

    /// As [`client`](Self::client), for one of [`TEST_USERS`].
    ///
    /// # Errors
    /// As [`config_for`](Self::config_for), and when no TLS stack could be set up.
    pub fn client_for(&self, user: &str, user_agent: &str) -> Result<Client, ControlPlaneError> {
        connect(self.config_for(user, user_agent)?)
    }

    /// Makes a namespace that no other test has, and returns its name.
    ///
    /// # Errors
    /// When the API server refuses it or cannot be reached.
    pub fn namespace(&self) -> Result<String, ControlPlaneError> {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let name = format!("test-{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let namespace = Namespace {
            metadata: ObjectMeta {
                name: Some(name.clone()),
                ..ObjectMeta::default()
            },
            ..Namespace::default()
        };
        blocking(async || {
            let api: Api<Namespace> = Api::all(self.client("rollway-test-support")?);
            let created = api.create(&PostParams::default(), &namespace).await;
            created.map_err(ControlPlaneError::api("create a namespace"))
        })?;
        Ok(name)
    }

    fn config_as(&self, user: &str, user_agent: &str) -> Result<Config, ControlPlaneError> {
        let failed = |reason: String| ControlPlaneError::Credentials {
            attempt: "make a client's configuration",
            reason,
        };
        let port = self.launched().api_port;
        let text = kubeconfig_text(port, &self.ca()?, user);
        let kubeconfig = Kubeconfig::from_yaml(&text).map_err(|error| failed(error.to_string()))?;
        let agent = HeaderValue::from_str(user_agent).map_err(|error| failed(error.to_string()))?;
        let mut config = blocking(async || {
            Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default())
                .await
                .map_err(|error| failed(error.to_string()))
        })?;
        // A proxy of the environment's would be asked for an address that only this machine has.
        config.proxy_url = None;
        config.headers.push((USER_AGENT, agent));
        Ok(config)
    }
}

fn connect(config: Config) -> Result<Client, ControlPlaneError> {
    Client::try_from(config).map_err(ControlPlaneError::api("make a client"))
}

/// The API server's table of tokens.
pub(crate) fn user_table() -> String {
    let mut table = format!("{},{ADMIN},{ADMIN},\"system:masters\"\n", token(ADMIN));
    for user in TEST_USERS {
        table.push_str(&format!("{},{user},{user}\n", token(user)));
    }
    table
}

fn token(user: &str) -> String {
    format!("token-of-{user}")
}

fn url(port: u16) -> String {
    format!("https://127.0.0.1:{port}")
}

pub(crate) fn kubeconfig_path(folder: &Path, user: &str) -> PathBuf {
    folder.join(format!("{user}.kubeconfig"))
}

/// Writes the kubeconfig of each user, once for all: a program may read one at any time.
pub(crate) fn write_kubeconfigs(folder: &Path, port: u16) -> Result<(), ControlPlaneError> {
    let certificates = server_certificates(folder)?;
    for user in TEST_USERS.into_iter().chain([ADMIN]) {
        let path = kubeconfig_path(folder, user);
        let text = kubeconfig_text(port, &certificates, user);
        fs::write(&path, text).map_err(ControlPlaneError::file("write the kubeconfig", &path))?;
    }
    Ok(())
}

/// JSON, which is YAML: every client reads it.
fn kubeconfig_text(port: u16, certificates: &str, user: &str) -> String {
    let authority = STANDARD.encode(certificates);
    let cluster = json!({"server": url(port), "certificate-authority-data": authority});
    json!({
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "testbed",
        "contexts": [{"name": "testbed", "context": {"cluster": "testbed", "user": user}}],
        "clusters": [{"name": "testbed", "cluster": cluster}],
        "users": [{"name": user, "user": {"token": token(user)}}],
    })
    .to_string()
}
