//! What the binding remembers of a write.

use super::super::sample::{followed, noted, primary, rolling, seen, service};
use super::super::situation::{DEFINITION, key};
use super::*;

/// The binding after a write that wanted the release, where the last note led to something.
fn after(noted_to: &str, runs: &str) -> Bound {
    let mut bound = rolling();
    bound.followed = None;
    let told = service(primary("two", runs, "IN_PROGRESS")).task_definition("web:2");
    let seen = seen(noted(told, "web:1", noted_to), followed("IN_PROGRESS"));
    let situation = Situation::of(&bound, &seen).unwrap();
    let mut wanted = Fields::default();
    wanted.0.insert(DEFINITION.to_owned(), key("web:2"));
    let planned = Planned {
        changes: Vec::new(),
        note: None,
        wanted,
    };
    let release = Some("web:2".to_owned());
    let applied = applied(&bound, &situation, &planned, release, None).unwrap();
    match applied.binding {
        Some(binding) => Bound::read(&binding, super::super::binding::Tag::Rolling).unwrap(),
        None => bound,
    }
}

#[test]
fn a_deployment_of_the_release_is_followed_and_no_other() {
    let followed = after("web:2", "web:2").followed.unwrap();
    assert_eq!(followed.deployment, "two");
    assert_eq!(after("web:2", "web:3").followed, None);
}

#[test]
fn a_note_that_led_to_what_was_wanted_is_remembered_and_no_other() {
    assert!(after("web:2", "web:2").done.is_some());
    assert_eq!(after("web:9", "web:2").done, None);
}
