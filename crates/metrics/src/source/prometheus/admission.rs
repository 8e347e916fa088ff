//! What is asked before a rollout begins: whether there will be an answer, and what there is now.
//!
//! Of now as the server has it, so that no clock is read.

use std::collections::BTreeSet;
use std::time::Duration;

use futures::future::try_join;
use strategy_core::Track;
use strategy_core::target::Finding;

use super::Prometheus;
use super::answer::{Answer, Series};
use super::increments::{Increment, histogram};
use super::metric::{Filled, Metric};
use super::native::{self, Told};
use super::silent::{without_data, without_label};
use super::twice::counted_twice;
use crate::reading::{Data, Reading};
use crate::source::{Admitted, SourceError};

impl Prometheus {
    /// What the server says to what a metric will be asked by.
    pub(super) async fn admitted(
        &self,
        metric: &Metric,
        filled: Filled,
        track: Track,
    ) -> Result<Admitted, SourceError> {
        let mut admitted = Admitted {
            asked: filled.asked(),
            ..Admitted::default()
        };
        match filled {
            Filled::Events { requests, failed } => {
                let asked = (requests, failed);
                let requests = self.newest(&asked.0, metric);
                let failed = self.newest(&asked.1, metric);
                let (requests, failed) = try_join(requests, failed).await?;
                let (requests, failed) = (self.0.numbers(requests)?, self.0.numbers(failed)?);
                admitted.samples_every = apart(&requests.series);
                let silent = self.silent(&asked.0, &requests, metric, track);
                admitted.findings.extend(silent);
                admitted.findings.extend(without_label(
                    (&asked.0, &requests.series),
                    (&asked.1, &failed.series),
                ));
                let twice = counted_twice(&requests.series);
                admitted
                    .findings
                    .extend(twice.map(|twice| twice.finding(metric.stale_after)));
                let unit = metric.unit.as_deref();
                let names = requests.series.iter();
                let names = names.map(|series| self.unit_of(&series.labels, unit));
                let names = names.collect::<Result<BTreeSet<_>, _>>()?;
                let units = if unit.is_some() { names.len() } else { 0 };
                admitted.units = (!names.is_empty()).then_some(units);
            }
            Filled::Histogram(selector) => {
                let answer = self.newest(&selector, metric).await?;
                admitted.samples_every = apart(&answer.series);
                let silent = self.silent(&selector, &answer, metric, track);
                admitted.findings.extend(silent);
                let twice = counted_twice(&answer.series);
                admitted
                    .findings
                    .extend(twice.map(|twice| twice.finding(metric.stale_after)));
                admitted.bounds = self.bounds(&answer.series, metric.schema)?;
            }
            Filled::Values(query) => {
                let answer = self.0.ask("query", &[("query", query)]).await?;
                self.one(&answer)?;
            }
            Filled::Units { query, unit } => {
                let answer = self.0.ask("query", &[("query", query)]).await?;
                let units = self.by_unit(&answer, &unit)?.len();
                admitted.units = (units > 0).then_some(units);
            }
        }
        Ok(admitted)
    }

    /// The samples of a selector that are not stale, in the form in which a window's are asked for.
    async fn newest(&self, selector: &str, metric: &Metric) -> Result<Answer, SourceError> {
        let query = format!("{selector}[{}ms]", metric.stale_after.as_millis());
        self.0
            .ask_for_histograms("query", &[("query", query)])
            .await
    }

    /// A candidate may have nothing yet, and stable may not.
    fn silent(
        &self,
        selector: &str,
        answer: &Answer,
        metric: &Metric,
        track: Track,
    ) -> Option<Finding> {
        (track == Track::Stable && answer.series.is_empty())
            .then(|| without_data(&self.0.name(), selector, metric))
    }

    fn bounds(&self, series: &[Series], schema: i8) -> Result<Option<Vec<f64>>, SourceError> {
        let wrong = |problem: String| self.no_histogram(&problem);
        if native::are_native(series).map_err(wrong)? {
            let told = Told::of(series, schema).map_err(wrong)?;
            return Ok(Some(told.bounds));
        }
        let nothing_yet = series.iter().map(|series| Increment {
            labels: &series.labels,
            count: 0.0,
        });
        let nothing_yet: Vec<_> = nothing_yet.collect();
        let told =
            histogram(&nothing_yet).map_err(|problem: String| self.no_histogram(&problem))?;
        Ok(match told {
            Reading::Told(Data::Histogram(histogram)) => Some(histogram.bounds().to_vec()),
            Reading::Told(Data::Events(_) | Data::Units(_) | Data::Values(_))
            | Reading::Empty
            | Reading::Stale { .. }
            | Reading::NotANumber => None,
        })
    }
}

/// How far apart samples are where they are furthest apart: of each series the least distance, as one may be missing.
fn apart(series: &[Series]) -> Option<Duration> {
    let of_one = |series: &Series| {
        let times = series.samples.windows(2);
        let apart = times.filter_map(|pair| match pair {
            [(one, _), (next, _)] => next.as_millis().checked_sub(one.as_millis()),
            _ => None,
        });
        apart.filter(|millis| *millis > 0).min()
    };
    let furthest = series.iter().filter_map(of_one).max()?;
    Some(Duration::from_millis(furthest))
}
