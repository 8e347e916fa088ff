//! What every plan must keep, whoever made it.

use super::{Plan, PlanError};

pub(super) fn check(plan: &Plan) -> Result<(), PlanError> {
    todo!("{}", plan.strategy)
}
