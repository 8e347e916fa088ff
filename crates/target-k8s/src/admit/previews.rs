//! Previews and mirrors of a plan that the routes, as they are, have no place for.

use strategy_core::target::Finding;
use strategy_core::{Part, Plan, Route, RouteBy, Traffic};

use crate::binding::Bound;
use crate::object::Objects;
use crate::router::{Router, RouterCapabilities};

/// Each is tried on what is there and not written; that it cannot be done at all is told elsewhere, and so are
/// weights. One of these problems `is_told` already is not told again.
pub(super) fn findings(
    bound: &Bound,
    objects: &Objects,
    router: &dyn Router,
    (part, plan): (&Part, &Plan),
    is_told: impl Fn(&Finding) -> bool,
) -> Vec<Finding> {
    let can = router.capabilities();
    let stages = plan.stages().iter();
    let goals = stages.filter_map(|stage| stage.goals.get(part));
    let mut tried: Vec<Traffic> = Vec::new();
    let mut findings: Vec<Finding> = Vec::new();
    for goal in goals {
        let mut traffic = goal.traffic.clone();
        traffic.weight = bound.traffic.weight;
        traffic.stickiness = bound.traffic.stickiness;
        if is_plain(&traffic) || !is_possible(can, &traffic) || tried.contains(&traffic) {
            continue;
        }
        let found = router.check_traffic(objects, &traffic);
        tried.push(traffic);
        let new = found.filter(|found| !is_told(found) && !findings.contains(found));
        findings.extend(new);
    }
    findings
}

/// Weights alone.
fn is_plain(traffic: &Traffic) -> bool {
    traffic.routes.is_empty() && traffic.mirror.is_zero()
}

fn is_possible(can: RouterCapabilities, traffic: &Traffic) -> bool {
    let can_route = |route: &Route| match route.by {
        RouteBy::Header => can.header_routes,
        RouteBy::Cookie => can.cookie_routes,
        _ => false,
    };
    traffic.routes.iter().all(can_route) && (can.mirror || traffic.mirror.is_zero())
}

#[cfg(test)]
mod tests;
