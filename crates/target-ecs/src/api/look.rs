//! What is written and what runs of a part, read together.

use std::collections::BTreeSet;

use aws_sdk_ecs::types::{DesiredStatus, Task};
use aws_sdk_elasticloadbalancingv2::types::TargetHealthDescription;
use futures::try_join;
use strategy_core::target::TargetError;
use strategy_core::{Track, Tracks};

use super::Api;
use crate::binding::Bound;
use crate::view::{Definitions, State, View, definition, has_too_few};

/// The tasks of a track: those that are to run, and those that have stopped.
struct Tasks {
    running: Vec<Task>,
    stopped: Vec<Task>,
}

impl Api {
    /// What is written.
    pub(crate) async fn state(&self, bound: &Bound) -> Result<State, TargetError> {
        let rules: Vec<_> = bound.rules.iter().map(|rule| rule.rule.clone()).collect();
        let (state, rules) = try_join!(self.workloads(bound), self.rules(&rules))?;
        Ok(State { rules, ..state })
    }

    /// What the services and their autoscalers have been told, without the rules.
    pub(crate) async fn workloads(&self, bound: &Bound) -> Result<State, TargetError> {
        let cluster = &bound.cluster;
        let names = [
            bound.tracks.stable.service.as_str(),
            bound.tracks.candidate.service.as_str(),
        ];
        let scalers = async {
            if bound.is_scaled() {
                self.scalers(cluster, names).await
            } else {
                Ok([None, None])
            }
        };
        let (services, scalers) = try_join!(self.services(cluster, names), scalers)?;
        let ([stable, candidate], [stables, candidates]) = (services, scalers);
        Ok(State {
            services: Tracks { stable, candidate },
            rules: Vec::new(),
            scalers: Tracks {
                stable: stables,
                candidate: candidates,
            },
            ..State::default()
        })
    }

    /// What is written, and what runs.
    pub(crate) async fn view(&self, bound: &Bound) -> Result<View, TargetError> {
        self.shown().look();
        let state = self.state(bound).await?;
        self.view_of(bound, state).await
    }

    /// What runs, beside what was read to be written.
    pub(crate) async fn view_of(&self, bound: &Bound, state: State) -> Result<View, TargetError> {
        let (health, tasks) = try_join!(
            self.health_of_both(bound, &state),
            self.tasks_of_both(bound, &state)
        )?;
        self.viewed(state, health, tasks).await
    }

    /// The tasks, beside what was read already.
    pub(crate) async fn view_with(
        &self,
        bound: &Bound,
        state: State,
        health: Tracks<Vec<TargetHealthDescription>>,
    ) -> Result<View, TargetError> {
        self.shown().look();
        let tasks = self.tasks_of_both(bound, &state).await?;
        self.viewed(state, health, tasks).await
    }

    /// The targets of both tracks.
    pub(crate) async fn health_of_both(
        &self,
        bound: &Bound,
        state: &State,
    ) -> Result<Tracks<Vec<TargetHealthDescription>>, TargetError> {
        let (stable, candidate) = try_join!(
            self.health_of(bound, state, Track::Stable),
            self.health_of(bound, state, Track::Candidate),
        )?;
        Ok(Tracks { stable, candidate })
    }

    async fn tasks_of_both(
        &self,
        bound: &Bound,
        state: &State,
    ) -> Result<Tracks<Tasks>, TargetError> {
        let (stable, candidate) = try_join!(
            self.running(bound, state, Track::Stable),
            self.running(bound, state, Track::Candidate),
        )?;
        let mut arns = stable.0;
        arns.extend(candidate.0);
        let described = self.tasks(&bound.cluster, &arns).await?;
        let of = |names: &BTreeSet<String>| -> Vec<Task> {
            let is_one = |task: &&Task| task.task_arn().is_some_and(|arn| names.contains(arn));
            described.iter().filter(is_one).cloned().collect()
        };
        let tasks = |(running, stopped): &(BTreeSet<String>, BTreeSet<String>)| Tasks {
            running: of(running),
            stopped: of(stopped),
        };
        Ok(Tracks {
            stable: tasks(&stable.1),
            candidate: tasks(&candidate.1),
        })
    }

    async fn viewed(
        &self,
        state: State,
        health: Tracks<Vec<TargetHealthDescription>>,
        tasks: Tracks<Tasks>,
    ) -> Result<View, TargetError> {
        let Tracks { stable, candidate } = tasks;
        let mut view = View {
            tasks: Tracks {
                stable: stable.running,
                candidate: candidate.running,
            },
            stopped: Tracks {
                stable: stable.stopped,
                candidate: candidate.stopped,
            },
            health,
            definitions: Definitions::new(),
            state,
        };
        view.definitions = self.definitions_of(&view).await?;
        Ok(view)
    }

    /// The targets of a track. Those of a service that is not there are nobody's task: they are not asked
    /// for, since each target group takes a call.
    async fn health_of(
        &self,
        bound: &Bound,
        state: &State,
        track: Track,
    ) -> Result<Vec<TargetHealthDescription>, TargetError> {
        match state.services.of(track) {
            Some(_) => self.health(bound.groups().of(track)).await,
            None => Ok(Vec::new()),
        }
    }

    /// ARNs of all tasks of a track, and which of them are to run and which have stopped.
    async fn running(
        &self,
        bound: &Bound,
        state: &State,
        track: Track,
    ) -> Result<(Vec<String>, (BTreeSet<String>, BTreeSet<String>)), TargetError> {
        let Some(service) = state.services.of(track) else {
            return Ok(Default::default());
        };
        let (cluster, name) = (&bound.cluster, &bound.tracks.of(track).service);
        let running = self
            .task_arns(cluster, name, DesiredStatus::Running)
            .await?;
        let stopped = if has_too_few(service) {
            self.task_arns(cluster, name, DesiredStatus::Stopped)
                .await?
        } else {
            Vec::new()
        };
        let all = running.iter().chain(&stopped).cloned().collect();
        Ok((
            all,
            (running.into_iter().collect(), stopped.into_iter().collect()),
        ))
    }

    /// The task definitions of everything in a view.
    async fn definitions_of(&self, view: &View) -> Result<Definitions, TargetError> {
        let mut arns = BTreeSet::new();
        for track in Track::ALL {
            if let Some(service) = view.state.services.of(track) {
                arns.insert(definition(service).to_owned());
            }
            let tasks = view.tasks.of(track).iter();
            arns.extend(tasks.filter_map(|task| task.task_definition_arn.clone()));
        }
        let mut definitions = Definitions::new();
        for arn in arns {
            let described = self.definition(&arn).await?;
            definitions.insert(arn, described);
        }
        Ok(definitions)
    }
}
