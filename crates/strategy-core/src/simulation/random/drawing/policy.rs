//! Drawn policies: a strategy with options that plan validation admits on the drawn platform.

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::collection::{btree_set, vec};
use proptest::option::weighted;
use proptest::prelude::*;

use super::limits::{policies, then};
use super::platform::{Kind, Platform};
use super::values::seconds;
use super::work::{GateDraft, HookDraft, check, gate, hook};
use crate::Amount;
use crate::plan::{Bake, Check, Health, OnFailure, Policies, ReadyRule, Then, Undecided, Undo};
use crate::simulation::random::policy::{Policy, Step, Way};
use crate::strategy::Retire;
use crate::weight::Weight;

/// The weights below 100% that a canary may have, in percent.
const WEIGHTS: [u16; 9] = [1, 5, 10, 20, 25, 33, 50, 75, 90];

/// Everything about a policy that does not depend on the platform.
#[derive(Clone, Debug)]
pub(super) struct PolicyDraft {
    way: WayDraft,
    bake: BakeDraft,
    last_bake: Option<Duration>,
    checks: Vec<(Check, bool)>,
    hooks: Vec<HookDraft>,
    gates: Vec<GateDraft>,
    gate_promotion: Option<GateDraft>,
    gate_retirement: Option<GateDraft>,
    retire: Retire,
    retire_after: Duration,
    health: Health,
    ready: ReadyRule,
    deadline: Duration,
    on_failure: Option<(Duration, Then)>,
    on_promotion_failure: Option<(bool, Duration, Then)>,
    no_return: Option<usize>,
    in_order: bool,
    policies: Policies,
}

#[derive(Clone, Debug)]
enum WayDraft {
    Canary {
        weights: Vec<u16>,
        first: Option<(bool, u16)>,
        promote_directly: bool,
        suspend_stickiness: bool,
    },
    BlueGreen {
        preview: bool,
    },
    Rolling {
        surge: Option<u32>,
        batches: Option<u32>,
    },
}

#[derive(Clone, Debug)]
struct BakeDraft {
    at_least: Duration,
    slack: Option<Duration>,
    looks: u32,
    hold: Option<(Duration, Then)>,
}

pub(super) fn policy() -> BoxedStrategy<PolicyDraft> {
    let last_bake = weighted(0.6, seconds(0..=60));
    let checks = prop_oneof![
        1 => Just(Vec::new()),
        3 => check().prop_map(|check| vec![check]),
        1 => (check(), check()).prop_map(|(one, two)| vec![one, two]),
    ];
    let work = (
        prop_oneof![2 => Just(Vec::new()), 1 => vec(hook(), 1..=2)],
        prop_oneof![4 => Just(Vec::new()), 1 => vec(gate(), 1..=2)],
        weighted(0.15, gate()),
        weighted(0.05, gate()),
    );
    let retire = prop_oneof![
        5 => Just(Retire::Restore),
        1 => Just(Retire::Keep),
        1 => (0..=2_u32).prop_map(Retire::ScaleTo),
        1 => Just(Retire::Remove),
    ];
    let retire_after = prop_oneof![4 => Just(Duration::ZERO), 1 => seconds(1..=60)];
    let deadline = prop_oneof![2 => Just(Duration::from_secs(600)), 1 => seconds(60..=300)];
    let failure = (
        weighted(0.15, (seconds(30..=300), then())),
        weighted(0.2, (any::<bool>(), seconds(30..=300), then())),
        weighted(0.05, 0..=9_usize),
    );
    let rest = (retire, retire_after, health(), ready(), deadline, failure);
    let whole = (policies(), proptest::bool::weighted(0.5));
    (way(), bake(), last_bake, checks, work, rest, whole)
        .prop_map(|(way, bake, last_bake, checks, work, rest, whole)| {
            let (hooks, gates, gate_promotion, gate_retirement) = work;
            let (retire, retire_after, health, ready, deadline, failure) = rest;
            let (on_failure, on_promotion_failure, no_return) = failure;
            PolicyDraft {
                way,
                bake,
                last_bake,
                checks,
                hooks,
                gates,
                gate_promotion,
                gate_retirement,
                retire,
                retire_after,
                health,
                ready,
                deadline,
                on_failure,
                on_promotion_failure,
                no_return,
                in_order: whole.1,
                policies: whole.0,
            }
        })
        .boxed()
}

fn way() -> BoxedStrategy<WayDraft> {
    let weights = btree_set(proptest::sample::select(&WEIGHTS[..]), 0..=3);
    let first = weighted(0.15, (any::<bool>(), 0..=50_u16));
    let rarely = || proptest::bool::weighted(0.1);
    let canary = (weights, first, rarely(), rarely()).prop_map(
        |(weights, first, promote_directly, suspend_stickiness)| WayDraft::Canary {
            weights: weights.into_iter().collect(),
            first,
            promote_directly,
            suspend_stickiness,
        },
    );
    let surge = weighted(0.5, 1..=4_u32);
    let batches = weighted(0.3, 1..=4_u32);
    let rolling =
        (surge, batches).prop_map(|(surge, batches)| WayDraft::Rolling { surge, batches });
    let switch = proptest::bool::weighted(0.2).prop_map(|preview| WayDraft::BlueGreen { preview });
    prop_oneof![5 => canary, 3 => switch, 2 => rolling].boxed()
}

fn bake() -> BoxedStrategy<BakeDraft> {
    let at_least = prop_oneof![1 => Just(Duration::ZERO), 6 => seconds(10..=90)];
    let slack = weighted(0.6, seconds(60..=600));
    let hold = weighted(0.15, (seconds(30..=300), then()));
    (at_least, slack, 1..=3_u32, hold)
        .prop_map(|(at_least, slack, looks, hold)| BakeDraft {
            at_least,
            slack,
            looks,
            hold,
        })
        .boxed()
}

fn health() -> BoxedStrategy<Health> {
    let restarts = prop_oneof![3 => Just(Some(2)), 1 => weighted(0.7, 0..=4_u32)];
    // What shrinks shrinks to the default.
    let on = || proptest::bool::weighted(0.05).prop_map(|is_off| !is_off);
    (on(), restarts, on())
        .prop_map(|(fatal, restarts, readiness)| Health {
            fatal,
            restarts,
            readiness,
            ..Health::default()
        })
        .boxed()
}

fn ready() -> BoxedStrategy<ReadyRule> {
    let share = prop_oneof![
        3 => Just(Weight::FULL),
        1 => super::values::percent(50..=100),
    ];
    let settle = prop_oneof![4 => Just(Duration::ZERO), 1 => seconds(1..=20)];
    let grace = prop_oneof![3 => Just(Duration::from_secs(10)), 1 => seconds(0..=60)];
    (share, settle, grace)
        .prop_map(|(share, settle, grace)| {
            ReadyRule::default()
                .share(share)
                .settle(settle)
                .grace(grace)
        })
        .boxed()
}

impl PolicyDraft {
    /// How long a rollout by it takes about, if nothing is in its way.
    pub(super) fn takes(&self, platform: &Platform) -> Duration {
        let stages = u32::try_from(self.stages(platform).len()).unwrap_or(1);
        let each = Duration::from_secs(15) + platform.drain / 2;
        let last = self.last_bake.unwrap_or(Duration::from_secs(60));
        (self.bake.at_least + each) * stages + last
    }

    /// The policy, as it can be on this platform.
    pub(super) fn on(&self, platform: &Platform) -> Policy {
        let kind = platform.kind;
        let stages = self.stages(platform);
        let named = |index: usize| stages.get(index % stages.len().max(1)).cloned();
        let promotes = kind.promotes_by_update();
        let retires = promotes && kind.creates() && self.retire != Retire::Keep;
        let is_two = platform.parts.len() > 1;
        let mut policy = Policy {
            way: self.way(platform),
            last_bake: self.last_bake.map(Bake::of),
            promotion: None,
            retire: match self.retire {
                Retire::Remove if !retires => Retire::Restore,
                Retire::Restore | Retire::Keep | Retire::ScaleTo(_) | Retire::Remove => self.retire,
            },
            retire_after: self.retire_after,
            health: self.health,
            ready: self.ready,
            deadline: self.deadline,
            policies: self.policies.clone(),
            ..Policy::default()
        };
        for (number, (check, compares)) in self.checks.iter().enumerate() {
            let mut check = check.clone();
            // Something has to be left to compare with.
            check.compares_with_stable = *compares && compares_somewhere(&policy.way);
            policy.checks.insert(format!("check-{number}"), check);
        }
        for (number, hook) in self.hooks.iter().enumerate() {
            if let Some(stage) = named(hook.stage) {
                policy.hooks.push((stage, hook.plan(number)));
            }
        }
        for (number, gate) in self.gates.iter().enumerate() {
            if let Some(stage) = named(gate.stage) {
                policy
                    .gates
                    .push((stage, gate.plan(&format!("gate-{number}"))));
            }
        }
        policy.gate_promotion = self
            .gate_promotion
            .as_ref()
            .map(|gate| gate.plan("promotion"));
        policy.gate_retirement = self
            .gate_retirement
            .as_ref()
            .filter(|_| retires)
            .map(|gate| gate.plan("retirement"));
        policy.no_return = self.no_return.and_then(named);
        if is_two && self.in_order {
            let names = platform.names().iter().rev();
            policy.order = names.filter_map(|name| name.parse().ok()).collect();
        }
        let closes = policy.no_return.is_some()
            || policy
                .hooks
                .iter()
                .any(|(_, hook)| hook.undo == Undo::Impossible);
        let end = |then: Then| if closes { Then::Abandon } else { then };
        policy.bake = Some(self.bake(&policy.checks, end));
        if let Some((at_most, then)) = self.on_failure {
            let then = end(then);
            policy.on_failure = OnFailure::Hold { at_most, then };
        }
        policy.on_promotion_failure = self.on_promotion_failure.map(|(stays, at_most, then)| {
            let then = end(then);
            if stays {
                OnFailure::StayOnCandidate { at_most, then }
            } else {
                OnFailure::Hold { at_most, then }
            }
        });
        policy
    }

    fn bake(&self, checks: &BTreeMap<String, Check>, end: impl Fn(Then) -> Then) -> Bake {
        let draft = &self.bake;
        let bake = Bake::of(draft.at_least).looks(draft.looks);
        let longest = checks.values().map(|check| check.interval).max();
        let looked = longest.unwrap_or_default() * draft.looks;
        let bake = match draft.slack {
            Some(slack) => bake.at_most(draft.at_least.max(looked) + slack),
            None => bake,
        };
        match draft.hold {
            Some((at_most, then)) => bake.undecided(Undecided::Hold {
                at_most,
                then: end(then),
            }),
            None => bake,
        }
    }

    fn way(&self, platform: &Platform) -> Way {
        let kind = platform.kind;
        match &self.way {
            WayDraft::BlueGreen { preview } if !kind.follows_readiness() => Way::BlueGreen {
                preview: *preview && kind.has_routes(),
            },
            WayDraft::BlueGreen { .. } => canary(vec![Step::at(Weight::FULL)]),
            WayDraft::Rolling { surge, batches } => Way::Rolling {
                surge: surge.filter(|_| batches.is_none()).map(Amount::Count),
                batches: *batches,
            },
            WayDraft::Canary {
                weights,
                first,
                promote_directly,
                suspend_stickiness,
            } => {
                let weights = weights.iter().filter(|_| !kind.is_all_or_nothing());
                let weights = weights.map(|percent| weight(*percent, platform));
                let mut steps: Vec<_> = weights.map(Step::at).collect();
                steps.dedup();
                steps.retain(|step| step.weight < Weight::FULL);
                if let Some((header, mirror)) = first.filter(|_| kind.has_routes()) {
                    let mut step = Step::at(Weight::ZERO);
                    step.mirror = Weight::from_percent(mirror).unwrap_or(Weight::FULL);
                    step.header = header || step.mirror.is_zero();
                    steps.insert(0, step);
                }
                let ends_early = *promote_directly && !steps.is_empty();
                if !ends_early {
                    steps.push(Step::at(Weight::FULL));
                }
                Way::Canary {
                    stages: steps,
                    promote_directly: ends_early,
                    suspend_stickiness: *suspend_stickiness,
                }
            }
        }
    }

    /// The names of stages that the plan certainly has.
    fn stages(&self, platform: &Platform) -> Vec<String> {
        let mut stages: Vec<String> = match self.way(platform) {
            Way::Canary { stages, .. } => {
                let names = stages.iter().map(|step| step.weight.to_string());
                names.collect()
            }
            Way::BlueGreen { .. } => vec!["preview".to_owned(), "switch".to_owned()],
            Way::Rolling { .. } => vec!["batch-1".to_owned()],
        };
        if platform.kind.promotes_by_update() {
            stages.extend(["promote".to_owned(), "return".to_owned()]);
        }
        stages
    }
}

fn canary(stages: Vec<Step>) -> Way {
    Way::Canary {
        stages,
        promote_directly: false,
        suspend_stickiness: false,
    }
}

/// Where requests reach whatever is ready, the counts of the first part have to come near to it.
fn weight(percent: u16, platform: &Platform) -> Weight {
    let weight = Weight::from_percent(percent).unwrap_or(Weight::FULL);
    match (platform.kind, platform.parts.first()) {
        (Kind::Readiness, Some(part)) => Weight::of(weight.ceil_of(part.pods), part.pods),
        (_, _) => weight,
    }
}

/// Whether in some stage requests reach both tracks.
fn compares_somewhere(way: &Way) -> bool {
    match way {
        Way::Canary { stages, .. } => stages.iter().any(|step| step.weight < Weight::FULL),
        Way::BlueGreen { .. } | Way::Rolling { .. } => false,
    }
}
