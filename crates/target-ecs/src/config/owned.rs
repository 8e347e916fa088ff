//! Owned weights with their cluster: what the target of that mode is told.

use super::OwnedWeights;

/// Owned weights with their cluster.
#[derive(Clone, Debug)]
pub(crate) struct Owned {
    pub(crate) cluster: String,
    pub(crate) weights: OwnedWeights,
}

impl Owned {
    pub(crate) fn new(cluster: &str, weights: &OwnedWeights) -> Self {
        Self {
            cluster: cluster.to_owned(),
            weights: weights.clone(),
        }
    }

    pub(crate) const fn owned_weights(&self) -> &OwnedWeights {
        &self.weights
    }
}
