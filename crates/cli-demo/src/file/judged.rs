//! From a check of the file to one of a plan: a source and a judge, or a program that counts.

use serde_json::{Map, Value};
use strategy_core::analysis::FailureShare;
use strategy_core::plan::{self, Extension};
use strategy_metrics::MetricCheck;
use strategy_metrics::judge::{InvalidJudge, Kinds};
use strategy_metrics::source::SourceError;

use super::given::Given;
use super::{Check, Metrics, Mistake, RolloutFile, Shorthand, Time, check, convert};
use crate::metrics;
use crate::words::in_our_words;

/// The judge of a metric for which none is named.
pub(crate) const DEFAULT_JUDGE: &str = "sequential-ratio";

/// No metric or judge has so many parameters.
const SETTINGS: usize = 64;

impl RolloutFile {
    /// The check as a plan has it.
    pub(super) fn planned_check(&self, name: &str, check: &Check) -> Result<plan::Check, Mistake> {
        let field = format!("checks.{name}");
        let planned = match (&check.metric, &check.failure_share) {
            (Some(metric), None) => self.of_metric(metric, check, &field)?,
            (None, Some(share)) => counted(share, check, &field)?,
            (Some(_), Some(_)) => {
                return Err(Mistake::new(
                    format!("{field}.failure-share"),
                    "a check asks a source for `metric` or a program for `failure-share`; keep one of the two",
                ));
            }
            (None, None) => {
                return Err(Mistake::new(
                    field,
                    "it does not say what is measured; add `metric`, or `failure-share` with a program that counts",
                ));
            }
        };
        Ok(scheduled(planned, check))
    }

    fn of_metric(
        &self,
        metric: &Given,
        check: &Check,
        field: &str,
    ) -> Result<plan::Check, Mistake> {
        if check.compares_with_stable {
            return Err(Mistake::new(
                format!("{field}.compares-with-stable"),
                "the judge of a metric says by itself whether it compares; leave this out",
            ));
        }
        let source = self.source_of(check, field)?;
        let judge = judge(check);
        let kinds = Kinds::built_in();
        let made = kinds.make(&Value::Object(judge.clone()));
        let made = made.map_err(|wrong| {
            let problem = wrong.to_string();
            let at = judge_field(&judge, &wrong);
            let word = matches!(check.judge, None | Some(Shorthand::Word(_)));
            let at = if word { String::new() } else { at };
            Mistake::new(format!("{field}.judge{at}"), in_our_words(&problem))
        })?;
        let asked = self.metrics.get(source).map(metrics::unasked).transpose();
        let asked = asked.map_err(|problem| Mistake::new(format!("metrics.{source}"), problem))?;
        if let Some(asked) = asked {
            let shape = made.shape();
            let says = |metric: &Map<String, Value>| {
                let told = asked.rhythm(&Value::Object(metric.clone()), shape);
                told.err()
            };
            if let Some(error) = says(&metric.0) {
                return Err(of_source(&error, field, &metric.0, &says));
            }
        }
        let mut made = MetricCheck::new(source, Value::Object(metric.0.clone()));
        if check.judge.is_some() {
            made = made.judge(Value::Object(judge));
        }
        if let Some(part) = self.part_of(check, field)? {
            made = made.part(part);
        }
        made.check().map_err(|wrong| {
            Mistake::new(format!("{field}.judge"), in_our_words(&wrong.to_string()))
        })
    }

    /// Whether a check asks a source that is of this kind.
    pub(crate) fn asks(&self, is_meant: impl Fn(&Metrics) -> bool) -> bool {
        let asked = self.checks.values().filter(|check| check.metric.is_some());
        let mut sources = asked.filter_map(|check| {
            let name = check.source.as_deref();
            let only = self.metrics.values().next().filter(|_| name.is_none());
            only.or_else(|| self.metrics.get(name?))
        });
        sources.any(is_meant)
    }

    /// Which source is asked.
    fn source_of<'a>(&'a self, check: &'a Check, field: &str) -> Result<&'a str, Mistake> {
        let names: Vec<_> = self.metrics.keys().map(String::as_str).collect();
        let listed = || {
            let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
            names.join(", ")
        };
        match (check.source.as_deref(), names.as_slice()) {
            (_, []) => Err(Mistake::new(
                format!("{field}.metric"),
                "no source of metrics is there to be asked; add one, such as \
                 `metrics: {shop: {prometheus: {url: \"http://prometheus:9090\"}}}`",
            )),
            (None, [only]) => Ok(only),
            (None, _) => Err(Mistake::new(
                field,
                format!(
                    "there are several sources of metrics; name one by `source`: {}",
                    listed()
                ),
            )),
            (Some(name), _) if self.metrics.contains_key(name) => Ok(name),
            (Some(name), _) => Err(Mistake::new(
                format!("{field}.source"),
                format!(
                    "there is no source `{name}` under `metrics`; write one of {}",
                    listed()
                ),
            )),
        }
    }

    /// Of which part the check is; `None`: there is only one.
    fn part_of<'a>(&self, check: &'a Check, field: &str) -> Result<Option<&'a str>, Mistake> {
        let parts = self.parts()?;
        let names: Vec<_> = parts.iter().map(|part| format!("`{part}`")).collect();
        let names = names.join(", ");
        match (check.part.as_deref(), parts.as_slice()) {
            (None, [_]) => Ok(None),
            (None, _) => Err(Mistake::new(
                field,
                format!(
                    "the target has several parts, and a metric is of one; name it by `part`, in a check for each \
                     of {names}"
                ),
            )),
            (Some(name), parts) if parts.iter().any(|part| part.as_str() == name) => Ok(Some(name)),
            (Some(name), _) => Err(Mistake::new(
                format!("{field}.part"),
                format!("the target has no part `{name}`; write one of {names}"),
            )),
        }
    }
}

/// A program that counts.
fn counted(
    share: &check::FailureShare,
    check: &Check,
    field: &str,
) -> Result<plan::Check, Mistake> {
    let of_metric = [
        ("source", check.source.is_some()),
        ("judge", check.judge.is_some()),
        ("part", check.part.is_some()),
    ];
    if let Some((name, _)) = of_metric.iter().find(|(_, is_given)| *is_given) {
        return Err(Mistake::new(
            format!("{field}.{name}"),
            "this belongs to a `metric`, and a program counts here; leave it out",
        ));
    }
    convert::command(&share.command, &format!("{field}.failure-share.command"))?;
    let mut analysis = Extension::new(FailureShare::KIND).with("limit", share.limit.0.to_string());
    if let Some(events) = share.min_events {
        analysis = analysis.with("min_events", events);
    }
    let mut planned = plan::Check::new(analysis);
    planned.compares_with_stable = check.compares_with_stable;
    Ok(planned)
}

/// As often and with the limits that the file says.
pub(crate) fn scheduled(mut planned: plan::Check, check: &Check) -> plan::Check {
    if let Some(Time(interval)) = check.interval {
        planned.interval = interval;
    }
    if let Some(Time(timeout)) = check.timeout {
        planned.timeout = timeout;
    }
    if let Some(given) = check.limits {
        let limits = &mut planned.limits;
        limits.failures = given.failures.unwrap_or(limits.failures);
        limits.consecutive_failures = given.consecutive_failures.or(limits.consecutive_failures);
        limits.consecutive_errors = given
            .consecutive_errors
            .unwrap_or(limits.consecutive_errors);
        limits.consecutive_inconclusive = given
            .consecutive_inconclusive
            .unwrap_or(limits.consecutive_inconclusive);
    }
    planned
}

/// The parameters of a check's judge, its kind among them.
pub(crate) fn judge(check: &Check) -> Map<String, Value> {
    let of = |kind: &str| Map::from_iter([("kind".to_owned(), kind.into())]);
    match &check.judge {
        None => of(DEFAULT_JUDGE),
        Some(Shorthand::Word(kind)) => of(kind),
        Some(Shorthand::Mapping(given)) => given.0.clone(),
    }
}

/// The parameter of a judge that is `wrong`, below `judge`; empty: the whole.
pub(crate) fn judge_field(judge: &Map<String, Value>, wrong: &InvalidJudge) -> String {
    if matches!(wrong, InvalidJudge::Unknown { .. }) {
        return ".kind".to_owned();
    }
    let kinds = Kinds::built_in();
    let says = |params: &Map<String, Value>| {
        let made = kinds.make(&Value::Object(params.clone()));
        made.err().map(|wrong| wrong.to_string())
    };
    culprit(judge, &wrong.to_string(), &says)
}

/// What a source says of a metric that it does not understand.
fn of_source(
    error: &SourceError,
    field: &str,
    metric: &Map<String, Value>,
    says: &dyn Fn(&Map<String, Value>) -> Option<SourceError>,
) -> Mistake {
    let SourceError::Invalid {
        field: at,
        problem,
        mend,
        ..
    } = error
    else {
        return Mistake::new(format!("{field}.metric"), error.to_string());
    };
    let at = if at == "metric" {
        let says = |metric: &Map<String, Value>| says(metric).map(|error| error.to_string());
        format!("metric{}", culprit(metric, &error.to_string(), &says))
    } else {
        at.clone()
    };
    let problem = in_our_words(&format!("{problem}; {mend}"));
    Mistake::new(format!("{field}.{at}"), problem)
}

/// The one setting without which something else is said, as a path from `settings` on; empty: there is none, or there
/// are several.
///
/// What reads settings says what is wrong, and not always where. Of more settings than anything has, none is looked for.
fn culprit(
    settings: &Map<String, Value>,
    said: &str,
    says: &dyn Fn(&Map<String, Value>) -> Option<String>,
) -> String {
    if settings.len() > SETTINGS {
        return String::new();
    }
    let without = |name: &str| {
        let mut rest = settings.clone();
        rest.remove(name);
        says(&rest)
    };
    let names = settings.keys().filter(|name| *name != "kind");
    let mut suspects = names.filter(|name| without(name).as_deref() != Some(said));
    let (Some(name), None) = (suspects.next(), suspects.next()) else {
        return String::new();
    };
    let Some(Value::Object(inner)) = settings.get(name) else {
        return format!(".{name}");
    };
    let within = |inner: &Map<String, Value>| {
        let mut whole = settings.clone();
        whole.insert(name.clone(), Value::Object(inner.clone()));
        says(&whole)
    };
    format!(".{name}{}", culprit(inner, said, &within))
}
