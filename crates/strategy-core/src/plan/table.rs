//! A plan as a table for people.

use super::Plan;

pub(super) fn of(plan: &Plan) -> String {
    todo!("{}", plan.strategy)
}
