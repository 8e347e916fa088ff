//! The releases that are measured.

use crate::rollout::Plan;

/// A release, and how often it is rolled out.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) name: &'static str,
    /// Behind the version in the tag of its image.
    behaviour: &'static str,
    pub(crate) runs: usize,
}

/// How every version behaves where its tag says nothing else.
pub(crate) const SERVES: &str = "errors-0.5_latency-60ms-100ms";

/// Requests a second.
pub(crate) const RATE: f64 = 50.0;

const fn case(name: &'static str, behaviour: &'static str, runs: usize) -> Case {
    Case {
        name,
        behaviour,
        runs,
    }
}

pub(crate) const CASES: [Case; 11] = [
    case("errors-5", "_errors-5", 10),
    case("crash", "_crash", 10),
    case("flap", "_flap-5s-10s", 10),
    case("errors-50", "_errors-50", 5),
    case("errors-2", "_errors-2", 5),
    case("slow-1.5", "_latency-90ms-150ms", 5),
    case("slow-3", "_latency-180ms-300ms", 5),
    case("crash-late", "_crash-30s", 5),
    case("hang", "_hang-20", 5),
    case("bursts", "_errors-5-burst-20", 5),
    case("healthy", "", 10),
];

impl Case {
    /// Looks every five seconds, and a minute at least at 10, 50 and 100 %.
    pub(crate) const fn plan(&self) -> Plan {
        Plan {
            behaviour: self.behaviour,
            stages: "[10%, 50%, 100%]",
            bake: "{at-least: 60s, at-most: 10m}",
            every: "5s",
            ..Plan::CANARY
        }
    }

    pub(crate) fn is_healthy(&self) -> bool {
        self.behaviour.is_empty()
    }
}
