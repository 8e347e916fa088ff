//! The awsJson1.1 protocol of Amazon ECS and Application Auto Scaling.

use serde_json::{Value, json};

use super::{Call, Refusal};
use crate::ecs::log::Service;

/// The prefixes of `x-amz-target`, from the SDK crates.
const ECS: &str = "AmazonEC2ContainerServiceV20141113";
const AUTOSCALING: &str = "AnyScaleFrontendService";

pub(super) fn read(target: &str, body: &[u8]) -> Result<Call, String> {
    let (prefix, operation) = target
        .split_once('.')
        .ok_or_else(|| format!("x-amz-target is `{target}`, without a dot"))?;
    let service = match prefix {
        ECS => Service::Ecs,
        AUTOSCALING => Service::Autoscaling,
        other => return Err(format!("there is no service `{other}` here")),
    };
    let input: Value = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    Ok(Call {
        service,
        operation: operation.to_owned(),
        input,
    })
}

pub(super) fn refusal(refusal: &Refusal) -> String {
    json!({ "__type": refusal.code, "message": refusal.message }).to_string()
}
