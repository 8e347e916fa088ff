//! Other hands: what is seen, what is heeded, and what is lost.

use std::time::Duration;

use futures::future::join;
use strategy_core::rollout::Outcome;
use strategy_core::target::{
    Apply, Claim, Desired, DesiredTrack, Discovery, EffectId, ForeignField, TargetErrorKind,
};
use strategy_core::world::block_on;
use strategy_core::{Images, Replicas, Revision, Target, Timestamp, Traffic, Weight};
use target_ecs::EcsTarget;

use crate::scene::{Scene, five_steps};

/// Back to exactly what our write came from: only the binding tells that the write had gone through.
#[test]
fn whoever_takes_all_traffic_off_the_first_step_is_heeded() {
    let scene = Scene::canary();
    let (stable, canary) = (&scene.shop.stable_group, &scene.shop.canary_group);
    let person = async {
        scene.until_weight(50).await;
        scene.after(40).await;
        let weights = [(stable.as_str(), 1), (canary.as_str(), 0)];
        scene.fake.somebody_sets_weights(&scene.shop.rule, &weights);
    };
    let outcome = scene.roll_out_while(&five_steps(), "web:2", person);
    println!("{outcome}");
    assert!(matches!(outcome, Outcome::RolledBack { .. }), "{outcome}");
    assert_eq!(scene.weights(), (1, 0));
    assert_eq!(scene.image("web"), "web:1");
    scene.nothing_is_left();
}

#[test]
fn another_image_of_stable_is_seen() {
    let scene = Scene::canary();
    let person = async {
        scene.until_weight(100).await;
        let arn = scene.shop.register("web:theirs");
        scene.fake.somebody_deploys("shop", "web", &arn).unwrap();
    };
    let outcome = scene.roll_out_while(&five_steps(), "web:2", person);
    println!("{outcome}");
    assert!(matches!(outcome, Outcome::RolledBack { .. }), "{outcome}");
    assert_eq!(scene.weights(), (1, 0));
}

/// How long each call takes, so that something can happen between two.
const LATENCY: Duration = Duration::from_millis(100);

/// A target under a claim, whose candidate has a healthy task.
pub(crate) struct Hand {
    pub(crate) scene: Scene,
    pub(crate) target: EcsTarget,
    pub(crate) found: Discovery,
    pub(crate) claim: Claim,
}

impl Hand {
    pub(crate) fn new() -> Self {
        Self::of(Scene::slow_canary(LATENCY))
    }

    pub(crate) fn of(scene: Scene) -> Self {
        let target = scene.target();
        let claim = Claim {
            holder: "hand".parse().unwrap(),
            epoch: 1,
        };
        let found = block_on(&scene.clock, target.discover()).unwrap().unwrap();
        let mut hand = Self {
            scene,
            target,
            found,
            claim,
        };
        let taken = hand
            .target
            .claim(&hand.found.binding, None, Some(&hand.claim));
        block_on(&hand.scene.clock, taken).unwrap().unwrap();
        let mut request = hand.request(0);
        let written = hand.found.observation.stable.written.as_ref();
        request.desired.stable.replicas = written.unwrap().replicas;
        let applied = block_on(&hand.scene.clock, hand.target.apply(&request));
        if let Some(binding) = applied.unwrap().unwrap().binding {
            hand.found.binding = binding;
        }
        hand.scene.wait(120);
        hand
    }

    pub(crate) fn request(&self, percent: u16) -> Apply {
        self.request_of(1, percent)
    }

    /// So many tasks of the candidate, and this share for it.
    pub(crate) fn request_of(&self, count: u32, percent: u16) -> Apply {
        let release = Images::parse([("web", "web:2")]).unwrap();
        let desired = Desired {
            stable: DesiredTrack {
                revision: Revision::Recorded,
                replicas: Replicas::Count(4),
            },
            candidate: DesiredTrack {
                revision: Revision::Release(release),
                replicas: Replicas::Count(count),
            },
            traffic: Traffic::weight(Weight::from_percent(percent).unwrap()),
        };
        let seen = self.target.observe(&self.found.binding);
        let seen = block_on(&self.scene.clock, seen).unwrap().unwrap();
        let mut request = Apply::new(EffectId(u64::from(percent)), self.claim.clone(), desired);
        request.binding = self.found.binding.clone();
        request.seen = seen.owned;
        request
    }

    /// The same where an autoscaler decides stable's count, whose minimum is to be held.
    pub(crate) fn request_held(&self, floor: u32, percent: u16) -> Apply {
        let mut request = self.request(percent);
        request.desired.stable.replicas = Replicas::Floor(floor);
        request
    }

    /// When each call of a write arrives, by operation.
    fn schedule() -> Vec<(String, Duration)> {
        let hand = Self::new();
        let (request, before) = (hand.request(25), hand.scene.fake.next_index());
        let start = hand.scene.clock.now();
        let applied = block_on(&hand.scene.clock, hand.target.apply(&request));
        applied.unwrap().unwrap();
        let calls = hand.scene.calls().into_iter().skip(before);
        let since = |at: Timestamp| at.since(start);
        calls.map(|call| (call.operation, since(call.at))).collect()
    }

    /// Writes, while somebody sets other weights so long after its beginning.
    fn disturbed(&self, at: Duration) -> Result<(), strategy_core::target::TargetError> {
        let request = self.request(25);
        let at = self.scene.clock.now() + at;
        let shop = &self.scene.shop;
        let somebody = async {
            self.scene.clock.sleep_until(at).await;
            let weights = [
                (shop.stable_group.as_str(), 3),
                (shop.canary_group.as_str(), 1),
            ];
            self.scene.fake.somebody_sets_weights(&shop.rule, &weights);
        };
        let both = join(self.target.apply(&request), somebody);
        let (answer, ()) = block_on(&self.scene.clock, both).unwrap();
        answer.map(|_| ())
    }
}

#[test]
fn a_write_of_traffic_reads_just_before_and_just_after() {
    let operations: Vec<_> = Hand::schedule().into_iter().map(|(name, _)| name).collect();
    let last = &operations[operations.len() - 3..];
    assert_eq!(last, ["DescribeRules", "ModifyRule", "DescribeRules"]);
    println!("a write of traffic: {operations:?}");
    assert_eq!(operations.len(), 7, "{operations:?}");
}

/// The load balancer has no compare-and-set: this is the window.
#[test]
fn what_somebody_writes_between_the_look_and_the_write_is_lost_and_nothing_else() {
    let half = Duration::from_millis(50);
    let modify = Hand::schedule();
    let modify = modify.iter().find(|(name, _)| name == "ModifyRule");
    let modify = modify.unwrap().1;

    let lost = Hand::new();
    lost.disturbed(modify - half).unwrap();
    assert_eq!(lost.scene.weights(), (750, 250), "theirs is gone");

    for (at, what) in [
        (modify - 3 * half, "before the look"),
        (modify + half, "before the look afterwards"),
    ] {
        let hand = Hand::new();
        let error = hand.disturbed(at).unwrap_err();
        assert_eq!(error.kind, TargetErrorKind::Conflict, "{what}: {error}");
        assert_eq!(hand.scene.weights(), (3, 1), "{what}: theirs stays");
        println!("{what}: {error}");
    }
}

#[test]
fn each_kind_of_change_is_told() {
    let hand = Hand::new();
    let shop = &hand.scene.shop;
    let fake = &hand.scene.fake;
    let observed = || {
        let seen = hand.target.observe(&hand.found.binding);
        block_on(&hand.scene.clock, seen).unwrap().unwrap().foreign
    };
    assert_eq!(observed(), []);
    fake.somebody_scales("shop", "web", 9).unwrap();
    fake.somebody_deploys("shop", "web-other", &shop.task_definition)
        .unwrap();
    let weights = [
        (shop.stable_group.as_str(), 5),
        (shop.canary_group.as_str(), 5),
    ];
    fake.somebody_sets_weights(&shop.rule, &weights);
    let foreign = observed();
    let fields: Vec<_> = foreign.iter().map(|change| change.field).collect();
    for field in [
        ForeignField::Traffic,
        ForeignField::Capacity,
        ForeignField::Revision,
    ] {
        assert!(fields.contains(&field), "{field}: {foreign:?}");
    }
    assert!(foreign.iter().all(|change| change.by == "somebody"));
    let web = hand.scene.service("web-other")["serviceArn"].clone();
    fake.somebody_tags(web.as_str().unwrap(), "rollway.dev/claim", None);
    let lost = observed();
    assert!(
        lost.iter().any(|change| change
            .message
            .contains("the claim on service/shop/web-other")),
        "{lost:?}"
    );
}

/// Until a write is known to have gone through, what it came from may be its own; then it is somebody's.
#[test]
fn what_is_put_back_to_where_our_step_came_from_is_somebodys() {
    let mut hand = Hand::new();
    let request = hand.request(25);
    let unknowing = hand.found.binding.clone();
    let applied = block_on(&hand.scene.clock, hand.target.apply(&request));
    hand.found.binding = applied.unwrap().unwrap().binding.unwrap();
    let shop = &hand.scene.shop;
    let weights = [
        (shop.stable_group.as_str(), 1),
        (shop.canary_group.as_str(), 0),
    ];
    hand.scene.fake.somebody_sets_weights(&shop.rule, &weights);
    let foreign = |binding| {
        let seen = hand.target.observe(binding);
        let seen = block_on(&hand.scene.clock, seen).unwrap().unwrap();
        let fields = seen.foreign.into_iter().map(|change| change.field);
        fields.collect::<Vec<_>>()
    };
    assert_eq!(foreign(&unknowing), [], "it may be a write under way");
    assert_eq!(foreign(&hand.found.binding), [ForeignField::Traffic]);
}

/// Whoever took over has put his claim on the services while a write of several calls was under way.
#[test]
fn a_write_that_was_taken_over_on_its_way_ends() {
    let at = Hand::schedule();
    let (_, note) = at.iter().find(|(name, _)| name == "TagResource").unwrap();
    let hand = Hand::new();
    let request = hand.request(25);
    let at = hand.scene.clock.now() + *note + Duration::from_millis(10);
    let arns: Vec<String> = ["web", "web-other"]
        .map(|name| {
            hand.scene.service(name)["serviceArn"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .to_vec();
    let taken_over = async {
        hand.scene.clock.sleep_until(at).await;
        for arn in &arns {
            let (key, next) = ("rollway.dev/claim", Some("hand/2"));
            hand.scene.fake.somebody_tags(arn, key, next);
        }
    };
    let both = join(hand.target.apply(&request), taken_over);
    let (answer, ()) = block_on(&hand.scene.clock, both).unwrap();
    let error = answer.unwrap_err();
    assert_eq!(error.kind, TargetErrorKind::Conflict, "{error}");
    assert_eq!(hand.scene.weights(), (1, 0), "nothing was sent after it");
}
