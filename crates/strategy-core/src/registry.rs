//! Code for what plans name: hooks, gates and analyses by kind.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::analysis::Analysis;
use crate::hook::{ExternalGate, Hook};
use crate::plan::{GateKind, Plan, Undo};

/// Finds the code that a plan names, at the start and again at resume.
#[derive(Clone, Default)]
pub struct Registry {
    hooks: BTreeMap<String, Arc<dyn Hook>>,
    gates: BTreeMap<String, Arc<dyn ExternalGate>>,
    analyses: BTreeMap<String, Arc<dyn Analysis>>,
}

/// Kinds only: what is behind them may hold credentials, and its own `Debug` may show them.
impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry")
            .field("hooks", &self.hooks.keys())
            .field("gates", &self.gates.keys())
            .field("analyses", &self.analyses.keys())
            .finish()
    }
}

impl Registry {
    /// Knows nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a hook under its kind; a second one under the same kind takes its place.
    #[must_use]
    pub fn hook(mut self, kind: impl Into<String>, hook: impl Hook + 'static) -> Self {
        self.hooks.insert(kind.into(), Arc::new(hook));
        self
    }

    /// Adds an external gate under its kind.
    #[must_use]
    pub fn gate(mut self, kind: impl Into<String>, gate: impl ExternalGate + 'static) -> Self {
        self.gates.insert(kind.into(), Arc::new(gate));
        self
    }

    /// Adds an analysis under its kind.
    #[must_use]
    pub fn analysis(mut self, kind: impl Into<String>, analysis: impl Analysis + 'static) -> Self {
        self.analyses.insert(kind.into(), Arc::new(analysis));
        self
    }

    /// The hook of this kind.
    pub fn find_hook(&self, kind: &str) -> Option<&Arc<dyn Hook>> {
        self.hooks.get(kind)
    }

    /// The gate of this kind.
    pub fn find_gate(&self, kind: &str) -> Option<&Arc<dyn ExternalGate>> {
        self.gates.get(kind)
    }

    /// The analysis of this kind.
    pub fn find_analysis(&self, kind: &str) -> Option<&Arc<dyn Analysis>> {
        self.analyses.get(kind)
    }

    /// The analyses by kind.
    pub fn analyses(&self) -> impl Iterator<Item = (&str, &Arc<dyn Analysis>)> {
        self.analyses
            .iter()
            .map(|(kind, analysis)| (kind.as_str(), analysis))
    }

    /// What the plan names and nothing here knows: `hook kind`, `gate kind`, `analysis kind`.
    pub fn unknown(&self, plan: &Plan) -> Vec<String> {
        let mut unknown = Vec::new();
        for stage in plan.stages() {
            for hook in &stage.hooks {
                let undo = match &hook.undo {
                    Undo::By(undo) => Some(undo),
                    Undo::NotNeeded | Undo::Impossible => None,
                };
                for run in [Some(&hook.run), undo].into_iter().flatten() {
                    if !self.hooks.contains_key(&run.kind) {
                        unknown.push(format!("hook {}", run.kind));
                    }
                }
            }
            for gate in &stage.gates {
                match &gate.kind {
                    GateKind::External { ask, .. } if !self.gates.contains_key(&ask.kind) => {
                        unknown.push(format!("gate {}", ask.kind));
                    }
                    GateKind::External { .. } | GateKind::Approval { .. } => {}
                }
            }
        }
        for check in plan.checks().values() {
            if !self.analyses.contains_key(&check.analysis.kind) {
                unknown.push(format!("analysis {}", check.analysis.kind));
            }
        }
        unknown.sort();
        unknown.dedup();
        unknown
    }
}
