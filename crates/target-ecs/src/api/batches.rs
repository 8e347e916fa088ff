//! What can be asked for several looks at once.

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_sdk_applicationautoscaling::types::{ScalableTarget, ServiceNamespace};
use aws_sdk_cloudwatch::types::{AlarmType, StateValue};
use aws_sdk_ecs::types::{Service, ServiceField, Task};
use aws_sdk_elasticloadbalancingv2::types::Action;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use strategy_core::target::{TargetError, TargetErrorKind};

use super::{Turn, answered};
use crate::account::{Account, Answers, Batch};
use crate::alarms::AlarmState;
use crate::binding::service as service_name;
use crate::config::resource;
use crate::error::found;

/// How many services one call describes at most.
const SERVICES_A_CALL: usize = 10;

/// How many tasks one call describes at most.
const TASKS_A_CALL: usize = 100;

/// How many rules or listeners are asked for in one call. Nothing says how many are taken; tags are told
/// of 20 resources at once.
const RULES_A_CALL: usize = 20;

/// How many scalable targets are asked for in one call: a page has as many.
const SCALERS_A_CALL: usize = 50;

/// How many alarms one call describes at most, and a page of it.
const ALARMS_A_CALL: usize = 100;
const ALARMS_A_PAGE: i32 = 100;

pub(super) const SERVICES: &str = "ecs:DescribeServices";
pub(super) const TASKS: &str = "ecs:DescribeTasks";
pub(super) const RULES: &str = "elasticloadbalancing:DescribeRules";
pub(super) const LISTENERS: &str = "elasticloadbalancing:DescribeListeners";
pub(super) const SCALERS: &str = "application-autoscaling:DescribeScalableTargets";
pub(super) const ALARMS: &str = "cloudwatch:DescribeAlarms";

/// What was told of one name.
#[derive(Clone, Debug)]
pub(crate) enum Told<T> {
    There(Box<T>),
    /// There is none.
    Missing,
    /// It could not be told, and why.
    Failed(String),
}

/// One for each kind of call.
pub(crate) struct Batches {
    /// By cluster; names.
    pub(super) services: Arc<Batch<Told<Service>>>,
    /// By cluster; ARNs.
    pub(super) tasks: Arc<Batch<Told<Task>>>,
    /// ARNs of rules.
    pub(super) rules: Arc<Batch<Vec<Action>>>,
    /// ARNs of listeners, for their default actions.
    pub(super) listeners: Arc<Batch<Vec<Action>>>,
    /// Resource ids.
    pub(super) scalers: Arc<Batch<ScalableTarget>>,
    /// Names.
    pub(super) alarms: Arc<Batch<AlarmState>>,
}

impl Default for Batches {
    fn default() -> Self {
        Self {
            services: Arc::new(Batch::new(SERVICES, SERVICES_A_CALL, services)),
            tasks: Arc::new(Batch::new(TASKS, TASKS_A_CALL, tasks)),
            rules: Arc::new(Batch::new(RULES, RULES_A_CALL, rules)),
            listeners: Arc::new(Batch::new(LISTENERS, RULES_A_CALL, listeners)),
            scalers: Arc::new(Batch::new(SCALERS, SCALERS_A_CALL, scalers)),
            alarms: Arc::new(Batch::new(ALARMS, ALARMS_A_CALL, alarms)),
        }
    }
}

type Sent<T> = BoxFuture<'static, Result<Answers<T>, TargetError>>;

fn failed<T>(
    failures: &[aws_sdk_ecs::types::Failure],
    name: impl Fn(&str) -> String,
    action: &str,
    about: &str,
) -> Result<Answers<Told<T>>, TargetError> {
    let told = failures.iter().map(|failure| {
        let why = failure.reason().unwrap_or("no reason given");
        let Some(arn) = failure.arn() else {
            return Err(found(TargetErrorKind::Unexpected, action, about, why));
        };
        let told = match why {
            "MISSING" => Told::Missing,
            why => Told::Failed(why.to_owned()),
        };
        Ok((name(arn), told))
    });
    told.collect()
}

fn services(
    account: Account,
    cluster: String,
    names: Vec<String>,
    turn: Turn,
) -> Sent<Told<Service>> {
    let send = async move {
        let about = service_name(&cluster, &names.join(","));
        let mut told = Answers::new();
        for (index, some) in names.chunks(SERVICES_A_CALL).enumerate() {
            turn.after_the_first(&account, index, SERVICES, &about)
                .await?;
            let call = account.ecs().describe_services().cluster(&cluster);
            let call = call.set_services(Some(some.to_vec()));
            let call = call.include(ServiceField::Tags).send();
            let answer = answered(&account, SERVICES, &about, call).await?;
            let name = |arn: &str| arn.rsplit('/').next().unwrap_or(arn).to_owned();
            told.extend(failed(answer.failures(), name, SERVICES, &about)?);
            for service in answer.services.unwrap_or_default() {
                let name = service.service_name().unwrap_or_default().to_owned();
                told.insert(name, Told::There(Box::new(service)));
            }
        }
        Ok(told)
    };
    send.boxed()
}

fn tasks(account: Account, cluster: String, arns: Vec<String>, turn: Turn) -> Sent<Told<Task>> {
    let send = async move {
        let about = format!("task/{cluster}");
        let mut told = Answers::new();
        for (index, some) in arns.chunks(TASKS_A_CALL).enumerate() {
            turn.after_the_first(&account, index, TASKS, &about).await?;
            let call = account.ecs().describe_tasks().cluster(&cluster);
            let call = call.set_tasks(Some(some.to_vec())).send();
            let answer = answered(&account, TASKS, &about, call).await?;
            told.extend(failed(answer.failures(), str::to_owned, TASKS, &about)?);
            for task in answer.tasks.unwrap_or_default() {
                let arn = task.task_arn().unwrap_or_default().to_owned();
                told.insert(arn, Told::There(Box::new(task)));
            }
        }
        Ok(told)
    };
    send.boxed()
}

fn rules(account: Account, _: String, arns: Vec<String>, turn: Turn) -> Sent<Vec<Action>> {
    let send = async move {
        let about = arns.first().map_or("", |arn| resource(arn)).to_owned();
        let (mut told, mut marker, mut page) = (BTreeMap::new(), None, 0);
        loop {
            turn.after_the_first(&account, page, RULES, &about).await?;
            let call = account.balancers().describe_rules();
            let call = call.set_rule_arns(Some(arns.clone())).set_marker(marker);
            let answer = answered(&account, RULES, &about, call.send()).await?;
            for rule in answer.rules.unwrap_or_default() {
                let arn = rule.rule_arn.unwrap_or_default();
                told.insert(arn, rule.actions.unwrap_or_default());
            }
            match answer.next_marker {
                Some(more) if !more.is_empty() => marker = Some(more),
                Some(_) | None => return Ok(told),
            }
            page += 1;
        }
    };
    send.boxed()
}

fn listeners(account: Account, _: String, arns: Vec<String>, turn: Turn) -> Sent<Vec<Action>> {
    let send = async move {
        let about = arns.first().map_or("", |arn| resource(arn)).to_owned();
        let (mut told, mut marker, mut page) = (BTreeMap::new(), None, 0);
        loop {
            turn.after_the_first(&account, page, LISTENERS, &about)
                .await?;
            let call = account.balancers().describe_listeners();
            let call = call
                .set_listener_arns(Some(arns.clone()))
                .set_marker(marker);
            let answer = answered(&account, LISTENERS, &about, call.send()).await?;
            for listener in answer.listeners.unwrap_or_default() {
                let arn = listener.listener_arn.unwrap_or_default();
                told.insert(arn, listener.default_actions.unwrap_or_default());
            }
            match answer.next_marker {
                Some(more) if !more.is_empty() => marker = Some(more),
                Some(_) | None => return Ok(told),
            }
            page += 1;
        }
    };
    send.boxed()
}

fn scalers(account: Account, _: String, ids: Vec<String>, turn: Turn) -> Sent<ScalableTarget> {
    let send = async move {
        let about = ids.join(",");
        let (mut told, mut token, mut page) = (Answers::new(), None, 0);
        loop {
            turn.after_the_first(&account, page, SCALERS, &about)
                .await?;
            let call = account.scaling().describe_scalable_targets();
            let call = call.service_namespace(ServiceNamespace::Ecs);
            let call = call.set_resource_ids(Some(ids.clone()));
            let call = call.set_next_token(token).send();
            let answer = answered(&account, SCALERS, &about, call).await?;
            for target in answer.scalable_targets.unwrap_or_default() {
                told.insert(target.resource_id.clone(), target);
            }
            match answer.next_token {
                Some(more) if !more.is_empty() => token = Some(more),
                Some(_) | None => return Ok(told),
            }
            page += 1;
        }
    };
    send.boxed()
}

/// Composite alarms are told only where they are asked for.
fn alarms(account: Account, _: String, names: Vec<String>, turn: Turn) -> Sent<AlarmState> {
    let send = async move {
        let (mut told, mut page) = (Answers::new(), 0);
        let Some(client) = account.alarms_client() else {
            return Ok(told);
        };
        for some in names.chunks(ALARMS_A_CALL) {
            let (about, mut token) = (format!("alarm:{}", some.join(",")), None);
            loop {
                turn.after_the_first(&account, page, ALARMS, &about).await?;
                page += 1;
                let call = client.describe_alarms();
                let call = call.set_alarm_names(Some(some.to_vec()));
                let call = call.alarm_types(AlarmType::MetricAlarm);
                let call = call.alarm_types(AlarmType::CompositeAlarm);
                let call = call.max_records(ALARMS_A_PAGE).set_next_token(token);
                let answer = answered(&account, ALARMS, &about, call.send()).await?;
                let metric = answer.metric_alarms().iter();
                let metric = metric.map(|of| (of.alarm_name(), of.state_value()));
                let composite = answer.composite_alarms().iter();
                let composite = composite.map(|of| (of.alarm_name(), of.state_value()));
                for (name, state) in metric.chain(composite) {
                    let name = name.unwrap_or_default();
                    told.insert(name.to_owned(), state_of(name, state)?);
                }
                match answer.next_token {
                    Some(more) if !more.is_empty() => token = Some(more),
                    Some(_) | None => break,
                }
            }
        }
        Ok(told)
    };
    send.boxed()
}

fn state_of(name: &str, state: Option<&StateValue>) -> Result<AlarmState, TargetError> {
    match state.map_or("", StateValue::as_str) {
        "ALARM" => Ok(AlarmState::On),
        "OK" | "INSUFFICIENT_DATA" => Ok(AlarmState::Off),
        other => Err(found(
            TargetErrorKind::Unexpected,
            ALARMS,
            &format!("alarm:{name}"),
            format!("its state is `{other}`, which is not known here"),
        )),
    }
}
