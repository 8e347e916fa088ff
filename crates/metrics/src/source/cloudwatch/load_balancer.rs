//! Ready-made: what an Application Load Balancer tells of a target group.
//!
//! Source: <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html>

use std::collections::BTreeMap;

use serde::Deserialize;

use super::metric::{Filled, Outcome, SUM};
use super::series::{Series, VALUE, filled, length, statistic};
use crate::source::SourceError;

const NAMESPACE: &str = "AWS/ApplicationELB";

/// Counted where the load balancer chose a target.
const REQUESTS: &str = "RequestCount";

/// A target answered so, or could not be connected to. That it did not answer at all is told of no target group.
const FAILED: [&str; 2] = ["HTTPCode_Target_5XX_Count", "TargetConnectionErrorCount"];

/// In seconds.
const TIME: &str = "TargetResponseTime";

/// The parameter `application-load-balancer`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct LoadBalancer {
    #[serde(default = "load_balancer")]
    load_balancer: String,
    #[serde(default = "target_group")]
    target_group: String,
    #[serde(default = "p95")]
    statistic: String,
}

fn load_balancer() -> String {
    "{{LoadBalancer}}".to_owned()
}

fn target_group() -> String {
    "{{TargetGroup}}".to_owned()
}

fn p95() -> String {
    "p95".to_owned()
}

impl LoadBalancer {
    pub(super) fn checked(&self) -> Result<(), SourceError> {
        length("load-balancer", &self.load_balancer, VALUE)?;
        length("target-group", &self.target_group, VALUE)?;
        statistic(&self.statistic)
    }

    pub(super) fn filled(
        &self,
        are_events: bool,
        labels: &BTreeMap<String, String>,
    ) -> Result<Filled, SourceError> {
        let mut dimensions = BTreeMap::new();
        for (name, field, text) in [
            ("LoadBalancer", "load-balancer", &self.load_balancer),
            ("TargetGroup", "target-group", &self.target_group),
        ] {
            let value = filled(field, text, VALUE, labels)?;
            dimensions.insert(name.to_owned(), value);
        }
        let series = |metric: &str, statistic: &str| Series {
            namespace: NAMESPACE.to_owned(),
            metric: metric.to_owned(),
            dimensions: dimensions.clone(),
            statistic: statistic.to_owned(),
        };
        Ok(if are_events {
            Filled::Events {
                requests: vec![series(REQUESTS, SUM)],
                outcome: Outcome::Failed(FAILED.map(|metric| series(metric, SUM)).to_vec()),
            }
        } else {
            Filled::Values(series(TIME, &self.statistic))
        })
    }
}
