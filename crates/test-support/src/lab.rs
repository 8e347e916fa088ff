//! The lab: real requests through a real gateway to pods that answer, on one machine and without its network.
//!
//! A control plane, [Traefik](https://traefik.io/traefik), [Prometheus](https://prometheus.io), the pods, their clients
//! and whatever is tried run in one [network namespace](namespace) of Linux. In it every address of pods is this
//! machine, so that [one server](pods) on port [`POD_PORT`] is all of them, and the gateway finds the pods where the
//! control plane says that they are. [Clients](load) count what they are answered. No root is needed where users may
//! make namespaces.
//!
//! ```no_run
//! use test_support::Lab;
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! // The first line of a test: in the network of the lab it returns, anywhere else the program begins anew in there.
//! let lab = Lab::shared()?;
//! let namespace = lab.plane().namespace()?;
//! println!("{} through {}", namespace, lab.gateway().url());
//! # Ok(())
//! # }
//! ```
//!
//! A test says `#[ignore = "needs the lab: cargo xtask test"]`. By hand: `cargo xtask testbed build` once, and then
//! `cargo test -p cli-demo --test traffic -- --ignored`. For a person, `cargo xtask lab up` leaves a lab running.

pub mod apply;
mod dice;
mod error;
mod files;
pub mod gateway;
pub mod load;
pub mod namespace;
mod objects;
pub mod pods;
mod priority;
mod scraping;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::OnceLock;

pub use error::LabError;
pub use gateway::Gateway;
pub use namespace::NoNamespace;
pub use objects::{GATEWAY_NAME, GATEWAY_NAMESPACE};

use crate::control_plane::{ControlPlane, Options};
use crate::prometheus::Prometheus;
use pods::PodServer;

/// The port on which every pod answers.
pub const POD_PORT: u16 = 8080;

/// The port on which the gateway takes requests: that of the one listener of its Gateway.
pub const GATEWAY_PORT: u16 = 8000;

/// The port on which Prometheus answers, so that files can name it.
pub const PROMETHEUS_PORT: u16 = 9090;

/// A control plane, the pods that it has, a gateway that carries out what is written there, and a Prometheus that
/// scrapes it each second.
///
/// There is one at most in a network: it takes [`GATEWAY_PORT`] and [`PROMETHEUS_PORT`].
///
/// # Guarantees
/// As [`ControlPlane`]: exactly the processes that this handle started are killed, whatever ends this process.
#[derive(Debug)]
pub struct Lab {
    pods: PodServer,
    prometheus: Prometheus,
    gateway: Gateway,
    // Last: the others ask it.
    plane: ControlPlane,
}

impl Lab {
    /// Starts everything, and waits until the gateway says that its Gateway is programmed; takes 5 to 8 s, for which
    /// its thread is blocked.
    ///
    /// # Errors
    /// [`LabError::Outside`] unless [`namespace::is_inside`]; otherwise when a program is missing, ends, or takes too
    /// long: the control plane by the default of [`Options::start_limit`], gateway and Prometheus 30 s each to listen,
    /// and the gateway 60 s to say that its Gateway is programmed.
    pub fn start() -> Result<Self, LabError> {
        if !namespace::is_inside() {
            return Err(LabError::Outside);
        }
        // What is missing is known before anything is started.
        crate::programs::traefik()?;
        crate::programs::prometheus()?;
        let plane = ControlPlane::start(Options {
            istio: false,
            ..Options::default()
        })?;
        let options = pods::Options {
            port: POD_PORT,
            ..pods::Options::default()
        };
        let pods = PodServer::watching(&options, plane.config("rollway-lab-pods")?, None)?;
        let gateway = Gateway::start(&plane)?;
        objects::create(&plane, &gateway)?;
        let prometheus = scraping::start(&gateway)?;
        Ok(Self {
            pods,
            prometheus,
            gateway,
            plane,
        })
    }

    /// The lab that all tests of this process share, started by the first that asks.
    ///
    /// Where this process is not in the network of a lab, it does not return: the program begins anew in one, with the
    /// same arguments, and what it did before it does again. So ask for it at first.
    ///
    /// It lives until the process ends. Tests keep apart by a [`namespace`](ControlPlane::namespace) and a hostname
    /// each.
    ///
    /// # Errors
    /// When there can be no such network here, or as [`start`](Self::start); every later call returns the same error.
    pub fn shared() -> Result<&'static Self, &'static LabError> {
        static SHARED: OnceLock<Result<Lab, LabError>> = OnceLock::new();
        let start = || {
            namespace::enter()?;
            Self::start()
        };
        SHARED.get_or_init(start).as_ref()
    }

    /// Its control plane.
    #[must_use]
    pub fn plane(&self) -> &ControlPlane {
        &self.plane
    }

    /// Its gateway.
    #[must_use]
    pub fn gateway(&self) -> &Gateway {
        &self.gateway
    }

    /// The server that is all pods, of all namespaces.
    #[must_use]
    pub fn pods(&self) -> &PodServer {
        &self.pods
    }

    /// Its Prometheus, whose job `gateway` has what the gateway tells.
    #[must_use]
    pub fn prometheus(&self) -> &Prometheus {
        &self.prometheus
    }
}

/// What a client of the gateway of a lab sends: so many requests a second to this host, everything else by default.
#[must_use]
pub fn requests(host: &str, rate: f64) -> load::Options {
    let gateway = SocketAddr::from((Ipv4Addr::LOCALHOST, GATEWAY_PORT));
    let mut options = load::Options::new(gateway, rate);
    host.clone_into(&mut options.host);
    options
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_started_in_the_network_of_the_machine() {
        assert!(!namespace::is_inside());
        let refused = Lab::start().unwrap_err();
        assert!(matches!(refused, LabError::Outside), "{refused}");
    }
}
