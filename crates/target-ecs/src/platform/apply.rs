//! Carries out what was planned, one call after the other, and remembers which deployment is ours.

use aws_sdk_ecs::types::Service;
use strategy_core::target::{Applied, Apply, TargetError};

use super::aim::{Aim, aim, refuse};
use super::binding::Followed;
use super::changes::{Change, Deploy, Planned, changes};
use super::guards::{check_primary, check_told, claimed};
use super::situation::Situation;
use super::target::PlatformTarget;
use super::{Bound, Seen};
use crate::asked::Asked;
use crate::changes::Definition;
use crate::mark::{Retag, WRITTEN};
use crate::owned::Fields;
use crate::task_definition::release_anew;
use crate::view::{definition, primary};

impl PlatformTarget {
    pub(super) async fn make(&self, bound: Bound, request: &Apply) -> Result<Applied, TargetError> {
        let seen = self.api.seen(&bound).await?;
        let situation = Situation::of(&bound, &seen)?;
        let aim = aim(&situation, request)?;
        let (mut to, mut looked) = self.definition(&situation, &aim).await?;
        let mut planned = changes(&situation, request, &aim, &to)?;
        if let Definition::New(made) = &to {
            to = Definition::Known(self.api.register(made).await?);
            looked = true;
            planned = changes(&situation, request, &aim, &to).map_err(TargetError::maybe_taken)?;
        }
        let mut done = Done::default();
        let calls = std::mem::take(&mut planned.changes);
        let sight = Sight {
            situation: &situation,
            request,
            wanted: &planned.wanted,
        };
        let carried = self.carry_out(&sight, calls, !looked, &mut done);
        match carried.await {
            Ok(()) => {}
            Err(error) if done.has_written => return Err(error.maybe_taken()),
            Err(error) => return Err(error),
        }
        let release = match (&aim, to) {
            (Aim::Release { .. }, Definition::Known(arn)) => Some(arn),
            (Aim::Release { .. } | Aim::Home { .. }, _) => None,
        };
        applied(&bound, &situation, &planned, release, done.answer.as_ref())
    }

    /// What the release means, as far as it is registered, and whether that took a look.
    async fn definition(
        &self,
        situation: &Situation<'_>,
        aim: &Aim<'_>,
    ) -> Result<(Definition, bool), TargetError> {
        let bound = situation.bound;
        let base = &bound.start.task_definition;
        let asked = match aim {
            Aim::Release { asked, .. } => asked,
            Aim::Home { .. } => return Ok((Definition::None, false)),
        };
        match asked {
            Asked::Release(images) => {
                let running = definition(situation.service).to_owned();
                let is_known = self.api.has_described([base, &running]);
                let base = self.api.definition(base).await?;
                let made = release_anew(&base, &base, images).map_err(|none| none.error(&base))?;
                match self.api.registered(&made, &[running]).await? {
                    Some(arn) => Ok((Definition::Known(arn), !is_known)),
                    None => Ok((self.api.release(made, &[]).await?, true)),
                }
            }
            Asked::Named(name) => {
                let named = self.api.named(base, name, &bound.resource()).await?;
                if named == Definition::Known(base.clone()) {
                    let message = format!(
                        "{name} is what was found, so nothing would tell whether it was released; register it again and name that"
                    );
                    return Err(refuse(situation, message));
                }
                Ok((named, true))
            }
            Asked::Nothing | Asked::Recorded(_) => Ok((Definition::None, false)),
        }
    }

    /// One after the other. Before each it is looked whether the service is still under the claim, and still
    /// as it was seen or as it is to be, unless that was just seen. A note changes nothing of it.
    async fn carry_out(
        &self,
        sight: &Sight<'_>,
        calls: Vec<Change>,
        just_seen: bool,
        done: &mut Done,
    ) -> Result<(), TargetError> {
        let bound = sight.situation.bound;
        let mut just_seen = just_seen;
        for call in calls {
            if !just_seen {
                self.still_ours(sight, done).await?;
            }
            just_seen = false;
            match call {
                Change::Note { arn, text } => {
                    let mut retag = Retag::default();
                    retag.set.insert(WRITTEN, text);
                    self.api.retag(&arn, &retag).await?;
                    continue;
                }
                Change::Deploy(deploy) => self.deploy(bound, deploy, done).await?,
                Change::Answer { arn, hook } => self.api.answer(&arn, &hook).await?,
                Change::Stop { arn, else_ } => {
                    if self.api.stop(&arn, bound).await? {
                        // What ECS takes back is the task definition; the rest is told by us.
                        let rest = Deploy {
                            task_definition: None,
                            ..else_
                        };
                        if rest != Deploy::default() {
                            done.has_written = true;
                            self.still_ours(sight, done).await?;
                            self.deploy(bound, rest, done).await?;
                        }
                    } else {
                        self.deploy(bound, else_, done).await?;
                    }
                }
            }
            done.has_written = true;
        }
        Ok(())
    }

    async fn deploy(
        &self,
        bound: &Bound,
        deploy: Deploy,
        done: &mut Done,
    ) -> Result<(), TargetError> {
        let (cluster, service) = (&bound.cluster, &bound.service);
        done.answer = Some(self.api.deploy(cluster, service, deploy).await?);
        Ok(())
    }

    /// # Errors
    /// `Conflict` when somebody took it over, told it something else or began a deployment meanwhile.
    async fn still_ours(&self, sight: &Sight<'_>, done: &Done) -> Result<(), TargetError> {
        let situation = sight.situation;
        let bound = situation.bound;
        let [service] = self
            .api
            .services(&bound.cluster, [bound.service.as_str()])
            .await?;
        let seen = Seen {
            service,
            ..situation.seen.clone()
        };
        claimed(&seen, &bound.resource(), sight.request)?;
        let now = Situation::of(bound, &seen)?;
        check_told(bound, &now.fields(), &situation.fields(), sight.wanted)?;
        // Once a call of ours went through, another deployment is what it began.
        if done.has_written {
            return Ok(());
        }
        check_primary(bound, now.primary(), situation.primary())
    }
}

/// What the calls of a write were decided on.
#[derive(Clone, Copy, Debug)]
struct Sight<'a> {
    situation: &'a Situation<'a>,
    request: &'a Apply,
    /// What is to be true after them.
    wanted: &'a Fields,
}

/// What was carried out so far.
#[derive(Debug, Default)]
struct Done {
    /// A call that changes the service was made.
    has_written: bool,
    /// The service as the last call answered it.
    answer: Option<Service>,
}

/// The binding from now on: the deployment that is ours, and the note of a write that went through.
fn applied(
    before: &Bound,
    situation: &Situation<'_>,
    planned: &Planned,
    release: Option<String>,
    answer: Option<&Service>,
) -> Result<Applied, TargetError> {
    let mut bound = before.clone();
    let service = answer.unwrap_or(situation.service);
    let known = bound.followed.as_ref().map(|of| of.task_definition.clone());
    if let Some(arn) = release
        && known.as_ref() != Some(&arn)
        && let Some(primary) = primary(service)
        && primary.task_definition() == Some(&arn)
    {
        bound.followed = Some(Followed {
            task_definition: arn,
            deployment: primary.id.clone().unwrap_or_default(),
            service_deployment: service.current_service_deployment.clone(),
        });
    }
    let note = planned.note.as_deref().unwrap_or(situation.note);
    let noted = super::note::Noted::read(note);
    if !note.is_empty() && noted.is_some_and(|of| of.note.leads_to(&planned.wanted)) {
        bound.done = Some(note.to_owned());
    }
    if bound == *before {
        return Ok(Applied::default());
    }
    Ok(Applied::rebound(bound.wrap()?))
}

#[cfg(test)]
mod tests;
