//! Several writes one after another, on a server that refuses one of them.

use std::time::Duration;

use serde_json::json;
use strategy_core::target::{
    Apply, Certainty, Claim, Desired, DesiredTrack, EffectId, TargetErrorKind,
};
use strategy_core::{Images, Replicas, Revision, Target, Traffic};

use crate::api::Api;
use crate::config::{Config, ServiceSelectorRouter, Slot};
use crate::fake::{Fake, NAMESPACE};
use crate::mark;
use crate::object::{ObjectRef, Objects};
use crate::observe::tests::view;
use crate::target::KubernetesTarget;

fn claim(epoch: u64) -> Claim {
    Claim {
        holder: "api-1".parse().unwrap(),
        epoch,
    }
}

fn objects() -> Objects {
    view("blue", Vec::new()).objects
}

fn target(fake: &Fake) -> KubernetesTarget {
    let slots = [Slot::new("api-blue"), Slot::new("api-green")];
    let config = Config::new(NAMESPACE, slots, ServiceSelectorRouter::new("api"));
    KubernetesTarget::new(fake.client(), config)
}

fn names(fake: &Fake) -> Vec<String> {
    fake.writes().into_iter().map(|(write, _)| write).collect()
}

const FORWARD: [&str; 3] = ["PUT api", "PUT api-blue", "PUT api-green"];

#[tokio::test]
async fn a_claim_is_taken_first_to_last_and_given_up_last_to_first() {
    let fake = Fake::with(objects());
    let target = target(&fake);
    let binding = target.discover().await.unwrap().binding;
    let ours = claim(1);
    target.claim(&binding, None, Some(&ours)).await.unwrap();
    assert_eq!(names(&fake), FORWARD);
    target.claim(&binding, Some(&ours), None).await.unwrap();
    let mut backward = FORWARD;
    backward.reverse();
    assert_eq!(names(&fake)[3..], backward);
}

#[tokio::test]
async fn a_claim_that_ended_on_the_way_may_be_taken() {
    for (through, expected) in [(0, Certainty::NotTaken), (1, Certainty::MayBeTaken)] {
        let fake = Fake::with(objects());
        let target = target(&fake);
        let binding = target.discover().await.unwrap().binding;
        fake.refuse_after(through);
        let error = target.claim(&binding, None, Some(&claim(1))).await;
        let error = error.unwrap_err();
        assert_eq!(error.kind, TargetErrorKind::PermissionDenied);
        assert_eq!(error.certainty, expected, "after {through}");
    }
}

#[tokio::test]
async fn a_write_that_ended_on_the_way_may_be_taken() {
    for (through, expected) in [(0, Certainty::NotTaken), (1, Certainty::MayBeTaken)] {
        let held = objects().into_iter().map(|(object, content)| {
            let content = mark::with_claim(&content, Some(&claim(1)));
            (object, content)
        });
        let fake = Fake::with(held);
        let target = target(&fake);
        let found = target.discover().await.unwrap();
        fake.refuse_after(through);
        let released = || DesiredTrack {
            revision: Revision::Release(Images::parse([("api", "shop/api:2")]).unwrap()),
            replicas: Replicas::Count(2),
        };
        let desired = Desired {
            stable: released(),
            candidate: released(),
            traffic: Traffic::default(),
        };
        let mut request = Apply::new(EffectId(1), claim(1), desired);
        request.binding = found.binding;
        request.seen = found.observation.owned;
        let error = target.apply(&request).await.unwrap_err();
        assert_eq!(error.kind, TargetErrorKind::PermissionDenied, "{error}");
        assert_eq!(error.certainty, expected, "after {through}");
        assert_eq!(names(&fake).len(), through + 1);
    }
}

#[tokio::test]
async fn exactly_what_was_read_is_deleted() {
    let green = ObjectRef::deployment("api-green");
    let fake = Fake::with(objects());
    let api = Api::new(fake.client(), NAMESPACE, Duration::from_secs(1));
    api.delete(&green, "green", "7").await.unwrap();
    let [(write, body)] = &fake.writes()[..] else {
        panic!("{:?}", fake.writes());
    };
    assert_eq!(write, "DELETE api-green");
    assert_eq!(
        body["preconditions"],
        json!({"uid": "green", "resourceVersion": "7"})
    );
    assert_eq!(body["propagationPolicy"], "Background");
}
