//! What really happens to requests: the weights as the nodes of a load balancer know them, clients that stick to a
//! target group, and requests that found nobody healthy. Nothing of it can be seen through the API.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;
use strategy_core::Timestamp;

use super::World;
use super::target_group::Health;
use super::task::Phase;
use crate::ecs::rules::Rule;
use crate::ecs::wire::Fields as _;

/// A forward action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Forward {
    /// Target groups and their weights.
    pub(crate) weights: Vec<(String, i64)>,
    /// How long a client stays with its target group.
    pub(crate) sticky: Option<Duration>,
}

impl Forward {
    /// The forward action among these; `None` if there is none.
    pub(crate) fn of(actions: &[Value]) -> Option<Self> {
        let action = actions
            .iter()
            .find(|action| action.text("Type") == Some("forward"))?;
        let config = &action["ForwardConfig"];
        let mut weights: Vec<(String, i64)> = config
            .items("TargetGroups")
            .iter()
            .filter_map(|tuple| {
                let arn = tuple.text("TargetGroupArn")?;
                Some((arn.to_owned(), tuple.whole("Weight").unwrap_or(1)))
            })
            .collect();
        if let (true, Some(arn)) = (weights.is_empty(), action.text("TargetGroupArn")) {
            weights.push((arn.to_owned(), 1));
        }
        let stickiness = &config["TargetGroupStickinessConfig"];
        let seconds = stickiness.whole("DurationSeconds").unwrap_or(0);
        let sticky = (stickiness.flag("Enabled") == Some(true))
            .then(|| Duration::from_secs(u64::try_from(seconds).unwrap_or(0)));
        Some(Self { weights, sticky })
    }

    /// The share of each target group: its weight by the sum of weights; none if all weights are zero.
    fn shares(&self) -> BTreeMap<String, f64> {
        let sum: i64 = self.weights.iter().map(|(_, weight)| weight).sum();
        let weights = self.weights.iter().filter(|(_, weight)| *weight > 0);
        // Weights are at most 999: exact as f64.
        weights
            .map(|(arn, weight)| (arn.clone(), *weight as f64 / sum as f64))
            .collect()
    }
}

/// A load balancer has one node in each of two zones; they learn of a change at different times.
pub(crate) const NODES: usize = 2;

/// What the nodes know of one rule.
#[derive(Clone, Debug, Default)]
pub(crate) struct Plane {
    nodes: [Option<Forward>; NODES],
    /// Which nodes do not know the rule: not yet, or no longer.
    unknown: [bool; NODES],
    pending: Vec<Change>,
    cohort: Option<Cohort>,
}

#[derive(Clone, Debug)]
struct Change {
    at: Timestamp,
    node: usize,
    forward: Option<Forward>,
    cohort: Option<Cohort>,
    /// The node does not know the rule from then on.
    unknown: bool,
}

/// Clients that have a cookie from before the last change.
#[derive(Clone, Debug)]
struct Cohort {
    until: Timestamp,
    /// Their part of all requests, 0 to 1.
    part: f64,
    shares: BTreeMap<String, f64>,
}

impl Plane {
    pub(crate) fn new(forward: Option<Forward>) -> Self {
        Self {
            nodes: [forward.clone(), forward],
            ..Self::default()
        }
    }

    /// The first node knows after half of `delay`, the last after all of it.
    pub(crate) fn change(
        &mut self,
        now: Timestamp,
        delay: Duration,
        returning: f64,
        forward: Option<&Forward>,
    ) {
        let before = self.shares(now);
        let nodes = u32::try_from(NODES).unwrap_or(u32::MAX);
        for node in 0..NODES {
            let part = u32::try_from(node + 1).unwrap_or(nodes);
            let at = now + delay * part / nodes;
            let sticky = self.nodes[node].as_ref().and_then(|known| known.sticky);
            let cohort = sticky.filter(|_| node == 0).map(|sticky| Cohort {
                until: at + sticky,
                part: returning,
                shares: before.clone(),
            });
            self.pending.push(Change {
                at,
                node,
                forward: forward.cloned(),
                cohort,
                unknown: false,
            });
        }
        self.settle(now);
    }

    /// A new rule: no node knows it yet.
    pub(crate) fn appear(&mut self, now: Timestamp, delay: Duration) {
        let forward = self.nodes[0].clone();
        self.nodes = Default::default();
        self.unknown = [true; NODES];
        self.change(now, delay, 0.0, forward.as_ref());
    }

    /// A rule that was deleted: the nodes learn of it one after the other.
    pub(crate) fn disappear(&mut self, now: Timestamp, delay: Duration) {
        let before = self.pending.len();
        self.change(now, delay, 0.0, None);
        let later = self.pending.iter_mut().skip(before);
        later.for_each(|change| change.unknown = true);
    }

    /// Every node knows it as it is.
    pub(crate) fn has_long_been_there(&mut self) {
        for change in std::mem::take(&mut self.pending) {
            self.nodes[change.node] = change.forward;
            self.unknown[change.node] = change.unknown;
        }
    }

    /// The share of requests that each target group gets from a node that knows the rule; `None`: it does not.
    pub(crate) fn at_node(&self, node: usize, now: Timestamp) -> Option<BTreeMap<String, f64>> {
        let known = !self.unknown[node];
        known.then(|| {
            let forward = self.nodes[node].as_ref();
            forward.map_or_else(BTreeMap::new, |forward| self.of_node(forward, now))
        })
    }

    /// Applies what has reached a node.
    pub(crate) fn settle(&mut self, now: Timestamp) -> bool {
        let mut changed = false;
        let (due, later): (Vec<_>, Vec<_>) =
            self.pending.drain(..).partition(|change| change.at <= now);
        self.pending = later;
        for change in due {
            self.nodes[change.node] = change.forward;
            self.unknown[change.node] = change.unknown;
            self.cohort = change.cohort.or_else(|| self.cohort.take());
            changed = true;
        }
        if self
            .cohort
            .as_ref()
            .is_some_and(|cohort| cohort.until <= now)
        {
            self.cohort = None;
            changed = true;
        }
        changed
    }

    pub(crate) fn due(&self) -> impl Iterator<Item = Timestamp> + '_ {
        let changes = self.pending.iter().map(|change| change.at);
        changes.chain(self.cohort.as_ref().map(|cohort| cohort.until))
    }

    /// Whether every node knows what is described.
    pub(crate) fn has_converged(&self) -> bool {
        self.pending.is_empty()
    }

    /// Whether some clients go where their cookie says.
    pub(crate) fn has_cohort(&self) -> bool {
        self.cohort.is_some()
    }

    /// The share of requests that each target group gets, 0 to 1.
    pub(crate) fn shares(&self, now: Timestamp) -> BTreeMap<String, f64> {
        let mut shares = BTreeMap::new();
        for forward in self.nodes.iter().flatten() {
            for (arn, share) in self.of_node(forward, now) {
                *shares.entry(arn).or_insert(0.0) += share / NODES as f64;
            }
        }
        shares
    }

    fn of_node(&self, forward: &Forward, now: Timestamp) -> BTreeMap<String, f64> {
        let mut shares = forward.shares();
        let cohort = self.cohort.as_ref().filter(|cohort| cohort.until > now);
        // Without stickiness cookies are not looked at, and one for a group that is not in the rule counts for nothing.
        if let (Some(cohort), Some(_)) = (cohort, forward.sticky) {
            let known = |arn: &String| forward.weights.iter().any(|(listed, _)| listed == arn);
            let kept: BTreeMap<_, _> = cohort
                .shares
                .iter()
                .filter(|(arn, _)| known(arn))
                .map(|(arn, share)| (arn.clone(), share * cohort.part))
                .collect();
            let rest = 1.0 - kept.values().sum::<f64>();
            for share in shares.values_mut() {
                *share *= rest;
            }
            for (arn, share) in kept {
                *shares.entry(arn).or_insert(0.0) += share;
            }
        }
        shares.retain(|_, share| *share > 0.0);
        shares
    }
}

/// Who answers the requests of a target group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Serving {
    /// Healthy targets.
    Healthy,
    /// Targets that are all unhealthy or not yet checked: the load balancer tries them all the same.
    FailOpen,
    /// Nobody: every request is answered with 503.
    Nobody,
}

/// A time in which requests reached a target group without healthy targets.
#[derive(Clone, Debug, PartialEq)]
pub struct Shortage {
    /// The rule that sent them there.
    pub rule: String,
    /// The target group.
    pub target_group: String,
    /// From when.
    pub from: Timestamp,
    /// Until when.
    pub until: Timestamp,
    /// How many requests it were.
    pub requests: f64,
    /// Who answered them, if anybody.
    pub serving: Serving,
}

/// In milliseconds.
pub(crate) const MINUTE: u64 = 60_000;

/// Requests counted since the beginning.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ledger {
    /// By target group.
    pub(crate) requests: BTreeMap<String, f64>,
    /// By target group and minute since 1970, as Amazon CloudWatch counts them.
    pub(crate) by_minute: BTreeMap<(String, u64), f64>,
    /// By task definition of the tasks that answered.
    pub(crate) by_task_definition: BTreeMap<String, f64>,
    /// By target group: those that reached a target which was gone.
    pub(crate) lost: BTreeMap<String, f64>,
    pub(crate) shortages: Vec<Shortage>,
}

impl World {
    pub(crate) fn serving(&self, group: &str) -> Serving {
        match self.target_groups.get(group).map_or((0, 0), |g| g.counts()) {
            (0, _) => Serving::Nobody,
            (_, 0) => Serving::FailOpen,
            (_, _) => Serving::Healthy,
        }
    }

    /// The healthy tasks behind a group, counted by task definition.
    pub(crate) fn versions(&self, group: &str) -> BTreeMap<String, usize> {
        let mut versions = BTreeMap::new();
        let group = self.target_groups.get(group);
        let targets = group.into_iter().flat_map(|group| group.targets.values());
        for target in targets.filter(|target| target.health == Health::Healthy) {
            let task = target.task.as_ref().and_then(|arn| self.tasks.get(arn));
            if let Some(task) = task {
                *versions.entry(task.task_definition.clone()).or_insert(0) += 1;
            }
        }
        versions
    }

    /// Counts the requests from now until `until`, in which nothing changes.
    pub(crate) fn count_requests(&mut self, until: Timestamp) {
        let seconds = until.since(self.now).as_secs_f64();
        if seconds <= 0.0 {
            return;
        }
        let mut counted = Vec::new();
        for rule in self.rules.values().chain(&self.departed_rules) {
            let load = rule.load.unwrap_or(self.settings.requests_per_second);
            for (group, share) in rule.plane.shares(self.now) {
                let requests = load * share * seconds;
                if requests > 0.0 {
                    counted.push((rule.arn.clone(), rule.plane.has_cohort(), group, requests));
                }
            }
        }
        for (rule, has_cohort, group, requests) in counted {
            *self.ledger.requests.entry(group.clone()).or_insert(0.0) += requests;
            self.count_minutes(&group, until, requests);
            let versions = self.versions(&group);
            let all: usize = versions.values().sum();
            for (version, count) in versions {
                let part = requests * count as f64 / all as f64;
                *self.ledger.by_task_definition.entry(version).or_insert(0.0) += part;
            }
            let lost = requests * self.lost_part(&group);
            if lost > 0.0 {
                *self.ledger.lost.entry(group.clone()).or_insert(0.0) += lost;
                self.note(Rule::DeregistrationLags);
            }
            let serving = self.serving(&group);
            match serving {
                Serving::Healthy => continue,
                Serving::FailOpen => self.note(Rule::FailOpen),
                Serving::Nobody if has_cohort => self.note(Rule::StickyToEmpty),
                Serving::Nobody => self.note(Rule::EmptyGroupIsNotSkipped),
            }
            self.record_shortage(rule, group, until, requests, serving);
        }
    }

    /// Shares requests from now until `until` out among the minutes in between.
    fn count_minutes(&mut self, group: &str, until: Timestamp, requests: f64) {
        let (from, to) = (self.now.as_millis(), until.as_millis());
        for minute in from / MINUTE..=to.saturating_sub(1) / MINUTE {
            let begin = from.max(minute * MINUTE);
            let end = to.min((minute + 1) * MINUTE);
            let part = end.saturating_sub(begin) as f64 / (to - from) as f64;
            let counted = &mut self.ledger.by_minute;
            *counted.entry((group.to_owned(), minute)).or_insert(0.0) += requests * part;
        }
    }

    /// The part of a group's requests that reaches targets which are gone, and which nodes do not yet know to be
    /// deregistered.
    fn lost_part(&self, group: &str) -> f64 {
        let Some(group) = self.target_groups.get(group) else {
            return 0.0;
        };
        let is_gone = |task: &Option<String>| match task {
            Some(task) => self
                .tasks
                .get(task)
                .is_none_or(|task| matches!(task.phase, Phase::Stopping(_) | Phase::Stopped)),
            // What was registered by hand stays where it is.
            None => false,
        };
        let departed = group.departed.values();
        let gone = departed.filter(|(_, task)| is_gone(task)).count();
        let (_, healthy) = group.counts();
        if gone == 0 {
            return 0.0;
        }
        gone as f64 / (healthy + group.departed.len()) as f64
    }

    fn record_shortage(
        &mut self,
        rule: String,
        target_group: String,
        until: Timestamp,
        requests: f64,
        serving: Serving,
    ) {
        let now = self.now;
        let last = self.ledger.shortages.iter_mut().rev().find(|last| {
            last.rule == rule
                && last.target_group == target_group
                && last.until == now
                && last.serving == serving
        });
        match last {
            Some(last) => {
                last.until = until;
                last.requests += requests;
            }
            None => self.ledger.shortages.push(Shortage {
                rule,
                target_group,
                from: now,
                until,
                requests,
                serving,
            }),
        }
    }
}
