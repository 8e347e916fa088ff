//! Promises 3, 4 and 7, each kept and broken.

use std::time::Duration;

use super::*;
use crate::rollout::Outcome;
use crate::strategy::Canary;
use crate::target::Capabilities;
use crate::track::Track;
use crate::traffic::{Route, RouteBy};
use crate::world::{Entry, Fact, TrackScene};

fn found() -> Scene {
    scene(side("v1", 4, 4), none(), 0)
}

fn hasty() -> Canary {
    Canary::new()
        .stages([100])
        .bake(Duration::ZERO)
        .bake_after_return(Duration::ZERO)
        .retire_after(Duration::ZERO)
}

/// All traffic is the candidate's, by a plan that bakes nothing.
fn moved() -> Tale {
    Tale::of(&hasty(), found())
        .writes_and_sees(1, scene(side("v1", 4, 4), side("v2", 4, 4), 0))
        .writes_and_sees(2, scene(side("v1", 4, 4), side("v2", 4, 4), 100))
}

fn promoted(stable: &str, candidate: Option<TrackScene>) -> Tale {
    let mut home = scene(side(stable, 4, 4), candidate, 0);
    home.tracks.stable = side("v2", 4, 4).map(|mut side| {
        side.pods.clear();
        side.and_pods(stable, 4, 4)
    });
    moved()
        .writes_and_sees(3, scene(side("v2", 4, 4), side("v2", 4, 4), 100))
        .writes_and_sees(4, scene(side("v2", 4, 4), side("v2", 4, 4), 0))
        .seen(home)
        .ended(Outcome::Promoted)
}

#[test]
fn a_template_changes_only_where_nobody_is_served() {
    moved()
        .writes(3, scene(side("v2", 4, 0), side("v2", 4, 4), 100))
        .keeps(3);
    moved()
        .writes(3, scene(side("v1", 4, 4), side("v3", 4, 0), 100))
        .breaks([2, 3]);
}

#[test]
fn a_template_is_judged_again_when_the_write_lands() {
    // Nobody was served when it was decided, somebody is when it lands.
    moved()
        .recorded([3])
        .asks(3)
        .becomes(scene(side("v1", 4, 4), side("v2", 4, 4), 100).still_reaches(99))
        .lands(
            3,
            scene(side("v2", 4, 0), side("v2", 4, 4), 100).still_reaches(99),
        )
        .breaks([2, 3]);
    // A template whose ready pods are all of the new one already may be written anywhere.
    let torn = || side("v2", 4, 0).map(|side| side.and_pods("v1", 4, 4));
    let torn = scene(torn(), side("v2", 4, 4), 0);
    moved()
        .person("eve", torn)
        .shown()
        .writes(3, scene(side("v1", 4, 4), side("v2", 4, 4), 0))
        .keeps(3);
}

#[test]
fn what_is_promoted_is_what_the_candidate_ran() {
    promoted("v2", None).keeps(4);
    promoted("other", None).breaks([4]);
}

#[test]
fn what_was_reached_before_traffic_was_where_it_was_told_is_not_what_was_validated() {
    let other_build = || {
        let mut scene = scene(side("v1", 4, 4), side("v2", 4, 4), 100);
        if let Some(candidate) = &mut scene.tracks.candidate {
            candidate.pods[0].image_ids = ["sha256:other".to_owned()].into();
        }
        scene
    };
    let ends = |tale: Tale| {
        tale.seen(scene(side("v1", 4, 4), side("v2", 4, 4), 100))
            .writes_and_sees(3, scene(side("v2", 4, 4), side("v2", 4, 4), 100))
            .writes_and_sees(4, scene(side("v2", 4, 4), side("v2", 4, 4), 0))
            .ended(Outcome::Promoted)
    };
    let begun = || {
        Tale::of(&hasty(), found()).writes_and_sees(1, scene(side("v1", 4, 4), side("v2", 4, 4), 0))
    };
    ends(begun().writes_and_sees(2, other_build().converging())).keeps(4);
    ends(begun().writes_and_sees(2, other_build())).breaks([4]);
}

#[test]
fn stable_that_carries_traffic_without_the_release_was_not_promoted() {
    moved()
        .writes_and_sees(3, scene(side("v1", 4, 4), side("v2", 4, 4), 0))
        .ended(Outcome::Promoted)
        .breaks([4]);
}

/// Another template is not the release, though it runs the same image.
#[test]
fn what_is_promoted_names_the_images_of_the_release() {
    let ends = |template: &str| {
        let mut stable = side(template, 4, 4);
        for pods in stable.iter_mut().flat_map(|stable| &mut stable.pods) {
            pods.image_ids = ["sha256:v2".to_owned()].into();
        }
        let whole = |percent| scene(stable.clone(), side("v2", 4, 4), percent);
        moved()
            .writes_and_sees(3, whole(100))
            .writes_and_sees(4, whole(0))
            .ended(Outcome::Promoted)
    };
    ends("v2").keeps(4);
    ends("v1").breaks([4]);
}

/// As many pods of another template are not what was found.
#[test]
fn rolled_back_is_the_start_of_each_template() {
    let slots = |candidate| scene(side("v1", 4, 4), side(candidate, 2, 2), 0);
    let ends = |candidate| {
        Tale::begins(slots("v0"))
            .writes_and_sees(1, slots("v2"))
            .writes_and_sees(2, slots(candidate))
            .rolled_back()
    };
    ends("v0").keeps(7);
    ends("v2").breaks([7]);
}

#[test]
fn rolled_back_is_the_start_of_each_field() {
    let home = |scene: Scene| {
        moved()
            .writes_and_sees(3, super::scene(side("v1", 4, 4), side("v2", 4, 4), 0))
            .writes_and_sees(4, scene)
            .rolled_back()
    };
    home(found()).keeps(7);
    home(scene(side("v1", 4, 4), side("v2", 4, 4), 0)).breaks([7]);
    home(scene(side("v1", 5, 5), none(), 0)).breaks([7]);
    let mut routed = found();
    let insider = Route {
        by: RouteBy::Header,
        name: "x-insider".to_owned(),
        value: "yes".to_owned(),
    };
    routed.traffic.routes = vec![insider];
    home(routed).breaks([1, 7]);
    home(scene(
        side("v1", 4, 4).map(|side| side.and_pods("v1", 0, 0)),
        none(),
        0,
    ))
    .keeps(7);
    moved().rolled_back().breaks([7]);
}

#[test]
fn what_a_person_wrote_since_stays() {
    let scaled = || scene(side("v1", 6, 6), none(), 0);
    let tale = || {
        moved()
            .writes_and_sees(3, scene(side("v1", 4, 4), side("v2", 4, 4), 0))
            .writes_and_sees(4, found())
    };
    tale()
        .person("eve", scaled())
        .shown()
        .rolled_back()
        .keeps(7);
    tale().becomes(scaled()).shown().rolled_back().breaks([7]);
}

#[test]
fn what_a_person_wrote_between_the_first_look_and_the_beginning_stays() {
    let moved = scene(side("v1", 4, 4), none(), 100);
    let mut tale = Tale::begins(found())
        .person("eve", moved.clone())
        .becomes(moved)
        .rolled_back();
    let log = &mut tale.report().log;
    let wrote = |entry: &Entry| matches!(entry.fact, Fact::Wrote { .. });
    let index = log.iter().position(wrote).unwrap();
    // Found, shown, written, recorded.
    let hand: Vec<_> = log.drain(index..index + 2).collect();
    log.splice(2..2, hand);
    assert!(matches!(log[1].fact, Fact::Shown { .. }));
    assert!(matches!(log[4].fact, Fact::Recorded { .. }));
    tale.keeps(7);
}

#[test]
fn rolled_back_is_said_when_stable_was_seen_to_serve() {
    let tale = |ready| {
        moved()
            .writes_and_sees(3, scene(side("v1", 4, 4), side("v2", 4, 4), 0))
            .seen(found())
            .writes(4, found())
            .seen(scene(side("v1", 4, ready), none(), 0))
            .rolled_back()
    };
    tale(4).keeps(7);
    tale(3).breaks([7]);
    moved()
        .writes_and_sees(3, scene(side("v1", 4, 4), side("v2", 4, 4), 0))
        .writes(4, found())
        .rolled_back()
        .breaks([7]);
}

#[test]
fn what_lands_after_the_end_where_nothing_can_fence_it_is_not_waited_for() {
    let tale = |fenced| {
        let mut tale = moved()
            .writes_and_sees(3, scene(side("v1", 4, 4), side("v2", 4, 4), 0))
            .recorded([4])
            .asks(4)
            .writes_and_sees(5, found())
            .rolled_back()
            .lands(4, scene(side("v1", 4, 4), side("v2", 4, 4), 0));
        let mut capabilities = Capabilities::routed();
        capabilities.fenced = fenced;
        let setup = tale.report().parts.get_mut("main").unwrap();
        setup.capabilities = Some(capabilities);
        tale
    };
    tale(false).keeps(7);
    tale(true).breaks([8, 15]);
}

#[test]
fn slots_that_changed_roles_before_the_start_are_named_as_the_rollout_names_them() {
    let mut view = scene(side("v1", 4, 4), side("v0", 2, 2), 100);
    view.traffic.weight = Weight::FULL;
    let view = view::View::new(&view, true);
    assert_eq!(view.template(Track::Stable), Some("v0"));
    assert_eq!(view.weight(), 0);
    assert_eq!(view.reach(Track::Stable), Scene::ALL);
}
