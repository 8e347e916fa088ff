//! What Amazon CloudWatch tells of target groups: their requests, minute by minute.

use serde_json::{Value, json};
use strategy_core::Timestamp;

use crate::ecs::rules::Rule;
use crate::ecs::wire::cbor::time;
use crate::ecs::wire::{Answer, Fields as _, Refusal};
use crate::ecs::world::World;
use crate::ecs::world::data_plane::MINUTE;

/// How long after its end a minute is told of.
const LAG: u64 = MINUTE;

impl World {
    /// Of `RequestCount` alone; nothing else happens to requests here, so no other metric has a datapoint.
    pub(crate) fn get_metric_data(&mut self, input: &Value) -> Answer {
        let (from, to) = (input.whole("StartTime"), input.whole("EndTime"));
        let (Some(from), Some(to)) = (from, to) else {
            return Err(Refusal::by(
                Rule::RequestsByTheMinute,
                "ValidationError",
                "The parameters StartTime and EndTime are required.".to_owned(),
            ));
        };
        // Those before this one are over for long enough.
        let told = self.now.as_millis().saturating_sub(LAG) / MINUTE;
        let mut results = Vec::new();
        for query in input.items("MetricDataQueries") {
            let stat = &query["MetricStat"];
            let metric = &stat["Metric"];
            let group = metric.items("Dimensions").iter().find_map(|dimension| {
                let is_group = dimension.text("Name") == Some("TargetGroup");
                dimension.text("Value").filter(|_| is_group)
            });
            let counts = metric.text("MetricName") == Some("RequestCount")
                && stat.text("Stat") == Some("Sum")
                && stat.whole("Period") == Some(60);
            let minutes = self.ledger.by_minute.iter().filter(|((arn, minute), _)| {
                let begin = i64::try_from(minute * MINUTE).unwrap_or(i64::MAX);
                counts
                    && group.is_some_and(|group| arn.ends_with(&format!(":{group}")))
                    && (from..to).contains(&begin)
                    && *minute < told
            });
            let (times, values): (Vec<_>, Vec<_>) = minutes
                .map(|((_, minute), requests)| {
                    let at = Timestamp::from_millis(minute * MINUTE);
                    // A part of a request is one that comes.
                    (time(at), json!(requests.ceil()))
                })
                .unzip();
            results.push(json!({
                "Id": query["Id"], "StatusCode": "Complete", "Timestamps": times, "Values": values,
            }));
        }
        self.note(Rule::RequestsByTheMinute);
        Ok(json!({ "MetricDataResults": results, "Messages": [] }))
    }
}
