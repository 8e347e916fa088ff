//! One part of the world as it stands: workloads, router, claim, and what users get from them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::task::Waker;
use std::time::Duration;

use super::deployment::Deployment;
use super::ledger::Ledger;
use super::log::{Author, Fact, Log, Scene};
use super::pod::Registry;
use super::report::{PartReport, Shortage, WeightSpan, Write};
use super::router::Router;
use super::scenario::{InvalidScenario, PartSetup, Shape, WorkloadSetup};
use super::workload::{Scaler, Template, Workload};
use crate::random::SplitMix64;
use crate::release::Part;
use crate::target::{Capabilities, Claim, ForeignChange, ForeignField, Writer};
use crate::timestamp::Timestamp;
use crate::track::{Track, Tracks};
use crate::weight::Weight;

/// Everything that an observation can show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Picture {
    pub(super) workloads: BTreeMap<String, Workload>,
    pub(super) router: Router,
    pub(super) claim: Option<Claim>,
    /// The highest epoch that was given up.
    pub(super) last_epoch: u64,
    pub(super) foreign: Vec<ForeignChange>,
    /// Where the platform shifts by itself and asks before each step.
    pub(super) deployment: Option<Deployment>,
}

#[derive(Debug)]
pub(super) struct PartState {
    pub(super) part: Part,
    /// Which workload was which track when the world began.
    pub(super) roles: Tracks<String>,
    pub(super) is_slots: bool,
    pub(super) capabilities: Capabilities,
    pub(super) picture: Picture,
    /// What reads show while they are stale, and since when.
    pub(super) frozen: Option<(Timestamp, Picture)>,
    pub(super) requests_per_second: u32,
    pub(super) ledgers: BTreeMap<String, Ledger>,
    shown: Picture,
    pub(super) version: u64,
    waiters: Vec<Waker>,
    pub(super) weights: Vec<(Timestamp, Weight)>,
    /// Ready pods of both tracks, from when on.
    pub(super) capacity: Vec<(Timestamp, u32)>,
    pub(super) writes: Vec<Write>,
    /// We wrote where no claim tells whose turn it is.
    pub(super) has_written_unclaimed: bool,
    pub(super) reads: u64,
    ready_at_start: u32,
    pub(super) least_ready: u32,
    pub(super) log: Log,
    /// How it was when the log last told of it; nothing where no log is kept.
    pub(super) scene: Option<Arc<Scene>>,
    /// Whose writes made it what it will be told as next.
    authors: Vec<Author>,
}

impl PartState {
    pub(super) fn new(
        part: Part,
        setup: &PartSetup,
        registry: &Registry,
        random: &mut SplitMix64,
        now: Timestamp,
    ) -> Result<Self, InvalidScenario> {
        let base = if part == Part::main() {
            "app"
        } else {
            part.as_str()
        };
        let (first, second, is_slots) = match &setup.shape {
            Shape::Tracks { stable, candidate } => (
                (base.to_owned(), Some(stable)),
                (format!("{base}-canary"), candidate.as_ref()),
                false,
            ),
            Shape::Slots { live, idle } => (
                (format!("{base}-blue"), Some(live)),
                (format!("{base}-green"), Some(idle)),
                true,
            ),
        };
        let mut workloads = BTreeMap::new();
        for (name, workload) in [&first, &second] {
            if let Some(workload) = workload {
                let workload = built(&part, name, workload, registry, random, now)?;
                workloads.insert(name.clone(), workload);
            }
        }
        let mut router = Router::new(
            first.0.clone(),
            second.0.clone(),
            crate::Traffic::default(),
            "setup",
        );
        router.lag = setup.lag;
        router.drain = setup.drain;
        router.sticky = setup.sticky;
        router.sessions = setup.sessions;
        router.routed = setup.routed;
        let picture = Picture {
            workloads,
            router,
            claim: None,
            last_epoch: 0,
            foreign: Vec::new(),
            deployment: setup.asks.then(Deployment::default),
        };
        let ready = picture.workloads.values().map(Workload::ready).sum();
        let mut state = Self {
            part,
            roles: Tracks {
                stable: first.0,
                candidate: second.0,
            },
            is_slots,
            capabilities: setup.capabilities(),
            shown: picture.clone(),
            picture,
            frozen: None,
            requests_per_second: setup.requests_per_second,
            ledgers: BTreeMap::new(),
            version: 1,
            waiters: Vec::new(),
            weights: Vec::new(),
            capacity: Vec::new(),
            writes: Vec::new(),
            has_written_unclaimed: false,
            reads: 0,
            ready_at_start: ready,
            least_ready: ready,
            log: Log::default(),
            scene: None,
            authors: Vec::new(),
        };
        state.settle(registry, random, now);
        Ok(state)
    }

    /// When something happens here next by itself.
    pub(super) fn next(&self) -> Option<Timestamp> {
        let workloads = self.picture.workloads.values();
        workloads
            .flat_map(|workload| {
                let scaler = workload.scaler.iter().filter_map(|scaler| scaler.next);
                let pods = workload.pods.iter().filter_map(|pod| pod.next);
                pods.chain(scaler.map(|(at, _)| at))
            })
            .chain(self.picture.router.next())
            .min()
    }

    /// Everything due by now happens.
    pub(super) fn tick(&mut self, registry: &Registry, random: &mut SplitMix64, now: Timestamp) {
        self.picture.router.tick(now);
        for workload in self.picture.workloads.values_mut() {
            if let Some(scaler) = &mut workload.scaler
                && let Some((_, wanted)) = scaler.next.take_if(|(at, _)| *at <= now)
            {
                scaler.wanted = wanted.clamp(scaler.min, scaler.max);
            }
            for pod in &mut workload.pods {
                pod.tick(registry, random, now);
            }
        }
        self.settle(registry, random, now);
    }

    /// Controllers do what follows from what is written, users get what follows from that, and
    /// whoever waits for news is told if there is any.
    pub(super) fn settle(&mut self, registry: &Registry, random: &mut SplitMix64, now: Timestamp) {
        self.reconcile(registry, random, now);
        if self.picture.deployment.is_some() {
            self.deploy(now);
            self.reconcile(registry, random, now);
        }
        self.serve(registry, now);
        self.tell_log(now);
        if self.picture != self.shown {
            self.shown = self.picture.clone();
            if self.frozen.is_none() {
                self.tell_news();
            }
        }
    }

    fn reconcile(&mut self, registry: &Registry, random: &mut SplitMix64, now: Timestamp) {
        for workload in self.picture.workloads.values_mut() {
            workload.reconcile(registry, random, now);
        }
    }

    /// From now on everything is logged, beginning with how it is.
    pub(super) fn keep(&mut self, log: Log, now: Timestamp) {
        self.log = log;
        self.authors.clear();
        self.tell_log(now);
    }

    /// The next change that the log tells of is this author's.
    pub(super) fn is_written_by(&mut self, author: Author) {
        if self.log.is_kept() {
            self.authors.push(author);
        }
    }

    fn tell_log(&mut self, now: Timestamp) {
        if !self.log.is_kept() {
            return;
        }
        let after = Arc::new(Scene::of(self, &self.picture));
        let part = &self.part;
        let before = self.scene.replace(Arc::clone(&after));
        if let Some(before) = &before {
            for author in self.authors.drain(..) {
                self.log.add(now, || Fact::Wrote {
                    part: part.clone(),
                    author,
                    before: Arc::clone(before),
                    after: Arc::clone(&after),
                });
            }
        }
        if before.as_ref() != Some(&after) {
            self.log.add(now, || Fact::Changed {
                part: part.clone(),
                scene: after,
            });
        }
    }

    /// Something newer is known.
    pub(super) fn tell_news(&mut self) {
        self.version += 1;
        for waiter in self.waiters.drain(..) {
            waiter.wake();
        }
    }

    pub(super) fn wait_for_news(&mut self, waker: &Waker) {
        if !self.waiters.iter().any(|known| known.will_wake(waker)) {
            self.waiters.push(waker.clone());
        }
    }

    /// The workload that is this track by the roles of the beginning.
    pub(super) fn workload_mut(&mut self, track: Track) -> Option<&mut Workload> {
        self.picture.workloads.get_mut(self.roles.of(track))
    }

    /// Somebody else wrote something.
    pub(super) fn wrote_by_hand(
        &mut self,
        field: ForeignField,
        by: &str,
        what: String,
        now: Timestamp,
    ) {
        self.is_written_by(Author::Person(by.to_owned()));
        if self.picture.claim.is_some() || self.has_written_unclaimed {
            self.picture.foreign.push(ForeignChange {
                by: by.to_owned(),
                field,
                message: what.clone(),
            });
        }
        self.record(by, what, now);
    }

    pub(super) fn record(&mut self, by: &str, what: String, now: Timestamp) {
        self.writes.push(Write {
            at: now,
            by: by.to_owned(),
            what,
        });
    }

    /// A person by this name, as the writer of what they write next.
    pub(super) fn hand(&self, by: &str) -> Writer {
        Writer::Other {
            name: by.to_owned(),
            version: (self.writes.len() + 1).to_string(),
        }
    }

    pub(super) fn ledger(&self, workload: &str) -> Option<&Ledger> {
        self.ledgers.get(workload)
    }

    /// Everything that is written, and how often anything was.
    pub(super) fn stored(&self) -> String {
        let Picture {
            workloads,
            router,
            claim,
            ..
        } = &self.picture;
        let workloads: Vec<_> = workloads
            .values()
            .map(|workload| {
                format!(
                    "{} {:?} {}",
                    workload.name,
                    workload.template,
                    workload.replicas()
                )
            })
            .collect();
        format!(
            "{workloads:?} {} {:?} {claim:?} {} writes",
            router.written,
            router.writer,
            self.writes.len()
        )
    }

    pub(super) fn report(&self, now: Timestamp) -> PartReport {
        let requests = |name: &str| {
            self.ledgers
                .get(name)
                .map(|ledger| ledger.until(now))
                .unwrap_or_default()
        };
        PartReport {
            requests: Tracks {
                stable: requests(&self.roles.stable),
                candidate: requests(&self.roles.candidate),
            },
            weights: spans(&self.weights, now)
                .map(|(from, lasted, weight)| WeightSpan {
                    from,
                    lasted,
                    weight,
                })
                .collect(),
            writes: self.writes.clone(),
            reads: self.reads,
            ready_at_start: self.ready_at_start,
            least_ready: self.least_ready,
            shortages: spans(&self.capacity, now)
                .filter(|(_, _, ready)| *ready < self.ready_at_start)
                .map(|(from, lasted, ready)| Shortage {
                    from,
                    lasted,
                    missing: self.ready_at_start - ready,
                })
                .collect(),
        }
    }
}

/// What held from when and for how long.
fn spans<T: Copy>(
    from_then_on: &[(Timestamp, T)],
    now: Timestamp,
) -> impl Iterator<Item = (Timestamp, Duration, T)> {
    let ends = from_then_on.iter().skip(1).map(|(at, _)| *at).chain([now]);
    let spans = from_then_on.iter().zip(ends);
    spans.map(|((from, held), to)| (*from, to.since(*from), *held))
}

/// Remembers what holds from now on, if that is news.
pub(super) fn from_now_on<T: Copy + PartialEq>(
    then: &mut Vec<(Timestamp, T)>,
    now: Timestamp,
    holds: T,
) {
    match then.last_mut() {
        Some((_, last)) if *last == holds => {}
        Some((at, last)) if *at == now => *last = holds,
        Some(_) | None => then.push((now, holds)),
    }
}

/// A workload whose pods have been running for long.
fn built(
    part: &Part,
    name: &str,
    setup: &WorkloadSetup,
    registry: &Registry,
    random: &mut SplitMix64,
    now: Timestamp,
) -> Result<Workload, InvalidScenario> {
    let images = setup.images().map_err(|source| InvalidScenario::Part {
        part: part.to_string(),
        source,
    })?;
    let template = Template::new(images, setup.settings.clone());
    let mut workload = Workload::new(name.to_owned(), template, setup.count);
    workload.scaler = setup.autoscaler.map(|scaler| Scaler {
        min: scaler.min,
        max: scaler.max,
        wanted: setup.count.clamp(scaler.min, scaler.max.max(scaler.min)),
        per_pod: scaler.per_pod,
        next: None,
    });
    workload.reconcile(registry, random, now);
    for pod in &mut workload.pods {
        pod.has_run_for_long(registry, now);
    }
    Ok(workload)
}
