//! What was read of a part, as AWS tells it.

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_sdk_applicationautoscaling::types::ScalableTarget;
use aws_sdk_ecs::types::{Deployment, Service, Task};
use aws_sdk_elasticloadbalancingv2::types::{Action, TargetHealthDescription};
use strategy_core::target::{TargetError, TargetErrorKind};
use strategy_core::{Track, Tracks, Traffic};

use crate::autoscaling::{self, number};
use crate::binding::Bound;
use crate::claim::Claimable;
use crate::config::RuleConfig;
use crate::error::found;
use crate::forward::Forward;
use crate::note::{self, Text};
use crate::owned::{Count, Fields};
use crate::previews::{self, Previews};
use crate::routes::{self, refused};
use crate::task_definition::{Described, short};

/// Task definitions by their ARN.
pub(crate) type Definitions = BTreeMap<String, Arc<Described>>;

/// A service that is there, or is on its way out.
pub(crate) const DRAINING: &str = "DRAINING";

/// What is written.
#[derive(Clone, Debug, Default)]
pub(crate) struct State {
    /// `None`: no such service, or one that was deleted.
    pub(crate) services: Tracks<Option<Service>>,
    /// In the order of the configuration.
    pub(crate) rules: Vec<(RuleConfig, Vec<Action>)>,
    pub(crate) scalers: Tracks<Option<ScalableTarget>>,
    /// Nothing where they were not looked for.
    pub(crate) previews: Previews,
}

/// The last note.
#[derive(Clone, Debug, Default)]
pub(crate) struct Noted {
    pub(crate) text: Text,
    /// The write that it is of is known to have gone through.
    pub(crate) is_complete: bool,
}

/// What is written, and what runs.
#[derive(Clone, Debug, Default)]
pub(crate) struct View {
    pub(crate) state: State,
    /// Tasks that are to run, and those that have stopped of a service that has too few.
    pub(crate) tasks: Tracks<Vec<Task>>,
    pub(crate) stopped: Tracks<Vec<Task>>,
    pub(crate) health: Tracks<Vec<TargetHealthDescription>>,
    pub(crate) definitions: Definitions,
}

/// The deployment that is in force.
pub(crate) fn primary(service: &Service) -> Option<&Deployment> {
    let mut deployments = service.deployments().iter();
    deployments.find(|deployment| deployment.status() == Some("PRIMARY"))
}

/// Fewer tasks of the deployment in force run than are wanted; those of older ones fill the service's own count.
pub(crate) fn has_too_few(service: &Service) -> bool {
    primary(service).map_or(service.running_count < service.desired_count, |primary| {
        primary.running_count < primary.desired_count
    })
}

/// Some values, each of a track.
pub(crate) fn tracks<T>(of: impl Fn(Track) -> T) -> Tracks<T> {
    Tracks {
        stable: of(Track::Stable),
        candidate: of(Track::Candidate),
    }
}

impl State {
    /// A service that can be written to.
    pub(crate) fn active(&self, track: Track) -> Option<&Service> {
        let service = self.services.of(track).as_ref()?;
        (service.status() != Some(DRAINING)).then_some(service)
    }

    /// The services that are there, in the order in which they are claimed: stable's first.
    pub(crate) fn claimable(&self, bound: &Bound) -> Vec<Claimable> {
        let both = Track::ALL.into_iter();
        both.filter_map(|track| {
            Some(Claimable {
                resource: bound.service(track),
                service: self.active(track)?.clone(),
            })
        })
        .collect()
    }

    /// What each rule forwards to.
    ///
    /// # Errors
    /// When a rule's actions cannot be worked with.
    pub(crate) fn forwards(&self) -> Result<Vec<(RuleConfig, Forward)>, TargetError> {
        let read = self.rules.iter().map(|(rule, actions)| {
            let forward = Forward::read(actions).map_err(|refusal| {
                let action = "read the actions of";
                refused(TargetErrorKind::Ambiguous, action, rule, &refusal)
            })?;
            Ok((rule.clone(), forward))
        });
        read.collect()
    }

    /// Whether any rule sends to a track; where that cannot be told, it may.
    pub(crate) fn reaches(&self, bound: &Bound, track: Track) -> bool {
        let forwards = self.forwards().ok();
        let routed = forwards.and_then(|forwards| routes::read(bound.groups(), &forwards).ok());
        routed.is_none_or(|routed| routed.reaches(track))
    }

    /// How many a track has been told to run; `None` if it is absent.
    pub(crate) fn count(&self, bound: &Bound, track: Track) -> Option<Count> {
        let service = self.active(track)?;
        let scaler = self.scalers.of(track).as_ref();
        let scaler = scaler.filter(|_| bound.tracks.of(track).scaler.is_some());
        Some(autoscaling::count(number(service.desired_count), scaler))
    }

    /// Everything owned, as it is.
    pub(crate) fn fields(&self, bound: &Bound, forwards: &[(RuleConfig, Forward)]) -> Fields {
        let mut fields = Fields::default();
        for (index, (_, forward)) in forwards.iter().enumerate() {
            fields.rule(index, forward);
        }
        for track in Track::ALL {
            let told = self.active(track).zip(self.count(bound, track));
            let told = told.map(|(service, count)| (short(definition(service)), count));
            fields.track(track, told);
        }
        self.previews.fields(bound, &mut fields);
        fields
    }

    /// The last note, whatever landed late over it.
    pub(crate) fn noted(&self, bound: &Bound) -> Noted {
        let there = self.services.stable.as_ref().map(Text::of);
        let there = there.unwrap_or_default();
        let text = if note::is_late(&there.written, bound.done.as_deref(), bound.over) {
            Text {
                written: bound.done.clone().unwrap_or_default(),
                previews: bound.done_previews.clone(),
            }
        } else {
            there
        };
        let is_complete = bound.done.as_ref() == Some(&text.written);
        Noted { text, is_complete }
    }

    /// The traffic that is told to be written, and whether every rule has it.
    pub(crate) fn told(
        &self,
        bound: &Bound,
        fields: &Fields,
        read: (Traffic, bool),
    ) -> (Traffic, bool) {
        let noted = self.noted(bound);
        let note = noted.text.read().filter(|_| !noted.is_complete);
        previews::told(bound, &self.previews, fields, note.as_ref(), read)
    }

    /// The rules that have the candidate's target group at weight 0, as if they had not: it is put there
    /// before anything else is written, and a write may end after that.
    pub(crate) fn unwired(bound: &Bound, forwards: &[(RuleConfig, Forward)]) -> Fields {
        let mut fields = Fields::default();
        for (index, (_, forward)) in forwards.iter().enumerate() {
            if let Some(unwired) = forward.unwired(bound.groups().candidate) {
                fields.rule(index, &unwired);
            }
        }
        fields
    }

    /// Without stable's service there is nothing that the rest could be seen or moved against. Whatever else is
    /// gone is absent, which its fields tell as somebody's doing: it must not keep traffic from going home.
    pub(crate) fn stable_is_there(&self, bound: &Bound) -> Result<(), TargetError> {
        if self.active(Track::Stable).is_some() {
            return Ok(());
        }
        let message = "it was there when the rollout began and is gone; create it again";
        let (kind, resource) = (TargetErrorKind::NotFound, bound.service(Track::Stable));
        Err(found(kind, "ecs:DescribeServices", &resource, message))
    }
}

/// The ARN of the task definition that a service has been told to run.
pub(crate) fn definition(service: &Service) -> &str {
    service.task_definition().unwrap_or_default()
}
