//! What tests may ask that no API tells.

use std::collections::BTreeMap;

use strategy_core::Timestamp;

use super::api::conditions;
use super::log::CallRecord;
use super::rules::Rule;
use super::world::World;
use super::world::data_plane::{Ledger, NODES, Serving, Shortage};
use super::world::rule::ListenerRule;
use super::{Fake, Fault, Image, Request, Verdict};

/// Where a part of the requests goes.
#[derive(Clone, Debug, PartialEq)]
pub struct Share {
    /// The rule that matches.
    pub rule: String,
    /// The target group.
    pub target_group: String,
    /// Its part of the requests, 0 to 1.
    pub share: f64,
    /// Who answers.
    pub serving: Serving,
    /// The healthy tasks that answer, counted by task definition.
    pub task_definitions: BTreeMap<String, usize>,
}

impl World {
    fn shares_of(&self, rule: &str) -> Vec<Share> {
        let Some(rule) = self.rules.get(rule) else {
            return Vec::new();
        };
        let shares = rule.plane.shares(self.now).into_iter();
        shares
            .map(|(target_group, share)| Share {
                rule: rule.arn.clone(),
                serving: self.serving(&target_group),
                task_definitions: self.versions(&target_group),
                target_group,
                share,
            })
            .collect()
    }
}

impl Fake {
    /// Where the requests of a rule go at this moment: by the weights that have reached the load balancer's nodes, and
    /// by cookies. Empty if they go nowhere.
    pub fn shares(&self, rule: &str) -> Vec<Share> {
        let mut state = self.now();
        let shares = state.world.shares_of(rule);
        let found = state.world.rules.get(rule);
        if found.is_some_and(|rule| !rule.plane.has_converged()) {
            state.world.note(Rule::PropagationTakesTime);
        }
        if shares.len() > 1 {
            state.world.note(Rule::WeightsAreShares);
        }
        shares
    }

    /// Where a request to a listener would go at this moment: the rule that matches first, and its shares.
    ///
    /// While a rule is new, or was deleted, each node of the load balancer goes by the rules that it knows.
    pub fn reach(&self, listener: &str, request: &Request) -> Vec<Share> {
        let mut state = self.now();
        let world = &mut state.world;
        let departed = world.departed_rules.iter();
        let departed = departed.filter(|rule| rule.listener == listener);
        let mut rules: Vec<&ListenerRule> = world.rules_of(listener);
        rules.extend(departed);
        rules.sort_by_key(|rule| rule.priority.unwrap_or(u32::MAX));
        let matching = rules.into_iter().filter(|rule| {
            rule.priority.is_none() || conditions::matches(&rule.conditions, request)
        });
        let matching: Vec<&ListenerRule> = matching.collect();
        let mut shares = BTreeMap::<(String, String), f64>::new();
        let mut taken = Vec::new();
        for node in 0..NODES {
            let at_node = matching.iter().find_map(|rule| {
                let shares = rule.plane.at_node(node, world.now)?;
                Some((rule.arn.clone(), shares))
            });
            if let Some((rule, of_node)) = at_node {
                taken.push(rule.clone());
                for (group, share) in of_node {
                    *shares.entry((rule.clone(), group)).or_insert(0.0) += share / NODES as f64;
                }
            }
        }
        if matching.len() > 1 {
            world.note(Rule::FirstMatchWins);
        }
        if taken.iter().any(|rule| *rule != taken[0]) {
            world.note(Rule::RulesComeAndGo);
        }
        let shares = shares.into_iter();
        shares
            .map(|((rule, target_group), share)| Share {
                serving: world.serving(&target_group),
                task_definitions: world.versions(&target_group),
                rule,
                target_group,
                share,
            })
            .collect()
    }

    /// Every rule that there is counts as one that has long been there.
    pub(crate) fn rules_have_long_been_there(&self) {
        let mut state = self.now();
        for rule in state.world.rules.values_mut() {
            rule.plane.has_long_been_there();
        }
    }

    /// The times in which requests reached a target group without healthy targets, in the order of their beginning.
    pub fn shortages(&self) -> Vec<Shortage> {
        self.now().world.ledger.shortages.clone()
    }

    /// Requests so far, by target group.
    pub fn requests(&self) -> BTreeMap<String, f64> {
        self.now().world.ledger.requests.clone()
    }

    /// Requests so far that were answered by healthy tasks, by task definition.
    pub fn requests_by_task_definition(&self) -> BTreeMap<String, f64> {
        self.now().world.ledger.by_task_definition.clone()
    }

    /// Requests so far, by target group, that reached a target which was gone: its task had ended, and nodes of the load
    /// balancer did not yet know.
    pub fn lost_requests(&self) -> BTreeMap<String, f64> {
        self.now().world.ledger.lost.clone()
    }

    /// Forgets the requests and shortages so far, such as those of the time in which the first tasks came up.
    pub fn forget_requests(&self) {
        self.now().world.ledger = Ledger::default();
    }

    /// Every call so far.
    pub fn calls(&self) -> Vec<CallRecord> {
        self.state().log.clone()
    }

    /// The index that the next call will have.
    pub fn next_index(&self) -> usize {
        self.state().log.len()
    }

    /// How often each rule was seen at work.
    pub fn noticed(&self) -> BTreeMap<Rule, u64> {
        self.now().world.noticed.clone()
    }

    /// When something happens by itself next.
    pub fn next_event(&self) -> Option<Timestamp> {
        self.now().world.due()
    }

    /// Requests a second at a rule, from now on.
    pub fn set_load(&self, rule: &str, requests_per_second: f64) {
        if let Some(rule) = self.now().world.rules.get_mut(rule) {
            rule.load = Some(requests_per_second);
        }
    }

    /// How tasks of this image behave that are started from now on.
    pub fn set_image(&self, image: &str, behaviour: Image) {
        let images = &mut self.now().world.images;
        images.insert(image.to_owned(), behaviour);
    }

    /// What the Lambda function with this ARN answers from now on; without this it succeeds.
    pub fn set_lambda(&self, function: &str, verdict: Verdict) {
        let mut state = self.now();
        state.world.lambdas.insert(function.to_owned(), verdict);
        state.world.settle();
    }

    /// What a target that was registered by hand answers to health checks from now on.
    pub fn set_answers(&self, target_group: &str, id: &str, answers: bool) {
        let mut state = self.now();
        if let Some(group) = state.world.target_groups.get_mut(target_group) {
            let targets = group.targets.iter_mut().filter(|(key, _)| key.0 == id);
            for (_, target) in targets {
                target.answers = answers;
            }
        }
        state.world.settle();
    }

    /// At most so many things on a page from now on; `None`: as many as AWS gives.
    pub fn set_page_size(&self, size: Option<usize>) {
        self.state().world.settings.page_size = size;
    }

    /// The call with this index meets a fault.
    pub fn fault_at(&self, index: usize, fault: Fault) {
        self.state().faults.at(index, fault);
    }

    /// The next so many calls of an operation meet a fault.
    pub fn fault_next(&self, operation: &str, times: usize, fault: Fault) {
        self.state().faults.next(operation, times, fault);
    }

    /// The call of an operation that comes after so many others of it meets a fault.
    pub fn fault_nth(&self, operation: &str, nth: usize, fault: Fault) {
        self.state().faults.nth(operation, nth, fault);
    }

    /// Every call of an operation meets a fault from now on; `None`: no longer.
    pub fn fault_always(&self, operation: &str, fault: Option<Fault>) {
        self.state().faults.always(operation, fault);
    }

    /// Every call of every operation meets a fault from now on; `None`: only those told of one by one.
    pub fn fault_every(&self, fault: Option<Fault>) {
        self.state().faults.every(fault);
    }

    /// Calls that need this IAM action are denied from now on.
    pub fn deny(&self, action: &str) {
        self.state().faults.deny(action);
    }

    /// Calls that need this IAM action are allowed again.
    pub fn allow(&self, action: &str) {
        self.state().faults.allow(action);
    }
}
