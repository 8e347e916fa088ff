//! A CloudWatch that holds samples, and answers by the rules of its reference: the begin of a request is rounded down,
//! datapoints have the time of their period's begin, and pages have so many of them.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::wire::{Page, Told};

/// A namespace, a name, and dimensions as text.
type Name = (String, String, String);

#[derive(Clone, Debug, Default)]
pub(crate) struct Store {
    samples: BTreeMap<Name, BTreeMap<u64, f64>>,
    /// Datapoints of a page; 0: all on one.
    pub(crate) per_page: usize,
}

impl Store {
    /// So much was counted in a second since 1970.
    pub(crate) fn count(&mut self, metric: &str, group: &str, second: u64, value: f64) {
        let dimensions = format!(
            "LoadBalancer=app/shop/50dc6c495c0c9188,TargetGroup=targetgroup/{group}/73e2d6bc24d8a067,"
        );
        let name = (
            "AWS/ApplicationELB".to_owned(),
            metric.to_owned(),
            dimensions,
        );
        *self
            .samples
            .entry(name)
            .or_default()
            .entry(second)
            .or_default() += value;
    }

    pub(crate) fn page(&self, input: &Value) -> Page {
        let skip = input["NextToken"]
            .as_str()
            .map_or(0, |token| token.parse().unwrap());
        let (from, to) = (&input["StartTime"], &input["EndTime"]);
        let (from, to) = (from.as_u64().unwrap(), to.as_u64().unwrap());
        let mut told = Vec::new();
        let mut is_more = false;
        for query in input["MetricDataQueries"].as_array().unwrap() {
            let points = self.points(&query["MetricStat"], from, to);
            let count = if self.per_page == 0 {
                usize::MAX
            } else {
                self.per_page
            };
            let page: Vec<_> = points.iter().copied().skip(skip).take(count).collect();
            let is_all = skip + page.len() >= points.len();
            is_more |= !is_all;
            let status = if is_all { "Complete" } else { "PartialData" };
            told.push(Told::with(query["Id"].as_str().unwrap(), &page, status));
        }
        let page = Page::of(told);
        if is_more {
            page.next(&(skip + self.per_page).to_string())
        } else {
            page
        }
    }

    fn points(&self, stat: &Value, from: u64, to: u64) -> Vec<(u64, f64)> {
        assert_eq!(stat["Stat"], "Sum");
        let period = stat["Period"].as_u64().unwrap();
        let dimensions = stat["Metric"]["Dimensions"].as_array().unwrap().iter();
        let dimensions = dimensions.map(|of| {
            let text = |name: &str| of[name].as_str().unwrap().to_owned();
            format!("{}={},", text("Name"), text("Value"))
        });
        let text = |name: &str| stat["Metric"][name].as_str().unwrap().to_owned();
        let name = (text("Namespace"), text("MetricName"), dimensions.collect());
        let rounds_to = if [5, 10, 20, 30].contains(&period) {
            period
        } else {
            60
        };
        let from = from / rounds_to * rounds_to;
        let mut points = BTreeMap::new();
        for (second, value) in self.samples.get(&name).into_iter().flatten() {
            let begin = second / period * period;
            if from <= begin && begin < to {
                *points.entry(begin).or_default() += value;
            }
        }
        points.into_iter().collect()
    }
}
