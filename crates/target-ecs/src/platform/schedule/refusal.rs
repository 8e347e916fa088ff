//! Why Amazon ECS cannot take the steps of a plan itself, and what to do about it.

use std::time::Duration;

use strategy_core::plan::{Goal, Stage};
use strategy_core::target::Finding;
use strategy_core::{Capacity, Part, Plan, Revision, RouteBy, Stickiness, Weight, duration};

use super::LONGEST_HOOK;
use super::waits::Wait;

/// One reason why Amazon ECS cannot carry out a plan by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// For programs.
    pub(crate) code: &'static str,
    /// What cannot be done.
    pub(crate) message: String,
    /// What to change.
    pub(crate) mend: String,
}

impl Refusal {
    fn new(code: &'static str, message: impl Into<String>, mend: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            mend: mend.into(),
        }
    }

    /// As a finding that blocks, about this resource.
    pub(crate) fn finding(self, resource: impl Into<String>) -> Finding {
        Finding::blocks(self.code, resource, self.message, self.mend)
    }

    pub(super) fn nothing_asked(part: &Part) -> Self {
        Self::new(
            "nothing-to-shift",
            format!("no stage asks for a release of part `{part}`"),
            "add its stages, or leave the part out of the rollout",
        )
    }

    pub(super) fn rolling(part: &Part) -> Self {
        Self::new(
            "rolling-is-another-mode",
            format!("the tasks of part `{part}` are to be replaced, and no traffic is shifted"),
            "use mode `rolling`, or a canary or blue-green strategy",
        )
    }

    pub(super) fn promotion(part: &Part) -> Self {
        Self::new(
            "promotion-not-native",
            format!(
                "part `{part}` keeps what was found, and Amazon ECS ends its deployments without it"
            ),
            "leave the promotion out: Amazon ECS makes the release stable itself",
        )
    }

    pub(super) fn falls(stage: &Stage, from: Weight, to: Weight) -> Self {
        Self::new(
            "weights-fall",
            format!(
                "stage `{}` is at {to} after {from}, and a deployment only goes forward",
                stage.name
            ),
            "let each stage have more than the one before",
        )
    }

    pub(super) fn too_small(stage: &Stage, weight: Weight) -> Self {
        Self::new(
            "percent-too-small",
            format!(
                "stage `{}` is at {weight}, and the least that Amazon ECS shifts is 0.1%",
                stage.name
            ),
            "begin with 0.1% or more",
        )
    }

    pub(super) fn too_fine(stage: &Stage, weight: Weight) -> Self {
        Self::new(
            "weight-too-fine",
            format!(
                "stage `{}` is at {weight}, and Amazon ECS shifts in tenths of a percent",
                stage.name
            ),
            "use a multiple of 0.1%",
        )
    }

    pub(super) fn not_all(stage: &Stage, weight: Weight) -> Self {
        Self::new(
            "last-step-not-all",
            format!(
                "the last step, stage `{}`, is at {weight}, and a deployment ends with everything",
                stage.name
            ),
            "end with 100%",
        )
    }

    pub(super) fn not_equal(stage: &Stage, step: Weight, weight: Weight) -> Self {
        Self::new(
            "steps-not-equal",
            format!(
                "stage `{}` is at {weight}, which no number of steps of {step} comes to: of more than two \
                 steps Amazon ECS takes equal ones alone",
                stage.name
            ),
            "use two steps (such as 10%, 100%), equal ones (25%, 50%, 75%, 100%), or mode \
             `owned-weights`, which takes any",
        )
    }

    pub(super) fn step_too_small(stage: &Stage, step: Weight) -> Self {
        Self::new(
            "step-too-small",
            format!(
                "stage `{}` makes steps of {step}, and the least of more than two is 3%",
                stage.name
            ),
            "use larger steps, two steps alone, or mode `owned-weights`",
        )
    }
}

/// What a goal asks for besides a weight.
pub(super) fn of_goal(stage: &Stage, goal: &Goal, refusals: &mut Vec<Refusal>) {
    let mut refuse = |code, what: String, mend: &str| {
        let refusal = Refusal::new(code, format!("stage `{}` {what}", stage.name), mend);
        refusals.push(refusal);
    };
    let stable_is_recorded =
        goal.stable.revision == Revision::Recorded && goal.stable.capacity == Capacity::Recorded;
    if goal.stable.revision.is_release() {
        refuse(
            "promotion-not-native",
            "gives stable the release, and Amazon ECS makes the release stable itself".to_owned(),
            "leave the promotion out",
        );
    } else if !stable_is_recorded {
        refuse(
            "stable-changed",
            "changes stable, which Amazon ECS leaves as it is until it is taken away".to_owned(),
            "leave stable as it was found",
        );
    }
    if !goal.candidate.revision.is_release() {
        refuse(
            "candidate-not-released",
            format!("asks for {} as the candidate", goal.candidate.revision),
            "ask for the release",
        );
    } else if goal.candidate.capacity != Capacity::Share(Weight::FULL) {
        refuse(
            "capacity-not-whole",
            "asks for a part of the candidate, and Amazon ECS brings up all of it".to_owned(),
            "ask for all of it (100%)",
        );
    }
    for by in [RouteBy::Header, RouteBy::Cookie] {
        if goal.traffic.routes.iter().any(|route| route.by == by) {
            let (code, name) = if by == RouteBy::Header {
                ("no-header-routes", "header")
            } else {
                ("no-cookie-routes", "cookie")
            };
            refuse(
                code,
                format!("sends requests by {name}, which is no step of a deployment of Amazon ECS"),
                "leave the route out",
            );
        }
    }
    if !goal.traffic.mirror.is_zero() {
        refuse(
            "no-mirror",
            "copies requests, which a load balancer does not".to_owned(),
            "leave the mirror out",
        );
    }
    if goal.traffic.stickiness != Stickiness::Kept {
        refuse(
            "stickiness-not-ours",
            "suspends stickiness, and Amazon ECS writes the rule".to_owned(),
            "leave stickiness as it is, and switch it off on the rule where it is in the way",
        );
    }
}

/// The timeout of the hooks, in minutes, if Amazon ECS can wait for so long.
pub(super) fn of_waits(plan: &Plan, waits: &[Wait], refusals: &mut Vec<Refusal>) -> Option<u16> {
    let before = refusals.len();
    let mut most = 1;
    for wait in waits {
        let stage = plan.stages().get(wait.stage);
        let name = stage.map(|stage| stage.name.to_string());
        let name = name.unwrap_or_default();
        let mend = format!(
            "bound or shorten {}: together they may take 14 days at most",
            wait.longest_of
        );
        let minutes = minutes(wait.longest);
        most = most.max(minutes);
        if minutes > LONGEST_HOOK {
            refusals.push(Refusal::new(
                "wait-too-long",
                format!(
                    "until stage `{name}` is let go on {} may pass, and Amazon ECS waits for 14 days at most",
                    duration::format(wait.longest)
                ),
                mend,
            ));
        }
    }
    (refusals.len() == before).then(|| u16::try_from(most).ok())?
}

/// Rounded up.
fn minutes(time: Duration) -> u64 {
    time.as_millis()
        .div_ceil(60_000)
        .try_into()
        .unwrap_or(u64::MAX)
}
