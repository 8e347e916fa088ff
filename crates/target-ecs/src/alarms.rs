//! Alarms of CloudWatch that the deployments of a service go by.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ecs::types::Service;
use strategy_core::target::Finding;

/// Whether an alarm is on. One that has too little to go by is not: Amazon ECS acts on `ALARM` alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AlarmState {
    On,
    Off,
}

/// What is known of alarms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Alarms {
    /// There is no client to look with.
    NotLookedAt,
    /// By name; what was asked for and is not in it is not there.
    Told(BTreeMap<String, AlarmState>),
}

/// The names that the deployments of a service go by, each once.
pub(crate) fn names<'a>(services: impl IntoIterator<Item = &'a Service>) -> BTreeSet<String> {
    let all = services.into_iter().flat_map(watched);
    all.cloned().collect()
}

fn watched(service: &Service) -> &[String] {
    let configuration = service.deployment_configuration();
    let alarms = configuration.and_then(|of| of.alarms());
    let alarms = alarms.filter(|of| of.enable);
    alarms.map_or(&[], |of| of.alarm_names())
}

/// What stands in the way of a deployment of a service: if one of its alarms is in ALARM when it begins, Amazon
/// ECS heeds none of them ("How CloudWatch alarms detect Amazon ECS deployment failures").
pub(crate) fn findings(known: &Alarms, service: &Service, about: &str) -> Vec<Finding> {
    let names = watched(service);
    let told = match known {
        Alarms::NotLookedAt if names.is_empty() => return Vec::new(),
        Alarms::NotLookedAt => return vec![not_looked_at(names, about)],
        Alarms::Told(told) => told,
    };
    let names: BTreeSet<&String> = names.iter().collect();
    let found = names.into_iter().filter_map(|name| {
        let alarm = format!("alarm:{name}");
        match told.get(name) {
            Some(AlarmState::Off) => None,
            Some(AlarmState::On) => Some(Finding::blocks(
                "alarm-in-alarm",
                alarm,
                format!(
                    "it is in ALARM, and deployments of {about} go by it: of one that begins now Amazon ECS would heed no alarm"
                ),
                format!(
                    "mend what it tells of and wait until it is OK, or take it out of the deployment configuration of {about}"
                ),
            )),
            None => Some(Finding::warns(
                "alarm-missing",
                alarm,
                format!(
                    "deployments of {about} go by it, and there is no metric or composite alarm of that name, so it never ends one"
                ),
                format!(
                    "create it, or take it out of the deployment configuration of {about}"
                ),
            )),
        }
    });
    found.collect()
}

fn not_looked_at(names: &[String], about: &str) -> Finding {
    Finding::warns(
        "alarms-not-looked-at",
        about,
        format!(
            "its deployments go by the alarms {}, and it was not looked whether one of them is on already: Amazon ECS would heed none",
            names.join(", ")
        ),
        "give `AccountBuilder::alarms` a client of CloudWatch, or look before the rollout begins: `aws cloudwatch describe-alarms --state-value ALARM`",
    )
}
