//! The state of the fake cloud, and how it moves on.

pub(crate) mod alarm;
pub(crate) mod breaker;
pub(crate) mod data_plane;
pub(crate) mod deployment;
pub(crate) mod hook;
pub(crate) mod ids;
pub(crate) mod native;
pub(crate) mod rolling;
pub(crate) mod rule;
pub(crate) mod scaling;
pub(crate) mod service;
pub(crate) mod target_group;
pub(crate) mod task;
pub(crate) mod task_definition;

use std::collections::{BTreeMap, VecDeque};

use strategy_core::Timestamp;

use self::alarm::Alarm;
use self::data_plane::Ledger;
use self::deployment::{Revision, ServiceDeployment};
use self::ids::Ids;
use self::rule::{Listener, ListenerRule, LoadBalancer};
use self::scaling::ScalableTarget;
use self::service::{Service, ServiceKey};
use self::target_group::TargetGroup;
use self::task::Task;
use self::task_definition::TaskDefinition;
use super::hooks::Verdict;
use super::image::Image;
use super::rules::Rule;
use super::settings::Settings;

pub(crate) const REGION: &str = "eu-west-1";
pub(crate) const ACCOUNT: &str = "123456789012";

/// More steps than any moment needs: a bound against a world that never comes to rest.
const MOST_STEPS: usize = 10_000;

#[derive(Clone, Debug)]
pub(crate) struct Cluster {
    pub(crate) arn: String,
    pub(crate) name: String,
}

#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) now: Timestamp,
    pub(crate) settings: Settings,
    pub(crate) ids: Ids,
    pub(crate) clusters: BTreeMap<String, Cluster>,
    /// By family, in the order of revisions.
    pub(crate) families: BTreeMap<String, Vec<TaskDefinition>>,
    pub(crate) services: BTreeMap<ServiceKey, Service>,
    pub(crate) tasks: BTreeMap<String, Task>,
    /// In the order in which they stopped.
    pub(crate) stopped_tasks: VecDeque<Task>,
    pub(crate) revisions: BTreeMap<String, Revision>,
    /// In the order of their creation.
    pub(crate) service_deployments: Vec<ServiceDeployment>,
    pub(crate) load_balancers: BTreeMap<String, LoadBalancer>,
    pub(crate) listeners: BTreeMap<String, Listener>,
    pub(crate) rules: BTreeMap<String, ListenerRule>,
    /// Deleted, and some node does not yet know.
    pub(crate) departed_rules: Vec<ListenerRule>,
    pub(crate) target_groups: BTreeMap<String, TargetGroup>,
    pub(crate) tags: BTreeMap<String, BTreeMap<String, String>>,
    pub(crate) scalable_targets: BTreeMap<String, ScalableTarget>,
    pub(crate) alarms: BTreeMap<String, Alarm>,
    pub(crate) images: BTreeMap<String, Image>,
    /// What Lambda functions answer; those that are not here succeed.
    pub(crate) lambdas: BTreeMap<String, Verdict>,
    pub(crate) ledger: Ledger,
    /// Which rules were seen at work, and how often.
    pub(crate) noticed: BTreeMap<Rule, u64>,
    /// Deployments with a failed task that is not yet counted.
    failures: Vec<String>,
    /// Deployments that start no task before this time.
    delays: Vec<(String, Timestamp)>,
    addresses: u32,
}

impl World {
    pub(crate) fn new(now: Timestamp, settings: Settings) -> Self {
        Self {
            now,
            ids: Ids::new(settings.seed),
            settings,
            clusters: BTreeMap::new(),
            families: BTreeMap::new(),
            services: BTreeMap::new(),
            tasks: BTreeMap::new(),
            stopped_tasks: VecDeque::new(),
            revisions: BTreeMap::new(),
            service_deployments: Vec::new(),
            load_balancers: BTreeMap::new(),
            listeners: BTreeMap::new(),
            rules: BTreeMap::new(),
            departed_rules: Vec::new(),
            target_groups: BTreeMap::new(),
            tags: BTreeMap::new(),
            scalable_targets: BTreeMap::new(),
            alarms: BTreeMap::new(),
            images: BTreeMap::new(),
            lambdas: BTreeMap::new(),
            ledger: Ledger::default(),
            noticed: BTreeMap::new(),
            failures: Vec::new(),
            delays: Vec::new(),
            addresses: 0,
        }
    }

    /// A rule was seen at work.
    pub(crate) fn note(&mut self, rule: Rule) {
        *self.noticed.entry(rule).or_insert(0) += 1;
    }

    pub(crate) fn ecs_arn(&self, rest: &str) -> String {
        format!("arn:aws:ecs:{REGION}:{ACCOUNT}:{rest}")
    }

    pub(crate) fn balancing_arn(&mut self, rest: &str) -> String {
        let id = self.ids.hex(16);
        format!("arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:{rest}/{id}")
    }

    /// An address of its own for each task.
    pub(crate) fn address(&mut self) -> String {
        self.addresses += 1;
        format!("10.0.{}.{}", self.addresses / 250, self.addresses % 250 + 4)
    }

    /// Moves on to `to`, through everything that happens until then.
    pub(crate) fn advance(&mut self, to: Timestamp) {
        self.settle();
        while let Some(at) = self.due().filter(|at| *at <= to) {
            self.count_requests(at);
            self.now = at;
            self.settle();
        }
        if to > self.now {
            self.count_requests(to);
            self.now = to;
        }
    }

    /// Everything that follows at once from the state as it is.
    pub(crate) fn settle(&mut self) {
        for _ in 0..MOST_STEPS {
            let mut changed = self.settle_tasks();
            changed |= self.settle_planes();
            changed |= self.settle_targets();
            changed |= self.settle_services();
            if !changed {
                return;
            }
        }
        unreachable!(
            "the fake does not come to rest at {}: a bug in it",
            self.now
        );
    }

    fn settle_planes(&mut self) -> bool {
        let now = self.now;
        let mut changed = false;
        let rules = self.rules.values_mut().chain(&mut self.departed_rules);
        for rule in rules {
            changed |= rule.plane.settle(now);
        }
        self.departed_rules
            .retain(|rule| !rule.plane.has_converged());
        changed
    }

    /// When something happens next, after now.
    pub(crate) fn due(&self) -> Option<Timestamp> {
        let tasks = self.tasks.values().flat_map(|task| self.task_due(task));
        let rules = self.rules.values().chain(&self.departed_rules);
        let planes = rules.flat_map(|rule| rule.plane.due());
        let services = self.services.values().flat_map(Service::due);
        let deployments = self
            .service_deployments
            .iter()
            .flat_map(ServiceDeployment::due);
        tasks
            .chain(planes)
            .chain(self.targets_due())
            .chain(self.first_forgotten())
            .chain(services)
            .chain(deployments)
            .filter(|at| *at > self.now)
            .min()
    }
}
