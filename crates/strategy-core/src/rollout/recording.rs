//! What is journaled of an input, and when what was not decided is.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::Rollout;
use super::given::Given;
use super::input::Input;
use super::latest::LatestCheck;
use super::record::{Decision, Record};
use super::state::Decided;

/// Memory and counters of checks, and the clock, are journaled at least so often, decision or not.
pub(super) const FLUSH: Duration = Duration::from_secs(120);

impl Rollout {
    /// One input at the time the clock shows; records what was decided.
    pub(super) fn digest_input(&mut self, input: Input) {
        let (latest, before) = (self.latest.clone(), self.decided_before());
        self.outbox.issued.clear();
        let given = Given::from(input);
        self.take(&given);
        self.turn();
        let effects = std::mem::take(&mut self.outbox.issued);
        if self.decided.open.is_empty() {
            // An emptied map keeps a node.
            self.decided.open = BTreeMap::new();
        }
        if *before != self.decided || !effects.is_empty() {
            let state = latest.since(&self.outbox.journaled);
            if !state.parts.is_empty() || !state.checks.is_empty() {
                self.outbox
                    .records
                    .push_back(Record::State(Box::new(state)));
            }
            let clock = self.latest.clock;
            let decision = Decision {
                wall: clock.wall,
                machine: clock.machine,
                ahead: clock.ahead,
                input: given.into(),
                effects,
            };
            self.outbox
                .records
                .push_back(Record::Decision(Box::new(decision)));
            self.journaled();
            return;
        }
        // What says the same is the same: what was asked for to be changed, and was not, is no copy.
        self.decided.parts.clone_from(&before.parts);
        self.outbox.before = Some(before);
        if self.judged_worse() || self.now().since(self.outbox.journaled_at) >= FLUSH {
            self.flush();
        }
    }

    /// What was decided before the input at hand, to be held against what is afterwards: the copy that
    /// the last input was held against, if nothing was decided since.
    fn decided_before(&mut self) -> Arc<Decided> {
        let before = self.outbox.before.take();
        before
            .filter(|before| **before == self.decided)
            .unwrap_or_else(|| Arc::new(self.decided.clone()))
    }

    /// A look counted towards a limit: what was tolerated must not be forgotten by a crash.
    fn judged_worse(&self) -> bool {
        self.latest.checks.iter().any(|(name, check)| {
            let before = self.outbox.journaled.checks.get(name);
            let counts = |check: &LatestCheck| {
                [
                    check.failures,
                    check.consecutive_failures,
                    check.consecutive_errors,
                    check.consecutive_inconclusive,
                ]
            };
            let before = before.map(counts).unwrap_or_default();
            counts(check)
                .iter()
                .zip(before)
                .any(|(now, before)| *now > before)
        })
    }

    /// What a crash should not forget without a decision: checks, and how long was watched. What was
    /// observed is left to the next decision, whose batch it must stand in.
    fn flush(&mut self) {
        let mut state = self.latest.since(&self.outbox.journaled);
        state.parts.clear();
        self.outbox
            .records
            .push_back(Record::State(Box::new(state)));
        self.outbox.journaled.checks.clone_from(&self.latest.checks);
        self.outbox.journaled_at = self.now();
    }

    pub(super) fn journaled(&mut self) {
        self.outbox.journaled = self.latest.clone();
        self.outbox.journaled_at = self.now();
    }
}
