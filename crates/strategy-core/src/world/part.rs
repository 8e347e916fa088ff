//! One part of the world as it stands: workloads, router, claim, and what users get from them.

use std::collections::BTreeMap;
use std::task::Waker;
use std::time::Duration;

use super::ledger::{Ledger, Rates};
use super::pod::Registry;
use super::random::SplitMix64;
use super::report::{PartReport, WeightSpan, Write};
use super::router::{Router, WHOLE};
use super::scenario::{InvalidScenario, PartSetup, Shape, WorkloadSetup};
use super::workload::{Scaler, Template, Workload};
use crate::release::Part;
use crate::target::{Capabilities, Claim, ForeignChange, ForeignField, Routing, Writer};
use crate::timestamp::Timestamp;
use crate::track::{Track, Tracks};
use crate::weight::Weight;

/// How long an autoscaler takes to make up its mind.
const SCALER_REACTS_IN: Duration = Duration::from_secs(15);

/// Everything that an observation can show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Picture {
    pub(super) workloads: BTreeMap<String, Workload>,
    pub(super) router: Router,
    pub(super) claim: Option<Claim>,
    pub(super) foreign: Vec<ForeignChange>,
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
    ledgers: BTreeMap<String, Ledger>,
    shown: Picture,
    pub(super) version: u64,
    waiters: Vec<Waker>,
    weights: Vec<(Timestamp, Weight)>,
    pub(super) writes: Vec<Write>,
    /// We wrote where no claim tells whose turn it is.
    pub(super) has_written_unclaimed: bool,
    pub(super) reads: u64,
    ready_at_start: u32,
    least_ready: u32,
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
            foreign: Vec::new(),
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
            writes: Vec::new(),
            has_written_unclaimed: false,
            reads: 0,
            ready_at_start: ready,
            least_ready: ready,
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
        for workload in self.picture.workloads.values_mut() {
            workload.reconcile(registry, random, now);
        }
        self.serve(registry, now);
        if self.picture != self.shown {
            self.shown = self.picture.clone();
            if self.frozen.is_none() {
                self.tell_news();
            }
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

    fn serve(&mut self, registry: &Registry, now: Timestamp) {
        let router = &self.picture.router;
        let ready = |name: &str| self.picture.workloads.get(name).map_or(0, Workload::ready);
        let (one, two) = (ready(&router.primary), ready(&router.secondary));
        let secondary = match self.capabilities.routing {
            Routing::FollowsReadiness => u64::from(two) * WHOLE / u64::from((one + two).max(1)),
            Routing::Routed | Routing::Native => router.share(),
        };
        let shares = [
            (router.primary.clone(), WHOLE - secondary),
            (router.secondary.clone(), secondary),
        ];
        for (name, share) in shares {
            let rate = u128::from(self.requests_per_second) * u128::from(share) * 1_000_000;
            let rates = match self.picture.workloads.get(&name) {
                Some(workload) => rates(workload, rate, registry),
                None => Rates {
                    served: 0,
                    failed: rate,
                },
            };
            self.ledgers
                .entry(name.clone())
                .or_default()
                .record(now, rates);
            let users_send = u128::from(self.requests_per_second) * u128::from(share);
            if let Some(workload) = self.picture.workloads.get_mut(&name) {
                make_up_mind(workload, users_send, now);
            }
        }
        let candidate = if self.roles.candidate == self.picture.router.secondary {
            secondary
        } else {
            WHOLE - secondary
        };
        let weight = u16::try_from((candidate + WHOLE / 20_000) / (WHOLE / 10_000))
            .ok()
            .and_then(|points| Weight::from_basis_points(points).ok())
            .unwrap_or(Weight::FULL);
        match self.weights.last_mut() {
            Some((_, last)) if *last == weight => {}
            Some((at, last)) if *at == now => *last = weight,
            Some(_) | None => self.weights.push((now, weight)),
        }
        self.least_ready = self.least_ready.min(one + two);
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
        if self.picture.claim.is_some() || self.has_written_unclaimed {
            self.picture.foreign.push(ForeignChange {
                by: by.to_owned(),
                field,
                message: what.clone(),
            });
        }
        self.log(by, what, now);
    }

    pub(super) fn log(&mut self, by: &str, what: String, now: Timestamp) {
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
        let ends = self.weights.iter().skip(1).map(|(at, _)| *at).chain([now]);
        PartReport {
            requests: Tracks {
                stable: requests(&self.roles.stable),
                candidate: requests(&self.roles.candidate),
            },
            weights: self
                .weights
                .iter()
                .zip(ends)
                .map(|((from, weight), to)| WeightSpan {
                    from: *from,
                    lasted: to.since(*from),
                    weight: *weight,
                })
                .collect(),
            writes: self.writes.clone(),
            reads: self.reads,
            ready_at_start: self.ready_at_start,
            least_ready: self.least_ready,
        }
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
    let template = Template {
        images,
        settings: setup.settings.clone(),
    };
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

/// What becomes of requests that reach a workload at this rate.
fn rates(workload: &Workload, rate: u128, registry: &Registry) -> Rates {
    let mut ready: u128 = 0;
    let mut errors: u128 = 0;
    let mut serves: Option<u128> = Some(0);
    for pod in workload.ready_pods() {
        let behavior = pod.behavior(registry);
        ready += 1;
        errors += u128::from(behavior.errors);
        serves = serves
            .zip(behavior.serves)
            .map(|(sum, one)| sum + u128::from(one));
    }
    if ready == 0 {
        return Rates {
            served: 0,
            failed: rate,
        };
    }
    let most = serves.map_or(rate, |serves| serves * u128::from(WHOLE) * 1_000_000);
    let taken = rate.min(most);
    let served = taken - taken / 1_000_000 * errors / ready;
    Rates {
        served,
        failed: rate - served,
    }
}

/// The autoscaler looks at what users send, in hundred-millionths of a request a second.
fn make_up_mind(workload: &mut Workload, users_send: u128, now: Timestamp) {
    let Some(scaler) = &mut workload.scaler else {
        return;
    };
    let Some(per_pod) = scaler.per_pod.filter(|per_pod| *per_pod > 0) else {
        return;
    };
    let wants = users_send.div_ceil(u128::from(per_pod) * u128::from(WHOLE));
    let wants = u32::try_from(wants)
        .unwrap_or(u32::MAX)
        .clamp(scaler.min, scaler.max.max(scaler.min));
    if wants == scaler.wanted {
        scaler.next = None;
    } else if scaler.next.is_none_or(|(_, planned)| planned != wants) {
        scaler.next = Some((now + SCALER_REACTS_IN, wants));
    }
}
