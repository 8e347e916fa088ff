//! From what is there and what is desired to the calls to make, in order. Pure.

use strategy_core::target::{Apply, DesiredTrack, TargetError, TargetErrorKind};
use strategy_core::{Replicas, Stickiness, Traffic, Weight};

use super::answering::{configuration, next_answer};
use super::guards::{check, claimed};
use super::hooks::Answer;
use super::note;
use super::situation::{
    BALANCING, CONFIGURATION, COUNT, DEFINITION, HOOK, LEFT, STRANGE, Situation, key,
};
use super::{Balancer, Configuration};
use crate::asked::Asked;
use crate::changes::Definition;
use crate::digest::digest;
use crate::error::found;
use crate::note::Stamp;
use crate::owned::Fields;

/// One call that writes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Change {
    /// What is about to be told.
    Note {
        arn: String,
        text: String,
    },
    Deploy(Deploy),
    /// Lets a deployment go on past the hook that it waits for.
    Answer {
        arn: String,
        hook: String,
    },
    /// Takes a service deployment back, or, where ECS will not, deploys what was there.
    Stop {
        arn: String,
        else_: Deploy,
    },
}

/// What a service is told. `None`: as it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Deploy {
    /// An ARN.
    pub(crate) task_definition: Option<String>,
    pub(crate) count: Option<u32>,
    pub(crate) balancers: Option<Vec<Balancer>>,
    pub(crate) configuration: Option<Configuration>,
    pub(crate) grace_seconds: Option<i32>,
}

/// The calls, and what is owned after them.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Planned {
    pub(crate) changes: Vec<Change>,
    /// The note that will be there; `None`: what is there stays.
    pub(crate) note: Option<String>,
    /// What was planned to be true.
    pub(crate) wanted: Fields,
}

/// What a rolling deployment can be asked for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Aim<'a> {
    /// The start.
    Home { count: u32 },
    /// A release in its place, with all the traffic.
    Release {
        asked: Asked<'a>,
        count: u32,
        /// What is asked of stable's count.
        left: u32,
        /// Where ECS takes the steps of a plan: which one is asked for. 0: none yet; the one after the last:
        /// what was is to go.
        step: usize,
    },
}

pub(super) fn refuse(situation: &Situation<'_>, message: impl Into<String>) -> TargetError {
    let (kind, resource) = (TargetErrorKind::Unsupported, situation.bound.resource());
    found(kind, "ecs:UpdateService", &resource, message)
}

/// What is asked for, if it can be had.
///
/// # Errors
/// `Unsupported` when it cannot.
pub(crate) fn aim<'a>(
    situation: &Situation<'_>,
    request: &'a Apply,
) -> Result<Aim<'a>, TargetError> {
    use strategy_core::Revision;
    let desired = &request.desired;
    let is_scaled = situation.bound.start.is_scaled;
    let number = |track: &DesiredTrack| match track.replicas {
        Replicas::Count(count) => Ok(count),
        // As it was found; an autoscaler's minimum is not written.
        Replicas::Floor(floor) if is_scaled => Ok(floor),
        Replicas::Floor(_) => Err(refuse(
            situation,
            "no autoscaler decides its count, so there is no floor to hold",
        )),
    };
    let plain = |traffic: &Traffic, weight| {
        traffic.weight == weight
            && traffic.routes.is_empty()
            && traffic.mirror.is_zero()
            && traffic.stickiness == Stickiness::Kept
    };
    let stable = &desired.stable;
    if stable.revision != Revision::Recorded {
        return Err(refuse(
            situation,
            "it is one service, which runs the start or the release; what was is not given another revision",
        ));
    }
    let asked = match &desired.candidate.revision {
        Revision::Absent | Revision::Recorded => None,
        Revision::Release(images) => Some(Asked::Release(images)),
        Revision::Named(name) => Some(Asked::Named(name)),
        other => return Err(refuse(situation, format!("{other} means nothing here"))),
    };
    if let (Some(asked), Some(_)) = (&asked, &situation.bound.start.configuration) {
        let weight = desired.traffic.weight;
        let Some(schedule) = situation.schedule() else {
            return Err(refuse(
                situation,
                "the plan was not admitted, so its steps are not known",
            ));
        };
        let left = number(stable)?;
        let step = if left == 0 && weight == Weight::FULL {
            Some(schedule.steps.len() + 1)
        } else if weight.is_zero() {
            Some(0)
        } else {
            schedule.step_at(weight)
        };
        let is_whole = (left == situation.bound.start.count || left == 0)
            && number(&desired.candidate)? > 0
            && plain(&desired.traffic, weight);
        return match step {
            Some(step) if is_whole => Ok(Aim::Release {
                asked: asked.clone(),
                count: number(&desired.candidate)?,
                left,
                step,
            }),
            Some(_) | None => Err(refuse(
                situation,
                "Amazon ECS brings up all of a release beside what was, and takes the steps of the plan alone",
            )),
        };
    }
    match asked {
        None if plain(&desired.traffic, Weight::ZERO) => Ok(Aim::Home {
            count: number(stable)?,
        }),
        Some(asked)
            if plain(&desired.traffic, Weight::FULL)
                && (is_scaled || number(stable)? == 0)
                && number(&desired.candidate)? > 0 =>
        {
            Ok(Aim::Release {
                asked,
                count: number(&desired.candidate)?,
                left: number(stable)?,
                step: 0,
            })
        }
        None | Some(_) => Err(refuse(
            situation,
            "its tasks are replaced one after the other, so it runs either the start with all the traffic or a release with all of it",
        )),
    }
}

/// The calls that make what is asked for true, none if it is. `definition` is the release, if it is asked
/// for.
///
/// # Errors
/// `Conflict` when somebody else holds the service, or a field is neither as it was seen nor as it is
/// desired.
pub(crate) fn changes(
    situation: &Situation<'_>,
    request: &Apply,
    aim: &Aim<'_>,
    definition: &Definition,
) -> Result<Planned, TargetError> {
    let bound = situation.bound;
    claimed(situation.seen, &bound.resource(), request)?;
    let now = situation.fields();
    let (count, to) = match aim {
        Aim::Home { count } => (*count, Some(bound.start.task_definition.clone())),
        Aim::Release { count, .. } => (
            *count,
            match definition {
                Definition::Known(arn) => Some(arn.clone()),
                Definition::None | Definition::New(_) => None,
            },
        ),
    };
    let mut wanted = Fields::default();
    let name = match (&to, definition) {
        (Some(arn), _) => key(arn),
        // Planned once more when it is registered.
        (None, Definition::New(made)) => digest(&made.key, 10),
        (None, Definition::None | Definition::Known(_)) => String::new(),
    };
    wanted.0.insert(DEFINITION.to_owned(), name);
    wanted.0.insert(COUNT.to_owned(), count.to_string());
    match aim {
        Aim::Release { left, .. } => wanted.0.insert(LEFT.to_owned(), left.to_string()),
        Aim::Home { .. } => wanted
            .0
            .insert(BALANCING.to_owned(), bound.start.balancing()),
    };
    let configuration = configuration(situation, aim);
    if let Some(configuration) = &configuration {
        wanted
            .0
            .insert(CONFIGURATION.to_owned(), configuration.key());
    }
    let seen = Fields::read(&request.seen)?;
    check(situation, &now, &seen, &wanted)?;
    let mut deploy = Deploy::default();
    if !bound.start.is_scaled && situation.count() != count {
        deploy.count = Some(count);
    }
    deploy.configuration = configuration
        .clone()
        .filter(|_| now.of(CONFIGURATION) != wanted.of(CONFIGURATION));
    let is_home = matches!(aim, Aim::Home { .. });
    if is_home {
        restore(situation, &mut deploy);
    }
    let mut changes = Vec::new();
    let mut answer = None;
    if now.of(DEFINITION) == wanted.of(DEFINITION) {
        // A request that was to begin the deployment asks for no step.
        let has_begun = seen.of(DEFINITION) == wanted.of(DEFINITION);
        if let (Aim::Release { step, .. }, Some(schedule), true) =
            (aim, situation.schedule(), has_begun)
        {
            answer = next_answer(situation, schedule, *step, seen.of(HOOK))?;
        }
        // Put back before the last answer, since nothing is asked of us after it.
        if deploy != Deploy::default() {
            changes.push(Change::Deploy(deploy));
        }
        if let Some((arn, Answer { hook, .. })) = &answer {
            let (arn, hook) = (arn.clone(), hook.clone());
            changes.push(Change::Answer { arn, hook });
        }
    } else {
        deploy.task_definition = to;
        match situation.ours().and_then(|ours| ours.arn) {
            Some(arn) if is_home && can_be_stopped(situation) => {
                let arn = arn.to_owned();
                changes.push(Change::Stop { arn, else_: deploy });
            }
            Some(_) | None => {
                if is_home {
                    // Our own hooks would hold a way back that nobody answers.
                    deploy.configuration = configuration;
                }
                changes.push(Change::Deploy(deploy));
            }
        }
    }
    let note = note(
        situation,
        request,
        &now,
        &wanted,
        answer.map(|(_, answer)| answer),
    );
    if let Some(text) = &note {
        let arn = situation.service.service_arn().unwrap_or_default();
        let (arn, text) = (arn.to_owned(), text.clone());
        changes.insert(0, Change::Note { arn, text });
    }
    Ok(Planned {
        changes,
        note,
        wanted,
    })
}

/// What else was recorded and is not so any more goes back with the task definition, or after it.
fn restore(situation: &Situation<'_>, deploy: &mut Deploy) {
    let start = &situation.bound.start;
    if Balancer::of(situation.service) != start.balancers {
        deploy.balancers = Some(start.balancers.clone());
    }
    // One that is not set cannot be told; 0 seconds are the same.
    let grace = situation.service.health_check_grace_period_seconds;
    if grace.unwrap_or(0) != start.grace_seconds.unwrap_or(0) {
        deploy.grace_seconds = Some(start.grace_seconds.unwrap_or(0));
    }
}

/// Our deployment is under way, and ECS itself can take it back.
fn can_be_stopped(situation: &Situation<'_>) -> bool {
    let over = [
        "",
        "SUCCESSFUL",
        "STOPPED",
        "ROLLBACK_SUCCESSFUL",
        "ROLLBACK_FAILED",
    ];
    !over.contains(&situation.status())
}

/// The note to be written before anything else, if the one that is there does not say it.
fn note(
    situation: &Situation<'_>,
    request: &Apply,
    now: &Fields,
    wanted: &Fields,
    answer: Option<Answer>,
) -> Option<String> {
    let mut now = now.clone();
    now.0.remove(STRANGE);
    now.0.remove(HOOK);
    if !wanted.0.contains_key(BALANCING) {
        now.0.remove(BALANCING);
    }
    if now == *wanted && answer.is_none() {
        return None;
    }
    // How far it was let go stays known for as long as the release is there.
    let stays = now.of(DEFINITION) == wanted.of(DEFINITION);
    let before = situation
        .noted
        .as_ref()
        .and_then(|noted| noted.answer.clone());
    let answer = answer.or_else(|| before.filter(|_| stays));
    let text = note::text(
        Stamp::of(request),
        &now,
        wanted,
        situation.primary(),
        answer.as_ref(),
    );
    (situation.tag != text).then_some(text)
}
