//! What is replaced, not added: the newest observation, and memory and counters of checks.

use serde::{Deserialize, Serialize};

/// The newest observation of each part, and memory and counters of each check. Losing it repeats the
/// same windows from older memory, which is safe.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Latest {}
