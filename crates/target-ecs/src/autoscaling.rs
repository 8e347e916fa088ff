//! What decides the count of a service instead of us: its scalable target.
//!
//! A floor is its minimum. A count of 0 is a floor of 0 whatever the minimum is: nothing is measured of a service
//! without tasks, so nothing raises it. Where one is asked for, all activities are suspended as well, or are as
//! they were if it was found so.

use aws_sdk_applicationautoscaling::types::{ScalableTarget, SuspendedState};
use strategy_core::Replicas;

use crate::binding::BoundScaler;
use crate::owned::{Count, Scaled, Suspended};

/// The name of a service for Application Auto Scaling.
pub(crate) fn resource_id(cluster: &str, service: &str) -> String {
    format!("service/{cluster}/{service}")
}

pub(crate) fn suspended(scaler: &ScalableTarget) -> Suspended {
    let is = |flag: Option<bool>| flag.unwrap_or(false);
    let state = scaler.suspended_state.as_ref();
    state.map_or_else(Suspended::default, |state| Suspended {
        scale_in: is(state.dynamic_scaling_in_suspended),
        scale_out: is(state.dynamic_scaling_out_suspended),
        scheduled: is(state.scheduled_scaling_suspended),
    })
}

pub(crate) fn suspended_state(suspended: Suspended) -> SuspendedState {
    SuspendedState::builder()
        .dynamic_scaling_in_suspended(suspended.scale_in)
        .dynamic_scaling_out_suspended(suspended.scale_out)
        .scheduled_scaling_suspended(suspended.scheduled)
        .build()
}

/// A count or capacity of AWS, which is never negative.
pub(crate) fn number(number: i32) -> u32 {
    u32::try_from(number).unwrap_or(0)
}

/// What a service has been told.
pub(crate) fn count(desired: u32, scaler: Option<&ScalableTarget>) -> Count {
    match scaler {
        None => Count::Plain(desired),
        Some(scaler) => {
            let suspended = suspended(scaler);
            Count::Scaled(Scaled {
                minimum: number(scaler.min_capacity),
                suspended,
                off: desired == 0,
            })
        }
    }
}

/// The same as the core names it.
pub(crate) const fn replicas(count: Count) -> Replicas {
    match count {
        Count::Plain(number) => Replicas::Count(number),
        Count::Scaled(scaled) if scaled.off => Replicas::Floor(0),
        Count::Scaled(scaled) => Replicas::Floor(scaled.minimum),
    }
}

/// What a floor means for a scalable target.
pub(crate) fn floor(floor: u32, start: BoundScaler) -> Scaled {
    if floor == 0 {
        let suspended = if start.off {
            start.suspended
        } else {
            Suspended::ALL
        };
        Scaled {
            minimum: start.minimum,
            suspended,
            off: true,
        }
    } else {
        // One that was found switched off is switched on: what was suspended then would keep the floor
        // from being one.
        let suspended = if start.off {
            Suspended::default()
        } else {
            start.suspended
        };
        Scaled {
            minimum: floor,
            suspended,
            off: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_applicationautoscaling::types::{ScalableDimension, ServiceNamespace};

    use super::*;

    fn scaler(minimum: i32, state: Option<Suspended>) -> ScalableTarget {
        ScalableTarget::builder()
            .service_namespace(ServiceNamespace::Ecs)
            .resource_id("service/shop/api")
            .scalable_dimension(ScalableDimension::EcsServiceDesiredCount)
            .min_capacity(minimum)
            .max_capacity(10)
            .role_arn("role")
            .creation_time(aws_sdk_applicationautoscaling::primitives::DateTime::from_secs(0))
            .set_suspended_state(state.map(suspended_state))
            .build()
            .unwrap()
    }

    #[test]
    fn a_floor_is_read_back_as_it_was_written() {
        let start = BoundScaler {
            minimum: 2,
            suspended: Suspended {
                scale_in: true,
                ..Suspended::default()
            },
            off: false,
        };
        for wanted in [0, 1, 2, 5] {
            let written = floor(wanted, start);
            let target = scaler(
                i32::try_from(written.minimum).unwrap(),
                Some(written.suspended),
            );
            let desired = if wanted == 0 { 0 } else { wanted.max(3) };
            let count = count(desired, Some(&target));
            assert_eq!(count, Count::Scaled(written));
            assert_eq!(replicas(count), Replicas::Floor(wanted));
        }
        assert_eq!(floor(2, start).suspended, start.suspended, "as recorded");
        assert_eq!(floor(0, start).minimum, 2, "as recorded");
    }

    #[test]
    fn one_that_was_found_off_can_be_switched_on_and_off_again() {
        for suspended in [Suspended::ALL, Suspended::default()] {
            let start = BoundScaler {
                minimum: 2,
                suspended,
                off: true,
            };
            assert_eq!(floor(3, start).suspended, Suspended::default());
            assert_eq!(floor(0, start).suspended, suspended, "as recorded");
            assert_eq!(replicas(Count::Scaled(floor(0, start))), Replicas::Floor(0));
        }
    }

    #[test]
    fn a_count_of_nobody_elses_is_a_count() {
        assert_eq!(replicas(count(3, None)), Replicas::Count(3));
        let idle = count(0, Some(&scaler(2, None)));
        assert_eq!(replicas(idle), Replicas::Floor(0), "nothing raises it");
    }
}
