//! A load client with a fixed arrival rate (an open loop), which counts every answer.
//!
//! Requests are due at moments that are fixed beforehand, and are sent then, whatever became of those before:
//! a late answer delays nothing, so that a slow server is not spared and its slowness is not hidden. What
//! could not be sent in time, as this process did not get to it or too much was open, is not sent late but
//! counted as [missed](Report::missed): a run with missed arrivals says less than it seems to.
//!
//! It counts what a user without luck would feel. **Nothing is ever sent twice**: connections are hyper's bare
//! ones (`hyper::client::conn`), without the pool of `hyper-util`, whose client sends a request again by itself
//! when the kept connection that it took was closed under it (`retry_canceled_requests`, on by default). Here
//! that is one [`Reset`](Outcome::Reset). Nor does the gateway send anything twice: requests are orders
//! ([`Method::Post`]) unless told otherwise.
//!
//! ```no_run
//! use test_support::lab::load::{Load, Options};
//!
//! # fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let mut options = Options::new("127.0.0.1:8000".parse()?, 200.0);
//! options.host = "shop.example".to_owned();
//! let load = Load::start(&options)?;
//! // ... a rollout ...
//! let report = load.stop();
//! assert_eq!(report.counts().failed(), 0, "{report}");
//! assert!(report.missed().is_empty(), "{report}");
//! # Ok(())
//! # }
//! ```

mod arrivals;
mod client;
mod made;
mod outcome;
mod report;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, SystemTime};

use http::{HeaderMap, HeaderName};
use tokio::runtime::Builder;
use tokio::sync::watch;
use tokio::time::Instant;

use self::client::Client;
pub use self::outcome::Outcome;
pub use self::report::{Counts, Failure, Report};
use super::files;

/// What is sent, and how.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Options {
    /// Where connections go to.
    pub target: SocketAddr,
    /// Requests a second, evenly spread.
    pub rate: f64,
    /// What they ask for. Default: [`Post`](Method::Post), of which a proxy hides no failure.
    pub method: Method,
    /// The header `Host`. Default: the target.
    pub host: String,
    /// Path and query. Default: `/`.
    pub path: String,
    /// Headers of every request besides. Default: none.
    pub headers: HeaderMap,
    /// Whether a connection serves one request after the other. Default: kept alive.
    pub connections: Connections,
    /// From sending, connecting included, to the end of the answer; then the request counts as
    /// [`TimedOut`](Outcome::TimedOut) and its connection is closed. Default: 5 s.
    pub time_limit: Duration,
    /// An arrival that is later than this is missed. Default: 250 ms, which a machine with several busy
    /// processes to a core now and then makes any thread wait, and which is less than counts by the second
    /// can tell.
    pub tolerance: Duration,
    /// An arrival that finds so many requests unanswered is missed: each holds a socket. Default: 2000.
    pub most_open: usize,
    /// The header of answers that tells the version. Default: `x-version`, which the pods of the lab send.
    pub version_header: HeaderName,
}

/// What requests ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Method {
    /// An order: `POST` with a small body. Nobody on the way may send it twice, so that its sender learns of every
    /// connection that broke under it.
    Post,
    /// A question: `GET`. A proxy sends it again over another connection when one that it had kept breaks under it, as
    /// that of Go's library does, and its sender never learns of the first.
    Get,
}

/// What becomes of a connection after an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Connections {
    /// The next request that finds it idle takes it, the one that was used last first.
    KeptAlive,
    /// It is closed; every request says `Connection: close`.
    OnePerRequest,
}

/// Why a load could not be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// An option that makes no sense.
    #[error("cannot send load: {option} is {value}, and has to be {wanted}")]
    Option {
        /// Which.
        option: &'static str,
        /// What it is.
        value: String,
        /// What it has to be.
        wanted: &'static str,
    },
    /// The operating system gave no thread or no timer.
    #[error("cannot start a thread for the load")]
    Thread(#[source] std::io::Error),
}

impl Options {
    /// `rate` requests a second to `target`, everything else by default.
    #[must_use]
    pub fn new(target: SocketAddr, rate: f64) -> Self {
        Self {
            target,
            rate,
            method: Method::Post,
            host: target.to_string(),
            path: "/".to_owned(),
            headers: HeaderMap::new(),
            connections: Connections::KeptAlive,
            time_limit: Duration::from_secs(5),
            tolerance: Duration::from_millis(250),
            most_open: 2_000,
            version_header: HeaderName::from_static(crate::lab::pods::VERSION_HEADER),
        }
    }
}

/// A running load. It has a thread of its own, so that what its user does, blocking or not, delays no arrival.
///
/// Dropped without [`stop`](Self::stop), it ends at once and tells nothing.
#[derive(Debug)]
pub struct Load {
    report: Arc<Mutex<Report>>,
    began: Instant,
    stop: watch::Sender<Stop>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stop {
    GoOn,
    /// What is open is waited for.
    NoMore,
    Now,
}

impl Load {
    /// The first request is due at once.
    ///
    /// # Errors
    /// When an option makes no sense, or there is no thread to be had.
    pub fn start(options: &Options) -> Result<Self, LoadError> {
        let arrivals = arrivals::Schedule::new(options.rate)?;
        let client = Client::new(options)?;
        files::allow_many();
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(LoadError::Thread)?;
        #[expect(
            clippy::disallowed_methods,
            reason = "to be laid beside what other programs log"
        )]
        let (began, wall) = (Instant::now(), SystemTime::now());
        let report = Arc::new(Mutex::new(Report::new(wall)));
        let (stop, stopped) = watch::channel(Stop::GoOn);
        let sender = client::Sender {
            client,
            report: Arc::clone(&report),
            began,
            most_open: options.most_open,
        };
        let sending = client::send_all(arrivals, sender, options.tolerance, stopped);
        let work = move || runtime.block_on(sending);
        let thread = thread::Builder::new()
            .name("lab-load".to_owned())
            .spawn(work)
            .map_err(LoadError::Thread)?;
        Ok(Self {
            report,
            began,
            stop,
            thread: Some(thread),
        })
    }

    /// Since it began: the moments of the report are counted so.
    #[must_use]
    pub fn age(&self) -> Duration {
        self.began.elapsed()
    }

    /// What has been counted until now.
    #[must_use]
    pub fn report(&self) -> Report {
        let mut report = locked(&self.report).clone();
        report.set_length(self.age());
        report
    }

    /// Sends no more, waits for what is open (at most as long as a request may take), and tells everything.
    #[must_use]
    pub fn stop(mut self) -> Report {
        let length = self.age();
        self.end(Stop::NoMore);
        let mut report = locked(&self.report).clone();
        report.set_length(length);
        report
    }

    fn end(&mut self, how: Stop) {
        self.stop.send_replace(how);
        if let Some(thread) = self.thread.take() {
            // A panic there has been printed; what was counted until then stands.
            let _ended: thread::Result<()> = thread.join();
        }
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.end(Stop::Now);
    }
}

fn locked(report: &Mutex<Report>) -> MutexGuard<'_, Report> {
    // It is whole after every single count.
    report.lock().unwrap_or_else(PoisonError::into_inner)
}
