//! The same semantics as on any other target, on tags.

use std::time::Duration;

use aws_sdk_ecs::types::Tag;
use strategy_core::{Replicas, Tracks, Traffic};

use super::*;
use crate::binding::{Bound, BoundTrack, TrackStart};
use crate::mark::{CLAIM, LAST_EPOCH, WRITTEN, tag};
use crate::view::State;

fn claim(holder: &str, epoch: u64) -> Claim {
    Claim {
        holder: holder.parse().unwrap(),
        epoch,
    }
}

fn bound() -> Bound {
    let track = |name: &str| BoundTrack {
        service: name.to_owned(),
        target_group: name.to_owned(),
        container: "app".to_owned(),
        port: 80,
        scaler: None,
        start: TrackStart::Found {
            task_definition: "web:1".to_owned(),
            replicas: Replicas::Count(1),
        },
    };
    let tracks = Tracks {
        stable: track("blue"),
        candidate: track("green"),
    };
    Bound::new(
        "shop".to_owned(),
        tracks,
        Vec::new(),
        Traffic::default(),
        Duration::ZERO,
    )
}

fn tagged(name: &str, tags: &[(&str, String)]) -> Service {
    let tags: Vec<Tag> = tags.iter().map(|(key, value)| tag(key, value)).collect();
    Service::builder()
        .service_arn(format!("arn:{name}"))
        .status("ACTIVE")
        .set_tags(Some(tags))
        .build()
}

/// Both services under these claims; `None` is free.
fn state(stable: Option<&Claim>, candidate: Option<&Claim>) -> State {
    let of = |name, claim: Option<&Claim>| {
        let tags: Vec<_> = claim
            .iter()
            .map(|claim| (CLAIM, claim.to_string()))
            .collect();
        Some(tagged(name, &tags))
    };
    State {
        services: Tracks {
            stable: of("stable", stable),
            candidate: of("candidate", candidate),
        },
        ..State::default()
    }
}

fn take(to: &Claim) -> Change<'_> {
    let from = None;
    Change { from, to: Some(to) }
}

#[test]
fn only_the_hands_named_may_let_go() {
    let (ours, theirs) = (claim("a", 2), claim("b", 1));
    let retags = |change: Change<'_>, there: Option<&Claim>| {
        change.retags(&state(there, there).claimable(&bound()))
    };
    assert_eq!(retags(take(&ours), None).unwrap().len(), 2);
    assert_eq!(retags(take(&ours), Some(&ours)).unwrap(), [], "it is there");
    assert!(retags(take(&ours), Some(&theirs)).is_err());
    let over = Change {
        from: Some(&theirs),
        to: Some(&ours),
    };
    assert_eq!(retags(over, Some(&theirs)).unwrap().len(), 2);
    assert!(retags(over, Some(&claim("b", 2))).is_err());
    assert!(retags(over, Some(&claim("a", 3))).is_err());
    assert!(
        retags(over, None).is_err(),
        "what was given up is not taken over"
    );
}

#[test]
fn an_interrupted_change_of_hands_goes_on() {
    let (old, new) = (claim("a", 1), claim("a", 2));
    let over = Change {
        from: Some(&old),
        to: Some(&new),
    };
    let rest = over
        .retags(&state(Some(&new), Some(&old)).claimable(&bound()))
        .unwrap();
    assert_eq!(rest.len(), 1);
    assert_eq!(rest[0].0, "arn:candidate");
    let half = take(&new)
        .retags(&state(Some(&new), None).claimable(&bound()))
        .unwrap();
    assert_eq!(half[0].0, "arn:candidate");
}

#[test]
fn stable_is_claimed_first_and_given_up_last() {
    let ours = claim("a", 1);
    let arns = |retags: Vec<(String, Retag)>| -> Vec<String> {
        retags.into_iter().map(|(arn, _)| arn).collect()
    };
    let taken = take(&ours)
        .retags(&state(None, None).claimable(&bound()))
        .unwrap();
    assert_eq!(arns(taken), ["arn:stable", "arn:candidate"]);
    let give_up = Change {
        from: Some(&ours),
        to: None,
    };
    let given = give_up
        .retags(&state(Some(&ours), Some(&ours)).claimable(&bound()))
        .unwrap();
    assert_eq!(arns(given), ["arn:candidate", "arn:stable"]);
    assert_eq!(
        in_force(&state(Some(&ours), None).claimable(&bound())).unwrap(),
        Some(ours)
    );
}

#[test]
fn a_claim_that_is_over_does_not_come_back() {
    let last = claim("a", 2);
    let give_up = Change {
        from: Some(&last),
        to: None,
    };
    // Whether it had come by then or not.
    for there in [Some(&last), None] {
        let retags = give_up
            .retags(&state(there, there).claimable(&bound()))
            .unwrap();
        for (_, retag) in &retags {
            assert_eq!(retag.set[LAST_EPOCH], "2");
        }
    }
    let free = tagged("stable", &[(LAST_EPOCH, "2".to_owned())]);
    let state = State {
        services: Tracks {
            stable: Some(free),
            candidate: None,
        },
        ..State::default()
    };
    assert_eq!(
        give_up.retags(&state.claimable(&bound())).unwrap(),
        [],
        "once is enough"
    );
    assert_eq!(last_epoch(&state.claimable(&bound())), 2);
    for late in [claim("a", 1), claim("a", 2), claim("b", 2)] {
        let error = take(&late).retags(&state.claimable(&bound())).unwrap_err();
        assert_eq!(error.kind, TargetErrorKind::Conflict, "{late}");
    }
    assert_eq!(
        take(&claim("b", 3))
            .retags(&state.claimable(&bound()))
            .unwrap()
            .len(),
        1
    );
}

#[test]
fn of_two_that_claim_at_once_the_earlier_writer_is_told() {
    let (ours, theirs) = (claim("a", 1), claim("b", 1));
    let change = take(&ours);
    assert!(
        change
            .check_taken(&state(Some(&ours), Some(&ours)).claimable(&bound()))
            .is_ok()
    );
    let lost = change.check_taken(&state(Some(&theirs), Some(&ours)).claimable(&bound()));
    let error = lost.unwrap_err();
    assert_eq!(error.kind, TargetErrorKind::Conflict);
    assert_eq!(
        error.certainty,
        strategy_core::target::Certainty::MayBeTaken
    );
}

#[test]
fn what_cannot_be_read_is_nobodys() {
    let odd = tagged(
        "stable",
        &[(CLAIM, "mine".to_owned()), (WRITTEN, String::new())],
    );
    let state = State {
        services: Tracks {
            stable: Some(odd),
            candidate: None,
        },
        ..State::default()
    };
    let error = in_force(&state.claimable(&bound())).unwrap_err();
    assert_eq!(error.kind, TargetErrorKind::Ambiguous);
    assert!(
        take(&claim("a", 1))
            .retags(&state.claimable(&bound()))
            .is_err()
    );
}
