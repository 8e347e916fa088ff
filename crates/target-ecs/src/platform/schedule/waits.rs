//! How long Amazon ECS may be kept waiting before each step: everything that a plan lets pass in between.

use std::time::Duration;

use strategy_core::Plan;
use strategy_core::plan::{ForeignPolicy, HookPoint, OnFailure, Rerun, Stage, Undecided};

/// Beyond what the plan allows: a process that is started anew, clocks that differ, and calls that are
/// repeated.
const MARGIN: Duration = Duration::from_secs(600);
/// What a hand that was put back often enough is waited for, as the documentation of
/// [`ForeignPolicy::Reassert`] says.
const REASSERTED_HOLD: Duration = Duration::from_secs(3600);

/// How long an answer may take at most.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wait {
    /// The stage that the answer lets begin to shift, or retire.
    pub(super) stage: usize,
    /// A plan in which something has no limit is refused before it comes here.
    pub(super) longest: Duration,
    /// What takes most of it, in words.
    pub(super) longest_of: String,
}

/// One thing that may take so long.
type Limit = (String, Duration);

/// Before each of these stages, which take a step of the part, and before what was is let go.
///
/// `started`: the stage that brings the release up without a step, where there is one.
///
/// A hook is pending from when what was granted before is reached, so it waits for the rest of that stage,
/// for stages of other parts in between, and for what comes before the walk of its own. What a person may
/// begin anew, such as a pause or a failed stage, is counted once: whoever does so again and again is met
/// by the end of the hook's patience, which is the way back.
pub(super) fn before_each(
    plan: &Plan,
    started: Option<usize>,
    grants: &[usize],
    retired: usize,
) -> Vec<Wait> {
    let mut waits = Vec::new();
    let mut from = match (started, grants.first()) {
        (Some(started), _) => (started, Passes::SINCE_READY),
        (None, Some(first)) => (*first, Passes::FIRST),
        (None, None) => return waits,
    };
    for next in grants.iter().copied().chain([retired]) {
        waits.push(before(plan, from, next));
        from = (next, Passes::AFTER);
    }
    waits
}

/// What of a stage passes while a hook is pending.
#[derive(Clone, Copy)]
struct Passes {
    /// Gates, and hooks before anything is written.
    early: bool,
    /// The walk to readiness, and hooks then.
    ready: bool,
    /// Hooks when traffic is effective, the bake, and hooks after it.
    late: bool,
}

impl Passes {
    const ALL: Self = Self {
        early: true,
        ready: true,
        late: true,
    };
    /// The step is granted in it.
    const BEFORE: Self = Self {
        late: false,
        ..Self::ALL
    };
    /// The release is started in it, and the step granted too: it is asked for when the release is ready.
    const FIRST: Self = Self {
        early: false,
        ..Self::BEFORE
    };
    /// The release is started in it, and no step taken.
    const SINCE_READY: Self = Self {
        early: false,
        ..Self::ALL
    };
    /// The step before was granted in it.
    const AFTER: Self = Self {
        early: false,
        ready: false,
        late: true,
    };
}

fn before(plan: &Plan, (from, begins): (usize, Passes), next: usize) -> Wait {
    let mut limits = Vec::new();
    for (index, stage) in plan.stages().iter().enumerate() {
        let passes = if index == from {
            begins
        } else if index == next {
            Passes::BEFORE
        } else if (from..next).contains(&index) {
            Passes::ALL
        } else {
            continue;
        };
        of_stage(stage, passes, &mut limits);
        if stage.hooks.iter().any(|hook| hook.rerun != Rerun::Safe) {
            let name = format!(
                "a hook of stage `{}` that a crash left unfinished",
                stage.name
            );
            limits.push((name, plan.policies().pause_limit));
        }
    }
    of_plan(plan, &mut limits);
    let sum = limits
        .iter()
        .fold(MARGIN, |sum, (_, limit)| sum.saturating_add(*limit));
    let longest = limits.into_iter().max_by_key(|(_, limit)| *limit);
    Wait {
        stage: next,
        longest: sum,
        longest_of: longest.map(|(name, _)| name).unwrap_or_default(),
    }
}

fn of_stage(stage: &Stage, passes: Passes, limits: &mut Vec<Limit>) {
    let name = &stage.name;
    let mut add = |what: String, limit: Duration| limits.push((what, limit));
    if passes.early {
        for gate in &stage.gates {
            add(
                format!("gate `{}` of stage `{name}`", gate.name),
                gate.limit,
            );
        }
    }
    for hook in &stage.hooks {
        let counts = if hook.point == HookPoint::Before {
            passes.early
        } else if hook.point == HookPoint::Ready {
            passes.ready
        } else {
            passes.late
        };
        if counts {
            add(
                format!("hook `{}` of stage `{name}`", hook.name),
                hook.timeout,
            );
        }
    }
    // To readiness and to effective traffic are two walks, each with the deadline of its own.
    if passes.ready {
        add(format!("`deadline` of stage `{name}`"), stage.deadline);
    }
    add(format!("`deadline` of stage `{name}`"), stage.deadline);
    if passes.late {
        add(
            format!("`bake.at_most` of stage `{name}`"),
            stage.bake.at_most,
        );
        if let Undecided::Hold { at_most, .. } = stage.bake.undecided {
            add(format!("the hold of an undecided stage `{name}`"), at_most);
        }
    }
    if let OnFailure::Hold { at_most, .. } | OnFailure::StayOnCandidate { at_most, .. } =
        stage.on_failure
    {
        add(format!("the hold of a failed stage `{name}`"), at_most);
    }
}

fn of_plan(plan: &Plan, limits: &mut Vec<Limit>) {
    let policies = plan.policies();
    let foreign = &policies.foreign;
    let hands = [
        ("traffic", &foreign.traffic),
        ("capacity", &foreign.capacity),
        ("revision", &foreign.revision),
    ];
    for (name, policy) in hands {
        let limit = if let ForeignPolicy::Hold { at_most, .. } = policy {
            *at_most
        } else if let ForeignPolicy::Reassert { .. } = policy {
            REASSERTED_HOLD
        } else {
            Duration::ZERO
        };
        limits.push((format!("the hold of a foreign change of {name}"), limit));
    }
    limits.push(("`pause_limit`".to_owned(), policies.pause_limit));
    limits.push(("`unreachable.limit`".to_owned(), policies.unreachable.limit));
}
