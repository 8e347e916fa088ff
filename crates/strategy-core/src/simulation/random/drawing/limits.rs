//! Drawn policies for what may come: limits, and what follows.

use proptest::prelude::*;

use super::values::seconds;
use crate::plan::{ForeignPolicies, ForeignPolicy, Policies, Then, Unreachable};

/// Who changes things by itself: a tool that applies a file.
pub(super) const TOOL: &str = "gitops";

/// What follows where going on is refused.
pub(super) fn then() -> BoxedStrategy<Then> {
    prop_oneof![4 => Just(Then::RollBack), 1 => Just(Then::Abandon)].boxed()
}

/// The defaults, or everything varied.
pub(super) fn policies() -> BoxedStrategy<Policies> {
    prop_oneof![3 => Just(Policies::default()), 2 => varied()].boxed()
}

fn varied() -> BoxedStrategy<Policies> {
    let reading = (seconds(10..=30), seconds(15..=60));
    let unreachable = (seconds(60..=300), then());
    let way_back = (seconds(0..=60), seconds(90..=600));
    let pause_then = prop_oneof![3 => then(), 1 => Just(Then::GoOn)];
    let pause = (seconds(60..=600), pause_then);
    let foreign = (foreign(), foreign(), foreign());
    let flags = (any::<bool>(), any::<bool>());
    let write_timeout = seconds(5..=30);
    (
        reading,
        unreachable,
        write_timeout,
        way_back,
        pause,
        foreign,
        flags,
    )
        .prop_map(
            |(reading, unreachable, write_timeout, way_back, pause, foreign, flags)| {
                let (traffic, capacity, revision) = foreign;
                Policies {
                    foreign: ForeignPolicies {
                        traffic,
                        capacity,
                        revision,
                    },
                    resync: reading.0,
                    stale_after: reading.0 + reading.1,
                    unreachable: Unreachable::after(unreachable.0, unreachable.1),
                    write_timeout,
                    way_back_wait: way_back.0,
                    rollback_deadline: way_back.1,
                    stuck_goes_on: flags.0,
                    pause_limit: pause.0,
                    pause_then: pause.1,
                    roll_back_in_order: flags.1,
                    ..Policies::default()
                }
            },
        )
        .boxed()
}

fn foreign() -> BoxedStrategy<ForeignPolicy> {
    let hold = (seconds(30..=600), then())
        .prop_map(|(at_most, then)| ForeignPolicy::Hold { at_most, then });
    let reassert = (0..=3_u32, any::<bool>()).prop_map(|(times, is_named)| {
        let writers = is_named.then(|| TOOL.to_owned()).into_iter().collect();
        ForeignPolicy::Reassert { times, writers }
    });
    prop_oneof![
        2 => Just(ForeignPolicy::RollBack),
        2 => hold,
        2 => reassert,
        1 => Just(ForeignPolicy::Yield),
    ]
    .boxed()
}
