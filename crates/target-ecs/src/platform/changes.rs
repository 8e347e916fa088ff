//! From what is there and what is desired to the calls to make, in order. Pure.

use aws_sdk_ecs::types::DeploymentConfiguration;
use strategy_core::target::{Apply, TargetError};

use super::Balancer;
use super::aim::{Aim, refuse};
use super::answering::{configuration, next_answer};
use super::guards::{check, claimed};
use super::hooks::Answer;
use super::note;
use super::situation::{
    BALANCING, CONFIGURATION, COUNT, DEFINITION, HOOK, LEFT, STRANGE, Situation, WEIGHTS, key,
};
use crate::changes::Definition;
use crate::digest::digest;
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
    /// All of it: whether what is left out stays nobody says.
    pub(crate) configuration: Option<DeploymentConfiguration>,
    pub(crate) grace_seconds: Option<i32>,
    /// A deployment is begun though the task definition is the one that it has.
    pub(crate) is_forced: bool,
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
    if matches!(aim, Aim::Release { .. }) && to.as_ref() == Some(&bound.start.task_definition) {
        // ECS would begin no deployment, and none would ever be there.
        return Err(refuse(
            situation,
            "the release is the task definition that was found; name another",
        ));
    }
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
    let read = situation.service.deployment_configuration();
    let block = configuration.as_ref().map(|of| of.block(read));
    deploy.configuration = block
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
        if let (
            Aim::Release {
                step: Some(step), ..
            },
            Some(schedule),
            true,
        ) = (aim, situation.schedule(), has_begun)
        {
            answer = next_answer(situation, schedule, *step, seen.of(HOOK))?;
        }
        if is_home && situation.has_failed_start() {
            deploy.task_definition = to;
            deploy.is_forced = true;
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
                    deploy.configuration = block;
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
    now.0.remove(WEIGHTS);
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
