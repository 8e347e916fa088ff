//! The server as its user holds it, and what all of its parts share.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use k8s_openapi::api::core::v1::Pod;
use kube::{Client, Config};
use tokio::net::{TcpListener, TcpSocket};
use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep_until};

use super::directory::{Directory, News, Nobody};
use super::life::{Phase, stretch};
use super::process::{Process, Taken};
use super::status::{self, Condition, Written};
use super::tally::{Served, Tally};
use super::{Options, PodsError, Problem, serve, watch};
use crate::lab::dice::fresh_seed;
use crate::lab::{files, priority};

/// Connections that wait to be taken. More than this at once is refused by the kernel.
const BACKLOG: u32 = 1_024;

/// All pods, until it is dropped. It has a thread of its own, so that what its user does delays no answer, and where
/// that is allowed, as it is to root, it comes before what else wants a core.
#[derive(Debug)]
pub struct PodServer {
    shared: Arc<Shared>,
    port: u16,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// What connections, processes and the watch share.
pub(crate) struct Shared {
    began: Instant,
    notice: Duration,
    runtime: Handle,
    client: Option<Client>,
    directory: Mutex<Directory>,
    tally: Mutex<Tally>,
    written: Mutex<Vec<Written>>,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Shared")
            .field("notice", &self.notice)
            .field("directory", &self.directory)
            .finish_non_exhaustive()
    }
}

impl PodServer {
    /// Serves the pods that are [put](Self::put); no API server is asked or told.
    ///
    /// # Errors
    /// When the port is not to be had, or no thread.
    pub fn start(options: &Options) -> Result<Self, PodsError> {
        Self::run(options, None, None)
    }

    /// Serves the pods of one namespace, or of all, that an API server has, and is the kubelet of those with
    /// the annotation [`SERVES`](super::SERVES). While the API server does not answer, pods live on as they
    /// were last known. Another server that takes over later begins every process anew.
    ///
    /// # Errors
    /// As [`start`](Self::start), and when no client can be made.
    pub fn watching(
        options: &Options,
        config: Config,
        namespace: Option<&str>,
    ) -> Result<Self, PodsError> {
        Self::run(options, Some(config), namespace)
    }

    fn run(
        options: &Options,
        config: Option<Config>,
        namespace: Option<&str>,
    ) -> Result<Self, PodsError> {
        files::allow_many();
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(PodsError::Thread)?;
        let guard = runtime.enter();
        let deaf = |source| PodsError::Listen {
            port: options.port,
            source,
        };
        let listener = listen(options.port).map_err(deaf)?;
        let port = listener.local_addr().map_err(deaf)?.port();
        let client = config.map(Client::try_from).transpose();
        let client = client.map_err(|error| PodsError::Client(Box::new(error)))?;
        drop(guard);
        let seed = options.seed.unwrap_or_else(fresh_seed);
        let shared = Arc::new(Shared {
            began: Instant::now(),
            notice: options.notice,
            runtime: runtime.handle().clone(),
            client: client.clone(),
            directory: Mutex::new(Directory::new(seed)),
            tally: Mutex::new(Tally::new(seed)),
            written: Mutex::default(),
        });
        if let Some(client) = client {
            let namespace = namespace.map(str::to_owned);
            runtime.spawn(watch::follow(client, namespace, Arc::clone(&shared)));
        }
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = serve::serve(listener, Arc::clone(&shared));
        let work = move || {
            priority::raise();
            runtime.block_on(async move {
                tokio::select! {
                    () = serving => {}
                    _stop = stopped => {}
                }
            });
        };
        let thread = thread::Builder::new()
            .name("lab-pods".to_owned())
            .spawn(work)
            .map_err(PodsError::Thread)?;
        Ok(Self {
            shared,
            port,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// The port of every pod.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// What all chance comes from.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.tally().seed()
    }

    /// Since it began: `between` counts so.
    #[must_use]
    pub fn age(&self) -> Duration {
        self.shared.age()
    }

    /// A pod as it is now, for a server that watches no API server: new, or changed. A pod without a uid is none.
    pub fn put(&self, pod: &Pod) {
        self.shared.put(pod);
    }

    /// The pod of this uid is no more, whatever its grace period was.
    pub fn remove(&self, uid: &str) {
        self.shared.remove(uid);
    }

    /// What has been served until now.
    #[must_use]
    pub fn tally(&self) -> Tally {
        locked(&self.shared.tally).clone()
    }

    /// The statuses of pods that were written until now, or would have been without an API server, oldest
    /// first. Each is here when the API server has answered.
    #[must_use]
    pub fn written(&self) -> Vec<Written> {
        locked(&self.shared.written).clone()
    }

    /// Whether everything was served as it should be.
    ///
    /// # Errors
    /// [`PodsError::Problems`] with everything that came up since the start.
    pub fn check(&self) -> Result<(), PodsError> {
        let problems: Vec<Problem> = self.shared.directory().problems().to_vec();
        if problems.is_empty() {
            return Ok(());
        }
        Err(PodsError::Problems(problems))
    }
}

impl Drop for PodServer {
    fn drop(&mut self) {
        // It may have ended by itself, of a panic that has been printed.
        let _told: Option<Result<(), ()>> = self.stop.take().map(|stop| stop.send(()));
        let _ended: Option<thread::Result<()>> = self.thread.take().map(JoinHandle::join);
    }
}

impl Shared {
    pub(crate) fn age(&self) -> Duration {
        self.began.elapsed()
    }

    pub(crate) fn find(&self, address: IpAddr) -> Result<(Arc<Process>, Taken), Nobody> {
        let now = Instant::now();
        let moment = now.saturating_duration_since(self.began);
        self.directory().find(address, now, moment)
    }

    pub(crate) fn count(&self, pod: &str, version: &str, served: Served) {
        locked(&self.tally).count(pod, version, served);
    }

    pub(crate) fn put(self: &Arc<Self>, pod: &Pod) {
        let news = self.directory().put(pod, Instant::now());
        match news {
            None => {}
            Some(News::Began(process)) => self.begin(&process),
            Some(News::Ends(process, grace)) => {
                let ends = end(Arc::clone(self), process, grace);
                self.runtime.spawn(ends);
            }
            Some(News::Leaves(pod)) => {
                let client = self.client.clone();
                self.runtime.spawn(async move {
                    status::delete(client.as_ref(), &pod).await;
                });
            }
            Some(News::Misconfigured(pod, reason)) => {
                let shared = Arc::clone(self);
                self.runtime.spawn(async move {
                    let condition = Condition::Misconfigured(reason);
                    status::write(&shared.recorder(), &pod, &condition).await;
                });
            }
        }
    }

    pub(crate) fn remove(&self, uid: &str) {
        self.directory().remove(uid);
    }

    /// Exactly these pods are there.
    pub(crate) fn replace(self: &Arc<Self>, pods: &[Pod]) {
        let gone = self.directory().others(pods);
        for uid in gone {
            self.remove(&uid);
        }
        for pod in pods {
            self.put(pod);
        }
    }

    fn begin(self: &Arc<Self>, process: &Arc<Process>) {
        // Not left to the task below: who has put a pod may ask it at once.
        process.set_listens(stretch(&process.behaviour, Duration::ZERO).phase == Phase::Up);
        let living = self.runtime.spawn(live(Arc::clone(process)));
        process.hold(living.abort_handle());
        let telling = self
            .runtime
            .spawn(tell(Arc::clone(self), Arc::clone(process)));
        process.hold(telling.abort_handle());
    }

    fn recorder(&self) -> status::Recorder<'_> {
        status::Recorder {
            client: self.client.as_ref(),
            began: self.began,
            written: &self.written,
        }
    }

    fn directory(&self) -> MutexGuard<'_, Directory> {
        locked(&self.directory)
    }
}

/// Moves a process on through its stretches.
async fn live(process: Arc<Process>) {
    let mut age = Duration::ZERO;
    loop {
        let now = stretch(&process.behaviour, age);
        process.set_listens(now.phase == Phase::Up);
        let Some(until) = now.until else { return };
        sleep_until(process.began + until).await;
        age = until;
    }
}

/// Writes the same into the pod's status, as much later as a kubelet notices.
async fn tell(shared: Arc<Shared>, process: Arc<Process>) {
    let mut age = Duration::ZERO;
    loop {
        sleep_until(process.began + age + shared.notice).await;
        let now = stretch(&process.behaviour, age);
        let object = process.object();
        status::write(&shared.recorder(), &object, &Condition::Lives(now)).await;
        let Some(until) = now.until else { return };
        // What came and went while the API server did not answer is told by no kubelet.
        let noticed = process.began.elapsed().saturating_sub(shared.notice);
        age = until.max(noticed);
    }
}

/// Ends a process, then takes its pod away as a kubelet does.
async fn end(shared: Arc<Shared>, process: Arc<Process>, grace: Duration) {
    sleep_until(Instant::now() + grace).await;
    process.end();
    status::delete(shared.client.as_ref(), &process.object()).await;
}

fn listen(port: u16) -> std::io::Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    // As of a server that is started again: connections that have ended hold no port.
    socket.set_reuseaddr(true)?;
    socket.bind(SocketAddr::from((Ipv4Addr::UNSPECIFIED, port)))?;
    socket.listen(BACKLOG)
}

fn locked<T>(value: &Mutex<T>) -> MutexGuard<'_, T> {
    // Everything here is whole after every single operation on it.
    value.lock().unwrap_or_else(PoisonError::into_inner)
}
