//! Alarms of Amazon CloudWatch, as they are described.

use serde_json::{Value, json};

use crate::ecs::rules::Rule;
use crate::ecs::wire::{Answer, Fields as _, Refusal};
use crate::ecs::world::alarm::Kind;
use crate::ecs::world::{ACCOUNT, REGION, World};

const MOST_NAMES: usize = 100;

/// What a page holds unless another size is asked for.
const PAGE: i64 = 50;

impl World {
    pub(crate) fn describe_alarms(&mut self, input: &Value) -> Answer {
        let names = input.texts("AlarmNames");
        if names.len() > MOST_NAMES {
            return Err(Refusal::by(
                Rule::BatchOfAlarms,
                "ValidationError",
                format!("AlarmNames must have length less than or equal to {MOST_NAMES}"),
            ));
        }
        let kinds = input.texts("AlarmTypes");
        let is_asked = |kind: Kind| match kinds.as_slice() {
            [] => kind == Kind::Metric,
            kinds => kinds.contains(&kind.name()),
        };
        let state = input.text("StateValue");
        let is_meant = |name: &str| names.is_empty() || names.contains(&name);
        let alarms = self.alarms.iter().filter(|(name, _)| is_meant(name));
        let alarms = alarms.filter(|(_, one)| state.is_none_or(|state| state == one.state.name()));
        let (asked, others): (Vec<_>, Vec<_>) = alarms.partition(|(_, one)| is_asked(one.kind));
        let found: Vec<_> = asked
            .iter()
            .map(|(name, one)| ((*name).clone(), **one))
            .collect();
        let is_left_out = !others.is_empty() && kinds.is_empty();
        let is_missing = names.iter().any(|name| !self.alarms.contains_key(*name));
        if is_left_out {
            self.note(Rule::MetricAlarmsByDefault);
        }
        if is_missing {
            self.note(Rule::MissingAlarmsAreLeftOut);
        }
        let size = input.whole("MaxRecords").unwrap_or(PAGE);
        let token = input.text("NextToken");
        let (page, next) = self.page(found, token, Some(size), 100, "InvalidNextToken")?;
        let of = |kind: Kind| -> Vec<Value> {
            let page = page.iter().filter(|(_, one)| one.kind == kind);
            page.map(|(name, one)| {
                json!({
                    "AlarmName": name, "StateValue": one.state.name(),
                    "AlarmArn": format!("arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{name}"),
                })
            })
            .collect()
        };
        let mut answer = json!({
            "MetricAlarms": of(Kind::Metric), "CompositeAlarms": of(Kind::Composite),
        });
        if let Some(next) = next {
            answer["NextToken"] = json!(next);
        }
        Ok(answer)
    }
}
