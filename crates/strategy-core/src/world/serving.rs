//! What users get from a part: who answers them, how well, and what its autoscaler makes of it.

use std::time::Duration;

use super::image::Behavior;
use super::latency::Latency;
use super::ledger::Rates;
use super::part::{PartState, from_now_on};
use super::pod::{Pod, Registry};
use super::router::WHOLE;
use super::workload::Workload;
use crate::target::Routing;
use crate::timestamp::Timestamp;
use crate::weight::Weight;

/// How long an autoscaler takes to make up its mind.
const SCALER_REACTS_IN: Duration = Duration::from_secs(15);

impl PartState {
    /// From now on users get what follows from what is ready and routed now.
    pub(super) fn serve(&mut self, registry: &Registry, now: Timestamp) {
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
                None => Rates::failing(rate),
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
        from_now_on(&mut self.weights, now, weight);
        from_now_on(&mut self.capacity, now, one + two);
        self.least_ready = self.least_ready.min(one + two);
    }
}

/// What becomes of requests that reach a workload at this rate.
fn rates(workload: &Workload, rate: u128, registry: &Registry) -> Rates {
    let mut ready: u128 = 0;
    let mut errors: u128 = 0;
    let mut serves: Option<u128> = Some(0);
    let mut latencies: Vec<(u32, Latency)> = Vec::new();
    for (pods, behavior) in behaviors(workload, registry) {
        let number = u128::from(pods);
        ready += number;
        // What happens in a world that is built already may say more than all.
        errors += number * u128::from(behavior.errors.min(1_000_000));
        serves = serves
            .zip(behavior.serves)
            .map(|(sum, one)| sum + number * u128::from(one));
        latencies.push((pods, behavior.latency));
    }
    if ready == 0 {
        return Rates::failing(rate);
    }
    let most = serves.map_or(rate, |serves| serves * u128::from(WHOLE) * 1_000_000);
    let taken = rate.min(most);
    let served = taken - taken / 1_000_000 * errors / ready;
    Rates {
        served,
        failed: rate - served,
        latencies,
    }
}

/// The ready pods, by what they run: how many, and how they behave.
fn behaviors(workload: &Workload, registry: &Registry) -> Vec<(u32, Behavior)> {
    let mut groups: Vec<(u32, &Pod)> = Vec::new();
    for pod in workload.ready_pods() {
        match groups
            .iter_mut()
            .find(|(_, first)| first.contents == pod.contents)
        {
            Some((pods, _)) => *pods += 1,
            None => groups.push((1, pod)),
        }
    }
    let groups = groups.into_iter();
    groups
        .map(|(pods, pod)| (pods, pod.behavior(registry)))
        .collect()
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
