//! Which Services tell of the pods of which track, and what of an entry is left as it is.

use super::*;

/// A namespace that is the target's own is read, and each track is seen by its own Service.
#[test]
fn services_whose_namespace_is_written_and_is_the_own_one_tell_of_pods() {
    let of = |router: &GatewayRouter| {
        let by_track = router.backends_by_track(&Objects::new(), &labels(), "shop");
        assert!(router.has_backends("shop"));
        (by_track.stable, by_track.candidate)
    };
    let (stable, canary) = (ObjectRef::service("api"), ObjectRef::service("api-canary"));
    let by_track = (vec![stable.clone()], vec![canary]);
    let mut router = one();
    assert_eq!(of(&router), by_track);
    router.canary.namespace = Some("shop".to_owned());
    assert_eq!(of(&router), by_track);
    router.canary.namespace = Some("other".to_owned());
    assert_eq!(of(&router), (vec![stable], vec![]));
    router.stable.namespace = Some("other".to_owned());
    assert!(!router.has_backends("shop"));
}

/// Somebody moves a backend to another port while a rollout runs: filters of the entry are not ours to take.
#[test]
fn a_backend_whose_port_was_changed_meanwhile_keeps_its_filters() {
    let before = objects(MANIFEST);
    let start = one().read(&before, &labels()).unwrap();
    let mut now = write(&one(), &before, &share("30%"));
    let entry = &mut http(&mut now)[1]["backendRefs"][1];
    assert!(entry.get("filters").is_some(), "{entry}");
    entry["port"] = json!(8080);
    entry["namespace"] = json!("shop");
    let back = after(&now, one().restore(&now, &start.owned).unwrap());
    assert_eq!(back, before);
    // One that somebody put beside the recorded one goes, as before.
    let added = json!({"name": "api", "port": 8080, "weight": 5});
    let entries = http(&mut now)[1]["backendRefs"].as_array_mut().unwrap();
    entries[1]["port"] = json!(80);
    entries[1].as_object_mut().unwrap().remove("namespace");
    entries.insert(0, added);
    let back = after(&now, one().restore(&now, &start.owned).unwrap());
    assert_eq!(back, before);
}
