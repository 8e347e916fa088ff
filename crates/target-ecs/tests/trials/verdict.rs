//! What is promised of every rollout, read off the requests, what is there in the end, and the journal.

use serde_json::{Value, json};
use strategy_core::Track;
use strategy_core::rollout::Outcome;
use test_support::ecs::{CallRecord, Service};

use crate::life::{End, Told};
use crate::petswipe::{BLUE, CLUSTER, PetSwipe};

/// Everything that a rollout may change, as it was told.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Start {
    rule: Value,
    /// All other rules of the listener.
    others: Vec<Value>,
    blue: Value,
    other: Value,
    scalers: Value,
}

fn told(shop: &PetSwipe, name: &str) -> Value {
    let service = shop.service(name);
    if service.is_null() {
        return Value::Null;
    }
    let mut configuration = service["deploymentConfiguration"].clone();
    if configuration["lifecycleHooks"] == json!([])
        && let Some(configuration) = configuration.as_object_mut()
    {
        // None and an empty list of them are the same.
        configuration.remove("lifecycleHooks");
    }
    json!([
        service["taskDefinition"],
        service["desiredCount"],
        configuration
    ])
}

impl Start {
    pub(crate) fn of(shop: &PetSwipe) -> Self {
        let input = json!({"ServiceNamespace": "ecs"});
        let scalers = shop.ask(Service::Autoscaling, "DescribeScalableTargets", input);
        Self {
            rule: shop.rule(),
            others: shop.other_rules(),
            blue: told(shop, BLUE),
            other: told(shop, shop.other().0),
            scalers: scalers["ScalableTargets"].clone(),
        }
    }
}

/// What became of a rollout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Came {
    NotStarted,
    Promoted,
    RolledBack,
    Stuck,
}

/// Judges everything, where nobody else had a hand in it and nothing of the release failed.
pub(crate) fn judge(
    shop: &PetSwipe,
    start: &Start,
    image: &str,
    told: &Told,
) -> Result<Came, String> {
    nobody_was_let_down(shop)?;
    judge_but_requests(shop, start, image, told)
}

/// The same without the requests.
pub(crate) fn judge_but_requests(
    shop: &PetSwipe,
    start: &Start,
    image: &str,
    told: &Told,
) -> Result<Came, String> {
    order(shop, told)?;
    ended(shop, start, image, told)
}

/// In which way it ended, if in one that is allowed.
pub(crate) fn came(told: &Told) -> Result<Came, String> {
    match &told.end {
        End::NotStarted(_) => Ok(Came::NotStarted),
        End::Over(Outcome::Promoted) => Ok(Came::Promoted),
        End::Over(Outcome::RolledBack { .. }) => Ok(Came::RolledBack),
        End::Stuck(left) if !left.is_empty() => Ok(Came::Stuck),
        End::Stuck(_) => Err("it is stuck and says not what is left".to_owned()),
        End::Over(outcome) => Err(format!("nobody asked for that: {outcome}")),
        End::Late(status) => Err(format!("it is still at work: {status}")),
    }
}

/// The journal came before each write, and nothing was written once the outcome was reached but the claim.
pub(crate) fn order(shop: &PetSwipe, told: &Told) -> Result<(), String> {
    let calls = shop.fake.calls();
    told.journal.accounts_for(&calls[told.began_at..])?;
    let Some(outcome_at) = told.outcome_at else {
        return Ok(());
    };
    let later = calls.iter().skip(outcome_at);
    let mut later = later.filter(|call| call.is_write());
    let is_tags = |operation: &str| operation == "TagResource" || operation == "UntagResource";
    match later.find(|call| !is_tags(&call.operation)) {
        None => Ok(()),
        Some(call) => Err(format!(
            "{} of {} after the outcome",
            call.operation, call.resource
        )),
    }
}

/// The recorded start, the goal, or nothing at all.
fn ended(shop: &PetSwipe, start: &Start, image: &str, told: &Told) -> Result<Came, String> {
    ended_but(shop, start, image, told, &[])
}

/// The same, but for what somebody else did to the services of some tracks: there blue is stable's.
pub(crate) fn ended_but(
    shop: &PetSwipe,
    start: &Start,
    image: &str,
    told: &Told,
    excused: &[Track],
) -> Result<Came, String> {
    let came = came(told)?;
    let calls = shop.fake.calls();
    let writes = calls.iter().skip(told.began_at).any(CallRecord::is_write);
    match came {
        Came::NotStarted if writes => return Err("it wrote before it began".to_owned()),
        Came::NotStarted => return Ok(came),
        Came::Stuck => return Ok(came),
        Came::RolledBack | Came::Promoted => {}
    }
    let but = |mut start: Start| {
        if shop.setup.scaled.is_some() {
            start.blue[1] = Value::Null;
        }
        for track in excused {
            match track {
                Track::Stable => start.blue = Value::Null,
                Track::Candidate => start.other = Value::Null,
            }
        }
        start
    };
    let (now, start) = (but(Start::of(shop)), but(start.clone()));
    let is_right = match came {
        Came::Promoted => is_promoted(shop, &start, &now, image),
        Came::NotStarted | Came::RolledBack | Came::Stuck => now == start,
    };
    if !is_right {
        return Err(format!("{came:?}, and there is {now:?}; it was {start:?}"));
    }
    // A claim that cannot be given back in time is left to a person, and that is said.
    if told.left.is_empty() {
        nothing_is_left(shop)?;
    }
    Ok(came)
}

fn is_promoted(shop: &PetSwipe, start: &Start, now: &Start, image: &str) -> bool {
    if shop.setup.by_ecs.is_some() {
        // Which target group has the traffic is the business of ECS.
        let is_else_as_before = Start {
            blue: start.blue.clone(),
            rule: start.rule.clone(),
            ..now.clone()
        } == *start;
        let [_, count, configuration] = [0, 1, 2].map(|field| now.blue[field] == start.blue[field]);
        return is_else_as_before && shop.image(BLUE) == image && count && configuration;
    }
    if !shop.setup.pair {
        let is_home = Start {
            blue: start.blue.clone(),
            ..now.clone()
        } == *start;
        return is_home && shop.image(BLUE) == image && now.blue[1] == start.blue[1];
    }
    // They have taken turns: the side that was live may have been scaled in, and the one that is live now may have more
    // tasks, where the plan asked for so many at least.
    let (live, idle, was_idle, count) = if shop.weights().0 > 0 {
        (BLUE, &now.other, &start.other, &start.other[1])
    } else {
        (shop.other().0, &now.blue, &start.blue, &start.blue[1])
    };
    let is_covered = count.as_i64().is_none_or(|count| shop.count(live) >= count);
    shop.image(live) == image && is_covered && idle[0] == was_idle[0]
}

fn nothing_is_left(shop: &PetSwipe) -> Result<(), String> {
    for name in [BLUE, shop.other().0] {
        let service = shop.service(name);
        let tags = service["tags"].as_array().into_iter().flatten();
        for tag in tags {
            let key = tag["key"].as_str().unwrap_or_default();
            if key == "rollway.dev/claim" || key == "rollway.dev/written" {
                return Err(format!("{key} is left on {name} of {CLUSTER}"));
            }
        }
    }
    Ok(())
}

/// Requests never met a target group without a healthy target.
pub(crate) fn nobody_was_let_down(shop: &PetSwipe) -> Result<(), String> {
    match shop.fake.shortages().first() {
        None => Ok(()),
        Some(shortage) => Err(format!("somebody was let down: {shortage:?}")),
    }
}
