//! The one file that waits for CloudWatch: a question sent, a bounded answer gathered.

use std::future::Future;
use std::pin::pin;
use std::time::{Duration, UNIX_EPOCH};

use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::config::AsyncSleep as _;
use aws_sdk_cloudwatch::config::retry::RetryConfig;
use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{Dimension, Metric, MetricDataQuery, MetricStat, ScanBy};
use futures::future::{Either, select};
use strategy_core::Timestamp;
use strategy_core::analysis::Window;

use super::answer::{Pages, Points, Refusal, id};
use super::refusal::{IAM_MEND, refused};
use super::series::Series;
use crate::source::SourceError;

/// The most datapoints that are asked for: as many as CloudWatch has in one answer by default.
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html>
pub(super) const POINTS: u128 = 100_800;

/// The most pages of an answer. There is one, unless CloudWatch could not gather all at once.
pub(super) const PAGES: usize = 10;

#[derive(Clone)]
pub(super) struct Api {
    client: Client,
    pub(super) timeout: Duration,
}

impl Api {
    /// With this client's configuration, but for retries: a look that fails is taken again.
    pub(super) fn of(client: &Client, timeout: Duration) -> Self {
        let once = client.config().to_builder();
        let once = once.retry_config(RetryConfig::disabled()).build();
        Self {
            client: Client::from_conf(once),
            timeout,
        }
    }

    pub(super) fn name(&self) -> String {
        match self.client.config().region() {
            Some(region) => format!("cloudwatch in {region}"),
            None => "cloudwatch".to_owned(),
        }
    }

    /// Now, as the client has it.
    pub(super) fn now(&self) -> Timestamp {
        let now = self.client.config().time_source().unwrap_or_default().now();
        let since = now.duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::default() + since
    }

    /// The datapoints of each series in a window that begins and ends with a period, and what was said of them.
    pub(super) async fn ask(
        &self,
        series: &[&Series],
        window: Window,
        period: Duration,
    ) -> Result<(Vec<Points>, Vec<String>), SourceError> {
        let periods = window.to.since(window.from).as_millis() / period.as_millis().max(1);
        let points = periods * series.len() as u128;
        if points > POINTS {
            return Err(self.permanent(
                format!(
                    "{points} datapoints would be its answer, and at most {POINTS} are asked for"
                ),
                "make the period longer, or the interval of the check shorter",
            ));
        }
        self.pages(series, window, period).await
    }

    /// Gives up after the time-out, if the client was given something to wait with.
    async fn in_time<T>(
        &self,
        asked: impl Future<Output = Result<T, SourceError>>,
    ) -> Result<T, SourceError> {
        let Some(sleep) = self.client.config().sleep_impl() else {
            return asked.await;
        };
        match select(pin!(asked), sleep.sleep(self.timeout)).await {
            Either::Left((answer, _)) => answer,
            Either::Right(((), _)) => {
                let seconds = self.timeout.as_secs_f64();
                Err(self.passing(format!("no answer in {seconds} s")))
            }
        }
    }

    async fn pages(
        &self,
        series: &[&Series],
        window: Window,
        period: Duration,
    ) -> Result<(Vec<Points>, Vec<String>), SourceError> {
        let queries = series.iter().enumerate();
        let queries: Vec<_> = queries
            .map(|(index, series)| query(index, series, period))
            .collect();
        let mut pages = Pages::of(series.len(), window, period);
        let mut token: Option<String> = None;
        for _ in 0..PAGES {
            let call = self
                .client
                .get_metric_data()
                .set_metric_data_queries(Some(queries.clone()))
                .start_time(date(window.from))
                .end_time(date(window.to))
                .scan_by(ScanBy::TimestampAscending)
                .set_next_token(token.clone());
            let answer = async {
                let page = call.send().await;
                page.map_err(|error| refused(&self.name(), &error))
            };
            let page = self.in_time(answer).await?;
            pages.read(&page).map_err(|refusal| self.heard(refusal))?;
            let next = page.next_token().filter(|token| !token.is_empty());
            let Some(next) = next else {
                return pages.all().map_err(|refusal| self.heard(refusal));
            };
            token = Some(next.to_owned());
        }
        Err(self.passing(format!("its answer has more than {PAGES} pages")))
    }

    fn heard(&self, refusal: Refusal) -> SourceError {
        match refusal {
            Refusal::Passing(said) => self.passing(said),
            Refusal::Forbidden(said) => self.permanent(said, IAM_MEND),
            Refusal::Unreadable(why) => self.passing(format!("its answer cannot be read: {why}")),
        }
    }

    fn passing(&self, problem: impl Into<String>) -> SourceError {
        SourceError::passing(self.name(), problem)
    }

    fn permanent(&self, problem: impl Into<String>, mend: &str) -> SourceError {
        SourceError::permanent(self.name(), problem, mend)
    }
}

fn query(index: usize, series: &Series, period: Duration) -> MetricDataQuery {
    let dimensions = series.dimensions.iter();
    let dimensions = dimensions.map(|(name, value)| Dimension::builder().name(name).value(value));
    let metric = Metric::builder()
        .namespace(&series.namespace)
        .metric_name(&series.metric)
        .set_dimensions(Some(dimensions.map(|of| of.build()).collect()));
    let stat = MetricStat::builder()
        .metric(metric.build())
        // At most a day.
        .period(i32::try_from(period.as_secs()).unwrap_or(i32::MAX))
        .stat(&series.statistic);
    MetricDataQuery::builder()
        .id(id(index))
        .metric_stat(stat.build())
        .build()
}

fn date(at: Timestamp) -> DateTime {
    DateTime::from_millis(i64::try_from(at.as_millis()).unwrap_or(i64::MAX))
}
