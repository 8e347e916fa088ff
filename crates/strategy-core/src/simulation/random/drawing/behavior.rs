//! Drawn behaviors of images: well, and ill in every way there is.

use std::time::Duration;

use proptest::prelude::*;

use super::values::{percent, seconds};
use crate::weight::Weight;
use crate::world::{Ailment, Behavior, Latency};

/// A release: three in five are good.
pub(super) fn release() -> BoxedStrategy<Behavior> {
    prop_oneof![3 => well(), 2 => ill()].boxed()
}

fn well() -> BoxedStrategy<Behavior> {
    (seconds(1..=20), seconds(0..=8))
        .prop_map(|(starts_in, varies)| Behavior {
            starts_in,
            varies,
            ..Behavior::default()
        })
        .boxed()
}

/// Something is wrong.
pub(super) fn ill() -> BoxedStrategy<Behavior> {
    let errors = prop_oneof![2 => 20_000..=300_000_u32, 1 => Just(1_000_000_u32)];
    let errors = errors.prop_map(|errors| Behavior {
        errors,
        ..Behavior::default()
    });
    let slow = (100..=900_u64, 300..=4_000_u64).prop_map(|(median, p99)| Behavior {
        latency: Latency::new(Duration::from_millis(median), Duration::from_millis(p99)),
        ..Behavior::default()
    });
    let serves = (1..=40_u32).prop_map(|serves| Behavior {
        serves: Some(serves),
        ..Behavior::default()
    });
    let slow_start = seconds(30..=400).prop_map(|starts_in| Behavior {
        starts_in,
        ..Behavior::default()
    });
    let affects = prop_oneof![2 => Just(Weight::FULL), 1 => percent(10..=90)];
    let ailing = (well(), ailment(), affects).prop_map(|(well, ailment, affects)| Behavior {
        ailment: Some(ailment),
        affects,
        ..well
    });
    prop_oneof![3 => errors, 1 => slow, 1 => serves, 1 => slow_start, 5 => ailing].boxed()
}

fn ailment() -> BoxedStrategy<Ailment> {
    let time = || seconds(1..=180);
    let flaps = (seconds(2..=60), seconds(1..=30), any::<bool>())
        .prop_map(|(up, down, restarts)| Ailment::Flaps { up, down, restarts });
    prop_oneof![
        Just(Ailment::Hangs),
        Just(Ailment::CrashesAtStart),
        time().prop_map(Ailment::CrashesAfter),
        time().prop_map(Ailment::HangsAfter),
        time().prop_map(Ailment::OutOfMemoryAfter),
        flaps,
        Just(Ailment::CannotBePulled),
        Just(Ailment::CannotBeScheduled),
    ]
    .boxed()
}
