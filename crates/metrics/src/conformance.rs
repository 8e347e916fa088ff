//! The promises of every judge and every source, one named function each, to be run on yours.
//!
//! Not covered by semantic versioning: a new version may ask for more.
//!
//! ```
//! use serde_json::json;
//! use strategy_core::analysis::Window;
//! use strategy_core::{Timestamp, Tracks};
//! use strategy_metrics::conformance::judge;
//! use strategy_metrics::judge::{Kinds, Sight};
//! use strategy_metrics::{Data, Events, Reading};
//!
//! let sight = |minute: u64| {
//!     let events = |total, failed| Reading::Told(Data::Events(Events::counted(total, failed)));
//!     let window = Window {
//!         from: Timestamp::from_millis(minute * 60_000),
//!         to: Timestamp::from_millis((minute + 1) * 60_000),
//!     };
//!     let readings = Tracks { stable: events(2_700, 13), candidate: events(300, 2) };
//!     Sight::new(window, readings, 0.01)
//! };
//! let sights: Vec<_> = (0..20).map(sight).collect();
//! let params = json!({ "kind": "sequential-ratio" });
//! let yours = || Kinds::built_in().make(&params).expect("parameters of this judge");
//! for promise in judge::PROMISES {
//!     promise.check(&yours, &sights)?;
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod judge;
pub mod source;

use thiserror::Error;

/// A promise that is broken, and how.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct Broken(pub String);

/// `ensure!(condition, "what is broken")`: ends a check as broken.
macro_rules! ensure {
    ($condition:expr, $($message:tt)+) => {
        if !$condition {
            return Err(crate::conformance::Broken(format!($($message)+)));
        }
    };
}
use ensure;
