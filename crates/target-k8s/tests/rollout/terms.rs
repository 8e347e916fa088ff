//! The plans that tests run: the real strategies, with short times.

use std::time::Duration;

use strategy_core::Strategy;
use strategy_core::analysis::FailureShare;
use strategy_core::plan::{Bake, Check, Extension, Policies, ReadyRule};
use strategy_core::strategy::{BlueGreen, Canary};

pub(crate) const fn seconds(number: u64) -> Duration {
    Duration::from_secs(number)
}

/// How routing is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Two slots behind a Service.
    BlueGreen,
    /// Stable and a canary made from it, behind an Istio VirtualService.
    Canary,
    /// The same behind an HTTPRoute of Gateway API.
    Gateway,
    /// Two slots behind an Ingress.
    Ingress,
}

impl Mode {
    /// Switched and shared by weight.
    pub(crate) const BOTH: [Self; 2] = [Self::BlueGreen, Self::Canary];

    /// The stage in which the candidate first carries traffic.
    pub(crate) const fn first_exposed(self) -> &'static str {
        match self {
            Self::BlueGreen | Self::Ingress => "switch",
            Self::Canary | Self::Gateway => "20%",
        }
    }
}

/// What differs from test to test. The times are short; everything else is as users have it.
#[derive(Clone, Debug)]
pub(crate) struct Terms {
    pub(crate) stages: Vec<u16>,
    pub(crate) bake: Duration,
    pub(crate) deadline: Duration,
    pub(crate) grace: Duration,
    pub(crate) is_checked: bool,
    pub(crate) policies: Policies,
}

impl Default for Terms {
    fn default() -> Self {
        Self {
            stages: vec![20, 50, 100],
            bake: seconds(2),
            deadline: seconds(60),
            grace: seconds(10),
            is_checked: false,
            policies: Policies::default(),
        }
    }
}

/// The same words for every strategy.
macro_rules! under {
    ($terms:expr, $strategy:expr) => {{
        let ready = ReadyRule::default().grace($terms.grace);
        let strategy = $strategy
            .bake(Bake::of($terms.bake))
            .deadline($terms.deadline)
            .ready(ready)
            .policies($terms.policies.clone());
        if $terms.is_checked {
            strategy.check("errors", errors())
        } else {
            strategy
        }
    }};
}

impl Terms {
    /// A bake that ends by what is wrong, or the test does not end in time.
    pub(crate) fn long_bake() -> Self {
        Self {
            bake: seconds(600),
            ..Self::default()
        }
    }

    pub(crate) fn strategy(&self, mode: Mode) -> Box<dyn Strategy> {
        match mode {
            Mode::BlueGreen | Mode::Ingress => Box::new(under!(self, BlueGreen::new())),
            Mode::Canary | Mode::Gateway => {
                let canary = Canary::new().stages(self.stages.clone());
                Box::new(under!(self, canary.bake_after_return(Bake::of(self.bake))))
            }
        }
    }
}

fn errors() -> Check {
    let analysis = Extension::new(FailureShare::KIND)
        .with("limit", "1%")
        .with("min_events", 10);
    Check::new(analysis).every(seconds(1))
}
