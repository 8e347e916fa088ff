//! What a service has been told, by whom, and which of its deployments is ours. Pure.

use std::time::Duration;

use aws_sdk_ecs::primitives::DateTime;
use aws_sdk_ecs::types::{Deployment, Service, ServiceDeployment};
use strategy_core::Weight;
use strategy_core::target::{TargetError, TargetErrorKind};

use super::balancer::{self, Balancer};
use super::deployment::rollout_state;
use super::hooks::{granted, pending};
use super::note::Noted;
use super::schedule::Schedule;
use super::shifted::hand;
use super::{Bound, Configuration, Seen, is_under_way};
use crate::autoscaling::number;
use crate::digest::digest;
use crate::error::found;
use crate::mark::{self, WRITTEN};
use crate::note::is_late;
use crate::owned::Fields;
use crate::task_definition::short;
use crate::view::{definition, primary};

/// The field of the task definition.
pub(crate) const DEFINITION: &str = "d";
/// The field of the count that was told.
pub(crate) const COUNT: &str = "n";
/// The field of what was asked of stable's count while the candidate is there; it is noted and not told.
pub(crate) const LEFT: &str = "s";
/// The field of the deployment configuration, where we change it.
pub(crate) const CONFIGURATION: &str = "c";
/// The field of the load balancers and the grace period, which are put back on the way home alone.
pub(crate) const BALANCING: &str = "b";
/// The field of the hook that waits for our answer.
pub(crate) const HOOK: &str = "h";
/// The field of a primary deployment that is neither the start's nor accounted for by a note.
pub(crate) const STRANGE: &str = "x";

/// The field of weights that somebody gave a rule which Amazon ECS shifts.
pub(crate) const WEIGHTS: &str = "w";

/// A task definition as fields and notes tell it.
pub(crate) fn key(arn: &str) -> String {
    digest(short(arn), 10)
}

/// What was read, held against the start and the last note.
#[derive(Clone, Debug)]
pub(crate) struct Situation<'a> {
    pub(crate) bound: &'a Bound,
    pub(crate) seen: &'a Seen,
    pub(crate) service: &'a Service,
    /// The note that stands on the service; empty if there is none.
    pub(crate) tag: &'a str,
    /// The text of the last note, whatever landed late over it; empty if there is none.
    pub(crate) note: &'a str,
    /// What it says; `None`: it is none of ours.
    pub(crate) noted: Option<Noted>,
}

/// A start whose deployment failed is deployed anew so long after that began: often enough for what was mended
/// meanwhile, and seldom enough to wait for a person.
const FAILED_START: Duration = Duration::from_secs(60 * 60);

/// A deployment of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ours<'a> {
    /// As the service tells it.
    pub(crate) id: &'a str,
    /// The ARN of its service deployment, if it was told.
    pub(crate) arn: Option<&'a str>,
}

impl<'a> Situation<'a> {
    /// # Errors
    /// `NotFound` when the service is gone. Without its scalable target a release must still be able to go home.
    pub(crate) fn of(bound: &'a Bound, seen: &'a Seen) -> Result<Self, TargetError> {
        let Some(service) = seen.active() else {
            let message = "it was there when the rollout began and is gone; create it again";
            let (kind, resource) = (TargetErrorKind::NotFound, bound.resource());
            return Err(found(kind, "ecs:DescribeServices", &resource, message));
        };
        let tag = mark::value(service.tags(), WRITTEN).unwrap_or_default();
        let done = bound.done.as_deref();
        let note = if is_late(tag, done, bound.over) {
            done.unwrap_or_default()
        } else {
            tag
        };
        Ok(Self {
            bound,
            seen,
            service,
            tag,
            note,
            noted: Noted::read(note),
        })
    }

    /// The write that the note is of is known to have gone through.
    pub(crate) fn is_complete(&self) -> bool {
        self.bound.done.as_deref() == Some(self.note)
    }

    /// From which task definition to which the last write was to lead, by their keys.
    fn way(&self) -> Option<(&str, &str)> {
        self.noted.as_ref()?.definition()
    }

    fn start(&self) -> String {
        key(&self.bound.start.task_definition)
    }

    /// The last write was to lead from a release to the start.
    pub(crate) fn goes_home(&self) -> bool {
        let start = self.start();
        self.way()
            .is_some_and(|(from, to)| to == start && from != to)
    }

    /// The last write was to lead from the start to a release.
    pub(crate) fn goes_forward(&self) -> bool {
        let start = self.start();
        self.way()
            .is_some_and(|(from, to)| from == start && from != to)
    }

    /// The key of the release that was told; `None`: none was.
    pub(crate) fn release(&self) -> Option<String> {
        let start = self.start();
        match self.way() {
            Some((_, to)) if to != start => Some(to.to_owned()),
            Some((from, _)) if from != start => Some(from.to_owned()),
            Some(_) | None => {
                let followed = self.bound.followed.as_ref();
                followed.map(|followed| key(&followed.task_definition))
            }
        }
    }

    /// The deployment of the release that was told: the one whose answer the binding has or, where that was
    /// lost, the one that runs the release.
    pub(crate) fn ours(&self) -> Option<Ours<'_>> {
        let release = self.release()?;
        let primary = primary(self.service);
        let current = self.service.current_service_deployment();
        if let Some(followed) = &self.bound.followed
            && key(&followed.task_definition) == release
        {
            let is_primary = primary.and_then(Deployment::id) == Some(&followed.deployment);
            let told = followed.service_deployment.as_deref();
            return Some(Ours {
                id: &followed.deployment,
                arn: told.or_else(|| current.filter(|_| is_primary)),
            });
        }
        let primary = primary.filter(|_| key(definition(self.service)) == release)?;
        Some(Ours {
            id: primary.id()?,
            arn: current,
        })
    }

    /// The service deployment that is followed.
    pub(crate) const fn deployment(&self) -> Option<&'a ServiceDeployment> {
        self.seen.deployment.as_ref()
    }

    /// Its status in AWS's words; empty where it is not known.
    pub(crate) fn status(&self) -> &'a str {
        let status = self.deployment().and_then(|of| of.status());
        status.map_or("", |status| status.as_str())
    }

    /// Our deployment is over, and what it deployed is there.
    pub(crate) fn has_ended_well(&self) -> bool {
        let target = self.deployment().and_then(|of| of.service_deployment_arn());
        target.is_some()
            && target == self.ours().and_then(|ours| ours.arn)
            && self.status() == "SUCCESSFUL"
    }

    /// Our deployment is on its way back: what the service is told is the start, whatever it still shows.
    pub(crate) fn is_turning_back(&self) -> bool {
        ["ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS"].contains(&self.status())
            && self.release() == Some(key(definition(self.service)))
    }

    /// The ARN of the task definition in force.
    pub(crate) fn definition(&self) -> &'a str
    where
        Self: 'a,
    {
        if self.is_turning_back() {
            &self.bound.start.task_definition
        } else {
            definition(self.service)
        }
    }

    pub(crate) fn is_at_start(&self) -> bool {
        self.definition() == self.bound.start.task_definition
    }

    /// It is told to run the start, and its deployment has failed: it starts no task any more, and the same task
    /// definition told again begins none. One that failed lately is left: it would be deployed for ever.
    pub(crate) fn has_failed_start(&self) -> bool {
        // Where ECS shifts, a rollback leaves the failed one primary until it is over, and what failed by its rule
        // would fail again.
        let is_rolled = self.bound.start.configuration.is_none() && self.is_at_start();
        let Some(primary) = primary(self.service).filter(|_| is_rolled) else {
            return false;
        };
        let ended = self
            .deployment()
            .and_then(|of| of.finished_at().or_else(|| of.updated_at()));
        let is_since = match (primary.created_at(), ended) {
            (Some(began), Some(ended)) => began.as_secs_f64() > ended.as_secs_f64(),
            (_, _) => false,
        };
        let failed_long_ago = || {
            let began = primary.created_at().map(DateTime::as_secs_f64);
            let patience = FAILED_START.as_secs_f64();
            began.is_some_and(|began| began + patience <= self.seen.at.as_secs_f64())
        };
        rollout_state(primary) == "FAILED" && failed_long_ago()
            || self.status() == "ROLLBACK_FAILED" && !is_since
    }

    /// What is put back beside the task definition is what it was.
    pub(crate) fn has_settings_of_start(&self) -> bool {
        self.has_configuration_of_start() && self.balancing() == self.bound.start.balancing()
    }

    /// Its load balancers and its grace period.
    fn balancing(&self) -> String {
        let grace = self.service.health_check_grace_period_seconds;
        balancer::key(&Balancer::of(self.service), grace)
    }

    /// The last write was to put load balancers or the grace period back, for which ECS may deploy anew.
    fn puts_balancing_back(&self) -> bool {
        let noted = self.noted.as_ref();
        let step = noted.and_then(|noted| noted.note.step(BALANCING));
        step.is_some_and(|(from, to)| from != to && to == self.bound.start.balancing())
    }

    /// Its deployment configuration is what it was, as far as we change it.
    fn has_configuration_of_start(&self) -> bool {
        let start = self.bound.start.configuration.as_ref();
        start.is_none_or(|start| Configuration::of(self.service) == *start)
    }

    /// What runs is the candidate's: a release of ours, or what somebody made of it.
    pub(crate) fn has_candidate(&self) -> bool {
        !self.is_at_start() && self.release().is_some()
    }

    /// The count that was told. Where an autoscaler decides it, it is noted and not told.
    pub(crate) fn count(&self) -> u32 {
        if self.bound.start.is_scaled {
            self.noted_number(COUNT).unwrap_or(self.bound.start.count)
        } else {
            number(self.service.desired_count)
        }
    }

    /// The steps that ECS takes, after our answers.
    pub(crate) const fn schedule(&self) -> Option<&'a Schedule> {
        self.bound.schedule.as_ref()
    }

    /// The candidate's share, by what was told.
    pub(crate) fn weight(&self) -> Weight {
        if !self.has_candidate() {
            return Weight::ZERO;
        }
        match self.schedule() {
            None => Weight::FULL,
            Some(schedule) => schedule.weight_after(granted(self, schedule)),
        }
    }

    /// What was asked of stable's count, while the candidate is there. Before it is given up the service gets
    /// its own configuration back: until then that is still to be asked, though somebody else gave it up.
    pub(crate) fn left(&self) -> u32 {
        match self.schedule() {
            Some(schedule)
                if granted(self, schedule) <= schedule.steps.len()
                    || self.has_ended_well() && !self.has_configuration_of_start() =>
            {
                self.bound.start.count
            }
            Some(_) => 0,
            None => self.noted_number(LEFT).unwrap_or(0),
        }
    }

    /// Nobody decides its count any more, as an autoscaler did at the start.
    pub(crate) const fn has_lost_its_autoscaler(&self) -> bool {
        self.bound.start.is_scaled && self.seen.scaler.is_none()
    }

    fn noted_number(&self, name: &str) -> Option<u32> {
        let (_, to) = self.noted.as_ref()?.note.step(name)?;
        to.parse().ok()
    }

    /// The id of the primary deployment.
    pub(crate) fn primary(&self) -> &'a str {
        primary(self.service)
            .and_then(Deployment::id)
            .unwrap_or_default()
    }

    /// What we began has arrived, though its answer may not have, and has been taken back. A rollback makes a
    /// deployment of its own where ECS rolls. Where it shifts, the old one may be primary again as if nothing
    /// had been, but what was told together with the task definition is there.
    pub(crate) fn was_taken_back(&self) -> bool {
        let has_arrived =
            || self.primary() != self.bound.start.deployment || self.is_configured_for_it();
        self.goes_forward() && self.is_at_start() && has_arrived()
    }

    /// The deployment configuration is what the last write was to make of another.
    fn is_configured_for_it(&self) -> bool {
        let noted = self.noted.as_ref();
        let step = noted.and_then(|noted| noted.note.step(CONFIGURATION));
        step.is_some_and(|(from, to)| from != to && to == Configuration::of(self.service).key())
    }

    /// A deployment of the start's task definition which is not the one that was there, or is so again.
    fn strange(&self) -> Option<&str> {
        let now = self.primary();
        let before = self
            .noted
            .as_ref()
            .and_then(|noted| noted.primary.as_deref());
        let is_known = !self.was_taken_back()
            && (now == self.bound.start.deployment
                || self.goes_home()
                || self.puts_balancing_back()
                || !self.goes_forward() && before == Some(now));
        (self.is_at_start() && !is_known).then_some(now)
    }

    /// Nothing has been deployed since the start, and nothing is.
    pub(crate) fn is_untouched(&self) -> bool {
        self.primary() == self.bound.start.deployment
            && self.is_at_start()
            && !self.goes_home()
            && !is_under_way(primary(self.service))
    }

    /// Everything owned, as it is.
    pub(crate) fn fields(&self) -> Fields {
        let mut fields = Fields::default();
        let mut put = |name: &str, value: String| fields.0.insert(name.to_owned(), value);
        put(DEFINITION, key(self.definition()));
        put(COUNT, self.count().to_string());
        put(BALANCING, self.balancing());
        if self.has_candidate() {
            put(LEFT, self.left().to_string());
        }
        if self.bound.start.configuration.is_some() {
            put(CONFIGURATION, Configuration::of(self.service).key());
        }
        if let Some(hook) = pending(self) {
            put(HOOK, hook.to_owned());
        }
        if let Some(strange) = self.strange() {
            put(STRANGE, strange.to_owned());
        }
        if let Some(hand) = hand(self) {
            put(WEIGHTS, hand.text());
        }
        fields
    }
}
