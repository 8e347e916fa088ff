//! Which calls are made, in which order, and which are refused.

use std::time::Duration;

use aws_sdk_elasticloadbalancingv2::types::{Action, ActionTypeEnum};
use strategy_core::target::{Claim, Desired, DesiredTrack, EffectId, Owned};
use strategy_core::{Revision, Traffic, Weight};

use super::*;
use crate::asked::{Asked, asked};
use crate::binding::{BoundRule, BoundTrack};
use crate::forward::Group;
use crate::mark::{CLAIM, tag};
use crate::view::DRAINING;

const BLUE: &str = "arn:aws:elasticloadbalancing:r:1:targetgroup/blue/1";
const GREEN: &str = "arn:aws:elasticloadbalancing:r:1:targetgroup/green/1";

fn definition_arn(revision: u32) -> String {
    format!("arn:aws:ecs:r:1:task-definition/web:{revision}")
}

fn rule() -> RuleConfig {
    RuleConfig::Rule("arn:aws:elasticloadbalancing:r:1:listener-rule/app/a/1/2/3".to_owned())
}

fn to(weights: &[(&str, u32)]) -> Forward {
    let groups = weights.iter().map(|(arn, weight)| Group {
        arn: (*arn).to_owned(),
        weight: *weight,
    });
    Forward {
        groups: groups.collect(),
        stickiness: None,
    }
}

fn actions(forward: &Forward) -> Vec<Action> {
    let plain = Action::builder().r#type(ActionTypeEnum::Forward).build();
    forward.write(&[plain]).unwrap()
}

fn claim(epoch: u64) -> Claim {
    Claim {
        holder: "api".parse().unwrap(),
        epoch,
    }
}

fn service(name: &str, revision: u32, desired: i32) -> Service {
    Service::builder()
        .service_name(name)
        .service_arn(format!("arn:aws:ecs:r:1:service/shop/{name}"))
        .status("ACTIVE")
        .task_definition(definition_arn(revision))
        .desired_count(desired)
        .tags(tag(CLAIM, claim(1).to_string()))
        .build()
}

/// A canary whose candidate is not there, behind one rule that does not know its target group.
struct Scene {
    bound: Bound,
    state: State,
    seen: Option<Owned>,
}

impl Scene {
    fn new() -> Self {
        let track = |service: &str, group: &str, start| BoundTrack {
            service: service.to_owned(),
            target_group: group.to_owned(),
            container: "app".to_owned(),
            port: 80,
            scaler: None,
            start,
        };
        let found = TrackStart::Found {
            task_definition: definition_arn(1),
            replicas: Replicas::Count(3),
        };
        let tracks = Tracks {
            stable: track("blue", BLUE, found),
            candidate: track("green", GREEN, TrackStart::Missing),
        };
        let home = to(&[(BLUE, 1)]);
        let rules = vec![BoundRule {
            rule: rule(),
            forward: home.clone(),
        }];
        let cluster = "shop".to_owned();
        let state = State {
            services: Tracks {
                stable: Some(service("blue", 1, 3)),
                candidate: None,
            },
            rules: vec![(rule(), actions(&home))],
            ..State::default()
        };
        Self {
            bound: Bound::new(cluster, tracks, rules, Traffic::default(), Duration::ZERO),
            state,
            seen: None,
        }
    }

    fn with_candidate(mut self, revision: u32, desired: i32) -> Self {
        self.state.services.candidate = Some(service("green", revision, desired));
        self.routed(&to(&[(BLUE, 1), (GREEN, 0)]))
    }

    fn routed(mut self, forward: &Forward) -> Self {
        self.state.rules = vec![(rule(), actions(forward))];
        self
    }

    fn owned(&self) -> Owned {
        let forwards = self.state.forwards().unwrap();
        self.state.fields(&self.bound, &forwards).wrap().unwrap()
    }

    /// With the candidate at this revision and count, and so much traffic.
    fn ask(&self, candidate: Option<(u32, u32)>, percent: u16) -> Result<Vec<Change>, TargetError> {
        let weight = Weight::from_percent(percent).unwrap();
        let desired = Desired {
            stable: DesiredTrack {
                revision: Revision::Recorded,
                replicas: Replicas::Count(3),
            },
            candidate: match candidate {
                None => DesiredTrack::absent(),
                Some((revision, count)) => DesiredTrack {
                    revision: Revision::Named(format!("web:{revision}")),
                    replicas: Replicas::Count(count),
                },
            },
            traffic: Traffic::weight(weight),
        };
        let mut request = Apply::new(EffectId(7), claim(1), desired);
        request.seen = self.seen.clone().unwrap_or_else(|| self.owned());
        let candidate = candidate.map(|(revision, _)| definition_arn(revision));
        let definitions = Tracks {
            stable: Definition::Known(definition_arn(1)),
            candidate: candidate.map_or(Definition::None, Definition::Known),
        };
        let situation = Situation {
            bound: &self.bound,
            state: &self.state,
            definitions: &definitions,
        };
        Ok(situation.changes(&request)?.changes)
    }

    fn kinds(&self, candidate: Option<(u32, u32)>, percent: u16) -> Vec<String> {
        let changes = self.ask(candidate, percent).unwrap();
        changes.iter().map(said).collect()
    }
}

fn said(change: &Change) -> String {
    match change {
        Change::Note { retag, .. } => format!("note {}", retag.set[mark::WRITTEN]),
        Change::Preview(call) => format!("preview {call:?}"),
        Change::Create(_) => "create".to_owned(),
        Change::Update {
            service,
            definition,
            count,
        } => {
            let definition = definition.as_deref().map_or("-", short);
            let count = count.map_or_else(|| "-".to_owned(), |count| count.to_string());
            format!("update {service} {definition} {count}")
        }
        Change::Delete { service } => format!("delete {service}"),
        Change::Scale { service, .. } => format!("scale {service}"),
        Change::Route { to, .. } => {
            let groups = to.groups.iter().map(|group| group.weight.to_string());
            format!("route {}", groups.collect::<Vec<_>>().join("/"))
        }
    }
}

#[test]
fn what_is_there_needs_no_call() {
    assert_eq!(Scene::new().kinds(None, 0), [""; 0]);
    assert_eq!(
        Scene::new().with_candidate(2, 1).kinds(Some((2, 1)), 0),
        [""; 0]
    );
}

#[test]
fn a_target_group_is_wired_before_a_service_is_made_in_it() {
    let calls = Scene::new().kinds(Some((2, 1)), 0);
    assert!(calls[0].starts_with("note id=1.7 "), "{calls:?}");
    assert!(calls[0].contains(" cn=-:1 "), "{calls:?}");
    // Traffic is that of the start, and so nothing but the wire is left to be written.
    assert_eq!(calls.len(), 3, "{calls:?}");
    assert!(calls.contains(&"route 1/0".to_owned()) && calls.contains(&"create".to_owned()));
    let at = |call: &str| calls.iter().position(|of| of == call);
    assert!(at("route 1/0") < at("create"), "{calls:?}");
}

#[test]
fn traffic_moves_alone_once_the_tasks_are_there() {
    let scene = Scene::new().with_candidate(2, 1);
    assert_eq!(scene.kinds(Some((2, 1)), 25)[1..], ["route 750/250"]);
    assert_eq!(scene.kinds(Some((2, 1)), 100)[1..], ["route 0/1"]);
}

#[test]
fn what_was_created_is_scaled_down_removed_and_unwired_in_this_order() {
    let scene = Scene::new().with_candidate(2, 2);
    assert_eq!(
        scene.kinds(None, 0)[1..],
        ["update green - 0", "delete green", "route 1"]
    );
    let empty = Scene::new().with_candidate(2, 0);
    assert_eq!(empty.kinds(None, 0)[1..], ["delete green", "route 1"]);
}

#[test]
fn only_what_differs_is_told() {
    let scene = Scene::new().with_candidate(2, 1);
    assert_eq!(scene.kinds(Some((2, 4)), 0)[1..], ["update green - 4"]);
    assert_eq!(scene.kinds(Some((3, 1)), 0)[1..], ["update green web:3 -"]);
    assert_eq!(scene.kinds(Some((3, 4)), 0)[1..], ["update green web:3 4"]);
}

#[test]
fn nothing_is_made_while_its_name_is_taken() {
    let mut scene = Scene::new().with_candidate(2, 0);
    if let Some(candidate) = &mut scene.state.services.candidate {
        candidate.status = Some(DRAINING.to_owned());
    }
    let error = scene.ask(Some((2, 1)), 0).unwrap_err();
    assert!(error.is_transient(), "{error}");
    assert_eq!(
        scene.kinds(None, 0)[1..],
        ["route 1"],
        "it is on its way out"
    );
}

#[test]
fn what_is_neither_seen_nor_wanted_is_a_conflict() {
    let start = Scene::new().with_candidate(2, 1);
    let seen = start.owned();
    for (what, mut scene) in [
        ("traffic", start.routed(&to(&[(BLUE, 1), (GREEN, 1)]))),
        ("the task definition", Scene::new().with_candidate(9, 1)),
        ("the count", Scene::new().with_candidate(2, 9)),
    ] {
        scene.seen = Some(seen.clone());
        let error = scene.ask(Some((2, 2)), 25).unwrap_err();
        assert_eq!(error.kind, TargetErrorKind::Conflict);
        assert!(error.to_string().contains(what), "{error}");
    }
    let mut half = Scene::new()
        .with_candidate(2, 2)
        .routed(&to(&[(BLUE, 750), (GREEN, 250)]));
    half.seen = Some(seen);
    assert_eq!(
        half.kinds(Some((2, 2)), 25),
        [""; 0],
        "all of it has landed"
    );
}

#[test]
fn nobody_writes_under_another_claim() {
    let retagged = |mut service: Service, text: &str| {
        service.tags = Some(vec![tag(CLAIM, text)]);
        service
    };
    for text in ["other/1", "api/2", "mine", ""] {
        let mut scene = Scene::new().with_candidate(2, 1);
        scene.state.services.stable = Some(retagged(service("blue", 1, 3), text));
        let error = scene.ask(Some((2, 1)), 0).unwrap_err();
        assert_eq!(error.kind, TargetErrorKind::Conflict, "{text}");
        let mut scene = Scene::new().with_candidate(2, 1);
        scene.state.services.candidate = Some(retagged(service("green", 2, 1), text));
        for (count, percent) in [(2, 0), (1, 25)] {
            let error = scene.ask(Some((2, count)), percent).unwrap_err();
            assert_eq!(error.kind, TargetErrorKind::Conflict, "{text}");
        }
    }
}

/// A creation that was on its way when the epoch rose has the old one; its writer is refused by stable's.
#[test]
fn an_earlier_epoch_of_ours_on_the_candidate_is_ours() {
    let mut scene = Scene::new().with_candidate(2, 1);
    let tagged = |service: &mut Option<Service>, epoch| {
        if let Some(service) = service {
            service.tags = Some(vec![tag(CLAIM, claim(epoch).to_string())]);
        }
    };
    tagged(&mut scene.state.services.candidate, 0);
    assert_eq!(scene.kinds(Some((2, 1)), 25)[1..], ["route 750/250"]);
    tagged(&mut scene.state.services.stable, 0);
    assert!(
        scene.ask(Some((2, 1)), 25).is_err(),
        "stable tells who is last"
    );
}

#[test]
fn the_way_home_is_not_barred_by_a_candidate_that_somebody_replaced() {
    let away = to(&[(BLUE, 1), (GREEN, 1)]);
    let mut scene = Scene::new().with_candidate(2, 1).routed(&away);
    if let Some(candidate) = &mut scene.state.services.candidate {
        candidate.tags = None;
    }
    assert_eq!(scene.kinds(Some((2, 1)), 0)[1..], ["route 1/0"]);
}

#[test]
fn what_was_there_at_the_start_and_is_gone_is_an_error() {
    let mut scene = Scene::new();
    scene.state.services.stable = None;
    let error = scene.ask(None, 0).unwrap_err();
    assert_eq!(error.kind, TargetErrorKind::NotFound);
}

#[test]
fn what_was_found_is_never_asked_to_go() {
    let scene = Scene::new();
    let error = asked(&scene.bound, Track::Stable, &Revision::Absent).unwrap_err();
    assert_eq!(error.kind, TargetErrorKind::Unsupported);
    let candidate = asked(&scene.bound, Track::Candidate, &Revision::Absent);
    assert_eq!(candidate.unwrap(), Asked::Nothing);
}

#[test]
fn a_floor_is_held_and_let_go_by_the_autoscaler() {
    use aws_sdk_applicationautoscaling::primitives::DateTime;
    use aws_sdk_applicationautoscaling::types::{
        ScalableDimension, ScalableTarget, ServiceNamespace,
    };
    let scaler = ScalableTarget::builder()
        .service_namespace(ServiceNamespace::Ecs)
        .resource_id("service/shop/blue")
        .scalable_dimension(ScalableDimension::EcsServiceDesiredCount)
        .min_capacity(2)
        .max_capacity(6)
        .role_arn("role")
        .creation_time(DateTime::from_secs(0))
        .build()
        .unwrap();
    let mut scene = Scene::new();
    scene.state.scalers.stable = Some(scaler);
    scene.bound.tracks.stable.scaler = Some(crate::binding::BoundScaler {
        minimum: 2,
        suspended: Suspended::default(),
        off: false,
    });
    let definitions = Tracks {
        stable: Definition::Known(definition_arn(1)),
        candidate: Definition::None,
    };
    let ask = |replicas| {
        let desired = Desired {
            stable: DesiredTrack {
                revision: Revision::Recorded,
                replicas,
            },
            candidate: DesiredTrack::absent(),
            traffic: Traffic::default(),
        };
        let mut request = Apply::new(EffectId(7), claim(1), desired);
        request.seen = scene.owned();
        let situation = Situation {
            bound: &scene.bound,
            state: &scene.state,
            definitions: &definitions,
        };
        let planned = situation.changes(&request)?;
        Ok::<_, TargetError>(planned.changes.iter().map(said).collect::<Vec<_>>())
    };
    assert_eq!(ask(Replicas::Floor(2)).unwrap(), [""; 0]);
    assert_eq!(
        ask(Replicas::Floor(3)).unwrap()[1..],
        ["scale blue"],
        "it runs 3"
    );
    assert_eq!(
        ask(Replicas::Floor(5)).unwrap()[1..],
        ["scale blue", "update blue - 5"]
    );
    assert_eq!(
        ask(Replicas::Floor(0)).unwrap()[1..],
        ["scale blue", "update blue - 0"]
    );
    for refused in [Replicas::Floor(7), Replicas::Count(3)] {
        let error = ask(refused).unwrap_err();
        assert_eq!(error.kind, TargetErrorKind::Unsupported);
    }
}

/// Without it a call that is repeated by the network could make it twice, and with one for ever the next candidate
/// could not be made.
#[test]
fn a_service_is_made_with_a_token_of_its_effect() {
    let token = |effect: u64| {
        let scene = Scene::new();
        let claim = claim(1);
        let stable = scene.state.services.stable.clone().unwrap();
        let made = candidate::creation(&scene.bound, &stable, 1, &claim, EffectId(effect));
        made.get_client_token().clone().unwrap()
    };
    assert_eq!(token(7), token(7));
    assert_ne!(token(7), token(8));
}
