//! Targets on Amazon ECS, and the AWS SDK with the usual ways to credentials.

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_config::{AppName, BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::ProvideCredentials as _;
use aws_credential_types::provider::error::CredentialsError;
use strategy_core::target::Capabilities;
use strategy_core::{Part, Target};
use strategy_metrics::source::CloudWatch;
pub use target_ecs::Policy;
use target_ecs::config::{
    Canary, Config, Mode, NativeGated, OwnedWeights, Rolling, RuleConfig, Slot, WorkloadConfig,
};
use target_ecs::{Account, EcsTarget, Statement};

use super::EcsError;
use crate::file::{Mistake, target};

/// As the program calls itself to AWS, whose trail of calls names it.
const APP: &str = "rollway";

/// The statement of [`CloudWatch::permissions`].
const READ_METRICS: &str = "ReadMetrics";

/// Where AWS is reached, and as whom.
#[derive(Clone, Debug)]
pub struct Connection(pub(super) Box<SdkConfig>);

/// What each part of the target is told.
///
/// # Errors
/// [`Mistake`] when the target names its objects twice or not at all, as no object can be named, or in more
/// than one account or region.
pub fn configs(file: &target::Ecs) -> Result<BTreeMap<Part, Config>, Mistake> {
    let mut configs = BTreeMap::new();
    let mut places: Option<(String, String)> = None;
    for (part, objects) in file.objects()? {
        let of_part = if file.parts.is_empty() {
            "target.ecs".to_owned()
        } else {
            format!("target.ecs.parts.{part}")
        };
        let config = config(file, &objects);
        config.check_names().map_err(|error| {
            let why = error.source.as_deref().map(ToString::to_string);
            mistake(
                &of_part,
                &objects,
                &why.unwrap_or_else(|| error.to_string()),
            )
        })?;
        if let Some(place) = place(&config)
            && *places.get_or_insert_with(|| place.clone()) != place
        {
            let ((region, account), (other, another)) = (place, places.unwrap_or_default());
            let problem = format!(
                "is in {region}/{account}, and the parts before it are in {other}/{another}; a cluster is in \
                 one account and region"
            );
            return Err(Mistake::new(of_part, problem));
        }
        configs.insert(part, config);
    }
    Ok(configs)
}

fn config(file: &target::Ecs, objects: &target::EcsPart) -> Config {
    let slot = |given: &target::EcsSlot| Slot::new(&given.service, &given.target_group);
    let workload: WorkloadConfig = match &objects.workload {
        target::EcsWorkload::Pair(slots) => slots.each_ref().map(slot).into(),
        target::EcsWorkload::Canary(given) => {
            let canary = Canary::new(slot(&given.stable), slot(&given.candidate));
            match given.create {
                Some(create) => canary.create(create).into(),
                None => canary.into(),
            }
        }
        target::EcsWorkload::Rolling(given) => {
            let mut rolling = Rolling::new(&given.service);
            if let Some(stall) = given.stall {
                rolling = rolling.stall(stall.0);
            }
            return Config::new(&file.cluster, rolling);
        }
        target::EcsWorkload::NativeGated(given) => {
            let mut gated = NativeGated::new(&given.service);
            if let Some(stall) = given.stall {
                gated = gated.stall(stall.0);
            }
            if let Some(settle) = file.settle {
                gated = gated.settle(settle.0);
            }
            return Config::new(&file.cluster, gated);
        }
    };
    let rules = objects.rules.iter().map(|rule| match rule {
        target::EcsRule::Rule(arn) => RuleConfig::Rule(arn.clone()),
        target::EcsRule::ListenerDefault(arn) => RuleConfig::ListenerDefault(arn.clone()),
    });
    let mut weights = OwnedWeights::new(workload, rules);
    if let Some(settle) = file.settle {
        weights = weights.settle(settle.0);
    }
    if let Some(drain) = file.drain {
        weights = weights.drain(drain.0);
    }
    if let Some(previews) = file.previews {
        weights = weights.previews(previews);
    }
    Config::new(&file.cluster, weights)
}

/// The field whose value the target refuses: it begins with the field's name and quotes the value.
fn mistake(of_part: &str, objects: &target::EcsPart, why: &str) -> Mistake {
    let Some((name, problem)) = why.strip_prefix('`').and_then(|why| why.split_once("`: ")) else {
        return Mistake::new(of_part, why);
    };
    let is_quoted = |value: &str| {
        let shown: String = value.chars().take(160).collect();
        problem.starts_with(&format!("{shown:?} "))
    };
    let field = match name {
        "cluster" => "target.ecs.cluster".to_owned(),
        "service" | "target-group" => {
            let slots = match &objects.workload {
                target::EcsWorkload::Pair([one, other]) => [("pair[0]", one), ("pair[1]", other)],
                target::EcsWorkload::Canary(canary) => [
                    ("canary.stable", &canary.stable),
                    ("canary.candidate", &canary.candidate),
                ],
                target::EcsWorkload::Rolling(_) => {
                    return Mistake::new(format!("{of_part}.workload.rolling.{name}"), problem);
                }
                target::EcsWorkload::NativeGated(_) => {
                    let field = format!("{of_part}.workload.native-gated.{name}");
                    return Mistake::new(field, problem);
                }
            };
            let mut slots = slots.into_iter();
            let slot = slots.find(|(_, slot)| {
                is_quoted(if name == "service" {
                    &slot.service
                } else {
                    &slot.target_group
                })
            });
            slot.map_or_else(
                || format!("{of_part}.workload"),
                |(slot, _)| format!("{of_part}.workload.{slot}.{name}"),
            )
        }
        "rules" => {
            // Of one that is named twice the second is too many.
            let index = objects.rules.iter().rposition(|rule| match rule {
                target::EcsRule::Rule(arn) | target::EcsRule::ListenerDefault(arn) => {
                    is_quoted(arn)
                }
            });
            index.map_or_else(
                || format!("{of_part}.rules"),
                |index| format!("{of_part}.rules[{index}]"),
            )
        }
        _ => format!("{of_part}.workload"),
    };
    Mistake::new(field, problem)
}

/// Region and account, which all ARNs of a sound configuration have in common. `None`: it names none.
fn place(config: &Config) -> Option<(String, String)> {
    let arn = match &config.mode {
        Mode::OwnedWeights(weights) => weights.rules.first().map(RuleConfig::arn)?,
        Mode::Rolling(rolling) => &rolling.service,
        Mode::NativeGated(gated) => &gated.service,
        _ => return None,
    };
    let mut parts = arn.split(':').skip(3).map(str::to_owned);
    Some((parts.next()?, parts.next()?))
}

/// How AWS is reached: the region is that of the ARNs, and what they do not tell is looked for where every
/// program of AWS looks: environment, profile, SSO, roles of pods, tasks and instances.
///
/// # Errors
/// [`EcsError`] when there are no credentials, or they say that they are of another account. Those that
/// do not say it are compared by the target, by the ARNs of its services.
pub async fn connect(
    profile: Option<&str>,
    configs: &BTreeMap<Part, Config>,
) -> Result<Connection, EcsError> {
    let (region, account) = configs.values().find_map(place).unzip();
    let config = load(profile, region.map(Region::new)).await;
    let credentials = credentials_are_there(&config, profile).await?;
    if config.region().is_none() {
        return Err(EcsError::NoRegion);
    }
    let found = credentials
        .account_id()
        .map(|found| found.as_str().to_owned());
    match (found, account) {
        (Some(found), Some(wanted)) if found != wanted => {
            Err(EcsError::OtherAccount { found, wanted })
        }
        _ => Ok(Connection(Box::new(config))),
    }
}

/// What every program of AWS finds for this profile and region, or without.
pub(super) async fn load(profile: Option<&str>, region: Option<Region>) -> SdkConfig {
    let mut loader = aws_config::defaults(BehaviorVersion::latest());
    if let Some(region) = region {
        loader = loader.region(region);
    }
    if let Ok(app) = AppName::new(APP) {
        loader = loader.app_name(app);
    }
    if let Some(profile) = profile {
        loader = loader.profile_name(profile);
    }
    loader.load().await
}

/// The credentials as they are now.
pub(super) async fn credentials_are_there(
    config: &SdkConfig,
    profile: Option<&str>,
) -> Result<Credentials, EcsError> {
    let named = || {
        let by_option = profile.map(str::to_owned);
        by_option.or_else(|| std::env::var("AWS_PROFILE").ok())
    };
    let unknown = |source| EcsError::NoCredentials {
        profile: named(),
        source,
    };
    let provider = config.credentials_provider();
    let provider = provider.ok_or_else(|| unknown("no source of them is configured".into()))?;
    let credentials = provider.provide_credentials().await;
    credentials.map_err(|error| {
        if matches!(error, CredentialsError::CredentialsNotLoaded(_)) {
            return unknown(error.into());
        }
        EcsError::CredentialsFailed {
            profile: named(),
            source: error.into(),
        }
    })
}

/// The targets, which share one account and so its calls and their limits. What is tried again is decided by
/// the machine: they switch the SDK's retries off.
pub fn targets(
    connection: &Connection,
    configs: &BTreeMap<Part, Config>,
) -> BTreeMap<Part, Arc<dyn Target>> {
    let Connection(sdk) = connection;
    let ecs = aws_sdk_ecs::Client::new(sdk);
    let balancers = aws_sdk_elasticloadbalancingv2::Client::new(sdk);
    let scaling = aws_sdk_applicationautoscaling::Client::new(sdk);
    let alarms = aws_sdk_cloudwatch::Client::new(sdk);
    let account = Account::builder(&ecs, &balancers, &scaling).alarms(&alarms);
    let account = account.build();
    configs
        .iter()
        .map(|(part, config)| {
            let target = EcsTarget::on(&account, config.clone());
            (part.clone(), Arc::new(target) as Arc<dyn Target>)
        })
        .collect()
}

/// What a plan can ask of each part. Nothing is asked for it, so no way to AWS is needed.
pub fn capabilities(configs: &BTreeMap<Part, Config>) -> BTreeMap<Part, Capabilities> {
    let each = configs.iter();
    each.map(|(part, config)| (part.clone(), EcsTarget::capabilities(config)))
        .collect()
}

/// The least policy for all parts together, and for a source in CloudWatch where a check asks one.
///
/// # Errors
/// [`Mistake`] when something in it cannot be named; [`configs`] says so before.
pub fn permissions(
    configs: &BTreeMap<Part, Config>,
    asks_cloudwatch: bool,
) -> Result<Option<Policy>, Mistake> {
    let mut all: Option<Policy> = None;
    for config in configs.values() {
        let policy = EcsTarget::permissions(config)
            .map_err(|error| Mistake::new("target.ecs", error.to_string()))?;
        let Some(all) = &mut all else {
            all = Some(policy);
            continue;
        };
        for statement in policy.statement {
            // A policy names each statement once; those of one name differ in their resources only.
            match all
                .statement
                .iter_mut()
                .find(|old| old.sid == statement.sid)
            {
                Some(old) => {
                    old.resource.extend(statement.resource);
                    old.resource.sort();
                    old.resource.dedup();
                }
                None => all.statement.push(statement),
            }
        }
    }
    if asks_cloudwatch && let Some(all) = &mut all {
        let everything = vec!["*".to_owned()];
        let read = Statement::allow(READ_METRICS, &CloudWatch::ACTIONS, everything);
        all.statement.push(read);
    }
    Ok(all)
}

#[cfg(test)]
mod tests;
