//! Which judge is run, and how: a check that stands alone in a file, or one of a rollout file.

use std::path::Path;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value};
use strategy_core::Weight;
use strategy_core::plan::{self, Policies};
use strategy_metrics::MetricCheck;
use strategy_metrics::judge::{InvalidJudge, Kinds};

use crate::error::CliError;
use crate::file::judged::{judge, judge_field, scheduled};
use crate::file::{
    self, Check, Given, Mistake, Percent, RolloutFile, Shorthand, Source, Time, check,
};
use crate::words::in_our_words;

/// A check as a rollout file has it under its name, so that it can be taken from there as it is; and what the rollout
/// around it would say.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Alone {
    #[serde(default)]
    metric: Option<Given>,
    #[serde(default)]
    judge: Option<Shorthand<String, Given>>,
    #[serde(default)]
    source: Option<String>,
    #[serde(default)]
    part: Option<String>,
    #[serde(default)]
    interval: Option<Time>,
    #[serde(default)]
    timeout: Option<Time>,
    #[serde(default)]
    limits: Option<check::Limits>,
    /// The chance of a false alarm that the check gets.
    #[serde(default)]
    alpha: Option<Percent>,
    /// The candidate's share of the requests.
    #[serde(default)]
    weight: Option<Percent>,
}

/// What is run.
#[derive(Debug)]
pub(super) struct Config {
    /// What the check is called.
    pub(super) name: String,
    /// The parameters of its judge.
    pub(super) judge: Map<String, Value>,
    /// Its interval and limits, as a plan has them.
    pub(super) check: plan::Check,
    /// The chance of a false alarm that it gets, in millionths; 0: its judge has no bound.
    pub(super) alpha_millionths: u32,
    /// The candidate's share of the requests; `None`: it is not known.
    pub(super) weight: Option<Weight>,
    /// What its metric says of the label of units, and of when series are old.
    pub(super) unit: Option<String>,
    pub(super) stale_after: Option<Duration>,
}

impl Config {
    /// Reads it; `name` is that of a check of a rollout file, which needs none where it has one check only.
    pub(super) fn read(path: &Path, name: Option<&str>) -> Result<Self, CliError> {
        if file::is_rollout(path)? {
            let (file, source) = RolloutFile::read(path)?;
            return Self::of_rollout(&file, &source, name);
        }
        if name.is_some() {
            return Err(CliError::Usage(format!(
                "--check is for a rollout file, and {} is a check alone; leave it out",
                path.display()
            )));
        }
        let (alone, source): (Alone, _) = file::read_alone(path)?;
        let (alpha, weight) = (alone.alpha, alone.weight);
        let check = Check {
            metric: alone.metric,
            judge: alone.judge,
            source: alone.source,
            part: alone.part,
            interval: alone.interval,
            timeout: alone.timeout,
            limits: alone.limits,
            ..Check::default()
        };
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        let mut policies = Policies::default();
        if let Some(Percent(alpha)) = alpha {
            policies.false_alarms = alpha.basis_points();
            if alpha.is_zero() {
                let problem = "without a chance of a false alarm nothing can fail; write `1%`";
                return Err(source.locate(Mistake::new("alpha", problem)).into());
            }
        }
        let (mut config, bounded) = Self::of(&name, &check, "", &source)?;
        if bounded {
            config.alpha_millionths = policies.false_alarm_share(1);
        }
        config.weight = weight.map(|Percent(weight)| weight);
        Ok(config)
    }

    fn of_rollout(
        file: &RolloutFile,
        source: &Source,
        name: Option<&str>,
    ) -> Result<Self, CliError> {
        let metrics = || {
            let checks = file.checks.iter();
            checks.filter(|(_, check)| check.metric.is_some())
        };
        let names: Vec<_> = metrics().map(|(name, _)| format!("`{name}`")).collect();
        let names = names.join(", ");
        let name = match name {
            Some(name) => name,
            None => match (metrics().next(), metrics().nth(1)) {
                (Some((only, _)), None) => only.as_str(),
                (None, _) => {
                    return Err(CliError::Usage(
                        "no check of the rollout file asks for a `metric`, and a program's answers are not judged"
                            .to_owned(),
                    ));
                }
                (Some(_), Some(_)) => {
                    return Err(CliError::Usage(format!(
                        "the rollout file has several checks of metrics; name one by --check: {names}"
                    )));
                }
            },
        };
        let Some((_, check)) = metrics().find(|(other, _)| *other == name) else {
            return Err(CliError::Usage(format!(
                "the rollout file has no check of a metric that is called `{name}`; name one by --check: {names}"
            )));
        };
        let mut sharing = 0;
        for (name, check) in metrics() {
            let (_, bounded) = Self::of(name, check, &format!("checks.{name}."), source)?;
            sharing += usize::from(bounded);
        }
        let (mut config, bounded) = Self::of(name, check, &format!("checks.{name}."), source)?;
        if bounded {
            let mut policies = Policies::default();
            if let Some(Percent(chance)) =
                file.policies.as_ref().and_then(|given| given.false_alarms)
            {
                policies.false_alarms = chance.basis_points();
            }
            config.alpha_millionths = policies.false_alarm_share(sharing);
        }
        Ok(config)
    }

    /// The config without a share of the budget, and whether its judge has a bound; `field` is where the check stands.
    fn of(
        name: &str,
        check: &Check,
        field: &str,
        source: &Source,
    ) -> Result<(Self, bool), CliError> {
        let params = judge(check);
        let wrong = |wrong: InvalidJudge| {
            let problem = wrong.to_string();
            let at = judge_field(&params, &wrong);
            let word = matches!(check.judge, None | Some(Shorthand::Word(_)));
            let at = if word { String::new() } else { at };
            let mistake = Mistake::new(format!("{field}judge{at}"), in_our_words(&problem));
            CliError::from(source.locate(mistake))
        };
        let made = Kinds::built_in().make(&Value::Object(params.clone()));
        let bounded = made.map_err(wrong)?.bounded();
        let planned =
            MetricCheck::new(super::KIND, Map::new()).judge(Value::Object(params.clone()));
        let planned = planned.check().map_err(wrong)?;
        let of_metric = |name: &str| {
            let metric = check.metric.as_ref()?;
            metric.0.get(name)?.as_str()
        };
        let stale_after = of_metric("stale-after").map(strategy_core::duration::parse);
        let stale_after = stale_after.transpose().map_err(|problem| {
            let mistake = Mistake::new(format!("{field}metric.stale-after"), problem);
            CliError::from(source.locate(mistake))
        })?;
        let config = Self {
            name: name.to_owned(),
            check: scheduled(planned, check),
            alpha_millionths: 0,
            weight: None,
            unit: of_metric("unit").map(str::to_owned),
            stale_after,
            judge: params,
        };
        if config.check.interval < Duration::from_secs(1) {
            let problem = "a window lasts at least a second; write a longer interval";
            let mistake = Mistake::new(format!("{field}interval"), problem);
            return Err(source.locate(mistake).into());
        }
        Ok((config, bounded))
    }
}
