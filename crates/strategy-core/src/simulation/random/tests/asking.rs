//! Drawn rollouts on a platform that shifts by itself and asks before each step.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::release::Part;
use crate::simulation::End;
use crate::simulation::random::{Drawn, Way, rollouts};
use crate::target::{Promotion, Routing};
use crate::weight::Weight;
use crate::world::{Happening, Shape, Timed};

/// The same rollout on such a platform, where it can be one: the candidate is made for the rollout, and no
/// autoscaler decides. Some of them go back by themselves, so many seconds after the beginning.
fn asking(mut drawn: Drawn) -> Option<Drawn> {
    let routed = Routing::Routed;
    for (name, setup) in &mut drawn.simulation.world.parts {
        let mut can = setup.capabilities();
        let made = match &setup.shape {
            Shape::Tracks { stable, candidate } => {
                candidate.is_none() && stable.autoscaler.is_none()
            }
            Shape::Slots { .. } => false,
        };
        if !made || can.routing != routed {
            return None;
        }
        can.routing = Routing::Native;
        can.promotions = vec![Promotion::Native];
        can.header_routes = false;
        can.cookie_routes = false;
        can.mirror = false;
        setup.capabilities = Some(can);
        setup.asks = true;
        if drawn.seed.is_multiple_of(5) {
            let after = Duration::from_secs(drawn.seed % 700);
            let part: Part = name.parse().ok()?;
            let why = "an alarm of its own".to_owned();
            let happening = Happening::PlatformGoesBack { part, why };
            let happenings = &mut drawn.simulation.world.happenings;
            happenings.push(Timed { after, happening });
        }
    }
    drawn.policy.promotion = None;
    if let Way::Canary {
        stages,
        suspend_stickiness,
        ..
    } = &mut drawn.policy.way
    {
        *suspend_stickiness = false;
        for stage in stages.iter_mut() {
            stage.header = false;
            stage.mirror = Weight::ZERO;
        }
        stages.retain(|stage| !stage.weight.is_zero());
    }
    Some(drawn)
}

#[test]
fn drawn_rollouts_on_a_platform_that_asks_keep_every_promise() {
    let mut ends: BTreeMap<&str, u32> = BTreeMap::new();
    for drawn in rollouts(11).filter_map(asking).take(120) {
        let report = drawn.run();
        let broken = report.broken_promises();
        assert!(broken.is_empty(), "seed {}: {broken:#?}", drawn.seed);
        let end = match &report.end {
            End::Outcome(crate::rollout::Outcome::Promoted) => "promoted",
            End::Outcome(_) => "otherwise",
            End::NeverBegan { .. } => "never",
            End::Waiting { .. } | End::GivenUp { .. } => "open",
        };
        *ends.entry(end).or_default() += 1;
    }
    println!("{ends:?}");
    let promoted = ends.get("promoted").copied();
    assert!(promoted > Some(20), "{ends:?}");
    assert!(ends.get("otherwise") > Some(&20), "{ends:?}");
}
