//! Everything that is not ours in a rule stays as it was read.

use aws_sdk_elasticloadbalancingv2::types::{
    AuthenticateOidcActionConfig, FixedResponseActionConfig, JwtValidationActionConfig,
};
use proptest::prelude::*;

use super::*;

fn forward_to(groups: &[(&str, i32)], sticky: Option<(bool, i32)>) -> Action {
    let tuples = groups.iter().map(|(arn, weight)| {
        TargetGroupTuple::builder()
            .target_group_arn(*arn)
            .weight(*weight)
            .build()
    });
    let stickiness = sticky.map(|(enabled, seconds)| {
        TargetGroupStickinessConfig::builder()
            .enabled(enabled)
            .duration_seconds(seconds)
            .build()
    });
    let config = ForwardActionConfig::builder()
        .set_target_groups(Some(tuples.collect()))
        .set_target_group_stickiness_config(stickiness)
        .build();
    Action::builder()
        .r#type(ActionTypeEnum::Forward)
        .order(3)
        .forward_config(config)
        .build()
}

fn authenticate() -> Action {
    let oidc = AuthenticateOidcActionConfig::builder()
        .issuer("https://id.example")
        .client_id("shop")
        .session_timeout(300)
        .build();
    Action::builder()
        .r#type(ActionTypeEnum::AuthenticateOidc)
        .order(1)
        .authenticate_oidc_config(oidc)
        .build()
}

fn validate() -> Action {
    let jwt = JwtValidationActionConfig::builder().issuer("https://id.example");
    Action::builder()
        .r#type(ActionTypeEnum::JwtValidation)
        .order(2)
        .jwt_validation_config(jwt.build())
        .build()
}

#[test]
fn only_the_weights_change() {
    let before = [
        authenticate(),
        validate(),
        forward_to(&[("blue", 1), ("others", 0)], Some((true, 600))),
    ];
    let mut forward = Forward::read(&before).unwrap();
    forward.set("blue", 950);
    forward.set("green", 50);
    let after = forward.write(&before).unwrap();
    assert_eq!(after[1], before[1]);
    let oidc = after[0].authenticate_oidc_config.as_ref().unwrap();
    assert_eq!(oidc.use_existing_client_secret, Some(true), "or it is lost");
    assert_eq!(oidc.issuer(), Some("https://id.example"));
    let expected = forward_to(
        &[("blue", 950), ("others", 0), ("green", 50)],
        Some((true, 600)),
    );
    assert_eq!(after[2], expected);
    assert_eq!(Forward::read(&after).unwrap(), forward);
}

#[test]
fn a_single_target_group_is_read_in_every_form_and_written_in_one() {
    let alone = Forward {
        groups: vec![Group {
            arn: "blue".to_owned(),
            weight: 1,
        }],
        stickiness: None,
    };
    let plain = Action::builder()
        .r#type(ActionTypeEnum::Forward)
        .target_group_arn("blue");
    let tuple = TargetGroupTuple::builder().target_group_arn("blue").build();
    let config = ForwardActionConfig::builder().target_groups(tuple).build();
    for action in [plain.clone().build(), plain.forward_config(config).build()] {
        assert_eq!(Forward::read(std::slice::from_ref(&action)).unwrap(), alone);
        let written = alone.wired("green").write(&[action]).unwrap();
        assert_eq!(written[0].target_group_arn, None, "never beside the list");
        let read = Forward::read(&written).unwrap();
        assert_eq!(
            (read.weight("blue"), read.weight("green")),
            (Some(1), Some(0))
        );
    }
}

#[test]
fn what_would_be_lost_or_guessed_is_refused() {
    let fixed = Action::builder()
        .r#type(ActionTypeEnum::FixedResponse)
        .fixed_response_config(
            FixedResponseActionConfig::builder()
                .status_code("200")
                .build(),
        )
        .build();
    let unknown = Action::builder()
        .r#type(ActionTypeEnum::from("teleport"))
        .build();
    let to_blue = || forward_to(&[("blue", 1)], None);
    let no_weight = {
        let tuples =
            ["blue", "green"].map(|arn| TargetGroupTuple::builder().target_group_arn(arn).build());
        let config = ForwardActionConfig::builder().set_target_groups(Some(tuples.to_vec()));
        Action::builder()
            .r#type(ActionTypeEnum::Forward)
            .forward_config(config.build())
            .build()
    };
    for (actions, said) in [
        (vec![], "no target group"),
        (vec![fixed], "no target group"),
        (vec![to_blue(), to_blue()], "several forward actions"),
        (vec![unknown, to_blue()], "`teleport`"),
        (vec![no_weight], "no weight"),
        (vec![forward_to(&[("blue", -1)], None)], "no weight"),
        (vec![forward_to(&[("blue", 1), ("blue", 2)], None)], "twice"),
    ] {
        let refusal = Forward::read(&actions).unwrap_err();
        assert!(refusal.message.contains(said), "{refusal:?}");
        assert!(!refusal.mend.is_empty());
    }
}

#[test]
fn stickiness_is_what_it_says() {
    let read = |sticky| Forward::read(&[forward_to(&[("blue", 1)], sticky)]).unwrap();
    assert_eq!(read(Some((true, 600))).sticky_seconds(), 600);
    assert_eq!(read(Some((false, 600))).sticky_seconds(), 0);
    assert_eq!(read(None).sticky_seconds(), 0);
}

proptest! {
    /// Whatever the order and number of actions and groups: everything but our two weights is as it was.
    #[test]
    fn whatever_else_is_there_stays(
        others in proptest::collection::vec(0_i32..=999, 0..4),
        at in 0_usize..3,
        stable in 0_u32..=999,
        candidate in 0_u32..=999,
        sticky in proptest::option::of((any::<bool>(), 1_i32..=604_800)),
    ) {
        let names: Vec<String> = (0..others.len()).map(|n| format!("other{n}")).collect();
        let mut groups: Vec<(&str, i32)> = names.iter().map(String::as_str).zip(others).collect();
        groups.insert(at.min(groups.len()), ("blue", 7));
        let before = [authenticate(), forward_to(&groups, sticky), validate()];
        let mut forward = Forward::read(&before).unwrap();
        forward.set("blue", stable);
        forward.set("green", candidate);
        let after = forward.write(&before).unwrap();
        prop_assert_eq!(&after[2], &before[2]);
        prop_assert_eq!(after[1].order, before[1].order);
        let was = Forward::read(&before).unwrap();
        let is = Forward::read(&after).unwrap();
        prop_assert_eq!(is.stickiness, was.stickiness);
        prop_assert_eq!((is.weight("blue"), is.weight("green")), (Some(stable), Some(candidate)));
        let strangers = |forward: &Forward| -> Vec<Group> {
            let groups = forward.groups.iter();
            groups.filter(|group| group.arn.starts_with("other")).cloned().collect()
        };
        prop_assert_eq!(strangers(&is), strangers(&was));
    }
}

#[test]
fn the_order_of_target_groups_and_the_time_of_stickiness_that_is_off_are_no_difference() {
    let forward = |groups: [(&str, u32); 2], enabled: bool, seconds: i32| Forward {
        groups: groups
            .map(|(arn, weight)| Group {
                arn: arn.to_owned(),
                weight,
            })
            .to_vec(),
        stickiness: Some(Sticky {
            enabled,
            seconds: Some(seconds),
        }),
    };
    let one = forward([("a", 1), ("b", 0)], false, 60);
    let same = forward([("b", 0), ("a", 1)], false, 3600);
    assert_eq!(one, same);
    let digest = |forward: &Forward| {
        let mut fields = crate::owned::Fields::default();
        fields.rule(0, forward);
        fields
    };
    assert_eq!(digest(&one), digest(&same));
    let none = Forward {
        stickiness: None,
        ..one.clone()
    };
    assert_eq!(one, none, "off is as good as not told");
    assert_ne!(one, forward([("a", 0), ("b", 1)], false, 60));
    assert_ne!(
        forward([("a", 1), ("b", 0)], true, 60),
        forward([("a", 1), ("b", 0)], true, 3600)
    );
}
