//! What the builders of all strategies take.

use serde::{Deserialize, Serialize};

use crate::weight::{InvalidWeight, Weight};

/// Anything that is meant as a weight: whole percents, `"0.5%"`, or a [`Weight`].
///
/// What is no weight is kept and told when the plan is made, so that builders need no `?`.
pub trait Percent {
    /// The weight.
    ///
    /// # Errors
    /// [`InvalidWeight`] above 100%, below 0%, or when it cannot be read.
    fn weight(self) -> Result<Weight, InvalidWeight>;
}

impl Percent for Weight {
    fn weight(self) -> Result<Weight, InvalidWeight> {
        Ok(self)
    }
}

impl Percent for u16 {
    fn weight(self) -> Result<Weight, InvalidWeight> {
        Weight::from_percent(self)
    }
}

/// Whole percents as a bare number is written.
impl Percent for i32 {
    fn weight(self) -> Result<Weight, InvalidWeight> {
        match u16::try_from(self) {
            Ok(percent) => Weight::from_percent(percent),
            Err(_) => format!("{self}%").parse(),
        }
    }
}

impl Percent for &str {
    fn weight(self) -> Result<Weight, InvalidWeight> {
        self.parse()
    }
}

/// What becomes of the track that the release no longer needs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Retire {
    /// As it was found: a candidate that the rollout created is removed, one that was found gets its
    /// recorded count back; a stable that was swapped out stays as it is, warm for the way back.
    /// The default, because it leaves nothing behind and takes nothing away.
    #[default]
    Restore,
    /// It stays as it is when the last traffic has left it.
    Keep,
    /// So many replicas stay.
    ScaleTo(u32),
    /// It is removed. Refused for a workload that was found.
    Remove,
}
