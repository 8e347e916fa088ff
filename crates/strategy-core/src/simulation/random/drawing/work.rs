//! Drawn checks, hooks and gates.

use std::time::Duration;

use proptest::prelude::*;

use super::limits::then;
use super::values::seconds;
use crate::analysis::{FailureShare, SlowShare};
use crate::plan::{
    Check, Extension, Gate, GateKind, HookPlan, HookPoint, Limits, Rerun, Then, Undo,
};
use crate::simulation::{SimulatedGate, SimulatedHook};
use crate::timestamp::duration;

/// A role that approves.
pub(super) const ROLE: &str = "release-manager";

/// A check, and whether it is to compare with stable.
pub(super) fn check() -> BoxedStrategy<(Check, bool)> {
    let limit = prop_oneof![Just("1%"), Just("5%"), Just("0%")];
    let min_events = prop_oneof![2 => Just(None), 1 => (1..=200_u32).prop_map(Some)];
    let interval = seconds(10..=40);
    let limits = (0..=1_u32, 1..=5_u32, 1..=10_u32);
    let is_slow = proptest::bool::weighted(0.3);
    let compares = proptest::bool::weighted(0.2);
    (limit, min_events, interval, limits, is_slow, compares)
        .prop_map(|(limit, min_events, interval, limits, is_slow, compares)| {
            let analysis = if is_slow {
                Extension::new(SlowShare::KIND).with("slower_than", "300ms")
            } else {
                Extension::new(FailureShare::KIND)
            };
            let analysis = analysis.with("limit", limit);
            let analysis = match min_events {
                Some(events) => analysis.with("min_events", events),
                None => analysis,
            };
            let (failures, errors, inconclusive) = limits;
            let limits = Limits::default()
                .failures(failures)
                .consecutive_errors(errors)
                .consecutive_inconclusive(inconclusive);
            (
                Check::new(analysis).every(interval).limits(limits),
                compares,
            )
        })
        .boxed()
}

/// A hook in the stage of this number.
#[derive(Clone, Debug)]
pub(super) struct HookDraft {
    pub(super) stage: usize,
    point: HookPoint,
    takes: Duration,
    goes: Goes,
    timeout: Duration,
    warns: bool,
    rerun: Rerun,
    undo: UndoDraft,
}

#[derive(Clone, Copy, Debug)]
enum Goes {
    Well,
    FirstFails,
    FirstBreaks,
    SomeFail,
}

#[derive(Clone, Copy, Debug)]
enum UndoDraft {
    NotNeeded,
    By(Duration),
    Impossible,
}

pub(super) fn hook() -> BoxedStrategy<HookDraft> {
    let point = prop_oneof![
        Just(HookPoint::Before),
        Just(HookPoint::Ready),
        Just(HookPoint::Effective),
        Just(HookPoint::Baked),
    ];
    let goes = prop_oneof![
        7 => Just(Goes::Well),
        1 => Just(Goes::FirstFails),
        1 => Just(Goes::FirstBreaks),
        1 => Just(Goes::SomeFail),
    ];
    let rerun = prop_oneof![
        Just(Rerun::Safe),
        Just(Rerun::OnlyWithKey),
        Just(Rerun::Never)
    ];
    let undo = prop_oneof![
        6 => Just(UndoDraft::NotNeeded),
        4 => seconds(1..=30).prop_map(UndoDraft::By),
        1 => Just(UndoDraft::Impossible),
    ];
    let warns = proptest::bool::weighted(0.2);
    let times = (seconds(1..=40), seconds(20..=120));
    (0..=9_usize, point, times, goes, warns, rerun, undo)
        .prop_map(
            |(stage, point, (takes, timeout), goes, warns, rerun, undo)| HookDraft {
                stage,
                point,
                takes,
                goes,
                timeout,
                warns,
                rerun,
                undo,
            },
        )
        .boxed()
}

impl HookDraft {
    pub(super) fn plan(&self, number: usize) -> HookPlan {
        let run = runs(SimulatedHook::KIND, self.takes);
        let run = match self.goes {
            Goes::Well => run,
            Goes::FirstFails => run.with("fails", 1),
            Goes::FirstBreaks => run.with("breaks", 1),
            Goes::SomeFail => run.with("fails", "30%"),
        };
        let undo = match self.undo {
            UndoDraft::NotNeeded => Undo::NotNeeded,
            UndoDraft::By(takes) => Undo::By(runs(SimulatedHook::KIND, takes)),
            UndoDraft::Impossible => Undo::Impossible,
        };
        let plan = HookPlan::new(format!("hook-{number}"), self.point, run)
            .timeout(self.timeout)
            .rerun(self.rerun)
            .undo(undo);
        if self.warns { plan.warns() } else { plan }
    }
}

/// A gate before the stage of this number.
#[derive(Clone, Debug)]
pub(super) struct GateDraft {
    pub(super) stage: usize,
    limit: Duration,
    then: Then,
    asks: Asks,
}

#[derive(Clone, Copy, Debug)]
enum Asks {
    Anybody,
    Role,
    Two,
    Code {
        takes: Duration,
        closed: u32,
        refuses: bool,
    },
}

pub(super) fn gate() -> BoxedStrategy<GateDraft> {
    let closed = prop_oneof![2 => Just(0_u32), 1 => 1..=5_u32];
    let code = (seconds(1..=20), closed, proptest::bool::weighted(0.1)).prop_map(
        |(takes, closed, refuses)| Asks::Code {
            takes,
            closed,
            refuses,
        },
    );
    let asks = prop_oneof![
        3 => Just(Asks::Anybody),
        1 => Just(Asks::Role),
        1 => Just(Asks::Two),
        2 => code,
    ];
    (0..=9_usize, seconds(60..=600), then(), asks)
        .prop_map(|(stage, limit, then, asks)| GateDraft {
            stage,
            limit,
            then,
            asks,
        })
        .boxed()
}

impl GateDraft {
    pub(super) fn plan(&self, name: &str) -> Gate {
        let gate = match self.asks {
            Asks::Anybody => Gate::approval(name, [], 1),
            Asks::Role => Gate::approval(name, [ROLE.to_owned()], 1),
            Asks::Two => Gate::approval(name, [], 2),
            Asks::Code {
                takes,
                closed,
                refuses,
            } => {
                let ask = runs(SimulatedGate::KIND, takes);
                let ask = match (refuses, closed) {
                    (true, _) => ask.with("refuses", 1),
                    (false, 0) => ask,
                    (false, closed) => ask.with("closed", closed),
                };
                Gate::external(name, ask)
            }
        };
        gate.within(self.limit, self.then)
    }
}

/// Whether people are asked.
pub(super) const fn asks_people(gate: &Gate) -> bool {
    matches!(gate.kind, GateKind::Approval { .. })
}

fn runs(kind: &str, takes: Duration) -> Extension {
    Extension::new(kind).with("takes", duration::format(takes))
}
