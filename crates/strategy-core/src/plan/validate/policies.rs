//! Policies: every limit ends, and none of them passes what was not seen.

use super::limits;
use crate::plan::{ForeignPolicy, Plan, PlanError};
use crate::timestamp::duration;

pub(super) fn check(plan: &Plan) -> Result<(), PlanError> {
    let policies = &plan.policies;
    let fails = |policy: &str, found: Option<(String, String)>| match found {
        Some((problem, mend)) => Err(PlanError::policy(policy, problem, mend)),
        None => Ok(()),
    };
    for (policy, limit) in [
        ("resync", policies.resync),
        ("stale_after", policies.stale_after),
        ("unreachable", policies.unreachable.limit),
        ("write_timeout", policies.write_timeout),
        ("rollback_deadline", policies.rollback_deadline),
        ("pause_limit", policies.pause_limit),
    ] {
        fails(policy, limits::limit("its limit", limit))?;
    }
    if policies.stale_after <= policies.resync {
        return Err(PlanError::policy(
            "stale_after",
            format!(
                "an observation is stale after {}, and the next one comes after {}",
                duration::format(policies.stale_after),
                duration::format(policies.resync)
            ),
            "let it be longer than `resync`",
        ));
    }
    if policies.way_back_wait >= policies.rollback_deadline {
        return Err(PlanError::policy(
            "way_back_wait",
            "the way back waits longer for more capacity than it has in all",
            "let it be shorter than `rollback_deadline`",
        ));
    }
    fails(
        "unreachable",
        limits::goes_on("a part that cannot be read", policies.unreachable.then),
    )?;
    if policies.false_alarms == 0 || policies.false_alarms > 5_000 {
        return Err(PlanError::policy(
            "false_alarms",
            format!(
                "{} basis points is no chance of a false alarm",
                policies.false_alarms
            ),
            "use 1 to 5000 basis points; 100 is 1 in 100",
        ));
    }
    let foreign = &policies.foreign;
    for (policy, answer, goes_on_is_fine) in [
        ("foreign.traffic", &foreign.traffic, false),
        ("foreign.capacity", &foreign.capacity, true),
        ("foreign.revision", &foreign.revision, false),
    ] {
        match answer {
            ForeignPolicy::Hold { at_most, then } => {
                fails(policy, limits::limit("its hold", *at_most))?;
                if !goes_on_is_fine {
                    fails(
                        policy,
                        limits::goes_on("the hold after somebody's change", *then),
                    )?;
                }
            }
            ForeignPolicy::Reassert { .. } | ForeignPolicy::RollBack | ForeignPolicy::Yield => {}
        }
    }
    if policies.immutable_images {
        immutable(plan)?;
    }
    Ok(())
}

fn immutable(plan: &Plan) -> Result<(), PlanError> {
    for (part, images) in plan.release.iter() {
        if let Some((container, image)) = images.iter().find(|(_, image)| !image.is_immutable()) {
            return Err(PlanError::part(
                part,
                format!("image `{image}` of container `{container}` can come to mean another one"),
                "name its digest (`repository@sha256:…`), or allow mutable images in the policies",
            ));
        }
    }
    Ok(())
}
