//! One HTTP server that is all pods.
//!
//! It listens on one port of every address of this machine. The address at which a connection arrives is the
//! pod's IP: the pod of that IP answers as the tag of its image says, or refuses if there is none. Addresses of
//! pods have to be this machine's: those of 127.0.0.0/8 always are, others in a network namespace.
//!
//! # How a pod behaves
//! The tag of the first container's image begins with the version. After it, and in the annotation [`SERVES`],
//! come clauses, each after a `_`: `shop/web:v2_errors-5_latency-40ms-120ms`.
//!
//! | clause | what the pod does |
//! |---|---|
//! | `errors-5` | answers 5 % of requests with status 500, each by itself |
//! | `errors-5-burst-20` | the same share, 20 errors in a row each time |
//! | `hang`, `hang-5` | never answers, or never 5 % of requests |
//! | `reset`, `reset-5` | breaks the connection instead of answering, or that of 5 % of requests |
//! | `refuse` | takes no connection, though it is ready |
//! | `after-10m` | errors, hangs, resets and refusals of the same text begin at this age of the pod |
//! | `on-cart` | errors, hangs and resets of the same text strike `/cart` and what is below it |
//! | `between-60s-120s` | those of the same text strike only then, by the age of the *server*: an incident that all pods share |
//! | `latency-40ms-120ms` | answers take this long in the median and at the 95th percentile (log-normal); of one time, always that |
//! | `start-3s` | listens, and is ready, only 3 s after each start |
//! | `crash` | crash loop from the start, a restart more every second |
//! | `crash-10s` | is ready for 10 s, then as `crash` for good |
//! | `flap-5s-10s` | is ready for 5 s, down for 10 s, again and again; a restart each time it comes back |
//!
//! The tag wins over the annotation of latency, start and life; faults of both happen. A text that cannot be
//! understood is a [`Problem`], and its pod waits with the reason `CreateContainerConfigError`.
//!
//! # Two kinds of pods
//! A pod **with** the annotation [`SERVES`], be it empty, is alive here, and this server is its kubelet: the
//! stand-in kubelet gives it an address and leaves it running, not ready. The process goes its way, *then* the
//! server writes the status: [`Options::notice`] later, as a kubelet sees an ended process late, too. In between
//! lie the failures that users feel. A pod that is deleted answers on for its whole grace period (what a process
//! does that waits until it is no longer asked); then its connections are reset and its object removed. With a
//! grace period of nothing it is gone at once.
//!
//! A pod **without** it is the stand-in kubelet's alone: it answers while its status says that all of its
//! containers run, and is gone with its object. Nothing is written to it. Whoever else watches pods may know of a
//! change some milliseconds before this server does, so that a failure may be the lab's own: where failures are
//! counted, pods have the annotation.
//!
//! # How near it is to the real thing
//! A refused connection is taken by the kernel and reset at once, where a real one is refused on its first
//! packet (`ECONNREFUSED`). To a client it is a failure all the same, and to a proxy a failed upstream, before
//! any byte of an answer; but a client that tells the two apart sees
//! [`Reset`](super::load::Outcome::Reset), and one that repeats what certainly did not arrive
//! could repeat a refused connection and not this one. An address without any process also answers so, where a
//! real one may be silent until a timeout.

mod answers;
mod behaviour;
mod directory;
mod life;
mod parse;
mod process;
mod serve;
mod server;
mod status;
mod tally;
mod watch;

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

pub use self::behaviour::{Behaviour, Fault, FaultKind, Latency, Life, Scope};
pub use self::parse::BehaviourError;
pub use self::server::PodServer;
pub use self::status::Written;
pub use self::tally::{Served, Tally};

/// The annotation of a pod that says how every version of it behaves, and that this server is its kubelet.
pub const SERVES: &str = crate::kubelet::SERVED;

/// The header of every answer that tells the version.
pub const VERSION_HEADER: &str = "x-version";

/// The header of every answer that tells the pod, as `NAMESPACE/NAME`.
pub const POD_HEADER: &str = "x-pod";

/// How pods are served.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Options {
    /// The port of every pod; 0: a free one. Default: 0.
    pub port: u16,
    /// What all chance comes from: the same seed and the same pods in the same order, the same answers.
    /// `None`: a fresh one, which [`PodServer::seed`] tells and [`Tally`] prints. Default: `None`.
    pub seed: Option<u64>,
    /// From what becomes of a process until its pod's status says so. A kubelet looks every second, so that
    /// this is its average. Default: 500 ms.
    pub notice: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            port: 0,
            seed: None,
            notice: Duration::from_millis(500),
        }
    }
}

/// Something that makes what was served worth nothing, until it is mended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Problem {
    /// Two living pods have one address. Neither is served there.
    SameAddress {
        /// The address.
        address: IpAddr,
        /// The two, as `NAMESPACE/NAME`.
        pods: [String; 2],
    },
    /// A pod says what is not understood. It is not served.
    Behaviour {
        /// `NAMESPACE/NAME`.
        pod: String,
        /// What is not understood.
        error: BehaviourError,
    },
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SameAddress {
                address,
                pods: [one, other],
            } => write!(
                formatter,
                "{one} and {other} both have the address {address}: give every node of the stand-in kubelet \
                 enough addresses, and run one of it"
            ),
            Self::Behaviour { pod, error } => write!(formatter, "{pod}: {error}"),
        }
    }
}

/// Why pods are not served.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PodsError {
    /// The port cannot be had.
    #[error("cannot listen on port {port} of all addresses: end what does, or choose another")]
    Listen {
        /// The port.
        port: u16,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// The operating system gave no thread or no timer.
    #[error("cannot start a thread for the pods")]
    Thread(#[source] std::io::Error),
    /// No client could be made to watch pods with.
    #[error("cannot make a client to watch pods with")]
    Client(#[source] Box<kube::Error>),
    /// What came up since the start.
    #[error("pods were not served as they should be: {}", in_words(.0))]
    Problems(Vec<Problem>),
}

fn in_words(problems: &[Problem]) -> String {
    let words: Vec<String> = problems.iter().map(ToString::to_string).collect();
    words.join("; ")
}
