//! A write that ends anywhere: nothing of it looks like somebody else's, and the next one finishes it.

use std::time::Duration;

use futures::future::{Either, select};
use strategy_core::target::{Apply, Claim, Desired, DesiredTrack, Discovery, EffectId};
use strategy_core::world::block_on;
use strategy_core::{Images, Replicas, Revision, Target, Traffic, Weight};
use target_ecs::EcsTarget;

use crate::scene::Scene;

const LATENCY: Duration = Duration::from_millis(100);

struct Begun {
    scene: Scene,
    target: EcsTarget,
    found: Discovery,
}

fn claim(epoch: u64) -> Claim {
    Claim {
        holder: "hand".parse().unwrap(),
        epoch,
    }
}

impl Begun {
    fn new() -> Self {
        let scene = Scene::slow_canary(LATENCY);
        // The candidate's target group is in no rule, so that it has to be wired too.
        let stable = [(scene.shop.stable_group.as_str(), 1)];
        scene.fake.somebody_sets_weights(&scene.shop.rule, &stable);
        let target = scene.target();
        let found = block_on(&scene.clock, target.discover()).unwrap().unwrap();
        let begun = Self {
            scene,
            target,
            found,
        };
        begun.take(None, 1);
        begun
    }

    fn take(&self, from: Option<&Claim>, epoch: u64) {
        let to = claim(epoch);
        let taken = self.target.claim(&self.found.binding, from, Some(&to));
        block_on(&self.scene.clock, taken).unwrap().unwrap();
    }

    /// Everything at once: a candidate, one more of stable, and traffic.
    fn request(&self, epoch: u64, away: bool) -> Apply {
        let release = Images::parse([("web", "web:2")]).unwrap();
        let candidate = DesiredTrack {
            revision: Revision::Release(release),
            replicas: Replicas::Count(2),
        };
        let desired = Desired {
            stable: DesiredTrack {
                revision: Revision::Recorded,
                replicas: Replicas::Count(if away { 5 } else { 4 }),
            },
            candidate: if away {
                candidate
            } else {
                DesiredTrack::absent()
            },
            traffic: Traffic::weight(if away { Weight::HALF } else { Weight::ZERO }),
        };
        let mut request = Apply::new(EffectId(epoch), claim(epoch), desired);
        request.binding = self.found.binding.clone();
        request.seen = self.observed().owned;
        request
    }

    fn observed(&self) -> strategy_core::target::Observation {
        let seen = self.target.observe(&self.found.binding);
        block_on(&self.scene.clock, seen).unwrap().unwrap()
    }

    fn apply(&mut self, request: &Apply) {
        let applied = block_on(&self.scene.clock, self.target.apply(request));
        if let Some(binding) = applied.unwrap().unwrap().binding {
            self.found.binding = binding;
        }
    }

    /// Ends a write after so many calls of it have landed; tells whether it was done by then.
    fn abandon(&self, request: &Apply, calls: u32) -> bool {
        let until = self.scene.clock.now() + LATENCY * calls + LATENCY / 2;
        let write = self.target.apply(request);
        let ended = self.scene.clock.sleep_until(until);
        let both = select(write, Box::pin(ended));
        match block_on(&self.scene.clock, both).unwrap() {
            Either::Left((answer, _)) => answer.is_ok(),
            Either::Right(_) => false,
        }
    }
}

#[test]
fn a_write_that_ends_after_any_call_is_ours_and_goes_on() {
    for calls in 0..60 {
        let mut begun = Begun::new();
        let away = begun.request(1, true);
        let done = begun.abandon(&away, calls);
        // Whoever does not know how it ended fences it off and looks.
        begun.take(Some(&claim(1)), 2);
        let seen = begun.observed();
        assert_eq!(seen.foreign, [], "after {calls} calls");
        let again = begun.request(2, true);
        begun.apply(&again);
        let seen = begun.observed();
        assert_eq!(seen.foreign, [], "after {calls} calls");
        assert_eq!(seen.traffic.written, again.desired.traffic);
        assert_eq!(seen.candidate.wanted(), 2);
        assert_eq!(seen.stable.wanted(), 5);
        if done {
            assert!(calls > 15, "there are more calls than that: {calls}");
            return;
        }
    }
    panic!("it never ends");
}

#[test]
fn the_same_write_again_finishes_what_any_call_began() {
    for calls in 0..60 {
        let mut begun = Begun::new();
        let away = begun.request(1, true);
        let done = begun.abandon(&away, calls);
        begun.apply(&away);
        let seen = begun.observed();
        assert_eq!(seen.foreign, [], "after {calls} calls");
        assert_eq!(seen.traffic.written, away.desired.traffic);
        assert_eq!((seen.candidate.wanted(), seen.stable.wanted()), (2, 5));
        if done {
            return;
        }
    }
    panic!("it never ends");
}

#[test]
fn a_way_home_that_ends_after_any_call_goes_on() {
    for calls in 0..60 {
        let mut begun = Begun::new();
        let before = begun.found.observation.owned.clone();
        let away = begun.request(1, true);
        begun.apply(&away);
        let home = begun.request(1, false);
        let done = begun.abandon(&home, calls);
        begun.take(Some(&claim(1)), 2);
        assert_eq!(begun.observed().foreign, [], "after {calls} calls");
        let home = begun.request(2, false);
        begun.apply(&home);
        let seen = begun.observed();
        assert_eq!(seen.foreign, [], "after {calls} calls");
        assert_eq!(seen.owned, before, "after {calls} calls");
        if done {
            assert!(calls > 10, "there are more calls than that: {calls}");
            return;
        }
    }
    panic!("it never ends");
}
